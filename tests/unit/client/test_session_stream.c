/* The session's rules for answers in parts: windows, deadlines, and who wants no more. */
#include "session_fixture.h"

static void
parts_are_pulled_when_half_the_window_is_used(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    uint64_t id;

    session_connect(f);
    session_request(f, "stream", &ended);
    session_take(f);
    id = f->sent.id[1];
    session_reply(f, id, 0, false, 100000);
    session_reply(f, id, 1, false, 100000);
    assert_int_equal(session_take(f), 0);
    session_reply(f, id, 2, false, 100000);
    session_take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_PULL);
    assert_int_equal(f->sent.id[0], id);
    assert_int_equal(f->sent.timeout_ms[0], 300000);
    session_reply(f, id, 3, true, 0);
    assert_int_equal(f->parts, 4);
    assert_int_equal(ended.result, BB_OK);
}

static void
a_stream_that_breaks_in_the_middle_is_not_repeated(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0}, whole = {0};

    session_connect(f);
    session_request(f, "stream", &ended);
    session_request(f, "whole", &whole);
    session_take(f);
    session_reply(f, f->sent.id[1], 0, false, 10);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    assert_int_equal(whole.times, 0);
}

static uint64_t
begin_stream(struct fixture *f, uint32_t window_bytes, struct ended *ended)
{
    struct bb_request *made;

    assert_int_equal(bb_session_request(&f->s, 37, 0, &made), 0);
    made->window_bytes = window_bytes;
    made->part = session_note_part;
    made->self = f;
    made->done = session_note_end;
    made->done_self = ended;
    bb_session_start(&f->s, f->now, made);
    return made->id;
}

/* However many are asked for: no more may come at a time than is read. */
static void
streams_wait_until_others_end(void **state)
{
    struct fixture *f = *state;
    struct ended ended[10] = {{0}};
    uint64_t id[10];

    session_connect(f);
    for (unsigned i = 0; i < 10; i++)
        id[i] = begin_stream(f, 6 << 20, &ended[i]);
    session_take(f);
    assert_int_equal(f->sent.n, 3); /* HELLO, and two */
    assert_int_equal(session_take(f), 0);
    session_reply(f, id[0], 0, true, 10);
    session_take(f);
    assert_int_equal(f->sent.n, 1);
    assert_int_equal(f->sent.id[0], id[2]);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED); /* and all over again */
    session_pass(f, 5000);
    session_connect(f);
    session_take(f);
    assert_int_equal(f->sent.n, 3);
    for (unsigned i = 1; i < 10; i++) {
        session_reply(f, id[i], 0, true, 10);
        session_take(f);
    }
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(ended[i].result, BB_OK);
    begin_stream(f, 32 << 20, &ended[0]);
    session_take(f);
    assert_int_equal(f->sent.n, 1); /* one may always */
}

static void
a_stream_has_its_deadline_from_part_to_part(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    uint64_t id;

    session_connect(f);
    begin_stream(f, 1 << 20, &ended);
    session_take(f);
    id = f->sent.id[1];
    assert_int_equal(f->sent.timeout_ms[1], BB_LIMIT_TIMEOUT_MS); /* the broker does not hurry us */
    for (uint32_t part = 0; part < 10; part++) {
        session_pass(f, 29000);
        session_reply(f, id, part, false, 10);
    }
    bb_session_paused(&f->s, 3600000);   /* somebody looked at a page for an hour */
    session_reply(f, id, 10, false, 10); /* in the same round, which still has the time of before */
    f->now += 3600000;
    session_pass(f, 29000);
    assert_int_equal(ended.times, 0);
    session_pass(f, 1001);
    assert_int_equal(ended.result, BB_TIMED_OUT);
}

static void
a_caller_who_wants_no_more_cancels(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    session_connect(f);
    session_request(f, "stream", &ended);
    session_take(f);
    f->stop = true;
    session_reply(f, f->sent.id[1], 0, false, 10);
    assert_int_equal(ended.result, BB_STOPPED);
    session_take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_CANCEL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(parts_are_pulled_when_half_the_window_is_used),
        SESSION_TEST(a_stream_that_breaks_in_the_middle_is_not_repeated),
        SESSION_TEST(streams_wait_until_others_end),
        SESSION_TEST(a_stream_has_its_deadline_from_part_to_part),
        SESSION_TEST(a_caller_who_wants_no_more_cancels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
