# What the tests of durability share, on top of tests/process/lib.sh.
#
# shellcheck shell=bash disable=SC2154
tests=$BB_BUILD/tests
faulty=$tests/backbone-measurement-faulty

# chaos_define: what the load reports on, and its organizations, each with a key.
chaos_define() {
    run_text 'code,name,maximum,denominator,factor\nchaos-count,Count,,,\nchaos-rate,Rate,100,people,100\n' 0 \
        backbone indicator define -
    for i in 0 1 2; do
        partner "chaos-$i" "Chaos $i"
    done
}

# chaos_load N OPTION...: the load of organization N, in the foreground
chaos_load() {
    local n=$1
    shift
    "$tests/chaos-load" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/chaos-$n.key" \
        --organization "$n" --ledger "$tmp/ledger-$n" "$@"
}

# chaos_start_files OPTION...: a file that starts it for each organization, with these options: $tmp/load-N
chaos_start_files() {
    local n
    for n in 0 1 2; do
        printf '#!/bin/sh\nexec %q --endpoint %q --server-key %q --key %q --organization %s --ledger %q %s\n' \
            "$tests/chaos-load" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$tmp/chaos-$n.key" "$n" "$tmp/ledger-$n" "$*" \
            >"$tmp/load-$n"
        chmod 700 "$tmp/load-$n"
    done
    printf '#!/bin/sh\nexec %q --verify -c %q\n' "$BB_BUILD/bin/backbone-measurement" "$BB_STATE/measurement.conf" \
        >"$tmp/verify"
    chmod 700 "$tmp/verify"
}

# chaos_live N OPTION...: what organization N and the staff do step by step, in the foreground
chaos_live() {
    local n=$1
    shift
    "$tests/chaos-live" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/chaos-$n.key" \
        --staff "$BB_STATE/keys/staff" --organization "$n" --ledger "$tmp/steps-$n" "$@"
}

# chaos_live_file N: a file that starts it, which chaos_drive then runs as well: $tmp/live-N
chaos_live_file() {
    printf '#!/bin/sh\nexec %q --endpoint %q --server-key %q --key %q --staff %q --organization %s --ledger %q\n' \
        "$tests/chaos-live" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$tmp/chaos-$1.key" "$BB_STATE/keys/staff" "$1" "$tmp/steps-$1" \
        >"$tmp/live-$1"
    chmod 700 "$tmp/live-$1"
}

# chaos_live_check N: is what was done there? Prints a summary.
chaos_live_check() {
    "$tests/chaos-live-check" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$BB_STATE/keys/staff" \
        --organization "$1" --ledger "$tmp/steps-$1"
}

# chaos_drive OPTION... -- BROKER MEASUREMENT: chaos-drive runs these two, the loads of chaos_start_files and chaos_live_file, and kills;
# then the sandbox has its daemons back, and everything that was begun is acknowledged
chaos_drive() {
    local n loads=()
    bb-supervise stop measurement
    bb-supervise stop broker
    for n in 0 1 2; do
        loads+=("$tmp/load-$n")
        [ ! -e "$tmp/live-$n" ] || loads+=("$tmp/live-$n")
    done
    run 0 "$tests/chaos-drive" "$@" "${loads[@]}"
    echo "$out"
    [ "$status" -eq 0 ] || tail -n 40 <<<"$err"
    bb-supervise start broker
    bb-supervise start measurement
    chaos_drain
}

# chaos_drain: everything that was begun is sent until it is acknowledged
chaos_drain() {
    local n
    for n in 0 1 2; do
        chaos_load "$n" --drain && continue
        not_ok "the load of organization $n cannot end what it began" "$(backbone status 2>&1)"
    done
    for n in 0 1 2; do
        [ ! -e "$tmp/live-$n" ] || chaos_live "$n" --drain && continue
        not_ok "the steps of organization $n cannot be ended" "$(backbone status 2>&1)"
    done
}

# chaos_check journal | query: prints a summary
chaos_check() {
    case $1 in
        journal) "$tests/chaos-check" "$tmp" journal "$BB_STATE/measurement/journal" ;;
        query) "$tests/chaos-check" "$tmp" query --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" \
            --key "$BB_STATE/keys/staff" ;;
    esac
}

# worker_as [WORD...]: from its next start on the worker is run behind these words, such as `strace -f` or
# `env BB_FAULT=nosync`; worker_binary names another program than the ordinary one. LeakSanitizer traces, and so cannot
# be traced: it is off.
worker_as() {
    printf '#!/bin/sh\nexec env ASAN_OPTIONS=%q %s %q -c %q\n' "${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" "$*" "${worker_binary:-$BB_BUILD/bin/backbone-measurement}" \
        "$BB_STATE/measurement.conf" >"$BB_STATE/start/measurement"
}

# The same of the communication worker.
messages_as() {
    printf '#!/bin/sh\nexec env ASAN_OPTIONS=%q %s %q -c %q\n' "${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" "$*" \
        "${messages_binary:-$BB_BUILD/bin/backbone-communication}" "$BB_STATE/communication.conf" >"$BB_STATE/start/communication"
}

need_strace() {
    command -v strace >/dev/null || skip "there is no strace"
    strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
}
