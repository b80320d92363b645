#!/usr/bin/env bash
# Indicators that are computed from others: what a definition may say, and what their trend shows to whom.
. "$(dirname "$0")/lib.sh"

partner alpha Alpha --joined 2000-01-01
partner beta Beta
partner gamma Gamma --share-own-line
cat >"$tmp/indicators.csv" <<'END'
code,name,unit,numerator_expression,denominator_expression,decimals,frequency,minimum
tested,Tested,persons,,,0,yearly,0
positive,Positive,persons,,,0,yearly,0
3.2.1,With points,persons,,,,yearly,0
positivity,Positivity,percent,#{positive},#{tested},2,yearly,
half,Half of it,,#{positivity}/2,,4,yearly,
women,Women among the positive,percent,#{positive.sex=f},#{positive},1,yearly,
nobody,A sex that nobody reported,,#{positive.sex=x},,,yearly,
spread,Operators,,-(#{tested}-#{ positive })*2.5 + #{'3.2.1'},,,yearly,
END
run 0 backbone indicator define "$tmp/indicators.csv" -o json
json .created 8
run 0 backbone indicator show positivity -o json
json '[.numerator_expression, .denominator_expression]' '["#{positive}","#{tested}"]'

# --- what is refused
refused() {
    run_text "code,name,numerator_expression,denominator_expression\n$1\n" 65 backbone indicator define -
    like "why: $1" "$err" "$2"
}
refused 'x,X,#{nonesuch},' "UNKNOWN_INDICATOR.*numerator_expression|numerator_expression.*found 'nonesuch', expected the code of a defined indicator"
refused 'x,X,1,#{Tested}' "denominator_expression.*found 'Tested'"
refused 'x,X,#{tested}+,' 'numerator_expression.*at byte 11'
refused 'x,X,,#{tested}' "denominator_expression.*nothing without a numerator_expression"
refused 'x,X,#{x}+1,' 'found a cycle: x is computed from itself'
refused 'positivity,Positivity,#{half}*2,' 'found a cycle: positivity is computed from half, half from positivity'
refused 'positivity,Positivity,1,#{half}' 'found a cycle'
run 65 as alpha report positivity 5 --period 2024
like "no reading" "$err" "found 'positivity', expected an indicator that is reported.*COMPUTED"
run 65 as alpha template positivity --period 2024
like "nothing to fill in" "$err" 'positivity: it is computed from other indicators, so there is nothing to fill in .COMPUTED.'
unlike "no row of it" "$out" positivity
run 0 backbone indicator adopt positivity tested --organization alpha --from 2000-01-01
run 0 backbone reporting --period 2024 -o json
json 'map(.indicator)' '["tested"]'

# --- what is shown
cat >"$tmp/readings.csv" <<'END'
indicator,organization,disaggregation,period,value
tested,alpha,,2023,300
tested,beta,,2023,400
positive,alpha,sex=f,2023,1
positive,alpha,sex=m,2023,2
positive,beta,,2023,4
tested,alpha,,2024,0
positive,alpha,,2024,0
positive,gamma,,2025,7
tested,gamma,,2026,70
3.2.1,gamma,,2026,0.125
END
run 0 backbone import "$tmp/readings.csv"
run 0 backbone trend positivity -o json
json '[.[] | [.period, .numerator, .denominator, .value, .organizations, .readings]]' \
    '[["2023",7,700,1,2,5],["2024",0,0,null,1,2],["2025",7,null,null,1,1],["2026",null,70,null,1,1]]'
run 0 backbone trend half -o json
json '[.[] | [.period, .value]]' '[["2023",0.5],["2024",null],["2025",null],["2026",null]]'
# an input that has readings and no value is not one without data
run_text 'code,name,numerator_expression,decimals\nboth,Both,#{positivity}+#{tested},0\n' 0 backbone indicator define -
run 0 backbone trend both -o json
json '[.[] | [.period, .value]]' '[["2023",701],["2024",null],["2025",null],["2026",null]]'
run 0 backbone trend women --period 2023 -o json
json '[.[] | [.numerator, .denominator, .value]]' '[[1,7,14.3]]'
run 0 backbone trend nobody -o json
json length 0
run 0 backbone trend spread --period 2026 -o json
json '.[].value' -174.875
run 0 backbone trend positivity --by organization --period 2023 -o json
json '[.[] | [.organization, .numerator, .denominator, .value]]' '[["alpha",3,300,1],["beta",4,400,1]]'
run 0 backbone trend positivity --disaggregation sex=f --period 2023 -o json
json '[.[] | [.numerator, .denominator, .value]]' '[[1,null,null]]'
run 0 backbone trend positivity --by disaggregation --period 2023 -o json
json '[.[] | [.disaggregation, .value]]' '[["",0.57],["sex=f",null],["sex=m",null]]'
run 65 backbone trend women --disaggregation sex=m
like "one of another" "$err" '"women" is computed from the disaggregation "sex=f"'
run 65 backbone trend women --by disaggregation
like "by each" "$err" '"women" is computed from the disaggregation "sex=f"'

# --- what is withheld: what follows from one organization's figure alone
run 0 as beta trend positivity -o json
json '[.[] | [.period, .value, .withheld]]' '[["2023",1,null],["2024",null,true],["2025",null,null],["2026",null,null]]'
run 0 as beta trend half --period 2024 -o json
json '.[] | [.value, .withheld]' '[null,true]'
run 0 as beta trend women --period 2023 -o json
json '.[] | [.numerator, .denominator, .value, .withheld]' '[null,null,null,true]'
run 0 as alpha trend women --period 2023 -o json
json '.[].value' 14.3
run 0 as beta trend positivity --by organization --period 2023 -o json
json '[.[] | [.organization, .value, .readings, .withheld]]' '[["alpha",null,0,true],["beta",1,2,null]]'

# --- what was known before
run 0 backbone trend positivity --period 2023 -o json
sequence=$(backbone status -o json | jq .measurement.head)
run 0 as alpha report tested 380 --period 2023
run 0 backbone trend half --period 2023 -o json
json '.[].value' 0.4487
run 0 backbone trend half --period 2023 --as-of "seq:$sequence" -o json
json '.[].value' 0.5
run_text 'code,name,unit,numerator_expression,denominator_expression,decimals\npositivity,Positivity,percent,#{positive}*2,#{tested},2\n' \
    0 backbone indicator define -
run 0 backbone trend half --period 2023 -o json
json '.[].value' 0.8974
run 0 backbone trend half --period 2023 --as-of "seq:$sequence" -o json
json '.[].value' 0.5

# --- longer periods: sums, means, the last one, ratios of sums; what is computed is from those
cat >"$tmp/monthly.csv" <<'END'
code,name,unit,numerator,denominator,decimals,frequency,time_aggregation,numerator_expression,denominator_expression
visits,Visits,,,,,monthly,sum,,
beds,Beds,,,,2,monthly,average,,
staff,Staff,,,,,monthly,last,,
rate,Rate,percent,those,all,1,monthly,,,
plain,Neither,,,,,monthly,,,
visits-per-bed,Visits a bed,,,,2,monthly,,#{visits},#{beds}
END
run 0 backbone indicator define "$tmp/monthly.csv"
cat >"$tmp/months.csv" <<'END'
indicator,organization,period,value,numerator,denominator
visits,alpha,2024-01,1.5,,
visits,beta,2024-01,2,,
visits,alpha,2024-03,3,,
visits,alpha,2024-04,10,,
visits,alpha,2024-Q1,999,,
beds,alpha,2024-01,10,,
beds,alpha,2024-02,10,,
beds,alpha,2024-03,11,,
staff,alpha,2024-02,7,,
staff,alpha,2024-03,5.0,,
rate,alpha,2024-01,,1,2
rate,beta,2024-01,,1,2
rate,alpha,2024-02,,0,98
rate,beta,2024-02,,0,98
plain,alpha,2024-01,1,,
END
run 0 backbone import "$tmp/months.csv"
run 0 backbone trend visits --per quarter -o json
json '[.[] | [.period, .value, .organizations, .readings]]' '[["2024-Q1",6.5,2,3],["2024-Q2",10,1,1]]'
json '[.[] | [.periods, .periods_expected]]' '[[2,3],[1,3]]'
run 0 backbone trend visits --per quarter
like "what is missing" "$out" '2 of 3'
like "said" "$err" 'periods: some of those that a longer one is made of have no data'
run 0 backbone trend visits --per year --by organization -o json
json '[.[] | .periods]' '[3,1]'
json '[.[] | [.period, .organization, .value]]' '[["2024","alpha",14.5],["2024","beta",2]]'
run 0 backbone trend visits --per school_year --period 2024-02.. -o json
json '[.[] | [.period, .value]]' '[["2023/2024",13]]'
run 0 backbone trend beds --per quarter -o json
json '[.[] | [.period, .value]]' '[["2024-Q1",10.33]]'
run 0 backbone trend staff --per quarter -o json
json '[.[] | [.period, .value]]' '[["2024-Q1",5]]'
run 0 backbone trend rate --per quarter -o json
json '[.[] | [.numerator, .denominator, .value]]' '[[2,200,1]]'
run 0 backbone trend visits-per-bed --per quarter -o json
json '[.[] | [.period, .denominator, .value]]' '[["2024-Q1",10.33,0.63],["2024-Q2",null,null]]'
json '[.[] | [.periods, .periods_expected]]' '[[2,3],[0,3]]'
run 0 as beta trend visits --per year -o json
json '[.[] | [.value, .withheld]]' '[[null,true]]'
run 0 as beta trend rate --per year -o json
json '[.[] | [.value, .withheld]]' '[[1,null]]'
run 65 backbone trend plain --per quarter
like "neither" "$err" '"plain" has no time_aggregation, and is no ratio'
run 65 backbone trend visits --per week
like "too long" "$err" 'the period 2024-01 is not within 2024-W01'
run 65 backbone trend visits --per fortnight
like "what it may be" "$err" 'per "fortnight": expected week, month, quarter'

# --- and after a restart there is still no way round
bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
bb-supervise start measurement
refused 'positivity,Positivity,#{half}*2,' 'found a cycle: positivity is computed from half, half from positivity'
finish
