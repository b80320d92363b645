#!/usr/bin/env bash
# us-county-unemployment: 3,219 counties, 52 agencies, numerators and denominators; the figures of its README. The text of
# fixed width as it was published, with a map; the tidy table made from it changes nothing then.
needs=us-county-unemployment
. "$(dirname "$0")/lib.sh"

zcat "$data/readings.csv.gz" >"$tmp/readings.csv"
cat >"$tmp/indicators.csv" <<'END'
code,name,unit,direction,numerator,denominator,decimals,organization_aggregation,minimum
unemployment-rate,Unemployment rate,percent,decrease,unemployed persons,labor force,1,ratio,0
labor-force,Labor force,persons,,,,0,sum,0
employed,Employed,persons,increase,,,0,sum,0
END
{
    echo code,name,role
    tail -n +2 "$tmp/readings.csv" | cut -d, -f2 | sort -u | sed 's/^LAUS \(..\)$/laus-\L\1\E,&,partner/'
} >"$tmp/organizations.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner import "$tmp/organizations.csv"
run 0 backbone partner ls -o json
json 'map(select(.role == "partner")) | length' 52

run 65 backbone import "$tmp/readings.csv"
like "place_code is no column of ours" "$err" place_code
for file in "$data"/raw/laucnty*.txt; do
    run 0 backbone import "$file" --map "$root/deploy/sample/maps/laus-county.json" -o json
    counts rows=9657 created=9657 rejected=0
done
run 0 backbone import "$tmp/readings.csv" --ignore place_code -o json
counts rows=77256 unchanged=77256

run 0 backbone trend unemployment-rate -o json
json '[.[] | [.period, .numerator, .denominator, .readings]]' "$(jq -c . <<'END'
[["2010",15070145,155539415,3219],["2011",14035192,155826582,3219],["2012",12691684,156313478,3219],
["2013",11634332,156652039,3219],["2014",9786430,157233242,3219],["2015",8432419,158166290,3219],
["2016",7870133,160040092,3219],["2017",7113939,161691438,3219]]
END
)"
json '.[] | select(.period == "2017") | [.value, .organizations]' '[4.4,52]'
run 0 backbone trend labor-force --period 2017 -o json
json '.[].value' 161691438
run 0 backbone trend unemployment-rate --period 2017 --by organization -o json
json '.[] | select(.organization == "laus-ct") | [.numerator, .denominator, .readings]' '[89719,1918576,8]'
json '.[] | select(.organization == "laus-co") | [.numerator, .denominator, .readings]' '[84837,2992307,64]'
run 0 backbone readings ls --organization "LAUS CT" --indicator unemployment-rate --period 2017 -o json
json '[.[].numerator] | add' 89719

run 0 backbone import "$data/raw/laucnty17.txt" --map "$root/deploy/sample/maps/laus-county.json" -o json
counts rows=9657 unchanged=9657
finish
