/* One frame to many: everybody gets all of it, in order, whoever else goes, lags or stops reading. */
#include "lean.h"
#include "listeners.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <stdio.h>
#include <string.h>

#define CLIENTS 6

/* Clients, some with strange numbers for their subscriptions. */
struct crowd {
    struct raw worker;
    struct raw client[CLIENTS];
    uint64_t session[CLIENTS];
};

static const uint64_t numbers[CLIENTS] = {1, 1, 1, 128, UINT64_MAX, 0};

static void
open_crowd(struct crowd *crowd)
{
    open_communication(&crowd->worker);
    for (int i = 0; i < CLIENTS; i++) {
        raw_greeted(&broker, &crowd->client[i], i % 2 ? &broker.partner : &broker.other);
        crowd->session[i] = join(&crowd->client[i], &crowd->worker, numbers[i], i % 2 ? "alpha" : "beta");
    }
}

static void
close_crowd(struct crowd *crowd)
{
    for (int i = 0; i < CLIENTS; i++)
        raw_close(&crowd->client[i]);
    raw_close(&crowd->worker);
    broker_stop(&broker);
}

/* One by one, in bundles, to all and to some, by shared frames and by copies: the order is that of the
 * FANOUTs. */
static void
everybody_gets_everything_in_order(void **state)
{
    struct crowd crowd;
    struct bb_bundle bundle;
    zmq_msg_t message;
    char text[32];

    (void)state;
    open_crowd(&crowd);
    deliver(&crowd.worker, "alone", crowd.session, CLIENTS);
    bb_bundle_init(&bundle, BB_LIMIT_WORKER_FRAME_BYTES);
    for (int i = 0; i < 1000; i++) {
        Bb__Fanout out = BB__FANOUT__INIT;
        uint8_t body[40] = {2 << 3 | 2};

        snprintf(text, sizeof text, "message %d", i);
        body[1] = (uint8_t)strlen(text);
        memcpy(body + 2, text, strlen(text));
        out.kind = BB_KIND_DELIVER;
        out.body = (ProtobufCBinaryData){.len = strlen(text) + 2, .data = body};
        out.session = crowd.session;
        out.n_session = CLIENTS;
        assert_int_equal(bb_bundle_add(&bundle, BB_KIND_FANOUT, &out.base), 0);
        if (i % 7 == 0) { /* and once more to the first two */
            out.n_session = 2;
            assert_int_equal(bb_bundle_add(&bundle, BB_KIND_FANOUT, &out.base), 0);
        }
    }
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_true(zmq_msg_send(&message, crowd.worker.socket, 0) > 0);
    for (int c = 0; c < CLIENTS; c++) {
        expect_delivery(&crowd.client[c], numbers[c], "alone");
        for (int i = 0; i < 1000; i++) {
            snprintf(text, sizeof text, "message %d", i);
            expect_delivery(&crowd.client[c], numbers[c], text);
            if (i % 7 == 0 && c < 2)
                expect_delivery(&crowd.client[c], numbers[c], text);
        }
    }
    assert_int_equal(broker_counter(&broker, "deliveries"), CLIENTS * 1001 + 2 * 143);
    bb_bundle_release(&bundle);
    close_crowd(&crowd);
}

/* Sessions that are over, or never were, are left out; the others of the same FANOUT get it. */
static void
who_is_gone_is_skipped(void **state)
{
    struct crowd crowd;
    uint64_t list[CLIENTS + 3];

    (void)state;
    open_crowd(&crowd);
    memcpy(list, crowd.session, sizeof crowd.session);
    list[CLIENTS] = 0;
    list[CLIENTS + 1] = UINT64_MAX;
    list[CLIENTS + 2] = crowd.session[0] + (1u << 24);
    unsubscribe(&crowd.client[2], numbers[2]);
    expect_down(&crowd.worker, crowd.session[2]);
    raw_close(&crowd.client[3]);
    expect_down(&crowd.worker, crowd.session[3]);
    deliver(&crowd.worker, "one", list, CLIENTS + 3);
    deliver(&crowd.worker, "two", list, CLIENTS + 3);
    for (int c = 0; c < CLIENTS; c++)
        if (c != 2 && c != 3) {
            expect_delivery(&crowd.client[c], numbers[c], "one");
            expect_delivery(&crowd.client[c], numbers[c], "two");
        }
    raw_expect_nothing(&crowd.client[2], 50);
    assert_int_equal(broker_counter(&broker, "deliveries_skipped"), 2 * 5);
    fanout(&crowd.worker, BB_KIND_ERROR, bb_bytes("\x10\x0b", 2), list, CLIENTS + 3);
    for (int c = 0; c < CLIENTS; c++)
        if (c != 2 && c != 3)
            assert_int_equal(expect_kind(&crowd.client[c], BB_KIND_ERROR, error, Error)->subscription,
                             numbers[c]);
    assert_int_equal(broker_counter(&broker, "sessions"), 0);
    close_crowd(&crowd);
}

static void
what_is_no_fanout_ends_the_worker(void **state)
{
    static const uint8_t kinds[] = {BB_KIND_REPLY, BB_KIND_WELCOME, BB_KIND_BUNDLE, 37, 0, 255};
    static uint8_t large[BB_LIMIT_BODY_BYTES + 1];
    struct raw worker;
    uint64_t session = 1;

    (void)state;
    for (size_t i = 0; i < sizeof kinds; i++) {
        raw_worker(&broker, &worker);
        raw_ready_as(&worker, "communication", 100, 1 << 20, 0);
        fanout(&worker, (enum bb_kind)kinds[i], bb_bytes_str("x"), &session, 1);
        assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
        raw_close(&worker);
    }
    raw_worker(&broker, &worker);
    raw_ready_as(&worker, "communication", 100, 1 << 20, 0);
    fanout(&worker, BB_KIND_DELIVER, bb_bytes(large, sizeof large), &session, 1);
    assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_close(&worker);
    raw_worker(&broker, &worker);
    raw_ready_as(&worker, "measurement", 100, 1 << 20, 0); /* it has no sessions */
    fanout(&worker, BB_KIND_DELIVER, bb_bytes_str("x"), &session, 1);
    assert_int_equal(raw_await_end(&worker, NULL), ZMQ_EVENT_DISCONNECTED);
    raw_close(&worker);
    assert_int_equal(broker_counter(&broker, "refused_unexpected"), 8);
    broker_stop(&broker);
}

/* The largest body that a worker may send reaches a client with the largest number. */
static void
the_largest_body(void **state)
{
    static uint8_t body[BB_LIMIT_BODY_BYTES];
    struct crowd crowd;

    (void)state;
    open_crowd(&crowd);
    memset(body, 0x78, sizeof body);
    body[0] = 2 << 3 | 2; /* a message that fills it */
    body[1] = (uint8_t)((sizeof body - 4) & 0x7f) | 0x80;
    body[2] = (uint8_t)((sizeof body - 4) >> 7 & 0x7f) | 0x80;
    body[3] = (uint8_t)((sizeof body - 4) >> 14);
    fanout(&crowd.worker, BB_KIND_DELIVER, bb_bytes(body, sizeof body), crowd.session, CLIENTS);
    fanout(&crowd.worker, BB_KIND_DELIVER, bb_bytes(body, sizeof body), crowd.session + 4, 1);
    for (int c = 0; c < CLIENTS; c++)
        for (int i = 0; i < (c == 4 ? 2 : 1); i++) {
            Bb__Deliver *in = expect_kind(&crowd.client[c], BB_KIND_DELIVER, deliver, Deliver);
            assert_int_equal(in->message[0].len, sizeof body - 4);
        }
    close_crowd(&crowd);
}

/* What a client must do: answer PINGs. Returns when so many messages were delivered. */
static void
read_deliveries(struct raw *client, unsigned n)
{
    struct bb_frame frame;

    while (n > 0) {
        assert_true(raw_next(client, &frame, WAIT_MS));
        if (frame.kind == BB_KIND_PING) {
            raw_pong(client, &frame);
        } else {
            assert_int_equal(frame.kind, BB_KIND_DELIVER);
            n--;
        }
    }
}

/* Who stops reading is cut off at the limit and costs the others nothing; what many share is held once. */
static void
a_client_that_stops_reading(void **state)
{
    static char text[10000];
    struct crowd crowd;
    long before;

    (void)state;
    open_crowd(&crowd);
    memset(text, 'x', sizeof text - 1);
    before = broker_rss_anon_kb(&broker);
    for (int i = 0; i < 600; i++) {
        deliver(&crowd.worker, text, crowd.session, CLIENTS);
        for (int c = 1; c < CLIENTS; c++)
            read_deliveries(&crowd.client[c], 1);
    }
    expect_down(&crowd.worker, crowd.session[0]);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 1);
    assert_int_equal(broker_counter(&broker, "sessions"), CLIENTS - 1);
#if !defined(__SANITIZE_ADDRESS__)
    print_message("grew by %ld kB\n", broker_rss_anon_kb(&broker) - before);
    assert_true(broker_rss_anon_kb(&broker) - before < 16 * 1024);
#else
    (void)before;
#endif
    raw_expect_nothing(&crowd.client[1], 1100); /* but a PING, which is answered now */
    close_crowd(&crowd);
}

/* All that is shared is counted once, however many owe it: nobody is cut off for the sum. */
static void
what_is_shared_is_counted_once(void **state)
{
    static char text[16000];
    struct crowd crowd;

    (void)state;
    open_crowd(&crowd);
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 60; i++) /* 1 MB for each of six, and 2 MiB is the limit for all */
        deliver(&crowd.worker, text, crowd.session, CLIENTS);
    for (int c = 0; c < CLIENTS; c++)
        read_deliveries(&crowd.client[c], 60);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 0);
    close_crowd(&crowd);
}

static void
expect_pong(struct raw *worker, uint64_t token)
{
    Bb__Ping ping = BB__PING__INIT;

    ping.has_token = true;
    ping.token = token;
    raw_send(worker, BB_KIND_PING, &ping.base);
    assert_int_equal(expect_kind(worker, BB_KIND_PONG, pong, Pong)->token, token);
}

/* The worker is kept waiting while clients owe half of what they may, for a second at most; so whoever lags
 * behind is fed as fast as they read. */
static void
a_worker_that_feeds_too_fast_waits(void **state)
{
    static char text[16000];
    struct crowd crowd;
    bb_mono start = bb_clock_mono();

    (void)state;
    open_crowd(&crowd);
    memset(text, 'x', sizeof text - 1);
    expect_pong(&crowd.worker, 1);
    for (int i = 0; i < 75; i++) /* of 2 MiB */
        deliver(&crowd.worker, text, crowd.session, 1);
    start = bb_clock_mono();
    expect_pong(&crowd.worker, 2);
    assert_in_range(bb_clock_mono() - start, 900, 5000);
    read_deliveries(&crowd.client[0], 75);
    raw_expect_nothing(&crowd.client[1], 50); /* the broker asks again */
    deliver(&crowd.worker, text, crowd.session, 1);
    read_deliveries(&crowd.client[0], 1);
    start = bb_clock_mono();
    expect_pong(&crowd.worker, 3);
    expect_pong(&crowd.worker, 4);
    assert_in_range(bb_clock_mono() - start, 0, 900);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 0);
    close_crowd(&crowd);
}

/* Many groups under way at once, and a client that goes in the middle of them. */
static void
more_than_fits_on_the_way(void **state)
{
    static char text[16000];
    struct crowd crowd;

    (void)state;
    open_crowd(&crowd);
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 400; i++)
        deliver(&crowd.worker, text, crowd.session, CLIENTS);
    raw_close(&crowd.client[0]);
    for (int c = 1; c < CLIENTS; c++)
        read_deliveries(&crowd.client[c], 400);
    expect_down(&crowd.worker, crowd.session[0]);
    expect_pong(&crowd.worker, 9);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 0);
    close_crowd(&crowd);
}

/* A connection of the other organization that subscribes and never reads, not even from its socket. */
static struct curve *
open_mute(struct raw *worker, uint64_t *ret_session)
{
    struct curve *curve = lean_connect(&broker, &broker.other, NULL);

    lean_hello(curve);
    lean_subscribe(curve, "mute");
    *ret_session = expect_up(worker, "beta");
    return curve;
}

/* Its queue keeps the contents for ever; the others are not kept waiting for that, and it is cut off in the
 * end. */
static void
a_client_whose_socket_is_full(void **state)
{
    static char text[16000];
    struct crowd crowd;
    uint64_t list[CLIENTS + 1];
    bb_mono start, slowest = 0;
    struct curve *mute;

    (void)state;
    open_crowd(&crowd);
    memcpy(list, crowd.session, sizeof crowd.session);
    mute = open_mute(&crowd.worker, &list[CLIENTS]);
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 2000 && broker_counter(&broker, "slow_readers") == 0; i++) {
        start = bb_clock_mono();
        for (int k = 0; k < 20; k++)
            deliver(&crowd.worker, text, list, CLIENTS + 1);
        for (int c = 0; c < CLIENTS; c++)
            read_deliveries(&crowd.client[c], 20);
        slowest = bb_clock_mono() - start > slowest ? bb_clock_mono() - start : slowest;
    }
    expect_down(&crowd.worker, list[CLIENTS]);
    assert_int_equal(broker_counter(&broker, "slow_readers"), 1);
    print_message("at most %ld ms\n", (long)slowest);
    assert_true(slowest < 1000);
    curve_close(&mute);
    close_crowd(&crowd);
}

/* Six FANOUTs to very many who are not there, as one message: each takes much room in the queue and little
 * time to go. */
static void
send_to_nobody(struct raw *worker)
{
    static uint64_t nobody[16000];
    Bb__Fanout out = BB__FANOUT__INIT;
    struct bb_bundle bundle;
    zmq_msg_t message;

    memset(nobody, 0xff, sizeof nobody);
    out.kind = BB_KIND_DELIVER;
    out.session = nobody;
    out.n_session = sizeof nobody / sizeof nobody[0];
    bb_bundle_init(&bundle, BB_LIMIT_WORKER_FRAME_BYTES);
    for (nobody[0] = 1; nobody[0] <= 6; nobody[0]++) /* not the same as before: they do not join */
        assert_int_equal(bb_bundle_add(&bundle, BB_KIND_FANOUT, &out.base), 0);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_true(zmq_msg_send(&message, worker->socket, 0) > 0);
    bb_bundle_release(&bundle);
}

/* More than the queue takes, four times over: the worker is not read until there is room, and then at once,
 * not when something else is sent to it. */
static void
a_worker_that_is_faster_than_the_broker(void **state)
{
    bb_mono took = BB_NEVER;
    struct raw worker;

    (void)state;
    open_communication(&worker);
    for (int i = 0; i < 5 && took >= 2000; i++) { /* the machine may have something else to do */
        bb_mono start;

        for (int k = 0; k < 300; k++)
            send_to_nobody(&worker);
        start = bb_clock_mono();
        expect_pong(&worker, 1);
        took = bb_clock_mono() - start;
        print_message("%ld ms\n", (long)took);
    }
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(took < 2000);
#endif
    raw_close(&worker);
    broker_stop(&broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(everybody_gets_everything_in_order, NULL),
        WITH(who_is_gone_is_skipped, NULL),
        WITH(what_is_no_fanout_ends_the_worker, NULL),
        WITH(the_largest_body, NULL),
        WITH(a_client_that_stops_reading, "unread_bytes = 4M\n"),
        WITH(what_is_shared_is_counted_once, "unread_total_bytes = 2M\n"),
        WITH(a_worker_that_feeds_too_fast_waits, "unread_total_bytes = 2M\n"),
        WITH(more_than_fits_on_the_way, NULL),
        WITH(a_worker_that_is_faster_than_the_broker, NULL),
        WITH(a_client_whose_socket_is_full, "unread_bytes = 16M\n"),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
