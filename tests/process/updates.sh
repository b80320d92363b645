#!/usr/bin/env bash
# Readings that come are told on the channel of their indicator; and a value that is corrected to everybody who had been
# given the old one, or follows the indicator, with the figures where they may be read.
. "$(dirname "$0")/lib.sh"

run_text 'code,name,unit,denominator\nready,Readiness,percent,children\nother,Other,,\n' 0 backbone indicator define -
partner alpha Alpha --share-own-line
for code in beta gamma delta; do
    partner "$code" "The $code"
done
observer watcher Watcher
run 0 as delta subscribe indicator/ready

# who has read something
run 0 as alpha report ready --numerator 1 --denominator 2 --period 2025
sequence=$(backbone status -o json | jq .measurement.head)
run 0 as beta report ready 40 --period 2025
run 0 as beta readings ls --indicator ready -o json
json '[.[].value]' '[50,40]'
run 0 as watcher trend ready -o json
run 0 as gamma readings ls --indicator ready --as-of "seq:$sequence" -o json
run 0 as gamma trend other -o json
inbox_has delta '[.[].subject]' '["Readiness: 1 new","Readiness: 1 new"]'

# a correction, after a start of the worker that gave the values
bb-supervise kill measurement
bb-supervise start measurement
run 0 as alpha report ready --numerator 3 --denominator 4 --period 2025
inbox_has beta '[.[] | [.channel, .kind, .indicator, .period]]' '[["org/beta","notice","ready","2025"]]'
json '.[0].changes[0] | [.organization, .old_value, .new_value]' '["alpha",50,75]'
json '.[0].author' '"communication/communication"'
inbox_has watcher '[.[] | .channel]' '["org/watcher"]'
json '.[0].changes[0] | [.organization, .periods, .old_value, .new_value]' '["alpha",["2025"],null,null]'
inbox_has delta '[.[] | .channel]' '["indicator/ready","indicator/ready","indicator/ready","org/delta"]'
json '.[2].subject' '"Readiness: 1 updated"'
json '.[3].changes[0] | [.old_value, .new_value]' '[50,75]'

# what is not shared is named without figures; a state is a correction, a comment is none
run 0 as beta report ready --missing --period 2025
inbox_has delta '[.[] | select(.kind == "notice") | .changes[0] | [.organization, .old_value, .new_value]]' \
    '[["alpha",50,75],["beta",null,null]]'
inbox_has beta '[.[] | .changes[0] | [.organization, .old_value, .new_value, .new_status]]' \
    '[["alpha",50,75,null],["beta",40,null,"missing"]]'
run 0 as beta report ready --missing --period 2025 --comment 'none was taken'
inbox_has delta '[.[] | select(.kind == "update")] | length' 5
inbox_has delta '[.[] | select(.kind == "notice")] | length' 2

# nobody else is told; nobody can write as the service
for who in gamma alpha; do
    run 0 as "$who" inbox ls -o json
    json length 0
done
run 0 backbone inbox ls -o json
json length 0
run 77 as alpha post indicator/ready 'Not an update'

# a batch of a file is told once
printf 'indicator,period,value\nready,2023,1\nready,2024,2\nother,2024,3\n' >"$tmp/rows.csv"
run 0 as alpha import "$tmp/rows.csv" -o json
counts created=3
inbox_has delta '[.[] | select(.kind == "update")] | [length, .[-1].subject, .[-1].changes[0].periods]' \
    '[6,"Readiness: 2 new",["2023","2024"]]'
run 0 as alpha import "$tmp/rows.csv" -o json
counts unchanged=3
run 0 as alpha report ready 5 --period 2022
inbox_has delta '[.[] | select(.kind == "update")] | [length, .[-1].changes[0].periods]' '[7,["2022"]]'

# a store from before there was a record, or one that lost it: who was given what stands there is not known, so all are told
bb-supervise stop measurement
rm -r "$BB_STATE/measurement/given"
run 0 backbone-measurement --check-config -c "$BB_STATE/measurement.conf"
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
bb-supervise start measurement
run 0 as gamma inbox ls -o json
json length 0
run 0 as alpha report ready 6 --period 2022
inbox_has gamma '[.[] | [.kind, .changes[0].old_value, .changes[0].new_value]]' '[["notice",5,6]]'
run 0 as alpha report ready 7 --period 2021
run 0 as alpha report ready 8 --period 2021
inbox_has delta '[.[] | select(.kind == "update")] | length' 10
inbox_has gamma length 1
finish
