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

# a dry run of a batch that is done says what the run would say
run 0 backbone import "$sample/readings.csv" -o json --batch "$batch" --dry-run
json 'del(.batch)' '{"rows":1472,"created":1472,"updated":0,"unchanged":0,"rejected":0,"locked":0,"warnings":31,"missing":0,"suppressed":0,"duplicate":1472,"dry_run":true}'
run 0 backbone import "$sample/readings.csv" -o json --batch "$batch"
json 'del(.batch)' '{"rows":1472,"created":1472,"updated":0,"unchanged":0,"rejected":0,"locked":0,"warnings":31,"missing":0,"suppressed":0,"duplicate":1472,"dry_run":false}'

# --- a file of organizations: the same again changes nothing, whatever moved within it
partners() { # EXPECTED-STATUS COUNTS TEXT
    run_text "code,name,role,alias\n$3" "$1" backbone partner import - -o json
    json '[.rows, .created, .updated, .unchanged, .rejected]' "$2"
}
partners 0 '[2,2,0,0,0]' 'p1,First,partner,F1|F2\np2,Second,partner,\n'
partners 0 '[2,0,0,2,0]' 'p1,First,partner,F1|F2\np2,Second,partner,\n'
# a name that one gives up further down is free for another, at once
moved='p2,First,partner,\np1,Ancient,partner,\n'
partners 0 '[2,0,2,0,0]' "$moved"
partners 0 '[2,0,0,2,0]' "$moved"
chain='p4,First,partner,\np3,Ancient,partner,\np2,Third,partner,\np1,Fourth,partner,\n'
partners 0 '[4,2,2,0,0]' "$chain"
partners 0 '[4,0,0,4,0]' "$chain"
# two that want each other's name: neither gets it, now or later
swap='p1,Third,partner,\np2,Fourth,partner,\n'
for _ in 1 2; do
    partners 65 '[2,0,0,0,2]' "$swap"
    like "who has it" "$err" 'row 1 \(line [0-9]+\): "Third" is already a code, name or alias of "p2" \[EXISTS\]'
done
# an alias is only added: who has it keeps it
for _ in 1 2; do
    partners 65 '[2,0,0,1,1]' 'p1,Fourth,partner,\np2,Third,partner,F1\n'
    like "who has the alias" "$err" 'row 2 \(line [0-9]+\): "F1" is already a code, name or alias of "p1" \[EXISTS\]'
done
# one row an organization, or equal ones
for counts in '[3,1,0,1,1]' '[3,0,0,2,1]'; do
    partners 65 "$counts" 'p5,Fifth,partner,V\np5,Fifth,partner,V\np5,Five,partner,V\n'
    like "twice" "$err" "row 3 \(line [0-9]+\), code: found another row of 'p5' than row 1, expected one, or the same again \[DUPLICATE_KEY\]"
done

# a batch of a staff member cannot be answered to a partner, nor a partner's batch be taken over
partner alpha Alpha
printf 'indicator,period,value\ngrade3-reading,2018-19,50\n' >"$tmp/own.csv"
run 0 as alpha import "$tmp/own.csv" -o json --batch 0190a0b0-0000-7000-8000-000000000002
counts created=1
backbone import "$tmp/own.csv" -o json --batch 0190a0b0-0000-7000-8000-000000000002 >"$tmp/out" 2>"$tmp/err"
unlike "another organization's answer is not given out" "$(cat "$tmp/out")" '"duplicate": *[1-9]'

finish
