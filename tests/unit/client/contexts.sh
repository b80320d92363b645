#!/usr/bin/env bash
# Contexts, keys and exit codes of the command line, without a broker.
#
#   contexts.sh BUILD
set -euo pipefail

PATH=$1/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BACKBONE_CONFIG_DIR=$work/config NO_COLOR=1
unset BACKBONE_CONTEXT
failed=0

# check WHAT STATUS COMMAND...: the status it ends with; what it prints is in $work/out and $work/err
check() {
    local what=$1 status=$2 got=0
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    if [ "$got" -ne "$status" ]; then
        echo "$what: ended with $got, not $status" >&2
        cat "$work/out" "$work/err" >&2
        failed=1
    fi
}

says() {
    grep -q -- "$2" "$work/$1" && return
    echo "$1 lacks '$2':" >&2
    cat "$work/$1" >&2
    failed=1
}

# a port that nobody listens at: bound by nobody, below the kernel's own range
nobody=tcp://127.0.0.1:9

check "new key" 0 backbone keys new "$work/me.key"
me=$(cat "$work/out")
[ "${#me}" -eq 40 ] || { echo "the public key has ${#me} characters" >&2; failed=1; }
[ "$(stat -c %a "$work/me.key")" = 600 ] || { echo "the key file is not 0600" >&2; failed=1; }
check "a key is not overwritten" 73 backbone keys new "$work/me.key"
check "new key as JSON" 0 backbone --json keys new "$work/server.key"
server=$(sed 's/^{"public":"\(.*\)"}$/\1/' "$work/out")

check "no context yet" 78 backbone ping
says err "no context is selected"
check "no contexts to list" 0 backbone context ls -o json
says out '^\[\]$'
check "add" 0 backbone context add one --endpoint "$nobody" --server-key "$server" --key "$work/me.key"
says err "selected"
check "add the operators' socket" 0 backbone context add op --endpoint "ipc://$work/admin.sock"
check "a relative key file" 0 env -C "$work" backbone context add rel --endpoint "$nobody" --server-key "$server" --key me.key
grep -q "\"$work/me.key\"" "$work/config/contexts/rel" || { echo "the path of the key stayed relative" >&2; failed=1; }
check "ls" 0 backbone context ls -o csv
says out '^one,true,'
says out '^op,false,'
check "show" 0 backbone context show -o json
[ "$(cat "$work/out")" = "{\"name\":\"one\",\"endpoint\":\"$nobody\",\"server_key\":\"$server\",\"key\":\"$me\",\"organization\":null,\"role\":null}" ] ||
    { echo "context show: $(cat "$work/out")" >&2; failed=1; }
check "show another" 0 backbone context show op
says out 'admin.sock'
check "select" 0 backbone context select op
check "the selected one" 0 backbone context ls -o csv
says out '^op,true,'
check "the environment selects" 0 env BACKBONE_CONTEXT=one backbone context show -o csv
says out '^one,'
check "the option wins" 0 env BACKBONE_CONTEXT=one backbone --context rel context show -o csv
says out '^rel,'

check "select what is not there" 78 backbone context select nothing
check "add without endpoint" 64 backbone context add x
check "add with a strange endpoint" 78 backbone context add x --endpoint http://example.org
check "add without port" 78 backbone context add x --endpoint tcp://example.org --server-key "$server" --key "$work/me.key"
check "add with a short key" 78 backbone context add x --endpoint "$nobody" --server-key abc --key "$work/me.key"
check "add with a missing key file" 78 backbone context add x --endpoint "$nobody" --server-key "$server" --key "$work/none"
says err "$work/none"
check "a name that leaves the folder" 64 backbone context add ../x --endpoint "ipc://$work/admin.sock"
chmod 644 "$work/me.key"
check "a key that others may read" 78 backbone --context one ping
says err "me.key"
chmod 600 "$work/me.key"
echo '{"endpoint": 5}' >"$work/config/contexts/broken"
check "a broken context" 78 backbone --context broken ping
says err "contexts/broken"

check "nobody there" 69 backbone --context one ping
says err "$nobody"
check "no command" 64 backbone
check "an unknown command" 64 backbone dance
says err "no command 'dance'"
check "half a command" 64 backbone partner
says err "partner add CODE"
check "an unknown option" 64 backbone ping --loud
check "an unknown format" 64 backbone -o xml ping
check "too many arguments" 64 backbone context select a b
check "a partner without a name" 64 backbone partner add x --role staff
check "a strange role" 64 backbone partner add x --name X --role boss
check "both ways" 64 backbone partner set x --enable --disable
check "help" 0 backbone -h
says out "partner import"
check "help of a command" 0 backbone partner add -h
says out "--alias"
check "version" 0 backbone --version
says out '^backbone [0-9]'
check "a list that is not there" 66 backbone --context one partner import "$work/none.csv"
exit $failed
