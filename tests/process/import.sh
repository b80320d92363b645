#!/usr/bin/env bash
# Files as partners have them: maps, separators, missing values, JSONL, pipes; interrupted imports that are resumed; and
# what the client says when it cannot do what it is asked.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'END'
code,name,unit,numerator,denominator,decimals
absence,Chronic absence,percent,absent students,students,1
amount,An amount,dollars,,,2
END
run 0 backbone indicator define "$tmp/indicators.csv"
partner alpha Alpha

# --- a state's export: other names, thousands separators, suppression signs, a column too many
cat >"$tmp/export.csv" <<'END'
District Code,District,Student Count,Enrolled,%
="0010011",Alpha,"1,234","12,340",10.0
="0010012",alpha,*,450,*
="0010013",Alpha,"2,5","1,000",
END
sed -i '3s/alpha/Alpha/' "$tmp/export.csv"
cat >"$tmp/map.json" <<'END'
{"reading": {"organization": "{District}", "numerator": "{Student Count}", "denominator": "{Enrolled}", "value": "{%}",
             "indicator": "absence", "period": "2018-19"},
 "missingValues": [{"value": "*", "label": "suppressed"}],
 "groupChar": ",",
 "ignore": ["District Code"]}
END
run 65 backbone import "$tmp/export.csv" -o json
like "without the map the columns are unknown" "$err" 'District Code.*Student Count'
# three rows of one key: give each a place of its own
awk -F'\t' 'NR == 1 { print "place," $0; next } { print "P" NR - 1 "," $0 }' "$tmp/export.csv" >"$tmp/places.csv"
run 65 backbone import "$tmp/places.csv" --map "$tmp/map.json" -o json --rejects "$tmp/rejects.csv"
counts rows=3 created=2 rejected=1 suppressed=1
like "2,5 is not 25" "$(tail -n 1 "$tmp/rejects.csv")" '^P3,="0010013",Alpha,"2,5","1,000",,3,BAD_NUMBER,numerator,'
run 0 backbone readings ls --place P1 -o json
json '.[] | [.organization, .value, .numerator, .denominator]' '["alpha",10.0,1234,12340]'
sed -i 's/"2,5"/25/' "$tmp/rejects.csv"
run 0 backbone import "$tmp/rejects.csv" --map "$tmp/map.json" -o json
counts rows=1 created=1

# --- a decimal comma, semicolons
printf 'indicator;place;period;value\namount;Z1;2026;1.234,5\namount;Z2;2026;-0,25\namount;Z3;2026;12.5\n' >"$tmp/comma.csv"
echo '{"dialect": {"delimiter": ";"}, "decimalChar": ",", "groupChar": "."}' >"$tmp/comma.json"
run 65 backbone import "$tmp/comma.csv" --map "$tmp/comma.json" -o json
counts rows=3 created=2 rejected=1
run 0 backbone readings ls --period 2026 -o json
json '[.[] | select(.place | startswith("Z")) | .value] | sort' '[-0.25,1234.5]'

# --- units beside numbers are dropped; what makes another number of it is not
printf 'indicator,place,period,value\namount,U1,2025,95 %%\namount,U2,2025,(5) %%\namount,U3,2025,"1,5K"\namount,U4,2025,\u22127 %%\n' >"$tmp/units.csv"
echo '{"bareNumber": false}' >"$tmp/units.json"
run 65 backbone import "$tmp/units.csv" --map "$tmp/units.json" -o json --rejects "$tmp/rejects.csv"
counts rows=4 created=2 rejected=2
like "as it stood" "$(<"$tmp/rejects.csv")" "found '\(5\) %', expected a number .* nothing but a unit beside it"
run 0 backbone readings ls --period 2025 -o json
json '[.[] | select(.place | startswith("U")) | .value] | sort' '[-7,95]'

# --- a map that looks at the name of the file: refused rows have another one
echo '{"capture": [{"from": "fileName", "pattern": "^of-([0-9]{4})", "names": ["year"]}],
       "reading": {"period": "{year}"}}' >"$tmp/year.json"
printf 'indicator,place,value\namount,N1,1\namount,N2,x\n' >"$tmp/of-2024.csv"
run 65 backbone import "$tmp/of-2024.csv" --map "$tmp/year.json" -o json --rejects "$tmp/refused.csv"
counts rows=2 created=1 rejected=1
sed -i s/,x,/,2,/ "$tmp/refused.csv"
run 65 backbone import "$tmp/refused.csv" --map "$tmp/year.json" -o json
like "it is told how" "$err" 'found "refused.csv" as the name of the file, .*--name'
run 0 backbone import "$tmp/refused.csv" --map "$tmp/year.json" --name "$tmp/of-2024.csv" -o json
counts rows=1 created=1
run 0 backbone readings ls --period 2024 -o json
json 'map(.value)' '[1,2]'

# --- maps that are wrong are told before anything is sent
wrong_map() {
    echo "$1" >"$tmp/wrong.json"
    run 65 backbone import "$tmp/comma.csv" --map "$tmp/wrong.json" -o json
    like "$2" "$err" "$2"
}
wrong_map '{"colums": {}}' 'colums'
wrong_map '{"reading": {"plaec": "x"}}' 'plaec'
wrong_map '{"reading": {"place": "{Absent}"}}' 'Absent|header'
wrong_map '{"missingValues": [{"value": "*", "label": "hidden"}]}' 'hidden'
wrong_map '{' 'line [12]'
run 66 backbone import "$tmp/comma.csv" --map "$tmp/no-such-map.json"

# --- JSONL: the digits stay, one bad line does not block the others
cat >"$tmp/rows.jsonl" <<'END'
{"indicator": "amount", "place": "J1", "period": "2026-09", "value": 1234567890.12345678901234567890, "comment": "exact"}
{"indicator": "amount", "place": "J2", "period": 2026, "value": "1.50e2"}
{"indicator": "amount", "place": "J3", "period": 2026, "value": null, "status": "missing"}
not an object
{"indicator": "amount", "place": "J4", "period": 2026, "vlaue": 1}
{"indicator": "amount", "place": "J5", "period": 2026, "value": true}
END
run 65 backbone import "$tmp/rows.jsonl" -o json --rejects "$tmp/rejects.jsonl"
counts rows=6 created=3 rejected=3 missing=1
run 0 backbone readings ls --period 2026-09 -o csv
like "20 digits behind the point" "$out" ',1234567890\.12345678901234567890,'
is "refused lines are objects" "$(jq -c '[.row, .code]' "$tmp/rejects.jsonl" | tr '\n' ' ')" '[4,"BAD_ROW"] [5,"BAD_ROW"] [6,"BAD_NUMBER"] '
sed -n 2,3p "$tmp/rejects.jsonl" | sed 's/vlaue/value/; s/"value": true/"value": 2/' >"$tmp/corrected.jsonl"
run 0 backbone import "$tmp/corrected.jsonl" -o json
counts rows=2 created=2
run_with "$tmp/rows.jsonl" 65 backbone import - --format jsonl -o json
counts rows=6 unchanged=3 rejected=3

# --- whose readings
printf 'indicator,period,value\namount,2027,1\n' >"$tmp/one.csv"
run 0 backbone import "$tmp/one.csv" --organization alpha -o json
run 0 backbone readings ls --period 2027 -o json
json '.[].organization' '"alpha"'
printf 'indicator,organization,period,value\namount,alpha,2027,1\n' >"$tmp/both.csv"
run 65 backbone import "$tmp/both.csv" --organization alpha -o json
like "said twice" "$err" 'organization.*twice'

# --- twenty messages, and how many more
{ echo indicator,period,value; yes amount,2028,x | head -n 30; } >"$tmp/many.csv"
run 65 backbone import "$tmp/many.csv" -o json
is "messages" "$(grep -c BAD_NUMBER <<<"$err")" 20
like "the rest is counted" "$err" '10 more'

# --- answers that are as long as frames may be: every row refused, with a reason of its own length
{
    echo indicator,period,value
    awk 'BEGIN { for (i = 1; i <= 300000; i++) printf "%s-%d,2028,1\n", substr("nonesuchnonesuchnonesuchnonesuch", 1, i % 29 + 1), i }'
} >"$tmp/refused.csv"
run 65 backbone import "$tmp/refused.csv" -o json
counts rows=300000 rejected=300000
run 0 backbone --context operator status -o json
json '.broker.counters.connections_accepted < 200' true

# --- all or none, to the last row of a submission; every row has its code even where the words would not fit
rows_of() {
    echo indicator,place,period,value
    seq 1 "$1" | sed "s/.*/amount,P&,$2,&/"
}
rows_of 9999 1929-13 >"$tmp/atomic.csv"
echo amount,P,1929,1 >>"$tmp/atomic.csv"
run 65 backbone import "$tmp/atomic.csv" --atomic -o json --rejects "$tmp/rejects.csv"
counts rows=10000 created=0 rejected=10000
is "codes" "$(grep -c ',BAD_PERIOD,period,' "$tmp/rejects.csv") $(grep -c ',ATOMIC,' "$tmp/rejects.csv")" "9999 1"
rows_of 10001 1929 >"$tmp/atomic.csv"
run 65 backbone import "$tmp/atomic.csv" --atomic -o json
like "one row too many" "$err" 'row 10001: .*at most 10000 rows'
rows_of 10000 1929 >"$tmp/atomic.csv"
run 0 backbone import "$tmp/atomic.csv" --atomic -o json
counts rows=10000 created=10000 rejected=0

# --- interrupted, and resumed under the same batch: each row counts once
{ echo indicator,place,period,value; seq 1 300000 | sed 's/.*/amount,Resumed &,1930,&/'; } >"$tmp/large.csv"
batch=0190a0b0-0000-7000-8000-00000000000a
mkfifo "$tmp/slowly"
backbone import - --batch $batch -o json <"$tmp/slowly" >"$tmp/out" 2>"$tmp/err" &
client=$!
exec 9>"$tmp/slowly"
head -n 100001 "$tmp/large.csv" >&9
for _ in {1..300}; do
    run 0 backbone readings ls --place "Resumed 50000" -o json
    [ "$(jq length <<<"$out")" = 0 ] || break
done
kill -9 "$client"
wait "$client" 2>/dev/null
exec 9>&-
run 0 backbone import "$tmp/large.csv" --batch $batch -o json
counts rows=300000 created=300000 updated=0 unchanged=0 rejected=0
json '.duplicate >= 49000 and .duplicate < 300000' true
run 0 backbone import "$tmp/large.csv" --batch $batch -o json
counts created=300000 duplicate=300000
run 0 backbone trend amount --period 1930 -o json
json '.[] | [.value, .readings]' '[45000150000,300000]'

# --- exit codes
run 64 backbone import "$tmp/large.csv" "$tmp/one.csv"
run 64 backbone import "$tmp/one.csv" --format xls
run 64 backbone import "$tmp/one.csv" --rejects "$tmp/one.csv"
[ -s "$tmp/one.csv" ] && ok || not_ok "the file that is read is not overwritten"
run 64 backbone import "$tmp/one.csv" --rejects "$tmp/x" --warnings "$tmp/x"
run 66 backbone import "$tmp"
ln -s "$tmp/x" "$tmp/x-link"
run 64 backbone import "$tmp/one.csv" --rejects "$tmp/x" --warnings "$tmp/./x"
run 64 backbone import "$tmp/one.csv" --rejects "$tmp/x-link" --warnings "$tmp/x"
cp "$tmp/map.json" "$tmp/own-map.json"
ln "$tmp/own-map.json" "$tmp/map-link"
for name in own-map.json map-link; do
    run 64 backbone import "$tmp/places.csv" --map "$tmp/own-map.json" --rejects "$tmp/$name"
    like "it is the map" "$err" "$name: is the map"
    run 64 backbone import "$tmp/places.csv" --map "$tmp/own-map.json" --warnings "$tmp/$name"
done
cmp -s "$tmp/map.json" "$tmp/own-map.json" && ok || not_ok "the map is unharmed"
ln -s "$tmp/one.csv" "$tmp/one-link"
run 64 backbone import "$tmp/one.csv" --rejects "$tmp/one-link"

# an earlier file stays until there is another one, links and mode as they are
mkdir "$tmp/kept"
echo earlier >"$tmp/kept/old"
chmod 640 "$tmp/kept/old"
ln -s old "$tmp/kept/link"
printf 'indicator,period,value\namount,1935-13,1\namount,1935-12,1\n' >"$tmp/half-good.csv"
backbone keys new "$tmp/nobody.key" >/dev/null
run 0 backbone context add nobody --endpoint tcp://127.0.0.1:1 --server-key "$BB_SERVER_KEY" --key "$tmp/nobody.key"
run 69 backbone --context nobody import "$tmp/half-good.csv" --rejects "$tmp/kept/old" --warnings "$tmp/kept/new"
is "nothing was sent" "$(cat "$tmp/kept/old"; ls -A "$tmp/kept" | tr '\n' ' ')" $'earlier\nlink old '
run 65 backbone import "$tmp/half-good.csv" --rejects "$tmp/kept/link" --warnings "$tmp/kept/new"
like "replaced" "$(cat "$tmp/kept/old")" '^indicator,period,value,row,code,field,reason.amount,1935-13,1,1,BAD_PERIOD'
is "nothing else" "$(ls -A "$tmp/kept" | tr '\n' ' ')$(stat -c %a "$tmp/kept/old")$(cat "$tmp/kept/new")" 'link new old 640'
run 65 backbone import "$tmp/half-good.csv" --rejects /dev/stdout
like "written where it leads" "$out" $'amount,1935-13,1,1,BAD_PERIOD.*\nbatch'
run 65 sh -c "backbone import '$tmp/half-good.csv' --rejects /dev/stderr 2>'$tmp/said'"
is "both are in one file" "$(grep -c 'BAD_PERIOD' "$tmp/said")" 2
run 65 bash -c "backbone import '$tmp/half-good.csv' --rejects >(cat >'$tmp/piped')"
soon 5 grep -q BAD_PERIOD "$tmp/piped"

run 73 backbone import "$tmp/one.csv" --rejects "$tmp/no-such-folder/rejects.csv"
run 69 env BACKBONE_CONTEXT=nobody sh -c "backbone context add nobody --endpoint tcp://127.0.0.1:1 \
    --server-key '$BB_SERVER_KEY' --key '$tmp/alpha.key' && backbone import '$tmp/one.csv'"
like "the batch to resume is told" "$err" '--batch [0-9a-f-]{36}'
if [ -w /dev/full ]; then
    run 74 sh -c "backbone import '$tmp/one.csv' -o json >/dev/full"
    run 74 backbone import "$tmp/many.csv" --rejects /dev/full
fi

# --- broken off by a pipe that ends within quotes: what was whole is kept
printf 'indicator,place,period,value,comment\namount,Q1,1931,1,x\namount,Q2,1931,1,"never closed\n' >"$tmp/open.csv"
run 65 backbone import "$tmp/open.csv" -o json
counts rows=2 created=1 rejected=1
like "where the quote is" "$err" 'line 3'

# --- whose rows these are is no matter of course for staff, who send for everybody
own='of backbone, your own; --organization says whose'
printf 'indicator,organization,place,period,value\namount,,W1,1932,1\namount,alpha,W1,1932,1\namount,,W2,1932,x\namount,,W3,1932,1\n' >"$tmp/whose.csv"
run 65 backbone import "$tmp/whose.csv" --dry-run
like "what would be" "$err" "2 rows name no organization, and are $own"
run 65 backbone import "$tmp/whose.csv" -o json
counts created=3 rejected=1
like "what is" "$err" "whose.csv: 2 rows name no organization, and are $own"
run 65 backbone import "$tmp/whose.csv"
like "what was" "$err" "2 rows name no organization, and are $own"
run 65 backbone import "$tmp/whose.csv" --organization alpha
unlike "said" "$err" 'no organization'
run_text 'indicator,place,period,value\namount,W4,1932,1\n' 0 backbone import -
like "one" "$err" "1 row names no organization, and is $own"
run_text 'indicator,organization,place,period,value\namount,alpha,W5,1932,1\n' 0 backbone import -
unlike "named" "$err" 'no organization'
run_text 'indicator,place,period,value\namount,W6,1932,1\n' 0 as alpha import -
unlike "a partner has one" "$err" 'no organization'
run 0 backbone report amount 1 --place W7 --period 1932
like "of one reading" "$err" 'without --organization this is about backbone, your own organization'
run 0 backbone report amount 1 --place W7 --period 1932 --organization alpha
is "named" "$err" ''
run 0 as alpha report amount 1 --place W8 --period 1932
is "a partner's" "$err" ''

finish
