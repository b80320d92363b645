#!/usr/bin/env bash
# The negative control of chaos-updates: a service that commits how far it is apart from what it wrote is caught.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
. "$root/tests/process/chaos/updates.sh"
rounds=200

updates_define
printf '#!/bin/sh\nBB_FAULT=follow-apart exec %q -c %q\n' "$tests/backbone-communication-faulty" \
    "$BB_STATE/communication.conf" >"$BB_STATE/start/communication"
bb-supervise restart communication
# longer than it takes to connect and to be told something: then it is nearly always in between
updates_load 300 communication
before=
settled() {
    local now
    sleep 0.5
    now=$(updates_written)
    [ "$now" = "$before" ] && return 0
    before=$now
    return 1
}
soon 30 settled
run 1 updates_check
like "what is missing is found" "$out" '< (update|notice) '
echo "$out" | sed 's/^/found, as it should be: /'
finish
