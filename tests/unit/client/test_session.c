/* The session's rules, in fake time and without a socket: the test is the connection and the broker. */
#include "client/lib/session.h"

#include "proto/errors.h"
#include "proto/message.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define FRAMES 64

/* What left in the last message. */
struct sent {
    int n;
    uint8_t kind[FRAMES];
    uint64_t id[FRAMES];
    uint32_t timeout_ms[FRAMES];
    char body[FRAMES][64];
};

struct ended {
    int times;
    int result;
    uint32_t code;
    char message[256];
};

struct fixture {
    struct bb_session s;
    struct sent sent;
    struct bb_arena arena;
    int parts;
    bool stop;
    bb_mono now;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->s = (struct bb_session){
        .endpoint = "tcp://test",
        .public_key = "KEY",
        .agent = "test",
        .timeout_ms = 30000,
        .random = 42,
    };
    f->now = 1000;
    bb_session_init(&f->s, f->now);
    bb_arena_init(&f->arena, 1 << 20);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->s.table.n; i++)
        f->s.table.slot[i]->done = NULL; /* it wrote into the test that is over */
    bb_session_release(&f->s);
    bb_arena_release(&f->arena);
    free(f);
    return 0;
}

/* --- the broker's side -------------------------------------------------------------------------------- */

static void
note_frame(struct fixture *f, const struct bb_frame *frame)
{
    struct sent *sent = &f->sent;
    Bb__Request *request;
    Bb__Pull *pull;
    Bb__Cancel *cancel;

    assert_true(sent->n < FRAMES);
    sent->kind[sent->n] = frame->kind;
    bb_arena_reset(&f->arena);
    if (frame->kind == BB_KIND_REQUEST) {
        assert_int_equal(bb_unpack(bb__request, frame->body, &f->arena, &request), 0);
        sent->id[sent->n] = request->id;
        sent->timeout_ms[sent->n] = request->timeout_ms;
        if (request->body.len)
            memcpy(sent->body[sent->n], request->body.data, request->body.len < 63 ? request->body.len : 63);
    } else if (frame->kind == BB_KIND_PULL) {
        assert_int_equal(bb_unpack(bb__pull, frame->body, &f->arena, &pull), 0);
        sent->id[sent->n] = pull->id;
        sent->timeout_ms[sent->n] = pull->bytes;
    } else if (frame->kind == BB_KIND_CANCEL) {
        assert_int_equal(bb_unpack(bb__cancel, frame->body, &f->arena, &cancel), 0);
        sent->id[sent->n] = cancel->id;
    }
    sent->n++;
}

/* Take what is to be sent: how many messages; their frames are in f->sent. */
static int
take(struct fixture *f)
{
    int messages = 0;

    memset(&f->sent, 0, sizeof f->sent);
    while (bb_session_fill(&f->s, f->now)) {
        struct bb_unbundle walk;
        struct bb_frame frame;
        zmq_msg_t message;
        assert_int_equal(bb_bundle_take(&f->s.out, &message), 0);
        assert_in_range(zmq_msg_size(&message), 4, BB_LIMIT_FRAME_BYTES);
        assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))),
                         0);
        while (bb_unbundle_next(&walk, &frame) == 0)
            if (f->sent.n < FRAMES)
                note_frame(f, &frame);
        zmq_msg_close(&message);
        messages++;
    }
    return messages;
}

static int
give(struct fixture *f, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t frame[4096];

    return bb_session_receive(&f->s, f->now, bb_bytes(frame, bb_frame_write(frame, kind, message)));
}

static void
welcome(struct fixture *f)
{
    Bb__Welcome message = BB__WELCOME__INIT;
    uint8_t boot[16] = {0};

    message.version = 1;
    message.boot.data = boot;
    message.boot.len = sizeof boot;
    message.organization = (char *)"hartford";
    message.name = (char *)"Hartford";
    message.member = (char *)"main";
    message.role = BB__ROLE__ROLE_PARTNER;
    message.outstanding = 1024;
    assert_int_equal(give(f, BB_KIND_WELCOME, &message.base), 0);
}

static void
connect_session(struct fixture *f)
{
    assert_true(bb_session_wants_open(&f->s, f->now));
    bb_session_opening(&f->s, f->now);
    bb_session_up(&f->s, f->now);
    welcome(f);
}

static void
reply(struct fixture *f, uint64_t id, uint32_t part, bool final, size_t bytes)
{
    Bb__Reply message = BB__REPLY__INIT;
    uint8_t *body = calloc(1, bytes + 1), *frame = malloc(bytes + 64);
    size_t len;

    message.id = id;
    message.has_part = true;
    message.part = part;
    message.has_final = true;
    message.final = final;
    message.has_body = true;
    message.body.data = body;
    message.body.len = bytes;
    len = bb_frame_write(frame, BB_KIND_REPLY, &message.base);
    assert_int_equal(bb_session_receive(&f->s, f->now, bb_bytes(frame, len)), 0);
    free(frame);
    free(body);
}

static void
error(struct fixture *f, uint64_t id, uint32_t code, bool retryable, uint32_t retry_after_ms)
{
    Bb__Error message = BB__ERROR__INIT;

    message.has_id = true;
    message.id = id;
    message.code = code;
    message.message = (char *)"said the broker";
    message.has_retryable = true;
    message.retryable = retryable;
    message.has_retry_after_ms = retry_after_ms != 0;
    message.retry_after_ms = retry_after_ms;
    assert_int_equal(give(f, BB_KIND_ERROR, &message.base), 0);
}

/* --- the caller's side -------------------------------------------------------------------------------- */

static void
note_end(void *self, const struct bb_problem *end, uint64_t sequence)
{
    struct ended *ended = self;

    (void)sequence;
    ended->times++;
    ended->result = end->result;
    ended->code = end->code;
    snprintf(ended->message, sizeof ended->message, "%s", end->message);
}

static int
note_part(struct bb_request *request, struct bb_bytes body)
{
    struct fixture *f = request->self;

    (void)body;
    f->parts++;
    return f->stop ? BB_REQUEST_STOP : 0;
}

static void
request(struct fixture *f, const char *body, struct ended *ended)
{
    struct bb_request *made;

    assert_int_equal(bb_session_request(&f->s, 32, strlen(body), &made), 0);
    memcpy(made->body, body, strlen(body));
    made->part = note_part;
    made->self = f;
    made->done = note_end;
    made->done_self = ended;
    bb_session_start(&f->s, f->now, made);
}

static void
pass(struct fixture *f, bb_mono ms)
{
    f->now += ms;
    bb_session_tick(&f->s, f->now);
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void
hello_comes_first_and_requests_right_behind(void **state)
{
    struct fixture *f = *state;
    struct ended a = {0}, b = {0};

    request(f, "a", &a);
    request(f, "b", &b);
    assert_int_equal(take(f), 0); /* no connection yet */
    bb_session_opening(&f->s, f->now);
    assert_int_equal(take(f), 1);
    assert_int_equal(f->sent.n, 3);
    assert_int_equal(f->sent.kind[0], BB_KIND_HELLO);
    assert_string_equal(f->sent.body[1], "a");
    assert_string_equal(f->sent.body[2], "b");
    reply(f, f->sent.id[2], 0, true, 1);
    assert_int_equal(b.times, 1);
    assert_int_equal(b.result, BB_OK);
    assert_int_equal(a.times, 0);
}

static void
many_requests_leave_as_one_message(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    connect_session(f);
    take(f);
    for (int i = 0; i < 60; i++)
        request(f, "small", &ended);
    assert_int_equal(take(f), 1);
    assert_int_equal(f->sent.n, 60);
    assert_int_equal(take(f), 0);
    for (int i = 0; i < 1200; i++)
        request(f, "more", &ended);
    take(f);
    assert_int_equal(f->s.n_sent, 1024); /* the limit of open requests */
}

static void
large_requests_stay_below_the_frame_limit(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    struct bb_request *made;

    connect_session(f);
    take(f);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bb_session_request(&f->s, 32, 190 << 10, &made), 0);
        memset(made->body, 'x', made->len);
        made->done = note_end;
        made->done_self = &ended;
        bb_session_start(&f->s, f->now, made);
    }
    assert_int_equal(take(f), 10);
    assert_int_equal(bb_session_request(&f->s, 32, BB_LIMIT_FRAME_BYTES, &made), -E2BIG);
}

static void
after_a_loss_the_same_content_goes_out_again_in_order(void **state)
{
    struct fixture *f = *state;
    struct ended ended[4] = {0};
    uint64_t ids[4];

    connect_session(f);
    take(f);
    request(f, "first", &ended[0]);
    request(f, "second", &ended[1]);
    request(f, "third", &ended[2]);
    take(f);
    memcpy(ids, f->sent.id, sizeof ids);
    reply(f, ids[1], 0, true, 1);
    request(f, "fourth", &ended[3]);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_false(bb_session_wants_open(&f->s, f->now + 199));
    assert_true(bb_session_wants_open(&f->s, f->now + 401));
    pass(f, 401);
    connect_session(f);
    assert_int_equal(take(f), 1);
    assert_int_equal(f->sent.n, 4); /* HELLO, first, third, fourth */
    assert_string_equal(f->sent.body[1], "first");
    assert_int_equal(f->sent.id[1], ids[0]);
    assert_string_equal(f->sent.body[2], "third");
    assert_int_equal(f->sent.id[2], ids[2]);
    assert_string_equal(f->sent.body[3], "fourth");
    assert_in_range(f->sent.timeout_ms[1], 29000, 29599); /* what is left of it */
    reply(f, ids[0], 0, true, 1);
    assert_int_equal(ended[0].times + ended[1].times, 2);
    assert_int_equal(ended[2].times, 0);
}

static void
a_late_answer_to_an_old_request_finds_nobody(void **state)
{
    struct fixture *f = *state;
    struct ended a = {0}, b = {0};
    uint64_t id;

    connect_session(f);
    take(f);
    request(f, "a", &a);
    take(f);
    id = f->sent.id[0];
    reply(f, id, 0, true, 1);
    request(f, "b", &b); /* in the same place of the table */
    take(f);
    assert_int_not_equal(f->sent.id[0], id);
    reply(f, id, 0, true, 1);
    assert_int_equal(a.times, 1);
    assert_int_equal(b.times, 0);
}

static void
a_retryable_error_is_repeated_after_the_time_it_asks_for(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    connect_session(f);
    request(f, "again", &ended);
    take(f);
    error(f, f->sent.id[1], BB_ERROR_OVERLOADED, true, 200);
    assert_int_equal(take(f), 0);
    pass(f, 199);
    assert_int_equal(take(f), 0);
    pass(f, 102); /* and half of it as jitter */
    assert_int_equal(take(f), 1);
    assert_string_equal(f->sent.body[0], "again");
    reply(f, f->sent.id[0], 0, true, 1);
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

    connect_session(f);
    take(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ended ended = {0};
        request(f, "x", &ended);
        take(f);
        error(f, f->sent.id[0], cases[i].code, false, 0);
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

    connect_session(f);
    request(f, "x", &ended);
    for (int i = 0; i < 100 && !ended.times; i++) {
        if (take(f) && f->sent.n)
            error(f, f->sent.id[f->sent.n - 1], BB_ERROR_UNAVAILABLE, true, 100);
        pass(f, 1000);
    }
    assert_int_equal(ended.times, 1);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    assert_int_equal(ended.code, BB_ERROR_UNAVAILABLE);
    assert_in_range(f->now, 20000, 31000);
}

static void
a_deadline_ends_a_request_and_cancels_it(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    uint64_t id;

    connect_session(f);
    request(f, "x", &ended);
    take(f);
    id = f->sent.id[1];
    assert_int_equal(f->s.due <= f->now + 30000, true);
    pass(f, 29999);
    assert_int_equal(ended.times, 0);
    pass(f, 1);
    assert_int_equal(ended.times, 1);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    take(f);
    assert_int_equal(f->sent.n, 1);
    assert_int_equal(f->sent.kind[0], BB_KIND_CANCEL);
    assert_int_equal(f->sent.id[0], id);
    assert_int_equal(f->s.due, BB_NEVER);
}

static void
without_a_connection_the_deadline_says_unreachable(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    request(f, "x", &ended);
    while (!ended.times) {
        if (bb_session_wants_open(&f->s, f->now)) {
            bb_session_opening(&f->s, f->now);
            take(f); /* into a socket that nobody will read */
            bb_session_lost(&f->s, f->now, BB_LOSS_UNREACHABLE);
        }
        pass(f, 100);
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
    request(f, "x", &ended);
    bb_session_opening(&f->s, f->now);
    pass(f, 1999);
    assert_int_equal(ended.times, 0);
    pass(f, 1);
    assert_int_equal(ended.result, BB_UNREACHABLE);
    pass(f, 60000);
    request(f, "y", &later); /* its own two seconds */
    pass(f, 1500);
    assert_int_equal(later.times, 0);
    pass(f, 600);
    assert_int_equal(later.result, BB_UNREACHABLE);
}

static void
what_may_have_been_done_times_out_rather_than_being_unreachable(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    connect_session(f);
    request(f, "x", &ended);
    take(f);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    pass(f, 30000);
    assert_int_equal(ended.result, BB_TIMED_OUT);
}

static void
an_unknown_key_is_told_at_once_with_the_key(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    request(f, "x", &ended);
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

    request(f, "x", &ended);
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

    request(f, "x", &ended);
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

    connect_session(f);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    request(f, "x", &ended);
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

    connect_session(f);
    request(f, "x", &ended);
    take(f);
    goaway.code = BB_ERROR_UNAVAILABLE;
    goaway.has_retry_after_ms = true;
    goaway.retry_after_ms = 5000;
    assert_int_equal(give(f, BB_KIND_GOAWAY, &goaway.base), 0);
    assert_true(f->s.wants_close);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_int_equal(ended.times, 0);
    assert_in_range(f->s.open_at - f->now, 5000, 5300);
    f->now = f->s.open_at;
    connect_session(f);
    take(f);
    assert_int_equal(f->sent.n, 2);
    goaway.code = BB_ERROR_UNKNOWN_KEY;
    goaway.has_retry_after_ms = false;
    assert_int_equal(give(f, BB_KIND_GOAWAY, &goaway.base), 0);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_int_equal(ended.result, BB_NOT_ALLOWED);
}

static void
parts_are_pulled_when_half_the_window_is_used(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    uint64_t id;

    connect_session(f);
    request(f, "stream", &ended);
    take(f);
    id = f->sent.id[1];
    reply(f, id, 0, false, 100000);
    reply(f, id, 1, false, 100000);
    assert_int_equal(take(f), 0);
    reply(f, id, 2, false, 100000);
    take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_PULL);
    assert_int_equal(f->sent.id[0], id);
    assert_int_equal(f->sent.timeout_ms[0], 300000);
    reply(f, id, 3, true, 0);
    assert_int_equal(f->parts, 4);
    assert_int_equal(ended.result, BB_OK);
}

static void
a_stream_that_breaks_in_the_middle_is_not_repeated(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0}, whole = {0};

    connect_session(f);
    request(f, "stream", &ended);
    request(f, "whole", &whole);
    take(f);
    reply(f, f->sent.id[1], 0, false, 10);
    bb_session_lost(&f->s, f->now, BB_LOSS_DISCONNECTED);
    assert_int_equal(ended.result, BB_TIMED_OUT);
    assert_int_equal(whole.times, 0);
}

static void
a_stream_has_its_deadline_from_part_to_part(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    struct bb_request *made;
    uint64_t id;

    connect_session(f);
    assert_int_equal(bb_session_request(&f->s, 37, 0, &made), 0);
    made->window_bytes = 1 << 20;
    made->part = note_part;
    made->self = f;
    made->done = note_end;
    made->done_self = &ended;
    bb_session_start(&f->s, f->now, made);
    take(f);
    id = f->sent.id[1];
    assert_int_equal(f->sent.timeout_ms[1], BB_LIMIT_TIMEOUT_MS); /* the broker does not hurry us */
    for (uint32_t part = 0; part < 10; part++) {
        pass(f, 29000);
        reply(f, id, part, false, 10);
    }
    bb_session_paused(&f->s, 3600000); /* somebody looked at a page for an hour */
    reply(f, id, 10, false, 10);       /* in the same round, which still has the time of before */
    f->now += 3600000;
    pass(f, 29000);
    assert_int_equal(ended.times, 0);
    pass(f, 1001);
    assert_int_equal(ended.result, BB_TIMED_OUT);
}

static void
a_caller_who_wants_no_more_cancels(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};

    connect_session(f);
    request(f, "stream", &ended);
    take(f);
    f->stop = true;
    reply(f, f->sent.id[1], 0, false, 10);
    assert_int_equal(ended.result, BB_STOPPED);
    take(f);
    assert_int_equal(f->sent.kind[0], BB_KIND_CANCEL);
}

static void
ping_is_answered_and_pong_ends_ours(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0};
    struct bb_request *made;
    Bb__Ping ping = BB__PING__INIT;
    Bb__Pong pong = BB__PONG__INIT;

    connect_session(f);
    assert_int_equal(bb_session_request(&f->s, 0, 0, &made), 0);
    made->done = note_end;
    made->done_self = &ended;
    bb_session_start(&f->s, f->now, made);
    ping.has_token = pong.has_token = true;
    ping.token = 7;
    pong.token = made->id;
    assert_int_equal(give(f, BB_KIND_PING, &ping.base), 0);
    take(f);
    assert_int_equal(f->sent.n, 3);
    assert_int_equal(f->sent.kind[0], BB_KIND_PONG);
    assert_int_equal(give(f, BB_KIND_PONG, &pong.base), 0);
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

    connect_session(f);
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
    pass(f, BB_GREETING_MS - 1);
    assert_false(f->s.wants_close);
    pass(f, 1);
    assert_true(f->s.wants_close);
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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(hello_comes_first_and_requests_right_behind),
        T(many_requests_leave_as_one_message),
        T(large_requests_stay_below_the_frame_limit),
        T(after_a_loss_the_same_content_goes_out_again_in_order),
        T(a_late_answer_to_an_old_request_finds_nobody),
        T(a_retryable_error_is_repeated_after_the_time_it_asks_for),
        T(an_error_that_repeating_would_not_change_is_told_at_once),
        T(what_is_too_busy_for_too_long_says_so),
        T(a_deadline_ends_a_request_and_cancels_it),
        T(without_a_connection_the_deadline_says_unreachable),
        T(an_impatient_client_gives_up_without_a_connection),
        T(what_may_have_been_done_times_out_rather_than_being_unreachable),
        T(an_unknown_key_is_told_at_once_with_the_key),
        T(broken_handshakes_are_a_wrong_server_key_when_they_are_many_and_take_long),
        T(few_broken_handshakes_are_a_busy_broker_however_long_they_take),
        T(who_was_let_in_once_has_the_right_server_key),
        T(goaway_with_a_time_comes_back_and_without_one_ends),
        T(parts_are_pulled_when_half_the_window_is_used),
        T(a_stream_that_breaks_in_the_middle_is_not_repeated),
        T(a_stream_has_its_deadline_from_part_to_part),
        T(a_caller_who_wants_no_more_cancels),
        T(ping_is_answered_and_pong_ends_ours),
        T(nonsense_closes_the_connection),
        T(a_broker_that_never_says_welcome_is_given_up),
        T(a_callback_that_asks_again_does_not_turn_in_circles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
