/* The broker's door, with real sockets: who is let in, who waits outside, and how little those take who say
 * nothing. */
#include "one_broker.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define JUNK 100 /* connections of a kind */

static void
starts_quickly_and_small(void **state)
{
    (void)state;
#if !defined(__SANITIZE_ADDRESS__)
    print_message("ready after %ld ms, RssAnon %ld kB\n", broker.ready_ms, broker_rss_anon_kb(&broker));
    assert_true(broker_rss_anon_kb(&broker) <= 8 * 1024);
#endif
    broker_stop(&broker);
}

static void
greets(void **state)
{
    struct raw raw;
    Bb__Welcome *welcome;
    Bb__Ping ping = BB__PING__INIT;

    (void)state;
    raw_client(&broker, &raw, &broker.partner);
    ping.has_token = true;
    ping.token = 77;
    raw_send(&raw, BB_KIND_PING, &ping.base); /* allowed before HELLO */
    assert_int_equal(expect_kind(&raw, BB_KIND_PONG, pong, Pong)->token, 77);
    raw_hello(&raw);
    welcome = expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome);
    assert_string_equal(welcome->organization, "alpha");
    assert_string_equal(welcome->name, "The alpha");
    assert_string_equal(welcome->member, "main");
    assert_int_equal(welcome->role, BB__ROLE__ROLE_PARTNER);
    assert_int_equal(welcome->boot.len, 16);
    assert_int_equal(welcome->message_bytes, BB_LIMIT_FRAME_BYTES);
    raw_close(&raw);
    raw_operator(&broker, &raw);
    raw_close(&raw);
    broker_stop(&broker);
}

static void
refuses_strangers(void **state)
{
    struct bb_keypair stranger;
    int value;

    (void)state;
    bb_keypair_new(&stranger);
    assert_int_equal(refused(&stranger, broker.server.public_key, &value), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(value, 400);
    broker_await_counter(&broker, "handshakes_refused_unknown_key", 1);
    refused(&broker.partner, stranger.public_key, &value); /* the wrong server key */
    broker_await_counter(&broker, "handshakes_refused_cryptographic", 1);
    do /* no key: the NULL mechanism; when it hangs up first it is counted as unfinished */
        refused(NULL, NULL, &value);
    while (broker_counter(&broker, "handshakes_refused_mechanism") == 0);
    broker_organization(&broker, "gamma", "partner", false, stranger.public_key);
    kill(broker.pid, SIGHUP);
    do
        assert_int_equal(refused(&stranger, broker.server.public_key, &value),
                         ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    while (broker_counter(&broker, "handshakes_refused_disabled") == 0);
    broker_stop(&broker);
}

static void
await_hangup(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    bb_mono end = bb_clock_mono() + WAIT_MS;
    char bytes[256];

    for (;;) {
        assert_true(bb_clock_mono() < end);
        if (poll(&item, 1, 100) > 0 && recv(fd, bytes, sizeof bytes, 0) <= 0)
            break;
    }
    close(fd);
}

static void
ends_unfinished_handshakes(void **state)
{
    static const uint8_t greeting[64] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    int silent, half, garbage;

    (void)state;
    silent = broker_plain_tcp(&broker);
    half = broker_plain_tcp(&broker);
    assert_int_equal(send(half, greeting, sizeof greeting, 0), sizeof greeting);
    garbage = broker_plain_tcp(&broker);
    assert_int_equal(send(garbage,
                          "GET / HTTP/1.1\r\nHost: broker.example.org\r\nAccept: everything there is\r\n\r\n",
                          72, 0),
                     72);
    await_hangup(silent);
    await_hangup(half);
    await_hangup(garbage);
    broker_await_counter(&broker, "handshakes_refused_unfinished", 2);
    broker_await_connections(&broker, 0);
    broker_stop(&broker);
}

/* What is no ZMTP at all: the rest of the internet. All of it is seen in one counter. */
static void
counts_junk(void **state)
{
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
    } table[] = {
        {"HTTP", "GET / HTTP/1.1\r\nHost: broker.example.org\r\nAccept: */*\r\n\r\n", 58},
        {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and the rest of a ClientHello, somewhat", 52},
        {"random", NULL, 512},
    };
    uint64_t before = broker_counter(&broker, "connections_unheard");

    (void)state;
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        int fds[JUNK];

        for (int i = 0; i < JUNK; i++) {
            uint8_t random[512];

            fds[i] = broker_plain_tcp(&broker);
            randombytes_buf(random, sizeof random);
            send(fds[i], table[row].bytes ? (const void *)table[row].bytes : random, table[row].len,
                 MSG_NOSIGNAL);
        }
        for (int i = 0; i < JUNK; i++)
            await_hangup(fds[i]);
        before += JUNK;
        broker_await_counter(&broker, "connections_unheard", before);
        assert_int_equal(broker_counter(&broker, "connections_unheard"), before);
        print_message("%s: protocol %lu, mechanism %lu, unfinished %lu\n", table[row].what,
                      broker_counter(&broker, "handshakes_refused_protocol"),
                      broker_counter(&broker, "handshakes_refused_mechanism"),
                      broker_counter(&broker, "handshakes_refused_unfinished"));
    }
    broker_stop(&broker);
}

static void
an_operator_has_no_rights_to_data(void **state)
{
    struct raw raw;

    (void)state;
    raw_operator(&broker, &raw);
    raw_request(&raw, 1, BB_METHOD_SUBMIT, bb_bytes("x", 1));
    raw_expect_error(&raw, 1, BB_ERROR_NOT_ALLOWED);
    raw_request(&raw, 2, BB_METHOD_TREND, bb_bytes("x", 1));
    raw_expect_error(&raw, 2, BB_ERROR_NOT_ALLOWED);
    raw_close(&raw);
    broker_stop(&broker);
}

static void
local_sockets_are_ours_alone(void **state)
{
    static const char *const names[] = {"worker.sock", "admin.sock"};
    struct stat info;
    char path[160];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/run/%s", broker.folder, names[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
    snprintf(path, sizeof path, "%s/run", broker.folder);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    broker_stop(&broker);
}

/* A file that is left behind would make who connects too early wait in vain. */
static void
leaves_no_sockets_behind(void **state)
{
    char path[160];

    (void)state;
    assert_int_equal(kill(broker.pid, SIGTERM), 0);
    assert_int_equal(waitpid(broker.pid, NULL, 0), broker.pid);
    broker.pid = -1;
    zmq_ctx_term(broker.context);
    snprintf(path, sizeof path, "%s/run/worker.sock", broker.folder);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/run/admin.sock", broker.folder);
    assert_int_equal(access(path, F_OK), -1);
}

static void
sheds_connections_above_the_most(void **state)
{
    struct raw raws[4], raw;
    int event;

    (void)state;
    for (int i = 0; i < 4; i++)
        raw_greeted(&broker, &raws[i], &broker.partner);
    raw_client(&broker, &raw, &broker.partner);
    event = raw_await_end(&raw, NULL);
    assert_true(event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
    raw_close(&raw);
    broker_await_counter(&broker, "connections_shed", 1);
    raw_request(&raws[3], 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0)); /* those who are in stay */
    expect_kind(&raws[3], BB_KIND_REPLY, reply, Reply);
    for (int i = 0; i < 4; i++)
        raw_close(&raws[i]);
    broker_await_connections(&broker, 0);
    raw_greeted(&broker, &raw, &broker.partner); /* there is room again */
    raw_close(&raw);
    broker_stop(&broker);
}

static void
an_organization_has_its_share_of_connections(void **state)
{
    struct raw raws[3], beta;

    (void)state;
    for (int i = 0; i < 2; i++)
        raw_greeted(&broker, &raws[i], &broker.partner);
    raw_client(&broker, &raws[2], &broker.partner);
    raw_hello(&raws[2]);
    raw_expect_goaway(&raws[2], BB_ERROR_OVERLOADED);
    raw_await_end(&raws[2], NULL);
    raw_greeted(&broker, &beta, &broker.other);
    for (int i = 0; i < 3; i++)
        raw_close(&raws[i]);
    raw_close(&beta);
    broker_stop(&broker);
}

/* A connection gets in, beside those that have been silent for a while. */
static void
raw_greeted_among_silent(struct raw *raw)
{
    poll(NULL, 0, 1100); /* what is new may be about to speak */
    raw_greeted(&broker, raw, &broker.other);
}

/* Strangers that hold connections open and say nothing do not keep others out. */
static void
the_silent_make_room(void **state)
{
    struct raw raws[20];
    int fds[60];

    (void)state;
    for (int i = 0; i < 60; i++)
        fds[i] = broker_plain_tcp(&broker);
    raw_greeted_among_silent(&raws[0]);
    for (int i = 1; i < 20; i++)
        raw_greeted(&broker, &raws[i], &broker.other);
    for (int i = 0; i < 20; i++) { /* and who is in stays in */
        raw_request(&raws[i], 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
        expect_kind(&raws[i], BB_KIND_REPLY, reply, Reply);
        raw_close(&raws[i]);
    }
    for (int i = 0; i < 60; i++)
        close(fds[i]);
    broker_stop(&broker);
}

/* A key that is let in and says nothing takes no more than its organization's share, and the few above it
 * that would be told why: there is room for the others. */
static void
the_silent_count_in_their_share(void **state)
{
    static struct raw silent[60];
    bb_mono end = bb_clock_mono() + WAIT_MS / 3; /* before they are cut off for their silence */
    struct raw beta;

    (void)state;
    for (int i = 0; i < 60; i++)
        raw_client(&broker, &silent[i], &broker.partner);
    broker_await_counter(&broker, "handshakes_refused_full", 30);
    raw_greeted_among_silent(&beta);
    while (broker_counter(&broker, "connections") > 2 + 8 + 2) /* they, beta and who asks */
        assert_true(bb_clock_mono() < end);
    raw_close(&beta);
    for (int i = 0; i < 60; i++)
        raw_close(&silent[i]);
    broker_stop(&broker);
}

/* Who is let in and says nothing, and who claims an id that is taken. */
static void
the_mute_are_cut_off(void **state)
{
    struct raw client, mute, claimant;

    (void)state;
    raw_greeted(&broker, &client, &broker.partner);
    raw_client(&broker, &mute, &broker.other);
    raw_open_as(&broker, &claimant, &broker.other, broker.server.public_key, broker.endpoint, client.id,
                client.id_len);
    raw_hello(&claimant);
    assert_int_equal(raw_await_end(&mute, NULL), ZMQ_EVENT_DISCONNECTED);
    assert_int_equal(raw_await_end(&claimant, NULL), ZMQ_EVENT_DISCONNECTED);
    assert_int_equal(broker_counter(&broker, "connections_silent"), 2);
    raw_request(&client, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    expect_kind(&client, BB_KIND_REPLY, reply, Reply);
    raw_close(&client);
    raw_close(&mute);
    raw_close(&claimant);
    broker_stop(&broker);
}

static void
says_goodbye(void **state)
{
    struct raw raw;

    (void)state;
    raw_greeted(&broker, &raw, &broker.partner);
    raw_request(&raw, 1, BB_METHOD_TREND, bb_bytes("x", 1));
    raw_request(&raw, 2, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    expect_kind(&raw, BB_KIND_REPLY, reply, Reply); /* so that the first one is there, too */
    kill(broker.pid, SIGTERM);
    raw_expect_error(&raw, 1, BB_ERROR_UNAVAILABLE);
    raw_expect_goaway(&raw, BB_ERROR_UNAVAILABLE);
    raw_await_end(&raw, NULL);
    raw_close(&raw);
    broker_stop(&broker);
}

static void
does_not_start_where_it_should_not(void **state)
{
    struct broker second;

    (void)state;
    broker_stop(&broker);
    assert_int_equal(broker_start_refused(&second, "registry = '/nonexistent'\n"), EX_CONFIG);
    assert_int_equal(broker_start_refused(&second, "server_key = '/nonexistent'\n"), EX_CONFIG);
    assert_int_equal(broker_start_refused(&second, "listen = 'udp://127.0.0.1:1'\n"), EX_CONFIG);
    assert_int_equal(broker_start_refused(&second, "lisen = 'x'\n"), EX_CONFIG);
}

int
main(void)
{
#define T(name) WITH(name, NULL)
    const struct CMUnitTest tests[] = {
        T(starts_quickly_and_small),
        T(greets),
        WITH(refuses_strangers, "handshake = 500ms\n"),
        WITH(ends_unfinished_handshakes, "handshake = 500ms\n"),
        WITH(counts_junk, "handshake = 500ms\n"),
        T(an_operator_has_no_rights_to_data),
        T(local_sockets_are_ours_alone),
        T(leaves_no_sockets_behind),
        WITH(sheds_connections_above_the_most, "max_connections = 4\n"),
        WITH(an_organization_has_its_share_of_connections, "organization_connections = 2\n"),
        WITH(the_silent_count_in_their_share,
             "organization_connections = 2\nmax_connections = 40\nhandshake = 2s\n"),
        WITH(the_silent_make_room, "max_connections = 40\nhandshake = 1min\n"),
        T(the_mute_are_cut_off),
        T(says_goodbye),
        T(does_not_start_where_it_should_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
