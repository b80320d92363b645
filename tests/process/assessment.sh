#!/usr/bin/env bash
# Progress and assessment of the sample for 2018-19, as the golden files have them; and what becomes of an assessment.
. "$(dirname "$0")/lib.sh"

golden=$root/tests/fixtures/sample
schools=(bridgeport danbury hartford new-britain new-haven norwalk stamford waterbury)
define_sample
for school in "${schools[@]}"; do
    run 0 backbone partner set "$school-schools" --joined 2000-01-01
    run 0 backbone indicator adopt grade3-reading high-school-graduation --organization "$school-schools" --from 2000-01-01
done
run 0 backbone indicator adopt kindergarten-ready-literacy --organization hartford-schools --from 2000-01-01
run 0 backbone import "$sample/readings.csv"
sequence=$(backbone status -o json | jq .measurement.head)

# same NAME: $out is what the golden file has, but for the sequence
same() {
    sed -E 's/"sequence":[0-9]+/"sequence":0/' "$tmp/out" >"$tmp/same"
    if diff -u "$golden/$1" "$tmp/same" >"$tmp/diff"; then ok; else not_ok "$1" "$(cat "$tmp/diff")"; fi
}
run 0 backbone progress --period 2018-19
same progress-2018-19.txt
run 0 backbone progress --period 2018-19 -o json
same progress-2018-19.json
run 0 backbone assessment --period 2018-19
same assessment-2018-19.txt
run 0 backbone assessment --period 2018-19 -o json
same assessment-2018-19.json
json '.headline.indicators' 11
run 0 backbone assessment --period 2018-19 -o markdown
same assessment-2018-19.md
like "as of" "$err" "as of sequence $sequence"

# it can be announced
cp "$tmp/out" "$tmp/body"
partner alpha Alpha
run_with "$tmp/body" 0 backbone announce create 'Assessment of 2018-19' --to all --body -
run 0 as alpha inbox ls -o json
json ".[0].id | length" 36
run 0 as alpha inbox read "$(jq -r ".[0].id" <<<"$out")" -o json
like "its body" "$out" "Of 11 indicators 2 improve, 1 worsen"
run 0 backbone group add early --name Early --kind working
run 0 backbone group join early alpha
run_with "$tmp/body" 0 backbone announce create 'For the group' --to group:early --body -
run 0 as alpha inbox ls -o json
json '.[] | select(.subject == "For the group") | .channel' '"group/early"'

# a correction is told, and what was known before can be asked for
run 0 backbone report grade3-reading --numerator 500 --denominator 1000 --period 2018-19 --place Hartford --organization hartford-schools
run 0 backbone assessment --period 2018-19 -o json
json '[.headline.corrected, (.indicators[] | select(.indicator == "grade3-reading") | .corrected)]' '[1,1]'
run 0 backbone assessment --period 2018-19 --as-of "seq:$sequence" -o markdown
same assessment-2018-19.md

# what is computed from it is not one more report, or correction
run 0 backbone assessment --period 2018-19 -o json
before=$(jq -c '.headline | [.expected, .reported, .corrected]' <<<"$out")
printf 'code,name,numerator_expression\ntwice,Twice,#{grade3-reading} + #{grade3-reading}\n' >"$tmp/twice.csv"
run 0 backbone indicator define "$tmp/twice.csv"
run 0 backbone assessment --period 2018-19 -o json
json '.headline | [.expected, .reported, .corrected]' "$before"
json '.indicators[] | select(.indicator == "twice") | .expected > 0' true
run 0 backbone indicator retire twice --from 2018-01-01

# an observer is told figures, and not who is silent
observer watcher Watcher
run 0 as watcher assessment --period 2018-19 -o json
json '[.headline.indicators, .missing, .late]' '[11,null,null]'

run 64 backbone assessment
run 64 backbone assessment --period ''
run 64 backbone assessment --period 2018-19 -o csv
run 64 backbone assessment --period 2018-19 -o table
run 64 backbone progress -o markdown
run 65 backbone assessment --period soon
finish
