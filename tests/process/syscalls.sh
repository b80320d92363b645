#!/usr/bin/env bash
# What a request costs the daemons in system calls: the number of the process is not asked for (runtime/process).
no_sandbox=1
. "$(dirname "$0")/lib.sh"

strace -f -o "$tmp/probe" true 2>/dev/null || skip "strace is not allowed here"

export BB_SANDBOX_WRAP_BROKER="strace -f -c -o $tmp/broker.calls"
export BB_SANDBOX_WRAP_MEASUREMENT="strace -f -c -o $tmp/measurement.calls"
cat >"$tmp/scenario" <<'END'
set -e
printf 'code,name\nx,X\n' | backbone indicator define -
for i in {1..20}; do
    backbone report x "$i" --period 2026
done
END
run 0 "$root/deploy/sandbox" -- bash "$tmp/scenario"

# calls DAEMON NAME: how many
calls() {
    awk -v name="$2" '$NF == name { n = $4 } END { print n + 0 }' "$tmp/$1.calls"
}
for daemon in broker measurement; do
    [ "$(calls $daemon poll)" -ge 40 ] && ok || not_ok "$daemon: requests were traced" "$(cat "$tmp/$daemon.calls")"
    [ "$(calls $daemon getpid)" -le 10 ] && ok || not_ok "$daemon: getpid" "$(cat "$tmp/$daemon.calls")"
done
finish
