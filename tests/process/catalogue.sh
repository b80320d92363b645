#!/usr/bin/env bash
# Keys, contexts, partners, places, indicators: what staff and operators keep.
. "$(dirname "$0")/lib.sh"

# --- keys
run 0 backbone keys new "$tmp/a.key"
is "the public key is printed" "${#out}" 40
is "mode" "$(stat -c %a "$tmp/a.key")" 600
unlike "the secret is not printed" "$(cat "$tmp/out" "$tmp/err")" "$(sed -n 's/^secret = "\(.*\)"/\1/p' "$tmp/a.key" | cut -c 1-12 | sed 's/[^A-Za-z0-9]/\\&/g')"
cp "$tmp/a.key" "$tmp/before"
backbone keys new "$tmp/a.key" >/dev/null 2>&1 && not_ok "a key file is never overwritten" || ok
cmp -s "$tmp/a.key" "$tmp/before" && ok || not_ok "a key file is never changed"
chmod 644 "$tmp/a.key"
run 0 backbone context add readable --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/a.key"
like "a warning" "$err" "chmod 600"
run 78 as readable ping
like "why" "$err" "chmod 600"
chmod 600 "$tmp/a.key"

# --- contexts
run 0 backbone context ls -o json
json 'map(.name) | sort' '["operator","readable","staff"]'
run 0 backbone context select operator
run 0 backbone context show -o json
json '.name' '"operator"'
run 0 backbone context select staff
run 78 backbone --context nowhere ping
run 78 env BACKBONE_CONFIG_DIR="$tmp/empty" backbone ping

# --- partners
run 0 backbone partner add alpha --name 'Alpha Schools' --role partner --alias A1 --alias 'Old Alpha'
run 0 backbone partner show alpha -o json
json '[.code, .name, .role, .alias, .enabled, .share_own_line]' \
    '["alpha","Alpha Schools","partner",["A1","Old Alpha"],true,false]'
run 0 backbone partner show 'Old Alpha' -o json
json .code '"alpha"'
run 65 backbone partner add alpha --name Again --role partner
run 65 backbone partner add beta --name A1 --role partner
like "who has the name" "$err" '^backbone: EXISTS: "A1" is already a code, name or alias of "alpha"$'
run 65 backbone partner add beta --name Beta --alias 'Alpha Schools' --role partner
like "who has the alias" "$err" '"Alpha Schools" is already a code, name or alias of "alpha"'
run 65 backbone partner add beta --name Beta --role partner --key "$(backbone context show staff -o json 2>/dev/null | jq -r .key)"
like "who has the key" "$err" 'the key belongs to "backbone" already'
run 65 backbone partner add alpha --name Beta --role partner
like "who has the code" "$err" 'there is an organization "alpha" already'
run 65 backbone partner add 'no code' --name Beta --role partner
run 64 backbone partner add beta --name Beta --role king
run 65 backbone partner set nobody --name X
run 0 backbone partner set alpha --name 'Alpha Public Schools' --alias A2
run 0 backbone partner show alpha -o json
json '[.name, (.alias | length)]' '["Alpha Public Schools",3]'
[ -s "$BB_STATE/registry/alpha.conf" ] && ok || not_ok "one file an organization"
run 0 backbone partner import "$sample/organizations.csv"
run 0 backbone partner import "$sample/organizations.csv"
run 0 backbone partner ls -o json
json 'length' 12

run_text 'code,name,role,joined\ngood,Good,partner,2015-07-01\n' 0 backbone partner import -
run_text 'code,name,role,joined\ngood,Good,partner,\n' 0 backbone partner import - -o json
json .unchanged 1
run 0 backbone partner show good -o json
json .joined '"2015-07-01"'
run_text 'code,name,role,joined\ngood,Good,partner,1.7.2015\n' 65 backbone partner import -
like "no date" "$err" "row 1 .line 2., joined: found '1.7.2015', expected a date such as 2026-09-07, or nothing"

# --- the registry is read again at the next start
bb-supervise restart broker
run 0 backbone partner ls -o json
json 'length' 13

# a file that an operator broke is left out; the others work; SIGHUP reads the repaired one
echo 'nonsense = "x"' >>"$BB_STATE/registry/alpha.conf"
bb-supervise restart broker
run 0 backbone partner ls -o json
json 'length' 12
like "file and line are named" "$(grep alpha.conf "$BB_STATE/broker.log")" 'alpha\.conf.*[0-9]'

run 78 backbone-broker --check-config -c "$BB_STATE/broker.conf"
like "--check-config reads the registry as well" "$err" 'alpha\.conf.*nonsense'
sed -i '/^nonsense/d' "$BB_STATE/registry/alpha.conf"
kill -HUP "$(cat "$BB_STATE/broker.pid")"
for _ in {1..100}; do
    run 0 backbone partner ls -o json
    [ "$(jq length <<<"$out")" != 12 ] || break
done
json 'length' 13

# --- places
run 0 backbone place import "$sample/places.csv"
run 0 backbone place ls -o json
json 'length' 9
json '.[] | select(.name == "Connecticut") | [.aggregate, (.alias | sort)]' '[true,["CT","State of Connecticut"]]'
json '.[] | select(.name == "Hartford") | [.aggregate, .parent]' '[false,"Connecticut"]'
printf 'name,colour\nX,red\n' >"$tmp/bad.csv"
run 65 backbone place import "$tmp/bad.csv"
like "an unknown column" "$err" 'colour'

# what staff register is what people see: nothing that hides or deceives
bad_names() { # COMMAND... -: the names under test become rows of it; a good one beside them
    bidi=$'x\u202ey' nbsp=$'\u00a0y' tabulator=$'x\ty' isolate=$'\u2066y' narrow=$'y\u202f'
    for name in "$bidi" "$nbsp" "$tabulator" "$isolate" "$narrow"; do
        printf "$1" "$name" >"$tmp/names.csv"
        run 65 backbone "${@:2}" "$tmp/names.csv" -o json
        json '[.rows, .rejected]' '[2,1]'
        like "$2: the row is told" "$err" '^[^ ]*names\.csv: row 1 \(line [0-9]+\), [a-z]+: found .*, expected 1 to 300 bytes of UTF-8 without control characters, '
        unlike "the message turns nothing" "$err" $'\u202e|\u2066'
    done
}
bad_names 'name\n"%s"\nGoodplace\n' place import
bad_names 'name,alias\nBadplace,"%s"\nGoodplace,\n' place import
bad_names 'name,parent\nBadplace,"%s"\nGoodplace,\n' place import
bad_names 'code,name\nbad,"%s"\ngood,Good\n' indicator define
bad_names 'code,name,role,alias\nbad,"%s",partner,\ngood,Good,partner,\n' partner import
bad_names 'code,name,role,alias\nbad,Bad,partner,"A|%s"\ngood,Good,partner,\n' partner import
run 65 backbone partner add bad --name $'x\u202ey' --role partner
like "partner add" "$err" "--name: found 'x.u202Ey', expected 1 to 300 bytes .* marks of direction"
run 65 backbone partner set alpha --alias $'y\u00a0'
like "partner set" "$err" "--alias: found .* white space at the ends"
run 0 backbone place ls -o json
json 'map(.name) | index("Badplace")' null

# --- a place is not within itself
run_text 'name,parent\nOuter,\nMiddle,Outer\nInner,Middle\n' 0 backbone place import - -o json
run_text 'name,parent\nOuter,Inner\n' 65 backbone place import - -o json
like "the chain is named" "$err" "row 1 \(line [0-9]+\), parent: found 'Inner', expected a parent that is not within this place: Outer > Inner > Middle > Outer"
run_text 'name,parent\nOuter,Outer\n' 65 backbone place import - -o json
like "its own parent" "$err" 'Outer > Outer'
run_text 'name,parent,alias\nSelf,Me,Me\n' 65 backbone place import - -o json
like "by an alias of the same row" "$err" 'Self > Me'
run_text 'name,parent,alias\nOne,Later,\nTwo,One,\n' 0 backbone place import - -o json
run_text 'name,alias\nTwo,Later\n' 65 backbone place import - -o json
like "by an alias that comes later" "$err" 'Two > One > Later'
run_text 'name,parent\nLater,Two\n' 65 backbone place import - -o json
like "by a parent that comes later" "$err" 'Later > Two > One > Later'
run_text 'name,parent\nInner,Outer\nMiddle,Inner\n' 0 backbone place import - -o json
json .updated 2

# --- an explicit no takes an aggregate back; an empty cell or no column leave it
aggregate() {
    run_text "$2" 0 backbone place import - -o json
    json '[.created, .updated, .unchanged]' "$1"
    run 0 backbone place ls -o json
    json '.[] | select(.name == "Pl") | .aggregate' "$3"
}
aggregate '[1,0,0]' 'name,aggregate\nPl,yes\n' true
aggregate '[0,0,1]' 'name,aggregate,parent\nPl,,\n' true
aggregate '[0,1,0]' 'name,parent\nPl,Outer\n' true
aggregate '[0,1,0]' 'name,aggregate\nPl,no\n' false
aggregate '[0,0,1]' 'name,aggregate\nPl,FALSE\n' false
aggregate '[0,1,0]' 'name,aggregate\nPl,1\n' true

# --- two rows of one place that contradict each other; what is added, or said again, does not
for _ in 1 2; do
    run_text 'name,aggregate,parent,alias\nPx,yes,,\nPx,true,Outer,X1\nPx,,,X2\nPx,no,Outer,\nPx,,Inner,\n' 65 \
        backbone place import - -o json
    json .rejected 2
    like "aggregate" "$err" "row 4 \(line [0-9]+\), aggregate: found 'no' for 'Px', expected the same as in row 1, or nothing \[DUPLICATE_KEY\]"
    like "parent" "$err" "row 5 \(line [0-9]+\), parent: found 'Inner' for 'Px', expected the same as in row 2, or nothing \[DUPLICATE_KEY\]"
done
run 0 backbone place ls -o json
json '.[] | select(.name == "Px") | [.aggregate, .parent, .alias]' '[true,"Outer",["X1","X2"]]'

# --- two rows of one code
for counts in '[1,0,1,1]' '[0,0,2,1]'; do
    run_text 'code,name\ntwice,One\ntwice,One\ntwice,Two\n' 65 backbone indicator define - -o json
    json '[.created, .updated, .unchanged, .rejected]' "$counts"
    like "the earlier row" "$err" "row 3 \(line [0-9]+\), code: found another row of 'twice' than row 1, expected .* \[DUPLICATE_KEY\]"
done
run 0 backbone indicator show twice -o json
json '[.name, .version]' '["One",1]'

# --- indicators
run 0 backbone indicator define "$sample/indicators.csv"
run 0 backbone indicator ls -o json
json 'map(select(.code != "good" and .code != "twice")) | length' 11
run 0 backbone indicator show grade3-reading -o json
json '[.code, .direction, .unit, .organization_aggregation, .version]' '["grade3-reading","increase","percent","ratio",1]'
run 0 backbone indicator define "$sample/indicators.csv"
run 0 backbone indicator show grade3-reading -o json
json .version 1
run_text 'code,name,unit,frequency\nbare,Bare,,\nfull,Full,people,monthly\n' 0 backbone indicator define -
run_text 'code,name\nbare,Barer\nfull,Fuller\n' 0 backbone indicator define -
like "what is gone" "$err" 'row 2 .line 3., unit: warning: version 2 of full is without unit, frequency: .* [[]DROPPED'
unlike "what had nothing" "$err" 'row 1'
run_text 'code,name,unit,frequency\nfull,Full,people,monthly\n' 0 backbone indicator define -
is "what is added" "$err" ''
run 65 backbone indicator show nonesuch
run_text 'code,name,colour\nx,X,red\n' 65 backbone indicator define -
like "an unknown column" "$err" 'colour'
run_text 'code\nx\n' 65 backbone indicator define -
run_text 'code,name,direction\nx,X,sideways\ny,Y,increase\n' 65 backbone indicator define -
like "what was found" "$err" 'sideways'
run 0 backbone indicator show y -o json
for word in annual Yearly "school year" SixMonthly semi-annual week; do
    run_text "code,name,frequency\nfrequent,Frequent,$word\n" 0 backbone indicator define -
done
run_text "code,name,frequency\nfrequent,Frequent,biannual\n" 65 backbone indicator define -
like "the words that are" "$err" "row 1 \(line [0-9]+\), frequency: found .biannual., expected yearly, .*school_year"
run_text 'code,name,target_period,target_value\nlong,Long,2030,1234567890123456789012345678901234567890\n' 65 backbone indicator define -
like "how many digits there may be" "$err" 'row 1 .line 2., target_value: found .*, expected at most 34 significant digits, 24 of them'
run_text 'code,name,minimum\nz,Z,low\n' 65 backbone indicator define -

# --- agreement: who reports what, and what nobody reports any more
partner adopter 'The Adopter'
run 0 as adopter indicator adopt grade3-reading y --from 2019-07-01 -o json
json . '{"rows":2,"created":2,"updated":0,"unchanged":0,"rejected":0}'
run 0 as adopter indicator adopt grade3-reading -o json
json '[.unchanged, .updated]' '[1,0]'
run 65 as adopter indicator adopt grade3-reading nonesuch --organization alpha
like "which, and why" "$err" "^backbone: grade3-reading: NOT_YOURS: organization: found 'alpha', expected your own"
like "each of them" "$err" "nonesuch: UNKNOWN_INDICATOR: indicator: found 'nonesuch', expected"
run 0 backbone indicator adopt grade3-reading --organization adopter --until 2025-07-01
run 0 as adopter indicator adoptions grade3-reading --organization adopter -o json
json '.[] | [.indicator, .organization, .version, .from, .until, .member]' \
    '["grade3-reading","adopter",1,"2019-07-01","2025-07-01","backbone/main"]'
run 0 as adopter indicator adoptions --organization adopter --as-of "seq:$(jq '.[0].sequence - 1' <<<"$out")" -o json
json 'map([.indicator, .until])' '[["grade3-reading",null],["y",null]]'
run 0 backbone indicator adopt grade3-reading
like "whose it is" "$err" 'without --organization this is about backbone, your own organization'
run 0 backbone indicator adoptions --organization backbone -o json
json 'map(.indicator)' '["grade3-reading"]'
run 64 as adopter indicator adopt
like "what is missing" "$err" 'CODE is missing'
run 64 as adopter indicator adopt grade3-reading --from yesterday
like "a date" "$err" "--from: found 'yesterday', expected a date such as 2026-09-07"
run 77 as adopter indicator retire grade3-reading
run 0 backbone indicator retire y --from 2026-07-01
run 0 backbone indicator show y -o json
json '[.retired, .version]' '["2026-07-01",2]'
run 65 as adopter report y 1 --period 2026-07
like "why" "$err" "found '2026-07', expected a period that begins before 2026-07-01.*RETIRED"
run 0 as adopter report y 1 --period 2026-06
run 0 backbone indicator retire y --undo
run 0 as adopter report y 1 --period 2026-07
run_text 'code,name,targets\naims,Aims,2026=5; adopter@2026=7\nbad,Bad,2026\n' 65 backbone indicator define -
like "what is right" "$err" "targets.*found '2026', expected PERIOD=VALUE or ORGANIZATION@PERIOD=VALUE"
run 0 backbone indicator show aims -o json
json .targets '"2026=5; adopter@2026=7"'
once='expected one target for each period, or organization and period'
for twice in '"adopter@2026=5; adopter@2026=7",,' '"2026=5; adopter@2026=7; 2026=5",,' '"adopter@2025=1; 2026=5",2026,5'; do
    run_text "code,name,targets,target_period,target_value\naims,Aims,$twice\n" 65 backbone indicator define -
    like "no target twice" "$err" "targets: found .*, $once"
done
run_text 'code,name,target_period\naims,Aims,2026\n' 65 backbone indicator define -
like "both" "$err" 'target_period: found a period without a value, expected both or neither'
run_text 'code,name,target_value\naims,Aims,5\n' 65 backbone indicator define -
like "both" "$err" 'target_value: found a value without a period, expected both or neither'

# --- the daemons' own checks
run 0 backbone-broker --check-config -c "$BB_STATE/broker.conf"
run 0 backbone-measurement --check-config -c "$BB_STATE/measurement.conf"
run 0 backbone-broker --print-config -c "$BB_STATE/broker.conf"
like "the printed configuration" "$out" 'listen = '
{ cat "$BB_STATE/broker.conf"; echo 'lisen = "x"'; } >"$tmp/misspelt.conf"
run 78 backbone-broker --check-config -c "$tmp/misspelt.conf"
like "an unknown key is named with file and line" "$err" 'misspelt\.conf:6.*lisen'
run 0 backbone-measurement --version
run 0 backbone --version
run 0 backbone -h
run 64 backbone no-such-command

finish
