#!/usr/bin/env bash
# No log has a secret or what somebody wrote, however much goes wrong while everything is logged; no file of the daemons
# is open to others; none of them leaves a core; and the broker does not remember its key as it was read.
. "$(dirname "$0")/lib.sh"

# what must not be found: texts of every kind of content, in the words that carry them here, and all secret keys
word=KanarienvogelNr4711
secret_of() {
    sed -n 's/^secret = "\(.*\)"/\1/p' "$1"
}
# talk BINARY: start the broker anew, as this binary, all daemons at level debug
talk() {
    printf '#!/bin/sh\nBB_FAULT=%s exec %q -c %q --log-level debug\n' "$2" "$1" "$BB_STATE/broker.conf" >"$BB_STATE/start/broker"
    run 0 bb-supervise restart broker
}
for worker in measurement communication; do
    sed -i 's/^exec .*/& --log-level debug/' "$BB_STATE/start/$worker"
    run 0 bb-supervise restart "$worker"
done
talk "$BB_BUILD/bin/backbone-broker" none

# whatever STATUS: a command that may fail, and mostly does
try() {
    timeout 20 "$@" >>"$tmp/said" 2>&1 </dev/null
}
everything() {
    local i=$1
    printf 'code,name,definition\ncount%s,Count %s,%s\n' "$i" "$i" "$word" >"$tmp/indicators.csv"
    try backbone indicator define "$tmp/indicators.csv"
    printf 'code,name,frequency\n%s,%s,%s\n' "$word" "$word" "$word" >"$tmp/wrong.csv"
    try backbone indicator define "$tmp/wrong.csv"
    # good rows, and each kind of bad ones
    { echo indicator,organization,place,disaggregation,period,value,status,comment
      printf 'count%s,alpha,%s,,2026,1,,%s\n' "$i" "$word" "$word"
      printf '%s,alpha,,,2026,1,,\n' "$word"
      printf 'count%s,%s,,,2026,1,,\n' "$i" "$word"
      printf 'count%s,alpha,,%s,2026,1,,\n' "$i" "$word"
      printf 'count%s,alpha,,,%s,1,,\n' "$i" "$word"
      printf 'count%s,alpha,,,2026,%s,,\n' "$i" "$word"
      printf 'count%s,alpha,,,2026,1,%s,\n' "$i" "$word"
      printf 'count%s,beta,,,2026,1,,%s\n' "$i" "$word"
    } >"$tmp/rows.csv"
    try as alpha import "$tmp/rows.csv" --note "$word"
    try as beta import "$tmp/rows.csv" --note "$word"
    try as alpha import "$tmp/rows.csv" --dry-run
    for who in alpha beta staff operator; do
        try as $who trend "$word"
        try as $who trend "count$i" --place "$word" --period "$word"
        try as $who readings ls --indicator "$word"
        try as $who batch show "$word"
        try as $who announce create --to all --subject "$word" "$word"
        try as $who announce create --to "$word" --subject "$word" "$word"
        try as $who partner add new --name "$word" --role partner --alias "bbi1$word"
        try as $who partner add "bbi1$word" --name "$word" --role "$word"
        try as $who partner show "bbi1$word"
        try as $who group create "$word" "$word"
        try as $who inbox ls
        try as $who rule add "$word" "$word"
    done
    # keys that are none, or other ones
    cp "$tmp/alpha.key" "$tmp/broken.key"
    sed -i 's/^public.*//' "$tmp/broken.key"
    backbone context add broken --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/broken.key" 2>>"$tmp/said"
    try as broken ping
    backbone keys new "$tmp/stranger$i.key" >/dev/null
    backbone context add stranger --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/stranger$i.key" 2>>"$tmp/said"
    try as stranger --timeout 3 ping
    backbone context add wrong --endpoint "$BB_ENDPOINT" --server-key "$(sed -n 's/^public = "\(.*\)"/\1/p' "$tmp/alpha.key")" \
        --key "$tmp/alpha.key" 2>>"$tmp/said"
    try as wrong --timeout 3 ping
    # what is no protocol, with the word in it
    (exec 3<>"/dev/tcp/127.0.0.1/${BB_ENDPOINT##*:}" && printf 'GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n' "$word" "$word" >&3 && cat <&3) >/dev/null 2>&1
    # configurations and registry files that are broken, with it
    printf "name = 'Bad'\nrole = 'partner'\nmember main {\n key = '%s'\n}\n" "$(secret_of "$tmp/alpha.key")" >"$BB_STATE/registry/bad.conf"
    kill -HUP "$(cat "$BB_STATE/broker.pid")"
    sed 's/^public/secret/' "$tmp/alpha.key" >"$tmp/twice.key"
    chmod 600 "$tmp/twice.key"
    sed "s|^server_key = .*|server_key = \"$tmp/twice.key\"|" "$BB_STATE/broker.conf" >"$tmp/twice.conf"
    "$BB_BUILD/bin/backbone-broker" -c "$tmp/twice.conf" >>"$BB_STATE/twice.log" 2>&1
    # and everything breaks off in the middle
    run 0 bb-supervise restart measurement
    run 0 bb-supervise restart communication
    run 0 bb-supervise restart broker
    rm -f "$BB_STATE/registry/bad.conf"
}
# found: how often the logs have the word, or a secret
found() {
    {
        grep -h -c -F -e "$word" "$BB_STATE"/*.log
        for key in "$BB_STATE"/keys/* "$tmp"/*.key; do
            secret_of "$key" | head -n 1 | grep . | grep -h -c -F -f - "$BB_STATE"/*.log
        done
    } | awk '{ n += $1 } END { print n + 0 }'
}

partner alpha Alpha
partner beta Beta
everything 1
is "secrets and contents in the logs" "$(found)" 0
[ "$(found)" = 0 ] || grep -h -F -e "$word" "$BB_STATE"/*.log | head -n 5
[ "$(cat "$BB_STATE"/*.log | wc -l)" -gt 30 ] && ok || not_ok "hardly anything was logged"
like "the command line was told of it" "$(cat "$tmp/said")" "$word"

# ---- the control: a broker that tells what it is asked is found out
talk "$BB_BUILD/tests/backbone-broker-faulty" tell-contents
everything 2
[ "$(found)" -gt 0 ] && ok || not_ok "what a broker told was not found"
talk "$BB_BUILD/bin/backbone-broker" none

# ---- files, cores, memory
is "files of the daemons that others may touch" "$(find "$BB_STATE/measurement" "$BB_STATE/communication" \
    "$BB_STATE/registry" "$BB_STATE"/keys -perm /077)" ""
for daemon in broker measurement communication; do
    pid=$(cat "$BB_STATE/$daemon.pid")
    like "$daemon leaves no core" "$(grep 'core file size' "/proc/$pid/limits")" 'size +0 +0 '
    is "$daemon, umask" "$(sed -n 's/^Umask:\t//p' "/proc/$pid/status")" 0077
done
secret=$(secret_of "$BB_STATE/keys/server")
if said=$("$BB_BUILD/tests/remembers" "$(cat "$BB_STATE/broker.pid")" "$secret" 2>/dev/null); then
    is "the broker's secret as it was read is in its memory so often" "${said% *}" 0
    [ "${said#* }" -gt 0 ] && ok || not_ok "libzmq has it nowhere: nothing was found because nothing was seen"
    echo "libzmq has ${said#* } copies of the secret key as bytes"
fi
finish
