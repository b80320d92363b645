#!/usr/bin/env bash
# Subscriptions from the command line: everything that was written comes, in order, whoever died meanwhile; commands that
# fail are run again and then parked; one listener a name; and a program that stores the sequence with its effect acts
# once on each message.
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$tmp/state
partner alpha Alpha
partner beta Beta
backbone group add early --name "Early years" --kind working >/dev/null || not_ok "group add"
backbone group join early alpha >/dev/null || not_ok "group join"

# say SUBJECT...: announce to all
say() {
    local subject
    for subject; do
        backbone announce create "$subject" --to all >/dev/null 2>"$tmp/said" || not_ok "announce $subject" "$(cat "$tmp/said")"
    done
}
# subjects EXPECTED: of the lines in $out, joined by blanks
subjects() {
    is "subjects" "$(jq -r 'select(.subject) | .subject' <<<"$out" | paste -sd ' ')" "$1"
}

# --- a new subscription begins at the head; afterwards what came meanwhile comes first
say before
run 0 as alpha listen --idle 1 -o jsonl
is "nothing yet" "$out" ""
like "it says where it begins" "$err" "^'listen' is new: it begins behind sequence 1$"
say one two
backbone announce create "for the group" --to group:early >/dev/null
backbone announce create "for beta" --to org:beta >/dev/null
as beta post org:backbone "to staff" >/dev/null
run 0 as alpha listen --count 2 -o jsonl
subjects 'one two'
is "nothing to say" "$err" ""
run 0 as alpha listen --idle 1 -o jsonl
subjects 'for the group'
run 0 as alpha listen --idle 1 -o jsonl
subjects ''
run 0 as alpha listen --from-start --count 4 -o jsonl
subjects 'before one two for the group'
is "it may have come before" "$(jq -c .redelivered <<<"$out" | sort -u)" true
is "the keys" "$(head -n1 <<<"$out" | jq -c 'keys_unsorted')" \
    '["id","sequence","channel","kind","author","time","subject","body","priority","ack_by","state","requested_ack","expires_at","in_reply_to","supersedes","indicator","period","redelivered"]'
run 0 as alpha listen --from-seq 3 --count 1 -o plain
like "for people" "$out" $'^announcement 3 of backbone/main to all, [^\n]*\n    two$'
unlike "no more" "$out" 'for the group'
run 0 as alpha listen --from-seq 3 --count 1
is "for programs" "$(jq -r .subject <<<"$out")" two
run 0 env -u TERM BACKBONE_CONTEXT=alpha script -qec "backbone listen --from-seq 3 --count 1" /dev/null
like "on a terminal, for people" "$out" 'announcement 3 of backbone/main'
run 0 as alpha listen --name other --channel group:early --from-start --idle 1 -o jsonl
subjects 'for the group'
run 77 as beta listen --name other --channel group:early --idle 1

# --- receipts: what was listened to is delivered
soon 5 sh -c 'backbone announce status 2 -o json | jq -e ".[] | select(.organization == \"alpha\") | .state == \"delivered\"" >/dev/null'

# --- subscribe, unsubscribe, subscriptions
run 65 as beta subscribe indicator:reading all --name desk
like "no such indicator" "$err" "NOT_FOUND: channel: there is no indicator/reading \\(indicator ls shows the codes\\)"
run 65 as beta listen --name desk --channel indicator:reading --idle 1
run_text 'code,name\nreading,Reading\n' 0 backbone indicator define -
run 0 as beta subscribe indicator:reading all --name desk -o json
json '[.organization, .name, (.channels | sort), .online]' '["beta","desk",["all","indicator/reading"],false]'
run 0 as beta unsubscribe all --name desk -o json
json .channels '["indicator/reading"]'
say three
run 0 as beta listen --name desk --idle 1 -o jsonl
subjects ''
run 0 as beta subscriptions -o json
json 'map(.name)' '["desk"]'
run 0 as beta unsubscribe --all --name desk
like "removed" "$err" '^desk: removed$'
run 0 as beta subscriptions -o json
json . '[]'
run 77 as beta subscribe group:early
run 64 as beta subscribe early
like "a channel" "$err" "found 'early', expected all, group:CODE, org:CODE or indicator:CODE, or \* for the CODE"

# --- a command: JSON on its standard input; the next one waits for it
run 0 as alpha listen --name exec --from-start --count 3 --exec "jq -r .subject >>'$tmp/got'"
is "three" "$(paste -sd ' ' "$tmp/got")" 'before one two'
is "nothing of ours is printed" "$out" ""
run 0 as alpha listen --name exec --idle 1 --exec "jq -r .subject >>'$tmp/got'"
is "the rest" "$(paste -sd ' ' "$tmp/got")" 'before one two for the group three'

# --- a command that fails is run again, then the message is parked, and the next one follows
say bad good
cat >"$tmp/picky" <<END
#!/bin/sh
message=\$(cat)
echo "\$message" | jq -r .subject >>'$tmp/tries'
! echo "\$message" | grep -q '"subject":"bad"'
END
chmod +x "$tmp/picky"
run 0 as alpha listen --name exec --count 2 --retries 1 --exec "$tmp/picky"
is "tried twice" "$(paste -sd ' ' "$tmp/tries")" 'bad bad good'
like "it says so" "$err" 'message [0-9]+: the command ended with 1'
like "and where it is" "$err" "message [0-9]+: given up; it is in $tmp/state/backbone/parked/alpha/exec.jsonl"
is "parked" "$(jq -r .subject "$tmp/state/backbone/parked/alpha/exec.jsonl")" bad
is "for its owner" "$(stat -c %a "$tmp/state/backbone/parked/alpha/exec.jsonl")" 600
run 0 as alpha listen --name exec --idle 1 --exec "cat >>'$tmp/again'"
is "it does not come again" "$(cat "$tmp/again" 2>/dev/null)" ""
say stuck
run 75 as alpha listen --name exec --count 1 --retries 0 --exec false --parked /dev/full
like "it cannot be parked" "$err" 'cannot be parked in /dev/full: No space left on device; it stays unacknowledged'
run 0 as alpha listen --name exec --count 1 -o jsonl
subjects stuck

# --- standard output that cannot be written: 74, and the message comes again
say lost
if [ -w /dev/full ]; then
    run 74 sh -c "BACKBONE_CONTEXT=alpha exec backbone listen --name exec --count 1 -o jsonl >/dev/full"
    like "it says so" "$err" 'standard output: No space left on device'
fi
run 0 as alpha listen --name exec --count 1 -o jsonl
subjects lost

# --- one listener a name: the newer one goes on, the older one is told
BACKBONE_CONTEXT=alpha backbone listen --name exec -o jsonl >"$tmp/older" 2>"$tmp/older.err" &
older=$!
online() {
    as alpha subscriptions -o json | jq -e '.[] | select(.name == "exec") | .online' >/dev/null
}
soon 10 online
run 0 as alpha listen --name exec --idle 1 -o jsonl
wait "$older"
is "the older one ends with" $? 75
is "and says why" "$(cat "$tmp/older.err")" "backbone: another session listens as 'exec' now, and goes on from here"

# --- a service: broker and worker are killed, and nothing is missing, nothing out of order; SIGTERM ends it with 0
BACKBONE_CONTEXT=alpha backbone listen --name exec -o jsonl >"$tmp/service" 2>"$tmp/service.err" &
service=$!
soon 10 online
say m1
bb-supervise kill communication
bb-supervise start communication
say m2 m3
bb-supervise kill broker
bb-supervise start broker
soon 20 backbone ping >"$tmp/said" 2>&1
say m4
has_all() {
    [ "$(jq -r .subject "$tmp/service" | sort -u | grep -c '^m[1-4]$')" -eq 4 ]
}
soon 40 has_all
kill -TERM $service
wait $service
is "SIGTERM ends it with" $? 0
is "in order, each once in one process" "$(jq -r .subject "$tmp/service" | paste -sd ' ')" 'm1 m2 m3 m4'
like "what happened was said" "$(cat "$tmp/service.err")" 'trying again.*listening again'
run 0 as alpha listen --name exec --idle 1 -o jsonl
subjects ''

# --- killed between the effect and the acknowledgement: it comes again
say twice
run 137 bash -c "BACKBONE_CONTEXT=alpha backbone listen --name exec --exec 'cat >>$tmp/effect; kill -9 \$PPID'; exit"
run 0 as alpha listen --name exec --count 1 -o jsonl
is "it came again, and is marked" "$(jq -c '[.subject, .redelivered]' <<<"$out")" '["twice",true]'
is "the effect was there" "$(jq -r .subject "$tmp/effect")" twice

# --- a program that stores the sequence with its effect (docs/examples) acts once on each, however often it is killed
count() {
    (
        timeout -s KILL "$1" "$BB_BUILD/tests/example-subscriber" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$tmp/beta.key" \
            "$tmp/store" "$2" >>"$tmp/counted"
        exit $?
    ) 2>>"$tmp/counted.err"
}
count 10 1
is "a new one begins at the head" "$(cat "$tmp/counted")" ""
for n in {1..20}; do
    say "c$n" &
    [ $((n % 4)) -ne 0 ] || count 0.$((RANDOM % 4 + 1)) 1
    wait $!
done
run 0 count 20 2
is "each of them once" "$(cut -d' ' -f2 "$tmp/store")" 20
run 0 as alpha listen --name exec --idle 1 -o jsonl

# --- SIGTERM while a command runs: it is finished
say slow
BACKBONE_CONTEXT=alpha backbone listen --name exec --exec "touch '$tmp/started'; sleep 1; touch '$tmp/ended'" 2>"$tmp/said" &
service=$!
soon 10 test -e "$tmp/started"
kill -TERM $service
wait $service
is "it ends with" $? 0
run 0 test -e "$tmp/ended"
run 0 as alpha listen --name exec --idle 1 -o jsonl
subjects ''

# --- superseded while its reader was away: it comes with that mark, and nothing is asked for
tomorrow=$(date -ud tomorrow +%F)
run 0 backbone announce create "Data day" --to all --ack-by "$tomorrow" -o json
old=$(jq -r .sequence <<<"$out")
run 0 as beta listen --from-seq "$old" --count 1 -o jsonl
is "it stands" "$(jq -c '[.subject, .state, has("superseded_by")]' <<<"$out")" '["Data day","delivered",false]'
run 0 backbone announce create "Data day, moved" --to all --ack-by "$tomorrow" --supersedes "$old" -o json
newer=$(jq -r .id <<<"$out")
run 0 as beta listen --count 1 -o jsonl
is "who had it is told by the newer one" "$(jq -c '[.subject, .state, .supersedes != null]' <<<"$out")" \
    '["Data day, moved","delivered",true]'
run 0 as alpha listen --from-seq "$old" --idle 1 -o jsonl
is "whoever was away, at once" "$(jq -c '[.subject, .state, .superseded_by]' <<<"$out" | paste -sd ' ')" \
    "[\"Data day\",\"superseded\",\"$newer\"] [\"Data day, moved\",\"delivered\",null]"
run 0 as alpha listen --from-seq "$old" --count 1 -o plain
like "for people: by which" "$out" $'\n    Data day\nsuperseded by '"$newer"'$'
unlike "for people: nothing to do" "$out" 'please acknowledge'
run 0 as alpha listen --from-seq "$old" --count 1 --exec "jq -r .state >'$tmp/state-of'"
is "for a command" "$(cat "$tmp/state-of")" superseded
run 0 backbone announce withdraw "$old"
run 0 as alpha listen --from-seq "$old" --idle 1 -o jsonl
subjects 'Data day, moved Withdrawn: Data day'

# --- the broker cannot be reached: --idle does not take that for silence
bb-supervise stop broker
run 69 as alpha listen --name exec --idle 1 --timeout 2 -o jsonl
like "it says so" "$err" 'cannot reach a broker at .*; trying again'
bb-supervise start broker
soon 20 backbone ping >"$tmp/said" 2>&1

# --- what retention removed is a gap, in its place
echo "retain = 'all 2 messages'" >>"$BB_STATE/communication.conf"
say g1 g2 g3 g4
bb-supervise restart communication
gone() {
    ! backbone announce ls -o json | jq -e '.[] | select(.subject == "g1")' >/dev/null
}
soon 20 gone
run 0 as alpha listen --name exec --idle 1 -o jsonl
is "the gap first" "$(head -n1 <<<"$out" | jq -c 'keys')" '["gap"]'
is "from and to" "$(head -n1 <<<"$out" | jq -c '.gap | keys')" '["from","to"]'
subjects 'g3 g4'
like "it is said, too" "$err" '^messages [0-9]+ to [0-9]+ were removed before they could be delivered'

# --- bad arguments
for wrong in "--count 0" "--count x" "--idle 0" "--from-seq 0" "--from-start --from-seq 3" "-o csv" "-o table" "--channel early" "--name a/b" \
    "--parked x" "--retries x"; do
    # shellcheck disable=SC2086
    run 64 as alpha listen $wrong
    is "nothing on standard output" "$out" ""
done
run 64 backbone -o table listen
like "what it takes" "$err" '^backbone: -o table: expected jsonl or plain$'
run 64 backbone listen -o csv
like "what it takes" "$err" '^backbone: -o csv: expected jsonl or plain$'
run 0 backbone listen --help
like "and says so" "$out" '--output=FORMAT +jsonl, or plain'
run 64 backbone inbox ls -o plain
like "and what others take" "$err" '^backbone: -o plain: expected table, json, jsonl or csv$'
run 0 backbone inbox ls --help
like "help of others" "$out" '--output=FORMAT +table \(default\), json'
for empty in '' ' ' $'\t\n'; do # sh takes it for a command that succeeds: every message would be acknowledged
    run 64 as alpha listen --exec "$empty" --count 1
    like "a command" "$err" "^backbone listen: --exec: found '[[:space:]]*', expected a command"
done
run 64 as alpha listen --exec ./no-such-program --count 1 # every message would be parked
like "a command that is there" "$err" '^backbone listen: --exec: ./no-such-program: No such file or directory'
finish
