/* Workers that come and go, say nothing, or say what they should not; and what a client sees of it. */
#include "both_ends.h"

#include "runtime/clock.h"

#include <string.h>

static void
a_worker_that_dies_mid_request(void **state)
{
    struct raw client, worker;
    Bb__Error *error;
    uint64_t tag;

    (void)state;
    open_both(&client, &worker, 1);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    raw_request(&client, 2, BB_METHOD_SUBMIT, bb_bytes_str("two")); /* waits: credit is 1 */
    expect_work(&worker, "alpha", "one");
    raw_close(&worker);
    error = expect_kind(&client, BB_KIND_ERROR, error, Error);
    assert_int_equal(error->id, 1);
    assert_int_equal(error->code, BB_ERROR_UNAVAILABLE);
    assert_true(error->retryable);
    assert_int_equal(error->retry_after_ms, 100);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one")); /* the retry */
    raw_worker(&broker, &worker);
    raw_ready(&worker, 10, 1 << 20, 0);
    tag = expect_work(&worker, "alpha", "two");
    work_reply(&worker, tag, 0, true, bb_bytes_str("2"));
    tag = expect_work(&worker, "alpha", "one");
    work_reply(&worker, tag, 0, true, bb_bytes_str("1"));
    expect_reply(&client, 2, "2");
    expect_reply(&client, 1, "1");
    close_both(&client, &worker);
}

static void
a_silent_worker_is_dead(void **state)
{
    struct raw client, worker;
    bb_mono start;

    (void)state;
    open_both(&client, &worker, 10);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    expect_work(&worker, "alpha", "one");
    start = bb_clock_mono();
    raw_expect_error(&client, 1, BB_ERROR_UNAVAILABLE);
    assert_in_range(bb_clock_mono() - start, 2000, 6000);
    assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
    close_both(&client, &worker);
}

/* What status says of the worker's journal: whether it is known, and `sequence`. */
static bool
knows_sequence(struct raw *operator, uint64_t * ret_sequence)
{
    Bb__StatusReply *status;
    Bb__Reply *reply;
    bool known = false;

    raw_request(operator, 1, BB_METHOD_STATUS, bb_bytes(NULL, 0));
    reply = expect_kind(operator, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(
        bb_unpack(bb__status_reply, bb_bytes(reply->body.data, reply->body.len), &operator->arena, &status),
        0);
    for (size_t i = 0; i < status->n_service; i++) {
        assert_int_equal(status->service[i]->has_sequence, status->service[i]->has_lag);
        if (strcmp(status->service[i]->service, "measurement") != 0)
            continue;
        known = status->service[i]->has_sequence;
        *ret_sequence = status->service[i]->sequence;
    }
    return known;
}

static void
status_says_what_a_heartbeat_said(void **state)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;
    bb_mono end = bb_clock_mono() + WAIT_MS;
    struct raw operator, client, worker;
    uint64_t sequence = 0;

    (void)state;
    raw_operator(&broker, &operator);
    assert_false(knows_sequence(&operator, & sequence)); /* there is no worker */
    open_both(&client, &worker, 8);
    raw_request(&client, 1, BB_METHOD_TREND, bb_bytes("x", 1));
    expect_work(&worker, "alpha", "x");
    assert_false(knows_sequence(&operator, & sequence)); /* it has not said */
    heartbeat.has_sequence = heartbeat.has_lag = true;
    heartbeat.sequence = 7;
    raw_send(&worker, BB_KIND_HEARTBEAT, &heartbeat.base);
    while (!knows_sequence(&operator, & sequence))
        assert_true(bb_clock_mono() < end);
    assert_int_equal(sequence, 7);
    raw_close(&operator);
    close_both(&client, &worker);
}

static void
a_new_worker_takes_over(void **state)
{
    struct raw client, first, second;

    (void)state;
    raw_worker(&broker, &first);
    raw_ready(&first, 10, 1 << 20, 0);
    raw_greeted(&broker, &client, &broker.partner);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    expect_work(&first, "alpha", "one");
    raw_worker(&broker, &second);
    raw_ready(&second, 10, 1 << 20, 0);
    raw_expect_error(&client, 1, BB_ERROR_UNAVAILABLE);
    assert_int_equal(raw_await_end(&first, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_request(&client, 1, BB_METHOD_SUBMIT, bb_bytes_str("one"));
    work_reply(&second, expect_work(&second, "alpha", "one"), 0, true, bb_bytes_str("1"));
    expect_reply(&client, 1, "1");
    raw_close(&first);
    raw_close(&second);
    raw_close(&client);
    broker_stop(&broker);
}

static void
a_worker_that_talks_nonsense_is_dropped(void **state)
{
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
    } table[] = {
        {"no envelope", "XX\x01\x20", 4},
        {"READY without fields", "BB\x01\x20", 4},
        {"another major", "BB\x02\x20", 4},
        {"READY for no service", "BB\x01\x20\x0a\x01x\x12\x00", 9},
        {"READY for the broker's own",
         "BB\x01\x20\x0a\x06"
         "broker\x12\x00",
         14},
        {"a bundle of nothing", "BB\x01\x0e", 4},
        {"a broken bundle", "BB\x01\x0e\x00\x00\x00\x09", 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct raw worker;
        bb_mono start;

        print_message("%s\n", table[i].what);
        raw_worker(&broker, &worker);
        start = bb_clock_mono();
        raw_send_bytes(&worker, table[i].bytes, table[i].len, false);
        assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
        assert_in_range(bb_clock_mono() - start, 0, 2000); /* silence would end it as well, after 3 s */
        raw_close(&worker);
    }
    broker_stop(&broker);
}

/* Wait for the answer to a PING, whatever comes before. */
static void
await_pong(struct raw *client)
{
    Bb__Ping ping = BB__PING__INIT;
    struct bb_frame frame;

    raw_send(client, BB_KIND_PING, &ping.base);
    do
        assert_true(raw_next(client, &frame, WAIT_MS));
    while (frame.kind != BB_KIND_PONG);
}

/* Each round of the broker has something for it, until no queue takes more. If it were only forgotten, and
 * not cut off, it would go on being silent for ever, and nobody would serve. */
static void
a_worker_that_does_not_read_is_cut_off(void **state)
{
    Bb__Cancel cancel = BB__CANCEL__INIT;
    struct raw client, worker;
    struct bb_frame frame;
    int value;

    (void)state;
    open_both(&client, &worker, 65536);
    for (cancel.id = 1; cancel.id <= 12000; cancel.id++) {
        raw_request(&client, cancel.id, BB_METHOD_TREND, bb_bytes("x", 1));
        raw_send(&client, BB_KIND_CANCEL, &cancel.base);
        await_pong(&client);
    }
    while (raw_next(&worker, &frame, 100)) /* it goes on, and finds out */
        continue;
    assert_int_equal(raw_await_end(&worker, &value), ZMQ_EVENT_DISCONNECTED);
    close_both(&client, &worker);
}

int
main(void)
{
#define T(name) WITH(name, "unread_bytes = 4M\n")
    const struct CMUnitTest tests[] = {
        T(a_worker_that_dies_mid_request),    T(a_silent_worker_is_dead),
        T(status_says_what_a_heartbeat_said), T(a_worker_that_does_not_read_is_cut_off),
        T(a_new_worker_takes_over),           T(a_worker_that_talks_nonsense_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
