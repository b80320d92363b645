#!/usr/bin/env bash
# One organization asks for much at once: it delays itself. What another one asks for meanwhile is answered within a few
# times what one of those queries takes, everything is answered in the end, and the memory of it goes back.
. "$(dirname "$0")/lib.sh"

rows=100000
floods=200

printf 'code,name\nlarge,Large\nsmall,Small\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
{ echo indicator,place,period,value; seq 1 $rows | sed 's/.*/large,A place with number &,2026,&/'; } >"$tmp/large.csv"
run 0 backbone import "$tmp/large.csv" -o json
counts created=$rows
run 0 backbone report small 1 --period 2026
partner busy Busy

# ask INDICATOR: its trend, as staff, in words not used before; sets took, in milliseconds
year=2026
ask() {
    local start=${EPOCHREALTIME/[.,]/}
    run 0 backbone trend "$1" --period "..$((++year))" -o json
    json length 1
    took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}
# what the worker has of its own, in KiB
anonymous() {
    sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$BB_MEASUREMENT_PID/status"
}
ask large
ask large
heavy=$took

"$BB_BUILD/tests/flood" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/busy.key" --indicator large \
    --times $floods >"$tmp/flood" 2>&1 &
flood=$!
soon 30 test -s "$tmp/flood"
slowest=0 most=0
for _ in {1..5}; do
    ask small
    [ "$took" -le "$slowest" ] || slowest=$took
    now=$(anonymous)
    [ "$now" -le "$most" ] || most=$now
done
kill -0 "$flood" 2>/dev/null && ok || not_ok "the flood still goes on" "$(cat "$tmp/flood")"
wait "$flood"
is "the flood ends well" $? 0
like "and all of it is answered" "$(cat "$tmp/flood")" "$floods answered"
echo "a large query alone: $heavy ms; the slowest of five small ones beside $floods large ones: $slowest ms"
echo "the large ones: $(tail -n 1 "$tmp/flood")"
[ "$slowest" -le $((heavy * 4 + 500)) ] && ok || not_ok "who asks for little waits for who asks for much: $slowest ms"

# what they took to make is bounded, and given back (sanitizers keep freed memory)
gave_back() {
    [ "$(anonymous)" -le 12288 ]
}
echo "RssAnon of the worker: $most KiB while it answered, $(anonymous) KiB behind it"
if [ -z "$(ldd "$BB_BUILD/bin/backbone" | grep -o libasan)" ]; then
    [ "$most" -le 65536 ] && ok || not_ok "many large queries take much memory: $most KiB"
    soon 10 gave_back
    echo "and $(anonymous) KiB when it was quiet"
fi
finish
