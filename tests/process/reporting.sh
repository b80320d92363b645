#!/usr/bin/env bash
# Who has reported what was agreed, who has not, and what is due.
. "$(dirname "$0")/lib.sh"

month=$(date -u -d "$(date -u +%Y-%m-15) -1 month" +%Y-%m)
before=$(date -u -d "$(date -u +%Y-%m-15) -2 months" +%Y-%m)
this=$(date -u +%Y-%m)
run_text 'code,name,frequency,due_days\nreach,Reach,monthly,3000\nspeed,Speed,monthly,0\nfree,Free,,5\n' 0 backbone indicator define -
partner alpha Alpha --joined 2000-01-01
partner beta Beta --joined 2000-01-01
partner gamma Gamma --joined 2000-01-01

# nothing is expected of who has agreed to nothing
run 0 backbone reporting --all -o json
json . '[]'
like "a sentence" "$err" '^0 of 0 expected reports have come'

run 0 as alpha indicator adopt reach speed free --from 2000-01-01
run 0 as beta indicator adopt reach --from 2000-01-01 --until "$month-01"
run 0 as beta indicator adopt speed --from 2000-01-01
run 0 as alpha report reach 5 --period "$month"
run 0 as alpha report speed 0 --period "$month"
run 0 as gamma report reach 7 --period "$month"

run 0 backbone reporting --all -o json
json 'map([.indicator, .organization, .period, .state, .timeliness])' \
    "[[\"reach\",\"alpha\",\"$month\",\"reported\",\"on time\"],[\"speed\",\"alpha\",\"$month\",\"zero\",\"late\"],[\"speed\",\"beta\",\"$month\",\"silent\",\"overdue\"]]"
like "a sentence" "$err" '^2 of 3 expected reports have come, 1 of them late; 0 say that there is no value'
sequence=$(backbone status -o json | jq .measurement.head)
run 0 backbone reporting -o json
json 'map([.indicator, .organization])' '[["speed","alpha"],["speed","beta"]]'
run 0 backbone reporting --indicator reach --organization beta --period "$before" -o json
json 'map([.indicator, .organization, .period, .state, .timeliness])' "[[\"reach\",\"beta\",\"$before\",\"silent\",\"due\"]]"

# who says that there is no value has reported; a correction makes nothing late
run_text "indicator,period,status\nspeed,$month,missing\n" 0 as beta import -
run 0 as alpha report reach 6 --period "$month"
run 0 backbone reporting --all -o json
json 'map([.indicator, .organization, .state, .timeliness])' \
    '[["reach","alpha","reported","on time"],["speed","alpha","zero","late"],["speed","beta","unavailable","late"]]'
run 0 backbone reporting --all --as-of "seq:$sequence" -o json
json 'map([.indicator, .organization, .state, .timeliness])' \
    '[["reach","alpha","reported","on time"],["speed","alpha","zero","late"],["speed","beta","silent","overdue"]]'

# everybody's own
run 0 as beta reporting --all -o json
json 'map(.organization) | unique' '["beta"]'
run 77 as beta reporting --organization alpha
like "why" "$err" 'organization "alpha" is another one than yours'
run 0 as gamma reporting --all -o json
json . '[]'
observer watcher Watcher
run 77 as watcher reporting

# what is due: silent ones of the last year, and of the month that is not over
run 0 as beta due --indicator speed -o json
json "map(select(.period == \"$this\" or .period == \"$before\") | [.period, .timeliness])" \
    "[[\"$before\",\"overdue\"],[\"$this\",\"due\"]]"
json "map(select(.period == \"$month\"))" '[]'
run 0 as beta due
like "a table" "$out" $'INDICATOR +ORGANIZATION +PERIOD +STATE +TIMELINESS +DUE'

# of a year too, which began longer ago than that; what was over longer ago is owed no more
run_text 'code,name,frequency\nyear,Year,yearly\n' 0 backbone indicator define -
run 0 as beta indicator adopt year --from 2000-01-01
run 0 as beta due --indicator year -o json
json '[(map(.period) | .[-2:] | .[]), length <= 3]' "[\"$(($(date -u +%Y) - 1))\",\"$(date -u +%Y)\",true]"
run 0 as beta due --indicator speed -o json
json "map(select(.period < \"$(date -u -d '-432 days' +%Y-%m)\"))" '[]'

# whoever came later, or has left, owes nothing
run 0 backbone partner set beta --left 2001-01-01
run 0 backbone reporting --all --organization beta -o json
json . '[]'
run 0 backbone partner set beta --left "" --joined "$this-01"
run 0 backbone reporting --all --organization beta -o json
json . '[]'
run 65 backbone partner set beta --left 1999-01-01
like "what is wrong" "$err" 'left: expected a date that is not before the one on which it joined'
run 64 backbone partner set beta --left yesterday

# what is retired nobody owes
run 0 backbone indicator retire speed --from 2000-01-01
run 0 backbone reporting --all -o json
json 'map(.indicator)' '["reach"]'

run 65 backbone reporting --indicator nope
run 65 backbone reporting --organization nope
run 65 backbone reporting --period soon
run 64 backbone reporting --indicator ''
run 64 backbone due extra
finish
