#!/usr/bin/env bash
# What stands beside the points of a trend: how many of the expected reports have come, and where the series breaks.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'END'
code,name,unit,frequency,time_aggregation,numerator_expression
reach,Reach,people,monthly,sum,
wait,Waiting,,monthly,sum,
both,Both,,monthly,,#{reach}+#{wait}
free,Free,,,sum,
END
partner alpha Alpha --joined 2000-01-01
partner beta Beta --joined 2000-01-01
partner gamma Gamma --joined 2000-01-01
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 as alpha indicator adopt reach wait --from 2000-01-01
run 0 as beta indicator adopt reach --from 2000-01-01
run 0 as gamma indicator adopt reach --from 2024-03-01 --until 2024-04-30
run_text 'indicator,period,value,status\nreach,2024-01,5,\nreach,2024-02,,missing\nreach,2024-03,7,\nwait,2024-03,1,\nreach,2024-Q1,9,\nfree,2024,1,\n' \
    0 as alpha import -
run_text 'indicator,place,period,value\nreach,North,2024-03,5\nreach,,2024-04,5\n' 0 as gamma import -

beside='[.period, .reported, .expected]'
run 0 backbone trend reach -o json
json "map($beside)" '[["2024-Q1",0,0],["2024-01",1,2],["2024-02",1,2],["2024-03",2,3],["2024-04",0,2]]'
run 0 backbone trend reach
like "in words" "$out" '2024-03 .* 2 of 3'
unlike "of nothing" "$out" '0 of 0'
run 0 backbone trend both -o json
json "map($beside)" '[["2024-Q1",0,0],["2024-01",1,3],["2024-02",1,3],["2024-03",3,4],["2024-04",0,3]]'
run 0 backbone trend reach --per quarter -o json
json "map($beside)" '[["2024-Q1",4,7],["2024-Q2",0,6]]'
run 0 backbone trend reach --per quarter --period 2024-02..2024-04 -o json
json "map($beside)" '[["2024-Q1",3,5],["2024-Q2",0,2]]'
run 0 backbone trend reach --by organization -o json
json 'map(has("expected")) | any' false
run 0 backbone trend reach --place North -o json
json 'map(has("expected")) | any' false
run 0 as beta trend reach --period 2024-03 -o json
json "map($beside)" '[["2024-03",2,3]]'
run 0 backbone progress reach both --period 2024-03 -o json
json 'map([.indicator, .reported, .expected])' '[["reach",2,3],["both",3,4]]'

# what comes afterwards is counted at once, and what is withdrawn is not any more
sequence=$(backbone status -o json | jq .measurement.head)
run_text 'indicator,period,value\nreach,2024-03,0\nreach,2024-04,2\n' 0 as beta import -
run 0 as gamma readings withdraw reach --period 2024-03 --place North --reason entry_error
run 0 backbone trend reach --period 2024-03..2024-04 -o json
json "map($beside)" '[["2024-03",2,3],["2024-04",1,2]]'
run 0 backbone trend reach --period 2024-03..2024-04 --as-of "seq:$sequence" -o json
json "map($beside)" '[["2024-03",2,3],["2024-04",0,2]]'
run 0 as beta indicator adopt reach --from 2000-01-01 --until 2024-04-01
run 0 backbone trend reach --period 2024-03..2024-04 -o json
json "map($beside)" '[["2024-03",2,3],["2024-04",0,1]]'

# another name is no break; another unit is one, from the first period that is reported so
run 0 backbone trend reach -o json
json 'map(has("breaks")) | any' false
run_text 'code,name,unit,frequency,time_aggregation\nreach,Reached,people,monthly,sum\n' 0 backbone indicator define -
run_text 'code,name,unit,frequency,time_aggregation,definition\nreach,Reached,households,monthly,sum,Whom we reach\n' \
    0 backbone indicator define -
run_text 'indicator,period,value\nreach,2024-05,3\nreach,2024-06,3\n' 0 as alpha import -
run_text 'indicator,period,value\nreach,2024-03,8\n' 0 as alpha import -
run 0 backbone trend reach -o json
json 'map(select(.breaks) | [.period, (.breaks[] | [.indicator, .version, .before, .changed])])' \
    '[["2024-05",["reach",3,1,["definition","unit"]]]]'
json '[.[].breaks // [] | .[] | .time[0:10]] | length' 1
run 0 backbone trend reach
like "a mark" "$out" '2024-05 \*'
like "what and when" "$out" '\* from 2024-05: reach is reported under version 3, before under version 1: definition, unit changed on 20[0-9][0-9]-'
run 0 backbone trend reach -o csv
like "as text" "$out" 'breaks'
run 0 backbone trend both -o json
json 'map(select(.breaks) | [.period, .breaks[].indicator])' '[["2024-05","reach"]]'
run 0 backbone trend reach --per quarter -o json
json 'map(select(.breaks) | .period)' '["2024-Q2"]'
run 0 backbone trend reach --by organization -o json
json 'map(select(.breaks) | [.organization, .period])' '[["alpha","2024-05"]]'
run 0 backbone trend reach --as-of "seq:$sequence" -o json
json 'map(has("breaks")) | any' false

# a reading carries the version it was reported under, and each revision its own
run 0 backbone readings ls --indicator reach --period 2024-03..2024-06 -o json
json 'map([.organization, .period, .revision, .version])' '[["alpha","2024-03",2,3],["beta","2024-03",1,1],["beta","2024-04",1,1],
    ["gamma","2024-04",1,1],["alpha","2024-05",1,3],["alpha","2024-06",1,3]]'
run 0 backbone readings history reach --period 2024-03 --organization alpha -o json
json 'map(.version)' '[1,3]'
run 0 backbone readings ls --indicator reach --period 2024-05 -o csv
like "in a file" "$out" ',version'

finish
