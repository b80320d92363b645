#!/usr/bin/env bash
# dhis2/format-samples: every sample of the format, and what becomes of each of its rows: taken, refused or deleted, as
# the documentation of DHIS2 says ("Data values", "ADX data format"). A comment tells each decision.
needs=dhis2/format-samples
. "$(dirname "$0")/lib.sh"

# What DHIS2's own tests have registered before: three elements with codes, two that are boolean (the second can only be
# true: 1 at least), three units with codes; identifiers by an attribute are names that a map gives.
cat >"$tmp/indicators.csv" <<'END'
code,name,unit,minimum
f7n9E0hX8qk,DE_A,,
Ix2HsbDMLea,DE_B,,
eY5ehpbEsB7,DE_C,,
jH26dja2f30,Boolean,boolean,
jH26dja2f31,Yes only,boolean,1
MAL01,,,
MAL02,,,
MAL03,,,
MAL04,,,
MalNum,Malaria numeric,,
MalText,Malaria text,,
END
sed -i 's/^\(MAL0.\),,/\1,\1,/' "$tmp/indicators.csv"
cat >"$tmp/places.csv" <<'END'
name,alias
DiszpKrYNg8,OU_A
BdfsJfj87js,OU_B
j7Hg26FpoIa,OU_C
342,
123,P1233333333|Provincial Hospital
456,D4566666666|District Hospital
END
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone place import "$tmp/places.csv"
partner alpha Alpha

# Combinations of options are codes of groups and need not be registered with us; who wants them checked lists them.
cat >"$tmp/strict.json" <<'END'
{"extends": "dhis2", "fields": [
  {"name": "categoryOptionCombo", "aliases": {"": ""}, "constraints": {"enum": ["kjuiHgy67hg", "Gad33qy67g5", ""]}},
  {"name": "attributeOptionCombo", "constraints": {"enum": ["kjuiHgy67hg", "Gad33qy67g5", ""]}}]}
END
cat >"$tmp/none.json" <<'END'
{"extends": "dhis2", "fields": [{"name": "categoryOptionCombo", "constraints": {"enum": [""]}}]}
END
cat >"$tmp/attribute.json" <<'END'
{"extends": "dhis2", "aliases": {"indicator": {"DE1": "f7n9E0hX8qk", "DE2": "Ix2HsbDMLea", "DE3": "eY5ehpbEsB7"},
  "place": {"OU1": "DiszpKrYNg8", "OU2": "BdfsJfj87js"}}}
END
cat >"$tmp/adx.json" <<'END'
{"extends": "adx", "aliases": {"indicator": {"MalNummmmmm": "MalNum", "Mal_num": "MalNum", "MalTexttttt": "MalText",
  "Mal_text": "MalText"}}}
END

# would FILE STATUS COUNT...: against an empty store, so that each sample is judged by itself. MAP: not DHIS2's own
would() {
    local file=$data/$1 status=$2
    shift 2
    run "$status" backbone import "$file" ${MAP:+--map "$tmp/$MAP.json"} $FORMAT --organization alpha --dry-run -o json
    counts "$@"
}
FORMAT=

# period and unit on each value, or on the set
would dataValueSetA.xml 0 rows=3 created=3
# a value that is empty, or is not there, deletes: there is nothing, so nothing changes
would dataValueSetANull.xml 0 rows=3 created=1 unchanged=2
# idScheme="code": ours go by their codes too
would dataValueSetACode.xml 0 rows=3 created=3
would dataValueSetACatCombo.xml 0 rows=3 created=3
MAP=strict would dataValueSetACatCombo.xml 0 rows=3 created=3
MAP=none would dataValueSetACatCombo.xml 65 rows=3 created=1 rejected=2
# deleted, and never there
would dataValueSetADeleted.xml 0 rows=3 created=0 unchanged=3
would dataValueSetAUpdate.xml 0 rows=3 created=3
would dataValueSetB.xml 0 rows=12 created=12
would dataValueSetBNew.xml 0 rows=12 created=12
would dataValueSetBUpdate.xml 0 rows=6 created=6
would dataValueSetBDeleted.xml 0 rows=12 created=8 unchanged=4
would dataValueSetBNewDeleted.xml 0 rows=12 created=8 unchanged=4
would dataValueSetBCode.xml 0 rows=12 created=12
# identifiers of an attribute are nobody's here, unless a map says whose
would dataValueSetBAttribute.xml 65 rows=12 rejected=12
MAP=attribute would dataValueSetBAttribute.xml 0 rows=12 created=12
MAP=attribute would dataValueSetBAttributeIdScheme.xml 0 rows=12 created=12
would dataValueSetC.xml 0 rows=3 created=3
would dataValueSetCCode.xml 0 rows=3 created=3
# a combination of attributes on the set; an empty one is the default
would dataValueSetD.xml 0 rows=3 created=3
would dataValueSetD2.xml 0 rows=3 created=3
would dataValueSetE.xml 0 rows=3 created=3
# F: a combination that does not exist. Ours are codes of groups: taken, unless they are listed
would dataValueSetF.xml 65 rows=4 created=3 rejected=1
like "the same cell twice with another value" "$err" DUPLICATE_KEY
MAP=strict would dataValueSetF.xml 65 rows=4 rejected=4
like "which one" "$err" "found 'inValidUid1', expected 'kjuiHgy67hg'"
# G: two elements and a unit that do not exist
would dataValueSetG.xml 65 rows=4 created=1 rejected=3
like "the element" "$err" "row 1 \(line 2\), indicator: found 'nonEx1sting'"
like "the unit" "$err" "row 3 \(line 4\), place: found 'nonEx1sting'"
would dataValueSetH.xml 0 rows=3 created=3
would dataValueSetIllegalOrgUnit.xml 65 rows=1 rejected=1
MAP=none would dataValueSetIllegalCoc.xml 65 rows=1 rejected=1
# an element that does not exist among two that do
would dataValueSetInvalid.xml 65 rows=3 created=2 rejected=1
# a month, a quarter and a year of one set
would dataValueSetNonStrict.xml 0 rows=3 created=3

# CSV: with a header, without (positions), with a column that the rows lack
would dataValueSetB.csv 0 rows=12 created=12
FORMAT='--format dhis2-csv' would dataValueSetBNoHeader.csv 0 rows=12 created=12
would dataValueSetWithDataSetHeader.csv 0 rows=3 created=3
# true, True, false, False, f, F, t, T, 1 and 0 are yes and no; `test` and `not true` are not. Of the second one only yes
would dataValueSetBooleanTest.csv 65 rows=18 created=14 rejected=4
is "what is no truth" "$(grep -c BAD_NUMBER <<<"$err") $(grep -c BELOW_MINIMUM <<<"$err")" '3 1'
# each cell once: what says the same again is no change, what says another thing is refused
would dataValueSetBooleanDuplicatesTest.csv 65 rows=18

# JSON
would dataValueSetJ.json 0 rows=1 created=1
would dataValueSetJDeleteNoValue.json 0 rows=1 unchanged=1
# 0 is a value of an element whose zeros count
would dataValueSetJDeleteZeroValue.json 0 rows=1 created=1
would dataValueSetJDeleteNewValue.json 0 rows=1 created=1
would dataValueSetCreateDate.json 0 rows=1 created=1
would dataValueSetCreateDateUpdated.json 0 rows=1 created=1

# ADX: categories are attributes of the value, those of the set's combination of the group
would adx/adx_data_sample1.xml 0 rows=13
would adx/adx_data_sample2.xml 0 rows=13 created=13
MAP=adx
for name in importA importB importC; do
    would adx/$name.adx.xml 0 rows=9 created=9
done
for name in importDates importDatesUpdate; do
    would adx/$name.adx.xml 0 rows=1 created=1
done
for name in exportA exportB exportC exportD; do
    would adx/$name.adx.xml 0 rejected=0
done
MAP=

# --- one after the other: created, changed, deleted, again
really() {
    local file=$data/$1 status=$2
    shift 2
    run "$status" backbone import "$file" $FORMAT --organization alpha ${STRATEGY:+--strategy $STRATEGY} -o json
    counts "$@"
}
really dataValueSetA.xml 0 created=3
really dataValueSetA.xml 0 unchanged=3
STRATEGY=create really dataValueSetAUpdate.xml 65 rejected=3
really dataValueSetAUpdate.xml 0 updated=3
run 0 backbone readings ls --indicator f7n9E0hX8qk -o json
json '[.[].value] | sort' '[10011,10022,10033]'
really dataValueSetADeleted.xml 0 updated=3
really dataValueSetADeleted.xml 0 unchanged=3
run 0 backbone readings ls --indicator f7n9E0hX8qk -o json
json length 0
STRATEGY=update really dataValueSetA.xml 65 rejected=3
STRATEGY=create really dataValueSetA.xml 0 updated=3
STRATEGY=delete really dataValueSetAUpdate.xml 0 updated=3
really dataValueSetB.xml 0 rows=12
run 0 backbone trend f7n9E0hX8qk -o json
json '[.[].value] | add' 40010
run 0 backbone readings ls -o json
json '[.[].value] | add' 120078
really dataValueSetBDeleted.xml 0 rows=12
run 0 backbone readings ls -o json
json length 8
really dataValueSetJ.json 0 rows=1
really dataValueSetJDeleteNoValue.json 0 updated=1
really dataValueSetJDeleteNoValue.json 0 unchanged=1
MAP=adx
run 0 backbone import "$data/adx/importA.adx.xml" --map "$tmp/adx.json" --organization alpha -o json
run 0 backbone readings ls --indicator MalNum -o json
json '[.[].value] | add' 76
finish
