/* What a key, an address and an organization may use of the real broker: each limit has its words and its
 * counter, and takes nothing from anybody else. */
#include "listeners.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST_SECONDS 4

/* Requests and bytes. */

static Bb__Error *
next_error(struct raw *raw)
{
    Bb__Error *error = expect_kind(raw, BB_KIND_ERROR, error, Error);

    assert_int_equal(error->code, BB_ERROR_OVERLOADED);
    assert_true(error->retryable && error->has_retry_after_ms);
    return error;
}

static void
ask(struct raw *raw, uint64_t id)
{
    raw_request(raw, id, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
}

static void
is_answered(struct raw *raw, uint64_t id)
{
    ask(raw, id);
    assert_int_equal(expect_kind(raw, BB_KIND_REPLY, reply, Reply)->id, id);
}

/* Ask until it is refused; returns how often it was not. */
static unsigned
answered_until_refused(struct raw *raw)
{
    struct bb_frame frame;
    Bb__Error *error;

    for (uint64_t id = 1;; id++) {
        assert_true(id < 500);
        ask(raw, id);
        do
            assert_true(raw_next(raw, &frame, WAIT_MS));
        while (frame.kind == BB_KIND_PING);
        if (frame.kind == BB_KIND_REPLY)
            continue;
        assert_int_equal(frame.kind, BB_KIND_ERROR);
        bb_arena_reset(&raw->arena);
        assert_int_equal(bb_unpack(bb__error, frame.body, &raw->arena, &error), 0);
        assert_int_equal(error->code, BB_ERROR_OVERLOADED);
        assert_int_equal(error->id, id);
        assert_in_range(error->retry_after_ms, 200, 2000);
        return (unsigned)id - 1;
    }
}

/* "key_requests = 1" */
static void
requests_are_the_keys_not_the_connections(void **state)
{
    struct raw one, two, beta;

    (void)state;
    raw_greeted(&broker, &one, &broker.partner);
    raw_greeted(&broker, &two, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    assert_in_range(answered_until_refused(&one), BURST_SECONDS, BURST_SECONDS + 2);
    poll(NULL, 0, 5);
    answered_until_refused(&one); /* the last one was on credit: nothing more for a second */
    ask(&two, 7);
    assert_int_equal(next_error(&two)->id, 7);
    raw_close(&one);
    raw_close(&two);
    broker_await_connections(&broker, 1);
    raw_greeted(&broker, &one, &broker.partner); /* it comes back, and has no more */
    ask(&one, 8);
    assert_int_equal(next_error(&one)->id, 8);
    is_answered(&beta, 1);
    subscribe(&one, 9, "main");
    assert_int_equal(next_error(&one)->subscription, 9);
    assert_true(broker_counter(&broker, "limited_key_requests") >= 4);
    assert_int_equal(broker_counter(&broker, "limited_key_bytes"), 0);
    poll(NULL, 0, 1100);
    is_answered(&one, 10); /* it was told when */
    raw_close(&one);
    raw_close(&beta);
    broker_stop(&broker);
}

/* "key_bytes = 1M" */
static void
bytes_are_counted(void **state)
{
    static uint8_t body[196608];
    struct raw alpha, beta;
    uint64_t id = 0;

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    while (broker_counter(&broker, "limited_key_bytes") == 0) { /* no worker: what is let through waits */
        assert_true(id < 2 * BURST_SECONDS * 6);
        raw_request(&alpha, ++id, BB_METHOD_SUBMIT, bb_bytes(body, sizeof body));
    }
    assert_in_range(id, BURST_SECONDS * 5, BURST_SECONDS * 6 + 6);
    assert_in_range(next_error(&alpha)->retry_after_ms, 200, 1000);
    is_answered(&beta, 1);
    raw_close(&alpha);
    raw_close(&beta);
    broker_stop(&broker);
}

static void
send_pings(struct raw *raw, unsigned n)
{
    const Bb__Ping ping = BB__PING__INIT;
    struct bb_bundle bundle;
    zmq_msg_t message;

    bb_bundle_init(&bundle, BB_LIMIT_FRAME_BYTES);
    while (n-- > 0)
        assert_int_equal(bb_bundle_add(&bundle, BB_KIND_PING, &ping.base), 0);
    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_true(zmq_msg_send(&message, raw->socket, 0) >= 0);
    bb_bundle_release(&bundle);
}

/* The frames up to GOAWAY; returns its retry_after_ms. */
static uint32_t
drain_to_goaway(struct raw *raw)
{
    struct bb_frame frame;
    Bb__Goaway *goaway;

    do
        assert_true(raw_next(raw, &frame, WAIT_MS));
    while (frame.kind != BB_KIND_GOAWAY);
    bb_arena_reset(&raw->arena);
    assert_int_equal(bb_unpack(bb__goaway, frame.body, &raw->arena, &goaway), 0);
    assert_int_equal(goaway->code, BB_ERROR_OVERLOADED);
    return goaway->retry_after_ms;
}

/* "key_bytes = 1M": what cannot be refused is served, until it is far too much. */
static void
who_floods_with_pings_is_sent_away(void **state)
{
    enum { EACH = 2000, PER_BUNDLE = EACH * 256 };
    struct raw alpha, beta;

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    for (int i = 0; i < 3 * BURST_SECONDS * (1 << 20) / PER_BUNDLE; i++)
        send_pings(&alpha, EACH);
    assert_in_range(drain_to_goaway(&alpha), 1000, 2100);
    raw_close(&alpha);
    assert_int_equal(broker_counter(&broker, "limited_key_excess"), 1);
    raw_client(&broker, &alpha, &broker.partner); /* who comes back at once has no more than it left */
    raw_hello(&alpha);
    send_pings(&alpha, EACH);
    drain_to_goaway(&alpha);
    raw_close(&alpha);
    is_answered(&beta, 1);
    raw_close(&beta);
    broker_stop(&broker);
}

/* Connections. */

/* "key_connections = 2" */
static void
a_key_has_its_share_of_connections(void **state)
{
    struct raw raws[3], beta;

    (void)state;
    for (int i = 0; i < 2; i++)
        raw_greeted(&broker, &raws[i], &broker.partner);
    raw_client(&broker, &raws[2], &broker.partner);
    raw_hello(&raws[2]);
    raw_expect_goaway(&raws[2], BB_ERROR_OVERLOADED);
    raw_await_end(&raws[2], NULL);
    assert_int_equal(broker_counter(&broker, "limited_key_connections"), 1);
    assert_int_equal(broker_counter(&broker, "limited_organization_connections"), 0);
    raw_greeted(&broker, &beta, &broker.other);
    raw_close(&raws[0]);
    raw_close(&raws[2]);
    broker_await_connections(&broker, 2);
    raw_greeted(&broker, &raws[0], &broker.partner); /* there is room again */
    raw_close(&raws[0]);
    raw_close(&raws[1]);
    raw_close(&beta);
    broker_stop(&broker);
}

/* "key_connections = 2": those of the key that say nothing count, and further ones fail in the handshake. */
static void
the_silent_count_in_the_share_of_their_key(void **state)
{
    static struct raw silent[40];
    struct raw beta;

    (void)state;
    for (int i = 0; i < 40; i++)
        raw_client(&broker, &silent[i], &broker.partner);
    broker_await_counter(&broker, "handshakes_refused_full", 30);
    assert_int_equal(broker_counter(&broker, "limited_key_connections"), 30);
    raw_greeted(&broker, &beta, &broker.other);
    raw_close(&beta);
    for (int i = 0; i < 40; i++)
        raw_close(&silent[i]);
    broker_stop(&broker);
}

/* Handshakes. */

/* A connection from this address of the loopback. */
static int
tcp_from(const char *text)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, text, &from.sin_addr);
    to.sin_port = htons(broker_port(&broker));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* libzmq greets whom it accepts. */
static bool
is_greeted(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    uint8_t greeting[10];

    assert_int_equal(poll(&item, 1, WAIT_MS), 1);
    return recv(fd, greeting, sizeof greeting, 0) > 0;
}

/* How many of so many are. */
static unsigned
greeted_of(const char *from, unsigned n)
{
    unsigned greeted = 0;

    while (n-- > 0) {
        int fd = tcp_from(from);

        greeted += is_greeted(fd);
        close(fd);
    }
    return greeted;
}

/* "address_handshakes = 2" */
static void
an_address_has_its_share_of_handshakes(void **state)
{
    unsigned greeted;

    (void)state;
    greeted = greeted_of("127.0.0.2", 50);
    assert_in_range(greeted, 2 * BURST_SECONDS, 2 * BURST_SECONDS + 2);
    assert_int_equal(broker_counter(&broker, "limited_address_handshakes"), 50 - greeted);
    assert_int_equal(broker_counter(&broker, "limited_handshakes"), 0);
    assert_true(broker_counter(&broker, "connections_shed") >= 50 - greeted);
    assert_in_range(greeted_of("127.0.0.3", 4), 4, 4); /* another one has its own */
    poll(NULL, 0, 600);
    assert_in_range(greeted_of("127.0.0.2", 1), 1, 1);
    broker_stop(&broker);
}

/* "handshakes = 3": from everywhere at once; who was here before gets in. */
static void
a_flood_does_not_keep_those_out_who_are_known(void **state)
{
    struct raw alpha, beta;
    unsigned greeted = 0;
    char from[32];

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner); /* from 127.0.0.1 */
    for (unsigned i = 0; i < 100; i++) {
        snprintf(from, sizeof from, "127.0.1.%u", i + 1);
        greeted += greeted_of(from, 1);
    }
    assert_in_range(greeted, 3 * BURST_SECONDS - 2, 3 * BURST_SECONDS + 3);
    assert_int_equal(broker_counter(&broker, "limited_handshakes"), 100 - greeted);
    assert_int_equal(broker_counter(&broker, "limited_address_handshakes"), 0);
    raw_greeted(&broker, &beta, &broker.other);
    is_answered(&beta, 1);
    is_answered(&alpha, 1);
    raw_close(&alpha);
    raw_close(&beta);
    broker_stop(&broker);
}

/* Subscriptions. */

/* "organization_subscriptions = 3" */
static void
an_organization_has_its_share_of_subscriptions(void **state)
{
    struct raw alpha, worker;

    (void)state;
    open_communication(&worker);
    raw_greeted(&broker, &alpha, &broker.partner);
    for (uint64_t i = 1; i <= 3; i++)
        join(&alpha, &worker, i, "alpha");
    subscribe(&alpha, 4, "main");
    assert_int_equal(next_error(&alpha)->subscription, 4);
    assert_int_equal(broker_counter(&broker, "limited_organization_subscriptions"), 1);
    raw_close(&alpha);
    raw_close(&worker);
    broker_stop(&broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(requests_are_the_keys_not_the_connections, "key_requests = 1\n"),
        WITH(bytes_are_counted, "key_bytes = 1M\n"),
        WITH(who_floods_with_pings_is_sent_away, "key_bytes = 1M\n"),
        WITH(a_key_has_its_share_of_connections, "key_connections = 2\n"),
        WITH(the_silent_count_in_the_share_of_their_key, "key_connections = 2\n"),
        WITH(an_address_has_its_share_of_handshakes, "address_handshakes = 2\n"),
        WITH(a_flood_does_not_keep_those_out_who_are_known, "handshakes = 3\naddress_handshakes = 1000\n"),
        WITH(an_organization_has_its_share_of_subscriptions, "organization_subscriptions = 3\n"),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
