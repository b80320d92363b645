#!/usr/bin/env bash
# Traps of our libraries that are avoided by never calling something: that it stays so. What can only be seen when it runs
# has tests of its own.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

# A pattern a line, the only files that may have it (|, or -), and why it is avoided.
traps() {
    cat <<'END'
czmq|zsock_|zmsg_|zconfig|zactor_ - aborts without memory or descriptors, takes signals, asserts on input of peers
zauth - a buffer without a bound; a key that was replaced within a second stays valid
zmq_unbind - drops the peers of the endpoint
ZMQ_X?PUB\b|ZMQ_XPUB_MANUAL - delivers what is another's; subscriptions take memory without a bound
ZMQ_ROUTER_MANDATORY,_0 - what cannot be delivered would be dropped in silence
MDB_WRITEMAP|MDB_NOMETASYNC - what was committed would not be on disk
MDB_NOSYNC runtime/store/store.c as above; for scratch stores only
MDB_DUPSORT - deletes go wrong in 0.9.24
mdb_env_copy - does not sync, leaves part of a file, and that is readable by all
\bv?fork[[:space:]]*\([^)] - a context of libzmq, and an environment of LMDB, do not survive it
strptime - takes 30 February
\bstrto(f|ld)\b|\batof\b - depend on the locale, and read nan and inf
\bstrtod\b client/formats/suggest/look.c as above; there it reads what was found to be digits, to compare sizes
setlocale[[:space:]]*\([[:space:]]*LC_(ALL|NUMERIC) - a point would be no decimal point
proto3 - protoc-c refuses what is optional there
END
}

# found TREE: each line that should not be there
found() (
    cd "$1" || exit
    while read -r pattern allowed why; do
        grep -rnE "${pattern//_0/ 0}" --include='*.c' --include='*.h' --include='*.proto' broker runtime workers client proto |
            grep -vE "^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)" | grep -vE "^($allowed):" | sed "s|\$|    # $why|"
    done < <(traps)
)

is "traps" "$(found "$root")" ""

# a message that holds itself would be unpacked as deep as it comes: protobuf-c has no limit
recursive() {
    awk 'FNR == 1 { depth = 0 } /^message / { name = $2; depth = 1; next } /^}/ { name = "" }
        name != "" && $1 ~ /^(required|optional|repeated)$/ && $2 == name { print FILENAME ": " name }' "$1"/proto/*.proto
}
is "messages that hold themselves" "$(recursive "$root")" ""

# ---- the control: one of each is found
mkdir -p "$tmp/tree/"{broker,runtime/store,workers,client,proto}
cat >"$tmp/tree/broker/bad.c" <<'END'
#include <czmq.h>
zauth_new();
zmq_unbind(socket, "x");
zmq_socket(context, ZMQ_XPUB);
{ZMQ_ROUTER_MANDATORY, 0},
mdb_env_open(env, path, MDB_WRITEMAP, 0600);
MDB_NOSYNC;
mdb_dbi_open(txn, name, MDB_DUPSORT, &dbi);
mdb_env_copy2(env, path, 0);
fork(x);
strptime(text, "%F", &tm);
atof(text);
strtod(text, NULL);
setlocale(LC_ALL, "");
END
printf 'syntax = "proto3";\nmessage Tree {\n  repeated Tree child = 1;\n}\n' >"$tmp/tree/proto/bad.proto"
is "patterns that find nothing" "$(comm -23 <(traps | awk '{ $1 = $2 = ""; print substr($0, 3) }' | sort) \
    <(found "$tmp/tree" | sed 's/.*    # //' | sort -u))" ""
like "a message that holds itself" "$(recursive "$tmp/tree")" 'bad.proto: Tree'
finish
