#!/usr/bin/env bash
# Values of DHIS2 as files: JSON with what its set says, one value a line, CSV with a header and without; what is refused
# of each is corrected in the file of refused rows and imported from there.
. "$(dirname "$0")/lib.sh"

printf 'code,name,unit\nmalaria,Malaria,cases\nnets,Nets,nets\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
printf 'name\nBo\nKenema\n' >"$tmp/places.csv"
run 0 backbone place import "$tmp/places.csv"
partner alpha Alpha
mine=(--organization alpha -o json)

# --- a set: what it says holds for each value that does not say it itself
cat >"$tmp/set.json" <<'END'
{
  "dataSet": "monthly", "completedDate": "2019-06-05", "period": "201911", "orgUnit": "Bo",
  "dataValues": [
    {"dataElement": "malaria", "value": "10", "comment": null, "followup": false},
    {"dataElement": "malaria", "orgUnit": "Kenema", "categoryOptionCombo": "HllvX50cXC0", "value": 11},
    {
      "dataElement": "malria",
      "value": "12"
    },
    {"dataElement": "nets", "value": "1", "value": "2"},
    {"dataElement": "nets", "period": "201912", "value": "x"}
  ]
}
END
run 65 backbone import "$tmp/set.json" "${mine[@]}" --rejects "$tmp/rejects.json"
counts rows=5 created=2 rejected=3
like "a key twice" "$err" "set\.json: row 4 \(line 10\): found the key 'value' for the second time in line 10, column 43, expected it once"
run 0 backbone readings ls --indicator malaria -o json
json '[.[] | [.place, .period, .value]] | sort' '[["Bo","2019-11",10],["Kenema","2019-11",11]]'
is "what the set says goes along" "$(jq -c '[.dataElement, .period, .orgUnit, .dataSet, .row]' "$tmp/rejects.json" | tr '\n' ' ')" \
    '["malria","201911","Bo","monthly",3] [null,null,null,null,4] ["nets","201912","Bo","monthly",5] '
is "what is no sound object goes as it was" "$(sed -n 2p "$tmp/rejects.json" | jq -r .line)" \
    '{"dataElement": "nets", "value": "1", "value": "2","period":"201911","orgUnit":"Bo","dataSet":"monthly","completeDate":"2019-06-05"}'
sed -i '2d; s/malria/nets/; s/"value": *"x"/"value": 3/' "$tmp/rejects.json"
run 0 backbone import "$tmp/rejects.json" "${mine[@]}"
counts rows=2 created=2

# --- a value too long to be kept in memory is kept all the same
printf '{"period": "2003", "dataValues": [\n  {"dataElement": "nets",\n    "orgUnit": "Bo", "value": 1, "comment": "%s"}]}' \
    "$(head -c 100000 /dev/zero | tr '\0' x)" >"$tmp/long.json"
run 65 backbone import "$tmp/long.json" "${mine[@]}" --rejects "$tmp/rejects.json"
like "its comment" "$err" 'row 1 \(line 2\), comment: found 100000 bytes, expected at most 2000 \[TOO_LONG\]'
is "all of it" "$(jq -c '[.dataElement, .orgUnit, .period, (.comment | length), .row, .code]' "$tmp/rejects.json")" \
    '["nets","Bo","2003",100000,1,"TOO_LONG"]'
sed -i 's/xxx*/short/' "$tmp/rejects.json"
run 0 backbone import "$tmp/rejects.json" "${mine[@]}"
counts rows=1 created=1

# --- what ends a file, with where; what came before it is there
run_text '{"dataValues": [{"dataElement": "nets", "orgUnit": "Bo", "period": "2001", "value": 1},' 65 \
    backbone import - --format dhis2-json "${mine[@]}"
like "cut short" "$err" 'line 1, column 88: found the end of the file, expected'
run_text '{"dataValues": [{"dataElement": "nets", "orgUnit": "Bo", "value": 1}], "period": "2002"}' 65 \
    backbone import - --format dhis2-json "${mine[@]}"
like "the period behind the values" "$err" 'line 1, column 72: found "period" behind "dataValues", expected it in front'

# --- CSV, with a header and without
cat >"$tmp/values.csv" <<'END'
"dataelement","period","orgunit","categoryoptioncombo","attributeoptioncombo","value","storedby","lastupdated","comment","followup","deleted"
"malaria","2018","Bo","","","5","john","2019-01-01","counted, twice","false"
"malaria","2017","Bo","","","five"
END
run 65 backbone import "$tmp/values.csv" "${mine[@]}" --rejects "$tmp/rejects.csv"
counts rows=2 created=1 rejected=1
is "the header with columns of ours" "$(sed -n 1p "$tmp/rejects.csv")" "$(sed -n 1p "$tmp/values.csv"),row,code,field,reason"
sed -i 's/"five"/5/' "$tmp/rejects.csv"
run 0 backbone import "$tmp/rejects.csv" "${mine[@]}"
counts rows=1 created=1
sed 1d "$tmp/values.csv" >"$tmp/bare.csv"
run 65 backbone import "$tmp/bare.csv" --format dhis2-csv "${mine[@]}" --rejects "$tmp/rejects.csv"
counts rows=2 unchanged=1 rejected=1
like "a header all the same" "$(sed -n 1p "$tmp/rejects.csv")" '^dataelement,period,.*,deleted,row,code,field,reason$'
sed -i 's/"five"/5/' "$tmp/rejects.csv"
run 0 backbone import "$tmp/rejects.csv" "${mine[@]}"
counts rows=1 unchanged=1

# --- deleted, or without a value: withdrawn
run_text '{"dataElement":"malaria","period":"2018","orgUnit":"Bo","value":"5","deleted":true}
{"dataElement":"malaria","period":"2017","orgUnit":"Bo"}' 0 backbone import - --format dhis2-json "${mine[@]}"
run 0 backbone readings ls --indicator malaria -o json
json 'length' 2
# --- what the set says of how it is to be taken, unless the command line says otherwise
say_set() { printf '{"period": "2030", "orgUnit": "Bo", %s, "dataValues": [{"dataElement": "nets", "value": %s}]}' "$1" "$2"; }
run_text "$(say_set '"dryRun": true' 1)" 65 backbone import - --format dhis2-json "${mine[@]}"
like "a dry run is one" "$err" 'row 1 .*the file asks that nothing is kept .*--dry-run'
run_text "$(say_set '"dryRun": true' 1)" 0 backbone import - --format dhis2-json "${mine[@]}" --dry-run
counts created=1
run_text "$(say_set '"importStrategy": "UPDATE"' 1)" 65 backbone import - --format dhis2-json "${mine[@]}"
like "nothing is there" "$err" REVISION
run_text "$(say_set '"importStrategy": "CREATE_AND_UPDATE"' 1)" 0 backbone import - --format dhis2-json "${mine[@]}"
counts created=1
run_text "$(say_set '"strategy": "NEW"' 2)" 65 backbone import - --format dhis2-json "${mine[@]}"
like "something is there" "$err" REVISION
run_text "$(say_set '"strategy": "NEW"' 2)" 0 backbone import - --format dhis2-json "${mine[@]}" --strategy upsert
counts updated=1
run_text "$(say_set '"importStrategy": "SYNC"' 2)" 65 backbone import - --format dhis2-json "${mine[@]}"
like "what we do not know" "$err" "found the strategy 'SYNC', expected upsert, create, update or delete"
run_text "$(say_set '"importStrategy": "DELETE"' 2)" 0 backbone import - --format dhis2-json "${mine[@]}"
counts updated=1
run 0 backbone readings ls --period 2030 -o json
json length 0
finish
