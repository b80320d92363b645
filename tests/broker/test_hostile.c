/* Who comes without a key, with too little, with too much, or as somebody else: by sockets that are no
 * libzmq's, since that would not do it. Each is shown out, and who belongs here notices nothing. */
#include "lean.h"
#include "one_broker.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void
asks_for_partners(struct raw *raw, uint64_t id)
{
    raw_request(raw, id, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    assert_int_equal(expect_kind(raw, BB_KIND_REPLY, reply, Reply)->id, id);
}

static void
raise_descriptors(void)
{
    struct rlimit files;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 4096)
        skip();
}

/* Everything that the broker sends until it hangs up; returns how much that was. */
static size_t
read_until_hangup(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    bb_mono end = bb_clock_mono() + WAIT_MS;
    size_t total = 0;
    char bytes[4096];
    ssize_t n;

    for (;;) {
        if (bb_clock_mono() >= end)
            fail_msg("the broker did not hang up, but sent %zu bytes", total);
        if (poll(&item, 1, 50) <= 0)
            continue;
        n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return total;
        total += (size_t)n;
    }
}

/* Peers without encryption, and such as say that they are too old for it. Each sends its greeting, a routing
 * id as valid ones are, and HELLO, as its version of ZMTP has them. */

#define GREETING  64
#define SIGNATURE "\xFF\0\0\0\0\0\0\0\1\x7F"
#define ZEROS_20  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ID        "\1identity-of-16-b"
#define ENVELOPE  "BB\1\1\x08\1\x10\1\x1a\1x"
/* a READY with metadata, as a command */
#define METADATA "\xBSocket-Type\0\0\0\6DEALER\x8Identity\0\0\0\x11" ID
#define READY    "\4\x3A\5READY" METADATA

static const struct {
    const char *what;
    const char *bytes;
    size_t len;
} downgraded[] = {
#define ROW(what, bytes)                                                                                     \
    {                                                                                                        \
        what, bytes, sizeof(bytes) - 1                                                                       \
    }
    ROW("ZMTP 1.0", "\x12\0" ID "\xC\0" ENVELOPE),
    ROW("ZMTP 1.0, with the signature of later ones", SIGNATURE "\0\5"
                                                                "\x12\0" ID "\xC\0" ENVELOPE),
    ROW("ZMTP 2.0", SIGNATURE "\1\5"
                              "\0\x11" ID "\0\xB" ENVELOPE),
    ROW("ZMTP 3.0, NULL", SIGNATURE "\3\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ZEROS_20
                                    "\0\0\0\0\0\0\0\0\0\0\0" READY "\0\xB" ENVELOPE),
    ROW("ZMTP 3.1, NULL", SIGNATURE "\3\1NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ZEROS_20
                                    "\0\0\0\0\0\0\0\0\0\0\0" READY "\0\xB" ENVELOPE),
    ROW("ZMTP 3.1, PLAIN", SIGNATURE "\3\1PLAIN\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ZEROS_20
                                     "\0\0\0\0\0\0\0\0\0\0\0\4\xE\5HELLO\3one\3two" READY "\0\xB" ENVELOPE),
    ROW("ZMTP 3.1, no mechanism",
        SIGNATURE "\3\1" ZEROS_20 ZEROS_20 "\0\0\0\0\0\0\0\0\0\0\0\0" READY "\0\xB" ENVELOPE),
    ROW("ZMTP 3.1, CURVE, and NULL behind it", SIGNATURE "\3\1CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ZEROS_20
                                                         "\0\0\0\0\0\0\0\0\0\0\0" READY "\0\xB" ENVELOPE),
    ROW("ZMTP 3.1, CURVE, and a message at once",
        SIGNATURE "\3\1CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ZEROS_20 "\0\0\0\0\0\0\0\0\0\0\0"
                  "\0\xB" ENVELOPE),
    ROW("ZMTP 3.1, CURVE, as a server", SIGNATURE "\3\1CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" ZEROS_20
                                                  "\0\0\0\0\0\0\0\0\0\0\0" READY "\0\xB" ENVELOPE),
    ROW("ZMTP 9", SIGNATURE "\x9\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ZEROS_20
                            "\0\0\0\0\0\0\0\0\0\0\0" READY "\0\xB" ENVELOPE),
#undef ROW
};

/* From 3.0 on, what stands behind the greeting comes when the other one's has. */
static void
say(int fd, const char *bytes, size_t len)
{
    size_t first = len > GREETING && bytes[10] >= 3 ? GREETING : len;
    char theirs[GREETING];

    assert_int_equal(send(fd, bytes, first, MSG_NOSIGNAL), first);
    if (first < len && recv(fd, theirs, sizeof theirs, MSG_WAITALL) == (ssize_t)sizeof theirs)
        send(fd, bytes + first, len - first, MSG_NOSIGNAL);
}

/* "handshake = 500ms" */
static void
nobody_is_heard_unencrypted(void **state)
{
    size_t n = sizeof downgraded / sizeof downgraded[0];
    uint64_t before = broker_counter(&broker, "connections_unheard");

    (void)state;
    for (size_t row = 0; row < n; row++) {
        int fd = broker_plain_tcp(&broker);

        print_message("%s\n", downgraded[row].what);
        say(fd, downgraded[row].bytes, downgraded[row].len);
        assert_true(read_until_hangup(fd) <= 64 + 2 + 100); /* a greeting, and the name of what is wrong */
        close(fd);
    }
    broker_await_counter(&broker, "connections_unheard", before + n);
    assert_int_equal(broker_counter(&broker, "refused_routing_id"), 0);
    assert_int_equal(broker_counter(&broker, "impostors"), 0);
    broker_stop(&broker);
}

/* 500 that say nothing behind their greeting, and 500 that say their greeting and HELLO a byte at a time: all
 * of them are cut off when their time is over, and somebody with a key is let in and answered meanwhile. */
static void
half_open_and_trickling_handshakes_end(void **state)
{
    enum { MANY = 1000 };
    static const uint8_t greeting[264] = {0xFF, 0, 0,   0,   0,   0,   0,   0,   1,
                                          0x7F, 3, 1,   'C', 'U', 'R', 'V', 'E', [64] = 4,
                                          200,  5, 'H', 'E', 'L', 'L', 'O', 1};
    static int fds[MANY];
    long before = broker_rss_anon_kb(&broker), most = before;
    bb_mono start;
    struct raw raw;
    unsigned open = MANY;

    (void)state;
    raise_descriptors();
    start = bb_clock_mono();
    for (int i = 0; i < MANY; i++) {
        fds[i] = broker_plain_tcp(&broker);
        send(fds[i], greeting, i % 2 ? 64 : 1, MSG_NOSIGNAL);
    }
    raw_greeted(&broker, &raw, &broker.partner);
    for (size_t at = 1; open; at++) {
        long now = broker_rss_anon_kb(&broker);

        most = now > most ? now : most;
        asks_for_partners(&raw, at);
        if (bb_clock_mono() > start + WAIT_MS)
            fail_msg("%u connections are still open", open);
        for (int i = 0; i < MANY; i++) {
            char byte[64];
            ssize_t n;

            if (fds[i] < 0)
                continue;
            if (i % 2 == 0)
                send(fds[i], greeting + at % sizeof greeting, 1, MSG_NOSIGNAL);
            while ((n = recv(fds[i], byte, sizeof byte, MSG_DONTWAIT)) > 0)
                ;
            if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                continue;
            close(fds[i]);
            fds[i] = -1;
            open--;
        }
        poll(NULL, 0, 10);
    }
    print_message("over after %ld ms, RssAnon %ld kB more at most\n", (long)(bb_clock_mono() - start),
                  most - before);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(most - before < 64 * 1024);
#endif
    raw_close(&raw);
    broker_await_connections(&broker, 0);
    broker_stop(&broker);
}

/* A frame that says that it will be larger than anything: before the handshake, in it, and behind it. */
static void
a_giant_frame_is_not_waited_for(void **state)
{
    static const uint8_t giant[] = {0x06, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t over[] = {0x02, 0, 0, 0, 0, 0, 0x04, 0x10, 0}; /* 256 KiB and more than CURVE adds */
    static const uint8_t greeting[64] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    long before = broker_rss_anon_kb(&broker);
    struct curve *curve;
    int fd;

    (void)state;
    fd = broker_plain_tcp(&broker);
    send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
    send(fd, giant, sizeof giant, MSG_NOSIGNAL);
    read_until_hangup(fd);
    close(fd);
    for (int i = 0; i < 40; i++) { /* each has the descriptor of the one before, and is let in all the same */
        curve = lean_connect(&broker, &broker.partner, NULL);
        lean_hello(curve);
        if (i % 2 == 0)
            send(curve_fd(curve), giant, sizeof giant, MSG_NOSIGNAL);
        else
            send(curve_fd(curve), over, sizeof over, MSG_NOSIGNAL);
        read_until_hangup(curve_fd(curve));
        curve_close(&curve);
    }
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(broker_rss_anon_kb(&broker) - before < 16 * 1024);
#else
    (void)before;
#endif
    broker_await_connections(&broker, 0);
    broker_stop(&broker);
}

/* libzmq names a peer without an id 0 and four bytes that count up from rand(); where that is not seeded, who
 * claims such a name before makes the next nameless one abort the process. The names are those of each of the
 * first numbers, and of those that follow. */
static void
an_automatic_id_cannot_be_guessed(void **state)
{
    enum { NUMBERS = 40, FOLLOWING = 8 };
    static struct curve *curves[NUMBERS * FOLLOWING];
    struct curve *nameless;
    struct raw raw;
    uint32_t numbers[NUMBERS + 1];

    (void)state;
    raise_descriptors();
    srand(1);
    for (int i = 0; i <= NUMBERS; i++)
        numbers[i] = (uint32_t)rand();
    for (int i = 0; i < NUMBERS * FOLLOWING; i++) {
        int at = i / FOLLOWING; /* generate_random() of libzmq makes a number of two */
        uint8_t name[5] = {0};

        bb_put_u32(name + 1, (numbers[at] | numbers[at + 1] << 31) + (uint32_t)(i % FOLLOWING));
        curves[i] = lean_connect_as(&broker, &broker.partner,
                                    (struct curve_identity){.routing = bb_bytes(name, sizeof name)});
    }
    for (int i = 0; i < FOLLOWING; i++) {
        nameless =
            lean_connect_as(&broker, &broker.other, (struct curve_identity){.routing = bb_bytes("", 0)});
        curve_close(&nameless);
    }
    raw_greeted(&broker, &raw, &broker.other);
    asks_for_partners(&raw, 1);
    raw_close(&raw);
    for (int i = 0; i < NUMBERS * FOLLOWING; i++)
        curve_close(&curves[i]);
    broker_stop(&broker);
}

/* What is small on the way and would be large in memory: names without end, in a frame of the largest. */
static void
what_is_large_in_memory_is_refused(void **state)
{
    static uint8_t body[BB_LIMIT_FRAME_BYTES - 128];
    struct raw staff;
    long before = broker_rss_anon_kb(&broker);

    (void)state;
    memcpy(body, "\x0a\1x", 3);
    for (size_t i = 3; i + 2 <= sizeof body; i += 2)
        memcpy(body + i, "\x22\0", 2); /* an alias without a letter */
    raw_greeted(&broker, &staff, &broker.staff);
    for (uint64_t id = 1; id <= 20; id++) {
        Bb__Error *error;

        raw_request(&staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(body, sizeof body - 1));
        error = expect_kind(&staff, BB_KIND_ERROR, error, Error);
        assert_int_equal(error->id, id);
        assert_false(error->retryable);
    }
#if !defined(__SANITIZE_ADDRESS__)
    print_message("grew by %ld kB\n", broker_rss_anon_kb(&broker) - before);
    assert_true(broker_rss_anon_kb(&broker) - before <= 10 * 1024);
#else
    (void)before;
#endif
    asks_for_partners(&staff, 30);
    raw_close(&staff);
    broker_stop(&broker);
}

/* Handshakes without end from one address, by who has no key that is known here: who is in is answered, and
 * who comes from elsewhere is let in. How fast: tests/bench/handshakes. */
static void
a_flood_of_handshakes_is_held_back(void **state)
{
    enum { FLOOD = 300 };
    static struct raw flood[FLOOD];
    struct bb_keypair stranger;
    struct raw alpha, beta;
    uint64_t refused;

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    bb_keypair_new(&stranger);
    for (int i = 0; i < FLOOD; i++) {
        raw_open(&broker, &flood[i], &stranger, broker.server.public_key, broker.endpoint);
        asks_for_partners(&alpha, (uint64_t)i + 1);
    }
    for (int i = 0; i < FLOOD; i++) {
        raw_await_end(&flood[i], NULL);
        raw_close(&flood[i]);
    }
    refused = broker_counter(&broker, "handshakes_refused_unknown_key");
    print_message("%lu came as far as their key, %lu were closed before\n", (unsigned long)refused,
                  (unsigned long)broker_counter(&broker, "limited_address_handshakes"));
    assert_in_range(refused, 1, FLOOD / 2);
    assert_true(broker_counter(&broker, "limited_address_handshakes") >= FLOOD / 2);
    poll(NULL, 0, 300);
    raw_greeted(&broker, &beta, &broker.other); /* even from the same address, as soon as it is its turn */
    asks_for_partners(&beta, 1);
    raw_close(&beta);
    raw_close(&alpha);
    broker_stop(&broker);
}

/* Whoever claims an id that is taken is mute; and is got rid of, whatever it sends before. */
static void
a_mute_connection_does_not_stay(void **state)
{
    struct raw good, twin;
    int value;

    (void)state;
    raw_greeted(&broker, &good, &broker.partner);
    raw_open_as(&broker, &twin, &broker.partner, broker.server.public_key, broker.endpoint, good.id,
                good.id_len);
    for (int i = 0; i < 200; i++) /* more than the high-water mark */
        raw_hello(&twin);
    assert_int_equal(raw_await_end(&twin, &value), ZMQ_EVENT_DISCONNECTED);
    raw_close(&twin);
    broker_await_connections(&broker, 1);
    raw_hello(&good);
    expect_kind(&good, BB_KIND_WELCOME, welcome, Welcome);
    raw_close(&good);
    broker_stop(&broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_mute_connection_does_not_stay, NULL),
        WITH(nobody_is_heard_unencrypted, "handshake = 500ms\n"),
        WITH(half_open_and_trickling_handshakes_end, BROKER_UNLIMITED "handshake = 1s\n"),
        WITH(a_giant_frame_is_not_waited_for, "handshake = 2s\n"),
        WITH(an_automatic_id_cannot_be_guessed, BROKER_UNLIMITED),
        WITH(what_is_large_in_memory_is_refused, NULL),
        WITH(a_flood_of_handshakes_is_held_back, "address_handshakes = 5\n"),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
