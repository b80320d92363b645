#!/usr/bin/env bash
# dhis2/malaria-foci: DHIS2's package for foci of malaria. Its indicators are computed from its data elements as its
# expressions say, blanks and a CR in them as they are; the thirteen values of its README, and none of one side alone.
# Metadata and organisation units are imported as they are.
needs=dhis2/malaria-foci
. "$(dirname "$0")/lib.sh"

# 75 data elements and 19 indicators, of which three are placeholders: "-1" where their data should be
run 65 backbone indicator define "$data/metadata.json" -o json
json . '{"rows":94,"created":91,"updated":0,"unchanged":0,"rejected":3}'
for code in x2piMpdUU68 xZPfJVUrSsm yobFlvQGbSO; do
    like "why" "$err" "metadata.json: indicators $code, numerator: found '-1', expected data elements, as in #.ID.: a number alone holds the place of data that is not there \[BAD_VALUE\]"
done
for code in x2piMpdUU68 xZPfJVUrSsm yobFlvQGbSO; do
    run 65 backbone indicator show "$code"
done
run 65 backbone indicator define "$data/metadata.json" -o json
json .unchanged 91
run 0 backbone indicator show sl7EVPFXps8 -o json
json '[.factor, .unit, .denominator_expression]' '[100,"percent","#{enVf9I39FRZ}+\r #{vTRrNdOOT9g}"]'
run 0 backbone indicator show RLxhxT7sO0R -o json
json '[.factor, .unit, .numerator_expression, .denominator_expression]' '[1,null,"#{kC0lyoKVBqC}","1"]'
run 0 backbone indicator ls -o json
json '[.[] | select(.numerator_expression == null) | .unit] | map(select(. == "boolean")) | length' 9
json '[.[] | select(.minimum == 0 and .decimals == 0)] | length' 74
json '[.[] | .frequency] | group_by(.) | map([.[0], length])' '[[null,18],["monthly",66],["yearly",7]]'

# five units in four levels, found by name, id or code; Bo has data of its own beside that of who is in it
run 0 backbone place import "$data/organisation-units-metadata.json" -o json
json . '{"rows":5,"created":5,"updated":0,"unchanged":0,"rejected":0}'
run 0 backbone place ls -o json
json 'map([.name, .parent, .alias, .aggregate])[1]' '["Bo","Sierra Leone",["O6uvpzGd5pu","OU_264"],false]'

# 222 numbers and nine of true and false, all of Bo
run 0 backbone partner add bo --name "Bo district" --role partner
run 0 backbone import "$data/dataValues_bulk.json" --organization bo -o json
counts rows=231 created=231 rejected=0 warnings=0
run 0 backbone import "$data/dataValues_bulk.json" --organization bo -o json
counts unchanged=231
run 0 backbone readings ls -o json
json 'map(select(.period == "2019-12") | .value) | length' 222
json '[.[] | .place] | unique' '["Bo"]'
json 'group_by(.period) | map([.[0].period, (map(.value) | add)])' '[["2018",2548032],["2019-12",52901]]' # six are true
run 0 backbone export "$tmp/values.json" --format dhis2-json
is "true and false come out as they came" \
    "$(jq -c '[.dataValues[] | select(.value | test("^[tf]")) | [.dataElement, .value]] | sort' "$tmp/values.json")" \
    "$(jq -c '[.dataValues[] | select(.value | test("^[tf]")) | [.dataElement, .value]] | sort' "$data/dataValues_bulk.json")"
run 0 backbone import "$tmp/values.json" --organization bo -o json
counts unchanged=231

# indicator numerator denominator value
while read -r code numerator denominator value; do
    run 0 backbone trend "$code" --period 2019-12 -o json
    json "[.[] | [.period, .numerator, .denominator, (.value * 10000 | round) / 10000]]" \
        "[[\"2019-12\",$numerator,$denominator,$value]]"
done <<'END'
K1DkT2kokjD 1500 2710 55.3506
dKbHt6OB5x1 617 620 99.5161
AdyubP1OaxP 617 620 99.5161
RLxhxT7sO0R 900 1 900
npqu6fhBVpe 247 1 247
rPYLomUceL4 1180 1 1180
N8S7Vnntced 30 900 0.0333
bZojnzkbvrZ 1300 1180 110.1695
Uzmk0S9IwWn 616 1106 55.6962
EEuvMCljxc9 392 1106 35.4430
oAJpTsMsRxv 870 1210 71.9008
QHcjn7FHI2w 310 1500 20.6667
sl7EVPFXps8 1500 1180 127.1186
END

# one side has no data
for code in SqFthnK8FJY bA6kgEyRkg0 tIWGvDkU6lb; do
    run 0 backbone trend "$code" --period 2019-12 -o json
    json 'map(select(.value != null)) | length' 0
done
# nobody reports them, and they are no readings
run 65 backbone report K1DkT2kokjD 5 --organization bo --period 2019-12
like "why" "$err" "COMPUTED"
run 0 backbone readings ls --indicator K1DkT2kokjD -o json
json length 0

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
