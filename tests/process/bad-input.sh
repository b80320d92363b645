#!/usr/bin/env bash
# What users get wrong: each case gets a message that names the row, the field, what was found and what is expected;
# the good rows beside it are kept; nothing crashes.
. "$(dirname "$0")/lib.sh"

define_sample
cat >"$tmp/indicators.csv" <<'END'
code,name,unit,numerator,denominator,minimum,maximum,decimals
share,A share,percent,those,all,0,100,1
amount,An amount,dollars,,,,,2
END
run 0 backbone indicator define "$tmp/indicators.csv"
header=indicator,organization,place,disaggregation,period,value,numerator,denominator,status,comment

# refused CODE FIELD ROW REGEX: a file of this row between two good ones, each time with a value of its own.
n=0
refused() {
    local code=$1 field=$2 row=$3 message=$4
    n=$((n + 1))
    printf '%s\namount,,Alpha,,2026-09,%d,,,,\n%b\namount,,Beta,,2026-09,%d,,,,\n' "$header" "$n" "$row" "$n" >"$tmp/bad.csv"
    run 65 backbone import "$tmp/bad.csv" -o json --rejects "$tmp/rejects.csv"
    counts rows=3 rejected=1
    is "$code: the good rows are kept" "$(jq '.created + .updated' <<<"$out")" 2
    refused=$(tail -n +2 "$tmp/rejects.csv" | tr -d '\r\0')
    is "$code: rejects file" "$(head -n 1 "$tmp/rejects.csv")" "$header,row,code,field,reason"
    like "$code: row, code, field" "$refused" ",2,$code,$field,"
    like "$code: what was found and expected" "$refused" "$message"
    like "$code: named on stderr" "$err" "$code|$message"
}
refused UNKNOWN_INDICATOR indicator 'nonesuch,,,,2026-09,1,,,,' nonesuch
refused UNKNOWN_ORGANIZATION organization 'amount,Nobody,,,2026-09,1,,,,' Nobody
refused BAD_PERIOD period 'amount,,,,2026-13,1,,,,' 2026-13
refused BAD_PERIOD period 'amount,,,,2026-02-30,1,,,,' 2026-02-30
refused BAD_PERIOD period 'amount,,,,2026-Q5,1,,,,' 2026-Q5
refused BAD_PERIOD period 'amount,,,,2025-W53,1,,,,' 2025-W53
refused BAD_PERIOD period 'amount,,,,0,1,,,,' '"?0"?'
refused BAD_PERIOD period 'amount,,,,last year,1,,,,' 'last year'
refused BAD_NUMBER value 'amount,,,,2026-09,12a,,,,' 12a
refused BAD_NUMBER value 'amount,,,,2026-09,nan,,,,' nan
refused BAD_NUMBER value 'amount,,,,2026-09,inf,,,,' inf
refused BAD_NUMBER value 'amount,,,,2026-09,0x10,,,,' 0x10
refused BAD_NUMBER value 'amount,,,,2026-09,"1,234",,,,' '1,234'
refused BAD_NUMBER value 'amount,,,,2026-09,12345678901234567890123456789012345,,,,' 12345678901234567890
refused BAD_NUMBER numerator 'share,,,,2026-09,,x,10,,' x
refused BELOW_MINIMUM value 'share,,,,2026-09,-0.1,,,,' '-0\.1'
refused ABOVE_MAXIMUM value 'share,,,,2026-09,100.1,,,,' '100\.1'
refused BAD_DENOMINATOR denominator 'share,,,,2026-09,,5,0,,' '0'
refused BAD_DENOMINATOR denominator 'share,,,,2026-09,,5,-10,,' '-10'
refused MISSING_DENOMINATOR denominator 'share,,,,2026-09,,5,,,' denominator
refused NO_VALUE value 'amount,,,,2026-09,,,,,' value
refused BAD_STATUS status 'amount,,,,2026-09,,,,perhaps,' perhaps
refused BAD_DISAGGREGATION disaggregation 'amount,,,women,2026-09,1,,,,' women
refused DUPLICATE_KEY '[a-z]*' 'amount,,Alpha,,2026-09,999999,,,,' ''
refused BAD_TEXT '[a-z]*' 'amount,,\xff\xfe,,2026-09,1,,,,' ''
refused BAD_TEXT '[a-z]*' 'amount,,nul\0here,,2026-09,1,,,,' ''
refused BAD_ROW '[a-z]*' 'amount,,,,2026-09,1,,,,,,,' ''

# equal rows of one key are no error
printf '%s\namount,,,,2026-10,5,,,,\namount,,,,2026-10,5.0,,,,\n' "$header" >"$tmp/twice.csv"
run 0 backbone import "$tmp/twice.csv" -o json
counts rows=2 created=1 unchanged=1 rejected=0

# --- a 10 MB field: refused as a row, the others kept
{
    printf '%s\namount,,Alpha,,2027,1,,,,\namount,,Beta,,2027,1,,,,' "$header"
    head -c 10000000 /dev/zero | tr '\0' x
    printf '\namount,,Gamma,,2027,1,,,,\n'
} >"$tmp/large.csv"
run 65 backbone import "$tmp/large.csv" -o json --rejects "$tmp/rejects.csv"
counts rows=3 created=2 rejected=1
like "TOO_LONG" "$(cut -c 1-200 <<<"$err")" 'TOO_LONG|longer|bytes'

# --- the file as a whole: a mistake in the header is one message, and nothing is sent
whole() {
    local what=$1 expected=$2 message=$3
    run "$expected" backbone import "$tmp/whole.csv" -o json
    like "$what" "$err" "$message"
}
printf 'indicator,period,value,colour\namount,2028,1,red\n' >"$tmp/whole.csv"
whole "an unknown column" 65 'colour'
run 0 backbone import "$tmp/whole.csv" -o json --ignore colour
counts created=1
printf 'indicator,value\namount,1\n' >"$tmp/whole.csv"
whole "no period column" 65 'period'
printf 'indicator,period\namount,2028\n' >"$tmp/whole.csv"
whole "no value column" 65 'value'
printf 'indicator,period,value,value\namount,2028,1,2\n' >"$tmp/whole.csv"
whole "a column twice" 65 'value'
: >"$tmp/whole.csv"
whole "an empty file" 65 'empty'
printf 'amount,2028,1\namount,2029,2\n' >"$tmp/whole.csv"
whole "a file without header" 65 'header|column'
run 66 backbone import "$tmp/no-such-file.csv"
like "a file that is not there" "$err" 'no-such-file.csv'
run 64 backbone import
run 64 backbone import "$sample/readings.csv" --no-such-option

# --- BOM, CRLF, CR, quoted newlines are read
printf '\xef\xbb\xbfindicator,period,value,comment\r\namount,2030,1,"two\r\nlines"\r\n' >"$tmp/crlf.csv"
run 0 backbone import "$tmp/crlf.csv" -o json
counts rows=1 created=1
printf 'indicator,period,value\ramount,2031,1\ramount,2032,2\r' >"$tmp/cr.csv"
run 0 backbone import "$tmp/cr.csv" -o json
counts rows=2 created=2
printf 'indicator,period,value\namount,2033,1' >"$tmp/no-newline.csv"
run 0 backbone import "$tmp/no-newline.csv" -o json
counts rows=1 created=1

# --- a value that disagrees with its parts is accepted with a warning
printf 'indicator,period,value,numerator,denominator\nshare,2034,50.1,1,2\nshare,2035,33.3,1,3\n' >"$tmp/warn.csv"
run 0 backbone import "$tmp/warn.csv" -o json --warnings "$tmp/warnings.csv"
counts created=2 rejected=0 warnings=1
like "the warning" "$(cat "$tmp/warnings.csv")" '2034,50.1,1,2,.*VALUE_DISAGREES'

# --- a corrected rejects file imports as it is
printf '%s\namount,,,,2036-13,1,,,,\namount,,,,2036-01,x,,,,\n' "$header" >"$tmp/bad.csv"
run 65 backbone import "$tmp/bad.csv" -o json --rejects "$tmp/rejects.csv"
sed -i 's/2036-13/2036-12/; s/2036-01,x/2036-01,5/' "$tmp/rejects.csv"
run 0 backbone import "$tmp/rejects.csv" -o json
counts rows=2 created=2 rejected=0

run 0 kill -0 "$BB_BROKER_PID" "$BB_MEASUREMENT_PID"
finish
