#!/usr/bin/env bash
# kill -9 keeps the page cache, so beside the kill test: between the receipt of a submission and its answer there is a
# whole commit on disk. And a journal that does not sync is caught, as is an answer before the commit.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
need_strace

chaos_define
bb-supervise stop measurement

# traced NAME OPTION...: the worker under strace while the load runs with these options
traced() {
    local name=$1
    shift
    worker_as "${fault:+env BB_FAULT=$fault}" strace -f -tt -yy -xx -s 1048576 -e signal=none \
        -e trace=connect,recvfrom,sendto,fdatasync,pwrite64 -o "$tmp/trace-$name"
    run 0 bb-supervise start measurement
    run 0 chaos_load "$@"
    run 0 bb-supervise stop measurement
}

traced single 0 --window 1 --rate 1000 --batches 150
run 0 "$tests/chaos-order" "$tmp/trace-single"
echo "one at a time: $out"
like "every submission has a commit of its own" "$out" ' ([0-9]+) accepted in \1 commits'

traced pipelined 1 --window 128 --rate 100000 --batches 800
run 0 "$tests/chaos-order" "$tmp/trace-pipelined"
echo "pipelined: $out"

worker_binary=$faulty
fault=nosync traced nosync 2 --window 16 --rate 1000 --batches 100
run 1 "$tests/chaos-order" "$tmp/trace-nosync"
like "a journal that is not synced is caught" "$out" 'unsynced: '
echo "without fdatasync: $(tail -n 1 <<<"$out")"

fault=ack-early traced early 2 --window 16 --rate 1000 --batches 100 --plain
run 1 "$tests/chaos-order" "$tmp/trace-early"
like "an answer before the commit is caught" "$out" 'unsynced: '
echo "ack-early: $(tail -n 1 <<<"$out")"
finish
