#!/usr/bin/env bash
# Metadata of DHIS2, as it is exported: data elements and indicators are defined, organisation units registered, and
# what cannot be is said with the object's id.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/metadata.json" <<'END'
{
  "system": {"version": "2.40"},
  "dataElements": [
    {"id": "tested00001", "code": "TESTED", "name": "Tested", "valueType": "INTEGER_ZERO_OR_POSITIVE",
     "aggregationType": "SUM", "domainType": "AGGREGATE"},
    {"id": "positive001", "code": "POS", "name": "Positive", "valueType": "INTEGER", "aggregationType": "SUM"},
    {"id": "remarks0001", "code": "REM", "name": "Remarks", "valueType": "TEXT", "aggregationType": "NONE"}
  ],
  "categoryOptionCombos": [{"id": "female00001", "code": "F", "name": "female"}],
  "dataSets": [{"id": "set00000001", "periodType": "Monthly",
    "dataSetElements": [{"dataElement": {"id": "tested00001"}}]}],
  "indicatorTypes": [{"id": "percent0001", "factor": 100}],
  "indicators": [
    {"id": "twice000001", "name": "Twice the rate", "indicatorType": {"id": "percent0001"}, "code": "TWICE",
     "numerator": "2 * N{rate0000001}", "denominator": "100"},
    {"id": "rate0000001", "name": "Positive rate of women", "indicatorType": {"id": "percent0001"}, "code": "RATE",
     "numerator": "#{positive001.female00001}", "denominator": "#{tested00001.female00001}"},
    {"id": "lost0000001", "name": "Lost", "indicatorType": {"id": "percent0001"}, "code": "LOST",
     "numerator": "if(#{tested00001} > 5, 1, 0)", "denominator": "1"}
  ],
  "organisationUnits": [
    {"id": "clinic00001", "code": "C1", "name": "Clinic", "parent": {"id": "district001"}},
    {"id": "district001", "code": "D1", "name": "District"},
    {"id": "clinic00002", "code": "C2", "name": "Clinic", "parent": {"id": "district001"}}
  ]
}
END

run 65 backbone indicator define "$tmp/metadata.json" -o json
json . '{"rows":6,"created":4,"updated":0,"unchanged":0,"rejected":2}'
like "a text" "$err" "dataElements remarks0001, valueType: found 'TEXT', expected a type of numbers or truth values"
like "a function" "$err" "indicators lost0000001, numerator_expression: at byte 1: found 'if"

run 0 backbone place import "$tmp/metadata.json" -o json
json . '{"rows":3,"created":3,"updated":0,"unchanged":0,"rejected":0}'
run 0 backbone place ls -o json
json 'map([.name, .parent, .alias])' '[["District",null,["district001","D1"]],["Clinic (C1)","District",["clinic00001","C1"]],["Clinic (C2)","District",["clinic00002","C2"]]]'
json 'map(.aggregate)' '[false,false,false]'
run 0 backbone place import --aggregate "$tmp/metadata.json" -o json
json '[.updated, .unchanged]' '[1,2]'
run 0 backbone place ls -o json
json 'map(.aggregate)' '[true,false,false]'

# data by the ids and codes of both
run 0 backbone report tested00001 40 --organization backbone --place clinic00001 --period 202401 --disaggregation categoryOptionCombo=female00001
run 0 backbone report positive001 10 --organization backbone --place C1 --period 202401 --disaggregation categoryOptionCombo=female00001
run 0 backbone trend rate0000001 -o json
json 'map([.period, .numerator, .denominator, .value])' '[["2024-01",10,40,25]]'
run 0 backbone trend twice000001 -o json
json 'map(.value)' '[50]'

# by code
run_with "$tmp/metadata.json" 65 backbone indicator define --id-scheme code - -o json
json '[.created, .rejected]' '[4,2]'
run 0 backbone indicator show RATE -o json
json .numerator_expression '"#{POS.categoryOptionCombo=F}"'
run 65 backbone indicator define --default-combo female00001 "$tmp/metadata.json" -o json
json '[.updated, .unchanged]' '[1,3]'
run 0 backbone indicator show rate0000001 -o json
json .numerator_expression '"#{positive001}"'

# CSV, under DHIS2's header: units, elements with what they leave out, indicators
printf '"name","uid","code","parent","shortName"\n"Root","a1234567890","ROOT",,"R"\n"Leaf, left","b1234567890",,"a1234567890"\n' >"$tmp/units.csv"
run 0 backbone place import "$tmp/units.csv" -o json
json '[.rows, .created]' '[2,2]'
run 0 backbone place ls -o json
json 'map(select(.name | startswith("Leaf"))) | map([.name, .parent, .alias])' '[["Leaf, left","Root",["b1234567890"]]]'
printf 'Name,UID,Code,Short name,Description,Form name,Domain type,Value type,Aggregation operator\nBirths,births00001\nOpen,open0000001,O,,at all,,aggregate,boolean,none\nNo id,,NOID\n' >"$tmp/elements.csv"
run 65 backbone indicator define "$tmp/elements.csv" -o json
json . '{"rows":3,"created":2,"updated":0,"unchanged":0,"rejected":1}'
like "no id" "$err" 'elements.csv: dataElements No id, id: found no id, expected one: see --id-scheme'
run 0 backbone indicator show births00001 -o json
json '[.name, .decimals, .organization_aggregation]' '["Births",0,"sum"]'
run 0 backbone indicator show open0000001 -o json
json '[.definition, .unit]' '["at all","boolean"]'
printf 'Name,UID,Code,Description,shortName,denominator,denominatorDescription,numerator,numeratorDescription,annualized,decimals,indicatorType\nA,ind00000001,,,,1,,#{births00001},,false,2,sqGRzCziswD\n' >"$tmp/indicators.csv"
run 65 backbone indicator define "$tmp/indicators.csv"
like "a type that is not in the file" "$err" 'indicators ind00000001, indicatorType: found none that the file has, expected it with its factor'
printf 'name,uid\n"A,b\n' >"$tmp/open.csv"
run 65 backbone place import "$tmp/open.csv"
like "an open quote" "$err" 'open.csv: line 2: found a quoted cell without its end'
printf 'name,uid\nA,b,c\n' >"$tmp/wide.csv"
run 65 backbone place import "$tmp/wide.csv"
like "a row too wide" "$err" 'wide.csv: line 2: found 3 columns, expected 2 as in the header'

# what is no metadata
printf 'code,name\nx,X\n' >"$tmp/list.csv"
run 64 backbone indicator define --id-scheme code "$tmp/list.csv"
like "an option" "$err" 'list.csv: --id-scheme is for metadata of DHIS2, which this is not'
run 64 backbone place import --aggregate "$tmp/list.csv"
run 64 backbone indicator define --id-scheme uuid "$tmp/metadata.json"
like "a scheme" "$err" "found 'uuid', expected uid, code or name"
head -n 4 "$tmp/metadata.json" >"$tmp/cut.json"
run 65 backbone indicator define "$tmp/cut.json"
like "cut off" "$err" 'cut.json: line 5, column [0-9]+: found the end of the file, expected the rest of a JSON object'
run_text ' [1]' 65 backbone indicator define -
like "a list" "$err" 'standard input: line 1: found a list, expected an object: metadata of DHIS2'
run_text '{"dataValues":[]}' 65 backbone place import -
like "nothing of it" "$err" 'found no organisationUnits, expected metadata of DHIS2 with them'
run_text '{"dataElements":[],"dataElements":[]}' 65 backbone indicator define -
like "a key twice" "$err" "line 1, column [0-9]+: found the key 'dataElements' .* for the second time"

# bounded: a file of empty lists
run 65 bash -c '{ printf "{\"a\":["; yes "[]," | head -c 60M; } | backbone indicator define -'
like "why" "$err" 'standard input: found more objects than 512 MiB of memory hold, expected fewer'
finish
