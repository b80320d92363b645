/* A whole broker, with peers of every kind who send it valid and invalid frames in any order.
 *
 *     fuzz_broker [--control] [SECONDS [SEED]]
 *
 * Each SEED (1, then those that follow) gets a broker of its own for some seconds, until SECONDS (6) are
 * over. What happens is drawn from the seed; when it happens is up to the machine. What must hold (fuzz.h):
 * the broker lives and answers a client that behaves; every request ends once, by its deadline; nobody hears
 * what is for somebody else, and strangers nothing; a worker is told the truth about who asks; memory stays
 * within bounds; when all have gone nothing of them is left; and it ends when it is told to, having lost no
 * memory (which AddressSanitizer tells, in a build with it). --control: the broker has a fault, and not to
 * find it is the failure. */
#include "fuzz.h"

#include <poll.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUND_MS 2000 /* of one broker */

#if defined(__SANITIZE_ADDRESS__)
#define MOST_KB (1500L << 10)
#else
#define MOST_KB (300L << 10)
#endif

static const char lines[] = "handshakes = 100000\naddress_handshakes = 100000\n";

static struct fuzz fuzz;
static uint64_t seed = 1;

void
fuzz_fail(struct fuzz *f, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (f->control) {
        printf("seed %lu, step %lu: found, as it should be: %s\n", (unsigned long)seed,
               (unsigned long)f->steps, text);
        broker_kill(&f->broker);
        exit(0);
    }
    fprintf(stderr, "seed %lu, step %lu: %s\n", (unsigned long)seed, (unsigned long)f->steps, text);
    broker_abandon(&f->broker);
    exit(1);
}

/* Marks and frames */

void
fuzz_put_mark(struct bb_buffer *to, struct fuzz_mark mark)
{
    uint8_t *at = bb_buffer_extend(to, FUZZ_MARK);

    assert_non_null(at);
    memcpy(at, "MARK", 4);
    bb_put_u32(at + 4, mark.serial);
    bb_put_u64(at + 8, mark.id);
}

bool
fuzz_get_mark(struct bb_bytes body, struct fuzz_mark *ret_mark)
{
    if (body.len < FUZZ_MARK || memcmp(body.data, "MARK", 4) != 0)
        return false;
    *ret_mark = (struct fuzz_mark){bb_get_u32(body.data + 4), bb_get_u64(body.data + 8)};
    return true;
}

bool
fuzz_send_bytes(struct raw *raw, struct bb_bytes bytes, bool more)
{
    return zmq_send(raw->socket, bytes.data, bytes.len, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0;
}

bool
fuzz_send(struct raw *raw, enum bb_kind kind, const ProtobufCMessage *message)
{
    size_t size = bb_frame_size(message);
    uint8_t *frame = malloc(size);
    bool sent;

    assert_non_null(frame);
    bb_frame_write(frame, kind, message);
    sent = fuzz_send_bytes(raw, bb_bytes(frame, size), false);
    free(frame);
    return sent;
}

static const ProtobufCMessageDescriptor *
type_of(uint32_t kind)
{
    static const struct {
        uint32_t kind;
        const ProtobufCMessageDescriptor *type;
    } types[] = {
        {BB_KIND_HELLO, &bb__hello__descriptor},
        {BB_KIND_REQUEST, &bb__request__descriptor},
        {BB_KIND_PULL, &bb__pull__descriptor},
        {BB_KIND_ACK, &bb__ack__descriptor},
        {BB_KIND_PING, &bb__ping__descriptor},
        {BB_KIND_READY, &bb__ready__descriptor},
        {BB_KIND_CREDIT, &bb__credit__descriptor},
        {BB_KIND_HEARTBEAT, &bb__heartbeat__descriptor},
        {BB_KIND_WORK, &bb__work__descriptor},
        {BB_KIND_DIRECTORY, &bb__directory__descriptor},
        {BB_KIND_SESSION_UP, &bb__session_up__descriptor},
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].kind == kind)
            return types[i].type;
    return &bb__cancel__descriptor; /* an id, as in many others */
}

void
fuzz_send_any(struct fuzz *f, struct raw *raw, uint32_t kind, unsigned faults)
{
    struct bb_buffer frame;

    bb_buffer_init(&frame, 1u << 20);
    bb_frame_header(bb_buffer_extend(&frame, BB_ENVELOPE_BYTES), (enum bb_kind)kind);
    f->any.faults = faults;
    any_message(&f->any, type_of(kind), &frame);
    f->any.faults = 0;
    fuzz_send_bytes(raw, bb_buffer_bytes(&frame), false);
    bb_buffer_release(&frame);
}

/* A bundle of PINGs, sound, cut short, or within another. */
static void
put_bundle(struct fuzz *f, struct bb_buffer *to)
{
    uint64_t n = any_below(&f->any, 5), how = any_below(&f->any, 4);

    bb_frame_header(bb_buffer_extend(to, BB_ENVELOPE_BYTES), BB_KIND_BUNDLE);
    for (; n > 0; n--) {
        bb_put_u32(bb_buffer_extend(to, 4), how == 1 ? 400 : BB_ENVELOPE_BYTES);
        bb_frame_header(bb_buffer_extend(to, BB_ENVELOPE_BYTES), how == 2 ? BB_KIND_BUNDLE : BB_KIND_PING);
    }
    if (how == 3)
        bb_buffer_byte(to, 0);
}

/* Too large, too many, cut, of another version, or no frame at all. */
void
fuzz_send_garbage(struct fuzz *f, struct raw *raw)
{
    struct bb_buffer bytes;
    uint64_t how = any_below(&f->any, 6), n = any_below(&f->any, 300);

    bb_buffer_init(&bytes, 2u << 20);
    if (how == 0)
        n = (256u << 10) + any_below(&f->any, 1000) - 500;
    if (how <= 1)
        bb_frame_header(bb_buffer_extend(&bytes, BB_ENVELOPE_BYTES), BB_KIND_REQUEST);
    if (how == 2)
        put_bundle(f, &bytes);
    else
        for (; n > 0; n--)
            bb_buffer_byte(&bytes, how == 0 ? 0 : (uint8_t)any_below(&f->any, 256));
    if (how == 3)
        for (unsigned i = 0; i < 5; i++)
            fuzz_send_bytes(raw, bb_bytes(bytes.data, bytes.len / 5), true);
    if (how == 4 && bytes.len > 3)
        memcpy(bytes.data, "BB\2", 3);
    fuzz_send_bytes(raw, bb_buffer_bytes(&bytes), false);
    bb_buffer_release(&bytes);
}

/* Rounds */

static void
hear_all(void)
{
    fuzz.now = bb_clock_mono();
    for (size_t i = 0; i < 2; i++)
        fuzz_worker_hear(&fuzz, &fuzz.worker[i]);
    for (size_t i = 0; i < FUZZ_PEERS; i++)
        fuzz_peer_hear(&fuzz, &fuzz.peer[i]);
}

/* The client that behaves: it waits for its PONG, so the others do not run ahead of the broker for long. */
static void
behave(void)
{
    struct fuzz_peer *good = &fuzz.peer[0];

    if (good->n_asks < 50) {
        fuzz_peer_ask(&fuzz, good, BB_METHOD_PARTNER_LIST, 1000);
        fuzz_peer_ask(&fuzz, good, BB_METHOD_INDICATOR_LIST, 1000);
        fuzz_peer_ask(&fuzz, good, BB_METHOD_MESSAGE_LIST, 1000);
    }
    fuzz_peer_ping(&fuzz, good);
    while (good->pong) {
        zmq_pollitem_t item = {.socket = good->raw.socket, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 1);
        hear_all();
    }
}

static void
step(void)
{
    uint64_t dice = any_below(&fuzz.any, 100);

    fuzz.steps++;
    if (dice < 60)
        fuzz_peer_act(&fuzz, &fuzz.peer[1 + any_below(&fuzz.any, FUZZ_PEERS - 1)]);
    else if (dice < 95)
        fuzz_worker_act(&fuzz, &fuzz.worker[any_below(&fuzz.any, 2)]);
    else
        behave();
    hear_all();
    if (fuzz.steps % 256 == 0 && broker_rss_anon_kb(&fuzz.broker) > MOST_KB)
        fuzz_fail(&fuzz, "the broker takes %ld kB", broker_rss_anon_kb(&fuzz.broker));
}

static size_t
open_asks(void)
{
    size_t n = 0;

    for (size_t i = 0; i < FUZZ_PEERS; i++)
        if (fuzz.peer[i].open && fuzz.peer[i].who < FUZZ_UNKNOWN_KEY && !fuzz.peer[i].borrowed)
            n += fuzz.peer[i].n_asks;
    return n;
}

/* Nobody does anything more; what is open ends, by its deadline at the latest. */
static void
settle(void)
{
    fuzz.now = bb_clock_mono();
    for (size_t i = 0; i < FUZZ_PEERS; i++)
        fuzz_peer_mute(&fuzz, &fuzz.peer[i], false);
    while (open_asks() > 0) {
        poll(NULL, 0, 2);
        hear_all();
    }
}

/* Nothing is left of those who have gone. */
static void
check_empty(void)
{
    struct raw raw;
    Bb__StatusReply *status;
    Bb__Reply *reply;

    broker_await_connections(&fuzz.broker, 0);
    raw_operator(&fuzz.broker, &raw);
    raw_request(&raw, 1, BB_METHOD_STATUS, bb_bytes(NULL, 0));
    reply = expect_kind(&raw, BB_KIND_REPLY, reply, Reply);
    assert_int_equal(
        bb_unpack(bb__status_reply, bb_bytes(reply->body.data, reply->body.len), &raw.arena, &status), 0);
    for (size_t i = 0; i < status->n_service; i++)
        if (strcmp(status->service[i]->service, "broker") != 0 && /* that is this request */
            (status->service[i]->queued || status->service[i]->in_flight))
            fuzz_fail(&fuzz, "%s has %lu requests queued and %lu in flight when all have gone",
                      status->service[i]->service, (unsigned long)status->service[i]->queued,
                      (unsigned long)status->service[i]->in_flight);
    raw_close(&raw);
    if (broker_counter(&fuzz.broker, "sessions") != 0)
        fuzz_fail(&fuzz, "there are sessions when all have gone");
}

static void
begin(void)
{
    bool control = fuzz.control;

    memset(&fuzz, 0, sizeof fuzz);
    fuzz.control = control;
    fuzz.any.state = seed * 0x9E3779B97F4A7C15u + 1;
    broker_start(&fuzz.broker, lines);
    assert_int_equal(bb_keypair_new(&fuzz.stranger), 0);
    fuzz.now = bb_clock_mono();
    fuzz_peer_open(&fuzz, &fuzz.peer[0], FUZZ_GOOD);
    raw_hello(&fuzz.peer[0].raw);
    assert_int_equal(expect_kind(&fuzz.peer[0].raw, BB_KIND_WELCOME, welcome, Welcome)->version, 1);
    fuzz.worker[0].service = BB_SERVICE_MEASUREMENT;
    fuzz.worker[1].service = BB_SERVICE_COMMUNICATION;
}

static void
end(void)
{
    settle();
    for (size_t i = 0; i < FUZZ_PEERS; i++)
        fuzz_peer_close(&fuzz, &fuzz.peer[i]);
    for (size_t i = 0; i < 2; i++)
        fuzz_worker_close(&fuzz.worker[i]);
    check_empty();
    printf(
        "seed %lu: %lu steps, %u connections, %lu works, %lu answers, %lu errors, %lu deliveries, %ld kB\n",
        (unsigned long)seed, (unsigned long)fuzz.steps, fuzz.serial, (unsigned long)fuzz.works,
        (unsigned long)fuzz.replies, (unsigned long)fuzz.errors, (unsigned long)fuzz.deliveries,
        broker_rss_anon_kb(&fuzz.broker));
    if (fuzz.works == 0 || fuzz.replies == 0 || fuzz.errors == 0)
        fuzz_fail(&fuzz, "nothing came of it");
    broker_stop(&fuzz.broker);
}

static unsigned long most_seconds = 4;

static void
any_sequence_of_frames(void **state)
{
    bb_mono stop = bb_clock_mono() + (bb_mono)most_seconds * 1000;

    (void)state;
    for (; bb_clock_mono() < stop; seed++) {
        bb_mono over;
        begin();
        over = bb_clock_mono() + ROUND_MS;
        while (bb_clock_mono() < over)
            step();
        end();
    }
    if (fuzz.control) {
        fprintf(stderr, "the broker's fault was not found\n");
        exit(1);
    }
}

static int
teardown(void **state)
{
    (void)state;
    broker_abandon(&fuzz.broker);
    return 0;
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(any_sequence_of_frames, teardown)};

    setvbuf(stdout, NULL, _IOLBF, 0);
    fuzz.control = argc > 1 && strcmp(argv[1], "--control") == 0;
    argv += fuzz.control;
    argc -= fuzz.control;
    if (argc > 1)
        most_seconds = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
