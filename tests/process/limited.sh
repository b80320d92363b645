#!/usr/bin/env bash
# An organization that takes part in some indicators only: any other is for its members as if it were not there, in
# the words of one that is not, in every method; what staff and others see of it does not change.
. "$(dirname "$0")/lib.sh"

run_text 'code,name,frequency,unit,denominator,due_days\nseen,Seen,yearly,,,10\nunseen,Hidden figure,yearly,,,10\nratio,Ratio,yearly,percent,children,\nsecret,Secret,yearly,,,\n' \
    0 backbone indicator define -
run_text 'code,name,numerator_expression\nboth,Both,#{seen} + #{unseen}\nother,Other,#{seen} * 2\n' 0 backbone indicator define -
run 0 backbone rule add fine '#{seen}' '<' '1000'
run 0 backbone rule add cross '#{seen}' '<=' '#{unseen}'
run 0 backbone rule add away '#{unseen}' '<' '1'
run 0 backbone rule disable away
partner alpha Alpha --joined 2020-01-01
partner beta Beta --share-own-line
partner free Free
observer watcher Watcher

# limit CODE [INDICATOR...]: it takes part in these alone; none: in all
limit() {
    local code=$1
    shift
    run 0 backbone partner set "$code" --indicators "$(
        IFS='|'
        echo "$*"
    )"
}

for code in alpha beta free; do
    run 0 as "$code" indicator adopt seen unseen --from 2020-01-01
    for indicator in seen unseen secret; do
        run 0 as "$code" report "$indicator" 77701 --period 2024
    done
done
run 0 as alpha subscribe 'indicator/*' --name wide
run 0 as alpha subscribe indicator/unseen --name narrow
printf 'indicator,period,value\nseen,2023,77702\nunseen,2023,77701\n' >"$tmp/two.csv"
run 0 as alpha import "$tmp/two.csv" -o json
like "a rule that speaks of it" "$err" 'cross: found 77702'
batch=$(jq -r .batch <<<"$out")
run 0 as alpha readings ls --indicator unseen -o json
json 'length' 3
run 0 as watcher trend unseen -o json
run 0 as beta report unseen 77709 --period 2024
inbox_has alpha 'map(select(.kind == "notice") | .indicator) | unique' '["both","unseen"]'
run 0 backbone post org/alpha 'About a hidden figure' --story --indicator unseen --period 2024
sequence=$(backbone status -o json | jq .measurement.head)

# asks WHO: everything that a member may ask, one line each: what was asked, the status, and the answer. An
# indicator's code in it is written UNKNOWN.
asks() {
    local who=$1 code=$2 name=$3
    ask() {
        local answer
        answer=$(as "$who" "$@" 2>&1 </dev/null)
        printf '%s\n%s\n%s\n' "$*" "$?" "$answer" | sed "s/$code/UNKNOWN/g; s/$name/UNKNOWN/g; s/,\"batch\":\"[^\"]*\"//"
    }
    ask indicator show "$code" -o json
    for named in "$code" "$name"; do
        ask readings ls --indicator "$named" -o json
        ask readings ls --indicator "$named" --as-of "seq:$sequence" -o json
        ask readings ls --indicator "$named" --latest -o json
        ask readings ls --indicator "$named" --organization beta -o json
        ask readings history "$named" --period 2024 -o json
        ask readings history "$named" --period 2024 --organization beta -o json
        ask trend "$named" -o json
        ask trend "$named" --by organization -o json
        ask trend "$named" --as-of "seq:$sequence" -o json
        ask progress "$named" -o json
        ask progress "$named" --organization "$who" -o json
        ask reporting --indicator "$named" -o json
        ask submission ls --indicator "$named" -o json
        ask report "$named" 5 --period 2025 -o json
        ask report "$named" 5 --period 2025 --dry-run -o json
        ask indicator adopt "$named"
        ask indicator adoptions "$named" -o json
    done
    ask submission submit "$code" --period 2024 -o json
    ask subscribe "indicator/$code" --name another
    ask listen --channel "indicator/$code" --name another --idle 1
    ask post org/backbone Subject --story --indicator "$code" --period 2024
    ask post "indicator/$code" Subject
}

# --- limited: the answers are those of a code that nobody defined
limit alpha seen ratio both nobody-defined-this
limit watcher seen
run 0 as alpha indicator ls -o json
json 'map(.code) | sort' '["both","ratio","seen"]'
asks alpha unseen 'Hidden figure' >"$tmp/unseen"
asks alpha no-such-one 'No such figure' >"$tmp/none"
if cmp -s "$tmp/unseen" "$tmp/none"; then ok; else not_ok "as if it were not there" "$(diff "$tmp/none" "$tmp/unseen")"; fi
unlike "no figure" "$(cat "$tmp/unseen")" 7770
is "each was refused" "$(grep -cx 0 "$tmp/unseen")" 0
asks free unseen 'Hidden figure' >"$tmp/free"
like "the control: who has no limit is answered" "$(cat "$tmp/free")" 77701
cmp -s "$tmp/unseen" "$tmp/free" && not_ok "the control differs" || ok

# --- what goes over all of them
run 0 as alpha readings ls -o json
json 'map(.indicator) | unique' '["seen"]'
json 'map(.organization) | unique' '["alpha","beta"]'
run 0 as alpha readings ls --organization beta -o json
json 'map(.indicator) | unique' '["seen"]'
run 0 as alpha readings ls --latest -o json
json 'map([.organization, .indicator])' '[["alpha","seen"],["beta","seen"]]'
run 0 as alpha readings ls --as-of "seq:$sequence" -o json
json 'map(.indicator) | unique' '["seen"]'
run 0 as alpha progress -o json
json 'map(.indicator) | sort' '["both","ratio","seen"]'
run 0 as watcher progress -o json
json 'map(.indicator)' '["seen"]'
run 65 as watcher trend unseen -o json
run 0 as alpha indicator adoptions -o json
json 'map(.indicator) | unique' '["seen"]'
run 0 as alpha reporting --period 2020..2024 --all -o json
json 'map(.indicator) | unique' '["seen"]'
run 0 as alpha submission ls -o json
json 'map(.indicator) | unique' '["seen"]'
run 0 as alpha rule ls -o json
json 'map(.code)' '["fine"]'
run 0 as alpha rule check -o json
run 65 as alpha rule check cross -o json
cp "$tmp/err" "$tmp/cross"
run 65 as alpha rule check nothing -o json
is "a rule that speaks of it" "$(sed s/cross/nothing/ "$tmp/cross")" "$err"
run 0 as beta rule check cross -o json
run 0 as alpha batch show "$batch" -o json
json 'map(.indicator)' '["seen"]'
unlike "nor what was said of it" "$out" 'cross|unseen'
run 0 backbone batch show "$batch" -o json
json 'map(.indicator)' '["seen","unseen"]'
like "the control" "$out" 'cross: found 77702'
run 0 as alpha due -o json
unlike "due" "$out" unseen
run 65 as alpha template unseen --period 2025

# what is computed may be seen though its inputs may not
run 0 as alpha trend both --period 2024 -o json
json '.[].organizations' 3
run 65 as alpha trend other -o json

# --- rows, with one of each kind; what was sent before the limit stays as it is, whoever undoes
printf 'indicator,period,value\nseen,2021,88801\nunseen,2021,88802\nsecret,2021,3\n' >"$tmp/rows.csv"
run 65 as alpha import "$tmp/rows.csv" -o json --rejects "$tmp/rejects.csv"
counts created=1 rejected=2
like "the words" "$(cat "$tmp/rejects.csv")" 'unseen,2021,88802,.*UNKNOWN_INDICATOR'
unlike "no rule that speaks of it warns" "$err" cross
run 0 as beta report seen 99999 --period 2021 -o json
run 65 as alpha batch undo "$batch" -o json
run 0 backbone readings ls --indicator unseen --organization alpha --period 2023 -o json
json 'map(.value)' '[77701]'
run 0 backbone readings ls --indicator seen --organization alpha --period 2023 -o json
json '. | length' 0
run 0 as alpha submission submit --period 2024 -o json
json 'map(.indicator)' '["seen"]'

# --- staff and others see what they saw
run 0 backbone readings ls --organization alpha --indicator unseen -o json
json 'length' 2
run 0 backbone report unseen 77704 --period 2020 --organization alpha
run 0 as free trend unseen --period 2024 -o json
json '.[].organizations' 3

# --- messages: no updates of it, by a pattern or by its name, no restatement, no reminder, no review
run 0 as beta report unseen 77705 --period 2024
run 0 as beta report seen 77706 --period 2024
inbox_has alpha 'map(select(.kind == "update") | .indicator) | unique' '["both","seen"]'
inbox_has alpha 'map(select(.kind == "notice") | .indicator) | unique' '["both","seen"]'
inbox_has alpha 'map(select(.kind == "story") | .subject)' '["About a hidden figure"]'
run 0 backbone submission approve unseen --organization free --period 2024 || true
run 0 as alpha listen --channel 'indicator/*' --name heard --from-start --idle 1 -o jsonl
unlike "nothing of it is delivered" "$out" 'unseen|Hidden figure|77705'
like "the control: what is in the list is" "$out" '"indicator": *"seen"'
run 0 as alpha listen --name narrow --from-start --idle 1 -o jsonl
unlike "nor by a filter of before" "$out" 'unseen|Hidden figure'
run 0 as free listen --channel indicator/unseen --name heard --from-start --idle 1 -o jsonl
like "the control" "$out" unseen

# --- at the next message: a listener that is there, and answers that are remembered
as free listen --channel 'indicator/*' --name live --count 1 -o jsonl >"$tmp/live" 2>&1 &
listener=$!
listens() {
    as free subscriptions -o json | jq -e 'map(select(.name == "live" and .online)) | length == 1' >"$tmp/said"
}
soon 5 listens
run 0 as free readings ls -o json
run 0 as free readings ls -o json
json 'map(.indicator) | unique' '["secret","seen","unseen"]'
limit free seen
run 0 as free readings ls -o json
json 'map(.indicator) | unique' '["seen"]'
run 0 as beta report unseen 77707 --period 2022
run 0 as beta report seen 77708 --period 2022
wait "$listener"
like "the first that is delivered to it" "$(cat "$tmp/live")" '"indicator": *"seen"'
unlike "and not the one before" "$(cat "$tmp/live")" unseen

# --- a code that is defined later is one of them from then on; without a limit all is as before
run_text 'code,name\nnobody-defined-this,Defined now\n' 0 backbone indicator define -
run 0 as alpha report nobody-defined-this 4 --period 2024
limit alpha
limit free
inbox_has alpha 'map(select(.kind == "notice") | .indicator) | unique' '["both","seen","unseen"]'
run 0 as alpha readings ls --indicator unseen -o json
like "figures" "$out" 77701
run 0 as free readings ls -o json
json 'map(.indicator) | unique' '["secret","seen","unseen"]'
run 0 as alpha subscribe indicator/unseen --name again
run 0 bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
run 0 bb-supervise start measurement
run 65 backbone partner set backbone --indicators seen
like "staff has no limit" "$err" 'staff take part in all'
finish
