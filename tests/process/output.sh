#!/usr/bin/env bash
# What goes to standard output and to standard error: the keys of JSON objects, which are what scripts depend on;
# failures, which print nothing that a script could take for an answer; the sequence; help; colours; the progress bar.
. "$(dirname "$0")/lib.sh"

# --- an answer from before there was anything says so, too
run 0 backbone readings ls --as-of 2000-01-01 -o json
is "no readings" "$out" '[]'
is "as of the beginning" "$err" 'as of sequence 0'
run 0 backbone readings ls --as-of seq:0 -o json
is "and can be asked for again" "$out$err" '[]as of sequence 0'
run 0 backbone readings ls
is "a table of nothing says so" "$out$err" $'nothing to list\nas of sequence 1'
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
total=${point/,\"baseline\"/,\"reported\",\"expected\",\"baseline\"}
run 0 backbone trend grade3-reading -o json
json 'map(keys_unsorted) | unique' "[[$total]]"
for by in place organization disaggregation; do
    run 0 backbone trend grade3-reading --by $by -o json
    [ "$by" = organization ] && point=${point/'"target"'/'"target_period","target"'}
    json 'map(keys_unsorted) | unique' "[[\"$by\",$point]]"
    point=${point/'"target_period",'/}
done
like "the sequence is said" "$err" '^as of sequence [1-9][0-9]*$'

# what another partner alone has reported is withheld, and only such a point says so
run_text 'code,name\nsecret,A secret\n' 0 backbone indicator define -
run 0 as alpha report secret 1 --period 2026
run 0 as beta trend secret -o json
json 'map([keys_unsorted, .value, .withheld])' "[[[$total,\"withheld\"],null,true]]"
run 0 as beta trend secret
like "a table says so" "$out" '2026 +withheld +1 +1'
like "and what it means" "$err" '^withheld: figures of a single organization'
run 0 as beta trend secret --by organization
like "how many readings, too" "$out" 'alpha +2026 +withheld +1 +withheld'
run 0 as beta trend secret --by organization -o csv
like "data has a column for it" "$out" $'\n([a-z]+,)?2026,,,,.*true'
run 0 as alpha trend secret
unlike "who may see it sees it" "$out$err" withheld
run 0 as alpha trend secret -o json
json 'map([keys_unsorted, .value])' "[[[$total],1]]"

# --- a request that fails prints nothing, whatever the format
for format in json jsonl csv table; do
    for request in "indicator show nope" "partner show nope" "trend nope" "readings ls --place nope" \
        "readings ls --indicator nope" "readings history nope --period 2026" "partner set nope --name N"; do
        # shellcheck disable=SC2086
        run 65 backbone $request -o $format
        is "$request -o $format" "$out" ""
        like "$request -o $format says why, and what it was" "$err" "^backbone: [A-Z_]+: .*[\"']nope[\"']"
    done
    run 77 as alpha indicator define "$sample/indicators.csv" -o $format
    is "what is not allowed, -o $format" "$out" ""
done

# --- a query that is wrong is asked once
not_found() {
    backbone status -o json | jq .broker.counters.errors_not_found
}
before=$(not_found)
run 65 backbone trend nonesuch
run 65 backbone readings ls --indicator nonesuch
is "asked once" "$(not_found)" $((before + 2))

# --- help: a line a command; what is missing is named as the synopsis does
run 0 backbone --help
commands=$(sed -n '/^Commands:/,/^$/p' <<<"$out" | sed '1d;$d')
is "lines of commands" "$(grep -cvE '^  [a-z-]+( [a-z]+)?  +[a-z].{0,55}[a-z)]$' <<<"$commands")" 0
[ "$(wc -l <<<"$commands")" -ge 46 ] && ok || not_ok "commands are missing from the help" "$commands"
is "each of them once" "$(sed 's/^  \([a-z-]* \{0,1\}[a-z]*\)  .*/\1/' <<<"$commands" | sort | uniq -d)" ""
for group in context keys partner place indicator readings announce inbox group; do
    for way in --help -h '-?'; do
        run 0 backbone $group $way
        like "$group $way" "$out" "^Usage: backbone $group .*"$'\n'"  backbone $group [a-z]+"
    done
    run 64 backbone $group
    is "$group: nothing on standard output" "$out" ""
    like "$group: its commands" "$err" "^backbone: which command of '$group'.*"$'\n'"  backbone $group [a-z]+"
    run 64 backbone $group nope
    like "$group: no such command" "$err" "^backbone: there is no command '$group nope'"
done
while read -r words; do
    for way in --help -h; do
        run 0 backbone $words $way
        like "$words $way" "$out" "^Usage: backbone $words "
    done
done < <(sed -n 's/^  \([a-z]*\( [a-z]*\)\?\)  .*/\1/p' <<<"$commands")
# what a file holds is told where it is asked for, and -o as the command knows it
run 0 backbone indicator define --help
like "columns of indicators" "$(tr -s '\n ' ' ' <<<"$out")" 'names its columns: code \(needed\), name \(needed\), definition, .*, suppress_below\. '
run 0 backbone place import --help
like "columns of places" "$(tr -s '\n ' ' ' <<<"$out")" 'names its columns: name \(needed\), parent, alias, aggregate\. '
run 0 backbone partner import --help
like "columns of partners" "$(tr -s '\n ' ' ' <<<"$out")" 'names its columns: code \(needed\), name \(needed\), role \(needed\), alias, joined\. '
run 0 backbone import --help
like "columns of readings" "$(tr -s '\n ' ' ' <<<"$out")" 'names its columns: indicator, .*, status, comment\. '
run 0 backbone assessment --help
like "formats" "$out" '--output=FORMAT +text \(default\), json or markdown'
missing() {
    run 64 backbone $1
    is "$1: the mistake and one line more" "$(wc -l <<<"$err")" 2
    like "$1" "$err" "^backbone $1: $2 is missing"
    run 64 backbone $1 one two
    like "$1 one two" "$err" "^backbone $1: found a second argument, two, expected one"
}
missing "context select" NAME
missing "keys new" FILE
missing "partner show" CODE
missing "partner import" 'FILE.csv\|-'
missing "place import" 'FILE\|-'
missing "indicator define" 'FILE\|-'
missing "indicator show" CODE
missing "group show" CODE

# --- colours: --color, NO_COLOR, and whether it is a terminal
on_terminal() { # COMMAND: what it prints there, both streams, in $out
    run 0 env -u NO_COLOR -u TERM script -qec "$1" /dev/null
}
for way in "" "--color auto" "--color never"; do
    run 0 env -u NO_COLOR backbone indicator ls $way
    unlike "no terminal: $way" "$out" $'\033'
done
run 0 env NO_COLOR=1 backbone indicator ls --color always
like "asked for, whatever NO_COLOR says" "$out" $'\033\\[1m'
on_terminal "backbone indicator ls"
like "on a terminal" "$out" $'\033\\[1m'
on_terminal "NO_COLOR= backbone indicator ls --color auto"
like "an empty NO_COLOR is none" "$out" $'\033\\[1m'
on_terminal "NO_COLOR=1 backbone indicator ls"
unlike "NO_COLOR" "$out" $'\033'
on_terminal "backbone indicator ls --color never"
unlike "never" "$out" $'\033'
on_terminal "backbone indicator ls -o json"
unlike "data has no colours" "$out" $'\033'
run 0 backbone partner set beta --disable
run 0 backbone partner ls --color always
like "what is disabled is red" "$out" $'\033\\[31mno'
run 64 backbone indicator ls --color sometimes
like "another word" "$err" '--color sometimes: expected auto, always or never'

# --- the progress bar: on a terminal only, when an import takes longer than half a second, and gone at its end
{ echo indicator,disaggregation,period,value; seq 1 60000 | sed 's/.*/secret,number=&,2019,&/'; } >"$tmp/many.csv"
older_than_a_second() {
    [ "$(ps -o etimes= -p "$1")" -ge 1 ]
}
kill -STOP "$BB_MEASUREMENT_PID"
script -qec "backbone import '$tmp/many.csv' --organization backbone -o json" /dev/null >"$tmp/terminal" 2>&1 </dev/null &
importing=$!
soon 5 older_than_a_second "$importing"
kill -CONT "$BB_MEASUREMENT_PID"
wait "$importing"
is "the import ends" $? 0
like "the bar" "$(cat "$tmp/terminal")" $'\r\\[=*>? *\\] +[0-9]+% [0-9]+ rows, [0-9]+ a second\033\\[K'
like "it is wiped" "$(cat "$tmp/terminal")" $'\r\033\\[K\\{"batch"'
kill -STOP "$BB_MEASUREMENT_PID"
backbone import "$tmp/many.csv" --organization backbone -o json >"$tmp/out" 2>"$tmp/err" </dev/null &
importing=$!
soon 5 older_than_a_second "$importing"
kill -CONT "$BB_MEASUREMENT_PID"
wait "$importing"
is "no terminal, no bar" "$?$(cat "$tmp/err")" 0

# --- as it was at a time: readings ls prints when each was taken
run 0 as alpha report secret 2 --period 2026
run 0 as alpha readings history secret --period 2026 -o json
json 'map(.value)' '[1,2]'
first=$(jq -r '.[0].time' <<<"$out")
second=$(jq -r '.[1].time' <<<"$out")
run 0 as alpha readings ls --indicator secret --period 2026 --as-of "$first" -o json
json 'map([.value, .time])' "[[1,\"$first\"]]"
run 0 as alpha readings ls --indicator secret --period 2026 --as-of "$second" -o json
json 'map([.value, .time])' "[[2,\"$second\"]]"
run 0 as alpha trend secret --period 2026 --as-of "$first" -o json
json 'map(.value)' '[1]'

# --- standard output that is closed, or full: 74, and nothing of ours gets its number
for command in --help --version "readings --help" ping status "status -o json" "context ls" "context show" "partner ls" \
    "indicator ls" "indicator ls -o csv" "trend secret" "import $tmp/many.csv"; do
    # shellcheck disable=SC2086
    run 74 sh -c "exec backbone $command >&-"
    like "$command: closed" "$err" $'(^|\n)backbone: standard output: it is closed$'
    if [ -w /dev/full ]; then
        run 74 sh -c "exec backbone $command >/dev/full"
        like "$command: full" "$err" $'(^|\n)backbone: standard output: No space left on device$'
    fi
done
run 74 sh -c "exec backbone keys new '$tmp/closed.key' >&-"
like "keys new" "$err" '^backbone: standard output: it is closed$'
run 66 sh -c "exec backbone import - <&-"
like "standard input" "$err" '^backbone: standard input: Bad file descriptor$'
run 0 sh -c "exec backbone import '$tmp/many.csv' --rejects '$tmp/unharmed.csv' 2>&-"
is "nothing is written into a file that is not standard error" "$(cat "$tmp/unharmed.csv")" ""

# --- no worker answers in time: 75, and nothing on standard output
bb-supervise stop measurement
for command in "readings ls" "trend secret" "indicator ls" "report secret 1 --period 2026"; do
    # shellcheck disable=SC2086
    run 75 backbone $command -o json --timeout 1
    is "$command: nothing is answered" "$out" ""
    like "$command: it says what is the matter" "$err" '^backbone: (no answer|not done) within [0-9]+ ms.* safe to repeat'
done
run 75 backbone --timeout 1 import "$tmp/many.csv"
bb-supervise start measurement
run 0 backbone --timeout 20 readings ls --period 2026 -o json
for wrong in 0 -1 1.5 x 86401 ''; do
    run 64 backbone readings ls --timeout "$wrong"
    like "--timeout $wrong" "$err" "--timeout $wrong: expected whole seconds, from 1 to 86400"
done
finish
