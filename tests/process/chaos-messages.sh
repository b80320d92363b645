#!/usr/bin/env bash
# The communication worker on a disk that fails: after an fdatasync that returned EIO, of what is to be done again
# or of the store, nothing is answered, it ends with
# status 76, and a start afterwards has all that was answered. And killed at any moment: nothing that was answered is lost.
export no_sandbox=1
. "$(dirname "$0")/lib.sh"
unset no_sandbox
if [ -z "${BB_TEST_INSIDE:-}" ]; then # not strict: the worker is to fail
    rm -r "$tmp"
    BB_TEST_INSIDE=1 exec "$root/deploy/sandbox" -- "$0"
fi
. "$root/tests/process/chaos/lib.sh"
need_strace

log=$BB_STATE/communication.log
printf '#!/bin/sh\n"$@"\necho $? >%q\n' "$tmp/worker-status" >"$tmp/status"
chmod 700 "$tmp/status"

# publish ROUND: one message after the other, each by an id that says which it is, until told to stop; what was answered
# goes to $tmp/answered
publish() {
    local n=0 subject
    until [ -e "$tmp/enough" ]; do
        n=$((n + 1))
        subject="$1-$n"
        backbone announce create "$subject" --to all -o json >"$tmp/answer" 2>>"$tmp/refused" &&
            echo "$(jq -r .sequence "$tmp/answer") $subject" >>"$tmp/answered"
    done
}

more_answered() {
    [ "$(wc -l <"$tmp/answered")" -gt "$1" ]
}

# kept: everything that was answered is in the log, once, at the sequence that was answered
kept() {
    run 0 backbone announce ls -o json
    jq -r '.[] | "\(.sequence) \(.subject)"' <<<"$out" >"$tmp/log"
    is "what was answered and is not there" "$(sort "$tmp/answered" | comm -23 - <(sort "$tmp/log"))" ""
    is "subjects that are there twice" "$(cut -d' ' -f2 "$tmp/log" | sort | uniq -d)" ""
}

: >"$tmp/answered"
for fault in redo:4 redo:15 data.mdb:1; do
    file=${fault%:*} n=${fault#*:}
    bb-supervise stop communication
    : >"$log"
    rm -f "$tmp/worker-status" "$tmp/enough"
    messages_as "$tmp/status" strace -f -qq -o "$tmp/trace" -P "$BB_STATE/communication/log/$file" -e signal=none \
        -e trace=fdatasync -e "inject=fdatasync:error=EIO:when=$n"
    run 0 bb-supervise start communication
    publish "eio-$file-$n" &
    load=$!
    if [ "$file" = data.mdb ]; then # the store is committed when nothing comes any more
        before=$(wc -l <"$tmp/answered")
        soon 20 more_answered "$before"
        touch "$tmp/enough"
    fi
    run 0 timeout 60 bb-supervise wait communication
    like "the fault was injected" "$(cat "$tmp/trace")" 'fdatasync.*EIO.*INJECTED'
    is "the worker ends with its own status" "$(cat "$tmp/worker-status")" 76
    like "the log says why" "$(cat "$log")" 'the store failed: Input/output error; stopping for an operator to look'
    messages_as
    run 0 bb-supervise start communication
    touch "$tmp/enough"
    wait "$load"
    kept
done

rm -f "$tmp/enough"
publish kill &
load=$!
for i in $(seq "${BB_CHAOS_KILLS:-15}"); do
    sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
    bb-supervise kill communication
    bb-supervise start communication
done
touch "$tmp/enough"
wait "$load"
kept
echo "$(wc -l <"$tmp/answered") answered"
[ "$(wc -l <"$tmp/answered")" -gt 10 ] && ok || not_ok "hardly anything was published"
finish
