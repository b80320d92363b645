#!/usr/bin/env bash
# Damaged files: a truncated one is refused with a clear message, a flipped byte is detected and never served.
export no_sandbox=1
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
unset no_sandbox
if [ -z "${BB_TEST_INSIDE:-}" ]; then # not strict: the worker is to fail
    rmdir "$tmp"
    BB_TEST_INSIDE=1 exec "$root/deploy/sandbox" -- "$0"
fi

log=$BB_STATE/measurement.log
store=$BB_STATE/measurement
define_sample
run 0 backbone import "$sample/readings.csv" -o json
counts created=1472
printf 'indicator,organization,place,period,value,comment\n%s\n' \
    'kindergarten-ready-literacy,Bridgeport School District,Bridgeport,1990-91,12.5,markedmarkedmarked' >"$tmp/marked.csv"
batch=0190a0b0-0000-7000-8000-000000000001
run 0 backbone import "$tmp/marked.csv" -o json --batch "$batch"
run 0 backbone report kindergarten-ready-literacy 5 --organization "Bridgeport School District" --period 1989-90
run 0 backbone readings ls --period 1990-91 -o json
json '[.[].comment]' '["markedmarkedmarked"]'
bb-supervise stop measurement
cp -a "$store" "$tmp/store"

restore() {
    rm -rf "$store"
    cp -a "$tmp/store" "$store"
    : >"$log"
}

segment=journal/00000000000000000001.log

# refused WHAT PATTERN: neither the worker nor --verify takes the store; both say why
refused() {
    "$BB_BUILD/bin/backbone-measurement" -c "$BB_STATE/measurement.conf" >"$tmp/out" 2>"$tmp/err" </dev/null &&
        status=0 || status=$?
    seen 76 "a start on $1"
    like "it says what is wrong" "$err" "$2"
    run 76 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
    like "--verify says it too" "$err" "$2"
}

# ---- truncated
restore
size=$(stat -c %s "$store/views/data.mdb")
truncate -s $((size / 2)) "$store/views/data.mdb"
refused "truncated views" "views/data.mdb is truncated: $((size / 2)) bytes, its pages take [0-9]+"

# The last write may have been under way when the power went. That it was acknowledged is known from the views.
restore
at=$(grep -obaF markedmarkedmarked "$store/$segment" | tail -n 1 | cut -d : -f 1)
truncate -s "$at" "$store/$segment"
refused "a truncated journal" 'the views are at entry [0-9]+, which the journal does not have'

# ---- a foreign file
for file in views/data.mdb "$segment"; do
    restore
    head -c 8192 /dev/urandom >"$store/$file"
    refused "a foreign file as $file" "$store/${file%/*}"
done

# ---- the views are lost: they are built again from the journal
restore
rm -r "$store/views"
run 0 bb-supervise start measurement
run 0 backbone readings ls --period 1990-91 -o json
json '[.[].value]' '[12.5]'
run 0 backbone readings ls -o json
json length 1474
bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"

# ---- the journal is older than the views: refused
restore
rm -r "$store/journal"
"$BB_BUILD/bin/backbone-measurement" -c "$BB_STATE/measurement.conf" >"$tmp/out" 2>"$tmp/err" </dev/null &&
    status=0 || status=$?
seen 76 "a start with views and no journal"
like "it says what does not fit" "$err" 'which the journal does not have'

# flip FILE TEXT: change a byte in every place where the file has this text
flip() {
    local at n=0
    while read -r at; do
        printf 'X' | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
        n=$((n + 1))
    done < <(grep -obaF "$2" "$1" | cut -d : -f 1)
    [ "$n" -gt 0 ] || not_ok "there is no $2 in $1"
}

# ---- a byte of a reading's record
restore
flip "$store/views/data.mdb" markedmarkedmarked
run 0 bb-supervise start measurement
backbone readings ls --period 1990-91 -o json >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
unlike "the damaged reading is not served" "$(cat "$tmp/out")" '12\.5|arkedmarked'
is "the query fails" "$([ "$status" -ne 0 ] && echo yes)" yes
like "and says why" "$(cat "$tmp/err")" 'a stored record cannot be read'
like "the log says it" "$(cat "$log")" 'damaged'
backbone readings history kindergarten-ready-literacy --organization "Bridgeport School District" --place Bridgeport \
    --period 1990-91 -o json >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
unlike "nor by its history" "$(cat "$tmp/out")" '12\.5|arkedmarked'
# a correction of it cannot be judged: refused, not guessed
sed 's/12\.5,.*/12.6,/' "$tmp/marked.csv" >"$tmp/corrected.csv"
backbone import "$tmp/corrected.csv" -o json >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
is "a correction of it fails" "$([ "$status" -ne 0 ] && echo yes)" yes
# what is not damaged is served, and taken
run 0 backbone readings ls --period 2018-19 -o json
json 'length > 0' true
run 0 backbone report kindergarten-ready-literacy 5 --organization "Bridgeport School District" --period 1991-92 -o json
bb-supervise stop measurement
backbone-measurement --verify -c "$BB_STATE/measurement.conf" >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
seen 65 "--verify of damaged views"
like "--verify finds it" "$err" 'reading: a damaged record'

# ---- a byte of the journal, in an entry that others came after: refused, with the entry and where it is
restore
flip "$store/$segment" markedmarkedmarked
refused "a damaged journal" "$segment: entry [0-9]+, at byte [0-9]+, is damaged, and entry [0-9]+ came after it: restore it"

# ---- the same while the worker runs: a repeat of the submission is not answered from it
restore
run 0 bb-supervise start measurement
flip "$store/$segment" markedmarkedmarked
backbone import "$tmp/marked.csv" -o json --batch "$batch" >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
is "the repeat fails" "$([ "$status" -ne 0 ] && echo yes)" yes
like "the log says it" "$(cat "$log")" 'damaged'
bb-supervise stop measurement
finish
