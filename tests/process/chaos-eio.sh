#!/usr/bin/env bash
# A disk that fails: when an fdatasync of the journal returns EIO, nothing is acknowledged from then on, the worker ends
# with status 76, and a start afterwards finds everything that was acknowledged. The same for the views.
export no_sandbox=1
. "$(dirname "$0")/lib.sh"
unset no_sandbox
if [ -z "${BB_TEST_INSIDE:-}" ]; then # not strict: the worker is to fail
    rm -r "$tmp"
    BB_TEST_INSIDE=1 exec "$root/deploy/sandbox" -- "$0"
fi
. "$root/tests/process/chaos/lib.sh"
need_strace

log=$BB_STATE/measurement.log
chaos_define
printf '#!/bin/sh\n"$@"\necho $? >%q\n' "$tmp/worker-status" >"$tmp/status"
chmod 700 "$tmp/status"

# fails FILE N: the worker runs until fdatasync number N of a thread on this file of the store fails
fails() {
    bb-supervise stop measurement
    : >"$log"
    rm -f "$tmp/worker-status"
    worker_as "$tmp/status" strace -f -qq -o "$tmp/trace" -P "$BB_STATE/measurement/$1" -e signal=none \
        -e trace=fdatasync -e "inject=fdatasync:error=EIO:when=$2"
    run 0 bb-supervise start measurement
    gone=$(times_gone)
}

# What the worker had answered before it ended is passed on when the broker says that it is gone, and has reached the
# load when it has reached others.
times_gone() {
    grep -c 'worker of measurement: gone' "$BB_STATE/broker.log"
}
is_gone() {
    [ "$(times_gone)" -gt "$gone" ]
}

for n in 3 8 40; do
    fails journal/00000000000000000001.log "$n"
    chaos_load 0 --rate 2000 --window 16 --batches 1500 &
    load=$!
    run 0 timeout 60 bb-supervise wait measurement
    like "the fault was injected" "$(cat "$tmp/trace")" 'fdatasync.*EIO.*INJECTED'
    is "the worker ends with its own status" "$(cat "$tmp/worker-status")" 76
    like "the log says why" "$(cat "$log")" 'the store failed: Input/output error; stopping for an operator to look'
    soon 10 is_gone
    run 0 backbone ping
    acked=$(grep -c '^acked' "$tmp/ledger-0")
    for _ in {1..10}; do
        run 0 backbone ping
    done
    is "nothing was acknowledged after it" "$(grep -c '^acked' "$tmp/ledger-0")" "$acked"
    worker_as
    run 0 bb-supervise start measurement
    wait "$load"
    is "the load went on" $? 0
done

fails views/data.mdb 4
chaos_load 0 --rate 2000 --window 16 --batches 1500 &
load=$!
run 0 timeout 60 bb-supervise wait measurement
is "the worker ends with its own status" "$(cat "$tmp/worker-status")" 76
worker_as
run 0 bb-supervise start measurement
wait "$load"
is "the load went on" $? 0

chaos_drain
run 0 chaos_check query
echo "$out"
bb-supervise stop measurement
run 0 chaos_check journal
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
