#!/usr/bin/env bash
# kill -9 of either worker, or the broker, at any moment, while readings come and are corrected: each batch has its update, and each
# correction its restatement for the one that was given the old value, once.
#
# BB_CHAOS_REPORTS (100, of each of three partners), BB_CHAOS_SEED (of the moments of the kills).
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
. "$root/tests/process/chaos/updates.sh"

updates_define
updates_load 10 measurement communication broker
soon 30 updates_are_there
run 0 updates_check
echo "$out"
finish
