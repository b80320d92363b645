#!/usr/bin/env bash
# Daemons that are killed and started again under a client that goes on: everything acknowledged is there, once, and
# the journal replays to the same views.
. "$(dirname "$0")/lib.sh"

define_sample
batch=0190a0b0-0000-7000-8000-000000000003
backbone import "$sample/readings.csv" -o json --batch "$batch" >"$tmp/import.json" 2>"$tmp/import.err" &
importer=$!
for _ in 1 2 3; do
    bb-supervise kill measurement
    bb-supervise start measurement
    bb-supervise kill broker
    bb-supervise start broker
done
wait "$importer"
is "the import went through" $? 0
out=$(cat "$tmp/import.json")
err=$(cat "$tmp/import.err")
counts rows=1472 created=1472 rejected=0
run 0 backbone readings ls -o json
json 'length' 1472
json '[.[] | .revision // 1] | unique' '[1]'
run 0 backbone import "$sample/readings.csv" -o json
counts unchanged=1472

# a request that waits for a worker is answered when it is there
bb-supervise stop measurement
backbone trend grade3-reading -o json >"$tmp/trend.json" &
asker=$!
bb-supervise start measurement
wait "$asker"
is "the trend was answered" $? 0
out=$(cat "$tmp/trend.json")
json 'length' 5

# what status says of journal and views: the worker at once, the broker by the last heartbeat
run 0 backbone status -o json
head=$(jq .measurement.head <<<"$out")
[ "$head" -gt 0 ] && ok || not_ok "the head of the journal" "$out"
json '.measurement | .applied == .head' true
told() {
    [ "$(backbone status -o json | jq -c '.services[] | select(.service == "measurement") | [.sequence, .lag]')" = "[$head,0]" ]
}
soon 5 told
run 0 backbone status -o json
json '.services[] | select(.service == "broker") | [has("lag"), .sequence, .lag]' '[true,null,null]'

# the folder of a running worker is nobody else's
run 69 backbone-measurement -c "$BB_STATE/measurement.conf"
like "a second worker says why" "$err" 'measurement: in use by another backbone-measurement \(process [0-9]+\)'
run 69 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
like "--verify says why" "$err" 'measurement: in use by another backbone-measurement'
run 0 backbone trend grade3-reading -o json
json 'length' 5

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
