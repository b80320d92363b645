#!/usr/bin/env bash
# dhis2/sierra-leone-metadata: the metadata of DHIS2's demonstration, as its app for entering data is given it. Of 596
# data elements 576 hold numbers or truth values; its nine indicators are sums and differences of them.
needs=dhis2/sierra-leone-metadata
. "$(dirname "$0")/lib.sh"

run 65 backbone indicator define "$data/metadata-complete.json.gz"
like "it is compressed" "$err" "found a compressed file \(gzip\), expected text: zcat FILE"

gunzip -c "$data/metadata-complete.json.gz" >"$tmp/metadata.json"
run_with "$tmp/metadata.json" 65 backbone indicator define - -o json
json . '{"rows":605,"created":585,"updated":0,"unchanged":0,"rejected":20}'
run 65 backbone indicator define "$tmp/metadata.json" -o json
json . '{"rows":605,"created":0,"updated":0,"unchanged":585,"rejected":20}'

# what is refused is no number: 9 long texts, 8 files, 2 dates and a time
while read -r n type; do
    is "$type" "$(grep -c "dataElements [A-Za-z0-9]*, valueType: found '$type', expected a type of numbers" <<<"$err")" "$n"
done <<'END'
9 LONG_TEXT
8 FILE_RESOURCE
2 DATE
1 TIME
END

run 0 backbone indicator ls -o json
json '[.[] | select(.numerator_expression != null)] | length' 9
json '[.[] | select(.unit == "boolean")] | length' 90
json '[.[] | select(.time_aggregation == "average" and .organization_aggregation == "sum")] | length' 23
json '[.[] | select(.minimum == 1)] | length' 69
json '[.[] | select(.numerator_expression == null) | .frequency] | group_by(.) | map([.[0], length])' "$(
    jq -c '(.dataElements | map(select(.valueType | IN("LONG_TEXT", "FILE_RESOURCE", "DATE", "TIME") | not) | .id)) as $taken
        | [.dataSets[] | .periodType as $type | .dataSetElements[].dataElement.id | select(IN($taken[])) | [., $type]]
        | unique | map(last) | map({Monthly: "monthly", Yearly: "yearly", Quarterly: "quarterly", SixMonthly: "six_monthly",
               FinancialApril: "fiscal_april"}[.]) | group_by(.) | map([.[0], length])' "$tmp/metadata.json")"
run 0 backbone indicator show bASXd9ukRGD -o json
json '[.name, .factor, .numerator_expression, .denominator_expression]' \
    '["OPV Stock PHU",1,"#{iuSIObmKutb}+#{nGCLjZDn0Q4}-#{FTINmL2lehN}-#{WVrH6j3Wfye}","1"]'

# by name, as far as codes may have it; twelve tell "<24 hrs" from ">24 hrs" by their id
run 65 backbone indicator define "$tmp/metadata.json" --id-scheme name -o json
json . '{"rows":605,"created":585,"updated":0,"unchanged":0,"rejected":20}'
run 0 backbone indicator ls -o json
json '[.[].code | select(test("^Malaria_treated.*24_hrs_.*_[A-Za-z0-9]{11}$"))] | length' 12
run 0 backbone indicator show OPV_Stock_PHU -o json
json .numerator_expression \
    '"#{Stock_PHU_start_balance_OPV}+#{Stock_PHU_received_OPV}-#{Stock_PHU_dispensed_OPV}-#{Stock_PHU_discarded_OPV}"'

run 65 backbone place import "$tmp/metadata.json"
like "no units" "$err" "found no organisationUnits, expected metadata of DHIS2 with them"
finish
