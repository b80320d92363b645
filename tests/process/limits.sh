#!/usr/bin/env bash
# A key at its limits: an import takes longer, and nothing of it is lost; the others notice nothing; the counters tell.
. "$(dirname "$0")/lib.sh"

counter() {
    as operator status -o json | jq ".broker.counters.$1"
}
# restart_with LINE...: the broker, with these lines at the end of its configuration
restart_with() {
    cp "$tmp/broker.conf" "$BB_STATE/broker.conf"
    printf '%s\n' "$@" >>"$BB_STATE/broker.conf"
    run 0 bb-supervise restart broker
}

cp "$BB_STATE/broker.conf" "$tmp/broker.conf"
printf 'code,name\ncount,Count\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
partner busy Busy
partner other Other
{ echo indicator,place,period,value; seq 1 60000 | sed 's/.*/count,A place with the number &,2026,&/'; } >"$tmp/rows.csv"

# ---- nobody notices what is there by default
run 0 as busy import "$tmp/rows.csv" -o json
counts created=60000 rejected=0
for name in key_requests key_bytes key_excess key_connections handshakes address_handshakes; do
    is "limited_$name" "$(counter limited_$name)" 0
done

# ---- requests: ten a second, forty at once
restart_with 'key_requests = 10'
start=$SECONDS
run 0 as busy import "$tmp/rows.csv" -o json
counts unchanged=60000 rejected=0
[ "$(counter limited_key_requests)" -gt 0 ] && ok || not_ok "no request was refused"
is "and nobody was sent away" "$(counter limited_key_excess)" 0
took=$((SECONDS - start))
echo "with ten requests a second: $took s, $(counter limited_key_requests) refused"
run 0 as other ping

# ---- bytes
restart_with 'key_bytes = 1M'
{ echo indicator,place,period,value,comment
  seq 1 60000 | awk '{ printf "count,A place with the number %d,2026,%d,%0100d\n", $1, $1, $1 }'; } >"$tmp/large.csv"
run 0 as busy import "$tmp/large.csv" -o json
counts updated=60000 rejected=0
[ "$(counter limited_key_bytes)" -gt 0 ] && ok || not_ok "no request was refused"
is "and nobody was sent away" "$(counter limited_key_excess)" 0
echo "with 1 MiB a second: $(counter limited_key_bytes) refused"
finish
