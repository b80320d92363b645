#!/usr/bin/env bash
# What goes to standard output and to standard error: the keys of JSON objects, which are what scripts depend on;
# failures, which print nothing that a script could take for an answer; the sequence; help; colours; the progress bar.
. "$(dirname "$0")/lib.sh"

# --- an answer from before there was anything says so, too
run 0 backbone readings ls --as-of 2000-01-01 -o json
is "no readings" "$out" '[]'
is "as of the beginning" "$err" 'as of sequence 0'
run 0 backbone readings ls -o csv
like "the header of no rows" "$out" '^indicator,organization,place,[a-z,]*$'

define_sample
partner alpha Alpha
partner beta Beta

# --- keys
run 0 backbone context show -o json
json keys_unsorted '["name","endpoint","server_key","key","organization","role"]'
run 0 backbone import "$sample/readings.csv" -o json
json keys_unsorted '["batch","rows","created","updated","unchanged","rejected","locked","warnings","missing","suppressed","duplicate","dry_run"]'
point='"period","value","numerator","denominator","organizations","readings","without_parts","baseline","target"'
run 0 backbone trend grade3-reading -o json
json 'map(keys_unsorted) | unique' "[[$point]]"
for by in place organization disaggregation; do
    run 0 backbone trend grade3-reading --by $by -o json
    json 'map(keys_unsorted) | unique' "[[\"$by\",$point]]"
done
like "the sequence is said" "$err" '^as of sequence [1-9][0-9]*$'

# what another partner alone has reported is withheld, and only such a point says so
run_text 'code,name\nsecret,A secret\n' 0 backbone indicator define -
run 0 as alpha report secret 1 --period 2026
run 0 as beta trend secret -o json
json 'map([keys_unsorted, .value, .withheld])' "[[[$point,\"withheld\"],null,true]]"
run 0 as alpha trend secret -o json
json 'map([keys_unsorted, .value])' "[[[$point],1]]"

# --- a request that fails prints nothing, whatever the format
for format in json jsonl csv table; do
    for request in "indicator show nope" "partner show nope" "trend nope" "readings ls --place nope" \
        "readings ls --indicator nope" "readings history nope --period 2026" "partner set nope --name N"; do
        # shellcheck disable=SC2086
        run 65 backbone $request -o $format
        is "$request -o $format" "$out" ""
        like "$request -o $format says why" "$err" "^backbone: [^ ]"
    done
    run 77 as alpha indicator define "$sample/indicators.csv" -o $format
    is "what is not allowed, -o $format" "$out" ""
done

# --- help: a line a command; what is missing is named as the synopsis does
run 0 backbone --help
commands=$(sed -n '/^Commands:/,/^$/p' <<<"$out" | sed '1d;$d')
is "lines of commands" "$(grep -cvE '^  [a-z]+( [a-z]+)?  +[a-z].{0,55}[a-z)]$' <<<"$commands")" 0
is "commands" "$(wc -l <<<"$commands")" 22
missing() {
    run 64 backbone $1
    like "$1" "$err" "^backbone $1: $2 is missing"
    run 64 backbone $1 one two
    like "$1 one two" "$err" "^backbone $1: found a second argument, two, expected one"
}
missing "context select" NAME
missing "keys new" FILE
missing "partner show" CODE
missing "partner import" 'FILE.csv\|-'
missing "place import" 'FILE.csv\|-'
missing "indicator define" 'FILE.csv\|-'
missing "indicator show" CODE
finish
