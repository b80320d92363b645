#!/usr/bin/env bash
# What is small on the way and large in memory, to each method of each service: each is answered, with a clear refusal as
# a rule, none takes more memory than one request may, and the services are the same processes afterwards.
. "$(dirname "$0")/lib.sh"

bomb() {
    "$BB_BUILD/tests/bomb" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$BB_STATE/keys/staff" "$@"
}
# peak PID: the most memory that it ever had, in KiB
peak() {
    sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

printf 'code,name\ncount,Count\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone report count 1 --period 2026
daemons=("$BB_BROKER_PID" "$BB_MEASUREMENT_PID" "$BB_COMMUNICATION_PID")
before=()
for pid in "${daemons[@]}"; do before+=("$(peak "$pid")"); done

# a submessage with one text in field 1, as definitions, places, adoptions and rules need one; an empty one; empty texts
for method in {1..15} {32..75}; do
    for bytes in 0a030a0178 0a00 120178 1200 2200; do
        code=$(bomb "$method" $bytes 2>&1)
        # what was read has an answer of so many refusals that it cannot be sent
        [[ $code =~ ^14\ a\ part\ of\ the\ answer\ is\ larger ]] && continue
        [[ $code =~ ^[0-9]+ ]] && ok || not_ok "method $method, $bytes: $code"
        case ${code%% *} in 7 | 8 | 9 | 14) not_ok "method $method, $bytes: $code is no refusal" ;; esac
    done
done
for i in 0 1 2; do
    grew=$(($(peak "${daemons[i]}") - before[i]))
    echo "process ${daemons[i]}: $grew KiB more at most"
    # two requests at a time, one judged and one read; sanitizers keep what was freed
    if [ -z "$(ldd "$BB_BUILD/bin/backbone" | grep -o libasan)" ]; then
        [ "$grew" -le 81920 ] && ok || not_ok "${daemons[i]} grew by $grew KiB"
    fi
    kill -0 "${daemons[i]}" && ok || not_ok "${daemons[i]} has ended"
done
run 0 backbone trend count -o json
json '.[0].value | tonumber' 1
finish
