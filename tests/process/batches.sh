#!/usr/bin/env bash
# Batches: who sent what, what became of it, and putting back what stood before.
. "$(dirname "$0")/lib.sh"

run_text 'code,name,minimum\nreach,Reach,0\nrate,Rate,\n' 0 backbone indicator define -
partner alpha Alpha
partner beta Beta
run 0 backbone batch ls -o json
json . '[]'

run_text 'indicator,place,period,value,comment\nreach,North,2020,1,as counted\nreach,,2020,5,\nreach,,2019,-1,\nreach,,2018,7,\n' 65 as alpha import - -o json
counts created=3 rejected=1
first=$(jq -r .batch <<<"$out")
run_text 'indicator,place,period,value,numerator,denominator,status,comment\nreach,North,2020,2,,,,another\nreach,,2020,5,,,,\nrate,,2020,,1,4,,\nreach,,2017,,,,missing,\n' 0 as alpha import - --reason recount --note 'all of it' -o json
counts created=2 updated=1 unchanged=1
second=$(jq -r .batch <<<"$out")
run 0 as beta report reach 9 --period 2020 -o json
others=$(jq -r .batch <<<"$out")

# newest first; partners see their own
run 0 backbone batch ls -o json
json 'map([.batch, .organization, .member, .created, .updated, .unchanged, .rejected, .reason, .note, .undoes, .submissions])' \
    "[[\"$others\",\"beta\",\"main\",1,0,0,0,null,null,null,1],[\"$second\",\"alpha\",\"main\",2,1,1,0,\"recount\",\"all of it\",null,1],[\"$first\",\"alpha\",\"main\",3,0,0,1,null,null,null,1]]"
run 0 as alpha batch ls -o json
json 'map(.batch)' "[\"$second\",\"$first\"]"
run 0 as alpha batch ls --limit 1 -o json
json 'map(.batch)' "[\"$second\"]"
run 0 backbone batch ls --organization beta -o json
json 'map(.batch)' "[\"$others\"]"
run 0 as alpha batch ls --organization beta -o json
json . '[]'
run 0 backbone batch ls
like "a table" "$out" 'BATCH +ORGANIZATION +MEMBER +TIME +CREATED +UPDATED +UNCHANGED +REJECTED +REASON'
run 64 backbone batch ls --limit some
run 64 backbone batch ls extra

# the rows of one
run 0 as alpha batch show "$first" -o json
json 'map([.row, .outcome, .code, .indicator, .organization, .place, .period, .value, .comment])' \
    '[[1,"created",null,"reach","alpha","North","2020",1,"as counted"],[2,"created",null,"reach","alpha","","2020",5,null],[3,"rejected","BELOW_MINIMUM",null,null,null,null,null,null],[4,"created",null,"reach","alpha","","2018",7,null]]'
like "why" "$out" 'found .-1., expected at least 0'
run 65 as beta batch show "$first"
like "whose" "$err" 'no such batch of your organization'
run 65 backbone batch show 0198c5f2-7d3a-7000-8000-0123456789ab
run 64 backbone batch show 12
run 64 backbone batch show

# undone: what stood before stands again, and what was created is withdrawn
sequence=$(backbone status -o json | jq .measurement.head)
run 0 as alpha readings ls -o json
before=$(jq -c 'map([.indicator, .place, .period, .value, .numerator, .status, .comment])' <<<"$out")
run 65 as beta batch undo "$second"
like "whose" "$err" 'no such batch of your organization'
run 0 as alpha batch undo "$second" --reason entry_error --note "the wrong file" -o json
json '[.undoes, .updated, .unchanged, .rejected]' "[\"$second\",3,0,0]"
undo=$(jq -r .batch <<<"$out")
run 0 as alpha readings ls -o json
json 'map([.indicator, .place, .period, .value, .comment, .revision])' \
    '[["reach","","2018",7,null,1],["reach","","2020",5,null,1],["reach","North","2020",1,"as counted",3]]'
run 0 as alpha readings history reach --period 2020 --place North -o json
json 'map([.value, .comment, .reason, .note])' \
    '[[1,"as counted",null,null],[2,"another","recount","all of it"],[1,"as counted","entry_error","the wrong file"]]'
run 0 as alpha readings history rate --period 2020 -o json
json 'map(.status)' '["ok","withdrawn"]'
run 0 as alpha readings ls -o json --as-of "seq:$sequence"
is "as it was" "$(jq -c 'map([.indicator, .place, .period, .value, .numerator, .status, .comment])' <<<"$out")" "$before"
run 0 as alpha batch ls --limit 1 -o json
json 'map([.batch, .undoes, .updated, .reason])' "[[\"$undo\",\"$second\",3,\"entry_error\"]]"
run 0 backbone trend rate -o json
json . '[]'

# twice does no harm; an undo can be undone
head=$(backbone status -o json | jq .measurement.head)
run 0 as alpha batch undo "$second" -o json
json '[.updated, .unchanged, .rejected, .batch]' '[0,3,0,null]'
is "no entry" "$(backbone status -o json | jq .measurement.head)" "$head"
run 0 as alpha batch ls --limit 1 -o json
json 'map(.batch)' "[\"$undo\"]"
run 0 backbone batch undo "$undo" -o json
json '[.updated, .unchanged, .rejected]' '[3,0,0]'
run 0 as alpha readings ls -o json
is "as before the undo" "$(jq -c 'map([.indicator, .place, .period, .value, .numerator, .status, .comment])' <<<"$out")" "$before"

# what was changed since stays
run 65 as alpha batch undo "$first" -o json
json '[.updated, .unchanged, .rejected]' '[2,0,1]'
like "a sentence" "$err" '1 reading was left as it is: something newer stands \[NEWER\]$'
run 65 as alpha batch undo "$first"
like "for people" "$out" $'updated +0\nunchanged 2\nrejected +1'
run 0 as alpha readings ls -o json
json 'map([.indicator, .place, .period, .status])' \
    '[["reach","","2017","missing"],["reach","North","2020","ok"],["rate","","2020","ok"]]'
run 64 as alpha batch undo "$first" --reason because
run 64 as alpha batch undo
run 65 as alpha batch undo 0198c5f2-7d3a-7000-8000-0123456789ab

# a definition of today does not stand in the way of what stood before
run_text 'code,name,minimum,maximum\nreach,Reach,0,8\nrate,Rate,,\n' 0 backbone indicator define -
run 0 as beta report reach 8 --period 2020 -o json
newer=$(jq -r .batch <<<"$out")
run 0 as beta batch undo "$newer"
run 0 as beta readings ls -o json
json 'map(.value)' '[9]'

# many submissions, from the last to the first
awk 'BEGIN { print "indicator,place,period,value"; for (i = 1; i <= 25000; i++) print "rate,P" i ",2021," i }' >"$tmp/many.csv"
run 0 as beta import "$tmp/many.csv" -o json
counts created=25000
many=$(jq -r .batch <<<"$out")
awk 'BEGIN { print "indicator,place,period,value"; for (i = 1; i <= 25000; i++) print "rate,P" i ",2021," i + (i % 5 == 0) }' >"$tmp/many.csv"
run 0 as beta import "$tmp/many.csv" -o json
counts updated=5000 unchanged=20000
again=$(jq -r .batch <<<"$out")
run 0 as beta batch show "$many" -o json
json '[length, .[0].value, .[-1].value, ([.[].submission] | unique | length > 1)]' '[25000,1,25000,true]'
run 0 as beta batch ls -o json --limit 2
json 'map([.created, .updated, .unchanged, (.submissions > 1)])' '[[0,5000,20000,true],[25000,0,0,true]]'
run 65 as beta batch undo "$many" -o json
json '[.updated, .rejected]' '[20000,5000]'
run 0 as beta batch undo "$again" -o json
json '[.updated, .rejected]' '[5000,0]'
run 65 as beta batch undo "$many" -o json
json '[.updated, .unchanged, .rejected, .batch]' '[0,20000,5000,null]'

# replayed, it comes out the same
bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
