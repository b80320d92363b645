#!/usr/bin/env bash
# Small numbers: what partners and observers are told of an indicator with suppress_below, everywhere; staff and those
# whose they are see everything.
. "$(dirname "$0")/lib.sh"

# a threshold is one, of counts
run_text 'code,name,frequency,suppress_below\nreach,Reach,monthly,few\n' 65 backbone indicator define -
like "why" "$err" 'suppress_below: found .few., expected a whole number from 2 to 1,000,000'
run_text 'code,name,frequency,suppress_below\nreach,Reach,monthly,1\n' 65 backbone indicator define -
run_text 'code,name,suppress_below\nreach,Reach,5\n' 65 backbone indicator define -
like "why" "$err" 'suppress_below: found .5., expected nothing without a frequency'
run_text 'code,name,organization_aggregation,suppress_below\nreach,Reach,average,5\n' 65 backbone indicator define -
like "why" "$err" 'unless organization_aggregation is sum, of counts, or ratio'
run_text 'code,name,overlap,suppress_below\nreach,Reach,maximum,5\n' 65 backbone indicator define -
like "why" "$err" 'nothing where overlap is maximum'
run_text 'code,name,frequency,unit,suppress_below\nreach,Reach,monthly,percent,5\n' 65 backbone indicator define -
like "why" "$err" 'percentages are not counts'
run_text 'code,name,frequency,time_aggregation\nreach,Reach,monthly,sum\n' 0 backbone indicator define -
run_text 'code,name,numerator_expression,suppress_below\ntwice,Twice,#{reach}*2,5\n' 65 backbone indicator define -
like "why" "$err" 'what is computed is hidden where its inputs are'
run_text 'code,name,decimals,numerator_expression\ntwice,Twice,0,#{reach}*2\n' 0 backbone indicator define -

partner alpha Alpha --share-own-line
partner beta Beta --share-own-line
partner gamma Gamma
partner delta Delta
observer watcher Watcher
run 0 as delta subscribe indicator/reach

# by place, three months; one number is small
for who in alpha beta gamma; do
    for month in 1 2 3; do
        n=$((${#who} * 10 + month))
        run_text "indicator,place,period,value,comment\nreach,North,2026-0$month,$((n + 10)),as counted\nreach,South,2026-0$month,$((n + 20)),as counted\n" \
            0 as "$who" import -
    done
done
small=(readings ls --indicator reach --organization alpha --place South --period 2026-02)
before=$(backbone status -o json | jq .measurement.head)
run 0 as alpha report reach 3 --place South --period 2026-02 --comment 'only three' --reason recount --note 'three, not thirty'
run 0 as delta "${small[@]}" -o json
json 'map([.value, .withheld])' '[[3,null]]'

# a threshold is a new version, and holds at once, also for what was asked as of before
run_text 'code,name,frequency,time_aggregation,suppress_below\nreach,Reach,monthly,sum,5\n' 0 backbone indicator define -
run 0 as delta indicator show reach -o json
json '[.version, .suppress_below]' '[2,5]'
run 0 as delta "${small[@]}" -o json
json 'map([.value, .withheld, .comment, .status])' '[[null,true,null,"ok"]]'
run 0 as delta "${small[@]}"
like "a mark" "$out" 'withheld'
like "why" "$err" 'withheld: figures of a single organization that are not for others, or from which small numbers could be worked out'
sequence=$(backbone status -o json | jq .measurement.head)
run 0 as delta "${small[@]}" --as-of "seq:$((sequence - 1))" -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 as delta "${small[@]}" --as-of "seq:$before" -o json
json 'map([.value, .withheld])' '[[null,true]]'

# it is lifted by saying so, not by a definition that does not speak of it
run_text 'code,name,definition,frequency,time_aggregation\nreach,Reach,Who was reached,monthly,sum\n' 0 backbone indicator define -
run 0 as delta indicator show reach -o json
json '[.version, .suppress_below]' '[3,5]'
run 0 as delta "${small[@]}" -o json
json 'map([.value, .withheld])' '[[null,true]]'
run_text 'code,name,frequency,time_aggregation,organization_aggregation\nreach,Reach,monthly,sum,average\n' 65 backbone indicator define -
like "why" "$err" "suppress_below: found .5., expected nothing unless organization_aggregation is sum"
run_text 'code,name,frequency,time_aggregation,suppress_below\nreach,Reach,monthly,sum,0\n' 0 backbone indicator define -
run 0 as delta indicator show reach -o json
json '[.version, .suppress_below]' '[4,null]'
run 0 as delta "${small[@]}" -o json
json 'map([.value, .withheld])' '[[3,null]]'
run_text 'code,name,frequency,time_aggregation,suppress_below\nreach,Reach,monthly,sum,5\n' 0 backbone indicator define -

# its owner and staff see all
for who in alpha backbone; do
    if [ "$who" = backbone ]; then them=(backbone); else them=(as "$who"); fi
    run 0 "${them[@]}" "${small[@]}" -o json
    json 'map([.value, .withheld, .comment])' '[[3,null,"only three"]]'
    run 0 "${them[@]}" readings history reach --organization alpha --place South --period 2026-02 -o json
    json 'map([.value, .withheld, .note, (.batch | length)])' '[[72,null,null,36],[3,null,"three, not thirty",36]]'
done

# others see of lines that they are there, whether these are shared or not, and totals from which it does not follow
run 0 as delta readings ls --indicator reach --period 2026-02 -o json
json 'map([.organization, .place, .value, .withheld])' \
    '[["alpha","North",null,true],["beta","North",null,true],["alpha","South",null,true],["beta","South",null,true]]'
run 0 as delta readings ls --indicator reach --period 2026-02 -o csv
is "the value and the mark of a row of csv" "$(sed -n 4p <<<"$out" | cut -d, -f2,3,7,16)" 'alpha,South,,true'
run 0 as delta readings ls --indicator reach --organization alpha --latest -o json
json 'map([.place, .value, .withheld])' '[["North",null,true],["South",null,true]]'
run 0 as delta trend reach --by organization --period 2026-02 -o json
json 'map([.organization, .value, .withheld])' '[["alpha",null,true],["beta",null,true],["gamma",null,true]]'
run 0 as alpha trend reach --by organization --period 2026-02 -o json
json 'map([.organization, .value, .withheld])' '[["alpha",65,null],["beta",null,true],["gamma",null,true]]'
run 0 as delta trend reach --by place --period 2026-02 -o json
json 'map([.place, .value])' '[["North",176],["South",137]]'
run 0 as delta readings history reach --organization alpha --place South --period 2026-02 -o json
json 'map([.value, .withheld, .comment, .note, .batch, .reason])' \
    '[[null,true,null,null,null,null],[null,true,null,null,null,"recount"]]'

# what is computed, put together over time, or told as progress
run 0 as alpha report reach 2 --place East --period 2026-03
run 0 as delta trend reach --by place --period 2026-03 -o json
json 'map([.place, .value, .withheld]) | .[2]' '["East",null,true]'
json 'map(select(.withheld)) | length >= 2' true # else the total would tell it
run 0 as delta trend reach -o json
json 'map([.value, .withheld])' '[[376,null],[313,null],[390,null]]'
run 0 as alpha trend reach --by place --period 2026-03 -o json
json '.[2] | [.place, .value, .withheld]' '["East",2,null]'
run 0 as delta trend reach --place East -o json
json 'map([.period, .value, .withheld])' '[["2026-03",null,true]]'
run 0 as delta trend reach --place East --per quarter -o json
json 'map([.period, .value, .withheld])' '[["2026-Q1",null,true]]'
run 0 as delta trend reach --per quarter -o json
json 'map([.period, .value])' '[["2026-Q1",1079]]'
run 0 as delta trend twice --by place --period 2026-03 -o json
json 'map(select(.place == "East")) | map([.value, .withheld])' '[[null,true]]'
run 0 backbone trend twice --by place --period 2026-03 -o json
json 'map(select(.place == "East")) | map([.value, .withheld])' '[[4,null]]'
run 0 as alpha report reach 1 --place East --period 2026-04
for who in delta watcher; do
    run 0 as "$who" progress reach -o json
    json 'map([.period, .value, .withheld, .previous, .change, .corrected])' '[["2026-04",null,true,390,null,null]]'
    run 0 as "$who" trend reach --period 2026-04
    like "a mark" "$out" 'withheld'
    run 0 as "$who" assessment --period 2026-04 -o json
    json '.indicators[] | select(.indicator == "reach") | [.value, .withheld]' '[null,true]'
done
run 0 backbone progress reach -o json
json 'map([.value, .withheld])' '[[1,null]]'
run 0 backbone assessment --period 2026-04 -o markdown
like "what staff sees" "$out" '2026-04: 1'
like "it is not for all" "$err" 'of its figures are not for everybody; for what can be announced: --for-all'
run 0 backbone assessment --period 2026-04 -o json
unlike "what a program reads is its own affair" "$err" 'not for everybody'
run 0 backbone assessment --period 2026-04 --for-all -o markdown
like "what is for all" "$out" '2026-04: withheld'
unlike "and can be announced" "$err" 'not for everybody'
run 0 as watcher assessment --period 2026-04
unlike "nothing is told to the watcher that others may not see" "$err" 'not for everybody'

# a count of zero is not small, but the line of one is its own; a ratio is told with both of its counts, or not at all
run 0 as alpha report reach 0 --place East --period 2026-05
run 0 as delta trend reach --period 2026-05 -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 as beta report reach 0 --place East --period 2026-05
run 0 as delta trend reach --period 2026-05 -o json
json 'map([.value, .withheld])' '[[0,null]]'
run_text 'code,name,frequency,unit,denominator,suppress_below\nrate,Rate,monthly,percent,all,5\n' 0 backbone indicator define -
run 0 as alpha report rate --numerator 40 --denominator 80 --period 2026-01
run 0 as alpha report rate --numerator 40 --denominator 43 --period 2026-02
run 0 as beta report rate --numerator 2 --denominator 90 --period 2026-01
run 0 as beta report rate 12.5 --period 2026-02
run 0 as delta readings ls --indicator rate -o json
json 'map([.organization, .value, .numerator, .denominator, .withheld])' \
    '[["alpha",null,null,null,true],["beta",null,null,null,true],["alpha",null,null,null,true],["beta",null,null,null,true]]'
run 0 as delta trend rate --period 2026-01 -o json
json 'map([.value, .numerator, .denominator, .withheld])' '[[null,null,null,true]]'
run 0 backbone trend rate --period 2026-01 -o json
json 'map([.value, .numerator, .denominator, .withheld])' '[[24.705882,42,170,null]]'

# parts of a sum, and those beside a state, count nowhere, so nobody else is told them
run_text 'code,name,frequency,suppress_below\nvisits,Visits,monthly,5\n' 0 backbone indicator define -
run_text 'indicator,period,value,numerator,denominator,status\nvisits,2026-01,50,2,7,\nvisits,2026-02,,1,3,missing\n' 0 as alpha import -
run 0 as delta readings ls --indicator visits -o json
json 'map([.value, .numerator, .denominator, .status, .withheld])' '[[null,null,null,"ok",true],[null,null,null,"missing",true]]'
run 0 as delta readings ls --indicator visits
like "a mark for parts" "$out" 'withheld +ok'
run 0 as delta trend visits -o json
json 'map([.value, .numerator, .withheld])' '[[null,null,true],[null,null,null]]'
run 0 as alpha trend visits -o json
json 'map([.value, .numerator, .withheld])' '[[50,2,null],[null,null,null]]'
run 0 as beta report visits 60 --period 2026-01
run 0 as delta trend visits -o json
json 'map([.value, .numerator, .withheld])' '[[110,null,true],[null,null,null]]'

# what is hidden follows what counts: approvals, who shares, corrections
run_text 'code,name,frequency,publish,suppress_below\ncare,Care,monthly,approved,5\n' 0 backbone indicator define -
run 0 as alpha report care 3 --period 2026-01
run 0 as beta report care 40 --period 2026-01
run 0 as alpha submission submit care --period 2026-01
run 0 as beta submission submit care --period 2026-01
run 0 backbone submission approve care --organization beta --period 2026-01
run 0 as delta trend care -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 as delta readings ls --indicator care -o json
json 'map([.organization, .value, .withheld])' '[["beta",null,true]]'
run 0 backbone submission approve care --organization alpha --period 2026-01
run 0 as delta trend care -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 as gamma report care 50 --period 2026-01
run 0 as gamma submission submit care --period 2026-01
run 0 backbone submission approve care --organization gamma --period 2026-01
run 0 as delta trend care -o json
json 'map([.value, .withheld])' '[[93,null]]'
sequence=$(backbone status -o json | jq .measurement.head)
run 0 as delta trend care --as-of "seq:$sequence" -o json
json 'map([.value, .withheld])' '[[93,null]]'
run 0 as delta trend care --as-of "seq:$((sequence - 1))" -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 backbone trend care --as-of "seq:$((sequence - 1))" -o json
json 'map([.value, .withheld])' '[[43,null]]'

# periods of another type than the indicator has are not told; nor what was, of a period that changed since
for who in alpha beta; do
    run 0 as "$who" report care 40 --period 2026-Q2
    run 0 as "$who" submission submit care --period 2026-Q2
    run 0 backbone submission approve care --organization "$who" --period 2026-Q2
done
run 0 as delta trend care --period 2026-Q2 -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 backbone trend care --period 2026-Q2 -o json
json 'map([.value, .withheld])' '[[80,null]]'
run 0 as delta readings ls --indicator care --organization alpha --period 2026-01 -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 backbone partner set alpha --no-share-own-line
run 0 as delta readings ls --indicator reach --place North --period 2026-02 -o json
json 'map([.organization, .value, .withheld])' '[["beta",null,true]]'
run 0 backbone partner set alpha --share-own-line
run 0 as delta readings ls --indicator reach --place South --period 2026-02 -o json
json 'map([.organization, .value, .withheld])' '[["alpha",null,true],["beta",null,true]]'
run 0 as alpha report reach 33 --place South --period 2026-02
run 0 as delta readings ls --indicator reach --place South --period 2026-02 -o json
json 'map([.organization, .value, .withheld])' '[["alpha",null,true],["beta",null,true]]'
run 0 as delta readings history reach --organization alpha --place South --period 2026-02 -o json
json 'map([.value, .withheld])' '[[null,true],[null,true],[null,true]]'

# a place beside what lies in it: a region of North, South and East, whatever is registered when
run_text 'code,name,frequency,time_aggregation,suppress_below\nbeds,Beds,monthly,sum,5\n' 0 backbone indicator define -
for who in alpha beta; do
    run_text 'indicator,place,period,value\nbeds,North,2026-01,40\nbeds,South,2026-01,2\nbeds,East,2026-01,31\nbeds,West,2026-01,50\nbeds,Region,2026-01,73\nbeds,Far,2026-01,90\n' \
        0 as "$who" import -
done
run_text 'name,aggregate\nRegion,yes\n' 0 backbone place import -
run 0 as delta trend beds --by place --period 2026-01 -o json
json 'map(select(.place == "Region")) | map([.value, .withheld])' '[[146,null]]' # it may be the sum of anything
run_text 'name,parent\nNorth,Region\nSouth,Region\nEast,Region\n' 0 backbone place import -
run 0 as delta trend beds --by place --period 2026-01 -o json
json 'map(select(.place == "South" or .place == "Far")) | map([.value, .withheld])' '[[null,true],[180,null]]'
json 'map(select(.withheld and (.place == "North" or .place == "East" or .place == "Region"))) | length > 0' true

# too many readings of one period: all of it is withheld, and the log says why
awk 'BEGIN { print "indicator,place,disaggregation,period,value"
    for (p = 0; p < 224; p++) for (a = 0; a < 224; a++) printf "beds,place %d,age=%d,2026-02,%d\n", p, a, 10 + a }' >"$tmp/many.csv"
run 0 as alpha import "$tmp/many.csv"
run 0 as delta trend beds --period 2026-02 -o json
json 'map([.value, .withheld])' '[[null,true]]'
like "why" "$(cat "$BB_STATE/measurement.log")" \
    'indicator "beds", 2026-02: all of it is withheld from who may not see small numbers: it has more than 50000 readings'
run 0 backbone trend beds --period 2026-02 -o json
json 'map(.withheld)' '[null]'

# a value that is corrected is told to staff, and to whom it belongs
notices() {
    out=$(as "$1" inbox ls -o json) &&
        [ "$(jq -c '[.[] | select(.kind == "notice" and .changes and .period == "2026-01") | [.indicator, .changes[0].organization, .changes[0].old_value, .changes[0].new_value]] | sort' <<<"$out")" = "$2" ]
}
for who in alpha delta; do
    run 0 as "$who" trend reach
    run 0 as "$who" trend twice
done
run 0 as alpha report reach 64 --place North --period 2026-01
soon 10 notices delta '[["reach","alpha",null,null],["twice","alpha",null,null]]' || echo "    got: $out"
ok
soon 10 notices alpha '[["reach","alpha",61,64],["twice","alpha",264,270]]' || echo "    got: $out"
ok
run 0 as delta inbox ls -o json
json '[.[] | select(.kind == "update") | .changes[] | keys[] | select(test("value|numerator"))]' '[]'
finish
