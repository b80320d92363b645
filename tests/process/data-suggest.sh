#!/usr/bin/env bash
# Maps proposed for the raw files of public data: each is taken by import, and every row with it, once the indicators
# that it names are defined. Places stand for the organizations of these files, which need not be registered.
needs=ct-edsight-medium
. "$(dirname "$0")/lib.sh"

# try FILE: suggest, define, look, and import without keeping
try() {
    run 0 backbone map suggest "$1" --save "$tmp/suggested.json"
    {
        echo code,name,unit
        jq -r '.reading.indicator, .readings[]?.indicator | select(. != null) | "\(.),\(.),count"' "$tmp/suggested.json" | sort -u
    } >"$tmp/indicators.csv"
    run 0 backbone indicator define "$tmp/indicators.csv"
    jq 'if .reading.organization then .reading.place = .reading.organization | del(.reading.organization) else . end' \
        "$tmp/suggested.json" >"$tmp/map.json"
    run 0 backbone import "$1" --map "$tmp/map.json" --explain=2
    run 0 backbone import "$1" --map "$tmp/map.json" --organization backbone --dry-run -o json
    is "${1##*/}: there are readings" "$(jq '.created > 0' <<<"$out")" true
}
for file in "$data"/raw/*/*.csv; do
    [[ $file == *fips.csv ]] || try "$file"
done

# what a person would have written
ratio() { # FILE VALUE NUMERATOR DENOMINATOR
    run 0 backbone map suggest "$1"
    is "${1##*/}: $2" "$(jq -c --arg v "{$2}" '.readings[] | select(.value == $v) | [.numerator, .denominator]' <<<"$out")" \
        "[\"{$3}\",\"{$4}\"]"
}
ratio "$data"/raw/four-year*/*2010-11_special-education_grad.csv 'Graduates Graduation Rate' 'Graduates Graduation Count' \
    'Four-Year Cohort Count'
ratio "$data"/raw/smarter*/*2018-19*grades.csv 'Level 3Met %' 'Level 3Met Level 3 Met Count' 'Total Number with Scored Tests'
run 0 backbone map suggest "$data"/raw/chronic-absenteeism-by-grade/chronic-absenteeism__trend_grade.csv
is "a trend" "$(jq -c '.readings[0].each.columns' <<<"$out")" '"^% Chronically Absent ([0-9]{4}-[0-9]{2})$"'

data=$BB_TEST_DATA
if [ -d "$data/us-county-unemployment" ]; then
    for file in "$data"/us-county-unemployment/raw/*.txt; do
        try "$file"
        is "${file##*/}: two indicators of 3,219 counties" "$(jq .rows <<<"$out")" 6438
    done
    ratio "$file" Rate 'Unemployed Level' 'Labor Force'
fi
if [ -d "$data/ui-claims-revisions" ]; then
    try "$data"/ui-claims-revisions/snapshots/12_*.csv
    counts rows=34986 created=34986 missing=306
fi

# values of DHIS2: the map says what is done without one
same() { # FILE
    local without
    run 0 backbone map suggest "$1" --save "$tmp/suggested.json"
    backbone import "$1" --format "$(jq -r .format "$tmp/suggested.json")" --organization backbone --dry-run -o json >"$tmp/without" 2>&1
    without=$(grep -h '^{' "$tmp/without" | jq -c 'del(.batch)')
    backbone import "$1" --map "$tmp/suggested.json" --organization backbone --dry-run -o json >"$tmp/with" 2>&1
    is "${1##*/}: with and without the map" "$(grep -h '^{' "$tmp/with" | jq -c 'del(.batch)')" "$without"
}
if [ -d "$data/dhis2" ]; then
    for file in "$data"/dhis2/malaria-foci/dataValues*.json "$data"/dhis2/format-samples/dataValueSet*.* "$data"/dhis2/format-samples/adx/import*; do
        same "$file"
    done
fi
finish
