/* The session's rules for the connection: who is let in, what breaks, when it is given up. */
#include "session_fixture.h"

#include <errno.h>
#include <string.h>

static void
without_a_connection_the_deadline_says_unreachable(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_request(f, "x", &ended);
    while (!ended.times) {
        if (bb_session_wants_open(&f->s, f->now)) {
            bb_session_opening(&f->s, f->now);
            session_take(f); /* into a socket that nobody will read */
            bb_session_lost(&f->s, f->now, BB_LOSS_UNREACHABLE);
        }
        session_pass(f, 100);
    }
    assert_int_equal(ended.result, BB_UNREACHABLE);
    assert_in_range(f->now - 1000, 30000, 30100);
    assert_non_null(strstr(ended.message, "tcp://test"));
}

static void
an_impatient_client_gives_up_without_a_connection(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0}, later = {0};

    f->s.unreachable_ms = 2000;
    session_request(f, "x", &ended);
    bb_session_opening(&f->s, f->now);
    session_pass(f, 1999);
    assert_int_equal(ended.times, 0);
    session_pass(f, 1);
    assert_int_equal(ended.result, BB_UNREACHABLE);
    session_pass(f, 60000);
    session_request(f, "y", &later); /* its own two seconds */
    session_pass(f, 1500);
    assert_int_equal(later.times, 0);
    session_pass(f, 600);
    assert_int_equal(later.result, BB_UNREACHABLE);
}

static void
an_unknown_key_is_told_at_once_with_the_key(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_request(f, "x", &ended);
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_REFUSED);
    assert_int_equal(ended.result, BB_NOT_ALLOWED);
    assert_int_equal(ended.code, BB_ERROR_UNKNOWN_KEY);
    assert_non_null(strstr(ended.message, "KEY"));
}

/* Fail as soon as may be; `least`: but with pauses no shorter than this. */
static void
fail_handshake(struct fixture *f, bb_mono least)
{
    f->now = f->s.open_at > f->now + least ? f->s.open_at : f->now + least;
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_HANDSHAKE);
}

static void
broken_handshakes_are_a_wrong_server_key_when_they_are_many_and_take_long(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    bb_mono first = f->now;
    int failed;

    session_request(f, "x", &ended);
    for (failed = 0; !ended.times && failed < 9; failed++)
        fail_handshake(f, 0);
    assert_in_range(failed, 4, 5);
    assert_in_range(f->now - first, 2000, 4900); /* before the command line gives up */
    assert_int_equal(ended.result, BB_NOT_ALLOWED);
    assert_non_null(strstr(ended.message, "server key"));
    assert_non_null(strstr(ended.message, "overloaded"));
}

static void
few_broken_handshakes_are_a_busy_broker_however_long_they_take(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_request(f, "x", &ended);
    for (int i = 0; i < 3; i++)
        fail_handshake(f, 1500);
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_BUSY);
    for (int i = 0; i < 3; i++)
        fail_handshake(f, 1500);
    assert_int_equal(ended.times, 0);
}

static void
who_was_let_in_once_has_the_right_server_key(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    session_request(f, "x", &ended);
    for (int i = 0; i < 8; i++)
        fail_handshake(f, 500);
    assert_int_equal(ended.times, 0);
}

static void
goaway_with_a_time_comes_back_and_without_one_ends(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    Bb__Goaway goaway = BB__GOAWAY__INIT;

    session_connect(f);
    session_request(f, "x", &ended);
    session_take(f);
    goaway.code = BB_ERROR_UNAVAILABLE;
    goaway.has_retry_after_ms = true;
    goaway.retry_after_ms = 5000;
    assert_int_equal(session_give(f, BB_KIND_GOAWAY, &goaway.base), 0);
    assert_true(f->s.wants_close);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_int_equal(ended.times, 0);
    assert_in_range(f->s.open_at - f->now, 5000, 5300);
    f->now = f->s.open_at;
    session_connect(f);
    session_take(f);
    assert_int_equal(f->sent.n, 2);
    goaway.code = BB_ERROR_UNKNOWN_KEY;
    goaway.has_retry_after_ms = false;
    assert_int_equal(session_give(f, BB_KIND_GOAWAY, &goaway.base), 0);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_int_equal(ended.result, BB_NOT_ALLOWED);
}

static void
ping_is_answered_and_pong_ends_ours(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    struct bb_request *made;
    Bb__Ping ping = BB__PING__INIT;
    Bb__Pong pong = BB__PONG__INIT;

    session_connect(f);
    assert_int_equal(bb_session_request(&f->s, 0, 0, &made), 0);
    made->done = session_note_end;
    made->done_self = &ended;
    bb_session_start(&f->s, f->now, made);
    ping.has_token = pong.has_token = true;
    ping.token = 7;
    pong.token = made->id;
    assert_int_equal(session_give(f, BB_KIND_PING, &ping.base), 0);
    session_take(f);
    assert_int_equal(f->sent.n, 3);
    assert_int_equal(f->sent.kind[0], BB_KIND_PONG);
    assert_int_equal(session_give(f, BB_KIND_PONG, &pong.base), 0);
    assert_int_equal(ended.result, BB_OK);
}

static void
nonsense_closes_the_connection(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
    } cases[] = {
        {"empty", "", 0},
        {"no envelope", "XX\1\4", 4},
        {"another major", "BB\2\4", 4},
        {"a reply without id", "BB\1\4", 4},
        {"a bundle of nothing", "BB\1\16", 4},
        {"a broken bundle", "BB\1\16\0\0\0\377", 8},
        {"a welcome that is none", "BB\1\2\10", 5},
    };
    struct fixture *f = *state;

    session_connect(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (bb_session_receive(&f->s, f->now, bb_bytes(cases[i].bytes, cases[i].len)) != -EBADMSG)
            fail_msg("%s", cases[i].what);
}

static void
a_broker_that_never_says_welcome_is_given_up(void **state)
{
    struct fixture *f = *state;

    bb_session_opening(&f->s, f->now);
    bb_session_up(&f->s, f->now);
    session_pass(f, BB_GREETING_MS - 1);
    assert_false(f->s.wants_close);
    session_pass(f, 1);
    assert_true(f->s.wants_close);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(without_a_connection_the_deadline_says_unreachable),
        SESSION_TEST(an_impatient_client_gives_up_without_a_connection),
        SESSION_TEST(an_unknown_key_is_told_at_once_with_the_key),
        SESSION_TEST(broken_handshakes_are_a_wrong_server_key_when_they_are_many_and_take_long),
        SESSION_TEST(few_broken_handshakes_are_a_busy_broker_however_long_they_take),
        SESSION_TEST(who_was_let_in_once_has_the_right_server_key),
        SESSION_TEST(goaway_with_a_time_comes_back_and_without_one_ends),
        SESSION_TEST(ping_is_answered_and_pong_ends_ours),
        SESSION_TEST(nonsense_closes_the_connection),
        SESSION_TEST(a_broker_that_never_says_welcome_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
