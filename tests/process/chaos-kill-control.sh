#!/usr/bin/env bash
# The negative control of chaos-kill: a worker that acknowledges before it commits is caught.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"

chaos_define
chaos_start_files --rate 200 --plain
printf '#!/bin/sh\nBB_FAULT=ack-early exec %q -c %q\n' "$faulty" "$BB_STATE/measurement.conf" >"$tmp/measurement"
chmod 700 "$tmp/measurement"

chaos_drive --kills 12 --victim 1 -- "$BB_STATE/start/broker" "$tmp/measurement"
bb-supervise stop measurement
run 1 chaos_check journal
like "what was acknowledged and is not in the journal is found" "$out" '(^|
)lost: '
echo "$out" | sed 's/^/found, as it should be: /'
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
