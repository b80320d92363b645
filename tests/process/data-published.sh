#!/usr/bin/env bash
# ct-edsight-medium/published-long: four tables in each of their vintages, one after the other, as they were published.
# Nothing is ever corrected, only added; texts that change without a change of number are no correction.
needs=ct-edsight-medium
. "$(dirname "$0")/lib.sh"
map=$root/deploy/sample/maps/edsight-published.json

mkdir "$tmp/vintages"
for file in "$data"/published-long/*.csv.gz; do
    zcat "$file" >"$tmp/vintages/$(basename "$file" .gz)"
done

# Every name that the map makes of an indicator, and every district.
sent() {
    local file
    for file in "$tmp"/vintages/*.csv; do
        backbone import --explain=100000 --map "$map" "$file" -o jsonl
    done | jq -r --arg name "$1" 'select(.name == $name and .why == "what is sent") | .became' | sort -u
}
{
    echo code,name
    sent indicator | awk '{ print "published-" NR ",\"" $0 "\"" }'
} >"$tmp/indicators.csv"
{
    echo code,name,role
    sent organization | awk '{ print "district-" NR ",\"" $0 "\",partner" }'
} >"$tmp/organizations.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner import "$tmp/organizations.csv"

# vintage TABLE ROWS NEW: imported after the ones above
vintage() {
    run 0 backbone import "$tmp/vintages/$1.csv" --map "$map" -o json
    counts "rows=$2" "created=$3" updated=0 "unchanged=$(($2 - $3))" rejected=0
}
vintage chronic_absenteeism_by_grade_2012-2016 13325 13325
vintage chronic_absenteeism_by_grade_2012-2017 15990 2665
vintage chronic_absenteeism_by_grade_2012-2020 23985 7995
json '[.suppressed, .missing]' '[6636,4181]'
vintage chronic_absenteeism_by_race_ethnicity_2012-2017 8610 8610
vintage chronic_absenteeism_by_race_ethnicity_2012-2018 10045 1435
vintage chronic_absenteeism_by_race_ethnicity_2012-2020 12915 2870
json '[.suppressed, .missing]' '[6365,1824]'
vintage suspension_rate_race_2010-2016 10045 10045
vintage suspension_rate_race_2017 11480 1435
vintage suspension_rate_race_2020 15785 4305
vintage suspension_rate_race_2021 17220 1435
json '[.suppressed, .missing]' '[9266,3404]'
vintage four_year_grad_rate_by_special_education_status_2011-2016 17220 17220
vintage four_year_grad_rate_by_special_education_status_2011-2017 20090 2870
vintage four_year_grad_rate_by_special_education_status_2011-2019 25830 5740
json '[.suppressed, .missing]' '[8130,8351]'
finish
