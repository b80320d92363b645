#!/usr/bin/env bash
# Corrections: another value with a reason, and readings that are taken back.
. "$(dirname "$0")/lib.sh"

run_text 'code,name,minimum,frequency,due_days\nreach,Reach,0,yearly,3000\n' 0 backbone indicator define -
partner alpha Alpha --joined 2000-01-01
partner beta Beta --joined 2000-01-01
run 0 as alpha indicator adopt reach --from 2000-01-01
run 0 as alpha report reach 5 --period 2020
run 0 as beta report reach 7 --period 2020

# another value, with the reason, kept in the history
run 0 as alpha readings correct reach --period 2020 --value 6 --reason entry_error --note "a 5 that was a 6" -o json
json '.outcome' '"updated"'
run 0 as alpha readings history reach --period 2020 -o json
json 'map([.revision, .value, .reason, .note])' '[[1,5,null,null],[2,6,"entry_error","a 5 that was a 6"]]'
run 0 as alpha readings history reach --period 2020
like "a table" "$out" 'REASON +NOTE'
like "a table" "$out" 'entry_error +a 5 that was a 6'

# a correction is of something that is there, and as it was seen
run 65 as alpha readings correct reach --period 2021 --value 6 --reason other -o json
json '[.outcome, .code]' '["rejected","REVISION"]'
like "why" "$err" 'found none, expected a reading that is there'
unlike "a partner knows whose" "$err" "your own organization"
run 65 backbone readings correct reach --period 2020 --value 6 --reason other
like "whose was looked for" "$err" 'without --organization this is about backbone, your own organization'
run 64 backbone readings correct '' --period 2020 --value 6 --reason other
like "which argument" "$err" 'CODE: found an empty text, expected one'
run 65 as alpha readings correct reach --period 2020 --value 8 --reason recount --expect-revision 1 -o json
json '[.outcome, .code]' '["rejected","REVISION"]'
like "why" "$err" 'found revision 2, expected 1'
run 65 as alpha readings correct reach --period 2021 --value 8 --reason recount --expect-revision 1
like "why" "$err" 'found revision 0 \(there is no reading\), expected 1'
run 0 as alpha readings correct reach --period 2020 --value 8 --reason recount --expect-revision 2
run 65 as alpha readings correct reach --period 2020 --value -8 --reason recount
like "the rules of every reading" "$err" BELOW_MINIMUM
run 65 as alpha readings correct reach --period 2020 --value 1 --reason recount --organization beta
like "whose" "$err" NOT_YOURS
run 0 backbone readings correct reach --period 2020 --value 9 --reason late_data --organization beta
run 0 as beta readings history reach --period 2020 -o json
json '.[1] | [.value, .member, .reason]' '[9,"backbone/main","late_data"]'

# what it takes
run 64 as alpha readings correct reach --period 2020 --value 6
run 64 as alpha readings correct reach --period 2020 --value 6 --reason because
like "the codes" "$err" 'entry_error, late_data'
run 64 as alpha readings correct reach --period 2020 --value 6 --reason other --note "$(printf '%0501d' 0)"
run 64 as alpha readings correct reach --period 2020 --reason other
run 64 as alpha readings correct reach --value 6 --reason other
run 64 as alpha readings correct --period 2020 --value 6 --reason other
run 64 as alpha readings correct reach --period 2020 --value 6 --reason other --expect-revision 0
run 64 as alpha readings correct reach --period 2020 --status withdrawn --reason other
run 64 as alpha readings withdraw reach --period 2020
run 64 as alpha readings withdraw reach --period 2020 --reason other --value 5

# a file says why as well
run_text 'indicator,period,value\nreach,2020,10\nreach,2019,3\n' 0 as alpha import - --reason late_data --note 'the last forms' -o json
counts created=1 updated=1
run 0 as alpha readings history reach --period 2020 -o json
json '.[-1] | [.value, .reason, .note]' '[10,"late_data","the last forms"]'
run_text 'indicator,period,value\nreach,2020,10\n' 64 as alpha import - --reason never

# withdrawn: it counts nowhere, and its history has it
sequence=$(backbone status -o json | jq .measurement.head)
run 0 backbone trend reach -o json
json 'map([.period, .value])' '[["2019",3],["2020",19]]'
readings=$(backbone status -o json | jq .measurement.readings)
run 0 as alpha readings withdraw reach --period 2019 --reason duplicate --note "never was" -o json
json '.outcome' '"updated"'
run 0 as alpha readings withdraw reach --period 2020 --reason duplicate --expect-revision 4
run 0 backbone trend reach -o json
json 'map([.period, .value, .readings, .organizations])' '[["2020",9,1,1]]'
run 0 backbone status -o json
json .measurement.readings "$((readings - 2))"
run 0 backbone trend reach --by organization -o json
json 'map([.period, .organization, .value])' '[["2020","beta",9]]'
run 0 backbone trend reach -o json --as-of "seq:$sequence"
json 'map([.period, .value])' '[["2019",3],["2020",19]]'
run 0 as alpha readings ls -o json
json . '[]'
run 0 as alpha readings ls -o json --as-of "seq:$sequence"
json 'map(.value)' '[3,10]'
run 0 backbone reporting --all --period 2019..2020 -o json
json 'map([.period, .state])' '[["2019","silent"],["2020","silent"]]'
run 0 backbone reporting --all --period 2019..2020 -o json --as-of "seq:$sequence"
json 'map([.period, .state])' '[["2019","reported"],["2020","reported"]]'
run 0 as alpha readings history reach --period 2019 -o json
json 'map([.revision, .value, .status, .reason, .note])' '[[1,3,"ok","late_data","the last forms"],[2,null,"withdrawn","duplicate","never was"]]'

# what is not there cannot be withdrawn, nor corrected
run 65 as alpha readings withdraw reach --period 2019 --reason other
like "why" "$err" 'found one that was withdrawn'
run 65 as alpha readings withdraw reach --period 2001 --reason other
like "why" "$err" 'found none'
run 65 as alpha readings correct reach --period 2019 --value 4 --reason other
like "why" "$err" 'found one that was withdrawn'

# what comes later is there again; in one file the last word on a reading is the only one
run 0 as alpha report reach 4 --period 2019 -o json
json '.outcome' '"updated"'
run_text 'indicator,period,value,status\nreach,2019,,withdrawn\nreach,2019,4,\nreach,2018,,withdrawn\nreach,2020,1,withdrawn\n' 65 as alpha import - --rejects "$tmp/rejects" -o json
counts updated=1 unchanged=1 rejected=2
like "the rejects" "$(cat "$tmp/rejects")" 'DUPLICATE_KEY.*BAD_ROW'
run 0 as alpha report reach 4 --period 2019
run 0 backbone trend reach -o json
json 'map([.period, .value])' '[["2019",4],["2020",9]]'
run_text 'indicator,period,status\nreach,2019,withdrawn\n' 0 as alpha import - --dry-run -o json
counts updated=1
run 0 as alpha readings ls -o json
json 'map(.value)' '[4]'

# replayed, it comes out the same
bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$BB_STATE/measurement.conf"
finish
