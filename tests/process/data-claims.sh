#!/usr/bin/env bash
# ui-claims-revisions: one table as it was published twelve times: wide, the date in three columns, `.` for missing. Each snapshot makes exactly the revisions that its
# README counts, imported a second time none, and each can be asked for afterwards.
needs=ui-claims-revisions
. "$(dirname "$0")/lib.sh"

map=$root/deploy/sample/maps/claims-weekly.json

{
    echo code,name,decimals
    head -n 1 "$data/snapshots/01_published_2020-09-25.csv" | tr -d '\r' | tr , '\n' | tail -n +5 |
        sed 's/.*/&,&/; /_count_/s/$/,0/; /_rate_/s/$/,3/'
} >"$tmp/indicators.csv"
{
    echo code,name,role
    tail -n +2 "$data/places.csv" | tr -d '\r' | awk -F, '{ print "agency-" $1 "," $2 " workforce agency,partner" }'
} >"$tmp/organizations.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner import "$tmp/organizations.csv"

sequence() {
    backbone status -o json | jq .measurement.head
}

declare -A stands=([01]='' [02]='' [03]=797886 [04]=797887 [05]=742928 [06]=742928 [07]=742895 [08]=742895
    [09]=742895 [10]=742895 [11]=742683 [12]=742683)
declare -A after
previous=0
for file in "$data"/snapshots/*.csv; do
    name=$(basename "$file")
    number=${name%%_*}
    IFS=, read -r _ _ _ _ cells _ missing _ filled changed _ _ \
        < <(grep "^$name" "$data/snapshots.csv" | tr -d '\r')
    run 0 backbone import "$file" --map "$map" -o json
    counts "rows=$cells" "created=$((cells - previous))" "updated=$((filled + changed))" \
        "unchanged=$((previous - filled - changed))" "missing=$missing" rejected=0
    after[$number]=$(sequence)
    run 0 backbone import "$file" --map "$map" -o json
    counts "rows=$cells" created=0 updated=0 "unchanged=$cells" "missing=$missing" rejected=0
    previous=$cells
done

run 0 backbone readings ls -o json
json '[length, (map(select(.status == "missing")) | length)]' '[34986,306]'
run 0 backbone readings history contclaims_count_combined --period 2020-09-12 --place 15 --organization agency-15 -o json
json '[.[].value]' '[null,217840,217982,217984,219708]'

# what was known after each publication
for number in "${!stands[@]}"; do
    run 0 backbone trend initclaims_count_regular --period 2020-09-26 --as-of "seq:${after[$number]}" -o json
    if [ -z "${stands[$number]}" ]; then
        json 'length' 0
    else
        json '.[].value' "${stands[$number]}"
    fi
done

# an older one on top of the last makes revisions back, and none the second time
run 0 backbone import "$data"/snapshots/11_* --map "$map" -o json
counts created=0 rejected=0
run 0 backbone import "$data"/snapshots/11_* --map "$map" -o json
counts created=0 updated=0 unchanged=33558

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
