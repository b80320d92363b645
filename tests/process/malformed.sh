#!/usr/bin/env bash
# Files that are broken, and files that were made to break a reader: each is told with its name and the place, in
# little memory, and nothing of it is kept that should not be.
. "$(dirname "$0")/lib.sh"

most_kib=65536 # the client's memory, whatever the file; sanitizers take more for themselves
[ -z "$(ldd "$BB_BUILD/bin/backbone" | grep -o libasan)" ] || most_kib=1000000000

run_text 'code,name,unit\namount,An amount,dollars\n' 0 backbone indicator define -
run_text 'name\nP\nQ\n' 0 backbone place import -

head_of_journal() {
    backbone status -o json | jq .measurement.head
}

# import STATUS FILE [OPTION...]: within the memory there is.
import() {
    local expected=$1
    shift
    run "$expected" "$BB_BUILD/tests/peak" "$tmp/peak" backbone import "$@" --organization backbone -o json
    bounded "$1"
}

# pour STATUS FORMAT COMMAND...: the same of what COMMAND writes to a pipe, which may be more than a disk has.
pour() {
    local expected=$1 format=$2
    shift 2
    "$@" | "$BB_BUILD/tests/peak" "$tmp/peak" backbone import - --format "$format" --organization backbone -o json \
        >"$tmp/out" 2>"$tmp/err"
    status=${PIPESTATUS[1]}
    seen "$expected" "$format: $*"
    bounded "$format: $*"
}

bounded() {
    if [ "$(cat "$tmp/peak")" -le "$most_kib" ]; then ok; else not_ok "$1: memory" "$(cat "$tmp/peak") KiB"; fi
}

# refused WHAT FILE MESSAGE: the file as a whole; nothing is kept.
refused() {
    local before
    before=$(head_of_journal)
    import 65 "$tmp/$2"
    like "$1" "$err" "(^|/)${2//./\\.}: $3"
    is "$1: nothing is kept" "$(head_of_journal)" "$before"
}

# broken WHAT FILE COUNT MESSAGE: it cannot be read on; what came before is kept, as if it had ended there.
broken() {
    import 65 "$tmp/$2"
    counts "$3"
    like "$1" "$err" "(^|/)${2//./\\.}: $4"
}

# partly WHAT FILE CREATED REJECTED MESSAGE: what is sound is kept.
partly() {
    import 65 "$tmp/$2"
    counts created="$3" rejected="$4"
    like "$1" "$err" "(^|/)${2//./\\.}: $5"
}

zeros() { # CHARACTER BYTES
    head -c "$2" /dev/zero | tr '\0' "$1"
}

# --- CSV
header=indicator,place,period,value,comment
printf '%s\namount,P,2001,1,a\namount,Q,20' "$header" >"$tmp/cut.csv"
partly "cut within a row" cut.csv 1 1 'row 2 \(line 3\): found 3 columns, expected 5 as in the header \[BAD_ROW\]'
printf '%s\namount,P,2002,1,a\namount,Q,2002,2,"open\namount,P,2003,3,c\n' "$header" >"$tmp/open.csv"
partly "a quote without its end" open.csv 1 1 'row 2 \(line 3\): found the end of the file within quotes, .*starts in line 3 \[BAD_ROW\]'
printf '%s\namount,P,2004,1,a\namount,Q,2004,2,"shut"x\namount,P,2005,3,c\n' "$header" >"$tmp/behind.csv"
partly "text behind a quote" behind.csv 2 1 'row 2 \(line 3\): found text behind a closing quote in line 3, .* \[BAD_ROW\]'
printf '%s\namount,P,2006,1,Z\xfcrich\namount,Q,2006,2,b\n' "$header" >"$tmp/latin.csv"
partly "another encoding" latin.csv 1 1 "row 1 \(line 2\), comment: found 'Z.xFCrich', expected UTF-8 .* \[BAD_TEXT\]"
{ echo "$header"; echo amount,P,2007,1,a; zeros , 100000; printf '\namount,Q,2007,2,b\n'; } >"$tmp/wide.csv"
partly "a row of 100,001 cells" wide.csv 2 1 'row 2 \(line 3\): found 100001 columns, expected 5 as in the header'
{ printf '%s' "$header"; seq -f ',c%.0f' 100000 | tr -d '\n'; printf '\namount,P,2007,1\n'; } >"$tmp/header.csv"
refused "a header of 100,005 columns" header.csv 'line 1: found 100005 columns, expected at most 512$'
{ printf '%s\namount,P,2008,1,a\n' "$header" | iconv -t UTF-16; printf '\0\xd8'; } >"$tmp/half.csv"
broken "UTF-16 that breaks off" half.csv created=1 'line 3, byte 113: found 0xD800, half of a character, .*, expected UTF-16'

# --- text of fixed width
cat >"$tmp/fixed.json" <<'END_OF_MAP'
{"format": "fixed", "dialect": {"header": false}, "reading": {"indicator": "amount", "period": "2009"},
 "fields": [{"name": "place", "from": 1, "to": 5}, {"name": "value", "from": 6, "to": 10}]}
END_OF_MAP
printf 'P      12\nZ\xfcr    13\nQ' >"$tmp/cut.txt"
import 65 "$tmp/cut.txt" --map "$tmp/fixed.json"
counts created=1 rejected=2
like "another encoding" "$err" "cut\.txt: row 2 \(line 2\), place: found 'Z.xFCr', expected UTF-8 without NUL \[BAD_TEXT\]"
like "cut within a line" "$err" 'cut\.txt: row 3 \(line 3\), value: found nothing, expected a value'
{ zeros x 300000; printf '\nP      12\n'; } >"$tmp/long.txt"
import 65 "$tmp/long.txt" --map "$tmp/fixed.json"
counts unchanged=1 rejected=1
like "a long line" "$err" 'long\.txt: row 1 \(line 1\): found a line of 300000 bytes, expected at most 262144'

# --- JSONL
sound='{"indicator": "amount", "place": "P", "period": "2010", "value": 1}'
printf '%s\n{"indicator": "amount", "place": "Q", "per' "$sound" >"$tmp/cut.jsonl"
partly "cut within a line" cut.jsonl 1 1 'row 2 \(line 2\): found the end of the line, expected a closing quote \[BAD_ROW\]'
printf '{"indicator": "amount", "value": 1, "value": 2}\n' >"$tmp/twice.jsonl"
partly "a key twice" twice.jsonl 0 1 "row 1 \(line 1\): found the key 'value' for the second time in column 37, expected it once"
printf '{"indicator": "amount", "place": "Z\xfcrich", "value": 1}\n' >"$tmp/latin.jsonl"
partly "another encoding" latin.jsonl 0 1 'row 1 \(line 1\): found the byte 0xFC that is not UTF-8 in column 36, expected a text in UTF-8'
printf '{"indicator": "amount, "value": 1}\n' >"$tmp/quote.jsonl"
partly "a quote without its end" quote.jsonl 0 1 "row 1 \(line 1\): found 'v' in column 25, expected ',' or '\}' \[BAD_ROW\]"
{ printf '{"x0":1'; seq -f ',"x%.0f":1' 20000 | tr -d '\n'; echo '}'; } >"$tmp/keys.jsonl"
partly "20,001 keys" keys.jsonl 0 1 'row 1 \(line 1\): found '
{ printf '{"x0":1'; seq -f ',"x%.0f":1' 100000 | tr -d '\n'; echo '}'; } >"$tmp/many.jsonl"
partly "100,001 keys" many.jsonl 0 1 'row 1 \(line 1\): found a line of 1088903 bytes, expected at most 262144 \[TOO_LONG\]'
{ printf '{"a":'; zeros '[' 100000; echo; } >"$tmp/deep.jsonl"
partly "lists in lists" deep.jsonl 0 1 'row 1 \(line 1\): found more than 64 objects and lists in each other in column 69'

# --- values of DHIS2 in JSON
value='{"dataElement":"amount","period":"2011","orgUnit":"P","value":"5"}'
printf '{"dataValues":[%s,{"dataElement":"amo' "$value" >"$tmp/cut.json"
broken "cut within a value" cut.json created=1 'line 1, column 102: found the end of the file, expected a closing quote'
printf '{"dataValues":[%s]' "$value" >"$tmp/unended.json"
broken "cut behind the values" unended.json unchanged=1 'line 1, column [0-9]+: found the end of the file, expected '
printf '{"dataValues":[%s,\n{"dataElement":"amount","orgUnit":"Q","value":"5","value":"6"}]}' "$value" >"$tmp/twice.json"
partly "a key twice in a value" twice.json 0 1 "row 2 \(line 2\): found the key 'value' for the second time in line 2, column 51"
printf '{"dataValues":[],\n"dataValues":[%s]}' "$value" >"$tmp/sets.json"
refused "two lists of values" sets.json 'line 2, column 1: found the key "dataValues" for the second time, expected it once$'
printf '{"dataValues":[{"dataElement":"Z\xfcrich"}]}' >"$tmp/latin.json"
import 65 "$tmp/latin.json"
like "another encoding" "$err" 'latin\.json: .*line 1.*found the byte 0xFC that is not UTF-8'
{ printf '{"x":'; zeros '[' 100000; } >"$tmp/deep.json"
refused "lists in lists" deep.json 'line 1, column 69: found more than 64 objects and lists in each other, expected at most 64$'
{ printf '{"dataValues":[{"x0":1'; seq -f ',"x%.0f":1' 100000 | tr -d '\n'; echo '}]}'; } >"$tmp/keys.json"
import 65 "$tmp/keys.json"
like "100,001 keys" "$err" 'keys\.json: .*line 1.*found '

# --- ... and in CSV
printf '"dataelement","period","orgunit","categoryoptioncombo","attributeoptioncombo","value"\n"amount","2012","P","","","5"\n"amount","2012","Q' >"$tmp/values.csv"
partly "cut within quotes" values.csv 1 1 'row 2 \(line 3\): found the end of the file within quotes, .* \[BAD_ROW\]'

# --- XML
set='<dataValueSet xmlns="http://dhis2.org/schema/dxf/2.0">'
value='<dataValue dataElement="amount" period="2013" orgUnit="P" value="5"/>'
printf '%s\n%s\n<dataValue dataElement="amo' "$set" "$value" >"$tmp/cut.xml"
broken "cut within a tag" cut.xml created=1 'line 3, column [0-9]+: found the end of the file, expected </dataValueSet>'
printf '%s\n%s' "$set" "$value" >"$tmp/unended.xml"
broken "no end" unended.xml unchanged=1 'line 2, column [0-9]+: found the end of the file, expected </dataValueSet>'
printf '%s\n<dataValue dataElement="amount period="2013"/></dataValueSet>' "$set" >"$tmp/quote.xml"
refused "a quote without its end" quote.xml 'line 2, column [0-9]+: found what is no XML'
printf '%s\n<dataValue orgUnit="Z\xfcrich"/></dataValueSet>' "$set" >"$tmp/latin.xml"
refused "another encoding" latin.xml 'line 2, column [0-9]+: found what is no XML in the encoding of the file'
printf '%s\n<dataValue value="1" value="2"/></dataValueSet>' "$set" >"$tmp/twice.xml"
refused "an attribute twice" twice.xml 'line 2, column [0-9]+: found an attribute twice in a tag, expected it once$'
{
    printf '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    for i in b c d e f g h i; do printf '<!ENTITY %s "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' "$i"; done
    printf ']>%s<dataValue comment="&i;"/></dataValueSet>' "$set"
} >"$tmp/bomb.xml"
refused "entities of entities" bomb.xml 'line 1, column [0-9]+: found an entity declaration, expected none$'
echo secret >"$tmp/secret"
printf '<!DOCTYPE x [<!ENTITY a SYSTEM "file://%s">]>%s<dataValue comment="&a;"/></dataValueSet>' "$tmp/secret" "$set" >"$tmp/file.xml"
refused "an entity that is a file" file.xml 'line 1, column [0-9]+: found an entity declaration, expected none$'
printf '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">%s%s</dataValueSet>' "$set" "$value" >"$tmp/outside.xml"
refused "a type from outside" outside.xml 'line 1, column [0-9]+: found a document type from outside of the file, expected none$'
{ printf '%s<dataValue' "$set"; seq -f ' a%.0f="1"' 100000 | tr -d '\n'; printf '/></dataValueSet>'; } >"$tmp/attributes.xml"
refused "100,000 attributes" attributes.xml 'line 1, column [0-9]+: found a tag or comment of more than 524288 bytes, expected fewer$'
{ printf '%s' "$set"; seq -f '<a%.0f>' 100000; } >"$tmp/deep.xml"
refused "elements in elements" deep.xml 'line 1, column [0-9]+: found <a1>, expected <dataValue>$'
printf '%s%s</dataValueSet><more/>' "$set" "$value" >"$tmp/more.xml"
broken "two roots" more.xml unchanged=1 'line 1, column [0-9]+: found more behind the root element, expected the end of the file'
printf '<feed/>' >"$tmp/feed.xml"
refused "other XML" feed.xml 'line 1, column 1: found <feed>, expected <dataValueSet>'

# --- what is packed is told and left alone, however often it is packed
printf 'PK\3\4readings.csv' >"$tmp/archive.zip"
refused "an archive" archive.zip 'found a zip archive, expected text: unzip -p FILE \| backbone \.\.\. -$'
gzip -c "$tmp/archive.zip" >"$tmp/nested.csv"
refused "an archive in a compressed file" nested.csv 'found a compressed file \(gzip\), expected text: zcat FILE \| backbone \.\.\. -$'
for kind in BZh91AY\&SY '\x28\xb5\x2f\xfd' '\xfd7zXZ\0' '7z\xbc\xaf\x27\x1c' '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' %%PDF-1.7; do
    # shellcheck disable=SC2059 # the kinds are formats
    printf "$kind" >"$tmp/packed.csv"
    refused "$kind" packed.csv 'found a.*, expected text'
done

# --- lines without an end, from pipes
line() { # BEFORE CHARACTER BYTES
    printf '%s' "$1"
    zeros "$2" "$3"
}
giga=1000000000
pour 65 csv line $'indicator,period,value\n' x $giga
like "a line of a gigabyte" "$err" 'row 1 \(line 2\)'
pour 65 csv line $'indicator,period,value\na,2018,"' x $giga
like "a quote without an end" "$err" 'row 1 \(line 2\): found the end of the file within quotes'
pour 65 csv line '' , 200000000
like "a header of commas" "$err" 'line 1: found 200000001 columns, expected at most 512'
pour 65 jsonl line '{"indicator": "' x $giga
like "a line of JSON" "$err" 'row 1 \(line 1\): found a line of 1000000015 bytes, expected at most 262144'
pour 65 dhis2-json line '{"dataValues": [{"value": "' x $giga
like "a text of JSON" "$err" 'standard input: .*line 1'
pour 65 dhis2-json line '{"dataSet": "' x $giga
like "a text of the set" "$err" 'standard input: .*line 1'
pour 65 xml line '<dataValueSet><dataValue value="' x $giga
like "an attribute" "$err" 'line 1, column 15: found a tag or comment of more than 524288 bytes'
pour 65 xml line '<dataValueSet><!--' x $giga
like "a comment" "$err" 'line 1, column 15: found a tag or comment of more than 524288 bytes'
finish
