/* The broker's door, with real sockets: who is let in, who is shown out, and what a rude peer can do
 * (nothing). */
#include "fixture.h"

#include "proto/limits.h"
#include "runtime/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#define JUNK 100 /* connections of a kind */

static struct broker broker;

static int
setup(void **state)
{
    broker_start(&broker, *state);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    broker_abandon(&broker);
    return 0;
}

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

/* Opens with these keys and expects a refusal within the limit of a handshake; returns the event. */
static int
refused(const struct bb_keypair *keys, const char *server_key, int *ret_value)
{
    struct raw raw;
    bb_mono start = bb_clock_mono();
    int event;

    raw_open(&broker, &raw, keys, server_key, broker.endpoint);
    event = raw_await_end(&raw, ret_value);
    assert_true(bb_clock_mono() - start < 500 + 1000);
    raw_close(&raw);
    return event;
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
    broker_await_alone(&broker);
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
put_enabled(struct raw *staff, uint64_t id, const char *code, bool enabled)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    uint8_t packed[256];

    put.code = (char *)code;
    put.has_enabled = true;
    put.enabled = enabled;
    raw_request(staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(&put, packed)));
    assert_int_equal(expect_kind(staff, BB_KIND_REPLY, reply, Reply)->id, id);
}

static void
a_disabled_partner_is_shown_out(void **state)
{
    struct raw staff, alpha, beta;
    int value;

    (void)state;
    raw_greeted(&broker, &staff, &broker.staff);
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    raw_request(&alpha, 1, BB_METHOD_TREND, bb_bytes("x", 1)); /* open: there is no worker */
    put_enabled(&staff, 1, "alpha", false);
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    assert_int_equal(raw_await_end(&alpha, &value), ZMQ_EVENT_DISCONNECTED);
    raw_close(&alpha);
    assert_int_equal(refused(&broker.partner, broker.server.public_key, &value),
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    put_enabled(&staff, 2, "alpha", true);
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_request(&beta, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0)); /* beta noticed nothing */
    expect_kind(&beta, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(broker_counter(&broker, "refused_revoked"), 1);
    raw_close(&alpha);
    raw_close(&beta);
    raw_close(&staff);
    broker_stop(&broker);
}

/* The caller's own organization, changed by partner.put. */
static void
put_own(struct raw *staff, uint64_t id, Bb__PartnerPut *put)
{
    uint8_t packed[256];

    put->code = (char *)"backbone";
    raw_request(staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(put, packed)));
}

static void
staff_does_not_lock_itself_out(void **state)
{
    Bb__PartnerPut disable = BB__PARTNER_PUT__INIT, resign = BB__PARTNER_PUT__INIT,
                   rename = BB__PARTNER_PUT__INIT;
    struct raw staff, operator;

    (void)state;
    raw_greeted(&broker, &staff, &broker.staff);
    disable.has_enabled = true;
    put_own(&staff, 1, &disable);
    raw_expect_error(&staff, 1, BB_ERROR_NOT_ALLOWED);
    resign.has_role = true;
    resign.role = BB__ROLE__ROLE_OBSERVER;
    put_own(&staff, 2, &resign);
    raw_expect_error(&staff, 2, BB_ERROR_NOT_ALLOWED);
    rename.name = (char *)"The office";
    rename.has_enabled = rename.enabled = rename.has_role = true;
    rename.role = BB__ROLE__ROLE_STAFF;
    put_own(&staff, 3, &rename); /* everything else it may */
    expect_kind(&staff, BB_KIND_REPLY, reply, Reply);
    raw_operator(&broker, &operator);
    put_own(&operator, 1, &disable);
    expect_kind(&operator, BB_KIND_REPLY, reply, Reply);
    raw_expect_goaway(&staff, BB_ERROR_UNKNOWN_KEY);
    raw_close(&operator);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
who_replaces_its_own_key_is_answered(void **state)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    struct bb_keypair fresh;
    struct raw staff;

    (void)state;
    bb_keypair_new(&fresh);
    raw_greeted(&broker, &staff, &broker.staff);
    put.key = fresh.public_key;
    put_own(&staff, 1, &put);
    assert_int_equal(expect_kind(&staff, BB_KIND_REPLY, reply, Reply)->id, 1);
    raw_expect_goaway(&staff, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&staff, NULL);
    raw_close(&staff);
    raw_greeted(&broker, &staff, &fresh);
    raw_close(&staff);
    broker_stop(&broker);
}

static void
an_unregistered_partner_is_shown_out_after_sighup(void **state)
{
    struct raw alpha, beta;
    char path[160];

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    raw_greeted(&broker, &beta, &broker.other);
    snprintf(path, sizeof path, "%s/registry/alpha.conf", broker.folder);
    assert_int_equal(unlink(path), 0);
    broker_organization(&broker, "beta", "observer", true,
                        broker.other.public_key); /* and beta changed its role */
    kill(broker.pid, SIGHUP);
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&alpha, NULL);
    raw_request(&beta, 1, BB_METHOD_SUBMIT, bb_bytes("x", 1));
    raw_expect_error(&beta, 1, BB_ERROR_NOT_ALLOWED);
    raw_close(&alpha);
    raw_close(&beta);
    broker_stop(&broker);
}

static void
says_when_alpha_left(const char *date)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof path, "%s/registry/alpha.conf", broker.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "name = 'The alpha'\nrole = 'partner'\nleft = '%s'\nmember main {\n    key = '%s'\n}\n",
            date, broker.partner.public_key);
    assert_int_equal(fclose(file), 0);
    kill(broker.pid, SIGHUP);
}

static void
who_has_left_is_shown_out(void **state)
{
    char today[BB_UTC_TEXT];
    struct raw alpha;
    int value;

    (void)state;
    raw_greeted(&broker, &alpha, &broker.partner);
    says_when_alpha_left("9999-12-31"); /* announced: it stays until then */
    raw_request(&alpha, 1, BB_METHOD_PARTNER_LIST, bb_bytes(NULL, 0));
    expect_kind(&alpha, BB_KIND_REPLY, reply, Reply);
    bb_utc_format(bb_clock_utc(), today);
    today[10] = '\0';
    says_when_alpha_left(today);
    raw_expect_goaway(&alpha, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&alpha, NULL);
    raw_close(&alpha);
    assert_int_equal(refused(&broker.partner, broker.server.public_key, &value),
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(broker_counter(&broker, "handshakes_refused_disabled"), 1);
    broker_stop(&broker);
}

static void
a_moved_key_is_shown_out(void **state)
{
    struct raw raw;

    (void)state;
    raw_greeted(&broker, &raw, &broker.partner);
    broker_organization(&broker, "alpha", "partner", true, NULL);
    broker_organization(&broker, "omega", "partner", true, broker.partner.public_key);
    kill(broker.pid, SIGHUP);
    raw_expect_goaway(&raw, BB_ERROR_UNKNOWN_KEY);
    raw_await_end(&raw, NULL);
    raw_close(&raw);
    raw_client(&broker, &raw, &broker.partner);
    raw_hello(&raw);
    assert_string_equal(expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome)->organization, "omega");
    raw_close(&raw);
    broker_stop(&broker);
}

static void
a_key_is_not_taken_over(void **state)
{
    struct raw raw, again;

    (void)state;
    raw_greeted(&broker, &raw, &broker.partner);
    broker_organization(&broker, "aardvark", "staff", true, broker.partner.public_key);
    broker_organization(&broker, "beta", "observer", true, broker.other.public_key);
    kill(broker.pid, SIGHUP);
    for (bool read = false; !read;) { /* the rest of the folder counts */
        raw_client(&broker, &again, &broker.other);
        raw_hello(&again);
        read = expect_kind(&again, BB_KIND_WELCOME, welcome, Welcome)->role == BB__ROLE__ROLE_OBSERVER;
        raw_close(&again);
    }
    raw_hello(&raw);
    assert_string_equal(expect_kind(&raw, BB_KIND_WELCOME, welcome, Welcome)->organization, "alpha");
    raw_greeted(&broker, &again, &broker.partner);
    raw_close(&again);
    raw_close(&raw);
    broker_stop(&broker);
}

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
                                    6,
                                    9,
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
    broker_await_alone(&broker);
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

/* Many changes at once: they wait for the disk one after the other, all are answered, all are there after. */
static void
many_partners_at_once(void **state)
{
    Bb__PartnerPut put = BB__PARTNER_PUT__INIT;
    uint8_t packed[256];
    char code[32];
    struct raw staff;

    (void)state;
    raw_greeted(&broker, &staff, &broker.staff);
    put.code = code;
    put.name = code;
    put.has_create = put.create = true;
    put.has_role = true;
    put.role = BB__ROLE__ROLE_OBSERVER;
    for (uint64_t id = 1; id <= 200; id++) {
        snprintf(code, sizeof code, "new-%03u", (unsigned)id);
        raw_request(&staff, id, BB_METHOD_PARTNER_PUT, bb_bytes(packed, bb__partner_put__pack(&put, packed)));
    }
    for (uint64_t id = 1; id <= 200; id++)
        assert_int_equal(expect_kind(&staff, BB_KIND_REPLY, reply, Reply)->id, id);
    raw_close(&staff);
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
#define WITH(name, lines) cmocka_unit_test_prestate_setup_teardown(name, setup, teardown, (char *)(lines))
#define T(name)           WITH(name, NULL)
    const struct CMUnitTest tests[] = {
        T(starts_quickly_and_small),
        T(greets),
        WITH(refuses_strangers, "handshake = 500ms\n"),
        WITH(ends_unfinished_handshakes, "handshake = 500ms\n"),
        WITH(counts_junk, "handshake = 500ms\n"),
        T(a_disabled_partner_is_shown_out),
        T(staff_does_not_lock_itself_out),
        T(who_replaces_its_own_key_is_answered),
        T(an_unregistered_partner_is_shown_out_after_sighup),
        T(who_has_left_is_shown_out),
        T(a_moved_key_is_shown_out),
        T(a_key_is_not_taken_over),
        T(refuses_routing_ids_of_another_form),
        T(refuses_messages_of_several_frames),
        T(a_flood_of_frames_is_cut_off),
        T(an_oversized_message_ends_the_connection),
        T(what_cannot_be_decoded_ends_the_connection),
        T(what_is_not_expected_is_answered),
        T(an_operator_has_no_rights_to_data),
        T(local_sockets_are_ours_alone),
        T(leaves_no_sockets_behind),
        WITH(sheds_connections_above_the_most, "max_connections = 4\n"),
        WITH(an_organization_has_its_share_of_connections, "organization_connections = 2\n"),
        WITH(the_silent_count_in_their_share,
             "organization_connections = 2\nmax_connections = 40\nhandshake = 2s\n"),
        WITH(the_silent_make_room, "max_connections = 40\nhandshake = 1min\n"),
        T(the_mute_are_cut_off),
        T(many_partners_at_once),
        T(says_goodbye),
        T(does_not_start_where_it_should_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
