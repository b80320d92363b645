#!/usr/bin/env bash
# kill -9 of any process at any moment, under load: nothing acknowledged is lost, nothing is doubled, and the store is
# what its journal says. Beside the load of submissions two organizations do, step by step, everything that can be done to
# a report: corrections that expect a revision, withdrawals, reviews, batches undone, targets, adoption, retirement, rules.
#
# BB_CHAOS_KILLS (200), BB_CHAOS_EVERY (a --verify after so many, 50), BB_CHAOS_RATE (submissions a second and
# organization, 150), BB_CHAOS_SEED (of the moments of the kills) make it longer, denser, or the same again.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"

kills=${BB_CHAOS_KILLS:-200}
chaos_define
chaos_start_files --rate "${BB_CHAOS_RATE:-150}"
chaos_live_file 0
chaos_live_file 1
chaos_drive --kills "$kills" --verify "$tmp/verify" --every "${BB_CHAOS_EVERY:-50}" --seed "${BB_CHAOS_SEED:-$RANDOM}" \
    -- "$BB_STATE/start/broker" "$BB_STATE/start/measurement"
run 0 chaos_check query
echo "$out"
for n in 0 1; do
    run 0 chaos_live_check "$n"
    echo "$out"
done
bb-supervise stop measurement
run 0 chaos_check journal
echo "$out"
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
echo "verify: $out"
finish
