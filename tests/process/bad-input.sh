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

# refused CODE FIELD ROW FOUND EXPECTED: a file of this row between two good ones, each time with a value of its own.
# FOUND and EXPECTED are what the message says of it. Without a FIELD it is about the row as a whole.
n=0
refused() {
    local code=$1 field=$2 row=$3 reason="found $4, expected $5" rejects
    n=$((n + 1))
    printf '%s\namount,,Alpha,,2026-09,%d,,,,\n%b\namount,,Beta,,2026-09,%d,,,,\n' "$header" "$n" "$row" "$n" >"$tmp/bad.csv"
    run 65 backbone import "$tmp/bad.csv" -o json --rejects "$tmp/rejects.csv"
    counts rows=3 rejected=1
    is "$code: the good rows are kept" "$(jq '.created + .updated' <<<"$out")" 2
    is "$code: rejects file" "$(head -n 1 "$tmp/rejects.csv")" "$header,row,code,field,reason"
    rejects=$(tail -n +2 "$tmp/rejects.csv" | tr -d '\r\0"')
    like "$code: row, code, field, reason" "$rejects" ",2,$code,$field,$reason\$"
    like "$code: the message" "$err" "(^|/)bad\.csv: row 2 \(line 3\)${field:+, $field}: $reason \[$code\](\$|"$'\n'")"
}
refused UNKNOWN_INDICATOR indicator 'nonesuch,,,,2026-09,1,,,,' "'nonesuch'" 'the code or name of a defined indicator .*'
refused UNKNOWN_ORGANIZATION organization 'amount,Nobody,,,2026-09,1,,,,' "'Nobody'" \
    'the code, name or alias of a registered organization'
for period in 2026-13 2026-02-30 2026-Q5 2025-W53 0; do
    refused BAD_PERIOD period "amount,,,,$period,1,,,," "'$period'" 'a period that exists'
done
refused BAD_PERIOD period 'amount,,,,43586,1,,,,' "'43586'" 'a period such as 2019-05: as a spreadsheet counts days this is 2019-05-01'
refused BAD_PERIOD period 'amount,,,,12345,1,,,,' "'12345'" 'a period that exists'
refused BAD_PERIOD period 'amount,,,,last year,1,,,,' "'last year'" 'a period such as 2026, .* or 2018/2019'
for number in 12a nan inf 0x10; do
    refused BAD_NUMBER value "amount,,,,2026-09,$number,,,," "'$number'" 'a number such as 12\.5'
done
refused BAD_NUMBER value 'amount,,,,2026-09,"1,234",,,,' "'1,234'" 'a number such as 12\.5, with a point and no separators of thousands .*'
refused BAD_NUMBER value 'amount,,,,2026-09,40%,,,,' "'40%'" 'a number such as 12\.5, without a percent sign'
refused BAD_NUMBER value 'amount,,,,2026-09,12345678901234567890123456789012345,,,,' \
    "'12345678901234567890123456789012345'" 'at most 34 significant digits, 24 of them after the point'
refused BAD_NUMBER numerator 'share,,,,2026-09,,x,10,,' "'x'" 'a number such as 12\.5'
refused BELOW_MINIMUM value 'share,,,,2026-09,-0.1,,,,' "'-0\.1'" "at least 0, the indicator's minimum"
refused ABOVE_MAXIMUM value 'share,,,,2026-09,100.1,,,,' "'100\.1'" "at most 100, the indicator's maximum"
refused BAD_DENOMINATOR denominator 'share,,,,2026-09,,5,0,,' "'0'" 'a number above 0'
refused BAD_DENOMINATOR denominator 'share,,,,2026-09,,5,-10,,' "'-10'" 'a number above 0'
refused MISSING_DENOMINATOR denominator 'share,,,,2026-09,,5,,,' 'a numerator without a denominator' 'both, or a value'
refused NO_VALUE value 'amount,,,,2026-09,,,,,' nothing 'a value, .* or a status .*'
refused BAD_STATUS status 'amount,,,,2026-09,,,,perhaps,' "'perhaps'" 'ok, missing, suppressed, not_applicable or withdrawn'
refused BAD_DISAGGREGATION disaggregation 'amount,,,women,2026-09,1,,,,' "'women'" 'dimension=code, .*'
refused DUPLICATE_KEY value 'amount,,Alpha,,2026-09,999999,,,,' \
    'another reading \(999999\) than an earlier row of this batch has \([0-9]+\) for the same .*' 'one row, or the same again'
refused BAD_TEXT place 'amount,,\xff\xfe,,2026-09,1,,,,' "'.xFF.xFE'" 'UTF-8 without NUL'
refused BAD_TEXT place 'amount,,nul\0here,,2026-09,1,,,,' "'nul.x00here'" 'UTF-8 without NUL'
refused BAD_ROW '' 'amount,,,,2026-09,1,,,,,,,x' '13 columns' '10 as in the header'

# equal rows of one key are no error
printf '%s\namount,,,,2026-10,5,,,,\namount,,,,2026-10,5.0,,,,\n' "$header" >"$tmp/twice.csv"
run 0 backbone import "$tmp/twice.csv" -o json
counts rows=2 created=1 unchanged=1 rejected=0

# --- the same of JSONL: line, field, found, expected
refused_line() { # CODE FIELD LINE REASON
    printf '{"indicator": "amount", "place": "Alpha", "period": "2026-11", "value": 1}\n\n%s\n' "$3" >"$tmp/bad.jsonl"
    run 65 backbone import "$tmp/bad.jsonl" --organization backbone -o json
    counts rows=2 rejected=1
    like "$1: the message" "$err" "(^|/)bad\.jsonl: row 2 \(line 3\)${2:+, $2}: $4 \[$1\]\$"
}
refused_line BAD_ROW '' '{"indicator": "amount"' "found the end of the line, expected ',' or '}'"
refused_line BAD_ROW '' '[1, 2]' 'found a list, expected a JSON object'
refused_line BAD_ROW '' '"amount"' 'found a text, expected a JSON object'
refused_line BAD_ROW '' '{"value": 1, "value": 2}' "found the key 'value' for the second time in column 14, expected it once"
refused_line BAD_ROW '' '{"vlaue": 1}' "found the key 'vlaue', expected a field, or a key that --ignore or --map names"
refused_line BAD_TEXT place '{"place": true}' 'found true, expected a text or a number'
refused_line BAD_NUMBER value '{"indicator": "amount", "period": 2026, "value": true}' "found 'true', expected a number such as 12\.5"
refused_line BAD_TEXT place '{"place": {"name": "P"}}' 'found an object, expected a text or a number'
refused_line UNKNOWN_INDICATOR indicator '{"period": 2026, "value": 1}' 'found nothing, expected the code or name of an indicator'
refused_line BAD_PERIOD period '{"indicator": "amount", "value": 1}' 'found nothing, expected a period such as .*'
refused_line BAD_NUMBER value '{"indicator": "amount", "period": 2026, "value": "x"}' "found 'x', expected a number such as 12\.5"

# --- a 10 MB field: refused as a row, the others kept
{
    printf '%s\namount,,Alpha,,2027,1,,,,\namount,,Beta,,2027,1,,,,' "$header"
    head -c 10000000 /dev/zero | tr '\0' x
    printf '\namount,,Gamma,,2027,1,,,,\n'
} >"$tmp/large.csv"
run 65 backbone import "$tmp/large.csv" -o json --rejects "$tmp/rejects.csv"
counts rows=3 created=2 rejected=1
like "TOO_LONG" "${err:0:400}" 'large\.csv: row 2 \(line 3\), comment: found 10000000 bytes, expected at most 2000 \[TOO_LONG\]'

# --- the file as a whole: a mistake in the header is one message, and nothing is sent
whole() {
    local what=$1 expected=$2 message=$3
    run "$expected" backbone import "$tmp/whole.csv" -o json
    like "$what" "$err" "$message"
}
printf 'indicator,period,value,colour\namount,1928,1,red\n' >"$tmp/whole.csv"
whole "an unknown column" 65 'colour'
run 0 backbone import "$tmp/whole.csv" -o json --ignore colour --organization backbone
counts created=1
is "nothing to say" "$err" ''
run 0 backbone import "$tmp/whole.csv" -o json --ignore color,colour --ignore size
like "what is no column is named" "$err" "whole.csv: warning: --ignore names what is no column of this file: 'color', 'size'"
printf 'Indicator, PERIOD ,Value\namount,1928,1\n' >"$tmp/whole.csv"
whole "other letters" 65 'there is no header: .*; written otherwise than expected: "Indicator" for indicator, "PERIOD" for period, "Value" for value$'
printf 'indicator,Period,value\namount,1928,1\n' >"$tmp/whole.csv"
whole "some in other letters" 65 'unknown column "Period" .*; written otherwise than expected: "Period" for period$'
printf 'indicator;Period;value\namount;1928;1\n' >"$tmp/whole.csv"
whole "semicolons" 65 "; the columns are separated by ';', expected ',': say \{\"dialect\": \{\"delimiter\": \";\"\}\} in a map \(--map\)$"
printf 'indicator\tperiod\tvalue\namount\t2028\t1\n' >"$tmp/whole.csv"
whole "tabulators" 65 "separated by '.t', expected ',': say \{\"dialect\": \{\"delimiter\": \"\\\\t\"\}\} in a map"
printf '"indicator";"period";"value"\namount;1928;1\n' >"$tmp/whole.csv"
whole "quoted, with semicolons" 65 'there is no header'
run_text 'code;name\nx;X\n' 65 backbone indicator define -
like "a list has no map" "$err" "; the columns are separated by ';', expected ','$"
printf 'indicator,period,value\namount,1928,1\n' >"$tmp/plain.csv"
gzip <"$tmp/plain.csv" >"$tmp/whole.csv"
whole "gzip" 65 'found a compressed file \(gzip\), expected text: zcat FILE \| backbone \.\.\. -$'
run_with "$tmp/whole.csv" 65 backbone place import -
like "gzip" "$err" 'found a compressed file \(gzip\), expected text: zcat FILE \| backbone \.\.\. -$'
(cd "$tmp" && printf 'PK\3\4%26s[Content_Types].xml' '') >"$tmp/whole.csv"
whole "a workbook" 65 'found an Excel workbook \(\.xlsx\), expected text: save it as CSV UTF-8$'
{ iconv -t UTF-16LE "$tmp/plain.csv" && printf 'x\xd8\n\0'; } >"$tmp/whole.csv"
whole "UTF-16 that breaks off" 65 'whole\.csv: line 3, byte 75: found 0xD878, half of a character, .*, expected UTF-16'
printf 'indicator,value\namount,1\n' >"$tmp/whole.csv"
whole "no period column" 65 'period'
printf 'indicator,period\namount,1928\n' >"$tmp/whole.csv"
whole "no value column" 65 'value'
printf 'indicator,period,value,value\namount,1928,1,2\n' >"$tmp/whole.csv"
whole "a column twice" 65 'value'
: >"$tmp/whole.csv"
whole "an empty file" 65 'empty'
printf 'amount,1928,1\namount,1929,2\n' >"$tmp/whole.csv"
whole "a file without header" 65 'header|column'
run 66 backbone import "$tmp/no-such-file.csv"
like "a file that is not there" "$err" 'no-such-file.csv'
run 64 backbone import
run 64 backbone import "$sample/readings.csv" --no-such-option

# --- BOM, UTF-16, CRLF, CR, quoted newlines are read
printf '\xef\xbb\xbfindicator,period,value,comment\r\namount,1930,1,"two\r\nlines"\r\n' >"$tmp/crlf.csv"
run 0 backbone import "$tmp/crlf.csv" -o json
counts rows=1 created=1
day=0
for encoding in UTF-16 UTF-16LE UTF-16BE; do
    day=$((day + 1))
    printf 'indicator,period,value,comment\namount,2026-01-0%d,1,Zürich\n' "$day" | iconv -f UTF-8 -t "$encoding" >"$tmp/utf16.csv"
    run 0 backbone import "$tmp/utf16.csv" -o json
    counts rows=1 created=1
done
printf 'name,parent\nZürich,Connecticut\n' | iconv -f UTF-8 -t UTF-16 >"$tmp/utf16.csv"
run 0 backbone place import "$tmp/utf16.csv" -o json
run 0 backbone place ls -o json
like "a place in UTF-16" "$out" '"Zürich"'
printf 'indicator,period,value\ramount,1931,1\ramount,1932,2\r' >"$tmp/cr.csv"
run 0 backbone import "$tmp/cr.csv" -o json
counts rows=2 created=2
printf 'indicator,period,value\namount,1933,1' >"$tmp/no-newline.csv"
run 0 backbone import "$tmp/no-newline.csv" -o json
counts rows=1 created=1

# --- a value that disagrees with its parts is accepted with a warning
printf 'indicator,period,value,numerator,denominator\nshare,1934,50.1,1,2\nshare,1935,33.3,1,3\n' >"$tmp/warn.csv"
run 0 backbone import "$tmp/warn.csv" -o json --warnings "$tmp/warnings.csv"
counts created=2 rejected=0 warnings=1
like "the warning" "$(cat "$tmp/warnings.csv")" '1934,50.1,1,2,.*VALUE_DISAGREES'

# --- what looks like a slip beside what came before is accepted with a warning, and the dry run says the same
{
    echo indicator,place,period,value
    for month in 01 02 03 04 05 06 07 08; do
        echo "amount,By the month,1939-$month,10$month"
        echo "share,By the month,1939-$month,62.$month"
    done
    echo "amount,By the month,1939-09,1003"
    echo "amount,By the month,1939-10,-9999"
    echo "share,By the month,1939-09,0.62"
    echo "share,By the month,1939-10,62.03"
} >"$tmp/warn.csv"
for option in --dry-run ''; do
    # shellcheck disable=SC2086
    run 0 backbone import "$tmp/warn.csv" -o json --warnings "$tmp/warnings.csv" $option
    counts created=20 rejected=0 warnings=3
    like "a place" "$(cat "$tmp/warnings.csv")" 'By the month,1939-01,.*NEW_PLACE,place'
    like "a jump" "$(cat "$tmp/warnings.csv")" '1939-10,-9999,.*JUMP,value,.*10[0-9.]+ from their median'
    like "a fraction" "$(cat "$tmp/warnings.csv")" '1939-09,0.62,.*FRACTION,value,.*is 62 percent meant'
done

# a year where a school year is reported: it is taken, and neither expected nor told by progress
run_text 'code,name,frequency\nschool,School,school_year\nspans,Spans,span\n' 0 backbone indicator define -
run_text 'indicator,period,value\nschool,2018-19,1\nschool,2019,1\nspans,2019,1\n' 0 backbone import - -o json
counts created=3 warnings=2
like "which one" "$err" "row 2 .line 3., period: warning: found '2019', expected of '[a-z0-9-]+' one of the frequency by which it is reported, such as 2018/2019 .OTHER_FREQUENCY"
like "spans" "$err" "such as 2016/2020"

# by more than half a unit of its own last digit: 1 / 8 is 12.5 %, and half of one is still agreement
{
    echo indicator,disaggregation,period,value,numerator,denominator
    for value in 12 13 12.5 12.50 12.4 12.6 11 14 12.49 12.51; do
        echo "share,at=$value,1937,$value,1,8"
    done
} >"$tmp/warn.csv"
run 0 backbone import "$tmp/warn.csv" -o json --warnings "$tmp/warnings.csv"
counts created=10 rejected=0 warnings=6
is "which" "$(awk -F, 'NR > 1 { printf "%s ", $4 }' "$tmp/warnings.csv")" '12.4 12.6 11 14 12.49 12.51 '

# --- a corrected rejects file imports as it is
printf '%s\namount,,,,1936-13,1,,,,\namount,,,,1936-01,x,,,,\n' "$header" >"$tmp/bad.csv"
run 65 backbone import "$tmp/bad.csv" -o json --rejects "$tmp/rejects.csv"
sed -i 's/1936-13/1936-12/; s/1936-01,x/1936-01,5/' "$tmp/rejects.csv"
run 0 backbone import "$tmp/rejects.csv" -o json
counts rows=2 created=2 rejected=0

run 0 kill -0 "$BB_BROKER_PID" "$BB_MEASUREMENT_PID"
finish
