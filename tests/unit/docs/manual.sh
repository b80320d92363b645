#!/usr/bin/env bash
# The manual and the programs agree: every command and option of the command line is in backbone(1), every configuration
# key of a daemon is in its page with default and range, as are its options; the example of libbackbone(3) is the file
# that is installed; backbone.h compiles alone, and so does each header behind it; pages refer to pages that are there; and man warns of nothing.
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

# ---- backbone(1)
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

# ---- backbone-import(1), backbone-export(1)
for name in import export; do
    for option in $("$build/bin/backbone" $name --help | sed '/Of every command/,$d' | grep -o -- ' --[a-z-]\+' | sort -u); do
        grep -q -- "^\(\*.*, \)\?\*${option# }\*" "$source/docs/backbone-$name.1.scd" ||
            complain "$option is not in backbone-$name(1)"
    done
done

# ---- every word for a frequency that the program knows is in backbone(1)
frequencies=$(sed -n 's/^        {"\([a-z_]\+\)", BB_PERIOD_.*/\1/p' "$source/runtime/period.c")
[ "$(wc -w <<<"$frequencies")" -ge 20 ] || complain "only $(wc -w <<<"$frequencies") words for a frequency found"
for word in $frequencies; do
    sed -n '/A \*frequency\*/,/PERIODS/p' "$manual" | tr -cs 'A-Za-z_' '\n' | grep -qix "$word" ||
        complain "the frequency $word is not in backbone(1)"
done

# ---- the daemons. --print-config has a comment above each key, with "(required)" or the range behind it; in the page a
# key stands as *key* (required), *key* = "text" or *key* = number (range).
keys_of() {
    "$build/bin/$1" --print-config | awk '
        /^# .*[a-z_]+ = .*$/ && !/\)$/ { sub(/^# /, "") }
        /^#/ { range = match($0, /\([^()]*\)$/) ? substr($0, RSTART) : ""; next }
        NF {
            key = $1
            value = substr($0, length(key) + 4)
            gsub(/\x27/, "\"", value)
            if (range == "(required)")
                print "*" key "* (required)"
            else
                print "*" key "* = " value (range ~ / to / ? " " range : "")
        }' | sort
}
for daemon in backbone-broker backbone-measurement backbone-communication; do
    page=$source/docs/$daemon.8.scd
    keys_of "$daemon" >"$work/keys"
    [ "$(wc -l <"$work/keys")" -ge 9 ] || complain "only $(wc -l <"$work/keys") keys in --print-config of $daemon"
    grep '^\*[a-z_]\+\* \(=\|(required)\)' "$page" | sort | diff - "$work/keys" >"$work/differences" ||
        complain "the keys of $daemon(8) (<) are not those of --print-config (>):" "$(cat "$work/differences")"
    for option in $("$build/bin/$daemon" --help | grep -o -- '--[a-z-]\+' | sort -u); do
        grep -q -- "\*$option\*" "$page" || complain "$option is not in $daemon(8)"
    done
done

# ---- libbackbone(3) and its header
awk '/^```/ { inside = !inside; next } inside' "$source/docs/libbackbone.3.scd" | sed 's/\\\\/\\/g' >"$work/example.c"
sed 1d "$source/docs/examples/report.c" | diff "$work/example.c" - ||
    complain "the example of libbackbone(3) (<) is not docs/examples/report.c (>)"
for header in backbone.h $(cd "$source/client/lib" && ls backbone/*.h); do
    echo "#include <$header>" >"$work/alone.c"
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$source/client/lib" -c -o "$work/alone.o" "$work/alone.c" ||
        complain "$header does not compile alone as C99"
done

# ---- what the pages refer to
while IFS='*()' read -r _ name _ section _; do
    [ -e "$source/docs/$name.$section.scd" ] || complain "there is no $name($section), which a page refers to"
done < <(grep -oh '\*[a-z-]\+\*([1-8])' "$source"/docs/*.scd | sort -u)

# ---- how the pages look
if command -v scdoc >/dev/null && command -v man >/dev/null; then
    for page in "$source"/docs/*.scd; do
        scdoc <"$page" >"$work/page" || complain "scdoc refuses $page"
        said=$(MANWIDTH=100 man --warnings -l "$work/page" 2>&1 >/dev/null) || said="man fails: $said"
        [ -z "$said" ] || complain "$page: $said"
    done
fi
exit $failed
