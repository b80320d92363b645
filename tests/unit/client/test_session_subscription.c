/* The session's rules for subscriptions: asking, and asking again; what is given once; when acknowledgements
 * leave, and what they say. */
#include "session_fixture.h"

#include "communication.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An owner that writes down what it is told. */
struct owner {
    struct bb_listener core;
    struct fixture *f;
    uint64_t got[64];
    bool redelivered[64];
    size_t n;
    char events[512];
    bool acks;  /* at once, from within */
    bool close; /* with the first message */
    int refuse; /* what message() says */
    bool gone;
    bool hears; /* gaps, in their place */
};

static int
take(struct bb_listener *core, const Bb__Message *message, struct bb_bytes packed, bool redelivered)
{
    struct owner *o = (struct owner *)core;

    (void)packed;
    if (o->refuse)
        return o->refuse;
    o->redelivered[o->n] = redelivered;
    o->got[o->n++] = message->sequence;
    if (o->acks)
        bb_session_acknowledge(&o->f->s, o->f->now, core, message->sequence);
    if (o->close)
        bb_session_unsubscribe(&o->f->s, core);
    return 0;
}

static void
hear(struct bb_listener *core, const struct bb_subscription_event *event, bool anew)
{
    struct owner *o = (struct owner *)core;
    size_t at = strlen(o->events);
    char *to = o->events + at;
    size_t size = sizeof o->events - at;

    switch (event->kind) {
    case BB_SUBSCRIPTION_OPENED:
        snprintf(to, size, "open %d%s%s; ", (int)event->position, event->created ? " created" : "",
                 anew ? " anew" : "");
        break;
    case BB_SUBSCRIPTION_GAP:
        snprintf(to, size, "gap %d..%d; ", (int)event->from, (int)event->to);
        if (o->hears)
            bb_session_heard_gap(&o->f->s, o->f->now, core, o->n ? o->got[o->n - 1] : 0, event->to);
        break;
    case BB_SUBSCRIPTION_INTERRUPTED:
        snprintf(to, size, "interrupted %s; ", event->problem->name);
        break;
    default:
        snprintf(to, size, "ended %s; ", event->problem->name);
        break;
    }
}

static void
leave(struct bb_listener *core)
{
    ((struct owner *)core)->gone = true;
}

static void
subscribe(struct fixture *f, struct owner *o)
{
    o->f = f;
    o->core.name = o->core.name ? o->core.name : "desk";
    o->core.window_messages = o->core.window_messages ? o->core.window_messages : 100;
    o->core.window_bytes = o->core.window_bytes ? o->core.window_bytes : 100000;
    o->core.message = take;
    o->core.event = hear;
    o->core.gone = leave;
    assert_int_equal(bb_session_subscribe(&f->s, f->now, &o->core), 0);
}

/* --- the broker's side -------------------------------------------------------------------------------- */

/* Connected and open at this position, with nothing to send. */
static void
open_at(struct fixture *f, struct owner *o, uint64_t position)
{
    session_connect(f);
    subscribe(f, o);
    session_take(f);
    session_subscribed(f, o->core.number, position, position, false);
    session_take(f);
    o->events[0] = '\0';
}

static void
reconnect(struct fixture *f)
{
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    session_pass(f, 30000);
    session_connect(f);
}

/* --- asking ------------------------------------------------------------------------------------------- */

static void
it_is_asked_for_behind_hello(void **state)
{
    static const char *const channels[] = {"all", "group/early"};
    struct fixture *f = *state;
    struct owner o = {.core = {.channel = channels, .n_channels = 2, .from_sequence = 7}};

    subscribe(f, &o);
    bb_session_opening(&f->s, f->now);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.n, 2);
    assert_int_equal(f->sent.kind[0], BB_KIND_HELLO);
    assert_int_equal(f->sent.kind[1], BB_KIND_SUBSCRIBE);
    assert_int_equal(f->sent.id[1], 1);
    assert_int_equal(f->sent.sequence[1], 7);
    assert_string_equal(f->sent.body[1], "desk all group/early");
    assert_int_equal(session_take(f), 0);
}

static void
it_begins_where_it_was_told_to_once(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.core = {.from_start = true}};

    session_connect(f);
    subscribe(f, &o);
    session_take(f);
    assert_string_equal(f->sent.body[1], "desk from start");
    reconnect(f); /* nobody knows whether that was heard */
    session_take(f);
    assert_string_equal(f->sent.body[1], "desk from start");
    session_subscribed(f, 1, 0, 10, true);
    session_deliver(f, 1, 1, 3, 0);
    reconnect(f);
    session_take(f);
    assert_string_equal(f->sent.body[1], "desk");
    assert_string_equal(o.events, "interrupted UNREACHABLE; open 0 created; interrupted UNREACHABLE; ");
}

static void
a_service_that_is_away_is_asked_again_later(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    open_at(f, &o, 5);
    session_refuse(f, 1, BB_ERROR_UNAVAILABLE, true);
    assert_int_equal(session_take(f), 0);
    session_pass(f, 99);
    assert_int_equal(session_take(f), 0);
    session_pass(f, 60);
    session_take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_SUBSCRIBE);
    assert_int_equal(f->sent.id[0], 1); /* the number is free again */
    session_refuse(f, 1, BB_ERROR_UNAVAILABLE, true);
    session_pass(f, 150);
    assert_int_equal(session_take(f), 0); /* the second time takes longer */
    session_pass(f, 150);
    session_take(f);
    session_subscribed(f, 1, 5, 9, false);
    assert_string_equal(o.events, "interrupted UNAVAILABLE; open 5; ");
}

static void
refused_or_taken_over_is_the_end(void **state)
{
    static const struct {
        uint32_t code;
        const char *events;
    } cases[] = {
        {BB_ERROR_TAKEN_OVER, "ended TAKEN_OVER; "},
        {BB_ERROR_NOT_FOUND, "ended NOT_FOUND; "},
        {BB_ERROR_NOT_ALLOWED, "ended NOT_ALLOWED; "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture *f;
        struct owner o = {0};
        session_teardown(state); /* each in a session of its own */
        session_setup(state);
        f = *state;
        open_at(f, &o, 5);
        session_refuse(f, 1, cases[i].code, false);
        assert_string_equal(o.events, cases[i].events);
        assert_int_equal(session_deliver(f, 1, 6, 6, 0), 0); /* it crossed the end */
        assert_int_equal(o.n, 0);
        reconnect(f);
        session_take(f);
        assert_int_equal(f->sent.n, 1); /* HELLO */
        bb_session_unsubscribe(&f->s, &o.core);
        assert_true(o.gone);
    }
}

static void
a_key_that_is_refused_ends_it(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    subscribe(f, &o);
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_UNREACHABLE);
    assert_string_equal(o.events, "interrupted UNREACHABLE; ");
    session_pass(f, 30000);
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_UNREACHABLE); /* is said once */
    session_pass(f, 30000);
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_REFUSED);
    assert_string_equal(o.events, "interrupted UNREACHABLE; ended UNKNOWN_KEY; ");
}

static void
there_are_at_most_64(void **state)
{
    struct fixture *f = *state;
    struct owner o[BB_LIMIT_SUBSCRIPTIONS + 1] = {0};

    session_connect(f);
    for (size_t i = 0; i < BB_LIMIT_SUBSCRIPTIONS; i++)
        subscribe(f, &o[i]);
    assert_int_equal(bb_session_subscribe(&f->s, f->now, &o[BB_LIMIT_SUBSCRIPTIONS].core), -ENOBUFS);
    session_take(f);
    assert_int_equal(o[63].core.number, 64);
    bb_session_unsubscribe(&f->s, &o[3].core);
    session_take(f);
    assert_true(o[3].gone);
    o[3] = (struct owner){0};
    subscribe(f, &o[3]);
    session_take(f);
    assert_int_equal(o[3].core.number, 65); /* not 4: what was sent to that may still be on its way */
}

/* --- messages ----------------------------------------------------------------------------------------- */

static void
messages_are_given_in_order_with_their_mark(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    open_at(f, &o, 5);
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

    open_at(f, &o, 5);
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
    reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 5, 8, false);
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

    open_at(f, &o, 0);
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

    open_at(f, &o, 5);
    session_deliver(f, 1, 6, 9, 0);
    bb_session_acknowledge(&f->s, f->now, &o.core, 7); /* does not get through */
    reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 5, 11, false);
    session_deliver(f, 1, 6, 11, 9);
    assert_int_equal(o.n, 6);
    assert_int_equal(o.got[4], 10);
    bb_session_acknowledge(&f->s, f->now, &o.core, 9); /* what the first session gave */
    session_pass(f, BB_ACK_MS);
    session_take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_ACK);
    assert_int_equal(f->sent.sequence[0], 9);
    assert_int_equal(f->sent.messages[0], 4); /* of the second */
}

static void
an_acknowledgement_that_was_lost_is_made_again(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};

    open_at(f, &o, 5);
    session_deliver(f, 1, 6, 9, 0);
    reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 5, 9, false);
    session_pass(f, BB_ACK_MS);
    session_take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_ACK);
    assert_int_equal(f->sent.sequence[0], 9);
    assert_int_equal(f->sent.messages[0], 0);
    assert_int_equal(bb_session_hurry(&f->s, f->now, &o.core), BB_LISTENER_WAITS);
    session_deliver(f, 1, 6, 9, 9); /* they had left before that came */
    session_pass(f, BB_ACK_MS);
    session_take(f);
    assert_int_equal(f->sent.sequence[0], 9);
    assert_int_equal(f->sent.messages[0], 4);
    assert_int_equal(o.n, 4);
}

static void
a_cursor_that_is_another_one_starts_afresh(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};

    open_at(f, &o, 5);
    session_deliver(f, 1, 6, 9, 0);
    reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 2, 2, false); /* the log has begun again */
    session_pass(f, BB_ACK_MS);
    assert_int_equal(session_take(f), 0); /* 9 means nothing there */
    session_deliver(f, 1, 3, 4, 0);
    assert_int_equal(o.n, 6);
    assert_int_equal(o.got[5], 4);
    reconnect(f);
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

    open_at(f, &o, 5);
    session_gap(f, 1, 6, 14);
    session_deliver(f, 1, 15, 16, 0);
    assert_int_equal(o.n, 2);
    assert_string_equal(o.events, "gap 6..14; ");
    reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 5, 30, false);
    session_gap(f, 1, 6, 14);
    session_gap(f, 1, 6, 25); /* more was removed meanwhile */
    assert_string_equal(o.events, "gap 6..14; interrupted UNREACHABLE; open 5; gap 6..25; ");
}

/* What the next ACK says, sequence and messages; 0: there is none. */
static uint64_t
next_ack(struct fixture *f, uint64_t *ret_messages)
{
    session_pass(f, BB_ACK_MS);
    if (session_take(f) != 1)
        return 0;
    *ret_messages = f->sent.messages[0];
    return f->sent.sequence[0];
}

static void
a_gap_is_acknowledged_behind_what_is_before_it(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.hears = true};
    uint64_t messages;

    open_at(f, &o, 5);
    session_deliver(f, 1, 6, 7, 0);
    session_gap(f, 1, 8, 20);
    assert_int_equal(next_ack(f, &messages), 0);
    bb_session_acknowledge(&f->s, f->now, &o.core, 6);
    assert_int_equal(next_ack(f, &messages), 6);
    bb_session_acknowledge(&f->s, f->now, &o.core, 7);
    assert_int_equal(next_ack(f, &messages), 20);
    assert_int_equal(messages, 2);
    /* It was lost: again, when the gap has come again. */
    reconnect(f);
    session_take(f);
    session_subscribed(f, 1, 6, 30, false);
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

    open_at(f, &o, 0);
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

    open_at(f, &o, 0);
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

    open_at(f, &o, 0);
    session_deliver(f, 1, 1, 9, 0);
    assert_int_equal(session_take(f), 0);
    session_deliver(f, 1, 10, 10, 0);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.messages[0], 10);
    subscribe(f, &p);
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

    open_at(f, &o, 0);
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

/* --- closing ------------------------------------------------------------------------------------------ */

static void
closing_sends_the_last_acknowledgement(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};

    open_at(f, &o, 0);
    session_deliver(f, 1, 1, 3, 0);
    bb_session_unsubscribe(&f->s, &o.core);
    assert_false(o.gone);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.kind[0], BB_KIND_ACK);
    assert_int_equal(f->sent.sequence[0], 3);
    assert_int_equal(f->sent.kind[1], BB_KIND_UNSUBSCRIBE);
    assert_int_equal(f->sent.id[1], 1);
    assert_true(o.gone);
}

static void
closed_from_within_it_gets_nothing_more(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.close = true};

    open_at(f, &o, 0);
    assert_int_equal(session_deliver(f, 1, 1, 3, 0), 0);
    assert_int_equal(o.n, 1);
    session_take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_UNSUBSCRIBE);
    assert_true(o.gone);
}

static void
closed_ones_go_with_the_connection(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0}, p = {0};

    open_at(f, &o, 0);
    subscribe(f, &p);
    session_take(f);
    bb_session_unsubscribe(&f->s, &p.core); /* asked, not answered */
    session_refuse(f, 2, BB_ERROR_NOT_ALLOWED, false);
    assert_true(p.gone);
    bb_session_unsubscribe(&f->s, &o.core);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_true(o.gone);
    assert_string_equal(o.events, "");
}

static void
a_session_that_ends_lets_them_go(void **state)
{
    struct owner o = {0};
    struct fixture *f = *state;

    open_at(f, &o, 0);
    bb_session_release(&f->s);
    assert_string_equal(o.events, "ended STOPPED; ");
    assert_true(o.gone);
    bb_session_init(&f->s, f->now);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(it_is_asked_for_behind_hello),
        SESSION_TEST(it_begins_where_it_was_told_to_once),
        SESSION_TEST(a_service_that_is_away_is_asked_again_later),
        SESSION_TEST(refused_or_taken_over_is_the_end),
        SESSION_TEST(a_key_that_is_refused_ends_it),
        SESSION_TEST(there_are_at_most_64),
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
        SESSION_TEST(closing_sends_the_last_acknowledgement),
        SESSION_TEST(closed_from_within_it_gets_nothing_more),
        SESSION_TEST(closed_ones_go_with_the_connection),
        SESSION_TEST(a_session_that_ends_lets_them_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
