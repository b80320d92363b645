#!/usr/bin/env bash
# A locale that writes 1,5: numbers are read and written as ever, by the client and by the daemons. The locale is made
# here, from the sources that come with libc.
if [ -z "${BB_TEST_INSIDE:-}" ]; then
    LOCPATH=$(mktemp -d "${TMPDIR:-/tmp}/backbone-locale.XXXXXX")
    localedef --no-archive -i de_DE -f UTF-8 "$LOCPATH/de_DE.UTF-8" >/dev/null 2>&1
    export LOCPATH
    { export LC_ALL=de_DE.UTF-8; } 2>/dev/null # this shell looked for its locales before
    if [ "$(locale decimal_point 2>/dev/null)" != , ]; then
        rm -rf "$LOCPATH"
        echo "skipped: no comma locale can be made (localedef and /usr/share/i18n)"
        exit 111
    fi
fi
. "$(dirname "$0")/lib.sh"
trap 'rm -rf "$LOCPATH"; at_exit' EXIT
is "the locale has a comma" "$(locale decimal_point)" ,

cat >"$tmp/indicators.csv" <<'END'
code,name,unit,decimals,numerator,denominator,organization_aggregation,target_period,target_value
amount,Amount,litres,,,,sum,2030,2.75
rate,Rate,percent,2,those,all,ratio,,
END
run 0 backbone indicator define "$tmp/indicators.csv"
cat >"$tmp/readings.csv" <<'END'
indicator,place,period,value,numerator,denominator
amount,North,2026,1.5,,
amount,South,2026,1234567.25,,
rate,North,2026,,1,3
END
run 0 backbone import "$tmp/readings.csv" -o json
counts rows=3 created=3 rejected=0
run 0 backbone trend amount -o json
json '.[].value' 1234568.75
like "as written" "$out" '1234568\.75'
run 0 backbone trend rate -o json
like "rounded" "$out" '33\.33'
run 0 backbone trend amount -o csv
like "in CSV" "$out" '1234568\.75'
run 0 backbone readings ls --indicator amount -o csv
like "a reading in CSV" "$out" '1\.5'
run 0 backbone indicator show amount -o json
like "a target" "$out" '2\.75'

# JSON Lines and a comma where none belongs
printf '{"indicator":"amount","place":"East","period":"2026","value":0.5}\n' >"$tmp/readings.jsonl"
run 0 backbone import "$tmp/readings.jsonl" -o json
counts created=1
printf 'indicator,place,period,value\namount,West,2026,"1,5"\n' >"$tmp/comma.csv"
run 65 backbone import "$tmp/comma.csv" -o json
counts rejected=1 created=0

# the daemons' configuration, and one that runs with it
{ cat "$BB_STATE/measurement.conf" && printf 'map_size = "2G"\npending_rows = 1500\nbatch_idle = "90s"\n'; } >"$tmp/worker.conf"
run 0 backbone-measurement -c "$tmp/worker.conf" --print-config
like "a size" "$out" "map_size = '?2G"
like "a number" "$out" 'pending_rows = 1500'
like "a time" "$out" "batch_idle = '?90s"
cp "$tmp/worker.conf" "$BB_STATE/measurement.conf"
bb-supervise restart measurement
run 0 backbone trend amount -o json
json '.[].value' 1234569.25
finish
