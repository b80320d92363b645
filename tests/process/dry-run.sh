#!/usr/bin/env bash
# --dry-run says what the real run then does, and keeps nothing; --atomic keeps all rows or none.
. "$(dirname "$0")/lib.sh"

define_sample
header=indicator,organization,place,disaggregation,period,value,numerator,denominator,status,comment
head -n 701 "$sample/readings.csv" >"$tmp/first.csv"
run 0 backbone import "$tmp/first.csv" -o json
counts created=700

# a mixture: unchanged, updated, created, refused, doubled, warned of
{
    echo "$header"
    tail -n +2 "$sample/readings.csv" | sed 's/$/,,/' |
        awk 'NR % 50 == 0 { sub(/,20[0-9][0-9]-[0-9]*,/, ",2018-13-1,") } { print } NR % 90 == 0 { print }'
    echo 'grade3-reading,State,Danbury,,2018-19,77.7,,,,changed'
    echo 'grade3-reading,CSDE,Danbury,,2001-02,50.1,1,2,,warned of'
    echo 'grade3-reading,CSDE,Danbury,,2002-03,,,,suppressed,'
    echo 'grade3-reading,CSDE,Danbury,,2003-04,,,,missing,'
} >"$tmp/mixture.csv"

same_as_real() {
    local file=$1 expected=$2
    shift 2
    run "$expected" backbone import "$file" -o json --dry-run --rejects "$tmp/dry-rejects.csv" \
        --warnings "$tmp/dry-warnings.csv" "$@"
    json .dry_run true
    dry=$(jq -Sc 'del(.batch, .dry_run)' <<<"$out")
    run 0 backbone readings ls -o csv
    is "a dry run keeps nothing" "$out" "$stored"
    run "$expected" backbone import "$file" -o json --rejects "$tmp/rejects.csv" --warnings "$tmp/warnings.csv" "$@"
    is "the real run's outcomes equal the dry run's" "$(jq -Sc 'del(.batch, .dry_run)' <<<"$out")" "$dry"
    cmp -s "$tmp/dry-rejects.csv" "$tmp/rejects.csv" && ok || not_ok "refused rows differ"
    cmp -s "$tmp/dry-warnings.csv" "$tmp/warnings.csv" && ok || not_ok "warnings differ"
}
remember() {
    run 0 backbone readings ls -o csv
    stored=$out
}

remember
same_as_real "$tmp/mixture.csv" 65
json '.rejected > 20 and .created > 700 and .unchanged > 600 and .warnings > 1 and .suppressed == 1 and .missing == 1' true

# --- larger than one submission, and one key twice, far apart: what a dry run must remember
printf 'code,name,minimum,maximum\namount,Amount,0,50000\n' >"$tmp/amount.csv"
run 0 backbone indicator define "$tmp/amount.csv"
{
    echo indicator,place,period,value
    seq 1 45000 | sed 's/.*/amount,Place &,2026,&/'
    echo amount,Place 3,2026,4
    echo amount,Place 4,2026,4
    echo amount,Place 5,2027,60000
} >"$tmp/large.csv"
remember
same_as_real "$tmp/large.csv" 65
counts rows=45003 created=45000 unchanged=1 rejected=2
remember
same_as_real "$tmp/large.csv" 65
counts rows=45003 created=0 unchanged=45001 rejected=2

# --- atomic
printf 'indicator,period,value\namount,2026-01,1\namount,2026-13,1\namount,2026-02,2\n' >"$tmp/atomic.csv"
remember
same=$stored
run 65 backbone import "$tmp/atomic.csv" -o json --atomic --rejects "$tmp/rejects.csv"
counts rows=3 created=0 rejected=3
is "reasons" "$(tail -n +2 "$tmp/rejects.csv" | grep -c ',ATOMIC,') $(grep -c ',BAD_PERIOD,' "$tmp/rejects.csv")" "2 1"
remember
is "aborted: nothing is kept" "$stored" "$same"
sed -i 's/2026-13/2026-03/' "$tmp/atomic.csv"
same_as_real "$tmp/atomic.csv" 0 --atomic
counts rows=3 created=3 rejected=0
run 65 backbone import "$tmp/large.csv" -o json --atomic
like "too large for one submission: refused before anything is sent" "$err" 'atomic|submission'

finish
