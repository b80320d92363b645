#!/usr/bin/env bash
# Somebody joins by an invitation: once, in time, with a key of his own; is approved; is revoked. Interrupted anywhere,
# the same command goes on.
. "$(dirname "$0")/lib.sh"

# at MACHINE ...: backbone on a machine of its own
at() {
    local machine=$1
    shift
    BACKBONE_CONFIG_DIR=$tmp/$machine backbone "$@"
}

# invite OPTION...: $invitation
invite() {
    run 0 backbone partner invite "$@"
    invitation=$out
}

printf 'code,name\nshare,A share\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"

# --- two steps
invite alpha --name 'Alpha schools'
like "one word" "$invitation" '^bbi1[A-Za-z0-9_-]+$'
like "for whom, until when, and how" "$err" 'alpha/main \(reporter\).*once, until .*backbone join'
run_text "$(sed 's/.\{50\}/&\\r\\n/g' <<<"$invitation")\n\n" 0 at school join - -o json
json '[.organization, .name, .member, .role, .state, .context, .selected]' \
    '["alpha", "Alpha schools", "main", "reporter", "joined", "alpha", true]'
fingerprint=$(jq -r .fingerprint <<<"$out")
key_file=$(jq -r .key_file <<<"$out")
is "the key is its owner's alone" "$(stat -c %a "$key_file")" 600
run 0 at school report share 1 --period 2026
run 0 at school keys show -o json
json .fingerprint "\"$fingerprint\""
run 0 backbone partner show alpha
like "staff see who it is" "$out" "main: reporter, $fingerprint"

# --- once
run 0 at school join "$invitation" -o json # an answer may have been lost
json '[.fingerprint, .context]' "[\"$fingerprint\", \"alpha\"]"
run 77 at thief join "$invitation"
like "another key is told so" "$err" 'used already, with another key'
[ ! -e "$tmp/thief/contexts" ] && ok || not_ok "no context is left of that" "$(ls "$tmp/thief/contexts")"
run 0 backbone partner invitations -o json
json '[.[] | [.member, .state, .fingerprint]]' "[[\"main\", \"used\", \"$fingerprint\"]]"
run 65 backbone partner invite alpha
like "a member who has a key is not invited" "$err" 'has a key'

# --- what is none, is altered, is late
invite alpha/late --expires 1s
late=$invitation
run 65 at school join hello
like "no invitation" "$err" 'no invitation'
run 65 at school join "${invitation%?????}"
like "cut off" "$err" 'cut off'
run 65 at school join "${invitation:0:60}$(tr 'A-Za-z' 'B-ZAb-za' <<<"${invitation:60:1}")${invitation:61}x"
run 65 at school join "$(sed 's/./&&/80; s/.\(.\)$/\1/' <<<"$invitation")"
like "altered" "$err" 'altered|cut off|too long'
run 65 at school join - </dev/null
run 64 at school join
run 64 backbone partner invite alpha/x --expires 91d
run 64 backbone partner invite alpha/x --role king
run 65 backbone partner invite alpha/x --role manager
like "a partner has no managers" "$err" 'role'
run 65 backbone partner invite nobody
like "an organization needs a name" "$err" 'with a name'
sleep 1.1
run 77 at school join "$late"
like "expired" "$err" 'expired|older than its expiry'

# --- another member, another role; over a restart of the broker, which keeps no secret
invite alpha/sis --role reader
run 0 bb-supervise restart broker
run 0 at sis join "$invitation" --name work
run 0 at sis --context work ping
like "a reader" "$out" reader
run 77 at sis report share 2 --period 2026
run 0 at school report share 2 --period 2026
run 73 at school join "$late" --name alpha
like "a name that is taken is told before anything is asked" "$err" 'already'
decoded=$(tr '_-' '/+' <<<"${invitation:4}")
secret=$(base64 -d 2>/dev/null <<<"$decoded==" | head -c 41 | tail -c 32 | od -An -tx1 | tr -d ' \n')
is "a secret has 32 bytes" "${#secret}" 64
if grep -rqiE "$secret|${invitation:16:40}" "$BB_STATE"/registry "$BB_STATE"/*.log; then
    not_ok "a secret is in the registry, or in a log"
else
    ok
fi

# --- staff compare fingerprints
invite alpha/anna --approve
run 75 at anna join "$invitation" -o json
json '[.state, .context]' '["pending", null]'
fingerprint=$(jq -r .fingerprint <<<"$out")
like "what happens next" "$err" 'read the fingerprint out'
run 75 at anna join "$invitation" -o json
json .fingerprint "\"$fingerprint\""
run 64 backbone partner approve alpha/anna
like "what is to be compared" "$err" "$fingerprint"
run 65 backbone partner approve alpha/anna --fingerprint 7Q2MK-0GD4S-XW1PN-93ZRT
like "another fingerprint" "$err" 'another one'
run 0 backbone partner approve alpha/anna --fingerprint "$(tr 'A-Z-' 'a-z ' <<<"$fingerprint")"
run 0 at anna join "$invitation" -o json
json '[.state, .context]' '["joined", "alpha-anna"]'
run 65 backbone partner approve alpha/anna --yes
like "nobody waits any more" "$err" 'nobody waits'
invite alpha/mallory --approve
run 75 at mallory join "$invitation"
run 0 backbone partner approve alpha --yes --reject
run 77 at mallory join "$invitation"
like "turned away" "$err" 'not known'

# --- killed just before each of these calls, it goes on with the same command
if strace -o /dev/null true 2>/dev/null; then
    calls=0
    for call in fsync linkat rename sendto; do
        for nth in 1 2 3; do
            invite "alpha/$call$nth"
            {
                BACKBONE_CONFIG_DIR=$tmp/$call$nth strace -f -qq -o /dev/null -e trace="$call" \
                    -e inject="$call:signal=KILL:when=$nth" backbone join "$invitation"
            } >/dev/null 2>&1 && break
            calls=$((calls + 1))
            run 0 at "$call$nth" join "$invitation" -o json
            json '[.member, .context, .selected]' "[\"$call$nth\", \"alpha-$call$nth\", true]"
            is "one context" "$(at "$call$nth" context ls -o json | jq length)" 1
            is "one key" "$(find "$tmp/$call$nth/keys" -type f | wc -l)" 1
        done
    done
    [ "$calls" -ge 6 ] && ok || not_ok "it was killed at $calls calls"
else
    echo "no strace here: nothing is killed"
fi

# --- revoked: out at once, for ever
at school subscribe all >/dev/null 2>&1
BACKBONE_CONFIG_DIR=$tmp/school backbone listen -o jsonl >"$tmp/heard" 2>"$tmp/listener" </dev/null &
listener=$!
soon 10 eval '[ "$(backbone status -o json | jq .broker.connections)" -ge 2 ]' && sleep 0.3
run 0 backbone partner revoke alpha/main -o json
json '[.organization, .keys]' '["alpha", 1]'
start=$EPOCHREALTIME
wait "$listener"
is "a connection that is open ends" $? 77
took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
[ "$took" -lt 1000 ] && ok || not_ok "within a second, not $took ms"
run 77 at school ping
run 0 at sis ping
run 0 bb-supervise restart broker
run 77 at school ping
invite alpha/main
run 77 at school join "$invitation" --key "$key_file" --name again
like "a revoked key does not come back" "$err" 'revoked'
run 0 at school join "$invitation" --name again
run 0 at school --context again ping
run 0 backbone partner revoke alpha
run 77 at sis ping
run 77 at school --context again ping

# --- a broker that is not there, is another one, or takes no enrolments
invite beta --name Beta
run 0 bb-supervise stop broker
run 69 at beta join "$invitation" --timeout 1
like "unreachable" "$err" 'cannot reach tcp://.*not used up'
mv "$BB_STATE/keys/server" "$tmp/server.key"
run 0 backbone keys new "$BB_STATE/keys/server"
run 0 bb-supervise start broker
run 77 at beta join "$invitation"
like "another key" "$err" 'another key than this invitation says'
mv "$tmp/server.key" "$BB_STATE/keys/server"
sed -i '/^enrol/d' "$BB_STATE/broker.conf"
run 0 bb-supervise restart broker
run 65 backbone partner invite gamma --name Gamma
like "no enrolments" "$err" 'takes no enrolments'
finish
