# What the tests of delivery under chaos share, on top of tests/process/lib.sh.
#
# shellcheck shell=bash disable=SC2154
tests=$BB_BUILD/tests
faulty=$tests/backbone-communication-faulty
subscribers=${BB_FAN_SUBSCRIBERS:-200}
messages=${BB_FAN_MESSAGES:-20000}
organizations=10

# fan_define: organizations, groups, indicators, the files that start publisher and subscribers, and a cursor for each subscriber
# before the first message is written.
fan_define() {
    local i
    mkdir -p "$tmp/store"
    run_text 'code,name\nfan-count,Count\nfan-rate,Rate\n' 0 backbone indicator define -
    run 0 backbone group add even --name "Even ones" --kind working
    run 0 backbone group add odd --name "Odd ones" --kind working
    for ((i = 0; i < organizations; i++)); do
        partner "fan-$i" "Fan $i"
        run 0 backbone group join "$([ $((i % 2)) = 0 ] && echo even || echo odd)" "fan-$i"
    done
    {
        printf '#!/bin/sh\nn=$1\nshift\n'
        printf 'exec %q --endpoint %q --server-key %q --key %q/fan-$((n %% %d)).key --number "$n" --store %q/"$n" "$@"\n' \
            "$tests/fan-subscribe" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$tmp" "$organizations" "$tmp/store"
    } >"$tmp/subscriber"
    printf '#!/bin/sh\nexec %q --endpoint %q --server-key %q --key %q --count %s --ledger %q --rate %s\n' \
        "$tests/fan-publish" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$BB_STATE/keys/staff" "$messages" "$tmp/ledger" \
        "${BB_FAN_RATE:-500}" >"$tmp/publisher"
    chmod 700 "$tmp/subscriber" "$tmp/publisher"
    fan_drain 100
}

# fan_drain MS: every subscriber takes what is there for it, until nothing has come for so long
fan_drain() {
    seq 0 $((subscribers - 1)) | xargs -P 25 -I N "$tmp/subscriber" N --idle "$1" ||
        not_ok "a subscriber cannot be drained" "$(backbone status 2>&1)"
}

# fan_drive OPTION... -- BROKER WORKER: publisher and subscribers, while fan-drive runs these two; then the sandbox has
# its daemons back, and every subscriber takes what is left
fan_drive() {
    bb-supervise stop communication
    bb-supervise stop broker
    run 0 "$tests/fan-drive" --subscribers "$subscribers" --publisher "$tmp/publisher" --subscriber "$tmp/subscriber" "$@"
    echo "$out"
    [ "$status" -eq 0 ] || tail -n 40 <<<"$err"
    bb-supervise start broker
    bb-supervise start communication
    fan_drain 2000
}

fan_check() {
    "$tests/fan-check" "$tmp/ledger" "$tmp/store" "$subscribers"
}
