#!/usr/bin/env bash
# Broker and services are one user, and operators that or root: another user is turned away at the sockets even where
# modes of files would let him in, and a service speaks to nobody else's broker. With controls: where the kernel is not
# asked, the same succeeds.
no_sandbox=1
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "only root can be other users"
other=65534
# a user whom the kernel lets write where he may not
trespasser=(setpriv --securebits +no_setuid_fixup --reuid $other --inh-caps +dac_override,+dac_read_search,+fowner
    --ambient-caps +dac_override,+dac_read_search,+fowner)
"${trespasser[@]}" true 2>/dev/null || skip "setpriv cannot change the user"

export PATH="$BB_BUILD/bin:$PATH" BACKBONE_CONFIG_DIR=$tmp/contexts
state=$(mktemp -d /tmp/bb.XXXXXX)
pids=()
stop() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
    wait
    pids=()
}
trap 'stop; rm -rf "$state"; at_exit' EXIT
# what others run must be where they can get at it
install -m 755 "$BB_BUILD/bin/backbone" "$BB_BUILD/bin/backbone-broker" "$BB_BUILD/tests/backbone-broker-faulty" \
    "$BB_BUILD/bin/backbone-measurement" "$BB_BUILD/tests/backbone-measurement-faulty" "$state"
chmod 755 "$state"
as_other() {
    setpriv --reuid $other --regid $other --clear-groups "$@"
}

# prepare FOLDER: what a broker and a worker need
prepare() {
    mkdir -p "$1/registry" "$1/store"
    rm -rf "$1/run" "$1/server.key"
    backbone keys new "$1/server.key" >/dev/null
    printf 'listen = "tcp://127.0.0.1:*"\nserver_key = "%s/server.key"\nregistry = "%s/registry"\nruntime = "%s/run"\n' \
        "$1" "$1" "$1" >"$1/broker.conf"
    printf 'state = "%s/store"\nbroker = "ipc://%s/run/worker.sock"\n' "$1" "$1" >"$1/measurement.conf"
}
# start LOG COMMAND...
start() {
    local log=$1
    shift
    : >"$log"
    "$@" >"$log" 2>&1 &
    pids+=($!)
}
ping_by() {
    BACKBONE_CONTEXT=operator "$@" timeout 5 "$state/backbone" ping -o json
}
connect() {
    backbone context remove operator >/dev/null 2>&1
    backbone context add operator --endpoint "ipc://$1/run/admin.sock" >/dev/null 2>&1
    chmod -R a+rX "$BACKBONE_CONFIG_DIR" "$tmp"
}
# open_to_all FOLDER: as if somebody had changed the modes
open_to_all() {
    chmod 755 "$1" "$1/run"
    chmod 666 "$1/run/"*.sock
}

# ---- another user at the sockets of a broker that is root
for broker in backbone-broker backbone-broker-faulty; do
    folder=$state/$broker.d
    mkdir "$folder"
    prepare "$folder"
    BB_FAULT=any-user start "$tmp/$broker.log" "$state/$broker" -c "$folder/broker.conf"
    soon 10 grep -q serving "$tmp/$broker.log"
    connect "$folder"
    open_to_all "$folder"
    run 0 ping_by env
    if [ $broker = backbone-broker ]; then
        ping_by as_other env >"$tmp/said" 2>&1 && not_ok "another user is let in by $broker" || ok
        BACKBONE_CONTEXT=operator run 0 backbone status -o json
        [ "$(jq .broker.counters.refused_users <<<"$out")" -gt 0 ] && ok || not_ok "nobody was refused: $out"
    else
        run 0 ping_by as_other env
    fi
    stop
done

# ---- root at the sockets of a broker that is another user: as an operator, yes; as a service, no
folder=$state/other.d
mkdir "$folder"
prepare "$folder"
chown -R $other "$folder"
start "$tmp/other.log" as_other "$state/backbone-broker" -c "$folder/broker.conf"
soon 10 grep -q serving "$tmp/other.log"
connect "$folder"
run 0 ping_by env
start "$tmp/folder.log" "$state/backbone-measurement" -c "$folder/measurement.conf"
soon 10 grep -q "not connecting to .*: $folder/run belongs to user $other, and we are 0" "$tmp/folder.log"
stop

# ---- a service and a folder that others may write to
folder=$state/open.d
mkdir "$folder"
prepare "$folder"
start "$tmp/broker.log" "$state/backbone-broker" -c "$folder/broker.conf"
soon 10 grep -q serving "$tmp/broker.log"
chmod 777 "$folder/run"
start "$tmp/open.log" "$state/backbone-measurement" -c "$folder/measurement.conf"
soon 10 grep -q "not connecting to .*: $folder/run is open to others: found mode 0777, expected 0700" "$tmp/open.log"
chmod 700 "$folder/run"
soon 10 grep -q "serving measurement" "$tmp/open.log" # as soon as that is mended
stop

# ---- another user's broker in a folder that is ours: one that the kernel lets write where it may not
for worker in backbone-measurement backbone-measurement-faulty; do
    folder=$state/$worker.d
    mkdir "$folder"
    prepare "$folder"
    mkdir -m 700 "$folder/run"
    export BB_FAULT=any-user # of the broker, which would not take root as a service; and of the faulty service
    start "$tmp/$worker.broker" "${trespasser[@]}" "$state/backbone-broker-faulty" -c "$folder/broker.conf"
    soon 10 grep -q serving "$tmp/$worker.broker" || cat "$tmp/$worker.broker"
    start "$tmp/$worker.log" "$state/$worker" -c "$folder/measurement.conf"
    if [ $worker = backbone-measurement ]; then
        soon 10 grep -q "no broker at .*: it is another user's" "$tmp/$worker.log"
        unlike "it serves nobody" "$(cat "$tmp/$worker.log")" 'serving measurement'
    else
        soon 10 grep -q "serving measurement" "$tmp/$worker.log"
    fi
    stop
    unset BB_FAULT
done
finish
