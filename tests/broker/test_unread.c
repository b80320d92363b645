/* Answers that are not read: who is owed too much is cut off, and nobody else. */
#include "both_ends.h"

/* A client that asks and never reads is cut off when it is owed 4 MiB, and the broker's memory stays bounded.
 */
static void
a_slow_reader_is_cut_off(void **state)
{
    static uint8_t part[128 << 10];
    struct raw client, worker, other;
    long before = broker_rss_anon_kb(&broker);
    uint64_t sent = 0;

    (void)state;
    open_both(&client, &worker, 1000);
    raw_greeted(&broker, &other, &broker.other);
    for (uint64_t id = 1; id <= 200 && sent < 64u << 20; id++) {
        Bb__Work *work;

        raw_request(&client, id, BB_METHOD_TREND, bb_bytes_str("x"));
        if (zmq_poll(&(zmq_pollitem_t){.socket = worker.socket, .events = ZMQ_POLLIN}, 1, 500) <= 0)
            break;
        work = expect_kind(&worker, BB_KIND_WORK, work, Work);
        work_reply(&worker, work->tag, 0, true, bb_bytes(part, sizeof part));
        sent += sizeof part;
        if (broker_counter(&broker, "slow_readers") > 0)
            break;
    }
    assert_int_equal(broker_counter(&broker, "slow_readers"), 1);
    assert_true(sent <= 8u << 20);
#if !defined(__SANITIZE_ADDRESS__)
    print_message("grew by %ld kB\n", broker_rss_anon_kb(&broker) - before);
    assert_true(broker_rss_anon_kb(&broker) - before < 32 * 1024);
#else
    (void)before;
#endif
    raw_request(&other, 1, BB_METHOD_TREND, bb_bytes_str("y"));
    work_reply(&worker, expect_work(&worker, "beta", "y"), 0, true, bb_bytes_str("fine"));
    expect_reply(&other, 1, "fine");
    raw_close(&other);
    close_both(&client, &worker);
}

/* All together are owed too much: the one that is owed most goes, the others stay. What is owed before the
 * last part, greetings and PINGs included, is below the limit; with it, it is above: so nobody goes while the
 * test still asks. */
static void
the_slowest_goes_first(void **state)
{
    enum { PARTS = 16 };
    static uint8_t part[(2 << 20) / PARTS]; /* of unread_total_bytes */
    struct raw slow, other, worker;

    (void)state;
    open_both(&slow, &worker, 1000);
    raw_greeted(&broker, &other, &broker.other);
    for (uint64_t id = 1; id <= PARTS; id++) {
        Bb__Work *work;

        raw_request(id == 3 ? &other : &slow, id, BB_METHOD_TREND, bb_bytes_str("x"));
        work = expect_kind(&worker, BB_KIND_WORK, work, Work);
        work_reply(&worker, work->tag, 0, true, bb_bytes(part, sizeof part));
    }
    broker_await_counter(&broker, "slow_readers", 1);
    assert_int_equal(raw_await_end(&slow, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_request(&other, 99, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    assert_int_equal(expect_kind(&other, BB_KIND_REPLY, reply, Reply)->id, 3);
    assert_int_equal(expect_kind(&other, BB_KIND_REPLY, reply, Reply)->id, 99);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 1);
    raw_close(&other);
    close_both(&slow, &worker);
}

/* Answers PINGs meanwhile, as clients must. */
static void
expect_part(struct raw *client, uint64_t *ret_bytes)
{
    struct bb_frame frame;

    for (;;) {
        assert_true(raw_next(client, &frame, WAIT_MS));
        if (frame.kind != BB_KIND_PING)
            break;
        raw_pong(client, &frame);
    }
    assert_int_equal(frame.kind, BB_KIND_REPLY);
    *ret_bytes += frame.body.len;
}

static void
a_reader_that_keeps_up_may_read_much(void **state)
{
    static uint8_t part[128 << 10];
    struct raw client, worker;
    uint64_t bytes = 0;

    (void)state;
    open_both(&client, &worker, 1000);
    for (uint64_t id = 1; id <= 200; id++) {
        raw_request(&client, id, BB_METHOD_TREND, bb_bytes_str("x"));
        work_reply(&worker, expect_work(&worker, "alpha", "x"), 0, true, bb_bytes(part, sizeof part));
        expect_part(&client, &bytes);
    }
    assert_true(bytes >= 200 * sizeof part);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 0);
    assert_int_equal(broker_counter(&broker, "floods"), 0);
    close_both(&client, &worker);
}

int
main(void)
{
#define T(name) WITH(name, "unread_bytes = 4M\n")
    const struct CMUnitTest tests[] = {
        T(a_slow_reader_is_cut_off),
        WITH(the_slowest_goes_first, "unread_bytes = 32M\nunread_total_bytes = 2M\n"),
        T(a_reader_that_keeps_up_may_read_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
