#!/usr/bin/env bash
# What protects the broker is tested with it: each of these tests fails where what it is about is missing. The broker is
# the one with faults (runtime/faults.h); without a fault it passes like the real one.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

# FAULT PROGRAM TEST: without this protection, this test must fail
controls() {
    cat <<'END'
untested-lock door refuses_strangers
no-user-id rude who_claims_another_identity_is_still_its_key
no-domain door refuses_strangers
no-curve hostile nobody_is_heard_unencrypted
endless-handshakes hostile half_open_and_trickling_handshakes_end
no-gate hostile a_flood_of_handshakes_is_held_back
no-gate limits an_address_has_its_share_of_handshakes
any-size hostile a_giant_frame_is_not_waited_for
any-size frames an_oversized_message_ends_the_connection
any-mark hostile a_giant_frame_is_not_waited_for
no-guard frames a_flood_of_frames_is_cut_off
any-frames frames refuses_messages_of_several_frames
id-only route an_answer_is_not_given_to_who_claims_the_id
handover route an_id_that_is_taken_stays_with_who_has_it
any-unheard hostile a_mute_connection_does_not_stay
unseeded hostile an_automatic_id_cannot_be_guessed
all-descriptors rude few_descriptors_are_enough_to_go_on
no-unread-limit unread a_slow_reader_is_cut_off
no-limits limits requests_are_the_keys_not_the_connections
no-limits limits bytes_are_counted
no-limits limits who_floods_with_pings_is_sent_away
one-cell policy every_method_from_every_member
no-policy policy every_method_from_a_service
no-policy policy every_method_after_a_change
no-policy policy every_kind_from_every_member
no-roles policy measurement_refuses_by_itself
no-roles policy communication_refuses_by_itself
END
}

# passes FAULT PROGRAM TEST: as the log says, exactly one test ran, and it passed
passes() {
    BB_FAULT=$1 BB_TEST_BROKER=$BB_BUILD/tests/backbone-broker-faulty BB_TEST_WORKERS=$BB_BUILD/tests \
        BB_TEST_ONLY=$3 BB_WAIT_MS=2500 \
        timeout 60 "$BB_BUILD/tests/test_broker_process_$2" >"$tmp/$1.$3" 2>&1 &&
        grep -q '1 test(s) run' "$tmp/$1.$3" && ! grep -q SKIPPED "$tmp/$1.$3"
}

one() {
    if passes "$@"; then echo "passed $*"; elif grep -q 'SKIPPED' "$tmp/$1.$3"; then echo "skipped $*"; else echo "failed $*"; fi
}
export -f one passes
export tmp

controls | xargs -P 6 -L 1 bash -c 'one "$@"' - >"$tmp/with"
controls | awk '{ print "none", $2, $3 }' | sort -u | xargs -P 4 -L 1 bash -c 'one "$@"' - >"$tmp/without"
while read -r outcome fault program test; do
    [ "$outcome" != passed ] && ok || not_ok "with $fault $program/$test passes"
done <"$tmp/with"
while read -r outcome _ program test; do
    [ "$outcome" != failed ] && ok || not_ok "without a fault $program/$test fails" "$(tail -n 30 "$tmp/none.$test")"
done <"$tmp/without"
is "all were tried" "$(wc -l <"$tmp/with")" "$(controls | wc -l)"

# ---- a broker that lets a stranger in refuses to serve
state=$tmp/state
mkdir -p "$state/registry"
"$BB_BUILD/bin/backbone" keys new "$state/key" >/dev/null
printf 'listen = "tcp://127.0.0.1:*"\nserver_key = "%s/key"\nregistry = "%s/registry"\nruntime = "%s/run"\n' \
    "$state" "$state" "$state" >"$state/broker.conf"
BB_FAULT=open-lock run 78 timeout 20 "$BB_BUILD/tests/backbone-broker-faulty" -c "$state/broker.conf"
like "it says so" "$err" 'self-test: a key that nobody registered was let in; not serving'
BB_FAULT=untested-lock run 124 timeout 2 "$BB_BUILD/tests/backbone-broker-faulty" -c "$state/broker.conf"
like "without the self-test it would serve" "$err" 'serving 0 organizations'
finish
