/* The worker's loop against a broker that the test plays: a ROUTER on a unix socket. The worker runs in a
 * thread of its own; nothing sleeps, everybody waits for messages. */
#include "runtime/worker.h"

#include "runtime/bundle.h"
#include "runtime/log.h"

#include "proto/arena.h"
#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

#define CREDIT     600u
#define PATIENCE   10000 /* ms, for anything that should come */
#define SOON       2000  /* ms, for what the worker should notice at once */
#define QUIET      150   /* ms, for what should not come */
#define FLUSH_FAIL 76

/* ---- the worker's owner ---- */

/* Commands wait for flush(), as in a group commit; queries are answered at once, or by tick() after a wake-up
 * when their body says "later"; "parts" asks for many large parts, "keep" for no answer, "fail" for a failed
 * flush, "call" for a call. A subscriber gets a SUBSCRIBED, and a DELIVER for each ACK. */
struct owner {
    struct bb_worker *worker;
    uint64_t waiting[CREDIT];
    unsigned n_waiting;
    uint64_t later[CREDIT];
    unsigned n_later;
    bool fail;
    atomic_uint flushes, resets, pulls, cancels, directories, ticks;
    atomic_uint downs, answered, lost; /* lost: calls that ended before the reset that goes with them */
    pthread_t thread;
    int result;
};

static struct owner owner;

static bool
says(const struct bb_work *work, const char *word)
{
    return bb_bytes_equal(work->body, bb_bytes_str(word));
}

static void
answer_in_parts(uint64_t tag)
{
    static uint8_t body[200000];

    for (uint32_t part = 0; part < 100; part++)
        bb_worker_reply(owner.worker, tag, part, part == 99, bb_bytes(body, sizeof body));
}

static void *
waker(void *unused)
{
    (void)unused;
    bb_worker_wake(owner.worker);
    return NULL;
}

static void
on_work(void *self, const struct bb_work *work)
{
    struct owner *o = self;
    pthread_t thread;

    if (says(work, "fail"))
        o->fail = true;
    if (says(work, "keep"))
        return;
    if (says(work, "call")) {
        assert_int_equal(bb_worker_call(o->worker, work->tag, BB_METHOD_MEASUREMENT_FOLLOW, 0, work->body),
                         0);
        assert_int_equal(
            bb_worker_call(o->worker, work->tag + 1, BB_METHOD_MEASUREMENT_FOLLOW, 0, work->body), 0);
        bb_worker_call_cancel(o->worker, work->tag + 1);
    } else if (says(work, "parts")) {
        answer_in_parts(work->tag);
    } else if (says(work, "later")) {
        o->later[o->n_later++] = work->tag;
        pthread_create(&thread, NULL, waker, NULL);
        pthread_detach(thread);
    } else if (work->method == BB_METHOD_SUBMIT) {
        o->waiting[o->n_waiting++] = work->tag;
    } else {
        bb_worker_reply(o->worker, work->tag, 0, true, work->body);
    }
}

static void
on_pull(void *self, uint64_t tag, uint32_t bytes)
{
    (void)tag;
    (void)bytes;
    atomic_fetch_add(&((struct owner *)self)->pulls, 1);
}

static void
on_cancel(void *self, uint64_t tag)
{
    (void)tag;
    atomic_fetch_add(&((struct owner *)self)->cancels, 1);
}

static void
on_directory(void *self, struct bb_bytes packed)
{
    if (packed.len == 4)
        atomic_fetch_add(&((struct owner *)self)->directories, 1);
}

static int
on_flush(void *self)
{
    struct owner *o = self;

    atomic_fetch_add(&o->flushes, 1);
    for (unsigned i = 0; i < o->n_waiting; i++)
        bb_worker_reply(o->worker, o->waiting[i], 0, true, bb_bytes_str("kept"));
    o->n_waiting = 0;
    return o->fail ? FLUSH_FAIL : 0;
}

static bb_mono
on_tick(void *self, bb_mono now)
{
    struct owner *o = self;

    (void)now;
    atomic_fetch_add(&o->ticks, 1);
    for (unsigned i = 0; i < o->n_later; i++)
        bb_worker_reply(o->worker, o->later[i], 0, true, bb_bytes_str("ticked"));
    o->n_later = 0;
    return BB_NEVER;
}

static void
on_reset(void *self)
{
    struct owner *o = self;

    o->n_waiting = o->n_later = 0;
    atomic_fetch_add(&o->resets, 1);
}

static uint64_t
directory_version(void *self)
{
    (void)self;
    return 42;
}

static void
position(void *self, uint64_t *ret_sequence, uint64_t *ret_lag)
{
    (void)self;
    *ret_sequence = 1000;
    *ret_lag = 3;
}

static void
on_session_up(void *self, const struct bb_subscriber *subscriber)
{
    struct owner *o = self;

    bb_worker_fanout(o->worker, BB_KIND_SUBSCRIBED, subscriber->subscribe, &subscriber->session, 1);
}

static void
on_session_down(void *self, uint64_t session)
{
    (void)session;
    atomic_fetch_add(&((struct owner *)self)->downs, 1);
}

static void
on_session_ack(void *self, const struct bb_acknowledged *acknowledged)
{
    struct owner *o = self;
    uint64_t two[] = {acknowledged->session, acknowledged->session + 1};

    bb_worker_fanout(o->worker, BB_KIND_DELIVER, bb_bytes_str("news"), two, 2);
}

static void
on_called(void *self, uint64_t id, const struct bb_call_result *result)
{
    struct owner *o = self;

    (void)id;
    if (result->code == 0)
        atomic_fetch_add(&o->answered, 1);
    else if (result->code == BB_ERROR_UNAVAILABLE && result->retryable && o->resets == 0)
        atomic_fetch_add(&o->lost, 1);
}

static const struct bb_worker_ops ops = {
    .work = on_work,
    .pull = on_pull,
    .cancel = on_cancel,
    .directory = on_directory,
    .flush = on_flush,
    .tick = on_tick,
    .reset = on_reset,
    .directory_version = directory_version,
    .position = position,
    .session_up = on_session_up,
    .session_down = on_session_down,
    .session_ack = on_session_ack,
    .called = on_called,
};

/* ---- the broker ---- */

static char folder[] = "/tmp/test_worker.XXXXXX";
static char endpoint[80];
static void *zmq;
static void *router;
static uint8_t peer[BB_ROUTING_ID_BYTES];
static struct bb_arena arena;
static struct bb_bundle bundle;
static int signal_pipe[2];

static void
bind_router(void)
{
    int zero = 0, one = 1;

    router = zmq_socket(zmq, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &one, sizeof one);
    assert_int_equal(zmq_bind(router, endpoint), 0);
}

/* What came in one message. */
struct heard {
    unsigned frames;
    unsigned kinds[256];
    unsigned replies, finals, kept, ticked;
    uint32_t parts;
    uint32_t credit[2], credit_bytes[2];
    Bb__Ready *ready;
    Bb__Heartbeat *heartbeat;
    Bb__WorkReply *reply;
    Bb__Fanout *fanout;
};

static void
hear_frame(const struct bb_frame *frame, struct heard *h)
{
    Bb__Credit *credit;

    h->frames++;
    h->kinds[frame->kind]++;
    switch (frame->kind) {
    case BB_KIND_READY:
        assert_int_equal(bb_unpack(bb__ready, frame->body, &arena, &h->ready), 0);
        break;
    case BB_KIND_HEARTBEAT:
        assert_int_equal(bb_unpack(bb__heartbeat, frame->body, &arena, &h->heartbeat), 0);
        break;
    case BB_KIND_CREDIT:
        assert_int_equal(bb_unpack(bb__credit, frame->body, &arena, &credit), 0);
        h->credit[credit->lane] += credit->messages;
        h->credit_bytes[credit->lane] += credit->bytes;
        break;
    case BB_KIND_WORK_REPLY:
        assert_int_equal(bb_unpack(bb__work_reply, frame->body, &arena, &h->reply), 0);
        h->replies++;
        h->finals += h->reply->final ? 1 : 0;
        h->parts += !h->reply->final || h->reply->part;
        h->kept += h->reply->body.len == 4 && memcmp(h->reply->body.data, "kept", 4) == 0;
        h->ticked += h->reply->body.len == 6 && memcmp(h->reply->body.data, "ticked", 6) == 0;
        break;
    case BB_KIND_FANOUT:
        assert_int_equal(bb_unpack(bb__fanout, frame->body, &arena, &h->fanout), 0);
        break;
    default:
        break;
    }
}

/* One message, added to what was heard; false when none comes in time. */
static bool
hear(struct heard *h, int patience)
{
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    struct bb_unbundle walk;
    struct bb_frame frame;
    zmq_msg_t message;

    if (zmq_poll(&item, 1, patience) <= 0)
        return false;
    bb_arena_reset(&arena);
    assert_int_equal(zmq_recv(router, peer, sizeof peer, 0), sizeof peer);
    assert_int_equal(peer[0], 1);
    zmq_msg_init(&message);
    assert_true(zmq_msg_recv(&message, router, 0) >= 0);
    assert_false(zmq_msg_more(&message));
    assert_true(zmq_msg_size(&message) <= BB_LIMIT_WORKER_FRAME_BYTES);
    assert_int_equal(bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))), 0);
    while (bb_unbundle_next(&walk, &frame) == 0)
        hear_frame(&frame, h);
    zmq_msg_close(&message);
    return true;
}

/* Messages until one holds this kind. */
static struct heard
hear_kind(enum bb_kind kind)
{
    struct heard h = {0};

    while (!h.kinds[kind]) {
        struct heard one = {0};
        assert_true(hear(&one, PATIENCE));
        h = one;
    }
    return h;
}

static void
send_bundle(void)
{
    zmq_msg_t message;

    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_int_equal(zmq_send(router, peer, sizeof peer, ZMQ_SNDMORE), sizeof peer);
    assert_true(zmq_msg_send(&message, router, 0) >= 0);
}

static void
add_work(uint64_t tag, uint32_t method, const char *body)
{
    Bb__Work work = BB__WORK__INIT;

    work.tag = tag;
    work.method = method;
    work.organization = work.member = (char *)(uintptr_t) "x";
    work.role = BB__ROLE__ROLE_STAFF;
    work.timeout_ms = 1000;
    work.has_body = true;
    work.body = (ProtobufCBinaryData){.len = strlen(body), .data = (uint8_t *)(uintptr_t)body};
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK, &work.base), 0);
}

static void
send_heartbeat(void)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_HEARTBEAT, &heartbeat.base), 0);
    send_bundle();
}

/* ---- setting up ---- */

static void *
run(void *unused)
{
    (void)unused;
    owner.result = bb_worker_run(owner.worker);
    return NULL;
}

static void
start_worker(void)
{
    struct bb_worker_config config = {
        .endpoint = endpoint,
        .service = "measurement",
        .credit_messages = {CREDIT, CREDIT},
        .credit_bytes = {1u << 20, 1u << 20},
        .signal_fd = signal_pipe[0],
    };

    memset(&owner, 0, sizeof owner);
    assert_int_equal(bb_worker_new(&config, &ops, &owner, &owner.worker), 0);
    assert_int_equal(pthread_create(&owner.thread, NULL, run, NULL), 0);
}

static void
raise_signal(uint32_t number)
{
    struct signalfd_siginfo info = {.ssi_signo = number};

    assert_int_equal(write(signal_pipe[1], &info, sizeof info), sizeof info);
}

/* Wait for the worker to end, by itself or because we say so. */
static int
join_worker(bool stop)
{
    if (stop) {
        raise_signal(SIGTERM);
        raise_signal(SIGTERM);
    }
    pthread_join(owner.thread, NULL);
    bb_worker_destroy(&owner.worker);
    assert_null(owner.worker);
    return owner.result;
}

static int
set_up(void **unused)
{
    (void)unused;
    if (!mkdtemp(folder) || pipe2(signal_pipe, O_NONBLOCK) < 0)
        return -1;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/worker.sock", folder);
    zmq = zmq_ctx_new();
    bb_arena_init(&arena, 64u << 20);
    bb_bundle_init(&bundle, BB_LIMIT_WORKER_FRAME_BYTES);
    bb_log_open("test", LOG_ERR);
    bind_router();
    return 0;
}

static int
tear_down(void **unused)
{
    (void)unused;
    zmq_close(router);
    zmq_ctx_term(zmq);
    bb_arena_release(&arena);
    bb_bundle_release(&bundle);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    unlink(endpoint + strlen("ipc://"));
    return rmdir(folder) == 0 ? (strcpy(folder + sizeof folder - 7, "XXXXXX"), 0) : -1;
}

/* ---- tests ---- */

static void
test_ready_and_heartbeat(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    h = hear_kind(BB_KIND_READY);
    assert_string_equal(h.ready->service, "measurement");
    assert_int_equal(h.ready->directory_version, 42);
    assert_int_equal(h.ready->credit[1]->messages, CREDIT);
    h = hear_kind(BB_KIND_HEARTBEAT);
    assert_int_equal(h.heartbeat->sequence, 1000);
    assert_int_equal(h.heartbeat->lag, 3);
    assert_int_equal(join_worker(true), 0);
}

/* Five hundred commands in one bundle are answered by one message, after one flush. */
static void
test_one_message_a_round(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    for (uint64_t tag = 0; tag < 500; tag++)
        add_work(tag, tag % 2 ? BB_METHOD_SUBMIT : BB_METHOD_TREND, "1234567890");
    send_bundle();
    h = hear_kind(BB_KIND_WORK_REPLY);
    assert_int_equal(h.finals, 500);
    assert_int_equal(h.kept, 250);
    assert_int_equal(h.credit[0], 250);
    assert_int_equal(h.credit[1], 250);
    assert_int_equal(h.credit_bytes[0], 2500);
    assert_int_equal(join_worker(true), 0);
}

static void
test_wake(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    for (uint64_t tag = 1; tag < 50; tag++) {
        add_work(tag, BB_METHOD_TREND, "later");
        send_bundle();
        h = hear_kind(BB_KIND_WORK_REPLY);
        assert_int_equal(h.reply->tag, tag);
        assert_int_equal(h.ticked, 1);
    }
    assert_int_equal(join_worker(true), 0);
}

static void
test_other_kinds_reach_the_owner(void **unused)
{
    (void)unused;
    Bb__WorkPull pull = BB__WORK_PULL__INIT;
    Bb__WorkCancel cancel = BB__WORK_CANCEL__INIT;
    Bb__Directory directory = BB__DIRECTORY__INIT;

    start_worker();
    hear_kind(BB_KIND_READY);
    directory.version = 7;
    directory.full = true;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_DIRECTORY, &directory.base), 0);
    add_work(9, BB_METHOD_TREND, "keep");
    pull.tag = cancel.tag = 9;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK_PULL, &pull.base), 0);
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK_CANCEL, &cancel.base), 0);
    add_work(10, BB_METHOD_TREND, "end");
    send_bundle();
    hear_kind(BB_KIND_WORK_REPLY);
    assert_int_equal(owner.directories, 1);
    assert_int_equal(owner.pulls, 1);
    assert_int_equal(owner.cancels, 1);
    assert_int_equal(join_worker(true), 0);
}

static void
test_subscribers(void **unused)
{
    (void)unused;
    Bb__SessionUp up = BB__SESSION_UP__INIT;
    Bb__SessionDown down = BB__SESSION_DOWN__INIT;
    Bb__SessionAck ack = BB__SESSION_ACK__INIT;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    up.session = ack.session = down.session = 31;
    up.organization = up.member = (char *)(uintptr_t) "x";
    up.role = BB__ROLE__ROLE_PARTNER;
    up.subscribe = (ProtobufCBinaryData){.len = 4, .data = (uint8_t *)(uintptr_t) "body"};
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_SESSION_UP, &up.base), 0);
    send_bundle();
    h = hear_kind(BB_KIND_FANOUT);
    assert_int_equal(h.fanout->kind, BB_KIND_SUBSCRIBED);
    assert_int_equal(h.fanout->body.len, 4);
    assert_int_equal(h.fanout->session[0], 31);
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_SESSION_DOWN, &down.base), 0);
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_SESSION_ACK, &ack.base), 0);
    send_bundle();
    h = hear_kind(BB_KIND_FANOUT);
    assert_int_equal(h.fanout->kind, BB_KIND_DELIVER);
    assert_int_equal(h.fanout->n_session, 2);
    assert_int_equal(owner.downs, 1);
    assert_int_equal(join_worker(true), 0);
}

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

static void
test_drain(void **unused)
{
    (void)unused;
    struct heard h;

    start_worker();
    hear_kind(BB_KIND_READY);
    add_work(5, BB_METHOD_TREND, "keep");
    add_work(6, BB_METHOD_TREND, "now");
    send_bundle();
    hear_kind(BB_KIND_WORK_REPLY);
    raise_signal(SIGHUP);
    raise_signal(SIGTERM);
    hear_kind(BB_KIND_DRAIN);
    add_work(7, BB_METHOD_SUBMIT, "was on its way");
    add_work(8, BB_METHOD_TREND, "later");
    send_bundle();
    h = hear_kind(BB_KIND_WORK_REPLY);
    if (h.replies < 2)
        h = hear_kind(BB_KIND_WORK_REPLY);
    Bb__WorkCancel cancel = BB__WORK_CANCEL__INIT;
    cancel.tag = 5;
    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_WORK_CANCEL, &cancel.base), 0);
    send_bundle();
    assert_int_equal(join_worker(false), 0);
    assert_int_equal(owner.resets, 0);
}

static void
test_failed_flush_answers_nothing(void **unused)
{
    (void)unused;
    struct heard h = {0};

    start_worker();
    hear_kind(BB_KIND_READY);
    add_work(1, BB_METHOD_SUBMIT, "x");
    add_work(2, BB_METHOD_SUBMIT, "fail");
    send_bundle();
    assert_int_equal(join_worker(false), FLUSH_FAIL);
    while (hear(&h, QUIET)) {
    }
    assert_int_equal(h.replies, 0);
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
        T(test_ready_and_heartbeat),
        T(test_one_message_a_round),
        T(test_wake),
        T(test_other_kinds_reach_the_owner),
        T(test_subscribers),
        T(test_calls),
        T(test_broker_restarts),
        T(test_starts_without_broker),
        T(test_broken_messages_cost_the_connection),
        T(test_silent_broker),
        T(test_drain),
        T(test_failed_flush_answers_nothing),
        T(test_slow_broker),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
