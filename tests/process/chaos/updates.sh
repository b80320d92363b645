# What the tests of updates share, on top of chaos/lib.sh: partners that correct their readings again and again while
# workers are killed, and one that was given a value of each at the start.
#
# shellcheck shell=bash disable=SC2154
export reporters=3
rounds=${BB_CHAOS_REPORTS:-100}

# updates_define: the reporters share their lines; `reader` asks once. What each reports is doubled, too.
updates_define() {
    local n
    for ((n = 0; n < reporters; n++)); do
        run_text "code,name,numerator_expression,decimals\nupdates-$n,Updates $n,,\ndouble-$n,Twice,2*#{updates-$n},0\n" \
            0 backbone indicator define -
        partner "reporter-$n" "Reporter $n" --share-own-line
        run 0 as "reporter-$n" report "updates-$n" 0 --period 2026
    done
    partner reader Reader
    run 0 as reader readings ls -o json
    json length "$reporters"
    for ((n = 0; n < reporters; n++)); do
        run 0 as reader trend "double-$n" -o json
    done
}

# updates_report N: its readings, one after the other
updates_report() {
    local i
    for ((i = 1; i <= rounds; i++)); do
        as "reporter-$1" report "updates-$1" "$i" --period 2026 >>"$tmp/report-$1" 2>&1 || return 1
    done
}

# updates_load PAUSE WORKER...: all of them report while these are killed, at random moments, after at least PAUSE ms
updates_load() {
    local n pids=() kills=0 worker pause=$1
    shift
    for ((n = 0; n < reporters; n++)); do
        updates_report "$n" &
        pids+=($!)
    done
    RANDOM=${BB_CHAOS_SEED:-$RANDOM}
    while jobs -pr | grep -q .; do
        worker=$1
        [ $# -eq 1 ] || worker=${*:1+RANDOM%$#:1}
        bb-supervise kill "$worker"
        bb-supervise start "$worker"
        kills=$((kills + 1))
        sleep "0.$(printf %03d $((pause + RANDOM % 120)))"
    done
    for n in "${pids[@]}"; do
        wait "$n" && ok || not_ok "a report was not taken" "$(tail -n 3 "$tmp"/report-*)"
    done
    echo "$kills kills"
}

# updates_expected: an update for each report, and a restatement for each but the first; of both indicators
updates_expected() {
    echo $((2 * (reporters * (rounds + 1) + reporters * rounds)))
}

updates_written() {
    backbone status -o json | jq '.services[] | select(.service == "communication") | .sequence'
}

# updates_are_there: as many messages as there should be
updates_are_there() {
    [ "$(updates_written)" -ge "$(updates_expected)" ] 2>/dev/null
}

# updates_check: each of them once, in order. Prints what is wrong.
updates_check() {
    local n wrong=0
    bb-supervise stop communication
    "$tests/chaos-updates" "$BB_STATE/communication" >"$tmp/updates" || return 2
    for ((n = 0; n < reporters; n++)); do
        updates_check_one "updates-$n" 1 || wrong=1
        updates_check_one "double-$n" 2 || wrong=1
    done
    return $wrong
}

# updates_check_one INDICATOR FACTOR: those of what was reported, or of so much of it
updates_check_one() {
    local i
    {
        echo "update indicator/$1 1 0"
        for ((i = 1; i <= rounds; i++)); do
            echo "update indicator/$1 0 1"
            echo "notice org/reader $1 $(($2 * (i - 1))) $(($2 * i))"
        done
    } >"$tmp/expected"
    grep "$1 " "$tmp/updates" >"$tmp/found"
    diff "$tmp/expected" "$tmp/found" >"$tmp/diff" && return 0
    grep '^[<>]' "$tmp/diff" | head -n 5
    return 1
}
