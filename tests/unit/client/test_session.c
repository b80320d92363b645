/* The session's rules for requests: they are sent, repeated, ended, each once. */
#include "client/lib/session.h"

#include "session_fixture.h"

#include <errno.h>
#include <string.h>

static void
hello_comes_first_and_requests_right_behind(void **state)
{
    struct fixture *f = *state;
    struct ended a = {0}, b = {0};

    session_request(f, "a", &a);
    session_request(f, "b", &b);
    assert_int_equal(session_take(f), 0); /* no connection yet */
    bb_session_opening(&f->s, f->now);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.n, 3);
    assert_int_equal(f->sent.kind[0], BB_KIND_HELLO);
    assert_string_equal(f->sent.body[1], "a");
    assert_string_equal(f->sent.body[2], "b");
    session_reply(f, f->sent.id[2], 0, true, 1);
    assert_int_equal(b.times, 1);
    assert_int_equal(b.result, BB_OK);
    assert_int_equal(a.times, 0);
}

static void
many_requests_leave_as_one_message(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    session_take(f);
    for (int i = 0; i < 60; i++)
        session_request(f, "small", &ended);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.n, 60);
    assert_int_equal(session_take(f), 0);
    for (int i = 0; i < 1200; i++)
        session_request(f, "more", &ended);
    session_take(f);
    assert_int_equal(f->s.n_sent, 1024); /* the limit of open requests */
}

static void
large_requests_stay_below_the_frame_limit(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    struct bb_request *made;

    session_connect(f);
    session_take(f);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bb_session_request(&f->s, 32, 190 << 10, &made), 0);
        memset(made->body, 'x', made->len);
        made->done = session_note_end;
        made->done_self = &ended;
        bb_session_start(&f->s, f->now, made);
    }
    assert_int_equal(session_take(f), 10);
    assert_int_equal(bb_session_request(&f->s, 32, BB_LIMIT_FRAME_BYTES, &made), -E2BIG);
}

static void
after_a_loss_the_same_content_goes_out_again_in_order(void **state)
{
    struct fixture *f = *state;
    struct ended ended[4] = {0};
    uint64_t ids[4];

    session_connect(f);
    session_take(f);
    session_request(f, "first", &ended[0]);
    session_request(f, "second", &ended[1]);
    session_request(f, "third", &ended[2]);
    session_take(f);
    memcpy(ids, f->sent.id, sizeof ids);
    session_reply(f, ids[1], 0, true, 1);
    session_request(f, "fourth", &ended[3]);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_false(bb_session_wants_open(&f->s, f->now + 199));
    assert_true(bb_session_wants_open(&f->s, f->now + 401));
    session_pass(f, 401);
    session_connect(f);
    assert_int_equal(session_take(f), 1);
    assert_int_equal(f->sent.n, 4); /* HELLO, first, third, fourth */
    assert_string_equal(f->sent.body[1], "first");
    assert_int_equal(f->sent.id[1], ids[0]);
    assert_string_equal(f->sent.body[2], "third");
    assert_int_equal(f->sent.id[2], ids[2]);
    assert_string_equal(f->sent.body[3], "fourth");
    assert_in_range(f->sent.timeout_ms[1], 29000, 29599); /* what is left of it */
    session_reply(f, ids[0], 0, true, 1);
    assert_int_equal(ended[0].times + ended[1].times, 2);
    assert_int_equal(ended[2].times, 0);
}

static void
a_late_answer_to_an_old_request_finds_nobody(void **state)
{
    struct fixture *f = *state;
    struct ended a = {0}, b = {0};
    uint64_t id;

    session_connect(f);
    session_take(f);
    session_request(f, "a", &a);
    session_take(f);
    id = f->sent.id[0];
    session_reply(f, id, 0, true, 1);
    session_request(f, "b", &b); /* in the same place of the table */
    session_take(f);
    assert_int_not_equal(f->sent.id[0], id);
    session_reply(f, id, 0, true, 1);
    assert_int_equal(a.times, 1);
    assert_int_equal(b.times, 0);
}

static void
a_retryable_error_is_repeated_after_the_time_it_asks_for(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    session_request(f, "again", &ended);
    session_take(f);
    session_error(f, f->sent.id[1], BB_ERROR_OVERLOADED, true, 200);
    assert_int_equal(session_take(f), 0);
    session_pass(f, 199);
    assert_int_equal(session_take(f), 0);
    session_pass(f, 102); /* and half of it as jitter */
    assert_int_equal(session_take(f), 1);
    assert_string_equal(f->sent.body[0], "again");
    session_reply(f, f->sent.id[0], 0, true, 1);
    assert_int_equal(ended.times, 1);
    assert_int_equal(ended.result, BB_OK);
}

static void
an_error_that_repeating_would_not_change_is_told_at_once(void **state)
{
    static const struct {
        uint32_t code;
        int result;
    } cases[] = {
        {BB_ERROR_CONFLICT, BB_FAILED},         {BB_ERROR_INVALID, BB_FAILED},
        {BB_ERROR_NOT_ALLOWED, BB_NOT_ALLOWED}, {BB_ERROR_UNKNOWN_KEY, BB_NOT_ALLOWED},
        {BB_ERROR_INTERNAL, BB_FAILED},
    };
    struct fixture *f = *state;

    session_connect(f);
    session_take(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ended ended = {0};
        session_request(f, "x", &ended);
        session_take(f);
        session_error(f, f->sent.id[0], cases[i].code, false, 0);
        assert_int_equal(ended.times, 1);
        assert_int_equal(ended.result, cases[i].result);
        assert_int_equal(ended.code, cases[i].code);
        assert_non_null(strstr(ended.message, "said the broker"));
    }
}

static void
what_is_too_busy_for_too_long_says_so(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    session_request(f, "x", &ended);
    for (int i = 0; i < 100 && !ended.times; i++) {
        if (session_take(f) && f->sent.n)
            session_error(f, f->sent.id[f->sent.n - 1], BB_ERROR_UNAVAILABLE, true, 100);
        session_pass(f, 1000);
    }
    assert_int_equal(ended.times, 1);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    assert_int_equal(ended.code, BB_ERROR_UNAVAILABLE);
    assert_in_range(f->now, 20000, 31000);
}

/* The broker's deadline for the last try is no reason. */
static void
the_reason_is_the_last_that_was_one(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    session_request(f, "x", &ended);
    session_take(f);
    session_error(f, f->sent.id[f->sent.n - 1], BB_ERROR_UNAVAILABLE, true, 100);
    session_pass(f, 29000);
    session_take(f);
    session_error(f, f->sent.id[f->sent.n - 1], BB_ERROR_TIMEOUT, true, 100);
    session_pass(f, 1000);
    assert_int_equal(ended.times, 1);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    assert_int_equal(ended.code, BB_ERROR_UNAVAILABLE);
}

static void
a_deadline_ends_a_request_and_cancels_it(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    uint64_t id;

    session_connect(f);
    session_request(f, "x", &ended);
    session_take(f);
    id = f->sent.id[1];
    assert_int_equal(f->s.due <= f->now + 30000, true);
    session_pass(f, 29999);
    assert_int_equal(ended.times, 0);
    session_pass(f, 1);
    assert_int_equal(ended.times, 1);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    session_take(f);
    assert_int_equal(f->sent.n, 1);
    assert_int_equal(f->sent.kind[0], BB_KIND_CANCEL);
    assert_int_equal(f->sent.id[0], id);
    assert_int_equal(f->s.due, BB_NEVER);
}

static void
what_may_have_been_done_times_out_rather_than_being_unreachable(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    session_request(f, "x", &ended);
    session_take(f);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    session_pass(f, 30000);
    assert_int_equal(ended.result, BB_TIMED_OUT);
}

struct chain {
    struct fixture *f;
    int left;
};

static void
ask_again(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct chain *chain = self;
    struct bb_request *made;

    (void)end;
    (void)sequence;
    if (chain->left-- == 0)
        return;
    if (bb_session_request(&chain->f->s, 32, 0, &made) < 0)
        return;
    made->done = ask_again;
    made->done_self = chain;
    bb_session_start(&chain->f->s, chain->f->now, made);
}

static void
a_callback_that_asks_again_does_not_turn_in_circles(void **state)
{
    struct fixture *f = *state;
    struct chain chain = {f, 1000};
    struct bb_request *made;

    assert_int_equal(bb_session_request(&f->s, 32, 0, &made), 0);
    made->done = ask_again;
    made->done_self = &chain;
    bb_session_start(&f->s, f->now, made);
    bb_session_opening(&f->s, f->now);
    bb_session_lost(&f->s, f->now, BB_LOSS_REFUSED);
    assert_int_equal(chain.left, 999);
    assert_int_equal(f->s.table.open, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(hello_comes_first_and_requests_right_behind),
        SESSION_TEST(many_requests_leave_as_one_message),
        SESSION_TEST(large_requests_stay_below_the_frame_limit),
        SESSION_TEST(after_a_loss_the_same_content_goes_out_again_in_order),
        SESSION_TEST(a_late_answer_to_an_old_request_finds_nobody),
        SESSION_TEST(a_retryable_error_is_repeated_after_the_time_it_asks_for),
        SESSION_TEST(an_error_that_repeating_would_not_change_is_told_at_once),
        SESSION_TEST(what_is_too_busy_for_too_long_says_so),
        SESSION_TEST(the_reason_is_the_last_that_was_one),
        SESSION_TEST(a_deadline_ends_a_request_and_cancels_it),
        SESSION_TEST(what_may_have_been_done_times_out_rather_than_being_unreachable),
        SESSION_TEST(a_callback_that_asks_again_does_not_turn_in_circles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
