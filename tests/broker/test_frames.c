/* What a client sends that it should not: routing ids, frames and messages of another form, too much, too
 * early. It costs the sender its connection or an error, and nobody else anything. */
#include "one_broker.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <stdlib.h>
#include <string.h>

static void
refuses_routing_ids_of_another_form(void **state)
{
    static const struct {
        const char *what;
        uint8_t id[24];
        size_t len;
    } table[] = {
        {"libzmq's own", "", 0},
        {"short", {1, 2, 3}, 16},
        {"long", {1, 2, 3}, 18},
        {"another first byte", {2, 2, 3}, 17},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct raw raw;

        print_message("%s\n", table[i].what);
        raw_open_as(&broker, &raw, &broker.partner, broker.server.public_key, broker.endpoint, table[i].id,
                    table[i].len);
        raw_hello(&raw);
        assert_int_equal(raw_await_end(&raw, NULL), ZMQ_EVENT_DISCONNECTED);
        raw_close(&raw);
    }
    assert_int_equal(broker_counter(&broker, "refused_routing_id"), 4);
    broker_stop(&broker);
}

static void
refuses_messages_of_several_frames(void **state)
{
    struct raw raw;

    (void)state;
    for (int frames = 2; frames < 5; frames++) {
        raw_greeted(&broker, &raw, &broker.partner);
        for (int i = 0; i < frames; i++)
            raw_send_bytes(&raw, "BB\x01\x0c", 4, i + 1 < frames);
        assert_int_equal(raw_await_end(&raw, NULL), ZMQ_EVENT_DISCONNECTED);
        raw_close(&raw);
    }
    assert_int_equal(broker_counter(&broker, "refused_multipart"), 3);
    broker_stop(&broker);
}

/* A message is not seen before its last frame has come; the kernel's count gives it away. */
static void
a_flood_of_frames_is_cut_off(void **state)
{
    static uint8_t block[65536];
    struct raw raw;
    long before = broker_rss_anon_kb(&broker), peak = before, now;
    bb_mono end;

    (void)state;
    raw_greeted(&broker, &raw, &broker.partner);
    for (int i = 0; i < 3200; i++) /* 200 MB, which libzmq sends when the last frame is there */
        raw_send_bytes(&raw, block, sizeof block, i + 1 < 3200);
    end = bb_clock_mono() + WAIT_MS;
    while (zmq_poll(&(zmq_pollitem_t){.socket = raw.monitor, .events = ZMQ_POLLIN}, 1, 2) == 0) {
        assert_true(bb_clock_mono() < end);
        now = broker_rss_anon_kb(&broker);
        peak = now > peak ? now : peak;
    }
    assert_int_equal(raw_await_end(&raw, NULL), ZMQ_EVENT_DISCONNECTED);
    assert_int_equal(broker_counter(&broker, "floods"), 1);
    print_message("grew by %ld kB\n", peak - before);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(peak - before < 128 * 1024);
#endif
    raw_close(&raw);
    raw_greeted(&broker, &raw, &broker.partner);
    raw_close(&raw);
    broker_stop(&broker);
}

static void
an_oversized_message_ends_the_connection(void **state)
{
    uint8_t *large = calloc(1, BB_LIMIT_FRAME_BYTES + 1);
    struct raw raw;

    (void)state;
    assert_non_null(large);
    raw_greeted(&broker, &raw, &broker.partner);
    raw_send_bytes(&raw, large, BB_LIMIT_FRAME_BYTES + 1, false);
    assert_int_equal(raw_await_end(&raw, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_close(&raw);
    assert_int_equal(broker_counter(&broker, "refused_malformed"), 0); /* it was not even looked at */
    raw_greeted(&broker, &raw, &broker.partner);
    memcpy(large, "BB\x01\x01", 4); /* the largest: a HELLO that cannot be decoded */
    raw_send_bytes(&raw, large, BB_LIMIT_FRAME_BYTES, false);
    raw_expect_goaway(&raw, BB_ERROR_MALFORMED);
    raw_close(&raw);
    free(large);
    broker_stop(&broker);
}

static void
what_cannot_be_decoded_ends_the_connection(void **state)
{
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
        uint32_t code;
    } table[] = {
        {"empty", "", 0, BB_ERROR_MALFORMED},
        {"short", "BB\x01", 3, BB_ERROR_MALFORMED},
        {"no envelope", "XX\x01\x01", 4, BB_ERROR_MALFORMED},
        {"another major", "BB\x02\x01", 4, BB_ERROR_VERSION},
        {"HELLO without fields", "BB\x01\x01", 4, BB_ERROR_MALFORMED},
        {"REQUEST, truncated varint", "BB\x01\x03\x08\xff", 6, BB_ERROR_MALFORMED},
        {"HELLO, agent is not UTF-8", "BB\x01\x01\x08\x01\x10\x01\x1a\x01\xff", 11, BB_ERROR_MALFORMED},
        {"HELLO, agent with NUL", "BB\x01\x01\x08\x01\x10\x01\x1a\x02\x61\x00", 12, BB_ERROR_MALFORMED},
        {"bundle, length too large",
         "BB\x01\x0e\x00\x00\x00\x05"
         "BB\x01\x0c",
         12, BB_ERROR_MALFORMED},
        {"bundle of nothing", "BB\x01\x0e", 4, BB_ERROR_MALFORMED},
        {"bundle, cut length", "BB\x01\x0e\x00\x00", 6, BB_ERROR_MALFORMED},
        {"bundle in a bundle",
         "BB\x01\x0e\x00\x00\x00\x04"
         "BB\x01\x0e",
         12, BB_ERROR_MALFORMED},
        {"bundle of another major", "BB\x02\x0e", 4, BB_ERROR_MALFORMED},
        {"SUBSCRIBE without fields", "BB\x01\x06", 4, BB_ERROR_MALFORMED},
        {"ACK without fields", "BB\x01\x08", 4, BB_ERROR_MALFORMED},
        {"UNSUBSCRIBE, truncated varint", "BB\x01\x11\x08\xff", 6, BB_ERROR_MALFORMED},
        {"versions that we do not speak", "BB\x01\x01\x08\x02\x10\x03", 8, BB_ERROR_VERSION},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct raw raw;

        print_message("%s\n", table[i].what);
        raw_greeted(&broker, &raw, &broker.partner);
        raw_send_bytes(&raw, table[i].bytes, table[i].len, false);
        raw_expect_goaway(&raw, table[i].code);
        assert_int_equal(raw_await_end(&raw, NULL), ZMQ_EVENT_DISCONNECTED);
        raw_close(&raw);
    }
    broker_stop(&broker);
}

static void
what_is_not_expected_is_answered(void **state)
{
    static const uint8_t kinds[] = {BB_KIND_WELCOME,
                                    BB_KIND_REPLY,
                                    BB_KIND_DELIVER,
                                    BB_KIND_GAP,
                                    BB_KIND_SUBSCRIBED,
                                    18,
                                    BB_KIND_FANOUT,
                                    BB_KIND_SESSION_ACK,
                                    BB_KIND_CALL,
                                    BB_KIND_ERROR,
                                    BB_KIND_GOAWAY,
                                    BB_KIND_READY,
                                    BB_KIND_WORK,
                                    0,
                                    200,
                                    255};
    struct raw raw;

    (void)state;
    raw_client(&broker, &raw, &broker.partner);
    raw_request(&raw, 5, BB_METHOD_TREND, bb_bytes("x", 1));
    raw_expect_error(&raw, 5, BB_ERROR_STATE); /* HELLO comes first */
    raw_hello(&raw);
    expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome);
    for (size_t i = 0; i < sizeof kinds; i++) {
        const uint8_t frame[] = {'B', 'B', 1, kinds[i]};
        raw_send_bytes(&raw, frame, sizeof frame, false);
        raw_expect_error(&raw, 0, BB_ERROR_STATE);
    }
    raw_hello(&raw); /* again: answered again */
    expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome);
    raw_request(&raw, 6, 9999, bb_bytes(NULL, 0));
    raw_expect_error(&raw, 6, BB_ERROR_UNKNOWN_METHOD);
    raw_request(&raw, 7, BB_METHOD_STATUS, bb_bytes(NULL, 0));
    raw_expect_error(&raw, 7, BB_ERROR_NOT_ALLOWED);
    raw_request(&raw, 8, BB_METHOD_PARTNER_LIST, bb_bytes("\xff\xff", 2));
    raw_expect_error(&raw, 8, BB_ERROR_MALFORMED); /* of this request; the connection stays */
    raw_request(&raw, 9, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    expect_kind(&raw, BB_KIND_REPLY, reply, Reply);
    raw_close(&raw);
    broker_stop(&broker);
}

int
main(void)
{
#define T(name) WITH(name, NULL)
    const struct CMUnitTest tests[] = {
        T(refuses_routing_ids_of_another_form),
        T(refuses_messages_of_several_frames),
        T(a_flood_of_frames_is_cut_off),
        T(an_oversized_message_ends_the_connection),
        T(what_cannot_be_decoded_ends_the_connection),
        T(what_is_not_expected_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
