/* The worker's session: every kind in every state, credit that always adds up, messages that are cut. */
#include "worker_session_fixture.h"

#include "proto/errors.h"

#include <errno.h>
#include <stdlib.h>

static void
test_ready(void **unused)
{
    (void)unused;
    assert_int_equal(bb_session_state(session), BB_SESSION_CLOSED);
    assert_int_equal(bb_session_deadline(session), BB_NEVER);
    end_round();
    assert_int_equal(seen.frames, 0);

    assert_int_equal(bb_session_open(session, 100, 5), 0);
    assert_int_equal(bb_session_state(session), BB_SESSION_GREETING);
    end_round();
    assert_int_equal(seen.frames, 1);
    assert_string_equal(seen.ready->service, "measurement");
    assert_int_equal(seen.ready->instance.len, 16);
    assert_memory_equal(seen.ready->instance.data, "0123456789abcde", 16);
    assert_int_equal(seen.ready->directory_version, 5);
    assert_int_equal(seen.ready->n_credit, 2);
    assert_int_equal(seen.ready->credit[0]->lane, 0);
    assert_int_equal(seen.ready->credit[0]->messages, CREDIT);
    assert_int_equal(seen.ready->credit[1]->lane, 1);
    assert_int_equal(seen.ready->credit[1]->bytes, CREDIT_BYTES * 2);
}

static void
test_work_and_answers(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    open_live();
    assert_int_equal(hear_work(1, 40, BB_METHOD_SUBMIT, 100, &event), 0);
    assert_int_equal(event.type, BB_SESSION_WORK);
    assert_int_equal(event.work.tag, 40);
    assert_int_equal(event.work.method, BB_METHOD_SUBMIT);
    assert_int_equal(event.work.role, BB__ROLE__ROLE_PARTNER);
    assert_true(bb_bytes_equal(event.work.organization, bb_bytes_str("org")));
    assert_true(bb_bytes_equal(event.work.member, bb_bytes_str("main")));
    assert_int_equal(event.work.timeout_ms, 5000);
    assert_int_equal(event.work.window_bytes, 77);
    assert_int_equal(event.work.body.len, 100);
    assert_int_equal(bb_session_open_requests(session, BB_LANE_COMMAND), 1);
    assert_int_equal(hear_work(1, 41, BB_METHOD_TREND, 0, &event), 0);
    assert_int_equal(event.work.body.len, 0);

    assert_int_equal(bb_session_reply(session, 41, 0, false, bb_bytes_str("one")), 0);
    end_round();
    assert_int_equal(seen.frames, 1);
    assert_false(seen.reply[0]->final);
    assert_int_equal(seen.reply[0]->part, 0);

    assert_int_equal(bb_session_reply(session, 41, 1, true, bb_bytes_str("two")), 0);
    assert_int_equal(bb_session_fail(session, 40, BB_ERROR_NOSPACE, "full", 250), 0);
    assert_int_equal(bb_session_reply(session, 40, 0, true, bb_bytes_str("late")), -ENOENT);
    assert_int_equal(bb_session_fail(session, 99, BB_ERROR_INTERNAL, NULL, 0), -ENOENT);
    end_round();
    assert_int_equal(seen.messages, 1);
    assert_int_equal(seen.frames, 4);
    assert_true(seen.reply[0]->final);
    assert_int_equal(seen.reply[0]->part, 1);
    assert_memory_equal(seen.reply[0]->body.data, "two", 3);
    assert_int_equal(seen.reply[0]->code, 0);
    assert_int_equal(seen.reply[1]->tag, 40);
    assert_int_equal(seen.reply[1]->code, BB_ERROR_NOSPACE);
    assert_true(seen.reply[1]->retryable);
    assert_int_equal(seen.reply[1]->retry_after_ms, 250);
    assert_string_equal(seen.reply[1]->message, "full");
    assert_int_equal(seen.credit[0]->messages, 1);
    assert_int_equal(seen.credit[0]->bytes, 100);
    assert_int_equal(seen.credit[1]->messages, 1);
    assert_int_equal(seen.credit[1]->bytes, 0);
    assert_int_equal(bb_session_open_requests(session, BB_LANE_COMMAND), 0);
}

static void
test_pull_and_cancel(void **unused)
{
    (void)unused;
    struct bb_session_event event;
    Bb__WorkPull pull = BB__WORK_PULL__INIT;

    open_live();
    pull.tag = 7;
    pull.bytes = 1234;
    assert_int_equal(hear(1, BB_KIND_WORK_PULL, &pull.base, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING);
    assert_int_equal(hear_work(1, 7, BB_METHOD_READINGS_LIST, 30, &event), 0);
    assert_int_equal(hear(1, BB_KIND_WORK_PULL, &pull.base, &event), 0);
    assert_int_equal(event.type, BB_SESSION_PULL);
    assert_int_equal(event.tag, 7);
    assert_int_equal(event.bytes, 1234);

    assert_int_equal(hear_cancel(1, 7, &event), 0);
    assert_int_equal(event.type, BB_SESSION_CANCEL);
    assert_int_equal(event.tag, 7);
    assert_int_equal(hear_cancel(1, 7, &event), 0);
    assert_int_equal(event.type, BB_SESSION_NOTHING);
    assert_int_equal(bb_session_reply(session, 7, 0, true, bb_bytes_str("x")), -ENOENT);
    end_round();
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.credit[1]->messages, 1);
    assert_int_equal(seen.credit[1]->bytes, 30);
}

static void
test_hold(void **unused)
{
    (void)unused;
    struct bb_session_event event;

    open_live();
    bb_session_hold(session, BB_LANE_COMMAND, true);
    for (uint64_t tag = 0; tag < 3; tag++) {
        assert_int_equal(hear_work(1, tag, BB_METHOD_SUBMIT, 10, &event), 0);
        assert_int_equal(bb_session_reply(session, tag, 0, true, bb_bytes(NULL, 0)), 0);
    }
    end_round();
    assert_null(seen.credit[0]);
    assert_int_equal(seen.replies, 3);
    bb_session_hold(session, BB_LANE_COMMAND, false);
    end_round();
    assert_int_equal(seen.credit[0]->messages, 3);
    assert_int_equal(seen.credit[0]->bytes, 30);

    /* A new connection while on hold: nothing is granted, everything is owed. */
    bb_session_hold(session, BB_LANE_COMMAND, true);
    assert_int_equal(bb_session_open(session, 10, 0), 0);
    end_round();
    assert_int_equal(seen.ready->credit[0]->messages, 0);
    assert_int_equal(seen.ready->credit[1]->messages, CREDIT);
    bb_session_hold(session, BB_LANE_COMMAND, false);
    end_round();
    assert_int_equal(seen.credit[0]->messages, CREDIT);
    assert_int_equal(seen.credit[0]->bytes, CREDIT_BYTES);
}

/* A long random conversation: the broker's account of the credit and ours agree after every round. */
static void
test_credit_adds_up(void **unused)
{
    (void)unused;
    struct bb_session_event event;
    uint64_t open[BB_LANES * CREDIT], next = 1;
    uint32_t method[BB_LANES] = {BB_METHOD_SUBMIT, BB_METHOD_TREND};
    unsigned n = 0;
    int64_t messages[BB_LANES] = {CREDIT, CREDIT}, bytes[BB_LANES] = {CREDIT_BYTES, CREDIT_BYTES * 2};

    srand(1);
    open_live();
    for (int round = 0; round < 20000; round++) {
        for (int i = rand() % 6; i > 0; i--) {
            unsigned lane = (unsigned)rand() % 2;
            size_t size = (size_t)rand() % 600;

            if (messages[lane] <= 0 || bytes[lane] <= 0)
                continue;
            next += (uint64_t)rand() % 40; /* so that tags collide in the table */
            assert_int_equal(hear_work(1, next, method[lane], size, &event), 0);
            assert_int_equal(event.type, BB_SESSION_WORK);
            messages[lane]--;
            bytes[lane] -= (int64_t)size;
            open[n++] = next++;
        }
        for (int i = rand() % 6; i > 0 && n > 0; i--) {
            unsigned k = (unsigned)rand() % n;

            if (rand() % 4 == 0)
                assert_int_equal(hear_cancel(1, open[k], &event), 0);
            else if (rand() % 4 == 0)
                assert_int_equal(bb_session_fail(session, open[k], BB_ERROR_INVALID, "no", 0), 0);
            else
                assert_int_equal(bb_session_reply(session, open[k], 0, true, bb_bytes("yes", 3)), 0);
            n--;
            open[k] = open[n];
        }
        if (rand() % 10 == 0)
            bb_session_hold(session, BB_LANE_COMMAND, rand() % 2);
        end_round();
        for (int lane = 0; lane < BB_LANES; lane++) {
            messages[lane] += seen.credit[lane] ? seen.credit[lane]->messages : 0;
            bytes[lane] += seen.credit[lane] ? seen.credit[lane]->bytes : 0;
        }
        assert_int_equal(bb_session_open_requests(session, 0) + bb_session_open_requests(session, 1), n);
    }
    bb_session_hold(session, BB_LANE_COMMAND, false);
    while (n > 0)
        assert_int_equal(bb_session_reply(session, open[--n], 0, true, bb_bytes(NULL, 0)), 0);
    end_round();
    for (int lane = 0; lane < BB_LANES; lane++) {
        messages[lane] += seen.credit[lane] ? seen.credit[lane]->messages : 0;
        bytes[lane] += seen.credit[lane] ? seen.credit[lane]->bytes : 0;
    }
    assert_int_equal(messages[0], CREDIT);
    assert_int_equal(messages[1], CREDIT);
    assert_int_equal(bytes[0], CREDIT_BYTES);
    assert_int_equal(bytes[1], CREDIT_BYTES * 2);
}

static void
test_broker_breaks_the_rules(void **unused)
{
    (void)unused;
    struct bb_session_event event;
    struct bb_frame frame = {.major = BB_VERSION_MAJOR, .kind = BB_KIND_WORK, .body = bb_bytes("\xff", 1)};

    open_live();
    assert_int_equal(bb_session_frame(session, 1, &frame, &event), -EBADMSG);
    frame.kind = BB_KIND_WORK_PULL;
    assert_int_equal(bb_session_frame(session, 1, &frame, &event), -EBADMSG);
    frame.kind = BB_KIND_WORK_CANCEL;
    assert_int_equal(bb_session_frame(session, 1, &frame, &event), -EBADMSG);
    frame.kind = BB_KIND_GOAWAY;
    assert_int_equal(bb_session_frame(session, 1, &frame, &event), -EBADMSG);
    frame.kind = BB_KIND_HEARTBEAT;
    frame.major = 2;
    assert_int_equal(bb_session_frame(session, 1, &frame, &event), -EBADMSG);

    assert_int_equal(hear_work(1, 1, BB_METHOD_SUBMIT, 1, &event), 0);
    assert_int_equal(hear_work(1, 1, BB_METHOD_SUBMIT, 1, &event), -EBADMSG);
    for (uint64_t tag = 2; tag <= CREDIT; tag++)
        assert_int_equal(hear_work(1, tag, BB_METHOD_SUBMIT, 1, &event), 0);
    assert_int_equal(hear_work(1, 100, BB_METHOD_SUBMIT, 1, &event), -EBADMSG);
    assert_int_equal(hear_work(1, 100, BB_METHOD_TREND, 1, &event), 0);
}

static void
test_work_of_others_is_refused(void **unused)
{
    (void)unused;
    static const uint32_t methods[] = {BB_METHOD_STATUS, BB_METHOD_PARTNER_PUT, 31, 63, 64, 4000000000u};
    struct bb_session_event event;

    open_live();
    for (uint64_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        assert_int_equal(hear_work(1, i, methods[i], 9, &event), 0);
        assert_int_equal(event.type, BB_SESSION_NOTHING);
        end_round();
        assert_int_equal(seen.reply[0]->tag, i);
        assert_int_equal(seen.reply[0]->code, BB_ERROR_UNKNOWN_METHOD);
        assert_true((seen.credit[0] ? seen.credit[0] : seen.credit[1])->bytes == 9);
    }
}

/* Every kind, in every state. */
static void
test_kinds_in_states(void **unused)
{
    (void)unused;
    for (int state = BB_SESSION_CLOSED; state <= BB_SESSION_DRAINING; state++) {
        for (unsigned kind = 0; kind < 256; kind++) {
            Bb__Work work = BB__WORK__INIT;
            Bb__WorkPull pull = BB__WORK_PULL__INIT;
            Bb__Goaway goaway = BB__GOAWAY__INIT;
            Bb__SessionUp up = BB__SESSION_UP__INIT;
            Bb__SessionDown down = BB__SESSION_DOWN__INIT;
            Bb__SessionAck ack = BB__SESSION_ACK__INIT;
            Bb__CallReply reply = BB__CALL_REPLY__INIT;
            Bb__Heartbeat nothing = BB__HEARTBEAT__INIT;
            const ProtobufCMessage *message = &nothing.base;
            struct bb_session_event event = {0};
            enum bb_session_event_type expected = BB_SESSION_NOTHING;
            uint64_t ignored = bb_session_ignored(session);
            bool known = true;

            bb_session_close(session);
            if (state >= BB_SESSION_GREETING)
                assert_int_equal(bb_session_open(session, 0, 0), 0);
            if (state >= BB_SESSION_LIVE) {
                assert_int_equal(hear_heartbeat(0, &event), 0);
                assert_int_equal(hear_work(0, 1, BB_METHOD_SUBMIT, 1, &event), 0);
                assert_int_equal(
                    bb_session_call(session, 9, BB_METHOD_MEASUREMENT_FOLLOW, 0, bb_bytes(NULL, 0)), 0);
            }
            if (state == BB_SESSION_DRAINING)
                assert_int_equal(bb_session_drain(session, 0), 0);
            assert_int_equal(bb_session_state(session), state);

            switch (kind) {
            case BB_KIND_WORK:
                work.tag = 2;
                work.method = BB_METHOD_SUBMIT;
                work.organization = work.member = (char *)(uintptr_t) "x";
                work.role = BB__ROLE__ROLE_STAFF;
                message = &work.base;
                expected = BB_SESSION_WORK;
                break;
            case BB_KIND_WORK_PULL:
                pull.tag = 1;
                message = &pull.base;
                expected = state >= BB_SESSION_LIVE ? BB_SESSION_PULL : BB_SESSION_NOTHING;
                break;
            case BB_KIND_WORK_CANCEL:
                pull.tag = 1; /* the same first field; the second one is unknown and skipped */
                message = &pull.base;
                expected = state >= BB_SESSION_LIVE ? BB_SESSION_CANCEL : BB_SESSION_NOTHING;
                break;
            case BB_KIND_DIRECTORY:
                expected = BB_SESSION_DIRECTORY;
                break;
            case BB_KIND_GOAWAY:
                goaway.code = BB_ERROR_VERSION;
                goaway.message = (char *)(uintptr_t) "old";
                message = &goaway.base;
                expected = BB_SESSION_GOAWAY;
                break;
            case BB_KIND_SESSION_UP:
                up.organization = up.member = (char *)(uintptr_t) "x";
                up.role = BB__ROLE__ROLE_STAFF;
                message = &up.base;
                expected = BB_SESSION_SUBSCRIBER_UP;
                break;
            case BB_KIND_SESSION_DOWN:
                message = &down.base;
                expected = BB_SESSION_SUBSCRIBER_DOWN;
                break;
            case BB_KIND_SESSION_ACK:
                message = &ack.base;
                expected = BB_SESSION_SUBSCRIBER_ACK;
                break;
            case BB_KIND_CALL_REPLY:
                reply.id = 9;
                message = &reply.base;
                expected = state >= BB_SESSION_LIVE ? BB_SESSION_CALLED : BB_SESSION_NOTHING;
                break;
            case BB_KIND_HEARTBEAT:
            case BB_KIND_PING:
            case BB_KIND_PONG:
                break;
            default:
                known = false;
                break;
            }
            if (state == BB_SESSION_CLOSED) {
                assert_int_equal(hear(1, (enum bb_kind)kind, message, &event), -EBADMSG);
                continue;
            }
            assert_int_equal(hear(1, (enum bb_kind)kind, message, &event), 0);
            assert_int_equal(event.type, expected);
            assert_int_equal(bb_session_ignored(session) - ignored, known ? 0 : 1);
            assert_int_equal(bb_session_state(session),
                             state == BB_SESSION_GREETING ? BB_SESSION_LIVE : state);
            if (expected == BB_SESSION_GOAWAY) {
                assert_int_equal(event.code, BB_ERROR_VERSION);
                assert_true(bb_bytes_equal(event.packed, bb_bytes_str("old")));
            }
        }
    }
}

/* Forty answers of 100 KB: several messages, none above the limit, in order. */
static void
test_large_answers(void **unused)
{
    (void)unused;
    static uint8_t body[300000];
    struct bb_session_event event;

    open_live();
    assert_int_equal(hear_work(1, 1, BB_METHOD_READINGS_LIST, 1, &event), 0);
    for (uint32_t part = 0; part < 40; part++)
        assert_int_equal(bb_session_reply(session, 1, part, false, bb_bytes(body, 100000)), 0);
    assert_true(bb_session_backlog(session) > 4000000);
    end_round();
    assert_int_equal(seen.replies, 40);
    assert_true(seen.messages >= 4);
    for (uint32_t part = 0; part < 40; part++)
        assert_int_equal(seen.reply[part]->part, part);

    assert_int_equal(bb_session_reply(session, 1, 40, false, bb_bytes(body, BB_LIMIT_FRAME_BYTES - 128)), 0);
    assert_int_equal(bb_session_reply(session, 1, 41, false, bb_bytes(body, BB_LIMIT_FRAME_BYTES - 127)), 0);
    assert_int_equal(bb_session_reply(session, 1, 42, true, bb_bytes(body, 1)), -ENOENT);
    end_round();
    assert_int_equal(seen.replies, 2);
    assert_int_equal(seen.reply[0]->code, 0);
    assert_int_equal(seen.reply[1]->code, BB_ERROR_INTERNAL);
}

static void
test_messages_are_cut(void **unused)
{
    (void)unused;
    struct bb_session_event event;
    char text[1000];

    open_live();
    memset(text, 'x', sizeof text);
    memcpy(text + 499, "\xc3\xa9", 2); /* é across the limit of 500 bytes */
    text[999] = 0;
    assert_int_equal(hear_work(1, 1, BB_METHOD_TREND, 1, &event), 0);
    assert_int_equal(hear_work(1, 2, BB_METHOD_TREND, 1, &event), 0);
    assert_int_equal(hear_work(1, 3, BB_METHOD_TREND, 1, &event), 0);
    assert_int_equal(bb_session_fail(session, 1, BB_ERROR_INVALID, text, 0), 0);
    assert_int_equal(bb_session_fail(session, 2, BB_ERROR_INVALID, "bad \xff byte", 0), 0);
    assert_int_equal(bb_session_fail(session, 3, BB_ERROR_INVALID, NULL, 0), 0);
    end_round();
    assert_int_equal(strlen(seen.reply[0]->message), 499);
    assert_string_equal(seen.reply[1]->message, "bad ");
    assert_null(seen.reply[2]->message);
    assert_false(seen.reply[0]->retryable);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        T(test_ready),
        T(test_work_and_answers),
        T(test_pull_and_cancel),
        T(test_hold),
        T(test_credit_adds_up),
        T(test_broker_breaks_the_rules),
        T(test_work_of_others_is_refused),
        T(test_kinds_in_states),
        T(test_large_answers),
        T(test_messages_are_cut),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
