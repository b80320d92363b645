#!/usr/bin/env bash
# The negative control of chaos-kill: a worker that acknowledges before it commits is caught.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"

chaos_define
chaos_start_files --rate 200 --plain
printf '#!/bin/sh\nBB_FAULT=ack-early exec %q -c %q\n' "$faulty" "$BB_STATE/measurement.conf" >"$tmp/measurement"
chmod 700 "$tmp/measurement"

bb-supervise stop measurement
bb-supervise stop broker
run 0 "$tests/chaos-drive" --kills 12 --victim 1 -- "$BB_STATE/start/broker" "$tmp/measurement" \
    "$tmp/load-0" "$tmp/load-1" "$tmp/load-2"
echo "$out"
[ "$status" -eq 0 ] || tail -n 40 <<<"$err"

bb-supervise start broker
bb-supervise start measurement
chaos_drain
bb-supervise stop measurement
run 1 chaos_check journal
like "what was acknowledged and is not in the journal is found" "$out" '(^|
)lost: '
echo "$out" | sed 's/^/found, as it should be: /'
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
