#!/usr/bin/env bash
# Memory does not grow with the size of an import: the anonymous memory of client, broker and worker while 20,000 and
# while 400,000 readings are imported, and when all is quiet again. The worker's share is its pending table,
# bounded here to 50,000 rows; a daemon gives what it took for a burst back to the system.
#
# Peaks are taken from samples every few milliseconds. Not under sanitizers: they keep freed memory.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
[ -z "$(ldd "$BB_BUILD/bin/backbone" | grep -o libasan)" ] || skip "sanitizers keep freed memory"

anonymous() { # of a process, in KiB; 0 when it is gone
    local kib
    kib=$(sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null)
    echo "${kib:-0}"
}

# rows N: readings of 100 places and N / 100 days
rows() {
    awk -v n="$1" 'BEGIN {
        print "indicator,organization,place,period,value"
        for (day = 0; day < n / 100; day++) {
            date = strftime("%Y-%m-%d", day * 86400 + 43200, 1)
            for (place = 0; place < 100; place++)
                printf "memory,memory,place-%d,%s,%d.%d\n", place, date, (day * 31 + place) % 1000, place % 10
        }
    }'
}

# peaks FILE: import it; sets client, broker and worker to the most that was seen, in KiB
peaks() {
    local pid now
    client=0 broker=0 worker=0
    backbone import "$1" -o json >"$tmp/out" 2>"$tmp/err" </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        now=$(anonymous "$pid") && [ "$now" -gt "$client" ] && client=$now
        now=$(anonymous "$BB_BROKER_PID") && [ "$now" -gt "$broker" ] && broker=$now
        now=$(anonymous "$worker_pid") && [ "$now" -gt "$worker" ] && worker=$now
    done
    wait "$pid" && status=0 || status=$?
    seen 0 "backbone import $1"
}

# quiet PID MOST: wait until it has no more than that, and print how much; `within` judges what came of it
has_at_most() {
    [ "$(anonymous "$1")" -le "$2" ]
}
quiet() {
    soon 10 has_at_most "$1" "$2" >/dev/null
    anonymous "$1"
}

# within WHAT KIB MOST
within() {
    [ "$2" -le "$3" ] && ok || not_ok "$1" "got:      $2 KiB" "expected: at most $3 KiB"
}

awk 'BEGIN { if (strftime("%Y", 0, 1) != 1970) exit 1 }' 2>/dev/null || skip "awk has no strftime"
printf 'pending_rows = 50000\npending_bytes = "16M"\n' >>"$BB_STATE/measurement.conf"
run 0 bb-supervise restart measurement
worker_pid=$(cat "$BB_STATE/measurement.pid")
run_text 'code,name\nmemory,Memory\n' 0 backbone indicator define -
run 0 backbone partner add memory --name Memory --role partner
rows 20000 >"$tmp/small.csv"
rows 400000 | sed 's/,memory,place/,memory,other/' >"$tmp/large.csv"
broker_start=$(anonymous "$BB_BROKER_PID")
worker_start=$(anonymous "$worker_pid")

peaks "$tmp/small.csv"
counts created=20000
small_client=$client small_broker=$broker small_worker=$worker
peaks "$tmp/large.csv"
counts created=400000
broker_end=$(quiet "$BB_BROKER_PID" 8192)
worker_end=$(quiet "$worker_pid" 12288)

echo "RssAnon in KiB: start, peak of 20,000 rows, peak of 400,000 rows, quiet again"
echo "client: -, $small_client, $client, -"
echo "broker: $broker_start, $small_broker, $broker, $broker_end"
echo "worker: $worker_start, $small_worker, $worker, $worker_end"
within "the client grows with the file" $((client - small_client)) 8192
within "the broker grows with the file" $((broker - small_broker)) 8192
within "the worker grows beyond its pending table" $((worker - small_worker)) 81920
within "the idle broker" "$broker_start" 8192
within "the idle worker" "$worker_start" 12288
within "the broker keeps what it took" "$broker_end" 8192
within "the worker keeps what it took" "$worker_end" 12288

# the same rows again: nothing changes, and nothing grows
peaks "$tmp/large.csv"
counts unchanged=400000
within "the client, repeated" $((client - small_client)) 8192
within "the worker, repeated" $((worker - small_worker)) 81920

# in random order a transaction touches a page a row; what that takes is given back as well
(head -n 1 "$tmp/large.csv" && tail -n +2 "$tmp/large.csv" | sed 's/,other-/,random-/' |
    shuf --random-source=<(yes)) >"$tmp/random.csv"
peaks "$tmp/random.csv"
counts created=400000
echo "random order: client $client, broker $broker, worker $worker, quiet again $(quiet "$worker_pid" 12288)"
within "the client, in random order" $((client - small_client)) 8192
within "the worker, quiet again" "$(anonymous "$worker_pid")" 12288

# and a long answer, streamed
backbone readings ls --indicator memory -o jsonl >"$tmp/rows" &
pid=$!
client=0
while kill -0 "$pid" 2>/dev/null; do
    now=$(anonymous "$pid") && [ "$now" -gt "$client" ] && client=$now
done
wait "$pid"
is "all readings come" "$(wc -l <"$tmp/rows")" 820000
echo "client, 820,000 readings listed: $client"
within "the client's memory grows with the answer" $((client - small_client)) 8192
within "the worker keeps what a long answer took" "$(quiet "$worker_pid" 12288)" 12288
finish
