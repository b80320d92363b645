#!/usr/bin/env bash
# Who follows an indicator that is computed is told when what it is computed from comes, and when that is corrected, with
# the figures of those whose line it may see; also when both workers are killed in between.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'END'
code,name,numerator_expression,denominator_expression,decimals,publish
cases,Cases,,,,
people,People,,,,
checked,Checked,,,,approved
incidence,Incidence,100*#{cases},#{people},1,
twice,Twice that,2*#{incidence} + 0*#{checked},,1,
END
run 0 backbone indicator define "$tmp/indicators.csv"
partner alpha Alpha --share-own-line
for code in beta gamma delta; do
    partner "$code" "The $code"
done
observer watcher Watcher
run 0 as delta subscribe indicator/incidence

# one value of an organization and a period, whatever it is made from
printf 'indicator,period,value\npeople,2024,10\ncases,2024,1\npeople,2025,10\ncases,2025,2\n' >"$tmp/rows.csv"
run 0 as alpha import "$tmp/rows.csv"
inbox_has delta '[.[] | [.channel, .kind, .subject, .changes[0].periods]]' \
    '[["indicator/incidence","update","Incidence: 2 new",["2024","2025"]]]'
run 0 as beta report people 4 --period 2025
inbox_has delta '[.[] | .subject]' '["Incidence: 2 new","Incidence: 1 new"]'
run 0 as beta report cases 1 --period 2025
inbox_has delta '[.[] | .subject]' '["Incidence: 2 new","Incidence: 1 new","Incidence: 1 updated"]'
json '.[2].changes[0] | [.organization, .periods, .old_value, .new_value]' '["beta",["2025"],null,null]'

# who asked for it, one way or another
run 0 as beta trend twice --period 2025 -o json
json '.[].value' 42.9
run 0 as gamma progress incidence -o json
run 0 as watcher trend incidence -o json

# a correction, with nobody there to tell of it; the worker that is to tell dies, and so does the one that asks
bb-supervise kill communication
run 0 as alpha report cases 3 --period 2025
bb-supervise kill measurement
bb-supervise start measurement
bb-supervise start communication
bb-supervise kill measurement
bb-supervise kill communication
bb-supervise start communication
bb-supervise start measurement
inbox_has delta '[.[] | .subject]' \
    '["Incidence: 2 new","Incidence: 1 new","Incidence: 1 updated","Incidence: 1 updated","Incidence: 1 corrected"]'
json '.[4].changes | map([.organization, .periods, .old_value, .new_value, .old_numerator, .new_numerator, .new_denominator])' \
    '[["alpha",["2025"],20,30,200,300,10]]'
inbox_has gamma '[.[] | [.indicator, .period, .changes[0].old_value, .changes[0].new_value]]' '[["incidence","2025",20,30]]'
inbox_has beta '[.[] | [.channel, .indicator, .changes[0].old_value, .changes[0].new_value]]' '[["org/beta","twice",40,60]]'
inbox_has watcher '[.[] | .changes[0] | [.organization, .periods, .old_value, .new_value]]' '[["alpha",["2025"],null,null]]'

# a figure made from what one organization reported is that one's line
run 0 as beta report people 8 --period 2025
inbox_has delta '[.[] | select(.kind == "notice") | .changes[0] | [.organization, .old_value, .new_value]]' \
    '[["alpha",20,30],["beta",null,null]]'
inbox_has beta '[.[] | .changes[0] | [.organization, .old_value, .new_value]]' '[["alpha",40,60],["beta",50,25]]'

# what nobody published is in no value; what was is corrected
run 0 as gamma report checked 1 --period 2025
run 0 as gamma report checked 2 --period 2025
inbox_has beta length 2
run 0 as gamma submission submit --period 2025
run 0 backbone submission approve --organization gamma --period 2025
run 0 as beta trend twice -o json
run 0 as gamma report checked 3 --period 2025 --reason recount
inbox_has beta '[.[] | .changes[0] | [.organization, .old_value, .new_value]]' \
    '[["alpha",40,60],["beta",50,25],["gamma",null,null]]'

# what is made from small numbers that are hidden is shown to whose it is, and to staff
run_text 'code,name,frequency,suppress_below,numerator_expression\nfew,Few,monthly,5,\ndoubled,Doubled,,,2*#{few}\n' 0 backbone indicator define -
run 0 as alpha report few 3 --period 2025
run 0 as delta trend doubled -o json
run 0 as alpha trend doubled -o json
json '.[].value' 6
run 0 as alpha report few 4 --period 2025
inbox_has delta '[.[] | select(.indicator == "doubled") | .changes[0] | [.organization, .periods, .old_value, .new_value]]' \
    '[["alpha",["2025"],null,null]]'
inbox_has alpha '[.[] | select(.indicator == "doubled") | .changes[0] | [.old_value, .new_value]]' '[[6,8]]'

# it is computed from something else from now on, and retired
run_text 'code,name,numerator_expression,decimals\nincidence,Incidence,#{cases},1\n' 0 backbone indicator define -
run 0 as alpha report people 20 --period 2025
run 0 backbone indicator retire incidence --from 2020-01-01
run 0 as alpha report cases 4 --period 2025
inbox_has delta '[.[] | select(.kind == "notice" and .indicator == "incidence") | .changes[0] | [.organization, .old_value, .new_value]]' \
    '[["alpha",20,30],["beta",null,null],["alpha",3,4]]'

# staff that looks at a batch was given what is in it
run 0 backbone batch ls --organization alpha -o json
batch=$(jq -r '.[-1].batch' <<<"$out")
run 0 as alpha report cases 5 --period 2024
run 0 as gamma inbox ls -o json
run 0 backbone inbox ls -o json
json length 0
run 0 backbone batch show "$batch" -o json
json '.[-1].value' 2
run 0 as alpha report cases 6 --period 2024
staff() {
    out=$(backbone inbox ls -o json) && [ "$(jq -c '[.[] | [.indicator, .changes[0].old_value, .changes[0].new_value]]' <<<"$out")" = "$1" ]
}
soon 10 staff '[["cases",5,6]]' || echo "    got: $out"
ok

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
bb-supervise start measurement
finish
