#!/usr/bin/env bash
# What tests are run by. lib.sh: a test that fails, is skipped, or does not come to its end says so by its status.
# tests/run: its options.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

# ends STATUS TEXT: a test of this text; all the same when a sandbox is around it
ends() {
    local before after
    before=$'no_sandbox=1\n. '"$root/tests/process/lib.sh"
    after=". $root/tests/process/lib.sh"
    for begin in "$before" "$after"; do
        printf '#!/usr/bin/env bash\n%s\n%b\n' "$begin" "$2" >"$tmp/test.sh"
        chmod +x "$tmp/test.sh"
        run "$1" env -u BB_TEST_INSIDE TMPDIR="$tmp" "$tmp/test.sh"
    done
}
ends 0 'ok; finish'
like "the summary" "$out" '^1 checks passed, 0 failed$'
ends 1 'ok; not_ok "this"; finish'
like "what failed" "$out" 'FAILED \(line [0-9]*\): this.*1 checks passed, 1 failed'
ends 1 'ok; exit 0'
like "not finished" "$out" 'NOT FINISHED'
ends 111 'ok; skip "no such thing here"; echo went on'
is "the reason, and nothing after it" "$out" 'skipped: no such thing here'
ends 1 'not_ok "this"; skip "no such thing here"; echo went on'
unlike "a failure is not skipped" "$out" 'went on'

printf '#!/usr/bin/env bash\nneeds=no-such-data\n. %s\necho went on\n' "$root/tests/process/lib.sh" >"$tmp/test.sh"
run 111 env -u BB_TEST_INSIDE BB_TEST_DATA="$tmp" "$tmp/test.sh"
like "the data it needs" "$out" '^skipped: it reads no-such-data, and BB_TEST_DATA is .*$'
run 111 env -u BB_TEST_INSIDE -u BB_TEST_DATA "$tmp/test.sh"
is "the data it needs" "$out" 'skipped: it reads no-such-data, and BB_TEST_DATA is not set'
is "nothing is left" "$(ls "$tmp" | tr '\n' ' ')" 'err out test.sh '

# the tests that need what not every machine allows, where it does not
mkdir "$tmp/none"
printf '#!/bin/sh\nexit 1\n' | tee "$tmp/none/unshare" >"$tmp/none/strace"
chmod +x "$tmp/none/unshare" "$tmp/none/strace"
for name in chaos-full chaos-eio; do
    run 111 env -u BB_TEST_INSIDE TMPDIR="$tmp" PATH="$tmp/none:$PATH" "$root/tests/process/$name.sh"
    like "$name" "$out" '^skipped: '
done
is "nothing is left" "$(ls "$tmp" | tr '\n' ' ')" 'err none out test.sh '

# --- tests/run: its options cover every test, and combine
of() {
    run 0 "$root/tests/run" --no-build --list "$@"
}
of
all=$(sort <<<"$out")
like "there are some" "$all" 'process/harness'
of --unit
unit=$out
unlike "--unit" "$unit" 'process/'
like "--unit" "$unit" 'fuzz/'
of --process
process=$out
unlike "--process" "$process" '(unit|fuzz)/'
like "--process" "$process" 'broker/door'
is "every test is of one kind" "$(printf '%s\n' "$unit" "$process" | sort)" "$all"
of --unit --process
is "both kinds" "$(sort <<<"$out")" "$all"
of --match 'harness$' --match '^unit/runtime/text'
is "several names" "$(sort <<<"$out")" $'process/harness\nunit/runtime/text'
of --process --match harness --match '^unit/runtime/text'
is "of a kind" "$out" process/harness
run 64 "$root/tests/run" --no-build --list --match no-such-test
run 64 "$root/tests/run" --no-such-option
like "which one" "$err" '^tests/run: there is no option --no-such-option'
finish
