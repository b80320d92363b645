#!/usr/bin/env bash
# Answers larger than their window arrive whole, while the readings they are made of keep changing.
. "$(dirname "$0")/lib.sh"

rows=60000
printf 'code,name\namount,Amount\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
{ echo indicator,place,period,value; seq 1 $rows | sed 's/.*/amount,A place with number &,2026,&/'; } >"$tmp/odd.csv"
sed 's/[0-9]*$/&.5/; 1s/.*/indicator,place,period,value/' "$tmp/odd.csv" >"$tmp/even.csv"
run 0 backbone import "$tmp/odd.csv" -o json
counts created=$rows

for round in {1..6}; do
    backbone import "$tmp/$([ $((round % 2)) = 0 ] && echo odd || echo even).csv" --organization backbone -o json >"$tmp/import.json" 2>&1 &
    for _ in {1..5}; do
        run 0 backbone readings ls -o csv
        is "rows" "$(wc -l <"$tmp/out")" $((rows + 1))
    done
    wait $!
    is "round $round" "$(jq .updated "$tmp/import.json")" $rows
done

# who stops reading early is no trouble to the others
backbone readings ls -o csv | head -n 1 >"$tmp/first"
run 0 backbone trend amount --place 'A place with number 7' -o json
json 'length' 1
finish
