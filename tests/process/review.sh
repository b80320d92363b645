#!/usr/bin/env bash
# What organizations submit, and what staff makes of it.
. "$(dirname "$0")/lib.sh"

run_text 'code,name\nreach,Reach\nspeed,Speed\n' 0 backbone indicator define -
partner alpha Alpha
partner beta Beta

# what was reported is a draft
run 65 as alpha submission submit --period 2026-06
like "why" "$err" 'alpha has no readings for 2026-06'
run 0 as alpha report reach 5 --period 2026-06
run 0 as alpha report speed 7 --period 2026-06
run 0 as beta report reach 9 --period 2026-06
run 0 backbone submission ls -o json
json 'map([.period, .organization, .indicator, .state, .comment])' \
    '[["2026-06","alpha","reach","draft",null],["2026-06","alpha","speed","draft",null],["2026-06","beta","reach","draft",null]]'
run 0 as beta submission ls -o json
json 'map(.organization)' '["beta"]'
run 77 as beta submission ls --organization alpha
like "why" "$err" 'organization "alpha" is another one than yours'

# submitted, given back, submitted again, approved
run 65 backbone submission approve --organization alpha --period 2026-06 -o json
json 'map([.indicator, .state, .outcome])' '[["reach","draft","rejected"],["speed","draft","rejected"]]'
like "why" "$err" 'reach: BAD_VALUE: found draft, expected submitted to approve it'
run 0 as alpha submission submit --period 202606 -o json
json 'map([.indicator, .state, .outcome])' '[["reach","submitted","updated"],["speed","submitted","updated"]]'
run 0 as alpha submission submit --period 2026-06 -o json
json 'map(.outcome) | unique' '["unchanged"]'
sequence=$(backbone status -o json | jq .measurement.head)
run 0 backbone submission return reach --organization alpha --period 2026-06 --comment 'Is 5 all of it?'
run 0 as alpha submission ls --state returned -o json
json 'map([.indicator, .comment, .member, .sequence > 0, (.time | length)])' \
    "[[\"reach\",\"Is 5 all of it?\",\"backbone/main\",true,27]]"
run 0 as alpha submission ls --state returned --as-of "seq:$sequence" -o json
json . '[]'
inbox_has alpha 'map(select(.kind == "notice") | [.subject, .indicator, .period])' '[["reach of 2026-06: returned","reach","2026-06"]]'
like "the comment" "$(jq -r '.[0].body' <<<"$out")" '`backbone/main`: returned.*> Is 5 all of it[?]'
run 0 as alpha report reach 6 --period 2026-06
run 0 as alpha submission submit --period 2026-06
run 0 backbone submission approve --organization alpha --period 2026-06 -o json
json 'map(.state) | unique' '["approved"]'

# what is approved changes for a reason
run 65 as alpha report reach 8 --period 2026-06 -o json
json '[.outcome, .code, .field]' '["rejected","NEEDS_REASON","period"]'
run 0 as alpha report reach 6 --period 2026-06 -o json
json .outcome '"unchanged"'
run 0 as alpha report reach 8 --period 2026-06 --reason recount --note 'Two lists had been left out' -o json
json .outcome '"updated"'
run 0 backbone submission ls --indicator reach --organization alpha -o json
json 'map(.state)' '["approved"]'
run 64 as alpha report reach 9 --period 2026-06 --reason whim
like "why" "$err" "found 'whim', expected entry_error, late_data"
run 64 as alpha report reach 9 --period 2026-06 --reason other --note "$(printf '%501s' | tr ' ' x)"

# what is locked only staff changes
run 77 as alpha submission lock --period 2026-06
like "why" "$err" 'only staff returns, approves, locks and unlocks'
run 0 backbone submission lock reach --organization alpha --period 2026-06
run_text 'indicator,period,value\nreach,2026-06,9\nspeed,2026-06,7\nreach,2026-07,1\n' 65 as alpha import - --reason recount -o json --rejects "$tmp/rejects.csv"
json '[.created, .updated, .unchanged, .rejected, .locked]' '[1,0,1,0,1]'
is "the locked row" "$(sed -n 2p "$tmp/rejects.csv" | cut -d, -f1-5)" 'reach,2026-06,9,1,LOCKED'
run_text 'indicator,organization,period,value\nreach,alpha,2026-06,9\n' 65 backbone import - -o json
json '[.updated, .locked]' '[0,1]'
run_text 'indicator,organization,period,value\nreach,alpha,2026-06,9\n' 0 backbone import - --reason entry_error -o json
json '[.updated, .locked]' '[1,0]'
run 0 backbone submission unlock reach --organization alpha --period 2026-06 --reason 'A wrong year'
run 0 backbone submission ls --state approved --indicator reach -o json
json 'map([.organization, .reason])' '[["alpha","A wrong year"]]'

# ... and so it is with what is undone
run 0 as alpha report speed 3 --period 2026-09 -o json
undone=$(jq -r .batch <<<"$out")
run 0 as alpha submission submit speed --period 2026-09
run 0 backbone submission approve speed --organization alpha --period 2026-09
run 65 as alpha batch undo "$undone" -o json
json '[.updated, .rejected]' '[0,1]'
like "why" "$err" '1 reading was left as it is: approved, to be changed for a reason only: --reason .NEEDS_REASON.$'
run 0 backbone submission lock speed --organization alpha --period 2026-09
run 65 as alpha batch undo "$undone" --reason entry_error -o json
like "why" "$err" '1 reading was left as it is: locked, to be changed by staff only, for a reason .LOCKED.$'
run 0 backbone submission unlock speed --organization alpha --period 2026-09 --reason Undone
run 0 backbone batch undo "$undone" --reason entry_error -o json
json '[.updated, .rejected]' '[1,0]'

run 0 backbone submission ls
like "a table" "$out" $'PERIOD +ORGANIZATION +INDICATOR +STATE +COMMENT +BY'

# an indicator may want that only what is approved is published
run_text 'code,name,publish\ncare,Care,approved\n' 0 backbone indicator define -
run_text 'code,name,publish\ncare,Care,soon\n' 65 backbone indicator define -
like "why" "$err" 'expected reported or approved'
run_text 'code,name,publish\nlater,Later,approved\n' 0 backbone indicator define -
run_text 'code,name,unit\nlater,Later,persons\n' 0 backbone indicator define -
run 0 backbone indicator show later -o json
json '[.version, .publish]' '[2,"approved"]'
run_text 'code,name,unit,publish\nlater,Later,persons,reported\n' 0 backbone indicator define -
run 0 backbone indicator show later -o json
json '[.version, .publish]' '[3,"reported"]'
run 0 backbone indicator ls -o json
json 'map([.code, .publish])' '[["reach",null],["speed",null],["care","approved"],["later","reported"]]'
run 0 as alpha report care 5 --period 2026-06
run 0 as beta report care 6 --period 2026-06
run 0 as alpha trend care -o json
json . '[]'
like "how much of its own waits" "$err" 'waiting for approval, and not counted: 1 reading'
run 0 backbone trend care -o json
like "how much waits" "$err" 'waiting for approval, and not counted: 2 readings'
run 0 backbone trend care --period 2026-07.. -o json
unlike "none of these" "$err" 'waiting'
run 0 as alpha readings ls --indicator care -o json
json 'map(.value)' '[5]'
run 0 backbone readings ls --indicator care -o json
json 'map(.value)' '[5,6]'
for who in alpha beta; do
    run 0 as "$who" submission submit care --period 2026-06
    run 0 backbone submission approve care --organization "$who" --period 2026-06
done
run 0 as alpha trend care -o json
json 'map([.value, .readings])' '[[11,2]]'
unlike "nothing waits" "$err" 'waiting'
run 0 as alpha report care 7 --period 2026-07

# observers have no part in it
observer watcher Watcher
run 77 as watcher submission ls
run 0 as watcher trend care -o json
unlike "nor are they told what waits" "$err" 'waiting'
run 0 backbone trend care
like "to the staff" "$err" 'waiting for approval, and not counted: 1 reading'
run 77 as watcher submission submit --period 2026-06

run 64 as alpha submission submit
run 64 backbone submission return --organization alpha --period 2026-06
run 64 backbone submission unlock --organization alpha --period 2026-06
run 64 backbone submission lock --organization alpha --period 2026-06 --reason no
run 64 backbone submission ls --state ''
run 65 backbone submission ls --state burnt
run 65 backbone submission ls --organization nobody
run 65 backbone submission lock --organization nobody --period 2026-06
run 65 backbone submission submit --organization alpha --period soon
run 65 backbone submission approve nonesuch --organization alpha --period 2026-06
like "why" "$err" 'nonesuch: UNKNOWN_INDICATOR'
finish
