/* The session's rules for subscriptions: asking, and asking again; and how they end. */
#include "session_owner.h"

#include <errno.h>
#include <stdlib.h>

/* --- asking ------------------------------------------------------------------------------------------- */

static void
it_is_asked_for_behind_hello(void **state)
{
    static const char *const channels[] = {"all", "group/early"};
    struct fixture *f = *state;
    struct owner o = {.core = {.channel = channels, .n_channels = 2, .from_sequence = 7}};

    owner_subscribe(f, &o);
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
    owner_subscribe(f, &o);
    session_take(f);
    assert_string_equal(f->sent.body[1], "desk from start");
    session_reconnect(f); /* nobody knows whether that was heard */
    session_take(f);
    assert_string_equal(f->sent.body[1], "desk from start");
    session_subscribed(f, 1, 0, 10, true);
    session_deliver(f, 1, 1, 3, 0);
    session_reconnect(f);
    session_take(f);
    assert_string_equal(f->sent.body[1], "desk");
    assert_string_equal(o.events, "interrupted UNREACHABLE; open 0 created; interrupted UNREACHABLE; ");
}

static void
a_service_that_is_away_is_asked_again_later(void **state)
{
    struct fixture *f = *state;
    struct owner o = {0};

    owner_open(f, &o, 5);
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
        owner_open(f, &o, 5);
        session_refuse(f, 1, cases[i].code, false);
        assert_string_equal(o.events, cases[i].events);
        assert_int_equal(session_deliver(f, 1, 6, 6, 0), 0); /* it crossed the end */
        assert_int_equal(o.n, 0);
        session_reconnect(f);
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

    owner_subscribe(f, &o);
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
        owner_subscribe(f, &o[i]);
    assert_int_equal(bb_session_subscribe(&f->s, f->now, &o[BB_LIMIT_SUBSCRIPTIONS].core), -ENOBUFS);
    session_take(f);
    assert_int_equal(o[63].core.number, 64);
    bb_session_unsubscribe(&f->s, &o[3].core);
    session_take(f);
    assert_true(o[3].gone);
    o[3] = (struct owner){0};
    owner_subscribe(f, &o[3]);
    session_take(f);
    assert_int_equal(o[3].core.number, 65); /* not 4: what was sent to that may still be on its way */
}

/* --- closing ------------------------------------------------------------------------------------------ */

static void
closing_sends_the_last_acknowledgement(void **state)
{
    struct fixture *f = *state;
    struct owner o = {.acks = true};

    owner_open(f, &o, 0);
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

    owner_open(f, &o, 0);
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

    owner_open(f, &o, 0);
    owner_subscribe(f, &p);
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

    owner_open(f, &o, 0);
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
        SESSION_TEST(closing_sends_the_last_acknowledgement),
        SESSION_TEST(closed_from_within_it_gets_nothing_more),
        SESSION_TEST(closed_ones_go_with_the_connection),
        SESSION_TEST(a_session_that_ends_lets_them_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
