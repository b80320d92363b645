#!/usr/bin/env bash
# Who asks for a long answer and stops reading it does not make the store grow: an open read transaction would keep
# every page that is replaced meanwhile.
. "$(dirname "$0")/lib.sh"

# it always has a request open at measurement, which would be counted here
bb-supervise stop communication
rows=200000
changed=3000
imports=30
printf 'code,name\namount,Amount\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
{ echo indicator,place,period,value; seq 1 $rows | sed 's/.*/amount,A place with number &,2026,&/'; } >"$tmp/all.csv"
head -n $((changed + 1)) "$tmp/all.csv" >"$tmp/odd.csv"
sed 's/[0-9]*$/&.5/; 1s/.*/indicator,place,period,value/' "$tmp/odd.csv" >"$tmp/even.csv"
run 0 backbone import "$tmp/all.csv" -o json
counts created=$rows

# The same readings change $imports times. A commit replaces every page that it touches; what was replaced may be used
# again two commits later, unless somebody still reads it.
change() {
    local i used_before=$used
    for ((i = 0; i < imports; i++)); do
        run 0 backbone import "$tmp/$([ $((i % 2)) = 0 ] && echo even || echo odd).csv" -o json
        counts updated=$changed
        run 0 backbone trend amount --place 'A place with number 7' -o json # so that it is applied now
    done
    look
    more_used=$((used - used_before))
    echo "$1: $more_used bytes more in use, $free free pages"
}

look() {
    run 0 backbone status -o json
    used=$(jq .measurement.views_bytes <<<"$out")
    free=$(jq .measurement.free_pages <<<"$out")
}

look
change "nobody reads"
calm_used=$more_used
calm_free=$free

mkfifo "$tmp/pipe"
backbone readings ls -o csv >"$tmp/pipe" 2>"$tmp/reader.err" &
reader=$!
exec 3<"$tmp/pipe"
head -c 100 <&3 >"$tmp/first"
change "one has stopped reading"
is "its answer is still open" "$(jq '.services[] | select(.service == "measurement") | .in_flight' <<<"$out")" 1
if [ "$more_used" -le $((calm_used * 2)) ]; then ok; else not_ok "in use: $more_used, while nobody read $calm_used"; fi
if [ "$free" -le $((calm_free * 2 + 4000)) ]; then ok; else not_ok "free: $free pages, while nobody read $calm_free"; fi

# when it goes on it gets the rest, as of the moment at which it asked
cat <&3 >"$tmp/rest"
wait "$reader"
is "it is told all" $? 0
is "rows" "$(cat "$tmp/first" "$tmp/rest" | grep -c '^amount,')" $rows
finish
