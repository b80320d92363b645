#!/usr/bin/env bash
# Subscribers: taken over, killed, stopped, behind; the service and the broker killed under them; groups that they join and
# leave; messages that were removed while they were away.
. "$(dirname "$0")/lib.sh"

partner alpha Alpha
partner beta Beta
run 0 backbone group add lead --name "The lead" --kind working

# say CHANNEL N [FIRST]: N messages, whose subjects are numbers
say() {
    "$BB_BUILD/tests/publish" --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$BB_STATE/keys/staff" \
        --channel "$1" --count "$2" --window 32 --bytes 20 >/dev/null || not_ok "publish $2 to $1"
}

# listen WHO NAME [OPTION...]: in the background, to $tmp/WHO-NAME.jsonl; sets $listener
listen() {
    local who=$1 name=$2
    shift 2
    BACKBONE_CONTEXT=$who backbone listen --name "$name" -o jsonl "$@" >>"$tmp/$who-$name.jsonl" 2>>"$tmp/$who-$name.err" &
    listener=$!
}

# online WHO NAME: somebody is fed from it
online() {
    [ "$(as "$1" subscriptions -o json | jq ".[] | select(.name == \"$2\") | .online")" = true ]
}

offline() {
    [ "$(as "$1" subscriptions -o json | jq ".[] | select(.name == \"$2\") | .online")" = false ]
}

# at WHO NAME SEQUENCE: it has taken care of everything up to there
at() {
    [ "$(as "$1" subscriptions -o json | jq ".[] | select(.name == \"$2\") | .position")" = "$3" ]
}

has() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}

# each WHAT FILE: every message once, in order
each() {
    is "$1" "$(jq -s 'map(.sequence) | . == (unique) and length > 0' "$2")" true
}

# --- taken over
listen alpha one
first=$listener
soon 5 online alpha one
say all 3
soon 5 at alpha one 3
listen alpha one
second=$listener
wait "$first"
is "the older one ends" $? 75
like "and says why" "$(cat "$tmp/alpha-one.err")" 'another session'
soon 5 online alpha one
say all 2
soon 5 has "$tmp/alpha-one.jsonl" 5
each "nothing twice" "$tmp/alpha-one.jsonl"
kill "$second"
wait "$second"
is "it is told to stop" $? 0

# --- killed with messages that it has not taken care of
listen alpha two --from-start --exec 'sleep 60'
soon 5 online alpha two
kill -9 "$listener"
wait "$listener" 2>/dev/null
soon 5 offline alpha two
run 0 as alpha listen --name two --count 5 -o jsonl
is "all again, and marked" "$(jq -s -c 'map([.sequence, .redelivered])' <<<"$out")" \
    '[[1,true],[2,true],[3,true],[4,true],[5,true]]'
run 0 as alpha listen --name two --idle 1 -o jsonl
is "acknowledged is not again" "$out" ""

# --- the service is killed, and the broker, under listeners and somebody who writes
for who in alpha beta; do
    listen "$who" steady --from-start
done
for round in 1 2 3; do
    say all 200 &
    writer=$!
    bb-supervise kill communication
    bb-supervise start communication
    bb-supervise kill broker
    bb-supervise start broker
    wait "$writer"
done
for who in alpha beta; do
    soon 20 has "$tmp/$who-steady.jsonl" 605
    # A process that goes on is given nothing twice.
    is "$who has all" "$(jq -s -c 'map(.sequence) == [range(1; 606)]' "$tmp/$who-steady.jsonl")" true
done
for job in $(jobs -p); do
    kill "$job" 2>/dev/null
    wait "$job"
done

# --- joining and leaving while subscribed
listen beta groups
soon 5 online beta groups
say group/lead 1
run 0 backbone group join lead beta
say group/lead 1
soon 5 has "$tmp/beta-groups.jsonl" 1
run 0 backbone group leave lead beta
say group/lead 1
say all 1
soon 5 has "$tmp/beta-groups.jsonl" 2
is "what was said while it was a member" "$(jq -s -c 'map(.sequence)' "$tmp/beta-groups.jsonl")" '[607,609]'
kill "$listener"
wait "$listener"

# --- a reader that stands still costs the others nothing
listen alpha stopped
stopped=$listener
listen beta reader
reader=$listener
soon 5 online alpha stopped
soon 5 online beta reader
kill -STOP "$stopped"
say all 3000
soon 10 has "$tmp/beta-reader.jsonl" 3000
kill -CONT "$stopped"
soon 10 has "$tmp/alpha-stopped.jsonl" 3000
each "and it gets all of it later" "$tmp/alpha-stopped.jsonl"
is "once" "$(wc -l <"$tmp/alpha-stopped.jsonl")" 3000
kill "$stopped" "$reader"
wait "$stopped" "$reader"

# --- removed while it was away
run 0 as alpha listen --name away --count 1 --from-seq 3000 -o jsonl
bb-supervise stop communication
echo 'retain_messages = 10' >>"$BB_STATE/communication.conf"
bb-supervise start communication
trimmed() {
    [ "$(as alpha listen --name "probe$RANDOM" --from-start --count 1 -o jsonl | jq .sequence)" = 3600 ]
}
soon 10 trimmed
run 0 as alpha listen --name away --idle 1 -o jsonl
is "a gap, and then what is left" "$(jq -s -c '[.[0], (map(select(.sequence)) | length), .[1].sequence]' <<<"$out")" \
    '[{"gap":{"from":3001,"to":3599}},10,3600]'
run 0 as alpha listen --name away --idle 1 -o jsonl
is "the gap is told once" "$out" ""

# --- what may not be subscribed to
run 77 as alpha listen --name bad --channel org/beta
run 77 as alpha listen --name bad --channel group/lead
run 77 as alpha subscribe group/nobody --name bad
finish
