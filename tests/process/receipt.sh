#!/usr/bin/env bash
# Receipts of what was accepted, the chain, and one checked against the other without any service.
. "$(dirname "$0")/lib.sh"

batch=0190a0b0-0000-7000-8000-00000000000
define_sample
partner alpha Alpha
partner beta Beta

# an import of several submissions, with a refused row, keeps its receipts
{
    echo indicator,period,value
    echo nothing,2020,1
    for i in $(seq 1 2500); do
        echo "$(sed -n "$((2 + i % 2))p" "$sample/indicators.csv" | cut -d, -f1),$((1000 + i)),1"
    done
} >"$tmp/many.csv"
run 65 as alpha import "$tmp/many.csv" --batch "${batch}1" --receipt "$tmp/many.json" -o json
counts rows=2501 created=2500 rejected=1
cp "$tmp/many.json" "$tmp/first.json"
out=$(cat "$tmp/many.json")
json '[.batch, .organization, .member]' "[\"${batch}1\",\"alpha\",\"main\"]"
json '[.receipts[].index]' '[0,1,2]'
json '[.receipts[].rows] | add' 2501
json '.receipts[0].outcomes | .[0:3]' '"011"'
json '[.receipts[1:][].outcomes] | unique' '["1"]'
json '.receipts == (.receipts | sort_by(.sequence))' true

# the chain, for whoever may connect
run 0 backbone chain export
cp "$tmp/out" "$tmp/chain"
head=$(backbone status -o json | jq .measurement.head)
is "a line an entry" "$(wc -l <"$tmp/chain")" "$head"
unlike "no content" "$out" 'alpha|Alpha|hartford'
out=$(jq -s . "$tmp/chain")
json '[.[].sequence] == [range(1; length + 1)]' true
json '[.[1:][].previous] == [.[:-1][].hash]' true
json '[.[] | select(.type == "submission")] | length' 3
json '[.[] | select(.type != "submission").mark | test("^0{64}$")] | all' true
run 0 as alpha chain export
is "the same for a partner" "$(sha256sum <"$tmp/out")" "$(sha256sum <"$tmp/chain")"
observer watcher Watcher
run 0 as watcher chain export --to "$head"
is "and for an observer" "$(sha256sum <"$tmp/out")" "$(sha256sum <"$tmp/chain")"
run 0 backbone chain export --from 3 --to 5 -o json
json '[.[].sequence]' '[3,4,5]'
run 0 backbone chain export --from 99999
is "nothing there" "$out" ""
run 0 backbone chain export -o table --to 2
like "a table" "$out" 'SEQUENCE +TIME +TYPE +HASH'

# they fit, and nobody needs the service to see it
verify() { # verify STATUS RECEIPTS CHAIN
    run "$1" env BACKBONE_CONFIG_DIR=/nonexistent BACKBONE_CONTEXT='' backbone verify-receipt "$2" "$3" -o json
}
verify 0 "$tmp/many.json" "$tmp/chain"
json '[.batch, .organization, .member, .receipts, .rows, .accepted, .first, .last]' \
    "[\"${batch}1\",\"alpha\",\"main\",3,2501,2500,1,$head]"
json .hash "$(tail -1 "$tmp/chain" | jq .hash)"
run_with "$tmp/chain" 0 backbone verify-receipt "$tmp/many.json" -
run_with "$tmp/many.json" 0 backbone verify-receipt - "$tmp/chain"

# a repeat gets the same receipts, also when only some of it was there
run 65 as alpha import "$tmp/many.csv" --batch "${batch}1" --receipt "$tmp/many.json"
is "the same again" "$(cat "$tmp/many.json")" "$(cat "$tmp/first.json")"

# a part of the chain is a chain; what comes behind it does not matter
first=$(jq '.receipts[0].sequence' "$tmp/many.json")
last=$(jq '.receipts[-1].sequence' "$tmp/many.json")
sed -n "$first,${last}p" "$tmp/chain" >"$tmp/part"
verify 0 "$tmp/many.json" "$tmp/part"
json '[.first, .last]' "[$first,$last]"
run 0 as beta report "$(sed -n 2p "$sample/indicators.csv" | cut -d, -f1)" 5 --period 2020
run 0 backbone chain export
cp "$tmp/out" "$tmp/longer"
verify 0 "$tmp/many.json" "$tmp/longer"
head -c -1 "$tmp/chain" >"$tmp/part"
verify 0 "$tmp/many.json" "$tmp/part"

# a chain that was cut, reordered, extended, or is none
bad() { # bad WHAT SENTENCE: of $tmp/many.json against $tmp/bad
    verify 65 "$tmp/many.json" "$tmp/bad"
    like "$1" "$err" "$2"
    is "$1: nothing else is said" "$out" ""
}
sed -n "1,$((last - 1))p" "$tmp/chain" >"$tmp/bad"
bad "cut at its end" "receipt of submission 2: its entry $last is not in the chain, which goes from entry 1 to $((last - 1))"
sed -n "$((first + 1)),\$p" "$tmp/chain" >"$tmp/bad"
bad "cut at its begin" "receipt of submission 0: its entry $first is not in the chain"
sed 4d "$tmp/chain" >"$tmp/bad"
bad "cut in the middle" "line 4: entry 5: it does not have the number behind the entry before it"
sed '4{h;d};5G' "$tmp/chain" >"$tmp/bad"
bad "reordered" "line 4: entry 5"
sed -n '4p;1,$p' "$tmp/chain" >"$tmp/bad"
bad "a line twice" "line 5: entry 4: it does not have the number"
{ cat "$tmp/chain" && tail -1 "$tmp/chain"; } >"$tmp/bad"
bad "its last one twice" "line $((head + 1)): entry $head"
{ cat "$tmp/chain" && tail -1 "$tmp/chain" | jq -c ".sequence = $head + 1"; } >"$tmp/bad"
bad "extended" "line $((head + 1)): entry $((head + 1)): its hash is not that of what stands in it"
{ cat "$tmp/chain" && echo; } >"$tmp/bad"
bad "an empty line" "line $((head + 1)): it is not a JSON object"
: >"$tmp/bad"
bad "an empty one" "there is no entry in it"
head -c 5000 /dev/zero >"$tmp/bad"
bad "zeros" "it is not a line of a chain"
cp "$tmp/many.csv" "$tmp/bad"
bad "something else" "line 1: it is not a JSON object"
jq -c 'del(.mark)' "$tmp/chain" >"$tmp/bad"
bad "a field less" "line 1: expected sequence, time, type, previous, mark, body and hash"
jq -c '.more = 1' "$tmp/chain" >"$tmp/bad"
bad "a field more" "line 1: expected sequence"

# flip FILE OFFSET: one bit of a byte, into $tmp/bad
flip() {
    cp "$1" "$tmp/bad"
    printf '%b' "$(printf '\\x%02x' $(($(od -An -tu1 -j "$2" -N1 "$1") ^ 1)))" |
        dd of="$tmp/bad" bs=1 seek="$2" conv=notrunc status=none
}
size=$(stat -c %s "$tmp/chain")
for at in $(seq 1 $((size / 12)) $((size - 2))); do
    flip "$tmp/chain" "$at"
    if [ "$(jq -c . "$tmp/bad" 2>&1)" = "$(jq -c . "$tmp/chain")" ]; then
        continue # a blank became another one
    fi
    verify 65 "$tmp/many.json" "$tmp/bad"
done

# a receipt that was changed, or is of something else
bad_receipt() { # bad_receipt WHAT FILTER SENTENCE
    jq "$2" "$tmp/many.json" >"$tmp/bad.json"
    verify 65 "$tmp/bad.json" "$tmp/chain"
    like "$1" "$err" "$3"
}
other='the entry is of something else than what the receipt says'
bad_receipt "another sender" '.organization = "beta"' "receipt of submission 0, entry $first: $other"
bad_receipt "another member" '.member = "second"' "$other"
bad_receipt "another batch" ".batch = \"${batch}2\"" "$other"
bad_receipt "another index" '.receipts[1].index = 7' "receipt of submission 7, entry $((first + 1)): $other"
bad_receipt "other outcomes" '.receipts[0].outcomes |= "1" + .[1:]' "$other"
bad_receipt "more rows" '.receipts[1].rows = 2000' "$other"
bad_receipt "other content" '.receipts[2].content = .receipts[1].content' "$other"
bad_receipt "another time" '.receipts[0].time = "2020-01-01T00:00:00.000000Z"' 'the entry has another time'
bad_receipt "another hash" '.receipts[0].hash = .receipts[1].hash' 'the entry has another hash'
bad_receipt "another entry" '.receipts[2].sequence = 1' 'entry 1: the entry has another hash'
bad_receipt "one entry twice" '.receipts[1].sequence = .receipts[0].sequence' 'two receipts are of one entry'
bad_receipt "none in it" '.receipts = []' 'nothing was accepted'
bad_receipt "no sender" '.member = null' 'does not say who has sent it'
bad_receipt "a field less" 'del(.receipts[0].rows)' 'receipt 1: expected index, sequence, time'
bad_receipt "a field more" '.more = 1' 'expected batch, organization, member and receipts'
bad_receipt "too few outcomes" '.receipts[0].outcomes = "11"' 'not as many outcomes as rows'
bad_receipt "no outcome" '.receipts[0].outcomes = "x"' 'an outcome is no digit'
bad_receipt "a number out of range" '.receipts[0].index = -1' 'a number in it is out of range'
bad_receipt "a time in other words" '.receipts[0].time |= sub("Z"; "+00:00")' 'is not written as one'
bad_receipt "no batch" '.batch = "x"' 'its batch is none'
bad_receipt "a list" '[.]' 'expected batch'
size=$(stat -c %s "$tmp/many.json")
for at in $(seq 1 $((size / 12)) $((size - 2))); do
    flip "$tmp/many.json" "$at"
    [ "$(jq -c . "$tmp/bad" 2>&1)" = "$(jq -c . "$tmp/many.json")" ] || verify 65 "$tmp/bad" "$tmp/chain"
done

# who is refused whole has no receipt; another import's file is another one
run_text 'indicator,period,value\nnothing,2020,1\n' 65 as alpha import - --receipt "$tmp/none.json"
out=$(cat "$tmp/none.json")
json '[.organization, .receipts]' '[null,[]]'
verify 65 "$tmp/none.json" "$tmp/chain"
like "nothing to check" "$err" 'nothing was accepted'

# files that are not there, and what cannot be asked
verify 66 "$tmp/not-there" "$tmp/chain"
verify 66 "$tmp/many.json" "$tmp/not-there"
verify 66 "$tmp" "$tmp/chain"
verify 66 "$tmp/many.json" "$tmp"
run 64 backbone verify-receipt "$tmp/many.json"
run 64 backbone verify-receipt "$tmp/many.json" "$tmp/chain" "$tmp/chain"
run 64 backbone verify-receipt - -
run 64 backbone chain export --from 0
run 64 backbone chain export --from 5 --to 4
run 64 backbone chain export --from x
run 64 as alpha import "$tmp/many.csv" --receipt "$tmp/many.csv"
like "why" "$err" 'is the file that is read; receipts need another one'
run 64 as alpha import "$tmp/many.csv" --receipt "$tmp/x" --rejects "$tmp/x"
like "why" "$err" 'found for both --rejects and --receipt'
run 64 as alpha import "$tmp/many.csv" --receipt "$tmp/many.json" --dry-run
is "what was there stays" "$(cat "$tmp/many.json")" "$(cat "$tmp/first.json")"
run 73 as alpha import "$tmp/many.csv" --receipt "$tmp/no/such/folder"

# another journal has other receipts
bb-supervise stop measurement
mv "$BB_STATE/measurement" "$BB_STATE/measurement.before" 2>/dev/null || not_ok "no store at $BB_STATE/measurement"
mkdir -m 700 "$BB_STATE/measurement"
bb-supervise start measurement
define_sample
run 65 as alpha import "$tmp/many.csv" --batch "${batch}1" --receipt "$tmp/other.json"
run 0 backbone chain export
cp "$tmp/out" "$tmp/other"
verify 0 "$tmp/other.json" "$tmp/other"
verify 65 "$tmp/many.json" "$tmp/other"
verify 65 "$tmp/other.json" "$tmp/chain"
like "of another one" "$err" 'the receipt is of another journal, or one of the two was changed|is not in the chain'

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
