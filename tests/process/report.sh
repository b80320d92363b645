#!/usr/bin/env bash
# One reading at a time: report, states, corrections with history, any past moment.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'END'
code,name,unit,numerator,denominator,decimals,minimum,frequency
share,A share,percent,those,all,1,0,school_year
amount,An amount,dollars,,,2,,
END
run 0 backbone indicator define "$tmp/indicators.csv"

list() {
    run 0 backbone readings ls -o json "$@"
}
run 0 backbone report amount 10.50 --period 2026-09 --place Danbury --comment 'first count'
list --indicator amount
like "digits stay as written" "$out" '"value": *10\.50\b'
json '.[] | [.indicator, .organization, .place, .period, .status, .comment]' \
    '["amount","backbone","Danbury","2026-09","ok","first count"]'

# spelling is no correction; an absent comment stays
run 0 backbone report amount 10.5 --period 202609 --place Danbury
run 0 backbone readings history amount --period 2026-09 --place Danbury -o json
json 'length' 1
run 0 backbone report amount 11 --period 2026-M09 --place Danbury
run 0 backbone readings history amount --period 2026-09 --place Danbury -o json
json '[.[] | [.value, .comment]]' '[[10.50,"first count"],[11,"first count"]]'

# exact to the last of 34 digits
run 0 backbone report amount 1234567890.123456789012345678901234 --period 2026-10
run 0 backbone readings ls --period 2026-10 -o csv
like "34 digits" "$out" '1234567890\.123456789012345678901234'
run 0 backbone report amount .204 --period 2026-11
run 0 backbone report amount -1.5e-3 --period 2026-12
list --period 2026-11..2026-12
json '[.[].value]' '[0.204,-0.0015]'
run 65 backbone report amount nan --period 2026-12
run 65 backbone report amount 1 --period 2026-13
run 65 backbone report nonesuch 1 --period 2026
run 64 backbone report amount 1

# an unset variable of a shell is a mistake, not the default; two answers to one question are one too
for option in organization period place disaggregation numerator denominator; do
    run 64 backbone report amount 1 --period 2036 --place Danbury "--$option" ''
    like "$option" "$err" "--$option: found "
done
run 64 backbone report amount 1 --period 2036 --place Danbury --place Bethel
like "both are named" "$err" "--place: found 'Danbury' and 'Bethel', expected one"
run 64 backbone report amount 1 --period 2036 --comment a --comment ''
run 64 backbone readings ls --organization ''
run 64 backbone readings ls --period ''
run 64 backbone readings history amount --period 2026-09 --organization ''
run 64 backbone trend amount --period ''
run 64 backbone import /dev/null --organization ''
run 0 backbone readings ls --period 2036 -o json
json length 0
run 0 backbone report amount 1 --period 2036 --period 2036 --comment ''

# states are neither zero nor silence
run 0 backbone report amount --missing --period 2027-01
run 0 backbone report amount --suppressed --period 2027-02
run 0 backbone report amount 0 --period 2027-03
list --period 2027-01..2027-03
json '[.[] | [.value, .status]]' '[[null,"missing"],[null,"suppressed"],[0,"ok"]]'
run 0 backbone trend amount --period 2027-01..2027-03 -o json
json '[.[] | select(.value != null) | [.period, .value]]' '[["2027-03",0]]'

# parts: computed, marked, rounded on output only
run 0 backbone report share --period 2018-19 --numerator 1 --denominator 3
list --indicator share
json '.[] | [.period, .value, .numerator, .denominator, .computed]' '["2018/2019",33.3,1,3,true]'
run 65 backbone report share --period 2018-19 --numerator 1
run 65 backbone report share --period 2018-19 --numerator 1 --denominator 0

# any past moment
run 0 backbone report share --period 2018-19 --numerator 2 --denominator 3
run 0 backbone readings history share --period 2018-19 -o json
json '[.[].numerator]' '[1,2]'
first=$(jq -r '.[0].sequence' <<<"$out")
first_time=$(jq -r '.[0].time' <<<"$out")
run 0 backbone trend share --as-of "seq:$first" -o json
json '[.[].numerator]' '[1]'
run 0 backbone trend share --as-of "$first_time" -o json
json '[.[].numerator]' '[1]'
run 0 backbone trend share -o json
json '[.[].numerator]' '[2]'
run 0 backbone trend share --as-of "seq:1" -o json
json '.' '[]'

finish
