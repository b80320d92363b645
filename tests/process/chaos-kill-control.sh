#!/usr/bin/env bash
# The negative control of chaos-kill: a worker that acknowledges before it commits is caught, and so is each step that was
# acknowledged and not done.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"

chaos_define
chaos_start_files --rate 200 --plain
printf '#!/bin/sh\nBB_FAULT=ack-early exec %q -c %q\n' "$faulty" "$BB_STATE/measurement.conf" >"$tmp/measurement"
chmod 700 "$tmp/measurement"

# the steps of two months, then one more that is only said to be done
chaos_live 0 --steps 42 --rate 2000
for step in {42..62}; do
    run 0 chaos_live_check 0
    printf 'begun %s .\ndone %s .\n' "$step" "$step" >>"$tmp/steps-0"
    case $step in
        46 | 49 | 52 | 59 | 60) run 0 chaos_live_check 0 ;; # what is refused, or done already, changes nothing
        *)
            run 1 chaos_live_check 0
            like "the step is missed" "$out" '^(target|adoption|history|readings|review|retired|rule): '
            ;;
    esac
    sed -i '$d' "$tmp/steps-0"
    sed -i '$d' "$tmp/steps-0"
    chaos_live 0 --steps $((step + 1)) --rate 2000
done

chaos_drive --kills 12 --victim 1 -- "$BB_STATE/start/broker" "$tmp/measurement"
bb-supervise stop measurement
run 1 chaos_check journal
like "what was acknowledged and is not in the journal is found" "$out" '(^|
)lost: '
echo "$out" | sed 's/^/found, as it should be: /'
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
