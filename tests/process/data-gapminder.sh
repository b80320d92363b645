#!/usr/bin/env bash
# gapminder-large: 3,762,650 rows, exactly 231 of them refused, in memory that does not grow with the file.
needs=gapminder-large
. "$(dirname "$0")/lib.sh"

{
    echo code,name
    awk -F, 'NR > 1 { print $1 "," $1 }' "$data/indicators.csv"
} >"$tmp/indicators.csv"
{
    echo code,name,role
    tail -n +2 "$data/organizations.csv" | sed 's/,[0-9]*$//' | awk '{ print "source-" NR "," $0 ",partner" }'
} >"$tmp/organizations.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner import "$tmp/organizations.csv"

# Highest RssAnon so far of each process, in kB.
declare -A high=([client]=0 [broker]=0 [measurement]=0)
look() {
    local name=$1 rss
    rss=$(sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$2/status" 2>/dev/null) || true
    [ "${rss:-0}" -le "${high[$name]}" ] || high[$name]=$rss
}

mkfifo "$tmp/rows" "$tmp/never"
xzcat "$data/readings.csv.xz" >"$tmp/rows" &
backbone import - -o json --rejects "$tmp/rejects.csv" <"$tmp/rows" >"$tmp/out" 2>"$tmp/err" &
client=$!
while kill -0 "$client" 2>/dev/null; do
    look client "$client"
    look broker "$BB_BROKER_PID"
    look measurement "$BB_MEASUREMENT_PID"
    read -r -t 0.1 <>"$tmp/never" || true
done
wait "$client"
is "status" $? 65
out=$(cat "$tmp/out")
err=$(tail -n 5 "$tmp/err")
counts rows=3762650 created=3762419 rejected=231
is "refused: all of income_mountains, and nothing else" \
    "$(tail -n +2 "$tmp/rejects.csv" | cut -d, -f1 | sort | uniq -c | tr -s ' ')" " 231 income_mountains"

echo "RssAnon at most: client ${high[client]} kB, broker ${high[broker]} kB, worker ${high[measurement]} kB"
[ "${high[client]}" -gt 0 ] && [ "${high[client]}" -le 32768 ] && ok || not_ok "the client's memory: ${high[client]} kB"
[ "${high[broker]}" -le 32768 ] && ok || not_ok "the broker's memory: ${high[broker]} kB"
[ "${high[measurement]}" -le 262144 ] && ok || not_ok "the worker's memory: ${high[measurement]} kB"

run 0 backbone trend total_population_with_projections --period 2000 -o json
json '.[] | [.value, .readings]' '[6541326128,245]'
run 0 backbone trend total_population_with_projections --period 2010 -o json
json '.[] | [.value, .readings]' '[6895731690,236]'
run 0 backbone trend primary_completion_rate_total_percent_of_relevant_age_group --period 2010 -o json
json '.[] | [.value, .readings]' '[5268.22019,64]'
run 0 backbone trend aged_15_24_unemployment_rate_percent --period 2015 -o json
json '.[] | [.value, .readings]' '[2113.526,111]'
finish
