/* Subscriptions through the real broker: who may, what the worker is told, what ends them. */
#include "listeners.h"

#include "proto/limits.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void
a_life(void **state)
{
    Bb__Subscribe subscription = BB__SUBSCRIBE__INIT;
    Bb__SessionUp *up;
    Bb__Subscribed *subscribed;
    char *channel[] = {(char *)"all"};
    uint8_t packed[64];
    struct raw client, worker;
    uint64_t session;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    subscription.subscription = 300;
    subscription.name = (char *)"main";
    subscription.channel = channel;
    subscription.n_channel = 1;
    raw_send(&client, BB_KIND_SUBSCRIBE, &subscription.base);
    up = expect_kind(&worker, BB_KIND_SESSION_UP, session_up, SessionUp);
    assert_string_equal(up->organization, "alpha");
    assert_string_equal(up->member, "main");
    assert_int_equal(up->role, BB__ROLE__ROLE_PARTNER);
    assert_int_equal(up->subscribe.len, bb__subscribe__pack(&subscription, packed));
    assert_memory_equal(up->subscribe.data, packed, up->subscribe.len);
    session = up->session;

    fanout(&worker, BB_KIND_SUBSCRIBED,
           bb_bytes("\x10\x05\x18\x07\x22\x03"
                    "all",
                    9),
           &session, 1);
    subscribed = expect_kind(&client, BB_KIND_SUBSCRIBED, subscribed, Subscribed);
    assert_int_equal(subscribed->subscription, 300);
    assert_int_equal(subscribed->position, 5);
    assert_int_equal(subscribed->head, 7);
    assert_string_equal(subscribed->channel[0], "all");
    deliver(&worker, "news", &session, 1);
    fanout(&worker, BB_KIND_GAP, bb_bytes("\x10\x08\x18\x09", 4), &session, 1);
    expect_delivery(&client, 300, "news");
    assert_int_equal(expect_kind(&client, BB_KIND_GAP, gap, Gap)->to, 9);
    acknowledge(&client, 300, 7);
    expect_ack(&worker, session, 7);

    unsubscribe(&client, 300);
    expect_down(&worker, session);
    deliver(&worker, "late", &session, 1);
    assert_int_not_equal(join(&client, &worker, 300, "alpha"), session);
    raw_expect_nothing(&client, 100);
    assert_int_equal(broker_counter(&broker, "sessions"), 1);
    assert_int_equal(broker_counter(&broker, "sessions_opened"), 2);
    assert_int_equal(broker_counter(&broker, "deliveries_skipped"), 1);
    raw_close(&client);
    raw_close(&worker);
    broker_stop(&broker);
}

static void
who_may_not(void **state)
{
    static char *empty[20000];
    Bb__Subscribe large = BB__SUBSCRIBE__INIT;
    struct raw client, worker, operator;

    (void)state;
    raw_greeted(&broker, &client, &broker.partner);
    subscribe(&client, 1, "main");
    expect_refusal(&client, 1, BB_ERROR_UNAVAILABLE); /* there is no worker */
    open_communication(&worker);
    raw_operator(&broker, &operator);
    subscribe(&operator, 1, "main");
    expect_refusal(&operator, 1, BB_ERROR_NOT_ALLOWED);
    raw_close(&operator);

    for (size_t i = 0; i < 20000; i++)
        empty[i] = (char *)"xyz";
    large.subscription = 7;
    large.name = (char *)"main";
    large.channel = empty;
    large.n_channel = 20000;
    raw_send(&client, BB_KIND_SUBSCRIBE, &large.base);
    expect_refusal(&client, 7, BB_ERROR_TOO_LARGE);

    join(&client, &worker, 1, "alpha");
    subscribe(&client, 1, "main");
    expect_refusal(&client, 1, BB_ERROR_STATE);
    for (uint64_t i = 2; i <= BB_LIMIT_SUBSCRIPTIONS; i++)
        join(&client, &worker, i, "alpha");
    subscribe(&client, 100, "main");
    expect_refusal(&client, 100, BB_ERROR_OVERLOADED);
    unsubscribe(&client, 2);
    raw_expect(&worker, BB_KIND_SESSION_DOWN, &bb__session_down__descriptor);
    join(&client, &worker, UINT64_MAX, "alpha");

    /* What is not open: the end may have crossed it. */
    acknowledge(&client, 2, 1);
    unsubscribe(&client, 2);
    acknowledge(&client, 3, 9);
    assert_int_equal(expect_kind(&worker, BB_KIND_SESSION_ACK, session_ack, SessionAck)->sequence, 9);
    raw_expect_nothing(&client, 100);
    assert_int_equal(broker_counter(&broker, "sessions_refused"), 5);
    raw_close(&client);
    raw_close(&worker);
    broker_stop(&broker);
}

/* The number is looked for before a SUBSCRIBE is decoded; where it is not found, or is said twice, what is
 * decoded counts. */
static void
the_number_stands_anywhere(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint64_t found, subscription;
    } table[] = {
        {"BB\x01\x06\x12\x04main\x08\x05", 12, 5, 5},
        {"BB\x01\x06\x08\x06\x12\x04main\x08\x07", 14, 6, 7},
        {"BB\x01\x06\x08\x88\x80\x00\x12\x04main", 14, 8, 8}, /* longer than it need be */
    };
    struct raw client, worker, operator;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    raw_operator(&broker, &operator);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        raw_send_bytes(&operator, table[i].bytes, table[i].len, false);
        expect_refusal(&operator, table[i].found, BB_ERROR_NOT_ALLOWED);
        raw_send_bytes(&client, table[i].bytes, table[i].len, false);
        expect_up(&worker, "alpha");
        raw_send_bytes(&client, table[i].bytes, table[i].len, false);
        expect_refusal(&client, table[i].subscription, BB_ERROR_STATE);
    }
    raw_close(&operator);
    raw_close(&client);
    raw_close(&worker);
    broker_stop(&broker);
}

/* An organization that subscribes without end, over several connections, is told to wait; the others are
 * served. */
static void
a_flood_of_subscriptions(void **state)
{
    struct raw client, other, worker;
    unsigned opened = 0;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    raw_greeted(&broker, &other, &broker.other);
    for (unsigned i = 0; i < 2000; i++) {
        subscribe(&client, i, "main");
        unsubscribe(&client, i);
    }
    raw_request(&client, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    for (;;) {
        struct bb_frame frame;

        assert_true(raw_next(&client, &frame, WAIT_MS));
        if (frame.kind == BB_KIND_REPLY)
            break;
    }
    opened = (unsigned)broker_counter(&broker, "sessions_opened");
    assert_in_range(opened, 512, 1000);
    assert_int_equal(broker_counter(&broker, "sessions_refused"), 2000 - opened);
    subscribe(&other, 1, "main");
    for (;;) {
        Bb__SessionUp *up;
        struct bb_frame frame;

        assert_true(raw_next(&worker, &frame, WAIT_MS));
        if (frame.kind != BB_KIND_SESSION_UP)
            continue;
        bb_arena_reset(&worker.arena);
        assert_int_equal(bb_unpack(bb__session_up, frame.body, &worker.arena, &up), 0);
        if (strcmp(up->organization, "beta") == 0)
            break;
    }
    raw_close(&client);
    raw_close(&other);
    raw_close(&worker);
    broker_stop(&broker);
}

static uint64_t
worker_token(struct raw *worker, const struct bb_frame *frame)
{
    Bb__Ping *ping;

    bb_arena_reset(&worker->arena);
    assert_int_equal(bb_unpack(bb__ping, frame->body, &worker->arena, &ping), 0);
    return ping->token;
}

/* The sequence of this SESSION_ACK, or what was known, whichever is more. */
static uint64_t
acknowledged(struct raw *worker, const struct bb_frame *frame, uint64_t last)
{
    Bb__SessionAck *ack;

    bb_arena_reset(&worker->arena);
    assert_int_equal(bb_unpack(bb__session_ack, frame->body, &worker->arena, &ack), 0);
    return ack->sequence > last ? ack->sequence : last;
}

/* A worker that takes in nothing is told so much and no more, however much a client acknowledges; then the
 * last word. */
static void
a_flood_of_acks(void **state)
{
    enum { ROUNDS = 300, SUBSCRIPTIONS = 64, EACH = 2 * SUBSCRIPTIONS };
    struct bb_bundle bundle;
    struct raw client, worker;
    uint64_t sequence = 0, heard = 0, last = 0, token = 0;
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;
    Bb__Pong pong = BB__PONG__INIT;
    struct bb_frame frame;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    for (uint64_t i = 1; i <= SUBSCRIPTIONS; i++)
        join(&client, &worker, i, "alpha");
    bb_bundle_init(&bundle, BB_LIMIT_FRAME_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        zmq_msg_t message;

        for (int i = 0; i < EACH; i++) {
            Bb__Ack ack = BB__ACK__INIT;

            ack.subscription = 1 + sequence % SUBSCRIPTIONS;
            ack.sequence = ++sequence;
            assert_int_equal(bb_bundle_add(&bundle, BB_KIND_ACK, &ack.base), 0);
        }
        assert_int_equal(bb_bundle_take(&bundle, &message), 0);
        assert_true(zmq_msg_send(&message, client.socket, 0) > 0);
        broker_await_counter(&broker, "acks", sequence); /* a round for each bundle */
        if (round % 50 == 0)
            raw_send(&worker, BB_KIND_HEARTBEAT, &heartbeat.base);
    }
    while (raw_next(&worker, &frame, 200)) {
        heard += frame.kind == BB_KIND_SESSION_ACK;
        if (frame.kind == BB_KIND_SESSION_ACK)
            last = acknowledged(&worker, &frame, last);
        if (frame.kind == BB_KIND_PING)
            token = worker_token(&worker, &frame);
    }
    assert_in_range(heard, 1000, ROUNDS * SUBSCRIPTIONS - 1); /* 256 KiB of them */
    assert_int_equal(broker_counter(&broker, "acks_passed_on"), heard);
    assert_true(last < sequence);
    pong.has_token = true;
    while (last < sequence) {
        if (token) {
            pong.token = token;
            raw_send(&worker, BB_KIND_PONG, &pong.base);
            token = 0;
        }
        assert_true(raw_next(&worker, &frame, WAIT_MS));
        if (frame.kind == BB_KIND_PING)
            token = worker_token(&worker, &frame);
        if (frame.kind == BB_KIND_SESSION_ACK)
            last = acknowledged(&worker, &frame, last);
    }
    bb_bundle_release(&bundle);
    raw_close(&client);
    raw_close(&worker);
    broker_stop(&broker);
}

static void
the_worker_ends_one(void **state)
{
    struct raw client, worker;
    uint64_t session, other;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    session = join(&client, &worker, 1, "alpha");
    other = join(&client, &worker, 2, "alpha");
    deliver(&worker, "last", &session, 1);
    fanout(&worker, BB_KIND_ERROR, bb_bytes("\x10\x12", 2), &session, 1); /* TAKEN_OVER */
    deliver(&worker, "never", &session, 1);
    deliver(&worker, "goes on", &other, 1);
    expect_delivery(&client, 1, "last");
    assert_int_equal(expect_kind(&client, BB_KIND_ERROR, error, Error)->subscription, 1);
    expect_delivery(&client, 2, "goes on");
    acknowledge(&client, 1, 5); /* crosses it */
    assert_int_not_equal(join(&client, &worker, 1, "alpha"), session);
    raw_close(&client);
    raw_close(&worker);
    broker_stop(&broker);
}

static void
the_worker_goes(void **state)
{
    struct raw client, other, worker, second;
    uint64_t session;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    raw_greeted(&broker, &other, &broker.other);
    session = join(&client, &worker, 1, "alpha");
    raw_ready_as(&worker, "communication", 100, 1 << 20, 0); /* again: sessions stay */
    join(&client, &worker, 2, "alpha");
    join(&other, &worker, 1, "beta");
    deliver(&worker, "still", &session, 1);
    expect_delivery(&client, 1, "still");
    raw_close(&worker);
    expect_refusal(&client, 1, BB_ERROR_UNAVAILABLE);
    expect_refusal(&client, 2, BB_ERROR_UNAVAILABLE);
    expect_refusal(&other, 1, BB_ERROR_UNAVAILABLE);

    raw_worker(&broker, &worker);
    raw_ready_as(&worker, "communication", 100, 1 << 20, 0);
    broker_await_counter(&broker, "workers_ready", 2);
    session = join(&client, &worker, 1, "alpha");
    raw_worker(&broker, &second);
    raw_ready_as(&second, "communication", 100, 1 << 20, 0); /* takes its place */
    expect_refusal(&client, 1, BB_ERROR_UNAVAILABLE);
    join(&client, &second, 1, "alpha");
    deliver(&second, "of another one's session", &session, 1);
    raw_expect_nothing(&client, 100);
    raw_close(&client);
    raw_close(&other);
    raw_close(&worker);
    raw_close(&second);
    broker_stop(&broker);
}

static void
the_client_goes(void **state)
{
    struct raw client, worker;
    uint64_t first, second;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &client, &broker.partner);
    first = join(&client, &worker, 1, "alpha");
    second = join(&client, &worker, 2, "alpha");
    acknowledge(&client, 1, 3);
    expect_ack(&worker, first, 3);
    raw_close(&client);
    for (int i = 0; i < 2; i++) {
        uint64_t down = expect_kind(&worker, BB_KIND_SESSION_DOWN, session_down, SessionDown)->session;
        assert_true(down == first || down == second);
    }
    /* Who is not let in any more goes as well. */
    raw_greeted(&broker, &client, &broker.partner);
    first = join(&client, &worker, 1, "alpha");
    broker_organization(&broker, "alpha", "partner", false, broker.partner.public_key);
    kill(broker.pid, SIGHUP);
    expect_down(&worker, first);
    raw_expect_goaway(&client, BB_ERROR_UNKNOWN_KEY);
    raw_close(&client);
    raw_close(&worker);
    broker_stop(&broker);
}

int
main(void)
{
#define T(name) WITH(name, NULL)
    const struct CMUnitTest tests[] = {
        T(a_life),
        T(who_may_not),
        T(the_number_stands_anywhere),
        T(a_flood_of_subscriptions),
        T(a_flood_of_acks),
        T(the_worker_ends_one),
        T(the_worker_goes),
        T(the_client_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
