#!/usr/bin/env bash
# What did we know then: what is listed beside the readings is of the moment asked for, too.
. "$(dirname "$0")/lib.sh"

head() { backbone status -o json | jq .measurement.head; }

partner alpha Alpha
run 0 backbone partner set alpha --joined 2020-01-01
nothing=$(head)
run_text 'code,name,unit,frequency\nreach,Reach,people,monthly\n' 0 backbone indicator define -
run 0 as alpha indicator adopt reach --from 2020-01-01
run_text 'indicator,period,value\nreach,2020-01,1\n' 0 as alpha import - -o json
first=$(jq -r .batch <<<"$out")
then=$(head)
time=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)

run_text 'code,name,unit,frequency\nreach,Reach,families,monthly\nlater,Later,people,yearly\n' 0 backbone indicator define -
run 0 backbone indicator retire later --from 2030-01-01
run 0 as alpha readings correct reach --period 2020-01 --value 2 --reason recount
run_text 'indicator,period,value\nreach,2020-02,1\n' 0 as alpha import - -o json
second=$(jq -r .batch <<<"$out")

for moment in "seq:$then" "$time"; do
    run 0 backbone indicator ls --as-of "$moment" -o json
    json 'map([.code, .unit, .version, .retired])' '[["reach","people",1,null]]'
    run 0 backbone indicator show reach --as-of "$moment" -o json
    json '[.unit, .version]' '["people",1]'
    run 65 backbone indicator show later --as-of "$moment"
    like "it was not there" "$err" 'indicator "later" was not defined yet'
    run 0 as alpha readings history reach --period 2020-01 --as-of "$moment" -o json
    json 'map([.revision, .value])' '[[1,1]]'
    run 65 as alpha readings history reach --period 2020-02 --as-of "$moment"
    run 0 as alpha batch ls --as-of "$moment" -o json
    json 'map(.batch)' "[\"$first\"]"
    run 0 as alpha batch show "$first" --as-of "$moment" -o json
    json 'map([.period, .value])' '[["2020-01",1]]'
    run 65 as alpha batch show "$second" --as-of "$moment"
    like "it had not come" "$err" 'no such batch'
done

# now
run 0 backbone indicator ls -o json
json 'map([.code, .unit, .version, .retired])' '[["reach","families",2,null],["later","people",2,"2030-01-01"]]'
run 0 as alpha readings history reach --period 2020-01 -o json
json 'map([.revision, .value])' '[[1,1],[2,2]]'
run 0 as alpha batch ls -o json
json 'length' 3

# before anything
run 0 backbone indicator ls --as-of "seq:$nothing" -o json
json . '[]'
run 0 as alpha batch ls --as-of 2000-01-01 -o json
json . '[]'

# what was owed then: of a sequence all of it, of a time what is of the 400 days before
run 0 as alpha due -o json --as-of "seq:$then"
json '[.[].period] | [contains(["2020-02"]), contains(["2020-01"])]' '[true,false]'
run 0 as alpha due -o json --as-of "$time"
json '[.[].period] | [length > 10, contains(["2020-02"])]' '[true,false]'
run 0 as alpha due -o json --as-of 2020-06-30
json '[.[].period]' '[]'

head=$(backbone status -o json | jq .measurement.head)
for command in 'indicator ls' 'indicator show reach' 'readings history reach --period 2020-01' 'batch ls' "batch show $first" due; do
    # shellcheck disable=SC2086
    run 64 backbone $command --as-of sometime
    like "what a moment is" "$err" 'expected a date, a time such as'
    # shellcheck disable=SC2086
    run 65 backbone $command --as-of "seq:$((head + 1))"
    like "a sequence that is still to come" "$err" "found sequence $((head + 1)), expected at most $head"
done
finish
