#!/usr/bin/env bash
# Rules between indicators: what they may be, what a submission is told, and what rule check finds.
. "$(dirname "$0")/lib.sh"

run_text 'code,name,frequency,unit\ngirls,Girls,yearly,\nboys,Boys,yearly,\nall,All,yearly,\nshare,Share,yearly,percent\nmonth,Months,monthly,\nfree,Free,,\n' \
    0 backbone indicator define -
run_text 'code,name,numerator_expression\nboth,Both,#{girls} + #{boys}\n' 0 backbone indicator define -
partner alpha Alpha
partner beta Beta
run 0 backbone rule ls -o json
json . '[]'
run 0 backbone rule check -o json
json . '[]'

# --- what is refused, and why
refused() { # FIELD-AND-REASON ARGUMENTS...
    local reason=$1
    shift
    run 65 backbone rule add "$@"
    like "why" "$err" "$reason"
}
refused 'UNKNOWN_INDICATOR: left: found .nothing., expected the code of a defined indicator' r '#{nothing}' '<' '#{all}'
refused 'UNKNOWN_INDICATOR: right: found .Girls.' r '#{all}' '<' '#{Girls}'
refused 'COMPUTED: right: found .both., expected an indicator that is reported' r '#{all}' '=' '#{both}'
refused 'BAD_VALUE: left: at byte 10: found' r '#{all} + * 2' '=' '#{girls}'
refused 'BAD_VALUE: right: at byte 1: found .\).,' r '#{all}' '=' ')'
refused 'BAD_VALUE: operator: found .==., expected <, <=, =, !=, >=, >, compulsory_pair or exclusive_pair' \
    r '#{all}' '==' '#{girls}'
refused 'BAD_VALUE: tolerance: found .-5., expected a number that is not negative' r '#{all}' = '#{girls}' --tolerance -5
refused 'BAD_VALUE: tolerance: found .some.' r '#{all}' = '#{girls}' --tolerance some
refused 'BAD_VALUE: tolerance: found .5., expected none: a pair' r '#{all}' compulsory_pair '#{girls}' --tolerance 5
refused 'BAD_VALUE: left: found .1 \+ 2., expected an indicator' r '1 + 2' '<' 4
refused 'BAD_VALUE: right: found .4., expected an indicator, #\{code\}, on both sides of a pair' r '#{all}' exclusive_pair 4
refused 'BAD_VALUE: right: found .#\{ all \}., expected another expression than the left side' r '#{all}' '<=' '#{ all }'
refused 'BAD_VALUE: right: found .month., expected one that is reported by the same frequency as girls' \
    r '#{girls} + #{free}' '<=' '#{month}'
refused 'BAD_VALUE: code: found .no code.' 'no code' '#{all}' '<' '#{girls}'
refused 'BAD_VALUE: name: found' r '#{all}' '<' '#{girls}' --name $'two\nlines'
run 64 backbone rule add r '#{all}' '<'
like "four" "$err" 'found 3 arguments, expected four: CODE LEFT OPERATOR RIGHT'
run 64 backbone rule add r '#{all}' '<' '#{girls}' more
run 64 backbone rule add '' '#{all}' '<' '#{girls}'
run 64 backbone rule rm
run 64 backbone rule ls extra
for word in enable disable rm; do
    run 65 backbone rule $word r
    like "unknown" "$err" 'BAD_VALUE: code: found .r., expected the code of a rule'
done
run 0 backbone rule ls -o json
json . '[]'

# --- defined, changed, put away, and all of it as of then
run 0 backbone rule add sum ' #{ girls}+ #{boys}' = '#{all}' --name 'Girls and boys are all' --tolerance '5 %' -o json
json . '{"rows":1,"created":1,"updated":0,"unchanged":0,"rejected":0}'
run 0 backbone rule add sum '#{girls} + #{boys}' = '#{all}' --name 'Girls and boys are all' --tolerance '5.0%' -o json
json .unchanged 1
first=$(backbone status -o json | jq .measurement.head)
run 0 backbone rule add sum '#{girls} + #{boys}' = '#{all}' --name 'Girls and boys are all' -o json
json .updated 1
run 0 backbone rule add pair '#{girls}' compulsory_pair '#{boys}'
run 0 backbone rule add either '#{share}' exclusive_pair '#{all.sex=female} + #{all.sex=male}'
run 0 backbone rule add most '#{share}' '<=' 100
run 0 backbone rule disable most -o json
json .updated 1
run 0 backbone rule ls -o json
json 'map([.code, .left, .operator, .right, .tolerance, .state, .version])' \
    '[["either","#{share}","exclusive_pair","#{all.sex=female}+#{all.sex=male}",null,"active",1],["most","#{share}","<=","100",null,"disabled",2],["pair","#{girls}","compulsory_pair","#{boys}",null,"active",1],["sum","#{girls}+#{boys}","=","#{all}",null,"active",2]]'
run 0 backbone rule ls --as-of "seq:$first" -o json
json 'map([.code, .tolerance, .name, .sequence])' "[[\"sum\",\"5%\",\"Girls and boys are all\",$first]]"
run 0 as alpha rule ls
like "partners see them" "$out" 'CODE +NAME +LEFT +OPERATOR +RIGHT +TOLERANCE +STATE +VERSION'
run 77 as alpha rule add mine '#{girls}' '<' '#{all}'
run 77 as alpha rule rm sum
observer watcher Watcher
run 0 as watcher rule ls -o json
json length 4
run 77 as watcher rule check

# --- a submission is told, by the row that came last, with what the whole file brings
run_text 'indicator,place,period,value\ngirls,North,2020,12\nall,North,2020,20\nboys,North,2020,10\ngirls,South,2020,12\nboys,South,2020,8\nall,South,2020,20\ngirls,,2021,3\nall,,2021,3\n' \
    0 as alpha import - --dry-run -o json --warnings "$tmp/dry.csv"
counts created=8 warnings=2 rejected=0
run_with "$tmp/text" 0 as alpha import - -o json --warnings "$tmp/warnings.csv"
counts created=8 warnings=2 rejected=0
is "a dry run says the same" "$(cat "$tmp/dry.csv")" "$(cat "$tmp/warnings.csv")"
like "figures" "$(cat "$tmp/warnings.csv")" 'boys,North,2020,10,3,RULE_BROKEN,,"rule sum: found 22 on the left, expected as much as 20, the right side: #\{girls\}\+#\{boys\} = #\{all\}"'
like "a pair" "$(cat "$tmp/warnings.csv")" 'girls,,2021,3,7,RULE_BROKEN,,"rule pair: found 3 on the left and no data on the right, expected both or neither'
run_with "$tmp/text" 0 as alpha import - -o json
counts unchanged=8 warnings=0
run 0 as alpha report boys 0 --period 2021 -o json
json .code null
run 0 as alpha report share 120 --period 2021 -o json
json .code null
run 0 backbone rule enable most
run 0 as alpha report share 121 --period 2021 -o json
like "a number alone" "$err" 'rule most: found 121 on the left, expected at most 100'
run 0 as beta report all 5 --period 2020 --disaggregation sex=female
run 0 as beta report share 50 --period 2020
like "not both" "$err" 'rule either: found 50 on the left and 5 on the right, expected only one of them'

# --- what is broken now, and was
run 0 backbone rule check -o json
json 'map([.rule, .period, .organization, .place, .left, .right])' \
    '[["sum","2020","alpha","North",22,20],["either","2020","beta",null,50,5],["most","2021","alpha",null,121,100]]'
json '.[0].text' '"rule sum: found 22 on the left, expected as much as 20, the right side: #{girls}+#{boys} = #{all}"'
run 0 backbone rule check
like "a table" "$out" 'PERIOD +ORGANIZATION +PLACE +WHAT'
run 0 backbone rule check sum most --period 2021 -o json
json 'map(.rule)' '["most"]'
run 0 backbone rule check --organization Beta -o json
json 'map(.rule)' '["either"]'
run 0 as beta rule check -o json
json 'map([.rule, .organization])' '[["either","beta"]]'
run 77 as beta rule check --organization alpha
like "whose" "$err" 'organization "alpha" is another one than yours'
run 0 backbone rule check --as-of "seq:$first" -o json
json . '[]'
before=$(backbone status -o json | jq .measurement.head)
run 65 backbone rule check nothing
like "unknown" "$err" 'unknown rule "nothing"'
run 0 backbone rule disable most
run 65 backbone rule check most
like "disabled" "$err" 'rule "most" is disabled'
run 65 backbone rule check --period 2021-13
run 65 backbone rule check --period 2021..2020
run 0 as alpha readings withdraw boys --period 2020 --place North --reason entry_error
like "a withdrawal is told too" "$err" 'rule pair: found 12 on the left and no data on the right'
run 0 backbone rule add sum '#{girls} + #{boys}' = '#{all}' --tolerance 8
run 0 backbone rule rm pair either
run 0 backbone rule check -o json
json . '[]'
run 0 backbone rule ls -o json
json 'map(.code)' '["most","sum"]'
run 0 backbone rule check --as-of "seq:$before" -o json
json 'map(.rule)' '["sum","either","most"]'
run 65 backbone rule disable pair
run 0 backbone rule add pair '#{boys}' compulsory_pair '#{girls}' -o json
json .created 1
run 0 backbone rule ls -o json
json 'map([.code, .version]) | .[1]' '["pair",3]'

# --- a file of several submissions, by indicator: nothing is said before its end, and then all of it
{
    echo indicator,place,period,value
    for code in girls boys all; do
        seq 1 700 | sed "s/.*/$code,Place &,2022,1&$([ $code = all ] && echo 0)/"
    done
    echo boys,Place 5,2023,4
} | sed -e 's/^all,Place 7,2022,170/all,Place 7,2022,900/' -e '/^boys,Place 9,/d' >"$tmp/many.csv"
run 0 backbone rule add sum '#{girls} + #{boys}' '<=' '#{all}'
for option in --dry-run ''; do
    # shellcheck disable=SC2086
    run 0 as beta import "$tmp/many.csv" -o json --warnings "$tmp/warnings.csv" $option
    counts created=2100 warnings=2
    like "an earlier part" "$(cat "$tmp/warnings.csv")" 'rule pair \(an earlier row, of beta at Place 9 for 2022\): found no data on the left and 19 on the right'
    like "this part" "$(cat "$tmp/warnings.csv")" 'boys,Place 5,2023,4,2100,RULE_BROKEN'
done
run 0 backbone rule check --period 2022..2023 -o json
json 'map([.rule, .place])' '[["pair","Place 9"],["pair","Place 5"]]'

# --- all of it is in the journal, and replayed it comes out the same
kept=$(backbone rule ls -o json; backbone rule check -o json)
bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
bb-supervise start measurement
is "after a start" "$(backbone rule ls -o json; backbone rule check -o json)" "$kept"
finish
