#!/usr/bin/env bash
# Who has not reported what is due is reminded, before the due day and behind it: once, also when the worker dies.
. "$(dirname "$0")/lib.sh"

# due_in DAYS: `due_days` with which what is of the month before is due in so many days (of the past: -N)
month=$(date -u -d "$(date -u +%Y-%m-15) -1 month" +%Y-%m)
ended=$(date -u -d "$(date -u +%Y-%m-01) -1 day" +%s)
today=$(date -u -d "$(date -u +%Y-%m-%d)" +%s)
due_in() {
    echo $(((today - ended) / 86400 + $1))
}

configure() {
    printf '%s\n' "$@" >>"$BB_STATE/communication.conf"
}

# has WHO N: the inbox of WHO holds so many messages
has() {
    [ "$(as "$1" inbox ls -o json | jq length)" = "$2" ]
}

# again: the communication worker begins anew, without an end, and has looked at what is due: a witness to it has one
# more reminder
looks=0
again() {
    looks=$((looks + 1))
    run_text "code,name,frequency,due_days\nlook$looks,Look $looks,monthly,$(due_in -2)\n" 0 backbone indicator define -
    run 0 as witness indicator adopt "look$looks" --from 2000-01-01
    bb-supervise kill communication
    bb-supervise start communication
    soon 10 has witness "$looks"
}

# notices WHO EXPECTED: the inbox of WHO has these notices, by indicator; then it is $out
notices() {
    run 0 as "$1" inbox ls -o json
    json '[.[] | select(.kind == "notice") | .indicator] | sort' "$2"
}

partner alpha Alpha --joined 2000-01-01
partner beta Beta --joined 2000-01-01
partner gamma Gamma --joined 2000-01-01
partner witness Witness --joined 2000-01-01
run_text "code,name,frequency,due_days\nsoon,Soon,monthly,$(due_in 2)\nlate,Late,monthly,$(due_in -2)\n" 0 \
    backbone indicator define -
run_text "code,name,frequency,due_days\nfar,Far,monthly,$(due_in 20)\nopen,Open,monthly,\n" 0 backbone indicator define -
run 0 as alpha indicator adopt soon late far open --from 2000-01-01
run 0 as beta indicator adopt soon late --from 2000-01-01
run 0 as beta report soon 0 --period "$month"
run_text "indicator,period,status\nlate,$month,missing\n" 0 as beta import -

# at its start the worker asks; nobody is reminded of what has come, and nobody of what it never agreed to
again
notices alpha '["late","soon"]'
json 'map([.indicator, .kind, .channel, .period, .author]) | sort' \
    "[[\"late\",\"notice\",\"org/alpha\",\"$month\",\"communication/communication\"],[\"soon\",\"notice\",\"org/alpha\",\"$month\",\"communication/communication\"]]"
json 'map(.subject) | sort' \
    "[\"late for $month was due on $(date -u -d '-2 days' +%F)\",\"soon for $month is due on $(date -u -d '+2 days' +%F)\"]"
ids=$(jq -c 'map(.id) | sort' <<<"$out")
for who in beta gamma; do
    run 0 as "$who" inbox ls -o json
    json . '[]'
done

# a reminder is read as other notices are
id=$(jq -r '.[] | select(.indicator == "late") | .id' <<<"$(as alpha inbox ls -o json)")
run 0 as alpha inbox read "$id"
like "how to report" "$out" "backbone report late VALUE --period $month"
run 0 as alpha inbox ls --unread -o json
json 'map(.indicator)' '["soon"]'

# never twice: whatever dies, and also when what was posted is not kept
for _ in 1 2 3; do
    again
done
notices alpha '["late","soon"]'
json 'map(.id) | sort' "$ids"
configure 'retain = "org/alpha 1 messages"'
again
soon 10 has alpha 1
again
run 0 as alpha inbox ls -o json
json length 1
json "map(.id) - $ids" '[]'

# what comes later is heard of too; who reports in time is not
run 0 as gamma indicator adopt soon late --from 2000-01-01
run 0 as gamma report late 5 --period "$month"
again
notices gamma '["soon"]'

# more than one answer of measurement holds
partner many Many --joined 2000-01-01
long=$(printf 'x%.0s' {1..120})
{
    echo code,name,frequency,due_days
    for i in {1..1200}; do
        echo "$long$i,Indicator $i,monthly,$(due_in 1)"
    done
} >"$tmp/many.csv"
run 0 backbone indicator define "$tmp/many.csv"
mapfile -t codes < <(tail -n +2 "$tmp/many.csv" | cut -d, -f1)
run 0 as many indicator adopt "${codes[@]}" --from 2000-01-01
again
soon 10 has many 1200
again
run 0 as many inbox ls -o json
json length 1200

# the operator decides
configure 'remind_before = "0"' 'remind_after = "2d"'
run 0 as gamma indicator adopt far open --from 2000-01-01
run_text "code,name,frequency,due_days\nnext,Next,monthly,$(due_in 1)\nlast,Last,monthly,$(due_in -2)\nyesterday,Yesterday,monthly,$(due_in -1)\n" 0 \
    backbone indicator define -
run 0 as gamma indicator adopt next last yesterday --from 2000-01-01
again
notices gamma '["last","soon"]'

sed -i '/remind_/d' "$BB_STATE/communication.conf"
configure 'remind_after = "36h"'
run 78 backbone-communication --check-config -c "$BB_STATE/communication.conf"
like "what is wrong" "$err" 'remind_after: found .*, expected whole days, such as 3d'
sed -i '/remind_/d' "$BB_STATE/communication.conf"
configure 'remind_before = "61d"'
run 78 backbone-communication --check-config -c "$BB_STATE/communication.conf"
finish
