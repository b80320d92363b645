#!/usr/bin/env bash
# The worker dies between the commit of the journal and the answer: the client's retry gets the first answer, marked as
# a duplicate, and nothing is doubled. For a batch, for a single reading, for definitions of indicators and places, and
# for one that dies again and again.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"

define_sample
batch=0190a0b0-0000-7000-8000-00000000000

# die: the worker dies at the commit of what the command in the background sends; then it is itself again
die() {
    bb-supervise stop measurement
    worker_binary=$faulty worker_as env BB_FAULT=die-after-commit
    bb-supervise start measurement
    "$@" >"$tmp/out" 2>"$tmp/err" &
    local client=$!
    bb-supervise wait measurement # until it has died
    worker_as
    bb-supervise start measurement
    wait "$client" && status=0 || status=$?
    seen 0 "$*"
}

die backbone import "$sample/readings.csv" -o json --batch "${batch}1" --receipt "$tmp/receipt.json"
counts rows=1472 created=1472 rejected=0
json ".duplicate > 0" true # what the first commit had; the rest may not have been staged yet
run 0 backbone readings ls -o json
json length 1472
json '[.[].revision // 1] | unique' '[1]'

# the receipt of what was committed and not answered is that of its entry, and every repeat gets the same one
run 0 backbone chain export
cp "$tmp/out" "$tmp/chain"
run 0 backbone verify-receipt "$tmp/receipt.json" "$tmp/chain" -o json
json .accepted 1472
run 0 backbone import "$sample/readings.csv" --batch "${batch}1" --receipt "$tmp/again.json"
is "the same receipt" "$(cat "$tmp/again.json")" "$(cat "$tmp/receipt.json")"

# a correction, two rows of it refused: the outcomes are the first ones
printf 'indicator,organization,place,period,value\n%s\n%s\n%s\n%s\n' \
    'kindergarten-ready-literacy,Bridgeport School District,Bridgeport,2008-09,29.3' \
    'kindergarten-ready-literacy,Bridgeport School District,Bridgeport,2009-09-99,1' \
    'nothing,Bridgeport School District,Bridgeport,2008-09,1' \
    'kindergarten-ready-literacy,Bridgeport School District,New Haven,2001-02,1.5' >"$tmp/some.csv"
bb-supervise stop measurement
worker_binary=$faulty worker_as env BB_FAULT=die-after-commit
bb-supervise start measurement
backbone import "$tmp/some.csv" -o json --batch "${batch}2" >"$tmp/out" 2>"$tmp/err" &
client=$!
for _ in 1 2; do # it dies twice: the second time nothing is left to commit but what others send
    bb-supervise wait measurement
    bb-supervise start measurement
    backbone report kindergarten-ready-literacy 5 --organization "Bridgeport School District" --period 1999-00 \
        >/dev/null 2>&1 &
done
worker_as
bb-supervise wait measurement
bb-supervise start measurement
wait "$client" && status=0 || status=$?
wait
seen 65 "a file with refused rows"
counts rows=4 created=1 updated=1 rejected=2
run 0 backbone readings history kindergarten-ready-literacy --organization "Bridgeport School District" \
    --place Bridgeport --period 2008-09 -o json
json '[.[].value]' '[29.2,29.3]'
run 0 backbone readings history kindergarten-ready-literacy --organization "Bridgeport School District" \
    --period 1999-00 -o json
json '[.[].value]' '[5]'

# definitions: what was done already is found unchanged
printf 'code,name\nlate,Late\n' >"$tmp/late.csv"
die backbone indicator define "$tmp/late.csv"
run 0 backbone indicator ls -o json
json '[.[] | select(.code == "late") | .version]' '[1]'

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
