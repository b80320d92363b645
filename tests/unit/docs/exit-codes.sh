#!/usr/bin/env bash
# Every exit code that the command line can end with is in the table of the README and in backbone(1), and nothing else.
#
#   exit-codes.sh SOURCE
set -euo pipefail

source=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/backbone-exit-codes-$$.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

# sysexits.h has "#define EX_USAGE 64 /* ... */"
{
    echo 0
    grep -oh '\bEX_[A-Z]\+\b' "$source"/client/cli/*.[ch] "$source/client/lib/diagnose.c" | sort -u | while read -r name; do
        awk -v name="$name" '$1 == "#define" && $2 == name { print $3 }' /usr/include/sysexits.h
    done
    grep -oh '\bSIG\(HUP\|INT\|TERM\)\b' "$source/client/cli/interrupt.c" | sort -u | while read -r name; do
        echo $((128 + $(kill -l "$name")))
    done
} | sort -un >"$work/used"
[ "$(wc -l <"$work/used")" -ge 10 ] || {
    echo "exit-codes: only $(wc -l <"$work/used") codes found in client/cli" >&2
    failed=1
}

# a line of the README's table: | 73, 74 | what it means |
sed -n '/exit codes/,/^$/{/./p}; /^| code /,/^$/p' "$source/README.md" | sed -n 's/^| \([0-9, ]*\) |.*/\1/p' |
    tr -cs '0-9' '\n' | grep . | sort -un >"$work/readme"
# the man page: *73*, *74* on a line of its own
sed -n '/^# EXIT STATUS/,/^# [^E]/p' "$source/docs/backbone.1.scd" | grep '^\*[0-9]' | tr -cs '0-9' '\n' | grep . |
    sort -un >"$work/manual"

for where in readme manual; do
    diff "$work/used" "$work/$where" >"$work/differences" || {
        echo "exit-codes: those of client/cli (<) and of the $where (>):" >&2
        cat "$work/differences" >&2
        failed=1
    }
done
exit $failed
