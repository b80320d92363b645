#!/usr/bin/env bash
# The audit log: it says who did what; it is on disk before what it tells of; and whatever somebody does to it is found,
# by the broker, from afar, and with jq and b2sum alone.
. "$(dirname "$0")/lib.sh"

log=$BB_STATE/audit.log
broker_pid() { cat "$BB_STATE/broker.pid"; }

# entry FILTER EXPECTED: what jq's FILTER makes of the last line of the log
entry() {
    out=$(tail -n 1 "$log")
    json "$1" "$2"
}

# --- who did what
partner alpha Alpha
entry '[.organization, .member, .role, .action, .object, .facts.name, .facts.role]' \
    '["backbone", "main", "manager", "partner.put", "alpha", "Alpha", "partner"]'
key=$(sed -n 's/^public = "\(.*\)"$/\1/p' "$tmp/alpha.key")
entry '[.facts.key, .key] | map(test("^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$"))' '[true, true]'
run 0 as operator partner set alpha --disable
entry '[.organization, .member, .role, .key, .facts]' '["operator", "local", "operator", null, {"enabled": "false"}]'
run 0 as operator partner set alpha --enable
lines=$(wc -l <"$log")
run 0 as operator partner set alpha --enable
is "what changes nothing is no entry" "$(wc -l <"$log")" "$lines"

run 0 backbone indicator define "$sample/indicators.csv"
entry '[.member, .action, .object, (.facts.body | length), (.facts.bytes | tonumber > 100)]' \
    '["main", "indicator.define", "measurement", 64, true]'
run 0 backbone group add arts --name Arts --kind working
entry '[.action, .object]' '["group.put", "communication"]'

# --- who joined, by what, and nothing of the secret
run 0 backbone partner invite zeta --name Zeta
invitation=$out
entry '[.action, .object, (.facts.invitation | length)]' '["partner.invite", "zeta/main", 16]'
id=$(tail -n 1 "$log" | jq -r .facts.invitation)
run 0 env BACKBONE_CONFIG_DIR="$tmp/zeta" backbone join "$invitation"
entry '[.organization, .member, .role, .action, .object, .facts.invited_by, .facts.pending, .key == .facts.key]' \
    '["zeta", "main", "reporter", "member.enrol", "zeta/main", "backbone/main", "false", true]'
is "the invitation" "$(tail -n 1 "$log" | jq -r .facts.invitation)" "$id"
run 0 backbone partner revoke zeta
entry '[.action, .object, (.facts.keys | length)]' '["partner.revoke", "zeta", 23]'

# --- who tried, up to a number
run 77 as alpha partner set alpha --name 'Alpha the Great'
entry '[.organization, .role, .action, .refused]' '["alpha", "reporter", "partner.put", true]'
run 77 backbone partner set backbone --disable
entry '[.organization, .role, .action, .refused]' '["backbone", "manager", "partner.put", true]'

# --- files that somebody edits
sed -i "s/^name = .*/name = 'Alpha school'/" "$BB_STATE/registry/alpha.conf"
printf "name = 'Gamma'\nrole = 'partner'\n" >"$BB_STATE/registry/gamma.conf"
kill -HUP "$(broker_pid)"
soon 10 grep -q '"action":"registry.added","object":"gamma"' "$log"
like "and it says by whom" "$(grep registry.edited "$log")" '"organization":"operator","member":"file".*"object":"alpha"'
run 0 bb-supervise stop broker
rm "$BB_STATE/registry/gamma.conf"
run 0 bb-supervise start broker
like "also what was done while it was away" "$(tail -n 1 "$log")" '"registry.removed","object":"gamma"'
is "a start and a stop" "$(jq -r .action "$log" | grep -c '^broker')" 3

# --- from afar
run 77 as alpha audit
run 0 backbone audit
like "a table" "$out" 'backbone/main +manager +partner.put +alpha'
run 0 as operator audit -o jsonl
is "the lines as they are" "$out" "$(cat "$log")"
run 0 backbone audit --limit 2 -o json
json 'length' 2
json '.[1].action' '"registry.removed"'
run 0 backbone audit --since 3 --limit 1000 -o json
json '.[0].sequence' 4
run 0 backbone audit --since "$(jq -r 'select(.sequence == 7).time' "$log")" -o json
json '.[0].sequence' 7
run 0 backbone audit --verify -o json
json '.entries' "$(wc -l <"$log")"
head=$(jq -r .head <<<"$out")
is "the head" "$head" "$(tail -n 1 "$log" | jq -r '"\(.sequence):\(.hash)"')"
run 64 backbone audit --verify --limit 1
run 64 backbone audit --expect 7:12
run 65 backbone audit --expect "7:${head#*:}"
like "what differs" "$err" 'entry 7 has another hash'

BACKBONE_CONTEXT=operator backbone audit --follow --verify -o jsonl >"$tmp/followed" 2>"$tmp/said" &
follower=$!
soon 10 cmp -s "$tmp/followed" "$log"
run 0 bb-supervise restart broker
run 0 backbone partner add delta --name Delta --role partner
soon 10 grep -q '"object":"delta"' "$tmp/followed"
kill "$follower"
wait "$follower"
is "told to stop" $? 0
is "what was followed is what there is" "$(cat "$tmp/followed")" "$(cat "$log")"

# --- the recipe of PROTOCOL.md, as it stands there
sed -n "/while IFS= read -r line; do/,/done <audit.log/p" "$root/proto/PROTOCOL.md" >"$tmp/recipe"
is "it is there" "$(wc -l <"$tmp/recipe")" 5
recipe() { (cd "$(dirname "$1")" && bash "$tmp/recipe"); }
mkdir "$tmp/copy"
jq -c . "$log" >"$tmp/copy/audit.log"
run 0 cmp "$log" "$tmp/copy/audit.log"
is "jq and b2sum agree" "$(recipe "$tmp/copy/audit.log")" ""

# --- what may be done to it. The broker is away; each time it is asked, and so is the file alone.
run 0 bb-supervise stop broker
cp -p "$log" "$tmp/good"
head=$(tail -n 1 "$log" | jq -r '"\(.sequence):\(.hash)"')
# is_bad WHAT LINE
is_bad() {
    run 65 backbone audit --file "$log" --verify
    like "$1" "$err" "audit.log: line $2: "
    run 76 backbone-broker -c "$BB_STATE/broker.conf"
    like "$1, says the broker" "$err" "audit.log: line $2: .*put a copy of the true one in its place"
    run 78 backbone-broker --check-config -c "$BB_STATE/broker.conf"
    like "$1, and with --check-config" "$err" "audit.log: line $2: "
    cp -p "$tmp/good" "$log"
}
sed -i '4s/"enabled":"false"/"enabled":"true"/' "$log"
cmp -s "$log" "$tmp/good" && sed -i '4s/"manager"/"reader"/' "$log"
cp "$log" "$tmp/copy/audit.log"
like "and by hand" "$(recipe "$tmp/copy/audit.log")" 'not so: .*"sequence":4,'
is_bad "a word was changed" 4
sed -i 5d "$log"
is_bad "a line is gone" 5
sed -i '6{h;d};7G' "$log"
is_bad "two have changed places" 6
sed -i 1d "$log"
is_bad "the beginning is gone" 1
sed -n 3p "$tmp/good" >>"$log"
is_bad "one stands there twice" $(($(wc -l <"$tmp/good") + 1))
chmod 644 "$log"
run 78 backbone-broker -c "$BB_STATE/broker.conf"
like "others may read it" "$err" 'expected mode 0600'
chmod 600 "$log"

# what the file alone does not show, and a head that was written down does: the end cut off, and everything made anew
run 0 backbone audit --file "$log" --expect "$head"
head -n -2 "$tmp/good" >"$log"
run 0 backbone audit --file "$log" --verify
run 65 backbone audit --file "$log" --expect "$head"
like "what is missing" "$err" 'entries are missing at its end'
hash=$(printf %064d 0)
sequence=0
sed 5d "$tmp/good" | while IFS= read -r line; do
    sequence=$((sequence + 1))
    line=$(jq -c "del(.hash) | .sequence = $sequence | .previous = \"$hash\"" <<<"$line")
    hash=$(printf %s "$line" | b2sum -l 256 | cut -d ' ' -f 1)
    printf '%s,"hash":"%s"}\n' "${line%\}}" "$hash"
done >"$log"
run 0 backbone audit --file "$log" --verify
run 65 backbone audit --file "$log" --expect "$head"
cp -p "$tmp/good" "$log"

# a last line that was not finished
printf '{"sequence":99,"time":"2026' >>"$log"
run 65 backbone audit --file "$log" --verify
run 0 bb-supervise start broker
like "it is said" "$(cat "$BB_STATE/broker.log")" 'audit: .*the last line was not finished.* 27 bytes were cut off'
run 0 backbone audit --expect "$head"

# --- killed at any moment: what was answered stands there, whatever else does
acknowledged() {
    local i=0 killer
    : >"$tmp/acknowledged"
    (for _ in {1..5}; do sleep 0.2; bb-supervise kill broker; bb-supervise start broker; done) >"$tmp/said" 2>&1 &
    killer=$!
    while kill -0 "$killer" 2>"$tmp/said"; do
        i=$((i + 1))
        backbone --timeout 5 partner add "$1-$i" --name "$1 $i" --role partner >"$tmp/said" 2>&1 &&
            echo "$1-$i" >>"$tmp/acknowledged"
    done
    wait "$killer"
    run 0 bb-supervise stop broker
    run 0 bb-supervise start broker
}
missing() {
    comm -23 <(sort "$tmp/acknowledged") <(jq -r 'select(.action == "partner.put" and .failed == null).object' "$log" | sort)
}
acknowledged kill
[ "$(wc -l <"$tmp/acknowledged")" -ge 5 ] && ok || not_ok "something was answered" "$(wc -l <"$tmp/acknowledged")"
is "everything that was answered" "$(missing)" ""
run 0 backbone audit --expect "$head"
echo "killed 5 times: $(wc -l <"$tmp/acknowledged") answers"

# control: a broker that loses its entries is found out
run 0 bb-supervise stop broker
cp "$BB_STATE/start/broker" "$tmp/start"
printf '#!/bin/sh\nBB_FAULT=audit-lost exec %q -c %q\n' "$BB_BUILD/tests/backbone-broker-faulty" "$BB_STATE/broker.conf" >"$BB_STATE/start/broker"
run 0 bb-supervise start broker
run 0 backbone partner add lost --name Lost --role partner
echo lost >"$tmp/acknowledged"
is "it is noticed" "$(missing)" lost
run 0 bb-supervise stop broker
# nor does one serve that cannot bring them to disk
BB_FAULT=audit-unsynced run 74 timeout 20 "$BB_BUILD/tests/backbone-broker-faulty" -c "$BB_STATE/broker.conf"
like "it says why" "$err" 'audit: what happened cannot be brought to disk'
cp "$tmp/start" "$BB_STATE/start/broker"
run 0 bb-supervise start broker
like "and so, as a file that somebody brought" "$(tail -n 3 "$log")" '"registry.added","object":"lost"'

# --- no room: refused, and nothing is changed
run 0 backbone audit --verify -o json
head=$(jq -r .head <<<"$out")
run 0 prlimit --pid "$(broker_pid)" --fsize=$(($(stat -c %s "$log") + 60)):unlimited
run 75 backbone --timeout 1 partner add epsilon --name Epsilon --role partner
like "why" "$err" 'NOSPACE: the audit log cannot be written, so nothing was changed'
run 75 backbone --timeout 1 group add sports --name Sports --kind working
like "why" "$err" 'NOSPACE: the audit log cannot be written, so nothing was done'
run 65 backbone partner show epsilon
[ ! -e "$BB_STATE/registry/epsilon.conf" ] && ok || not_ok "there is no file of it"
run 0 prlimit --pid "$(broker_pid)" --fsize=unlimited
run 0 backbone audit --verify -o json
json .head "\"$head\""
run 0 backbone partner add epsilon --name Epsilon --role partner
run 0 backbone audit --expect "$head"

# --- who tries too often
partner beta Beta
before=$(grep -c '"refused":true' "$log")
for _ in {1..33}; do as beta group add arts --name A --kind working >"$tmp/said" 2>&1; done
is "no more than 30 in ten minutes" "$(($(grep -c '"refused":true' "$log") - before))" 30

# --- nothing secret anywhere
# of the text of an invitation, the bytes behind its version and id are its secret
secret=$(tr '_-' '/+' <<<"${invitation#bbi1}=" | base64 -d 2>"$tmp/said" | tail -c +10 | head -c 32 | od -An -v -tx1 | tr -d ' \n')
is "a secret of 32 bytes" "${#secret}" 64
for place in "$log" "$BB_STATE"/*.log; do
    grep -qiF -e "$secret" -e "${invitation:20:24}" "$place" && not_ok "the invitation is in $place" || ok
done
for file in "$BB_STATE"/keys/* "$tmp"/*.key "$tmp"/zeta/keys/*; do
    secret=$(sed -n 's/^secret = "\(.*\)"$/\1/p' "$file")
    for place in "$log" "$BB_STATE"/*.log; do
        grep -qF -- "$secret" "$place" && not_ok "the secret of $file is in $place" || ok
    done
done
grep -qF -- "$key" "$log" && not_ok "keys stand there as fingerprints" || ok

# --- why somebody may, or may not
run 0 backbone access explain alpha measurement.submit -o json
json '[.allowed, .role, .scope]' '[true, "reporter", "OWN"]'
run 0 as alpha access explain alpha/main rule.define
like "why not" "$out" 'NONE for rule.define as reporter: it is for managers, data managers'$'\n''denied'
run 65 as alpha access explain delta measurement.submit
run 0 backbone access explain delta measurement.submit
like "nobody" "$out" 'delta has no member "main"'
run 0 backbone access explain operator trend -o json
json .allowed false
run 64 backbone access explain alpha no.such.method
run 65 backbone access explain nobody trend
run 0 env BACKBONE_CONTEXT=none backbone access table -o json
json '.[] | select(.method == "trend") | [.operator, .manager, .reporter, .observer]' '["NONE", "ALL", "SHARED", "TOTALS"]'
is "every method of PROTOCOL.md" "$(jq -r '.[].method' <<<"$out")" "$(sed -n 's/^| [0-9]* | `\([a-z.]*\)` | .* → .*/\1/p' "$root/proto/PROTOCOL.md")"

finish
