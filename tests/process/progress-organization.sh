#!/usr/bin/env bash
# Where one organization stands: its own figures, baseline and target; and its target in the trend.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'CSV'
code,name,unit,direction,frequency,organization_aggregation,baseline_period,baseline_value,target_period,target_value,targets
reach,Reach,,increase,yearly,sum,2020,100,2030,900,alpha@2025=60;alpha@2022=20;gamma@2025=7
rate,Rate,percent,increase,yearly,ratio,2020,40,2025,80,alpha@2024=90
seen,Seen,,increase,yearly,sum,,,2025,9,
idle,Idle,,increase,yearly,sum,,,2025,9,
CSV
for code in alpha beta gamma; do
    partner "$code" "${code^}" --joined 2000-01-01
done
observer watcher Watcher
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 as alpha indicator adopt reach idle --from 2000-01-01
run 0 as beta indicator adopt reach rate --from 2000-01-01
run_text 'indicator,period,value,numerator,denominator\nreach,2020,10,,\nreach,2021,20,,\nreach,2022,30,,\nrate,2021,,3,4\nrate,2022,,1,2\nseen,2022,4,,\n' 0 as alpha import -
run_text 'indicator,period,value,numerator,denominator\nreach,2022,5,,\nrate,2020,,1,4\nrate,2022,,3,10\n' 0 as beta import -
run_text 'indicator,disaggregation,period,value\nreach,sex=f,2022,1\nreach,age=1,2022,1\nreach,,2021,6\n' 0 as gamma import -

facts='[.organization, .indicator, .period, .value, .previous, .change, .movement, .reported, .expected]'
from='[.baseline_period, .baseline, .own_baseline, .change_since_baseline]'
aim='[.target_period, .target, .own_target, .distance, .on_track]'

# staff asks for any. Of a sum the baseline is its own figure of then, and so is the target: 2021-01-01 to 2026-01-01 are 1826
# days, to 2023-01-01 730: 10 + 50 * 730/1826 = 29.99, but at the end of 2022 there is a target of its own
run 0 backbone progress --organization Alpha -o json
json "map($facts)" '[["alpha","reach","2022",30,20,10,"improving",1,1],["alpha","rate","2022",50.000000,75.000000,-25.000000,"worsening",0,0],
    ["alpha","seen","2022",4,null,null,null,0,0],["alpha","idle",null,null,null,null,null,0,0]]'
json "map($from)" '[["2020",10,true,20],["2020",40,false,10.000000],[null,null,null,null],[null,null,null,null]]'
json "map($aim)" '[["2022",20,true,-10,true],["2024",90,true,40.000000,false],[null,null,null,null,null],[null,null,null,null,null]]'
# of a ratio that of all together stands for who has none of its own
run 0 backbone progress rate reach --organization beta -o json
json "map($facts)" '[["beta","rate","2022",30.000000,25.000000,5.000000,"improving",1,1],["beta","reach","2022",5,null,null,null,1,1]]'
json "map($from)" '[["2020",25.000000,true,5.000000],[null,null,null,null]]'
json "map($aim)" '[["2025",80,false,50.000000,false],[null,null,null,null,null]]'
# values by several dimensions, of it alone
run 0 backbone progress --organization gamma -o json
json 'map([.indicator, .period, .value, .ambiguous, .previous, .target])' '[["reach","2022",null,true,6,7]]'
run 0 backbone progress --organization gamma --period 2021 -o json
json 'map([.indicator, .period, .value, .ambiguous, .distance])' '[["reach","2021",6,null,1]]'
run 0 backbone progress reach -o json
json 'map([.organization, .own_target, .baseline_period, .baseline])' '[[null,null,"2020",100]]'

# a partner asks for itself, and nobody else for it, whether it shares its lines or not
run 0 as beta progress rate --organization beta -o json
json 'map(.value)' '[30.000000]'
run 0 backbone partner set alpha --share-own-line
run 77 as beta progress rate --organization alpha
like "another" "$err" 'organization "alpha" is another one than yours'
run 77 as watcher progress rate --organization alpha
run 65 backbone progress rate --organization nobody
run 64 backbone progress rate --organization ''
run 64 backbone progress rate --organization

# corrections are its own, and what was known before
like "as of" "$(backbone progress rate --organization beta 2>&1)" 'as of sequence'
run 0 backbone progress rate --organization beta -o json
sequence=${err##* }
run 0 as alpha report rate --numerator 6 --denominator 10 --period 2022
run 0 backbone progress rate --organization beta -o json
json 'map([.value, .corrected])' '[[30.000000,0]]'
run 0 backbone progress rate --organization alpha -o json
json 'map([.value, .corrected])' '[[60.000000,1]]'
run 0 backbone progress rate --organization alpha -o json --as-of "seq:$sequence"
json 'map([.value, .corrected])' '[[50.000000,0]]'

# small numbers are hidden from others, not from itself
run_text 'code,name,organization_aggregation,frequency,suppress_below,targets\nfew,Few,sum,yearly,5,alpha@2030=50\n' 0 backbone indicator define -
run 0 as alpha report few 3 --period 2022
run 0 as alpha progress few --organization alpha -o json
json 'map([.value, .distance, .withheld])' '[[3,47,null]]'
run 0 as beta progress few -o json
json 'map([.value, .withheld, .target])' '[[null,true,null]]'
run 0 as beta trend few --by organization -o json
json 'map([.organization, .value, .withheld, .target])' '[["alpha",null,true,50]]'

# computed from others: the parts are added up in one, and divided in the other
run_text 'code,name,direction,frequency,numerator_expression,denominator_expression,target_period,target_value\nboth,Both,increase,yearly,#{reach}+#{seen},,2025,9\nper,Per,increase,yearly,#{reach},#{seen},2025,9\n' 0 backbone indicator define -
run 0 backbone progress both per --organization alpha -o json
json "map($facts)" '[["alpha","both","2022",34,20,14,"improving",1,1],["alpha","per","2022",7.500000,null,null,null,1,1]]'
json "map($aim)" '[[null,null,null,null,null],["2025",9,false,1.500000,null]]'

# the trend: the one that comes next
run 0 backbone trend reach --by organization --period 2020..2021 -o json
json 'map([.organization, .period, .value, .target_period, .target])' '[["alpha","2020",10,"2022",20],["alpha","2021",20,"2022",20],["gamma","2021",6,"2025",7]]'
run 0 backbone trend rate --by organization --period 2022 -o json
json 'map([.organization, .target_period, .target])' '[["alpha","2024",90],["beta","2025",80]]'
run 0 backbone trend rate --by organization --per year -o json
json 'map(has("target_period"))|unique' '[true]'
run 0 backbone trend reach --by organization --place '' --period 2021 -o json
json 'map([.target_period, .target])' '[[null,null],[null,null]]'
run 0 backbone trend rate --by organization --place '' --period 2022 -o json
json 'map(.target)' '[90,80]'
run 0 backbone trend per --by organization --period 2020 -o json
json 'map([.organization, .target])' '[["alpha",9]]'
run 0 backbone trend rate --period 2022 -o json
json 'map([has("target_period"), .target])' '[[false,80]]'
run 0 backbone trend reach --by organization --period 2021 -o csv
like "columns" "$out" 'baseline,target_period,target'

# what people see
run 0 backbone trend reach --by organization --period 2021
like "targets" "$out" 'TARGET OF +TARGET'
like "alpha's" "$out" 'alpha +2021 +20 .* 2022 +20'
run 0 backbone trend seen --by organization
unlike "no target of its own" "$out" 'TARGET'
run 0 backbone progress rate --organization beta
like "of all" "$out" 'rate +2022 +30.000000 .* 2025 \(all\) +80'
run 0 backbone progress rate --organization alpha
like "its own" "$out" '2024 +90'
finish
