#!/usr/bin/env bash
# It is safe to run everything twice: a batch that comes again gets its first answer, a batch with other content is a
# conflict, a rerun of a file changes nothing.
. "$(dirname "$0")/lib.sh"

define_sample
sequence() {
    backbone status -o json | jq .measurement.head
}
batch=0190a0b0-0000-7000-8000-000000000001
run 0 backbone import "$sample/readings.csv" -o json --batch "$batch"
counts rows=1472 created=1472 duplicate=0 "batch=\"$batch\""
before=$(sequence)

# the same again: the first answer, marked
run 0 backbone import "$sample/readings.csv" -o json --batch "$batch"
counts rows=1472 created=1472 unchanged=0 "batch=\"$batch\""
json '.duplicate > 0' true
is "nothing new in the journal" "$(sequence)" "$before"

# after kill -9 of both daemons as well
bb-supervise kill measurement
bb-supervise kill broker
bb-supervise start broker
bb-supervise start measurement
run 0 backbone import "$sample/readings.csv" -o json --batch "$batch"
counts rows=1472 created=1472
json '.duplicate > 0' true
is "nothing new in the journal after a crash" "$(sequence)" "$before"

# other content under the same batch
sed '2s/,29\.2,/,29.3,/' "$sample/readings.csv" >"$tmp/changed.csv"
backbone import "$tmp/changed.csv" -o json --batch "$batch" >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
is "a conflict is an error" "$status" 65
like "and says so" "$(cat "$tmp/err")" 'CONFLICT|conflict|other content'
run 0 backbone readings ls --indicator kindergarten-ready-literacy --place Bridgeport --period 2008-09 -o json
json '[.[].value]' '[29.2]'

# under a batch of its own it is a correction: one revision, the old value stays known
run 0 backbone import "$tmp/changed.csv" -o json
counts created=0 updated=1 unchanged=1471
run 0 backbone readings history kindergarten-ready-literacy --organization "Bridgeport School District" \
    --place Bridgeport --period 2008-09 -o json
json '[.[].value]' '[29.2,29.3]'
run 0 backbone readings ls --indicator kindergarten-ready-literacy --place Bridgeport --period 2008-09 \
    --as-of "seq:$before" -o json
json '[.[].value]' '[29.2]'

# each organization has its own batches
run 64 backbone import "$sample/readings.csv" --batch not-a-uuid

# a batch of a staff member cannot be answered to a partner, nor a partner's batch be taken over
partner alpha Alpha
printf 'indicator,period,value\ngrade3-reading,2018-19,50\n' >"$tmp/own.csv"
run 0 as alpha import "$tmp/own.csv" -o json --batch 0190a0b0-0000-7000-8000-000000000002
counts created=1
backbone import "$tmp/own.csv" -o json --batch 0190a0b0-0000-7000-8000-000000000002 >"$tmp/out" 2>"$tmp/err"
unlike "another organization's answer is not given out" "$(cat "$tmp/out")" '"duplicate": *[1-9]'

finish
