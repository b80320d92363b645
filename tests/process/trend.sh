#!/usr/bin/env bash
# What a trend adds up, and what it refuses to: places and aggregates, dimensions, organizations, ratios.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/places.csv" <<'END'
name,parent,alias,aggregate
State,,ST,true
North,State,N,
South,State,,false
END
cat >"$tmp/indicators.csv" <<'END'
code,name,unit,numerator,denominator,factor,decimals,organization_aggregation,baseline_period,baseline_value,target_period,target_value
count,A count,people,,,,,sum,2025,100,2030,200
rate,A rate,percent,those,all,,2,ratio,,,,
mean,A mean,days,,,,1,average,,,,
latest,The latest,level,,,,,last,,,,
defaulted,By its denominator,per thousand,births,women,1000,1,,,,,
END
run 0 backbone place import "$tmp/places.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
partner alpha Alpha
partner beta Beta

send() {
    cat >"$tmp/rows.csv"
    run 0 backbone import "$tmp/rows.csv" -o json
}
send <<'END'
indicator,organization,place,disaggregation,period,value,numerator,denominator
count,alpha,North,,2026,10,,
count,beta,South,,2026,20.5,,
count,alpha,State,,2026,1000,,
count,alpha,North,,2027,7,,
count,alpha,,,2027,70,,
rate,alpha,North,,2026,,1,3
rate,beta,South,,2026,,2,9
rate,alpha,State,,2026,,50,100
rate,alpha,North,,2027,12.5,,
rate,beta,South,,2027,,1,2
rate,beta,South,,2028,12.5,,
mean,alpha,North,,2026,1,,
mean,beta,North,,2026,2.5,,
latest,alpha,North,,2026,3,,
latest,beta,North,,2026,4,,
defaulted,alpha,North,,2026,,3,1000
defaulted,beta,North,,2026,,4,1000
END
counts rejected=0 created=17

trend() {
    run 0 backbone trend "$@" -o json
}
# without --place: the empty place where there is one, else the sum over places that are no aggregates
trend count
json '[.[] | [.period, .value, .readings, .organizations]]' '[["2026",30.5,2,2],["2027",70,1,1]]'
trend count --place North
json '[.[] | [.period, .value]]' '[["2026",10],["2027",7]]'
trend count --place N --place South
json '[.[] | [.period, .value]]' '[["2026",30.5],["2027",7]]'
trend count --place ST
json '[.[] | [.period, .value]]' '[["2026",1000]]'
trend count --period 2026 --by place
json '[.[] | [.place, .value]] | sort' '[["North",10],["South",20.5],["State",1000]]'
trend count --period 2026 --by organization
json '[.[] | [.organization, .value]] | sort' '[["alpha",10],["beta",20.5]]'
trend count --period 2020..2026
json '[.[].period]' '["2026"]'

# ratios
trend rate --period 2026
json '.[] | [.value, .numerator, .denominator, .without_parts]' '[25.00,3,12,0]'
trend rate --period 2027
json '.[] | [.value, .without_parts, .readings]' '[null,1,2]'
trend rate --period 2028
json '.[] | [.value, .readings]' '[12.5,1]'
trend defaulted
json '.[] | [.value, .numerator, .denominator]' '[3.5,7,2000]'
trend mean
json '.[] | .value' 1.8
trend latest
json '.[] | .value' 4

# one reading has the digits it was reported with; only what is computed is rounded to the indicator's decimals
send <<'END'
indicator,organization,place,period,value,numerator,denominator
count,alpha,North,2031,26.0,,
rate,alpha,North,2031,26.5,2.60,10.0
rate,alpha,North,2032,,2.60,9.0
latest,alpha,North,2032,4.10,,
latest,beta,North,2032,4.20,,
END
trend count --period 2031
like "digits as reported" "$out" '"value":26\.0,"numerator":null'
trend count --period 2031 --by organization
like "digits as reported, by organization" "$out" '"value":26\.0,'
trend rate --period 2031
like "and those of the parts" "$out" '"value":26\.5,"numerator":2\.60,"denominator":10\.0'
trend rate --period 2032
like "computed: rounded" "$out" '"value":28\.89,"numerator":2\.60,"denominator":9\.0,'
trend latest --period 2032
like "the last one" "$out" '"value":4\.20,'

# disaggregation: the total where it is reported, else the sum over the only dimension, else an error
send <<'END'
indicator,place,disaggregation,period,value
count,Town,sex=female,2026-01,3
count,Town,sex=male,2026-01,4
count,Town,,2026-02,9
count,Town,sex=female,2026-02,3
count,Town,sex=female,2026-03,1
count,Town,age=young,2026-03,2
END
trend count --period 2026-01
json '.[].value' 7
trend count --period 2026-02
json '.[].value' 9
run 65 backbone trend count --period 2026-03 -o json
like "the dimensions are listed" "$err" 'age.*sex|sex.*age'
trend count --period 2026-03 --disaggregation sex=female
json '.[].value' 1
trend count --period 2026-01 --by disaggregation
json '[.[] | [.disaggregation, .value]] | sort' '[["sex=female",3],["sex=male",4]]'

# organizations that count the same people: the greatest of each place and disaggregation, then the sum
cat >"$tmp/overlap.csv" <<'END'
code,name,numerator,denominator,decimals,organization_aggregation,overlap
reached,Reached,,,,,maximum
share,Share,those,all,2,,maximum
END
run 0 backbone indicator define "$tmp/overlap.csv"
run 0 backbone indicator show reached -o json
json '.overlap' '"maximum"'
send <<'END'
indicator,organization,place,disaggregation,period,value,numerator,denominator
reached,alpha,North,,2026,10,,
reached,beta,North,,2026,12,,
reached,alpha,South,,2026,5,,
reached,beta,South,,2026,4.5,,
reached,alpha,,,2027,5,,
reached,beta,,,2027,5.0,,
share,alpha,North,,2026,,9,10
share,beta,North,,2026,,10,40
share,beta,South,,2026,,1,2
END
trend reached
json '[.[] | [.period, .value, .organizations, .readings]]' '[["2026",17,2,4],["2027",5,2,2]]'
trend reached --by organization --period 2026
json '[.[] | [.organization, .value]]' '[["alpha",15],["beta",16.5]]'
trend reached --by place --period 2026
json '[.[] | [.place, .value]] | sort' '[["North",12],["South",5]]'
trend share
json '.[] | [.value, .numerator, .denominator, .readings]' '[0.26,11,42,3]'
run 0 as beta trend reached --by place -o json
json '[.[] | [.period, .value, .withheld]] | sort' '[["2026",null,true],["2026",12,null],["2027",5,null]]'
# another policy is another version, and what was asked for before is as it was
sequence=$(backbone status -o json | jq .measurement.head)
run_text 'code,name,overlap\nreached,Reached,sum\n' 0 backbone indicator define - -o json
trend reached --period 2026
json '.[].value' 31.5
trend reached --period 2026 --as-of "seq:$sequence"
json '.[].value' 17
run_text 'code,name,overlap\nbad,Bad,minimum\n' 65 backbone indicator define -
like "which there are" "$out$err" 'overlap.*found .minimum., expected sum or maximum'
run_text 'code,name,overlap,organization_aggregation\nbad,Bad,maximum,last\n' 65 backbone indicator define -
like "the last is one's" "$out$err" 'expected sum, as the organization_aggregation is last'

# one organization's total hides its own parts, and nobody else's
partner gamma Gamma
send <<'END'
indicator,organization,place,disaggregation,period,value,numerator,denominator,status
count,alpha,,,2041,100,,,
count,alpha,North,,2041,60,,,
count,beta,North,,2041,3,,,
count,beta,South,sex=female,2041,4,,,
count,beta,South,sex=male,2041,5,,,
count,gamma,,,2041,,,,missing
count,gamma,South,,2041,1000,,,
count,gamma,South,age=young,2041,7,,,
count,gamma,State,,2041,5000,,,
rate,alpha,,,2041,,10,100,
rate,alpha,North,,2041,,9,10,
rate,beta,North,,2041,,1,50,
rate,gamma,South,,2041,,4,50,
END
counts rejected=0 created=13
trend count --period 2041
json '.[] | [.value, .organizations, .readings]' '[1112,3,5]'
trend count --period 2041 --by organization
json '[.[] | [.organization, .value]] | sort' '[["alpha",100],["beta",12],["gamma",1000]]'
json 'map(.value) | add' 1112
trend count --period 2041 --by place
json '[.[] | [.place, .value]] | sort' '[["",100],["North",63],["South",1009],["State",5000]]'
trend count --period 2041 --by disaggregation
json '[.[] | [.disaggregation, .value]] | sort' '[["",1103],["age=young",7],["sex=female",4],["sex=male",5]]'
trend count --period 2041 --place South
json '.[] | [.value, .organizations]' '[1009,2]'
trend rate --period 2041
json '.[] | [.value, .numerator, .denominator]' '[7.50,15,200]'
run 0 as alpha trend count --period 2041 -o json
json '.[] | [.value, .organizations]' '[1112,3]'
run 0 as alpha trend count --period 2041 --by organization -o json
json '[.[] | [.organization, .value, .withheld]] | sort' '[["alpha",100,null],["beta",null,true],["gamma",null,true]]'
# several dimensions are an error where one organization has them and no total
send <<'END'
indicator,organization,place,disaggregation,period,value
count,beta,North,age=young,2042,1
count,beta,North,sex=female,2042,2
count,alpha,North,sex=female,2042,4
END
run 65 backbone trend count --period 2042 -o json
like "the organization and its dimensions are named" "$err" 'beta.*(age.*sex|sex.*age)'
send <<'END'
indicator,organization,place,period,value
count,beta,North,2042,8
END
trend count --period 2042
json '.[].value' 12

# what cannot be asked
run 65 backbone trend nonesuch
like "NOT_FOUND" "$err" 'nonesuch'
run 64 backbone trend
run 65 backbone trend count --period 2026-13
run 64 backbone trend count --by colour

# a changed definition is a new version
sed -i 's/^count,A count,people/count,A count,persons/' "$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone indicator show count -o json
json '[.code, .unit, .version]' '["count","persons",2]'
run 0 backbone indicator show mean -o json
json '.version' 1

# a place turned into an aggregate leaves the sums, and comes back
send <<'END'
indicator,place,period,value
count,East,2029,1
count,West,2029,2
END
trend count --period 2029
json '.[].value' 3
printf 'name,aggregate\nWest,true\n' >"$tmp/west.csv"
run 0 backbone place import "$tmp/west.csv"
trend count --period 2029
json '.[].value' 1

# why a line of figures has no value is told to people
run 0 backbone trend rate --period 2027
like "a line without a value" "$out" '2027 +no value +1 +2 +2 +2'
like "why" "$err" '^no value: a ratio over several readings takes the numerator and denominator of each'
run 0 backbone trend rate --period 2026
unlike "none" "$out$err" 'no value'
run 0 backbone trend rate --period 2027 -o json
json '.[0] | [.value, .without_parts]' '[null,1]'
unlike "data say it by themselves" "$err" 'no value'
finish
