# What process tests share: checks that go on after a failure, and a summary that decides.
#
# A test is a bash script that starts with
#
#     . "$(dirname "$0")/lib.sh"
#
# and so runs inside deploy/sandbox: the first time round it executes itself again in a fresh one (a test that starts
# its own sandboxes sets no_sandbox=1 before). What a command printed is in $out and $err, its status in $status. A
# test ends by `finish`, or by `skip WHY`; it fails if a check failed or if it did not come that far. Logs of the daemons are shown on
# failure.
#
# shellcheck shell=bash
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export BB_BUILD=${BB_BUILD:-$root/build}
sample=$root/deploy/sample

passed=0
failed=0
finished=false

# skip WHY: end here, with the status that ctest knows as SKIP_RETURN_CODE; but a check that failed before is a failure.
# For the test itself, not for a subshell of it.
skip() {
    echo "skipped: $1"
    finished=true
    [ "$failed" -eq 0 ] || exit 1
    exit 111
}

# A test that reads a public data set says which (needs=FOLDER), and is skipped where it is not.
if [ -n "${needs:-}" ]; then
    data=${BB_TEST_DATA:-}/$needs
    if [ -z "${BB_TEST_DATA:-}" ] || [ ! -d "$data" ]; then
        skip "it reads $needs, and BB_TEST_DATA is ${BB_TEST_DATA:-not set}"
    fi
fi

enter_sandbox() {
    if [ -z "${BB_TEST_INSIDE:-}" ]; then
        BB_TEST_INSIDE=1 BB_SANDBOX_STRICT=1 exec "$root/deploy/sandbox" -- "$0" "$@"
    fi
}
[ -n "${no_sandbox:-}" ] || enter_sandbox "$@"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/backbone-test.XXXXXX")
out=
err=
status=0

at_exit() {
    local code=$?
    if ! $finished; then
        echo "NOT FINISHED (status $code)"
    elif [ "$failed" -eq 0 ]; then
        rm -rf "$tmp"
        return
    fi
    if [ -n "${BB_STATE:-}" ]; then
        tail -n 40 "$BB_STATE"/*.log
    fi
    rm -rf "$tmp"
    $finished || exit 1
}
trap at_exit EXIT

# With BB_ROUND_TRIP what the test leaves in the store goes out and in again before (round-trip.sh).
finish() {
    if [ -n "${BB_ROUND_TRIP:-}" ]; then
        . "$root/tests/process/copies.sh"
        round_trip
    fi
    finished=true
    echo "$passed checks passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

ok() {
    passed=$((passed + 1))
}

not_ok() {
    failed=$((failed + 1))
    local depth=1
    while [ "${BASH_SOURCE[depth]}" = "${BASH_SOURCE[0]}" ]; do
        depth=$((depth + 1))
    done
    echo "FAILED (line ${BASH_LINENO[depth - 1]}): $1"
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@"
}

# run STATUS COMMAND...: it must end so. Fills $out, $err, $status.
run() {
    local expected=$1
    shift
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null && status=0 || status=$?
    seen "$expected" "$*"
}

# run_with FILE STATUS COMMAND...: the same with FILE as its input.
run_with() {
    local input=$1 expected=$2
    shift 2
    "$@" >"$tmp/out" 2>"$tmp/err" <"$input" && status=0 || status=$?
    seen "$expected" "$*"
}

# run_text TEXT STATUS COMMAND...: the same with TEXT (escapes as in printf) as its input.
run_text() {
    printf '%b' "$1" >"$tmp/text"
    shift
    run_with "$tmp/text" "$@"
}

seen() {
    out=$(tr -d '\0' <"$tmp/out")
    err=$(tr -d '\0' <"$tmp/err")
    if [ "$status" = "$1" ]; then
        ok
    else
        not_ok "$2" "status: $status, expected: $1" "stdout: ${out:0:600}" "stderr: ${err:0:600}"
    fi
}

# soon SECONDS COMMAND...: wait until it succeeds; a failed check when it has not by then.
soon() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ $SECONDS -gt $end ]; then
            not_ok "this did not come: $*"
            return 1
        fi
        sleep 0.02
    done
}

# is WHAT GOT EXPECTED
is() {
    if [ "$2" = "$3" ]; then ok; else not_ok "$1" "got:      $2" "expected: $3"; fi
}

# like WHAT TEXT REGEX
like() {
    if [[ $2 =~ $3 ]]; then ok; else not_ok "$1" "got:      ${2:0:600}" "expected: /$3/"; fi
}

# unlike WHAT TEXT REGEX
unlike() {
    if [[ $2 =~ $3 ]]; then not_ok "$1" "got:      ${2:0:600}" "expected: nothing like /$3/"; else ok; fi
}

# json FILTER EXPECTED: of $out; 25.0 and 25 are the same.
json() {
    local got expected
    got=$(jq -c "$1" <<<"$out" 2>&1)
    expected=$(jq -c . <<<"$2")
    if [ "$got" = "$expected" ]; then ok; else not_ok "jq '$1'" "got:      $got" "expected: $expected" "of: ${out:0:600}"; fi
}

# counts FIELD=N...: of the summary that `import -o json` printed.
counts() {
    local pair got
    for pair in "$@"; do
        got=$(jq -c ".${pair%%=*}" <<<"$out" 2>&1)
        if [ "$got" = "${pair#*=}" ]; then ok; else not_ok "import: $pair" "got: $got" "of: ${out:0:600}" "stderr: ${err:0:600}"; fi
    done
}

# partner CODE NAME [OPTION...]: register one with a key of its own, and make a context of its code.
partner() {
    local code=$1 name=$2
    shift 2
    register "$code" --name "$name" --role partner "$@"
}

# observer CODE NAME: likewise.
observer() {
    register "$1" --name "$2" --role observer
}

register() {
    local key
    key=$(backbone keys new "$tmp/$1.key") || not_ok "keys new $1"
    backbone partner add "$@" --key "$key" >/dev/null || not_ok "partner add $1"
    context "$1"
}

# context CODE: one that uses $tmp/CODE.key.
context() {
    backbone context add "$1" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/$1.key" 2>"$tmp/said" ||
        not_ok "context add $1"
}

as() {
    local who=$1
    shift
    BACKBONE_CONTEXT=$who backbone "$@"
}

# inbox_has WHO FILTER EXPECTED: what jq's FILTER makes of the inbox of WHO, soon; then that is $out.
inbox_has() {
    if soon 10 inbox_is "$@"; then ok; else echo "    got:      $(jq -c "$2" <<<"$out")"; fi
}

inbox_is() {
    out=$(as "$1" inbox ls -o json) && [ "$(jq -c "$2" <<<"$out")" = "$3" ]
}

# Places, organizations and indicators of the sample, as staff.
define_sample() {
    run 0 backbone place import "$sample/places.csv"
    run 0 backbone partner import "$sample/organizations.csv"
    run 0 backbone indicator define "$sample/indicators.csv"
}
