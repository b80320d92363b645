#!/usr/bin/env bash
# dhis2/malaria-foci: DHIS2's package for foci of malaria. Its indicators are computed from its data elements as its
# expressions say, blanks and a CR in them as they are; the thirteen values of its README, and none of one side alone.
needs=dhis2/malaria-foci
. "$(dirname "$0")/lib.sh"

default=HllvX50cXC0 # the combination of no disaggregation

{
    echo code,name,numerator_expression,denominator_expression,factor,decimals
    jq -r '.dataElements[] | [.id, .name, "", "", "", ""] | @csv' "$data/metadata.json"
    jq -r --arg default ".$default}" '
        (.indicatorTypes | map({(.id): .factor}) | add) as $factor
        | .indicators[]
        | [.id, .name] + ([.numerator, .denominator] | map(split($default) | join("}"))) +
          [$factor[.indicatorType.id], 4] | @csv' "$data/metadata.json"
} >"$tmp/indicators.csv"
is "a CR is in an expression" "$(grep -c $'#{enVf9I39FRZ}+\r #{vTRrNdOOT9g}' "$tmp/indicators.csv")" 1
{
    echo indicator,organization,place,disaggregation,period,value
    jq -r --arg default "$default" '
        .dataValues[] | select(.value | test("^[0-9]"))
        | [.dataElement, "bo", "Bo", if .categoryOptionCombo == $default then "" else "combo=" + .categoryOptionCombo end,
           .period, .value] | @csv' "$data/dataValues_bulk.json"
} >"$tmp/readings.csv"

run 0 backbone indicator define "$tmp/indicators.csv" -o json
json . '{"rows":94,"created":94,"updated":0,"unchanged":0,"rejected":0}'
run 0 backbone indicator define "$tmp/indicators.csv" -o json
json .unchanged 94
run 0 backbone partner add bo --name "Bo district" --role partner
run 0 backbone import "$tmp/readings.csv" -o json
counts rows=222 created=222 rejected=0

# indicator numerator denominator value
while read -r code numerator denominator value; do
    run 0 backbone trend "$code" --period 2019-12 -o json
    json "[.[] | [.period, .numerator, .denominator, .value]]" "[[\"2019-12\",$numerator,$denominator,$value]]"
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

# one side has no data; the placeholders have no inputs, so no periods
for code in SqFthnK8FJY bA6kgEyRkg0 tIWGvDkU6lb; do
    run 0 backbone trend "$code" --period 2019-12 -o json
    json 'map(select(.value != null)) | length' 0
done
for code in x2piMpdUU68 xZPfJVUrSsm yobFlvQGbSO; do
    run 0 backbone trend "$code" -o json
    json length 0
done

# nobody reports them, and they are no readings
run 65 backbone report K1DkT2kokjD 5 --organization bo --period 2019-12
like "why" "$err" "COMPUTED"
run 0 backbone readings ls --indicator K1DkT2kokjD -o json
json length 0

bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
