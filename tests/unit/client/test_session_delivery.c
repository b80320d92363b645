/* The session's rules for what subscriptions bring: what is given once; when acknowledgements leave, and what
 * they say. */
#include "session_owner.h"

#include "communication.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- messages ----------------------------------------------------------------------------------------- */

/* What the next ACK says, sequence and messages; 0: there is none. */
static uint64_t
next_ack(struct fixture *f, uint64_t *ret_messages)
{
    session_pass(f, BB_ACK_MS);
    if (session_take(f) != 1)
        return 0;
    assert_int_equal(f->sent.kind[0], BB_KIND_ACK);
    *ret_messages = f->sent.messages[0];
    return f->sent.sequence[0];
}

static void
messages_are_given_in_order_with_their_mark(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    owner_open(f, &o, 5);
    assert_int_equal(session_deliver(f, 1, 6, 8, 7), 0);
    assert_int_equal(session_deliver(f, 2, 9, 9, 0), 0); /* nobody's */
    assert_int_equal(o.n, 3);
    assert_int_equal(o.got[0], 6);
    assert_int_equal(o.got[2], 8);
    assert_true(o.redelivered[0] && o.redelivered[1]);
    assert_false(o.redelivered[2]);
}

static void
out_of_order_or_broken_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};
    Bb__Deliver message = BB__DELIVER__INIT;
    ProtobufCBinaryData junk = {.len = 3, .data = (uint8_t *)(uintptr_t) "junk"};

    owner_open(f, &o, 5);
    assert_int_equal(session_deliver(f, 1, 5, 5, 0), -EBADMSG);
    session_deliver(f, 1, 6, 7, 0);
    assert_int_equal(session_deliver(f, 1, 7, 7, 0), -EBADMSG);
    message.subscription = 1;
    message.n_message = 1;
    message.message = &junk;
    assert_int_equal(session_give(f, BB_KIND_DELIVER, &message.base), -EBADMSG);
    o.refuse = -ENOMEM;
    assert_int_equal(session_deliver(f, 1, 8, 8, 0), -EBADMSG);
    o.refuse = 0;
    owner_reopen(f, &o, 5, 8);
    session_deliver(f, 1, 6, 8, 8);
    assert_int_equal(o.n, 3); /* 6, 7, and now 8 */
    assert_int_equal(o.got[2], 8);
}

/* One message of 60,000 bytes. What the session says. */
static int
deliver_large(struct fixture *f, uint64_t sequence)
{
    Bb__Message m = BB__MESSAGE__INIT;
    Bb__Deliver message = BB__DELIVER__INIT;
    ProtobufCBinaryData packed;
    uint8_t id[16] = {1}, *bytes = malloc(61000), *frame = malloc(62000);
    char *body = calloc(1, 60001);
    int r;

    memset(body, 'x', 60000);
    m.sequence = sequence;
    m.id.data = id;
    m.id.len = sizeof id;
    m.kind = BB__MESSAGE_KIND__POST;
    m.organization = m.member = m.subject = (char *)"a";
    m.body = body;
    packed = (ProtobufCBinaryData){.data = bytes, .len = bb__message__pack(&m, bytes)};
    message.subscription = 1;
    message.n_message = 1;
    message.message = &packed;
    r = bb_session_receive(&f->s, f->now,
                           bb_bytes(frame, bb_frame_write(frame, BB_KIND_DELIVER, &message.base)));
    free(body);
    free(bytes);
    free(frame);
    return r;
}

static void
more_than_any_window_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    owner_open(f, &o, 0);
    for (uint64_t i = 1; i <= 60; i++)
        assert_int_equal(deliver_large(f, i), 0);
    bb_session_acknowledge(&f->s, f->now, &o.core, 30);
    o.n = 0;
    for (uint64_t i = 61; i <= 104; i++)
        assert_int_equal(deliver_large(f, i), 0);
    assert_int_equal(deliver_large(f, 105), -EBADMSG); /* 75 of them are more than 4 MiB and a frame */
}

static void
what_comes_again_is_not_given_twice(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};
    uint64_t messages;

    owner_open(f, &o, 5);
    session_deliver(f, 1, 6, 9, 0);
    bb_session_acknowledge(&f->s, f->now, &o.core, 7); /* does not get through */
    owner_reopen(f, &o, 5, 11);
    session_deliver(f, 1, 6, 11, 9);
    assert_int_equal(o.n, 6);
    assert_int_equal(o.got[4], 10);
    bb_session_acknowledge(&f->s, f->now, &o.core, 9); /* what the first session gave */
    assert_int_equal(next_ack(f, &messages), 9);
    assert_int_equal(messages, 4); /* of the second */
}

static void
an_acknowledgement_that_was_lost_is_made_again(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};
    uint64_t messages;

    owner_open(f, &o, 5);
    session_deliver(f, 1, 6, 9, 0);
    owner_reopen(f, &o, 5, 9);
    assert_int_equal(next_ack(f, &messages), 9);
    assert_int_equal(messages, 0);
    assert_int_equal(bb_session_hurry(&f->s, f->now, &o.core), BB_LISTENER_WAITS);
    session_deliver(f, 1, 6, 9, 9); /* they had left before that came */
    assert_int_equal(next_ack(f, &messages), 9);
    assert_int_equal(messages, 4);
    assert_int_equal(o.n, 4);
}

static void
a_cursor_that_is_another_one_starts_afresh(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};

    owner_open(f, &o, 5);
    session_deliver(f, 1, 6, 9, 0);
    owner_reopen(f, &o, 2, 2); /* the log has begun again */
    session_pass(f, BB_ACK_MS);
    assert_int_equal(session_take(f), 0); /* 9 means nothing there */
    session_deliver(f, 1, 3, 4, 0);
    assert_int_equal(o.n, 6);
    assert_int_equal(o.got[5], 4);
    session_reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 90, 90, true); /* somebody removed it meanwhile */
    assert_string_equal(o.events, "interrupted UNREACHABLE; open 2 anew; interrupted UNREACHABLE; "
                                  "open 90 created anew; ");
}

static void
a_gap_is_told_in_its_place_and_once(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};

    owner_open(f, &o, 5);
    session_gap(f, 1, 6, 14);
    session_deliver(f, 1, 15, 16, 0);
    assert_int_equal(o.n, 2);
    assert_string_equal(o.events, "gap 6..14; ");
    owner_reopen(f, &o, 5, 30);
    session_gap(f, 1, 6, 14);
    session_gap(f, 1, 6, 25); /* more was removed meanwhile */
    assert_string_equal(o.events, "gap 6..14; interrupted UNREACHABLE; open 5; gap 6..25; ");
}

static void
a_gap_is_acknowledged_behind_what_is_before_it(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.hears = true};
    uint64_t messages;

    owner_open(f, &o, 5);
    session_deliver(f, 1, 6, 7, 0);
    session_gap(f, 1, 8, 20);
    assert_int_equal(next_ack(f, &messages), 0);
    bb_session_acknowledge(&f->s, f->now, &o.core, 6);
    assert_int_equal(next_ack(f, &messages), 6);
    bb_session_acknowledge(&f->s, f->now, &o.core, 7);
    assert_int_equal(next_ack(f, &messages), 20);
    assert_int_equal(messages, 2);
    /* It was lost: again, when the gap has come again. */
    owner_reopen(f, &o, 6, 30);
    session_deliver(f, 1, 7, 7, 7);
    session_gap(f, 1, 8, 20);
    assert_int_equal(next_ack(f, &messages), 20);
    assert_int_equal(messages, 1);
    assert_int_equal(o.n, 2);
    /* Nothing before it: at once. */
    session_gap(f, 1, 21, 25);
    assert_int_equal(next_ack(f, &messages), 25);
}

/* --- acknowledging ------------------------------------------------------------------------------------ */

static void
acknowledgements_are_gathered(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};
    bb_mono start = f->now;

    owner_open(f, &o, 0);
    session_deliver(f, 1, 1, 10, 0);
    assert_int_equal(session_take(f), 0);
    session_pass(f, 0);
    assert_int_equal(f->s.due, start + BB_ACK_MS);
    session_pass(f, 30);
    session_deliver(f, 1, 11, 12, 0);
    assert_int_equal(session_take(f), 0);
    session_pass(f, 20);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.n, 1);
    assert_int_equal(f->sent.sequence[0], 12);
    assert_int_equal(f->sent.messages[0], 12);
    assert_in_range(f->sent.bytes[0], 12 * 20, 12 * 40);
    session_pass(f, 1000);
    assert_int_equal(session_take(f), 0);
}

static void
they_leave_with_whatever_leaves(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};
    struct ended ended = {0};

    owner_open(f, &o, 0);
    session_deliver(f, 1, 1, 1, 0);
    session_request(f, "question", &ended);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.kind[0], BB_KIND_ACK);
    assert_int_equal(f->sent.kind[1], BB_KIND_REQUEST);
}

static void
they_leave_at_once_when_half_the_window_is_used(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.core = {.window_messages = 20}, .acks = true},
                 p = {.core = {.window_bytes = 200}, .acks = true};

    owner_open(f, &o, 0);
    session_deliver(f, 1, 1, 9, 0);
    assert_int_equal(session_take(f), 0);
    session_deliver(f, 1, 10, 10, 0);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.messages[0], 10);
    owner_subscribe(f, &p);
    session_take(f);
    session_subscribed(f, 2, 0, 0, false);
    session_deliver(f, 2, 1, 5, 0);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.id[0], 2);
}

static void
what_is_not_acknowledged_does_not_leave(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    owner_open(f, &o, 0);
    session_deliver(f, 1, 1, 3, 0);
    session_pass(f, 1000);
    assert_int_equal(session_take(f), 0);
    bb_session_acknowledge(&f->s, f->now, &o.core, 2);
    assert_int_equal(bb_session_hurry(&f->s, f->now, &o.core), BB_LISTENER_OWES);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.sequence[0], 2);
    assert_int_equal(f->sent.messages[0], 2);
    assert_int_equal(bb_session_hurry(&f->s, f->now, &o.core), BB_LISTENER_EVEN);
    bb_session_acknowledge(&f->s, f->now, &o.core, 1); /* never back */
    assert_int_equal(session_take(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(messages_are_given_in_order_with_their_mark),
        SESSION_TEST(out_of_order_or_broken_ends_the_connection),
        SESSION_TEST(more_than_any_window_ends_the_connection),
        SESSION_TEST(what_comes_again_is_not_given_twice),
        SESSION_TEST(an_acknowledgement_that_was_lost_is_made_again),
        SESSION_TEST(a_cursor_that_is_another_one_starts_afresh),
        SESSION_TEST(a_gap_is_told_in_its_place_and_once),
        SESSION_TEST(a_gap_is_acknowledged_behind_what_is_before_it),
        SESSION_TEST(acknowledgements_are_gathered),
        SESSION_TEST(they_leave_with_whatever_leaves),
        SESSION_TEST(they_leave_at_once_when_half_the_window_is_used),
        SESSION_TEST(what_is_not_acknowledged_does_not_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
