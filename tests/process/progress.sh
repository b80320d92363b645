#!/usr/bin/env bash
# Where indicators stand: figures, changes, targets and the line to them, and who may see what.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'END'
code,name,direction,frequency,decimals,baseline_period,baseline_value,target_period,target_value,targets
reach,Reach,increase,yearly,,2020,10,2030,110,2024=70; alpha@2023=1
wait,Waiting,decrease,yearly,,2020,50,2025,25,
size,Size,,yearly,,,,,,
quiet,Quiet,increase,yearly,,,,2025,5,
split,Split,increase,yearly,,,,,,
END
partner alpha Alpha --joined 2000-01-01
partner beta Beta --joined 2000-01-01
partner gamma Gamma --joined 2000-01-01
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 as alpha indicator adopt reach wait quiet --from 2000-01-01
run 0 as beta indicator adopt reach wait --from 2000-01-01
run 0 as gamma indicator adopt reach --from 2022-01-01 --until 2023-06-01
run_text 'indicator,period,value\nreach,2021,5\nreach,2022,20\nreach,2023,30\nwait,2021,40\nwait,2022,30\nsize,2022,3\n' 0 as alpha import -
run_text 'indicator,period,value\nreach,2021,5\nreach,2022,20\nreach,2023,20\nwait,2022,10\nsize,2021,4\nsize,2022,4\nreach,2023-Q1,999\n' 0 as beta import -
run_text 'indicator,disaggregation,period,value\nsplit,sex=f,2022,1\nsplit,age=1,2022,1\n' 0 as alpha import -


facts='[.indicator, .period, .value, .previous_period, .previous, .change, .change_since_baseline, .movement]'
aim='[.indicator, .target_period, .target, .distance, .on_track, .reported, .expected]'
run 0 backbone progress -o json
json "map($facts)" '[["reach","2023",50,"2022",40,10,40,"improving"],["wait","2022",40,"2021",40,0,-10,"unchanged"],
    ["size","2022",7,"2021",4,3,null,"rising"],["quiet",null,null,null,null,null,null,null],
    ["split","2022",null,null,null,null,null,null]]'
# 2021-01-01 to 2025-01-01 are 1461 days, to 2024-01-01 1095: 10 + 60 * 1095/1461 = 54.97; to 2026-01-01 1826, to
# 2023-01-01 730: 50 - 25 * 730/1826 = 40.005
json "map($aim)" '[["reach","2024",70,20,false,2,2],["wait","2025",25,-15,true,2,2],["size",null,null,null,null,0,0],
    ["quiet","2025",5,null,null,0,0],["split",null,null,null,null,0,0]]'
json 'map(select(.ambiguous).indicator)' '["split"]'
json 'map(.corrected)' '[0,0,0,null,0]'
like "as of" "$err" '^as of sequence [0-9]+$'
sequence=${err##* }

# of a period: the latest within it
run 0 backbone progress reach Quiet wait --period 2022 -o json
json "map($facts)" '[["reach","2022",40,"2021",10,30,30,"improving"],["quiet",null,null,null,null,null,null,null],
    ["wait","2022",40,"2021",40,0,-10,"unchanged"]]'
json "map($aim)" '[["reach","2024",70,30,true,2,3],["quiet","2025",5,null,null,0,1],["wait","2025",25,-15,true,2,2]]'
run 0 backbone progress reach --period 2023-Q1 -o json
json 'map(.period)' '[null]'
run 0 backbone progress reach --period 2016-2022 -o json
json 'map(.period)' '["2022"]'

# a line of one organization is nobody else's business
run 0 as alpha progress wait -o json
json "map($facts)" '[["wait","2022",40,"2021",40,0,-10,"unchanged"]]'
run 0 as beta progress wait -o json
json "map($facts)" '[["wait","2022",40,"2021",null,null,-10,"improving"]]'
run 0 as beta progress split size --period 2021 -o json
json 'map([.indicator, .value, .withheld])' '[["split",null,null],["size",4,null]]'
observer watcher Watcher
run 0 as watcher progress wait size --period 2021 -o json
json 'map([.value, .withheld, .change, .movement, .on_track, .corrected])' '[[null,true,null,null,null,null],[null,true,null,null,null,null]]'
run 0 as watcher progress reach -o json
json "map($aim)" '[["reach","2024",70,20,false,2,2]]'

# what has not begun is said when it is sent, once for each period, and is neither the latest nor the previous
run_text 'indicator,place,period,value\nreach,,9999,1\nreach,North,9999,1\nreach,,2206,1\n' 0 as alpha import - -o json --warnings "$tmp/warnings.csv"
counts created=3 warnings=2
plans=$(jq -r .batch <<<"$out")
like "how many" "$err" "found '9999', expected of 'reach' a period that has begun: this one begins on 9999-01-01 \[NOT_BEGUN\], of 2 rows"
is "which" "$(grep -c 'NOT_BEGUN,period' "$tmp/warnings.csv")" 2
run 0 backbone progress reach -o json
json "map($facts)" '[["reach","2023",50,"2022",40,10,40,"improving"]]'
run 0 backbone progress reach --period 2206 -o json
json "map($facts)" '[["reach",null,null,null,null,null,null,null]]'
run 0 as alpha batch undo "$plans"
{
    echo 'indicator,place,period,value'
    for i in {1..2500}; do echo "reach,P$i,9998,$i"; done
    echo 'size,,9998,1'
} >"$tmp/plan.csv"
run 0 as alpha import "$tmp/plan.csv" --dry-run -o json
counts created=2501 warnings=2
is "once a file" "$(grep -c NOT_BEGUN <<<"$err")" 2
run 0 as alpha import "$tmp/plan.csv" -o json --warnings "$tmp/warnings.csv"
counts created=2501 warnings=2
like "of all submissions" "$err" "row 1 \(line 2\), period: warning: found '9998', expected of 'reach' .*, of 2500 rows"
like "of one row" "$err" "row 2501 \(line 2502\), period: warning: found '9998', expected of 'size' [^]]*\\]$"
is "in the file" "$(cut -d, -f1 "$tmp/warnings.csv" | tr '\n' ' ')" 'indicator reach size '
plans=$(jq -r .batch <<<"$out")
run 0 as alpha import "$tmp/plan.csv" -o json --batch "$plans"
counts duplicate=2501 warnings=2
run 0 as alpha batch undo "$plans"

# a correction, and what was known before
run 0 as alpha report reach 35 --period 2023
run 0 backbone progress reach -o json
json "map($facts)" '[["reach","2023",55,"2022",40,15,45,"improving"]]'
json 'map([.on_track, .corrected])' '[[true,1]]'
run 0 backbone progress reach --as-of "seq:$sequence" -o json
json "map($facts)" '[["reach","2023",50,"2022",40,10,40,"improving"]]'
json 'map([.on_track, .corrected])' '[[false,0]]'
run 0 backbone progress --as-of 2001-01-01 -o json
json . '[]'

# of what is computed, from its inputs' points: 40/7, 10/4; nobody has reported size for 2023
run_text 'code,name,direction,numerator_expression,denominator_expression,decimals,frequency\nper,Per size,increase,#{reach},#{size},2,yearly\nhalf,Half,,#{split}/2,,,yearly\n' 0 backbone indicator define -
run 0 backbone progress per half --period 2022 -o json
json 'map([.indicator, .value, .numerator, .denominator, .previous, .change, .movement, .corrected, .ambiguous])' \
    '[["per",5.71,40,7,2.50,3.21,"improving",null,null],["half",null,null,null,null,null,null,null,true]]'
run 0 backbone progress per -o json
json 'map([.period, .value])' '[["2023",null]]'
run 0 as watcher progress per --period 2021 -o json
json 'map([.value, .withheld])' '[[null,true]]'
run 0 backbone indicator retire per --from 2000-01-01
run 0 backbone indicator retire half --from 2000-01-01

# what is retired is not listed, but told
run 0 backbone indicator retire wait --from 2023-01-01
run 0 backbone progress -o json
json 'map(.indicator)' '["reach","size","quiet","split"]'
run 0 backbone progress wait -o json
json 'map(.value)' '[40]'
run 0 backbone progress --period 2022 -o json
json 'map(.indicator)' '["reach","wait","size","quiet","split"]'

# what people see
run 0 backbone progress
like "words" "$out" 'reach +2023 +55 +40 +15 +45 +improving +2024 +70 +15 +on track +2 +2'
like "no data" "$out" 'quiet +no data'
like "no total" "$out" 'split +2022 +no total'
run 0 as watcher progress wait --period 2021
like "withheld" "$out" 'wait +2021 +withheld'
like "why" "$err" 'withheld: figures of a single organization'

run 65 backbone progress nope
run 65 backbone progress reach --period soon
run 65 backbone progress reach --period 2021-13
run 64 backbone progress --period ''
run 64 backbone progress --as-of sometime
run 64 backbone progress --as-of 9999-01-01
like "what is still to come" "$err" '--as-of 9999-01-01: is still to come'
run 65 backbone progress $(printf 'reach %.0s' {1..1001})
like "how many" "$err" '1001 indicators, expected at most 1000'
finish
