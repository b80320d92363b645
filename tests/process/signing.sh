#!/usr/bin/env bash
# Signed submissions from end to end: a key is made, proposed and confirmed; what is reported is signed, and refused
# without; who stands in the broker's registry as somebody else reports nothing for him; receipts name the signature, and
# are checked without the service; keys are rotated and revoked; --verify checks every signature.
. "$(dirname "$0")/lib.sh"

define_sample
partner alpha Alpha
partner beta Beta
indicator=$(sed -n 2p "$sample/indicators.csv" | cut -d, -f1)
measurement=$BB_STATE/measurement.conf

# rows NAME VALUE: a file of one row
rows() {
    printf 'indicator,period,value\n%s,2030,%s\n' "$indicator" "$2" >"$tmp/$1.csv"
}
value() { # value CODE: what its reading is
    backbone readings ls --indicator "$indicator" --organization "$1" --period 2030 -o json 2>/dev/null | jq -c '[.[].value]'
}

# --- the first key of staff: the operator names its fingerprint
run 0 backbone signing enable -o json
json '[.organization, .state, .staff, .changed]' '["backbone","proposed",false,true]'
like "it says what to do" "$err" 'staff_signing_keys'
staff=$(jq -r .fingerprint <<<"$out")
staff_file=$(jq -r .key_file <<<"$out")
like "a fingerprint" "$staff" '^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$'
is "the file is its owner's" "$(stat -c %a "$staff_file")" 600
secret=$(sed -n 's/^signing-secret = "\(.*\)"/\1/p' "$staff_file")
is "it has a secret" "${#secret}" 40
rows staff 1
run 77 backbone import "$tmp/staff.csv"
like "it does not count yet" "$err" "$staff, which is not confirmed yet"
printf 'staff_signing_keys = "%s"\n' "$(tr -d - <<<"${staff,,}")" >>"$measurement"
bb-supervise restart measurement
run 0 backbone signing enable -o json
json '[.state, .staff, .key_file == "'"$staff_file"'"]' '["confirmed",true,true]'
unlike "nothing more is to be done" "$err" 'Read'
run 0 backbone import "$tmp/staff.csv"

# --- a partner's: read out, and compared
rows a 5
run 0 as alpha import "$tmp/a.csv"
run 0 as alpha signing enable -o json
json '[.organization, .state]' '["alpha","proposed"]'
alpha=$(jq -r .fingerprint <<<"$out")
like "whom to tell" "$err" "backbone signing confirm alpha --fingerprint $alpha"
rows b 6
run 77 as alpha import "$tmp/b.csv"
run 65 backbone signing confirm alpha --fingerprint "$staff"
like "another fingerprint" "$err" 'no signing key of the organization'
run 65 backbone signing confirm beta --fingerprint "$alpha"
run 64 backbone signing confirm alpha
run 77 as alpha signing confirm alpha --fingerprint "$alpha"
like "nobody confirms his own" "$err" 'the signature of a confirmed one'
run 77 as beta signing confirm alpha --fingerprint "$alpha"
run 77 as beta signing ls alpha
run 0 backbone signing confirm alpha --fingerprint "${alpha,,}" -o json
json '[.organization, .state, .staff, .changed]' '["alpha","confirmed",false,true]'
run 0 backbone signing confirm alpha --fingerprint "$alpha" -o json
json .changed false
run 0 as alpha context show -o json
json .signs_with "\"$alpha\""
run 0 as beta context show -o json
json 'has("signs_with")' false
run 0 as alpha signing ls -o json
json 'map([.organization, .state, .member, .signed_by])' "[[\"alpha\",\"confirmed\",\"backbone/main\",\"$staff\"]]"
run 0 backbone signing ls
like "staff sees all" "$out" "backbone.*$staff.*alpha.*$alpha"

# --- what is reported is signed, by all ways of reporting it
batch=0190a0b0-0000-7000-8000-000000000001
run 0 as alpha import "$tmp/b.csv" --batch "$batch" --receipt "$tmp/receipt.json"
run 0 as alpha import "$tmp/b.csv" --dry-run
run 0 as alpha report "$indicator" 7 --period 2030
run 0 as alpha readings correct "$indicator" --period 2030 --value 9 --reason recount
run 0 as alpha readings withdraw "$indicator" --period 2030 --reason entry_error
run 0 as alpha report "$indicator" 8 --period 2030
rows c 10
run 0 as alpha import "$tmp/c.csv" -o json
last=$(jq -r .batch <<<"$out")
run 0 as alpha batch undo "$last"
is "undone" "$(value alpha)" '[8]'
run 0 as beta report "$indicator" 3 --period 2030

# --- without a signature nothing is, whoever it is said to be: a broker lets in whom it likes as whom it likes
backbone keys new "$tmp/thief.key" >"$tmp/thief.public"
backbone context add thief --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/thief.key" 2>"$tmp/said"
run 0 backbone --context operator partner set alpha --key "$(cat "$tmp/thief.public")"
rows d 66
run 77 as thief import "$tmp/d.csv"
like "unsigned" "$err" 'readings of "alpha" have to be'
run 77 as thief import "$tmp/d.csv" --dry-run
run 77 as thief batch undo "$batch"
run 0 as thief signing enable -o json
json .state '"proposed"'
run 77 as thief import "$tmp/d.csv"
run 77 as thief signing revoke alpha --fingerprint "$alpha"
run 77 as thief signing rotate
is "and no key is left behind" "$(find "$BACKBONE_CONFIG_DIR/signing" -name 'thief*' | wc -l)" 1
run 0 backbone --context operator partner add evil --name Evil --role staff --key "$(backbone keys new "$tmp/evil.key")"
context evil
printf 'indicator,organization,period,value\n%s,alpha,2030,66\n%s,beta,2030,67\n' "$indicator" "$indicator" >"$tmp/evil.csv"
run 65 as evil import "$tmp/evil.csv" -o json
counts rejected=1 updated=1
like "which rows" "$out$err" 'SIGNATURE'
is "alpha's is what it was" "$(value alpha)" '[8]'
is "control: beta does not sign" "$(value beta)" '[67]'
run 0 as evil signing enable
run 77 as evil signing confirm alpha --fingerprint "$(as thief signing ls -o json | jq -r '.[] | select(.state == "proposed").fingerprint')"
sed "s/alpha/Alpha/" "$tmp/evil.csv" >"$tmp/names.csv"
run 65 backbone import "$tmp/names.csv" -o json
like "what is signed names codes" "$out$err" 'the code of an organization'
run 0 backbone import "$tmp/evil.csv" -o json
counts updated=1 unchanged=1 rejected=0
is "staff signs for others" "$(value alpha)" '[66]'
key=$(sed -n 's/^public = "\(.*\)"/\1/p' "$tmp/alpha.key")
run 0 backbone --context operator partner set alpha --key "$key"
run 0 as alpha import "$tmp/b.csv"

# --- a receipt has the signature, and is checked by whoever has the chain
out=$(cat "$tmp/receipt.json")
json '.receipts | length' 1
json '.receipts[0].signature | length' 192
run 0 backbone chain export
cp "$tmp/out" "$tmp/chain"
verify() { # verify STATUS RECEIPTS
    run "$1" env BACKBONE_CONFIG_DIR=/nonexistent BACKBONE_CONTEXT='' backbone verify-receipt "$2" "$tmp/chain" -o json
}
verify 0 "$tmp/receipt.json"
json '[.organization, .receipts, .signed, .signed_with]' "[\"alpha\",1,1,\"$alpha\"]"
jq -c 'del(.receipts[0].signature)' "$tmp/receipt.json" >"$tmp/bare.json"
verify 65 "$tmp/bare.json"
like "without it" "$err" 'another batch, sender, content, signature, or other outcomes'
for at in 0 70 191; do
    jq -c --argjson at "$at" '.receipts[0].signature |= (.[:$at] + (if .[$at:$at + 1] == "0" then "1" else "0" end) + .[$at + 1:])' \
        "$tmp/receipt.json" >"$tmp/bad.json"
    verify 65 "$tmp/bad.json"
done
jq -c '.receipts[0].signature |= .[2:]' "$tmp/receipt.json" >"$tmp/bad.json"
verify 65 "$tmp/bad.json"
run 0 as beta import "$tmp/b.csv" --receipt "$tmp/beta.json" --batch 0190a0b0-0000-7000-8000-000000000002
run 0 backbone chain export
cp "$tmp/out" "$tmp/chain"
verify 0 "$tmp/beta.json"
json '[.signed, .signed_with]' '[0,null]'

# --- a second machine of the same organization, whose key the first one confirms
backbone context add alpha2 --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/alpha.key" 2>"$tmp/said"
run 0 as alpha2 signing enable -o json
second=$(jq -r .fingerprint <<<"$out")
run 77 as alpha2 import "$tmp/c.csv"
run 0 as alpha signing confirm alpha --fingerprint "$second" -o json
json '[.state, .staff]' '["confirmed",false]'
run 0 as alpha2 import "$tmp/c.csv"
run 0 as alpha2 signing revoke alpha --fingerprint "$second"
run 77 as alpha2 import "$tmp/b.csv"

# --- rotation: both keys count, until the old one is revoked; a repeat has what was signed first
old_file=$(jq -r .signing_key_file "$BACKBONE_CONFIG_DIR/contexts/alpha")
run 0 as alpha signing rotate -o json
json .state '"confirmed"'
new=$(jq -r .fingerprint <<<"$out")
new_file=$(jq -r .key_file <<<"$out")
like "what is left to do" "$err" "backbone signing revoke alpha --fingerprint $alpha"
[ "$new_file" != "$old_file" ] && [ "$new" != "$alpha" ] && ok || not_ok "another key" "$new $new_file"
run 0 as alpha import "$tmp/c.csv"
run 0 as alpha import "$tmp/b.csv" --batch "$batch" --receipt "$tmp/again.json"
is "the same receipt" "$(cat "$tmp/again.json")" "$(cat "$tmp/receipt.json")"
backbone context add old --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/alpha.key" --signing-key "$old_file" 2>"$tmp/said"
run 0 as old import "$tmp/d.csv"
run 0 as alpha signing revoke alpha --fingerprint "$alpha" -o json
json .state '"revoked"'
run 77 as old import "$tmp/b.csv"
like "it was revoked" "$err" "$alpha, which was revoked"
run 65 as old signing enable
like "for ever" "$err" 'never counts again'
run 0 as alpha import "$tmp/b.csv"
is "the new one counts" "$(value alpha)" '[6]'
run 0 backbone signing revoke alpha --fingerprint "$new"
run 77 as alpha import "$tmp/c.csv"
like "there is no way back" "$err" "$new, which was revoked"
sed 's/.*signing_key_file.*//; s/\("key_file": "[^"]*"\),/\1/' "$BACKBONE_CONFIG_DIR/contexts/alpha" >"$BACKBONE_CONFIG_DIR/contexts/bare"
run 77 as bare import "$tmp/c.csv"
like "nor without a signature" "$err" 'readings of "alpha" have to be'

# --- a file that is not there, or that others may read, is told
chmod 644 "$new_file"
run 78 as alpha ping
like "whose file" "$err" 'chmod 600'

# --- all of it is in the journal, and in no log
bb-supervise stop measurement
run 0 backbone-measurement --verify -c "$measurement"
like "signatures are checked" "$out" ' [1-9][0-9]* signatures, .* 0 differences'
like "who signs" "$out" "backbone signs with $staff since entry [0-9]+, for staff"
unlike "nobody else" "$out" 'alpha signs'
is "no secret in a log" "$(grep -cF -- "$secret" "$BB_STATE"/*.log "$tmp/out" "$tmp/err" | grep -cv ':0$')" 0

# --- required of everybody
printf 'signatures = "required"\n' >>"$measurement"
bb-supervise start measurement
run 77 as beta import "$tmp/b.csv"
like "all have to" "$err" 'all readings have to be'
run 0 backbone import "$tmp/staff.csv"
bb-supervise stop measurement
sed -i '/^staff_signing_keys/d' "$measurement"
printf 'staff_signing_keys = "nonsense"\n' | cat "$measurement" - >"$tmp/bad.conf"
run 78 backbone-measurement --check-config -c "$tmp/bad.conf"
like "what is wrong" "$err" "staff_signing_keys: found 'nonsense'"
run 0 backbone-measurement --verify -c "$measurement"
finish
