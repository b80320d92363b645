#!/usr/bin/env bash
# doctor against the real broker: each step that can fail there, and what it says to do. (What stands between a broker
# and us is in unit/client/diagnose.)
. "$(dirname "$0")/lib.sh"

# step STEP STATE: of $out, in which nothing behind a failed step was tried
step() {
    is "$1" "$(jq -r --arg step "$1" '.[] | select(.step == $step).state' <<<"$out")" "$2"
    is "what is behind a failed step" \
        "$(jq -r '[.[].state] as $s | ($s | index("failed")) as $f | if $f then [$s[$f + 1:][] | select(. != "not tried")] | length else 0 end' <<<"$out")" 0
}

run 0 backbone doctor -o json
json '[.[] | .step]' '["key file", "name", "tcp", "handshake", "key", "clock", "version", "role"]'
json '[.[] | .state] | unique' '["fine"]'
json '.[-1].found' '"backbone/main, manager"'
json '[.[] | .took_us >= 0] | all' true
run 0 backbone doctor
like "a table" "$out" 'handshake +fine .* ms +encrypted'
run 0 backbone --context operator doctor -o json
json '[.[] | .state] | unique' '["fine"]'

backbone keys new "$tmp/stranger.key" >/dev/null
context stranger
run 77 as stranger doctor -o json
step key failed
like "what to do" "$err" 'What to do: .*fingerprint'
json '.[0].found' "\"fingerprint $(backbone keys show "$tmp/stranger.key" -o json | jq -r .fingerprint)\""

other=$(backbone keys new "$tmp/other.key")
run 0 backbone context add wrong-server --endpoint "$BB_ENDPOINT" --server-key "$other" --key "$tmp/stranger.key"
run 77 as wrong-server doctor -o json
step handshake failed

chmod 644 "$tmp/stranger.key"
run 78 as stranger doctor -o json
step "key file" failed
like "whose it is" "$out" 'chmod 600'
rm "$tmp/stranger.key"
run 78 as stranger doctor -o json
step "key file" failed

partner alpha Alpha
run 0 backbone partner set alpha --disable
run 77 as alpha doctor -o json
step key failed
run 0 backbone partner set alpha --enable
run 0 as alpha doctor -o json
json '.[-1].found' '"alpha/main, reporter"'

run 0 bb-supervise stop broker
run 69 as alpha doctor -o json
step tcp failed
run 69 backbone --context operator doctor -o json
finish
