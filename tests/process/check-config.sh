#!/usr/bin/env bash
# --check-config looks at what a configuration points at, says everything that is wrong there, and changes nothing. A
# daemon whose configuration is wrong does not start.
no_sandbox=1
. "$(dirname "$0")/lib.sh"
export PATH="$BB_BUILD/bin:$PATH"
umask 077

mkdir "$tmp/registry" "$tmp/state"
run 0 backbone keys new "$tmp/server.key"
run 0 backbone keys new "$tmp/a.key"
key=$out
run 0 backbone keys new "$tmp/b.key"
other_key=$out

# organization CODE NAME KEY
organization() {
    printf "name = '%s'\nrole = 'partner'\nmember main {\n    key = '%s'\n}\n" "$2" "$3" >"$tmp/registry/$1.conf"
}

# broker NAME=VALUE...: these settings, the others as they should be
broker() {
    printf '%s = "%s"\n' server_key "$tmp/server.key" registry "$tmp/registry" runtime "$tmp/run" listen 'tcp://127.0.0.1:*' \
        >"$tmp/all.conf"
    change "$tmp/broker.conf" "$@"
}

# worker NAME NAME=VALUE...
worker() {
    printf '%s = "%s"\n' state "$tmp/state" broker "ipc://$tmp/run/worker.sock" >"$tmp/all.conf"
    change "$tmp/$1.conf" "${@:2}"
}

change() {
    local file=$1 pair
    shift
    cp "$tmp/all.conf" "$file"
    for pair in "$@"; do
        sed -i "/^${pair%%=*} = /d" "$file"
        printf '%s = "%s"\n' "${pair%%=*}" "${pair#*=}" >>"$file"
    done
}

# broker_says STATUS REGEX [NAME=VALUE...]
broker_says() {
    local status=$1 expected=$2
    shift 2
    broker "$@"
    run "$status" backbone-broker --check-config -c "$tmp/broker.conf"
    like "what is wrong" "$out$err" "$expected"
}

# worker_says STATUS REGEX [NAME=VALUE...]: $name does
worker_says() {
    local status=$1 expected=$2
    shift 2
    worker "$name" "$@"
    run "$status" "backbone-$name" --check-config -c "$tmp/$name.conf"
    like "what is wrong" "$out$err" "$expected"
}

# --- the broker
organization alpha Alpha "$key"
broker_says 0 ': correct$'
[ ! -e "$tmp/run" ] && ok || not_ok "a check makes no folder"
broker_says 78 'listen: found "tcp://127.0.0.1:70000", expected tcp://ADDRESS:PORT' listen=tcp://127.0.0.1:70000
broker_says 78 "$tmp/none: No such file" "server_key=$tmp/none"
printf 'public = "x"\n' >"$tmp/broken.key"
broker_says 78 'broken.key:1: not a key' "server_key=$tmp/broken.key"
cp "$tmp/server.key" "$tmp/open.key"
chmod 644 "$tmp/open.key"
broker_says 78 'open.key: mode 0644' "server_key=$tmp/open.key"
broker_says 78 'registry: .*/none": No such file' "registry=$tmp/none"
broker_says 78 'is not there and cannot be made: .*/none: No such file' "runtime=$tmp/none/run"
broker_says 78 'server.key" is not a folder' "runtime=$tmp/server.key"
mkdir -m 755 "$tmp/open"
broker_says 78 'open" is open to others: found mode 0755, expected 0700' "runtime=$tmp/open"
run 78 backbone-broker -c "$tmp/broker.conf"
like "it does not start either" "$err" 'is open to others'
broker_says 78 'open.key.*none": No such file.*open to others' "server_key=$tmp/open.key" "registry=$tmp/none" "runtime=$tmp/open"

# what two files of the registry claim
organization beta Alpha "$other_key"
broker_says 78 'alpha.conf: name "Alpha" is also the name in beta.conf.*beta.conf: name "Alpha" is also the name in alpha.conf'
organization beta Beta "$key"
broker_says 78 'alpha.conf: the key is also that of beta.conf.*beta.conf: the key is also that of alpha.conf'
organization beta $'Be\u202eta' "$other_key"
broker_says 78 'beta.conf:1: name: found "Be.u202Eta"'
organization beta Beta "$other_key"
broker_says 0 ': correct$'

# --- the workers
for name in measurement communication; do
    worker_says 0 ': correct$'
    is "a check leaves the state as it is" "$(ls -A "$tmp/state")" ""
    worker_says 78 'broker: found "tcp://127.0.0.1:1", expected ipc:///PATH/worker.sock' broker=tcp://127.0.0.1:1
    worker_says 78 'broker: found "ipc://worker.sock"' broker=ipc://worker.sock
    worker_says 78 'too long for the address of a socket' "broker=ipc:///$(printf 'x%.0s' {1..108})"
    worker_says 78 'server.key": Not a directory' "state=$tmp/server.key"
    worker_says 78 "state: .*/sate\" is not there; for a new store make it: install -d -m 0700 '$tmp/sate'" "state=$tmp/sate"
done

# a mistyped path is not an empty store
for name in measurement communication; do
    run 78 timeout 20 "backbone-$name" -c "$tmp/$name.conf"
    like "how to make one" "$err" "install -d -m 0700 '$tmp/sate'"
done
run 78 timeout 20 backbone-measurement --verify -c "$tmp/measurement.conf"
[ ! -e "$tmp/sate" ] && ok || not_ok "nothing was made"

# --- what is kept of messages
name=communication
mkdir -m 0700 "$tmp/state/log"
head -c 100000 /dev/urandom >"$tmp/state/log/data.mdb"
worker_says 76 'state/log/data.mdb: found something else .*expected the store of the messages; restore both'
rm "$tmp/state/log/data.mdb"
head -c 8392704 /dev/zero >"$tmp/state/log/redo"
worker_says 76 'state/log/data.mdb: found none beside redo, expected'
is "a check leaves the log as it is" "$(ls -A "$tmp/state/log")" redo
rm -r "$tmp/state/log"
worker_says 0 ': correct$' 'retain=indicator/* 400 days 100000 messages; group/board forever'
worker_says 78 'retain: found "weeks", expected days or messages behind a number' 'retain=all 3 weeks'
worker_says 78 'retain: found "everything", expected a channel, or a pattern' 'retain=everything 3 days'
worker_says 78 'retain_days' retain_days=-1

finish
