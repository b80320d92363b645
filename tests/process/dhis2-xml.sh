#!/usr/bin/env bash
# Values of DHIS2 in XML, and ADX, through the whole of an import: what is refused comes back as JSON and is imported
# from there; a file that is none, or is made to hurt, is told with line and column, and fetches nothing.
. "$(dirname "$0")/lib.sh"

printf 'code,name\nmalaria,Malaria\nnets,Nets\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
printf 'name\nBo\nKenema\n' >"$tmp/places.csv"
run 0 backbone place import "$tmp/places.csv"
partner alpha Alpha
mine=(--organization alpha -o json)

# --- what is refused stands for itself
cat >"$tmp/set.xml" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<dataValueSet xmlns="http://dhis2.org/schema/dxf/2.0" period="201911" orgUnit="Bo" dataSet="monthly">
  <dataValue dataElement="malaria" value="10" comment="a &lt; b"/>
  <dataValue dataElement="malaria" orgUnit="Kenema" value="11"/>
  <dataValue dataElement="malria"
             value="12" comment="wet &#38; &quot;cold&quot;"/>
  <dataValue dataElement="nets" period="201912" value="x"/>
</dataValueSet>
END
run 65 backbone import "$tmp/set.xml" "${mine[@]}" --rejects "$tmp/rejects.json"
counts rows=4 created=2 rejected=2
like "where" "$err" "set.xml: row 3 \(line 5\), indicator: found 'malria'"
is "what the set says goes along" "$(jq -c '[.dataElement, .period, .orgUnit, .comment, .row]' "$tmp/rejects.json" | tr '\n' ' ')" \
    '["malria","201911","Bo","wet & \"cold\"",3] ["nets","201912","Bo",null,4] '
sed -i 's/malria/nets/; s/"value": *"x"/"value": "3"/' "$tmp/rejects.json"
run 0 backbone import "$tmp/rejects.json" "${mine[@]}"
counts rows=2 created=2
run 0 backbone readings ls -o json
json 'map([.indicator, .place, .period, .value, .comment]) | sort' \
    '[["malaria","Bo","2019-11",10,"a < b"],["malaria","Kenema","2019-11",11,null],["nets","Bo","2019-11",12,"wet & \"cold\""],["nets","Bo","2019-12",3,null]]'

# --- ADX, in UTF-16 and in windows-1252
cat >"$tmp/adx.xml" <<'END'
<adx xmlns="urn:ihe:qrph:adx:2015" exported="2020-01-01T00:00:00Z">
  <group orgUnit="Bo" period="2020-01-01/P1M" mechanism="PEPFAR">
    <dataValue dataElement="malaria" sex="F" value="7"><annotation>née à Bo</annotation></dataValue>
  </group>
</adx>
END
run 0 backbone import "$tmp/adx.xml" "${mine[@]}"
counts created=1
{ echo '<?xml version="1.0" encoding="UTF-16"?>'; cat "$tmp/adx.xml"; } | iconv -t UTF-16 >"$tmp/utf16.xml"
{ echo '<?xml version="1.0" encoding="windows-1252"?>'; cat "$tmp/adx.xml"; } | iconv -t WINDOWS-1252 >"$tmp/1252.xml"
for file in utf16 1252; do
    run 0 backbone import "$tmp/$file.xml" "${mine[@]}"
    counts unchanged=1
done
run 0 backbone readings ls --period 202001 -o json
json 'map([.disaggregation, .value, .comment])' '[["mechanism=PEPFAR;sex=F",7,"née à Bo"]]'

# --- what ends a file, with where
# bad TEXT WHY
bad() {
    run_text "$1" 65 backbone import - --format xml "${mine[@]}"
    like "why" "$err" "standard input: $2"
}
bad '<dataValueSet period="2001" orgUnit="Bo"><dataValue dataElement="nets" value="1"/><dataValue' \
    'line 1, column 83: found the end of the file, expected </dataValueSet>'
bad '<html/>' 'line 1, column 1: found <html>, expected <dataValueSet> of http://dhis2.org/schema/dxf/2.0'
bad '<dataValueSet>\n<dataValue value="1" value="2"/></dataValueSet>' \
    'line 2, column 22: found an attribute twice in a tag, expected it once'
bad '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><dataValueSet comment="&b;"/>' \
    'line 1, column [0-9]+: found an entity declaration, expected none'
echo secret >"$tmp/secret"
bad "<!DOCTYPE d [<!ENTITY x SYSTEM \"file://$tmp/secret\">]><dataValueSet><dataValue comment=\"&x;\"/></dataValueSet>" \
    'line 1, column [0-9]+: found an entity declaration, expected none'
bad "<!DOCTYPE dataValueSet SYSTEM \"file://$tmp/secret\"><dataValueSet/>" \
    'line 1, column [0-9]+: found a document type from outside of the file, expected none'
unlike "what it points to" "$out$err" secret$

# --- bounded, whatever the file: a hundred megabytes in one attribute
[ -n "$(ldd "$BB_BUILD/bin/backbone" | grep -o libasan)" ] || bound='ulimit -v 400000;' # sanitizers want all there is
run 65 bash -c "${bound:-}"' { printf "<dataValueSet><dataValue comment=\""; head -c 100M /dev/zero | tr "\\0" x; } |
    backbone import - --format xml --organization alpha'
like "why" "$err" 'line 1, column 15: found a tag or comment of more than 524288 bytes, expected fewer'
finish
