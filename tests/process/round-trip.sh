#!/usr/bin/env bash
# What the tests of public data sets leave in the store: exported in each form it is imported again with every row
# unchanged, and into an empty store with the same readings. Each of these tests runs once more, and does that at its end
# (copies.sh). With `all` every one of them does, some ten minutes for the millions; otherwise the quicker ones, which
# have every kind of reading.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

chosen=(data-foci data-claims)
[ "${1:-}" != all ] || mapfile -t chosen < <(cd "$root/tests/process" && ls data-*.sh | sed 's/\.sh$//')
done=0
for name in "${chosen[@]}"; do
    BB_ROUND_TRIP=1 "$root/tests/process/$name.sh" >"$tmp/log" 2>&1
    status=$?
    case $status in
        0) ok; done=$((done + 1)) ;;
        111) ;;
        *) not_ok "$name" "$(tail -n 40 "$tmp/log")" ;;
    esac
    echo "$name: $(grep -E '^skipped|checks passed' "$tmp/log" | tail -n 1)"
done
[ "$done" -gt 0 ] || [ "$failed" -gt 0 ] || skip "no data set is there"
finish
