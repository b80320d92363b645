#!/usr/bin/env bash
# Between the receipt of a message and its answer there is a whole commit on disk. And a log that does not sync is caught.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
need_strace

bb-supervise stop communication

# traced NAME OPTION...: the worker under strace while messages are published with these options
traced() {
    local name=$1
    shift
    messages_as "${fault:+env BB_FAULT=$fault}" strace -f -tt -yy -xx -s 1048576 -e signal=none \
        -e trace=connect,recvfrom,sendto,fdatasync,pwrite64,writev -o "$tmp/trace-$name"
    run 0 bb-supervise start communication
    run 0 "$tests/publish" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$BB_STATE/keys/staff" --channel all "$@"
    run 0 bb-supervise stop communication
}

traced single --count 100
run 0 "$tests/chaos-order" "$tmp/trace-single" communication
echo "one at a time: $out"
like "every message has a commit of its own" "$out" '^100 submissions: 100 accepted in 100 commits'

traced pipelined --count 2000 --window 64
run 0 "$tests/chaos-order" "$tmp/trace-pipelined" communication
echo "pipelined: $out"
like "all of them" "$out" '2000 accepted'

traced large --count 50 --window 8 --bytes 60000
run 0 "$tests/chaos-order" "$tmp/trace-large" communication
echo "large: $out"
like "all of them" "$out" '50 accepted'

# more than redo holds, so that some are answered by a commit of the store
traced full --count 400 --window 4 --bytes 60000
run 0 "$tests/chaos-order" "$tmp/trace-full" communication
echo "full: $out"
like "all of them" "$out" '400 accepted'
like "the store was committed" "$(grep -c 'fdatasync(.*\\x64\\x61\\x74\\x61\\x2e\\x6d\\x64\\x62' "$tmp/trace-full")" '^([2-9]|[1-9][0-9]+)$'

messages_binary=$tests/backbone-communication-faulty
fault=nosync traced nosync --count 100
run 1 "$tests/chaos-order" "$tmp/trace-nosync" communication
like "a log that is not synced is caught" "$out" 'unsynced: '
echo "without fdatasync: $(tail -n 1 <<<"$out")"
finish
