#!/usr/bin/env bash
# A map for a file that nobody has described: what is proposed is a map that import takes, and says what was seen.
. "$(dirname "$0")/lib.sh"

define_sample

# suggested FILE: its map in $tmp/map.json
suggested() {
    run 0 backbone map suggest "$1" --save "$tmp/map.json"
    is "the map's file alone" "$out" ''
}
# of FILTER: of the map
of() {
    jq -c "$1" "$tmp/map.json"
}

# --- names that are registered, a header below titles, words for no value
cat >"$tmp/absence 2019-20.csv" <<'CSV'
"Chronic Absenteeism, 2019-20",,,
,,,
"District","District Code","Race/Ethnicity","% Chronically Absent"
"Bridgeport School District","=""0150011""","White",12.5
"Bridgeport School District","=""0150011""","Black or African American","*"
"Hartford School District","=""0640011""","White",N/A
CSV
suggested "$tmp/absence 2019-20.csv"
is "names are registered, codes are not" "$(of .reading.organization)" '"{District}"'
is "the period" "$(of .capture[0].from)" '"title"'
is "words for no value" "$(of '[.missingValues[] | .label]')" '["suppressed","not_applicable"]'
like "why" "$err" 'absence 2019-20.csv: "District": the organization, by what is registered \(100 of 100 cells are\)'
like "what is not defined" "$err" 'the indicator chronically-absent, which is still to be defined'
run_text 'code,name,unit\nchronically-absent,Chronically absent,percent\n' 0 backbone indicator define -
run 0 backbone import "$tmp/absence 2019-20.csv" --map "$tmp/map.json" --explain
run 0 backbone import "$tmp/absence 2019-20.csv" --map "$tmp/map.json" -o json
counts rows=3 created=3 rejected=0 suppressed=1 missing=1
run 0 backbone readings ls --indicator chronically-absent -o json
is "as it was written" "$(jq -c '[.[] | select(.value) | [.period, .disaggregation, .value]]' <<<"$out")" \
    '[["2019/2020","race-ethnicity=White",12.5]]'
suggested "$tmp/absence 2019-20.csv"
like "what is defined" "$err" 'the indicator chronically-absent, which is defined'

# --- on standard output; from standard input
run_with "$tmp/absence 2019-20.csv" 0 backbone map suggest -
is "a map" "$(jq -r .format <<<"$out")" csv
is "with what was seen" "$(jq '.seen | length > 3' <<<"$out")" true

# --- without a context, and with one that does not answer
BACKBONE_CONFIG_DIR=$tmp/nowhere run 0 backbone map suggest "$tmp/absence 2019-20.csv"
like "said" "$err" 'there is no context, so names are not compared with what is registered$'
run 0 backbone context add deaf --endpoint ipc:///nonexistent/admin.sock
run 0 backbone map suggest "$tmp/absence 2019-20.csv" --context deaf
like "said" "$err" 'names are not compared with what is registered: '

# --- our own files need no words
suggested "$sample/readings.csv"
run 0 backbone import "$sample/readings.csv" -o json
rows=$(jq .rows <<<"$out")
run 0 backbone import "$sample/readings.csv" --map "$tmp/map.json" -o json
counts rows="$rows" unchanged="$rows"

# --- periods as people write them
cases() { # TEXT PERIODS: of the readings by the map that is suggested
    printf '%b' "$1" >"$tmp/cases.csv"
    suggested "$tmp/cases.csv"
    run 0 backbone import "$tmp/cases.csv" --map "$tmp/map.json" --explain -o json
    is "periods" "$(jq -c '[.[] | select(.name == "period" and .reading > 0) | .became] | unique' <<<"$out")" "$2"
}
cases 'Town,Date,Cases\nP,15/9/2019,5\nQ,01/10/2019,6\n' '["2019-09-15","2019-10-01"]'
cases 'Town,Month,Cases\nP,Sept. 2019,5\nQ,October 2019,6\n' '["2019-09","2019-10"]'
cases 'Town,Year,Month,Cases\nP,2019,January,5\nQ,2019,Dec,6\n' '["2019-01","2019-12"]'
cases 'Town,Q1 2020,Q2 2020\nP,5,6\nQ,7,8\n' '["2020-Q1","2020-Q2"]'
cases 'Form 10234\nYear 2019\nTown,Cases\nP,5\nQ,7\n' '["2019"]'
cases 'Form 1023,\n\nYear 2019,\nTown,Cases\nP,5\nQ,7\n' '["2019"]'
cases 'Form 1023 of 2019\nTown,Cases\nP,5\nQ,7\n' '["2019"]'
cases 'FAQ1 2018\nQ1 20185\nQ3 2019\nTown,Cases\nP,5\nQ,7\n' '["2019-Q3"]'
cases 'Cases in September 2026\nTown,Cases\nP,5\nQ,7\n' '["2026-09"]'

# --- what is no table
printf 'PK\3\4%26s[Content_Types].xml' '' >"$tmp/book.xlsx"
run 65 backbone map suggest "$tmp/book.xlsx"
like "a workbook" "$err" 'book\.xlsx: found an Excel workbook \(\.xlsx\), expected text: save it as CSV UTF-8$'
run_text 'dear all,\nhere they are\n' 65 backbone map suggest -
like "a letter" "$err" 'found no table'
run 66 backbone map suggest "$tmp/none.csv"
run 64 backbone map suggest
run 73 backbone map suggest "$sample/readings.csv" --save "$tmp/none/map.json"

# --- what stands in a file does not write to the terminal
printf 'pla\033[31mce,period,value\nP,2018,1\nQ,2018,2\n' >"$tmp/escape.csv"
suggested "$tmp/escape.csv"
is "no escape sequences" "$(printf '%s' "$err" | tr -dc '\033' | wc -c)" 0
finish
