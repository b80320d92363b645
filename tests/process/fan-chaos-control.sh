#!/usr/bin/env bash
# The negative control of fan-chaos: a worker whose cursors move when a message is sent, not when it is acknowledged,
# is caught.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/fan/lib.sh"

subscribers=${BB_FAN_SUBSCRIBERS:-50}
messages=${BB_FAN_MESSAGES:-3000}
fan_define
printf '#!/bin/sh\nBB_FAULT=cursor-early exec %q -c %q\n' "$faulty" "$BB_STATE/communication.conf" >"$tmp/communication"
chmod 700 "$tmp/communication"

fan_drive -- "$BB_STATE/start/broker" "$tmp/communication"
run 1 fan_check
like "messages that were sent to who was killed are missed" "$err" '(^|
)lost: '
echo "$out" | sed 's/^/found, as it should be: /'
finish
