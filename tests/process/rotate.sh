#!/usr/bin/env bash
# A key is replaced without a pause: who listens goes on, also when it has to connect again; killed before any step, the
# same command finishes it.
. "$(dirname "$0")/lib.sh"

# keys WHO: the fingerprints that the broker lets in, the current one first
keys() {
    backbone partner show "$1" -o json | jq -r '.members[0] | [.fingerprint, .old_fingerprint // empty] | join(" ")'
}

fingerprint() {
    backbone keys show "$1" -o json | jq -r .fingerprint
}

printf 'code,name\nshare,A share\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
partner alpha Alpha
first=$(fingerprint "$tmp/alpha.key")
run 0 as alpha keys show -o json
json .fingerprint "\"$first\""
is "of a context" "$(fingerprint alpha)" "$first"

# --- somebody listens, under the first key
run 0 as alpha subscribe all
BACKBONE_CONTEXT=alpha backbone listen -o jsonl >"$tmp/heard" 2>"$tmp/listener" </dev/null &
listener=$!
heard() {
    grep -q "\"$1\"" "$tmp/heard"
}
run 0 backbone announce create One --to all
soon 10 heard One

run 0 as alpha keys rotate --overlap 1h -o json
second=$(jq -r .fingerprint <<<"$out")
is "both are let in" "$(keys alpha)" "$second $first"
is "the file has the new one" "$(fingerprint "$tmp/alpha.key")" "$second"
is "the old one is kept" "$(fingerprint "$tmp/alpha.key.old")" "$first"
is "its owner's alone" "$(stat -c %a "$tmp/alpha.key")" 600
[ ! -e "$tmp/alpha.key.new" ] && ok || not_ok "nothing is left over"
run 0 as alpha report share 1 --period 2026
run 0 backbone context add old --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/alpha.key.old"
run 0 as old ping
run 0 backbone announce create Two --to all
soon 10 heard Two

# --- it connects again with the new one, for the old one's time ends
run 0 as alpha keys rotate --overlap 0s -o json
json .old_key_until null
third=$(jq -r .fingerprint <<<"$out")
is "one key" "$(keys alpha)" "$third"
run 77 as old ping
run 0 backbone announce create Three --to all
soon 20 heard Three
kill -TERM "$listener"
wait "$listener"
is "it went on all the time" $? 0
run 64 as alpha keys rotate --overlap 31d
run 78 as operator keys rotate

# --- killed just before each of these calls; then the same command
if strace -o /dev/null true 2>/dev/null; then
    killed=0
    for step in linkat:1 fsync:1 fsync:2 sendto:1 sendto:4 unlink:1 link:1 fsync:3 rename:1 fsync:4; do
        call=${step%:*}
        {
            BACKBONE_CONTEXT=alpha strace -f -qq -o /dev/null -e trace="$call" \
                -e inject="$call:signal=KILL:when=${step#*:}" backbone keys rotate --overlap 1h
        } >/dev/null 2>&1 && continue
        killed=$((killed + 1))
        [ -e "$tmp/alpha.key" ] && ok || not_ok "$step: there is a key file at any moment"
        run 0 as alpha ping
        run 0 as alpha keys rotate --overlap 1h
        run 0 as alpha ping
        [ ! -e "$tmp/alpha.key.new" ] && ok || not_ok "$step: it is finished"
        current=$(keys alpha)
        is "$step: file and broker have the same" "$(fingerprint "$tmp/alpha.key")" "${current%% *}"
    done
    [ "$killed" -ge 6 ] && ok || not_ok "it was killed $killed times"
else
    echo "no strace here: nothing is killed"
fi
finish
