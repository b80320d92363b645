#!/usr/bin/env bash
# The manual and the program agree: every command and option of the program is in backbone(1), the example of
# libbackbone(3) compiles against the header and the shared library alone, and the shared library shows what the header
# declares and nothing else.
#
#   manual.sh SOURCE BUILD
set -euo pipefail

source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

complain() {
    echo "manual: $*" >&2
    failed=1
}

manual=$source/docs/backbone.1.scd
"$build/bin/backbone" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\( [a-z]\+\)\?\)  .*/\1/p' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 20 ] || complain "only $(wc -l <"$work/commands") commands in --help"
while read -r -a words; do
    name=${words[*]}
    grep -q "^\*$name\*" "$manual" || complain "command $name is not in backbone(1)"
    for option in $("$build/bin/backbone" "${words[@]}" --help | sed '/Of every command/,$d' |
        grep -o -- ' --[a-z-]\+' | sort -u); do
        grep -q -- "$option" "$manual" || complain "$name: $option is not in backbone(1)"
    done
done <"$work/commands"

awk '/^```/ { inside = !inside; next } inside' "$source/docs/libbackbone.3.scd" | sed 's/\\\\/\\/g' >"$work/example.c"
cp "$source/client/lib/backbone.h" "$work"
flags=()
if ldd "$build/client/libbackbone.so" | grep -q libasan; then
    flags=(-fsanitize=address,undefined)
fi
cc -std=c11 -Wall -Wextra -Werror -I"$work" "${flags[@]}" -o "$work/example" "$work/example.c" -L"$build/client" -lbackbone ||
    complain "the example of libbackbone(3) does not compile"
echo '#include <backbone.h>' >"$work/alone.c"
cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$work" -c -o "$work/alone.o" "$work/alone.c" ||
    complain "backbone.h does not compile alone as C99"

grep -o '^BB_API .*bb_[a-z_]\+(' "$source/client/lib/backbone.h" | grep -o 'bb_[a-z_]\+($' | tr -d '(' | sort -u >"$work/declared"
nm -D --defined-only "$build/client/libbackbone.so" | awk '$2 == "T" { print $3 }' | sort -u >"$work/shown"
while read -r symbol; do
    grep -qx "$symbol" "$work/declared" || complain "libbackbone.so shows $symbol, which backbone.h does not declare"
done <"$work/shown"
while read -r symbol; do
    grep -qx "$symbol" "$work/shown" || echo "$symbol"
done <"$work/declared" >"$work/hidden"
[ "$(wc -l <"$work/declared")" -ge 40 ] || complain "only $(wc -l <"$work/declared") functions found in backbone.h"
[ ! -s "$work/hidden" ] || complain "libbackbone.so lacks $(tr '\n' ' ' <"$work/hidden")"
exit $failed
