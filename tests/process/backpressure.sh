#!/usr/bin/env bash
# Readings that come faster than the views take them: what waits in the worker is bounded by pending_rows, the rest waits
# with the broker and the client, and everything arrives.
. "$(dirname "$0")/lib.sh"

echo 'code,name
count,Count' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner add alpha --name Alpha --role partner
# neighbours in the file are far from each other in the store
seq 1 400000 | awk 'BEGIN { print "indicator,organization,place,period,value" }
    { printf "count,alpha,place-%d,%d,%d\n", $1 % 900, 1000 + int($1 / 900) * 7919 % 449, $1 }' >"$tmp/rows.csv"

# most_pending PERIODS: import the file, and print the largest number of rows that was seen waiting
most_pending() {
    local most=0 n
    backbone import "$tmp/rows.csv" -o json >"$tmp/imported" 2>"$tmp/err" &
    local import=$!
    while kill -0 "$import" 2>/dev/null; do
        n=$(backbone status -o json | jq .measurement.pending_rows)
        [ "$n" -gt "$most" ] && most=$n
    done
    wait "$import" || not_ok "the import ended with $?" "$(head -n 5 "$tmp/err")" >&2
    echo "$most"
}

echo 'pending_rows = 1000' >>"$BB_STATE/measurement.conf"
run 0 bb-supervise restart measurement
bounded=$(most_pending)
out=$(cat "$tmp/imported")
json '.created + .updated + .unchanged' 400000
json .rejected 0
run 0 backbone trend count --period 1100 -o json
json '.[0].readings' 900

# what is in flight when the credit is held back still comes: 1 MiB of commands, at some ten bytes a row
echo "seen waiting: at most $bounded rows of 400000 with pending_rows = 1000"
[ "$bounded" -gt 0 ] || not_ok "none was seen waiting"
[ "$bounded" -lt 120000 ] || not_ok "$bounded rows waited"
finish
