#!/usr/bin/env bash
# ct-edsight-medium: 162,960 rows from about 200 school districts, a third of them suppressed, from a pipe.
needs=ct-edsight-medium
. "$(dirname "$0")/lib.sh"

{
    echo code,name,unit,frequency,organization_aggregation
    zcat "$data/readings.csv.gz" | tail -n +2 | cut -d, -f1 | sort -u | sed 's/.*/&,&,percent,school_year,ratio/'
} >"$tmp/indicators.csv"
# The second field as it is written, quotes and all.
{
    echo code,name,role
    zcat "$data/readings.csv.gz" | awk '
        NR > 1 {
            s = substr($0, index($0, ",") + 1)
            if (match(s, /^"([^"]|"")*"/)) s = substr(s, 1, RLENGTH); else sub(/,.*/, "", s)
            if (!(s in seen)) { seen[s] = 1; print "district-" ++n "," s ",partner" }
        }'
} >"$tmp/organizations.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner import "$tmp/organizations.csv"
is "organizations" "$(tail -n +2 "$tmp/organizations.csv" | wc -l)" 221

zcat "$data/readings.csv.gz" |
    backbone import - --ignore organization_code,source_file -o json >"$tmp/out" 2>"$tmp/err"
is "status" $? 0
out=$(cat "$tmp/out")
err=$(cat "$tmp/err")
counts rows=162960 created=162960 rejected=0 suppressed=44589 missing=6699
unlike "published values agree with their parts" "$err" VALUE_DISAGREES
echo "warnings: $(jq .warnings <<<"$out")"

run 0 backbone readings ls -o csv
is "readings" "$(tail -n +2 "$tmp/out" | wc -l)" 162960
run 0 backbone readings ls -o jsonl
is "values" "$(jq -c 'select(.value != null) | .status' "$tmp/out" | sort | uniq -c | tr -s ' ')" ' 111672 "ok"'
run 0 backbone readings ls --indicator sbac_ela_met_or_exceeded --period 2018-19 --disaggregation grade=03 -o json
json '[.[] | select(.place | test("^State") | not)] | [length, (map(select(.status == "ok")) | length), (map(.numerator // 0) | add), (map(select(.status == "ok") | .denominator) | add)]' '[180,149,19395,35823]'

zcat "$data/readings.csv.gz" >"$tmp/again.csv"
run 0 backbone import "$tmp/again.csv" --ignore organization_code,source_file -o json
counts rows=162960 created=0 updated=0 unchanged=162960 suppressed=44589 missing=6699
finish
