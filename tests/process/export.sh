#!/usr/bin/env bash
# Readings are exported, and what was exported is imported again with every row unchanged; increments bring a copy to
# where the original is; a file is there whole or not at all.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/copies.sh"

# sequence: the head of the journal
sequence() {
    backbone status -o json | jq .measurement.head
}

# unchanged FILE FORM ROWS
unchanged() {
    run 0 backbone import "$1" --format "$2" -o json
    counts rows="$3" unchanged="$3" created=0 updated=0 rejected=0
}

# catalogue: the indicators and places of what follows
catalogue() {
    run 0 backbone place import "$sample/places.csv"
    run 0 backbone indicator define "$sample/indicators.csv"
    run_text 'code,name,unit,frequency,suppress_below,publish\nnet,Has nets,boolean,monthly,,\nclass,Class,,school_year,,\nsmall,Small,,yearly,10,\nquiet,Quiet,,yearly,,approved\n' \
        0 backbone indicator define -
}

forms=(csv jsonl dhis2-json dhis2-csv)

define_sample
run 0 backbone import "$sample/readings.csv" -o json
counts created=1472
partner alpha Alpha --share-own-line
partner beta Beta
catalogue
run_text 'indicator,place,disaggregation,period,value,numerator,denominator,status,comment\nnet,Here,,2026-01,1,,,,\nnet,Here,,2026-02,0,,,,\nnet,Here,sex=f;age=1,2026-03,,,,missing,"two\nlines, and ""quotes"" "\nclass,,,201112,7,,,,\nclass,,,2011/12,0.70,7,10,,\nclass,,,2012April,,1,3,suppressed,=1+1\nclass,,categoryOptionCombo=uid,2012-S1,12345678901234567890.123456789,,,,ü\nclass,,attributeOptionCombo=a;categoryOptionCombo=b,2012-W09,-1,,,,\nsmall,,,2025,3,,,,a secret\nsmall,North,,2025,30,,,,\nquiet,,,2025,5,,,,\n' \
    0 as alpha import - -o json
counts created=11 rejected=0
total=1483

# --- there and back, into the store that it comes from, and into an empty one
listing "$tmp/listing"
for form in "${forms[@]}"; do
    head=$(sequence)
    run 0 backbone export "$tmp/all.$form" --format "$form" --datapackage "$tmp/all.$form.json"
    is "$form: nothing else on standard output" "$out" ''
    like "$form: how far" "$err" "^$total readings as of sequence $head; what comes later: --since seq:$head\$"
    unchanged "$tmp/all.$form" "$form" $total
done
is "nothing was said of it" "$(sed -n '2{s/.*//;p}' "$tmp/all.csv")" ''
is "true and false" "$(grep -c '^net,alpha,Here,,2026-0[12],\(true\|false\),' "$tmp/all.csv")" 2
is "... in JSON" "$(jq -c 'select(.indicator == "net") | .value' "$tmp/all.jsonl" | tr '\n' ' ')" 'true false null '
is "a month that looks like a school year" "$(grep '^class,.*,2011-' "$tmp/all.csv")" 'class,alpha,,,2011-M12,7,,,,'
is "a value of its own beside parts" "$(grep '^class,.*2011/2012' "$tmp/all.csv")" 'class,alpha,,,2011/2012,0.70,7,10,,'
cp "$BB_STATE/measurement.log" "$tmp/log"
for form in "${forms[@]}"; do
    empty_store
    catalogue
    run_text 'name\nHere\nThere\nNorth\n' 0 backbone place import -
    run 0 backbone import "$tmp/all.$form" --format "$form" -o json
    counts rows=$total created=$total rejected=0
    listing "$tmp/listing.$form"
    same "$form: into an empty store" "$tmp/listing" "$tmp/listing.$form"
    run 0 backbone export "$tmp/again.$form" --format "$form" --datapackage "$tmp/again.$form.json"
    same "$form: exported again it is the same file" "$tmp/all.$form" "$tmp/again.$form"
done

# --- the forms of DHIS2
run 0 backbone export --format dhis2-json --indicator class
json '.dataValues | map([.period, .orgUnit, .categoryOptionCombo, .attributeOptionCombo, .value, .numerator, .denominator, .status, .organization])' \
    '[["2011July","",null,null,"0.70","7","10",null,"alpha"],["201112","",null,null,"7",null,null,null,"alpha"],
      ["2012S1","","uid",null,"12345678901234567890.123456789",null,null,null,"alpha"],
      ["2012W9","","b","a","-1",null,null,null,"alpha"],
      ["2012April","",null,null,null,"1","3","suppressed","alpha"]]'
run 0 backbone export --format dhis2-csv --indicator net
is "CSV of DHIS2" "$out" 'dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value,storedby,lastupdated,comment,followup,deleted,organization,numerator,denominator,status,computed
net,202601,Here,,,true,,,,,,alpha,,,,
net,202602,Here,,,false,,,,,,alpha,,,,
net,202603,Here,age=1;sex=f,,,,,"two
lines, and ""quotes"" ",,,alpha,,,missing,'

# --- what is asked for
run 0 backbone export --indicator class --period 2012..2012 --format csv
is "of some periods" "$(tail -n +2 <<<"$out" | cut -d, -f5 | tr '\n' ' ')" '2012-S1 2012-W09 '
run 0 backbone export - --place Here --disaggregation '' --organization alpha
is "of a place, without groups" "$(tail -n +2 <<<"$out" | wc -l)" 2
run 0 backbone export --as-of seq:1
is "before anything was said" "$out" 'indicator,organization,place,disaggregation,period,value,numerator,denominator,status,comment'
like "how far, then" "$err" '^0 readings as of sequence 1;'
run 65 backbone export --indicator nothing "$tmp/nothing.csv"
is "no file of what is not there" "$(ls "$tmp"/*nothing* 2>&1 | grep -c 'No such file')" 1
for what in '--format xml' '--since never' '--since 2999-01-01' '-o json' '--datapackage x.json' 'a.csv b.csv' "--datapackage $tmp/a.csv $tmp/a.csv"; do
    # shellcheck disable=SC2086
    run 64 backbone export $what
done
run 65 backbone export --since 999999
like "why" "$err" 'found sequence 999999, expected at most'
run 65 backbone export --since 5 --as-of seq:4
like "why" "$err" 'since: found sequence 5, expected at most 4'

# --- the data package
run 0 backbone export "$tmp/all.csv"
run 0 cat "$tmp/datapackage.json"
json '.resources[0] | [.path, .format, .encoding, .bytes, .rows, (.schema.fields | map(.name) | length), .hash]' \
    "[\"all.csv\",\"csv\",\"utf-8\",$(stat -c %s "$tmp/all.csv"),$total,10,\"sha256:$(sha256sum "$tmp/all.csv" | cut -d' ' -f1)\"]"
json '.backbone | [.sequence, .readings, .withdrawn, .withheld]' "[$(sequence),$total,0,0]"
cp "$tmp/datapackage.json" "$tmp/before.json"
run 0 backbone export "$tmp/other.jsonl" --indicator net
like "another file's stays" "$err" 'datapackage.json is not that of .*other.jsonl, and stays: the data package is .*other.jsonl.datapackage.json'
is "... as it was" "$(cat "$tmp/datapackage.json")" "$(cat "$tmp/before.json")"
run 0 cat "$tmp/other.jsonl.datapackage.json"
json '[.resources[0].path, .backbone.query.indicator, .resources[0].schema.fields[5].type]' '["other.jsonl","net","any"]'
mkdir "$tmp/folder"
run 64 backbone export "$tmp/all.csv" --datapackage "$tmp/folder/datapackage.json"
run 0 backbone export - --indicator net
is "none of what is printed" "$(ls "$tmp/folder" | wc -l)" 0

# --- what others may not know is left out
run 0 as beta export --format csv
unlike "small numbers" "$out" 'small,'
unlike "what waits for approval" "$out" 'quiet,'
like "are counted" "$err" '2 readings are left out: their figures are withheld'
run 0 as alpha export --format csv
like "own ones" "$out" 'small,alpha,,,2025,3,,,,a secret'
unlike "own ones are not counted" "$err" 'left out'

# --- increments: a copy, as another partner keeps it, and one of the staff
run 0 as alpha submission submit quiet --period 2025
run 0 backbone submission approve quiet --period 2025 --organization alpha
from=$(sequence)
run 0 as beta export "$tmp/beta.jsonl"
like "approved is told" "$(cat "$tmp/beta.jsonl")" '"quiet"'
run 0 backbone export --since "$from" --format jsonl
is "nothing has changed" "$out" ''
run 0 as alpha readings correct class --period 2011-12 --value 0.71 --numerator 71 --denominator 100 --reason recount
run 0 as alpha readings withdraw class --period 201112 --reason duplicate
run 0 as alpha readings withdraw net --place Here --period 2026-02 --reason other
run 0 as alpha report net 1 --place There --period 2026-04 --comment later
run 0 as alpha readings withdraw net --place There --period 2026-04 --reason other
run 0 as alpha report net 0 --place There --period 2026-05
run 0 as alpha readings withdraw small --period 2025 --reason other
run 0 backbone submission return quiet --period 2025 --organization alpha --comment 'once more'
cp "$BB_STATE/measurement.log" "$tmp/log"
run 0 backbone export "$tmp/increment.csv" --since "seq:$from"
like "how far" "$err" "2 readings, and 4 that were withdrawn, as of sequence $(sequence); what comes later: --since seq:"
is "what has changed" "$(tail -n +2 "$tmp/increment.csv" | sort)" 'class,alpha,,,2011-M12,,,,withdrawn,
class,alpha,,,2011/2012,0.71,71,100,,
net,alpha,Here,,2026-02,,,,withdrawn,
net,alpha,There,,2026-04,,,,withdrawn,
net,alpha,There,,2026-05,false,,,,
small,alpha,,,2025,,,,withdrawn,'
run 0 cat "$tmp/increment.csv.datapackage.json"
json '.backbone | [.readings, .withdrawn, .query.since_sequence]' "[2,4,$from]"
run 0 as beta export --since "$from" --format csv
is "as another partner is told" "$(tail -n +2 <<<"$out" | sort)" 'class,alpha,,,2011-M12,,,,withdrawn,
class,alpha,,,2011/2012,0.71,71,100,,
net,alpha,Here,,2026-02,,,,withdrawn,
net,alpha,There,,2026-04,,,,withdrawn,
net,alpha,There,,2026-05,false,,,,
quiet,alpha,,,2025,,,,withdrawn,
small,alpha,,,2025,,,,withdrawn,'
run 0 as beta readings ls --since "seq:$from" --indicator class -o json
json 'map([.period, .value, .status])' '[["2011/2012",0.71,"ok"],["2011-12",null,"withdrawn"]]'
run 0 backbone export --since "$from" --format dhis2-json
json '.dataValues | map(select(.deleted)) | length' 4
run 0 backbone export --since 2000-01-01 --format jsonl
is "since the beginning: with what was withdrawn" "$(wc -l <<<"$out")" $((total + 2))
for form in "${forms[@]}"; do
    run 0 backbone export "$tmp/increment.$form" --format "$form" --since "$from"
    unchanged "$tmp/increment.$form" "$form" 6
done
listing "$tmp/listing"
for form in "${forms[@]}"; do
    empty_store
    catalogue
    run_text 'name\nHere\nThere\nNorth\n' 0 backbone place import -
    run 0 backbone import "$tmp/all.$form" --format "$form" -o json
    run 0 backbone import "$tmp/increment.$form" --format "$form" -o json
    counts rows=6 created=1 updated=4 unchanged=1 rejected=0
    listing "$tmp/listing.copy"
    same "$form: a copy that takes increments" "$tmp/listing" "$tmp/listing.copy"
done

# --- whole or not at all
mkdir "$tmp/ended"
# ended SIGNAL SYSCALL: it comes with the first such call
ended() {
    { strace -f -qq -o "$tmp/strace" -e "inject=$2:signal=$1:when=1" backbone export "$tmp/ended/all.csv"; } >"$tmp/out" 2>"$tmp/err"
    status=$?
    like "$1 at $2" "$status" '^1[0-9][0-9]$'
    is "$1 at $2: there is no file" "$(find "$tmp/ended" -name 'all.csv' -o -name '*.json' | wc -l)" 0
}
if strace -qq -o "$tmp/strace" true 2>/dev/null; then
    ended TERM fchmod
    ended INT fchmod
    is "nothing is left behind" "$(find "$tmp/ended" -type f | wc -l)" 0
    ended KILL fchmod
    ended KILL rename
else
    echo "strace does not run here: what signals do in the middle is not looked at"
fi
run 0 backbone export "$tmp/ended/all.csv"
is "it is there then" "$(find "$tmp/ended" -name 'all.csv' -o -name 'datapackage.json' | wc -l)" 2

# --- true and false are for indicators that are boolean
run_text 'indicator,place,period,value\nnet,Here,2027-01,true\nnet,Here,2027-02,false\nHas nets,Here,2027-03,true\nclass,Here,2027,true\n' \
    65 as alpha import - -o json
counts rows=4 created=3 rejected=1
like "no number" "$err" "row 4 .*found 'true', expected a number.*BAD_NUMBER"
run 0 as alpha readings ls --indicator net --period 2027 -o json
json 'map(.value)' '[1,0,1]'

run_text '{"dataValues":[{"dataElement":"net","period":"202801","orgUnit":"Nowhere","value":"true"},{"dataElement":"net","period":"202801","orgUnit":"Nowhere","deleted":true}]}' \
    65 as alpha import - --format dhis2-json -o json
counts rows=2 unchanged=1 rejected=1
like "which place" "$err" "found 'Nowhere', expected a registered place.*BAD_PLACE"

echo before >"$tmp/kept.csv"
run 74 backbone export /dev/full
like "a full disk" "$err" '/dev/full: No space left on device'
backbone export >/dev/full 2>"$tmp/err"
is "a full disk as standard output" "$? $(cat "$tmp/err")" '74 backbone: standard output: No space left on device'
run 73 backbone export "$tmp/none/there.csv"
run 65 backbone export "$tmp/kept.csv" --indicator nothing
is "a failure leaves what there was" "$(cat "$tmp/kept.csv")" before
finish
