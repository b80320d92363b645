#!/usr/bin/env bash
# Everything that the tests of public data sets leave in the store: exported in each form it is imported again with every
# row unchanged, and into an empty store with the same readings. Each of these tests runs once more, and does that at
# its end (copies.sh).
no_sandbox=1
. "$(dirname "$0")/lib.sh"

done=0
for test in "$root"/tests/process/data-*.sh; do
    BB_ROUND_TRIP=1 "$test" >"$tmp/log" 2>&1
    status=$?
    case $status in
        0) ok; done=$((done + 1)) ;;
        111) ;;
        *) not_ok "$(basename "$test")" "$(tail -n 40 "$tmp/log")" ;;
    esac
    echo "$(basename "$test"): $(grep -E '^skipped|checks passed' "$tmp/log" | tail -n 1)"
done
[ "$done" -gt 0 ] || [ "$failed" -gt 0 ] || skip "no data set is there"
finish
