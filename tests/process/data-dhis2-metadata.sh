#!/usr/bin/env bash
# dhis2/format-samples: the samples of metadata, JSON with all kinds of objects in one file, and CSV with one kind each.
needs=dhis2/format-samples
. "$(dirname "$0")/lib.sh"

# three elements, two indicators of one disaggregation each, a unit; users, roles and levels are nothing here
run 0 backbone indicator define "$data/metadata_with_indicators.json" -o json
json '[.rows, .created]' '[5,5]'
run 0 backbone indicator show qMCPmTC9yF6 -o json
json '[.name, .definition, .factor, .numerator_expression, .denominator_expression]' \
    '["IndicatorA","IndicatorDescriptionA",100,"#{epE3XMALioY.categoryOptionCombo=OqLTH91vKYK}","#{fJ37vbwWMYR.categoryOptionCombo=OqLTH91vKYK}"]'
run 0 backbone place import "$data/metadata_with_indicators.json" -o json
json '[.rows, .created]' '[1,1]'

run 0 backbone place import "$data/organisationUnits.csv" -o json
json '[.rows, .created]' '[6,6]'
run 0 backbone place ls -o json
json 'map(select(.name == "Level 2a")) | map([.parent, .alias])' '[["Level 1",["c1234567890","L2a"]]]'

# DHIS2 would make up the uids that are missing; we go by the codes
run 65 backbone indicator define "$data/dataElements.csv" -o json
json '[.created, .rejected]' '[0,2]'
like "why" "$err" 'found no id, expected one: see --id-scheme'
run 0 backbone indicator define "$data/dataElements.csv" --id-scheme code -o json
json '[.created, .rejected]' '[2,0]'
run 0 backbone indicator show D0001 -o json
json '[.name, .decimals, .time_aggregation]' '["Women participated in skill development training",0,"sum"]'

# the factor of their type is in DHIS2 only
run 65 backbone indicator define "$data/indicators.csv" -o json
json '[.created, .rejected]' '[0,2]'
like "why" "$err" 'indicators yiAKjiZVoOU, indicatorType: found none that the file has, expected it with its factor'
finish
