#!/usr/bin/env bash
# The contract of deploy/sandbox: exit status, what it leaves behind, a second start on a kept folder, what happens
# when it is interrupted.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

sandbox=$root/deploy/sandbox
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR"

# --- status and surroundings
run 0 "$sandbox" true
run 3 "$sandbox" -- sh -c 'exit 3'
run 127 "$sandbox" -- no-such-command-here
run 143 "$sandbox" -- sh -c 'kill -TERM $$'
run 64 "$sandbox" --no-such-option true
run 64 "$sandbox" --port eleven true
run 64 "$sandbox" --port
is "states are removed" "$(ls -A "$TMPDIR")" ""

run 0 "$sandbox" -- bash -c 'type -P backbone backbone-broker backbone-measurement'
is "the built binaries are first on PATH" "$out" \
    "$BB_BUILD/bin/backbone"$'\n'"$BB_BUILD/bin/backbone-broker"$'\n'"$BB_BUILD/bin/backbone-measurement"
run 0 "$sandbox" -- backbone context show -o json
json '[.name, .organization, .role]' '["staff","backbone","manager"]'
json '[(.server_key | length), (.key | length)]' '[40,40]'
run 0 "$sandbox" -- backbone --context operator context show -o json
json '.role' '"operator"'
run 0 "$sandbox" -- backbone ping
run 0 "$sandbox" -- sh -c 'kill -0 $BB_BROKER_PID $BB_MEASUREMENT_PID'

# --- arguments and input reach the command as they are
run 0 "$sandbox" -- printf '%s|' 'a b' '' '*'
is "arguments" "$out" 'a b||*|'
echo "to be read" >"$tmp/input"
run_with "$tmp/input" 0 "$sandbox" cat
is "input" "$out" "to be read"

# --- --state and --keep
run 0 "$sandbox" --state "$tmp/gone" true
[ ! -e "$tmp/gone" ] && ok || not_ok "a new state is removed"
run 0 "$sandbox" --state "$tmp/kept" --keep -- bash -c '
    printf "code,name\nx,X\n" | backbone indicator define - && backbone report x 1.50 --period 2026'
run 0 "$sandbox" --state "$tmp/kept" -- backbone readings ls -o json
json '[.[] | [.indicator, .period, .value]]' '[["x","2026",1.50]]'
[ -e "$tmp/kept/keys/server" ] && ok || not_ok "a kept state stays"
run 0 "$sandbox" --state "$tmp/kept" -- backbone trend x -o json
json '.[].value' 1.50
long="$tmp/a state with blanks, and a name that is too long for the sockets of its daemons to stand in it, $(seq -s- 30)"
run 0 "$sandbox" --state "$long" -- backbone ping
mkdir "$tmp/own"
before=$(stat -c '%i %a' "$tmp/own")
run 0 "$sandbox" --state "$tmp/own" -- backbone ping
is "a folder that was there stays" "$(stat -c '%i %a' "$tmp/own")" "$before"
is "as empty as it was" "$(ls -A "$tmp/own")" ""
run 69 "$sandbox" -- sh -c '"$0" --state "$1" --port "${BB_ENDPOINT##*:}" true' "$sandbox" "$tmp/own"
is "also when there was no start" "$(stat -c '%i %a' "$tmp/own")$(ls -A "$tmp/own")" "$before"
ln -s own "$tmp/link"
run 0 "$sandbox" --state "$tmp/link" true
is "nor is what a link names" "$(stat -c '%i %a' "$tmp/own")$(ls -A "$tmp/own")" "$before"
run 0 "$sandbox" --state "$tmp/own" --keep -- backbone ping
[ -e "$tmp/own/keys/server" ] && ok || not_ok "--keep keeps the state in it"
odd="$tmp/blanks, \"double\" and 'single' quotes, \\ \${HOME} & more"
mkdir "$odd"
run 0 env TMPDIR="$odd" "$sandbox" -- backbone ping
is "a TMPDIR of any name" "$(ls -A "$odd")" ""
mkdir "$tmp/foreign"
touch "$tmp/foreign/file"
run 73 "$sandbox" --state "$tmp/foreign" true
[ -e "$tmp/foreign/file" ] && ok || not_ok "a folder of somebody else is left alone"

# --- --port
run 0 "$sandbox" -- sh -c 'echo "${BB_ENDPOINT##*:}"'
port=$out
run 0 "$sandbox" --port "$port" -- backbone context show -o json
json '.endpoint' "\"tcp://127.0.0.1:$port\""

# --- a daemon can be killed and started again; its data stay
run 0 "$sandbox" -- bash -ec '
    printf "code,name\nx,X\n" | backbone indicator define - >/dev/null
    backbone report x 7 --period 2026 >/dev/null
    bb-supervise kill measurement
    bb-supervise start measurement
    bb-supervise restart broker
    backbone readings ls -o csv'
like "the reading is still there" "$out" 'x,.*2026.*,7,'

# --- kill -9 returns before the process is gone: a start that comes first waits for its end
run 0 "$sandbox" -- bash -ec '
    { sleep 0.3; kill -9 "$BB_MEASUREMENT_PID"; } &
    bb-supervise start measurement
    wait
    kill -0 "$(cat "$BB_STATE/measurement.pid")"
    backbone readings ls'
run 70 "$sandbox" -- bb-supervise start measurement
like "of what runs on it says so" "$err" "measurement: it runs already"

# --- interrupted: nothing runs on, nothing is left. The command says that it is up by a file that it opens.
interrupted() {
    local signal=$1 expected=$2 pid
    mkfifo "$tmp/up"
    # bash has background commands ignore SIGINT.
    env --default-signal=INT "$sandbox" -- bash -c 'echo "$BB_BROKER_PID $BB_MEASUREMENT_PID $$ ${BB_CONTROL%/*}" >"$0"; exec sleep 1000' "$tmp/up" \
        >"$tmp/log" 2>&1 </dev/null &
    pid=$!
    read -r -t 60 -a daemons <>"$tmp/up" || not_ok "SIG$signal: the sandbox did not come up" "$(cat "$tmp/log")"
    rm "$tmp/up"
    sockets=${daemons[3]}
    unset 'daemons[3]'
    kill "-$signal" "$pid"
    wait "$pid"
    is "SIG$signal: status" $? "$expected"
    # SIGKILL of the supervisor ends the others as soon as the kernel comes to it.
    for _ in {1..200}; do
        kill -0 "${daemons[@]}" 2>/dev/null || break
        read -r -t 0.05 <>"$tmp/never" || true
    done
    for daemon in "${daemons[@]}"; do
        ! kill -0 "$daemon" 2>/dev/null && ok || not_ok "SIG$signal: process $daemon runs on"
    done
}
mkfifo "$tmp/never"
interrupted TERM 143
interrupted INT 130
interrupted HUP 129
is "interrupted ones are removed as well" "$(ls -A "$TMPDIR")" ""
[ ! -e "$sockets" ] && ok || not_ok "their sockets too"
interrupted KILL 137
rm -rf "$sockets"

# --- one sandbox a state
run 69 "$sandbox" --state "$tmp/one" --keep -- "$sandbox" --state "$tmp/one" true
like "it says so" "$err" "another sandbox is using"
run 0 "$sandbox" --state "$tmp/one" -- backbone ping
# ... but one that ends only now is waited for.
mkfifo "$tmp/held"
flock "$tmp/one/lock" sh -c 'echo >"$0"; sleep 0.3' "$tmp/held" &
read -r <"$tmp/held"
run 0 "$sandbox" --state "$tmp/one" -- backbone ping

finish
