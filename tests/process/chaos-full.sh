#!/usr/bin/env bash
# The disk is full: submissions are refused with NOSPACE, queries are answered, work goes on by itself when there is
# room, and nothing is lost. On a small tmpfs in a mount namespace of its own; with a reserve, and without one, so that
# commits of the journal and of the views do fail.
export no_sandbox=1
. "$(dirname "$0")/lib.sh"
unset no_sandbox
if [ -z "${BB_TEST_INSIDE:-}" ]; then
    unshare -m true 2>/dev/null || skip "a small file system cannot be mounted here (unshare -m)"
    rm -r "$tmp"
    BB_TEST_INSIDE=1 BB_SANDBOX_STRICT=1 exec unshare -m "$root/deploy/sandbox" -- "$0"
fi
. "$root/tests/process/chaos/lib.sh"

store=$BB_STATE/measurement
log=$BB_STATE/measurement.log
disk=$tmp/disk
mkdir "$disk"
mount -t tmpfs -o size=24m,mode=0700 none "$disk" || skip "tmpfs cannot be mounted here"
bb-supervise stop measurement
rm -r "$store"
ln -s "$disk" "$store"

reserve() {
    bb-supervise stop measurement
    sed -i '/^disk_reserve/d' "$BB_STATE/measurement.conf"
    echo "disk_reserve = \"$1\"" >>"$BB_STATE/measurement.conf"
    bb-supervise start measurement
    pid=$(cat "$BB_STATE/measurement.pid")
}

# fill LEFT: leave so many KiB
fill() {
    rm -f "$disk/filler"
    head -c $((($(df --output=avail -k "$disk" | tail -n 1) - $1) * 1024)) /dev/zero >"$disk/filler" 2>/dev/null
}

now=0
report() {
    now=$((now + 1))
    backbone report chaos-count "$now" --organization chaos-0 --period 2031-01 -o json
}

# The journal has no room ahead of its end.
tight() {
    local bytes
    bytes=$(backbone status -o json | jq .measurement.journal_bytes)
    bb-supervise stop measurement
    truncate -s "$bytes" "$disk/journal/00000000000000000001.log"
    bb-supervise start measurement
    pid=$(cat "$BB_STATE/measurement.pid")
}

caught_up() {
    backbone status -o json | jq -e '.measurement | .head == .applied' >/dev/null
}

# served N: the report that was taken last is the Nth or one after it. Without a reserve the views may be behind while
# there is no room, and an older one is answered.
served() {
    run 0 backbone readings ls --period 2018-19 -o json
    json 'length > 0' true
    run 0 backbone readings ls --indicator chaos-count --organization chaos-0 --period 2031-01 -o json
    json "[.[].value >= ${1:-1}]" '[true]'
    run 0 backbone trend grade3-reading -o json
    json length 5
}

# full LEFT: with so little left
full() {
    local refused before=$now
    [ -n "$reserved" ] || tight
    fill "$1"
    run 75 chaos_load 2 --plain --rate 3000 --window 1 --batches 3000 --impatient 1500
    like "refused for want of room" "$err" 'NOSPACE'
    report >"$tmp/report" 2>&1 &
    refused=$!
    run 0 backbone readings ls --period 2018-19 -o json
    json 'length > 0' true
    served "${reserved:+$before}"
    [ -z "$reserved" ] || kill -0 "$refused" || not_ok "a submission was taken without room" "$(cat "$tmp/report")"

    rm "$disk/filler"
    wait "$refused"
    is "it was taken when there was room" $? 0
    now=$((before + 1)) # the report in the background counted for itself
    soon 5 caught_up
    served "$now"
    is "the worker went on" "$(cat "$BB_STATE/measurement.pid")" "$pid"
}

reserved=yes
reserve 2M
define_sample
chaos_define
run 0 backbone import "$sample/readings.csv" -o json
counts created=1472
run 0 report
full 1900
full 0
like "the log says so" "$(cat "$log")" 'less than the reserve: submissions are refused'
like "and when it is over" "$(cat "$log")" 'there is room on the disk again'

# a repeat of what was taken is answered all the same, and a start finds its way
printf 'indicator,organization,period,value\nchaos-count,chaos-0,2031-02,7\n' >"$tmp/one.csv"
run 0 backbone import "$tmp/one.csv" -o json --batch 0190a0b0-0000-7000-8000-000000000001
fill 100
run 0 backbone import "$tmp/one.csv" -o json --batch 0190a0b0-0000-7000-8000-000000000001
counts duplicate=1 created=1
run 0 bb-supervise restart measurement
served "$now"
rm "$disk/filler"

# without a reserve what is free inside the files is used up to the last page
reserved=
reserve 0
run 0 report
for left in 0 8 40 100 400; do
    full "$left"
done
like "the log says so" "$(cat "$log")" 'the journal cannot be written: No space left'

# under load, with partners that come while there is no room
for n in 0 1; do
    chaos_load "$n" --rate 1000 --batches 600 &
done
for n in {1..6}; do
    fill 0
    backbone partner add "late-$n" --name "Late $n" --role partner >/dev/null || not_ok "partner add"
    chaos_load 2 --plain --window 1 --batches 1 --impatient 400 2>/dev/null # behind the partner: taken, or refused
    rm "$disk/filler"
    run 0 report
done
wait
chaos_drain
for n in {1..6}; do
    run 0 backbone report chaos-count 1 --organization "late-$n" --period 2031-03 -o json
done
soon 5 caught_up
run 0 chaos_check query
echo "$out"
is "the worker went on" "$(cat "$BB_STATE/measurement.pid")" "$pid"
bb-supervise stop measurement
run 0 chaos_check journal
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
cd / && umount "$disk"
finish
