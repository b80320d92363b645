/* The worker's session as the communication service uses it: subscribers, fan-out, calls, and what is known
 * of how far the broker has come. */
#include "worker_session_fixture.h"

#include "proto/errors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
test_subscribers(void **unused)
{
    (void)unused;
    Bb__SessionUp up = BB__SESSION_UP__INIT;
    Bb__SessionDown down = BB__SESSION_DOWN__INIT;
    Bb__SessionAck ack = BB__SESSION_ACK__INIT;
    struct bb_session_event event;

    open_live();
    up.session = 77;
    up.organization = (char *)(uintptr_t) "river";
    up.member = (char *)(uintptr_t) "main";
    up.role = BB__ROLE__ROLE_OBSERVER;
    up.subscribe = (ProtobufCBinaryData){.len = 3, .data = (uint8_t *)(uintptr_t) "sub"};
    assert_int_equal(hear(1, BB_KIND_SESSION_UP, &up.base, &event), 0);
    assert_int_equal(event.type, BB_SESSION_SUBSCRIBER_UP);
    assert_int_equal(event.subscriber.session, 77);
    assert_int_equal(event.subscriber.role, BB__ROLE__ROLE_OBSERVER);
    assert_true(bb_bytes_equal(event.subscriber.organization, bb_bytes_str("river")));
    assert_true(bb_bytes_equal(event.subscriber.member, bb_bytes_str("main")));
    assert_true(bb_bytes_equal(event.subscriber.subscribe, bb_bytes_str("sub")));

    ack.session = 77;
    ack.sequence = UINT64_MAX;
    ack.messages = 2;
    ack.bytes = 3;
    assert_int_equal(hear(1, BB_KIND_SESSION_ACK, &ack.base, &event), 0);
    assert_int_equal(event.type, BB_SESSION_SUBSCRIBER_ACK);
    assert_int_equal(event.acknowledged.session, 77);
    assert_true(event.acknowledged.sequence == UINT64_MAX);
    assert_int_equal(event.acknowledged.messages, 2);
    assert_int_equal(event.acknowledged.bytes, 3);

    down.session = 77;
    assert_int_equal(hear(1, BB_KIND_SESSION_DOWN, &down.base, &event), 0);
    assert_int_equal(event.type, BB_SESSION_SUBSCRIBER_DOWN);
    assert_int_equal(event.tag, 77);
    end_round();
    assert_int_equal(seen.frames, 0);
}

static void
test_fanout(void **unused)
{
    (void)unused;
    static const uint64_t sessions[] = {5, UINT64_MAX, 1u << 30};
    struct bb_session_event event;

    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes_str("x"), sessions, 3), -ENOTCONN);
    assert_int_equal(bb_session_open(session, 0, 0), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes_str("x"), sessions, 3), -ENOTCONN);
    open_live();
    assert_int_equal(hear_work(1, 1, BB_METHOD_SUBMIT, 1, &event), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_SUBSCRIBED, bb_bytes_str("a"), sessions, 1), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes_str("b"), sessions, 3), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_GAP, bb_bytes_str("c"), sessions + 1, 1), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_ERROR, bb_bytes(NULL, 0), sessions, 1), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes_str("d"), sessions, 0), 0);
    for (int kind = 0; kind < 256; kind++)
        if (kind != BB_KIND_SUBSCRIBED && kind != BB_KIND_DELIVER && kind != BB_KIND_GAP &&
            kind != BB_KIND_ERROR)
            assert_int_equal(bb_session_fanout(session, (enum bb_kind)kind, bb_bytes_str("x"), sessions, 1),
                             -EINVAL);
    end_round();
    assert_int_equal(seen.messages, 1);
    assert_int_equal(seen.frames, 4);
    assert_int_equal(seen.fanout[0]->kind, BB_KIND_SUBSCRIBED);
    assert_int_equal(seen.fanout[0]->n_session, 1);
    assert_int_equal(seen.fanout[1]->kind, BB_KIND_DELIVER);
    assert_memory_equal(seen.fanout[1]->body.data, "b", 1);
    assert_int_equal(seen.fanout[1]->n_session, 3);
    assert_memory_equal(seen.fanout[1]->session, sessions, sizeof sessions);
    assert_int_equal(seen.fanout[2]->session[0], UINT64_MAX);
    assert_int_equal(seen.fanout[3]->body.len, 0);

    /* It goes on while requests are being answered before the end. */
    assert_int_equal(bb_session_drain(session, 2), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes_str("x"), sessions, 1), 0);
}

/* To very many, and the largest body: each FANOUT fits a message, and nobody is left out. */
static void
test_fanout_is_split(void **unused)
{
    (void)unused;
    static uint8_t body[BB_LIMIT_BODY_BYTES + 1];
    static uint64_t sessions[50000];
    uint64_t next = 0;

    for (size_t i = 0; i < 50000; i++)
        sessions[i] = UINT64_MAX - i;
    open_live();
    assert_int_equal(
        bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes(body, sizeof body - 1), sessions, 50000), 0);
    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes(body, sizeof body), sessions, 1),
                     -EMSGSIZE);
    assert_true(bb_session_unconfirmed(session) > 4 * BB_LIMIT_BODY_BYTES);
    end_round();
    assert_int_equal(seen.fanouts, 4);
    for (unsigned i = 0; i < seen.fanouts; i++)
        for (size_t k = 0; k < seen.fanout[i]->n_session; k++)
            assert_true(seen.fanout[i]->session[k] == sessions[next++]);
    assert_int_equal(next, 50000);
}

static int
hear_pong(uint64_t token, struct bb_session_event *event)
{
    Bb__Pong pong = BB__PONG__INIT;

    pong.has_token = true;
    pong.token = token;
    return hear(1, BB_KIND_PONG, &pong.base, event);
}

static void
test_unconfirmed(void **unused)
{
    (void)unused;
    static uint8_t body[100000];
    static const uint64_t one = 1;
    struct bb_session_event event;
    uint64_t token;

    open_live();
    for (int i = 0; i < 2; i++)
        assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes(body, sizeof body), &one, 1),
                         0);
    end_round();
    assert_null(seen.ping);
    assert_true(bb_session_unconfirmed(session) >= 200000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes(body, sizeof body), &one, 1),
                         0);
    end_round();
    assert_int_equal(seen.kinds[BB_KIND_PING], 1); /* one at a time */
    token = seen.ping->token;
    assert_int_equal(hear_pong(token + 1, &event), 0);
    assert_true(bb_session_unconfirmed(session) >= 600000);
    assert_int_equal(hear_pong(token, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING);
    assert_true(bb_session_unconfirmed(session) >= 300000 && bb_session_unconfirmed(session) < 301000);
    end_round();
    assert_int_equal(seen.kinds[BB_KIND_PING], 1); /* the rest is worth another one */
    assert_int_equal(hear_pong(token, &event), 0); /* an old one says nothing */
    assert_true(bb_session_unconfirmed(session) >= 300000);
    assert_int_equal(hear_pong(seen.ping->token, &event), 0);
    assert_int_equal(bb_session_unconfirmed(session), 0);
    assert_int_equal(hear_pong(0, &event), 0);
    end_round();
    assert_int_equal(seen.frames, 0);

    assert_int_equal(bb_session_fanout(session, BB_KIND_DELIVER, bb_bytes(body, sizeof body), &one, 1), 0);
    bb_session_close(session);
    assert_int_equal(bb_session_unconfirmed(session), 0);
}

static void
test_pings_are_answered(void **unused)
{
    (void)unused;
    Bb__Ping ping = BB__PING__INIT;
    struct bb_session_event event;

    open_live();
    ping.has_token = true;
    ping.token = 5;
    assert_int_equal(hear(1, BB_KIND_PING, &ping.base, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING);
    end_round();
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.pong->token, 5);
}

static int
hear_answer(uint64_t id, uint32_t code, struct bb_session_event *event)
{
    Bb__CallReply reply = BB__CALL_REPLY__INIT;

    reply.id = id;
    reply.has_code = reply.has_retryable = code != 0;
    reply.code = code;
    reply.retryable = true;
    reply.message = (char *)(uintptr_t)(code ? "not now" : NULL);
    reply.has_body = code == 0;
    reply.body = (ProtobufCBinaryData){.len = 4, .data = (uint8_t *)(uintptr_t) "yes!"};
    return hear(1, BB_KIND_CALL_REPLY, &reply.base, event);
}

static void
test_calls(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    open_live();
    assert_int_equal(bb_session_call(session, 3, BB_METHOD_MEASUREMENT_FOLLOW, 2000, bb_bytes_str("from")),
                     0);
    assert_int_equal(bb_session_call(session, 3, BB_METHOD_MEASUREMENT_FOLLOW, 2000, bb_bytes_str("from")),
                     -EEXIST);
    end_round();
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.call->id, 3);
    assert_int_equal(seen.call->method, BB_METHOD_MEASUREMENT_FOLLOW);
    assert_int_equal(seen.call->timeout_ms, 2000);
    assert_memory_equal(seen.call->body.data, "from", 4);
    assert_int_equal(hear_answer(3, 0, &event), 0);
    assert_int_equal(event.type, BB_SESSION_CALLED);
    assert_int_equal(event.tag, 3);
    assert_int_equal(event.result.code, 0);
    assert_true(bb_bytes_equal(event.result.body, bb_bytes_str("yes!")));
    assert_int_equal(hear_answer(3, 0, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING); /* once */

    assert_int_equal(bb_session_call(session, 3, BB_METHOD_MEASUREMENT_FOLLOW, 0, bb_bytes(NULL, 0)), 0);
    assert_int_equal(hear_answer(3, BB_ERROR_UNAVAILABLE, &event), 0);
    assert_int_equal(event.result.code, BB_ERROR_UNAVAILABLE);
    assert_true(event.result.retryable);
    assert_true(bb_bytes_equal(event.result.message, bb_bytes_str("not now")));
    end_round();

    assert_int_equal(bb_session_call(session, 4, BB_METHOD_MEASUREMENT_FOLLOW, 0, bb_bytes(NULL, 0)), 0);
    assert_int_equal(bb_session_call_cancel(session, 4), 0);
    assert_int_equal(bb_session_call_cancel(session, 4), -ENOENT);
    end_round();
    assert_int_equal(seen.call_cancel->id, 4);
    assert_int_equal(hear_answer(4, 0, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING); /* it crossed the cancellation */
}

static void
test_calls_are_limited(void **unused)
{
    (void)unused;
    static uint8_t body[BB_LIMIT_BODY_BYTES + 1];
    struct bb_session_event event;

    assert_int_equal(bb_session_call(session, 1, 41, 0, bb_bytes(NULL, 0)), -ENOTCONN);
    assert_int_equal(bb_session_open(session, 0, 0), 0);
    assert_int_equal(bb_session_call(session, 1, 41, 0, bb_bytes(NULL, 0)), -ENOTCONN);
    open_live();
    assert_int_equal(bb_session_call(session, 1, 41, 0, bb_bytes(body, sizeof body)), -EMSGSIZE);
    for (uint64_t id = 0; id < BB_LIMIT_CALLS; id++)
        assert_int_equal(bb_session_call(session, id, 41, 0, bb_bytes(body, 1)), 0);
    assert_int_equal(bb_session_call(session, BB_LIMIT_CALLS, 41, 0, bb_bytes(body, 1)), -EBUSY);
    assert_int_equal(hear_answer(7, 0, &event), 0);
    assert_int_equal(bb_session_call(session, BB_LIMIT_CALLS, 41, 0, bb_bytes(body, 1)), 0);
    assert_int_equal(bb_session_drain(session, 2), 0);
    assert_int_equal(hear_answer(8, 0, &event), 0);
    assert_int_equal(event.type, BB_SESSION_CALLED);
    assert_int_equal(bb_session_call(session, 8, 41, 0, bb_bytes(body, 1)), -ENOTCONN);
}

/* With the connection every call ends, each once; the next connection knows none of them. */
static void
test_lost_calls(void **unused)
{
    (void)unused;
    struct bb_session_event event;
    uint64_t id, sum = 0;

    open_live();
    for (uint64_t call = 1; call <= 3; call++)
        assert_int_equal(bb_session_call(session, call, 41, 0, bb_bytes(NULL, 0)), 0);
    assert_false(bb_session_lost_call(session, &id));
    bb_session_close(session);
    assert_int_equal(bb_session_call_cancel(session, 2), 0);
    while (bb_session_lost_call(session, &id))
        sum += id;
    assert_int_equal(sum, 4);
    assert_int_equal(bb_session_call(session, 1, 41, 0, bb_bytes(NULL, 0)), -ENOTCONN);

    open_live();
    assert_int_equal(bb_session_call(session, 1, 41, 0, bb_bytes(NULL, 0)), 0);
    assert_int_equal(bb_session_open(session, 10, 0), 0);
    assert_int_equal(hear_answer(1, 0, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING);
}

static void
test_malformed(void **unused)
{
    (void)unused;
    static const enum bb_kind kinds[] = {BB_KIND_SESSION_UP, BB_KIND_SESSION_DOWN, BB_KIND_SESSION_ACK,
                                         BB_KIND_CALL_REPLY, BB_KIND_PING,         BB_KIND_PONG};
    struct bb_session_event event;

    open_live();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct bb_frame frame = {
            .major = BB_VERSION_MAJOR, .kind = (uint8_t)kinds[i], .body = bb_bytes("\xff", 1)};

        assert_int_equal(bb_session_frame(session, 1, &frame, &event), -EBADMSG);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        T(test_subscribers),        T(test_fanout), T(test_fanout_is_split),   T(test_unconfirmed),
        T(test_pings_are_answered), T(test_calls),  T(test_calls_are_limited), T(test_lost_calls),
        T(test_malformed),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
