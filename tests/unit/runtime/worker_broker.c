#include "worker_broker.h"

#include "runtime/log.h"

#include "proto/arena.h"
#include "proto/limits.h"
#include "proto/message.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static char folder[] = "/tmp/test_worker.XXXXXX";
char endpoint[80];
static void *zmq;
void *router;
uint8_t peer[BB_ROUTING_ID_BYTES];
static struct bb_arena arena;
struct bb_bundle bundle;
static int signal_pipe[2];

void
bind_router(void)
{
    int zero = 0, one = 1;

    router = zmq_socket(zmq, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &one, sizeof one);
    assert_int_equal(zmq_bind(router, endpoint), 0);
}

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

bool
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

struct heard
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

void
send_bundle(void)
{
    zmq_msg_t message;

    assert_int_equal(bb_bundle_take(&bundle, &message), 0);
    assert_int_equal(zmq_send(router, peer, sizeof peer, ZMQ_SNDMORE), sizeof peer);
    assert_true(zmq_msg_send(&message, router, 0) >= 0);
}

void
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

void
send_heartbeat(void)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

    assert_int_equal(bb_bundle_add(&bundle, BB_KIND_HEARTBEAT, &heartbeat.base), 0);
    send_bundle();
}

/* Setting up. */

static void *
run(void *unused)
{
    (void)unused;
    owner.result = bb_worker_run(owner.worker);
    return NULL;
}

void
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
    assert_int_equal(bb_worker_new(&config, &owner_ops, &owner, &owner.worker), 0);
    assert_int_equal(pthread_create(&owner.thread, NULL, run, NULL), 0);
}

void
raise_signal(uint32_t number)
{
    struct signalfd_siginfo info = {.ssi_signo = number};

    assert_int_equal(write(signal_pipe[1], &info, sizeof info), sizeof info);
}

int
join_worker(bool stop)
{
    if (stop) {
        raise_signal(SIGTERM);
        raise_signal(SIGTERM);
    }
    pthread_join(owner.thread, NULL);
    owner_forget_later();
    bb_worker_destroy(&owner.worker);
    assert_null(owner.worker);
    return owner.result;
}

int
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

int
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
