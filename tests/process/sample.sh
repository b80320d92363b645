#!/usr/bin/env bash
# The sample, imported once and again: every figure of deploy/sample/README.md comes out.
. "$(dirname "$0")/lib.sh"

define_sample
run 0 backbone import "$sample/readings.csv" -o json
counts rows=1472 created=1472 updated=0 unchanged=0 rejected=0 locked=0 warnings=31 missing=0 suppressed=0 \
    duplicate=0 dry_run=false

run 0 backbone import "$sample/readings.csv" -o json
counts rows=1472 created=0 updated=0 unchanged=1472 rejected=0

# A corrected import under another spelling of the same periods is the same.
sed -E 's/,(20[0-9]{2})-([0-9]{2}),/,\1\/20\2,/' "$sample/readings.csv" >"$tmp/respelt.csv"
run 0 backbone import "$tmp/respelt.csv" -o json
counts rows=1472 created=0 unchanged=1472

# --- sums over what is stored
run 0 backbone readings ls -o json
json 'length' 1472
json '[.[] | select(.indicator != "single-parent-families") | .value * 100 | round] | add' 6360495
json '[.[] | .numerator // empty] | add' 2437043
json '[.[] | .denominator // empty] | add' 6331161
json '[.[] | .organization] | unique | length' 10
json '[.[] | .place] | unique | length' 9
json '[.[] | .period] | unique | length' 24
json '[.[] | select(.computed) | .indicator] | group_by(.) | map([.[0], length])' '[["single-parent-families",99]]'
json '[.[] | .indicator] | group_by(.) | map({(.[0]): length}) | add' "$(jq -c . <<'END'
{"cost-burdened-households":270,"grade3-reading":45,"grade8-math":45,"grade9-chronic-absence":78,
"high-school-graduation":162,"kindergarten-chronic-absence":78,"kindergarten-ready-literacy":39,
"kindergarten-ready-numeracy":39,"single-parent-families":99,"suspension-rate":320,"youth-employed-or-enrolled":297}
END
)"

# --- ratios: the sum of the numerators over the sum of the denominators, never the mean of percentages
cities=()
for city in Bridgeport Danbury Hartford "New Britain" "New Haven" Norwalk Stamford Waterbury; do
    cities+=(--place "$city")
done

# point INDICATOR PERIOD NUMERATOR DENOMINATOR VALUE [OPTION...]
point() {
    local indicator=$1 period=$2 expected="[$3,$4,$5]"
    shift 5
    run 0 backbone trend "$indicator" --period "$period" -o json "$@"
    json '.[] | [.numerator, .denominator, .value]' "$expected"
}
point grade3-reading 2018-19 3162 9660 32.7
point grade3-reading 2018-19 3162 9660 32.7 "${cities[@]}"
point grade3-reading 2014-15 3076 10029 30.7
point grade3-reading 2015-16 3371 10369 32.5
point grade3-reading 2016-17 3058 10108 30.3
point grade3-reading 2017-18 3190 10219 31.2
point grade8-math 2018-19 1751 9118 19.2
point high-school-graduation 2018-19 7225 8997 80.3
point high-school-graduation 2010-11 6414 9403 68.2
point single-parent-families 2016-2020 43337 91577 47.3
point single-parent-families 2016-2020 8172 12289 66.5 --place Hartford
point single-parent-families 2016-2020 116424 372439 31.3 --place Connecticut
point single-parent-families 2016-2020 116424 372439 31.3 --place CT

run 0 backbone trend grade3-reading -o json
json '[.[].period]' '["2014/2015","2015/2016","2016/2017","2017/2018","2018/2019"]'
json '.[] | select(.period == "2018/2019") | [.organizations, .readings, .without_parts]' '[8,8,0]'

# --- an ambiguous text is read by the indicator's frequency: 2011-12 is a school year here
run 0 backbone readings ls --indicator high-school-graduation --period 2011-12 --place Hartford -o json
json '[.[].period] | unique' '["2011/2012"]'

# --- missing on purpose: nobody published Hartford's kindergarten figures of 2010-11
run 0 backbone readings ls --indicator kindergarten-ready-literacy --place Hartford --period 2010-11 -o json
json 'length' 0

# --- percentages without parts are not averaged in silence: null, and how many
run 0 backbone trend kindergarten-ready-literacy --period 2011-12 -o json
json '.[] | [.value, .without_parts, .readings]' '[null,8,8]'
run 0 backbone trend kindergarten-ready-literacy --period 2011-12 --place Hartford -o json
json 'map(.value == null)' '[false]'

# --- what people see
run 0 env LC_ALL=C backbone trend grade3-reading
unlike "no bars where they would be other characters" "$out" '[▁▂▃▄▅▆▇█]'
run 0 env LC_ALL=C.UTF-8 backbone trend grade3-reading
like "the table shows the ratio" "$out" '32\.7'
like "the table has a sparkline" "$out" '[▁▂▃▄▅▆▇█]'
unlike "no colour codes in a pipe" "$out" $'\033'

finish
