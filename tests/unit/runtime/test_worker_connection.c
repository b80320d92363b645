/* The worker's connection: the broker that goes and comes, is silent or slow, or talks nonsense. */
#include "worker_broker.h"

#include "proto/methods.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#define SOON 2000 /* ms, for what the worker should notice at once */

/* A call is answered, another one is lost with the broker: told before reset(). A cancelled one is told
 * never. */
static void
test_calls(void **unused)
{
    (void)unused;
    Bb__CallReply reply = BB__CALL_REPLY__INIT;

    start_worker();
    hear_kind(BB_KIND_READY);
    add_work(1, BB_METHOD_TREND, "call");
    add_work(5, BB_METHOD_TREND, "call");
    send_bundle();
    assert_int_equal(hear_kind(BB_KIND_CALL).kinds[BB_KIND_CALL_CANCEL], 2);
    reply.id = 1;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_CALL_REPLY, &reply.base), 0);
    reply.id = 2;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_CALL_REPLY, &reply.base), 0);
    send_bundle();
    zmq_close(router);
    bind_router();
    hear_kind(BB_KIND_READY);
    assert_int_equal(owner.resets, 1);
    assert_int_equal(owner.answered + owner.lost, 2); /* what the socket was closed over may be lost */
    assert_in_range(owner.lost, 1, 2);
    assert_int_equal(join_worker(true), 0);
}

/* The broker goes and another one comes: reset, another routing id, and no answer for the old one. */
static void
test_broker_restarts(void **unused)
{
    (void)unused;
    uint8_t before[sizeof peer];
    struct heard h;
    bb_mono start;

    start_worker();
    for (unsigned restarts = 0; restarts < 5; restarts++) {
        hear_kind(BB_KIND_READY);
        assert_int_equal(owner.resets, restarts);
        memcpy(before, peer, sizeof peer);
        add_work(77, BB_METHOD_TREND, "keep");
        add_work(1, BB_METHOD_TREND, "now");
        send_bundle();
        h = hear_kind(BB_KIND_WORK_REPLY);
        assert_int_equal(h.reply->tag, 1);
        start = bb_clock_mono();
        zmq_close(router);
        bind_router();
        assert_true(hear(&(struct heard){0}, PATIENCE));
        assert_true(bb_clock_mono() - start < SOON); /* the monitor saw it, not the silence */
        assert_memory_not_equal(before, peer, sizeof peer);
        zmq_close(router); /* before it has said a word */
        bind_router();
    }
    hear_kind(BB_KIND_READY);
    bb_worker_wake(owner.worker);
    assert_int_equal(join_worker(true), 0);
}

static void
test_starts_without_broker(void **unused)
{
    (void)unused;
    zmq_close(router);
    unlink(endpoint + strlen("ipc://"));
    start_worker();
    while (owner.ticks == 0)
        sched_yield();
    bind_router();
    hear_kind(BB_KIND_READY);
    assert_int_equal(owner.resets, 0);
    assert_int_equal(join_worker(true), 0);

    zmq_close(router);
    start_worker();
    assert_int_equal(join_worker(true), 0); /* nobody to say goodbye to */
    bind_router();
}

static void
test_broken_messages_cost_the_connection(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
        bool more;
    } table[] = {
        {"two frames", "BB\1\50", 4, true},        {"nothing", "", 0, false},
        {"not ours", "GET / HTTP/1.0", 14, false}, {"another version", "BB\2\50", 4, false},
        {"broken work", "BB\1\41\xff", 5, false},  {"broken bundle", "BB\1\16\1\1\1\1", 8, false},
        {"empty bundle", "BB\1\16", 4, false},     {"goaway", "BB\1\13\10\2", 6, false},
    };
    uint8_t before[sizeof peer];
    bb_mono sent_at;

    start_worker();
    hear_kind(BB_KIND_READY);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        print_message("%s\n", table[i].what);
        send_heartbeat();
        memcpy(before, peer, sizeof peer);
        assert_int_equal(zmq_send(router, peer, sizeof peer, ZMQ_SNDMORE), sizeof peer);
        assert_int_equal(zmq_send(router, table[i].bytes, table[i].len, table[i].more ? ZMQ_SNDMORE : 0),
                         table[i].len);
        if (table[i].more)
            assert_int_equal(zmq_send(router, "more", 4, 0), 4);
        sent_at = bb_clock_mono();
        hear_kind(BB_KIND_READY);
        assert_in_range(bb_clock_mono() - sent_at, 0, 2000); /* silence would end it as well, after 3 s */
        assert_memory_not_equal(before, peer, sizeof peer);
        assert_int_equal(owner.resets, i + 1);
    }
    assert_int_equal(join_worker(true), 0);
}

static void
test_silent_broker(void **unused)
{
    (void)unused;
    bb_mono start;

    start_worker();
    hear_kind(BB_KIND_READY);
    send_heartbeat();
    start = bb_clock_mono();
    hear_kind(BB_KIND_READY);
    assert_in_range(bb_clock_mono() - start, 2900, 4500);
    assert_int_equal(owner.resets, 1);
    assert_int_equal(join_worker(true), 0);
}

/* Twenty megabytes for a broker that does not read: the loop goes on, and nothing is lost. */
static void
test_slow_broker(void **unused)
{
    (void)unused;
    struct heard h = {0};
    unsigned flushes;

    start_worker();
    hear_kind(BB_KIND_READY);
    add_work(1, BB_METHOD_READINGS_LIST, "parts");
    send_bundle();
    while (owner.flushes < 3)
        bb_worker_wake(owner.worker);
    flushes = owner.flushes;
    while (owner.flushes < flushes + 10)
        bb_worker_wake(owner.worker);
    while (h.finals == 0)
        assert_true(hear(&h, PATIENCE));
    assert_int_equal(h.replies, 100);
    assert_int_equal(h.parts, 100);
    assert_int_equal(join_worker(true), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_calls),
        T(test_broker_restarts),
        T(test_starts_without_broker),
        T(test_broken_messages_cost_the_connection),
        T(test_silent_broker),
        T(test_slow_broker),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
