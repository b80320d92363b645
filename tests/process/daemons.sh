#!/usr/bin/env bash
# How the daemons end, as backbone-broker(8), backbone-measurement(8) and backbone-communication(8) have it: a status for each
# thing that is wrong at the start, and what signals do.
. "$(dirname "$0")/lib.sh"

b=$BB_STATE/broker.conf
m=$BB_STATE/measurement.conf
c=$BB_STATE/communication.conf
sockets=$(mktemp -d /tmp/bb.XXXXXX)
trap 'rm -rf "$sockets"; at_exit' EXIT

# but FILE NAME VALUE: another configuration, in which this is different
but() {
    sed "s|^$2 = .*|$2 = \"$3\"|" "$1" >"$tmp/$2.conf"
    echo "$tmp/$2.conf"
}

# ---- the broker. `own` differs from the one that runs only in what two cannot share.
own=$(but "$b" runtime "$sockets")
run 69 backbone-broker -c "$b"
like "another broker" "$err" 'another broker uses this folder'
run 0 as operator ping # its sockets are still there
run 69 backbone-broker -c "$own"
like "another broker, by its audit log" "$err" 'audit.log: another broker writes it'
echo "audit = '$tmp/audit.log'" >>"$own"
run 69 backbone-broker -c "$own"
like "the address is taken" "$err" "$BB_ENDPOINT: Address already in use"
run 69 backbone-broker -c "$(but "$own" listen tcp://203.0.113.9:7600)"
own=$(but "$own" listen 'tcp://127.0.0.1:*')
own=$(but "$own" enrol 'tcp://127.0.0.1:*')
run 78 backbone-broker -c "$(but "$own" registry /nonexistent)"
run 78 backbone-broker -c "$(but "$own" runtime /nonexistent/run)"
run 78 backbone-broker -c "$(but "$own" server_key /nonexistent)"
cp "$BB_STATE/keys/server" "$tmp/open.key"
chmod 644 "$tmp/open.key"
run 78 backbone-broker -c "$(but "$own" server_key "$tmp/open.key")"
like "a key that others may read" "$err" "$tmp/open.key"
run 78 backbone-broker -c /nonexistent
run 64 backbone-broker --no-such-option
own=$(but "$own" server_key "$BB_STATE/keys/server")

cp -a "$BB_STATE/registry" "$tmp/registry"
printf "name = 'Bad'\nrole = 'partner'\nbogus = 1\n" >"$tmp/registry/bad.conf"
own=$(but "$own" registry "$tmp/registry")
run 78 backbone-broker --check-config -c "$own"
like "file and line" "$err" 'bad.conf:3: '
rm "$tmp/registry/bad.conf"
run 0 backbone-broker --check-config -c "$own"

# ---- the workers
for worker in measurement communication; do
    conf=$BB_STATE/$worker.conf
    run 64 "backbone-$worker"
    run 69 "backbone-$worker" -c "$conf"
    like "who has it" "$err" "in use by another backbone-$worker \\(process [0-9]+\\)"
    run 78 "backbone-$worker" -c "$(but "$conf" state /nonexistent/state)"
    printf 'bogus = 1\n' | cat "$conf" - >"$tmp/unknown.conf"
    run 78 "backbone-$worker" -c "$tmp/unknown.conf"
    like "file and line" "$err" 'unknown.conf:3: '
done
run 69 backbone-measurement -c "$m" --verify

# ---- signals
pid=$(cat "$BB_STATE/measurement.pid")
kill -HUP "$pid"
run 0 backbone indicator ls
is "SIGHUP is nothing to the worker" "$(cat "$BB_STATE/measurement.pid")" "$pid"
run 0 cp "$tmp/registry/backbone.conf" "$BB_STATE/registry/other.conf"
sed -i "s/^name.*/name = 'Other'/; /key/d" "$BB_STATE/registry/other.conf"
kill -HUP "$(cat "$BB_STATE/broker.pid")"
soon 10 backbone partner show other >"$tmp/said" 2>&1

# ends_by SIGNAL WORDS DAEMON FILE: it is told once it has said these words
ends_by() {
    : >"$tmp/log"
    "$3" -c "$4" 2>"$tmp/log" &
    pid=$!
    soon 10 grep -q "$2" "$tmp/log"
    kill -s "$1" "$pid"
    wait "$pid"
    is "$3 ends by SIG$1" $? 0
}
mkdir "$tmp/store" "$tmp/messages"
store=$(but "$m" state "$tmp/store")
mv "$store" "$tmp/store.conf"
messages=$(but "$c" state "$tmp/messages")
for signal in INT TERM; do
    ends_by $signal 'at entry' backbone-measurement "$tmp/store.conf"
    ends_by $signal 'at message' backbone-communication "$messages"
    ends_by $signal 'serving' backbone-broker "$own"
done
finish
