/* What goes out. Every send is DONTWAIT: a peer whose pipe is full, or who is not there, is dropped when the
 * round ends; nothing waits for it.
 *
 * How much a client has not read cannot be asked of libzmq. So behind PROBE_BYTES a PING with a random token
 * is sent, and its PONG confirms everything before it. */
#include "shell.h"

#include "proto/errors.h"
#include "runtime/faults.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define HELD_PROBE_BYTES ((uint64_t)64 << 10)
#define PROBE_BYTES      ((uint64_t)256 << 10) /* of what others get as well, which costs no memory */
#define IDLE_BYTES       ((uint64_t)16 << 10)

#define LAG_MS 500 /* so late a PONG is when a client has stopped reading */

/* What libzmq takes for a message in the queue of a peer, beside the bytes. */
#define QUEUED_BYTES sizeof(zmq_msg_t)

/* One message to one peer of a ROUTER. Consumes it. 0 | -errno */
static int
send_message(struct bb_door_socket *door, const uint8_t *id, zmq_msg_t *message)
{
    int r = 0;

    door->sent_to = true;
    if (zmq_send(door->socket, id, BB_ROUTING_ID_BYTES, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
        zmq_msg_send(message, door->socket, ZMQ_DONTWAIT) < 0) {
        r = -errno;
        zmq_msg_close(message);
    }
    return r;
}

/* Clients. */

void
bb_send_later(struct bb_broker *broker, struct bb_peer *peer)
{
    if (peer->dirty)
        return;
    peer->dirty = true;
    peer->dirty_next = broker->dirty;
    broker->dirty = peer;
}

static uint64_t
unread(const struct bb_unread *unread)
{
    return unread->sent - unread->confirmed;
}

static void
add_probe(struct bb_peer *peer)
{
    Bb__Ping ping = BB__PING__INIT;

    randombytes_buf(&peer->ping_token, sizeof peer->ping_token);
    ping.has_token = true;
    ping.token = peer->ping_token;
    if (bb_bundle_add(&peer->out, BB_KIND_PING, &ping.base) == 0) /* else it is full: with the next one */
        peer->ping_due = true;
}

/* Is it time to ask what it has read, when so much more is sent? */
static bool
is_probe_due(const struct bb_peer *peer, uint64_t more)
{
    return !peer->ping_open && !peer->ping_due &&
           (unread(&peer->held) + more >= HELD_PROBE_BYTES || unread(&peer->all) + more >= PROBE_BYTES);
}

static struct bb_peer *
slowest(struct bb_broker *broker)
{
    struct bb_peer *worst = NULL;

    for (struct bb_peer *peer = broker->peers.first; peer; peer = peer->next)
        if (!peer->broken && (!worst || unread(&peer->all) > unread(&worst->all)))
            worst = peer;
    return worst;
}

static void
give_up(struct bb_broker *broker, struct bb_peer *peer)
{
    peer->broken = true;
    bb_send_later(broker, peer);
}

static void
give_up_slow(struct bb_broker *broker, struct bb_peer *peer)
{
    broker->counters.slow_readers++;
    give_up(broker, peer);
}

/* Too much is held for all together. What is held for the one that goes is free when libzmq has closed its
 * connection, so the next one goes in another round, if it must. */
static void
make_room(struct bb_broker *broker)
{
    struct bb_peer *worst;

    if (broker->made_room == broker->now)
        return;
    broker->made_room = broker->now;
    worst = slowest(broker);
    if (!worst)
        return;
    broker->counters.limited_unread_total++;
    give_up_slow(broker, worst);
}

/* A message of so many bytes is on its way to the peer, which alone keeps so many of them. */
static void
account(struct bb_broker *broker, struct bb_peer *peer, uint64_t bytes, uint64_t held)
{
    broker->counters.messages_out++;
    broker->counters.bytes_out += bytes;
    peer->busy = true;
    peer->all.sent += bytes + QUEUED_BYTES;
    peer->held.sent += held + QUEUED_BYTES;
    broker->unread += held + QUEUED_BYTES;
    if (peer->ping_due) {
        peer->ping_due = false;
        peer->ping_open = true;
        peer->ping_at = broker->now;
        peer->all.mark = peer->all.sent;
        peer->held.mark = peer->held.sent;
    }
    if (bb_fault("no-unread-limit"))
        return;
    if (unread(&peer->all) > (uint64_t)broker->settings->unread_bytes) {
        broker->counters.limited_unread++;
        give_up_slow(broker, peer);
    } else if (broker->unread + bb_fanout_shared_bytes(broker) >
               (uint64_t)broker->settings->unread_total_bytes) {
        make_room(broker);
    }
}

/* How sending went. */
static void
sent(struct bb_broker *broker, struct bb_peer *peer, int r, uint64_t bytes, uint64_t held)
{
    if (r == -EAGAIN)
        give_up_slow(broker, peer);
    else if (r < 0)
        give_up(broker, peer);
    else
        account(broker, peer, bytes, held);
}

static void
send_peer(struct bb_broker *broker, struct bb_peer *peer)
{
    zmq_msg_t message;
    uint64_t bytes;
    int r;

    if (is_probe_due(peer, peer->out.len))
        add_probe(peer);
    r = bb_bundle_take(&peer->out, &message);
    if (r == BB_BUNDLE_E_EMPTY)
        return;
    bytes = r == 0 ? zmq_msg_size(&message) : 0;
    if (r == 0)
        r = send_message(&broker->door[peer->door], peer->id, &message);
    sent(broker, peer, r, bytes, bytes);
}

void
bb_send_shared(struct bb_broker *broker, struct bb_peer *peer, zmq_msg_t *shared)
{
    uint64_t bytes = zmq_msg_size(shared);
    zmq_msg_t message;
    int r;

    if (peer->dead || peer->broken)
        return;
    if (!bb_bundle_is_empty(&peer->out))
        send_peer(broker, peer); /* what was gathered before comes before it */
    if (peer->broken)
        return;
    zmq_msg_init(&message);
    r = zmq_msg_copy(&message, shared) == 0 ? 0 : -errno;
    if (r == 0)
        r = send_message(&broker->door[peer->door], peer->id, &message);
    sent(broker, peer, r, bytes, 0);
    if (!peer->broken && is_probe_due(peer, 0)) /* at once: what is sent together costs least */
        send_peer(broker, peer);
}

uint8_t *
bb_send_room(struct bb_broker *broker, struct bb_peer *peer, size_t n)
{
    uint8_t *frame = NULL;
    int r;

    if (peer->dead || peer->broken)
        return NULL;
    bb_send_later(broker, peer);
    r = bb_bundle_extend(&peer->out, n, &frame);
    if (r == BB_BUNDLE_E_FULL) {
        send_peer(broker, peer);
        r = peer->broken ? 0 : bb_bundle_extend(&peer->out, n, &frame);
    }
    if (r != 0)
        give_up(broker, peer);
    return frame;
}

void
bb_send(struct bb_broker *broker, struct bb_peer *peer, enum bb_kind kind, const ProtobufCMessage *message)
{
    uint8_t *frame = bb_send_room(broker, peer, bb_frame_size(message));

    if (frame)
        bb_frame_write(frame, kind, message);
}

static void
set_confirmed(struct bb_broker *broker, struct bb_peer *peer, uint64_t all, uint64_t held)
{
    broker->unread -= held - peer->held.confirmed;
    peer->held.confirmed = held;
    peer->all.confirmed = all;
}

void
bb_send_confirmed(struct bb_broker *broker, struct bb_peer *peer, uint64_t token)
{
    if (!peer->ping_open || token != peer->ping_token)
        return;
    peer->ping_open = false;
    set_confirmed(broker, peer, peer->all.mark, peer->held.mark);
    if (is_probe_due(peer, 0))
        bb_send_later(broker, peer);
}

/* Who has not been sent to for a second keeps no buffer: of a crowd that is idle most of the time, that is
 * most of what a peer takes here. */
static void
rest(struct bb_peer *peer)
{
    if (!peer->busy && bb_bundle_is_empty(&peer->out))
        bb_bundle_release(&peer->out);
    peer->busy = false;
}

void
bb_send_probes(struct bb_broker *broker)
{
    for (struct bb_peer *peer = broker->peers.first; peer; peer = peer->next) {
        rest(peer);
        if (peer->ping_open || peer->ping_due || peer->broken || unread(&peer->all) < IDLE_BYTES)
            continue;
        add_probe(peer);
        bb_send_later(broker, peer);
    }
}

bool
bb_send_lags(const struct bb_broker *broker, const struct bb_peer *peer)
{
    return peer->ping_open && broker->now - peer->ping_at > LAG_MS;
}

static void
flush_clients(struct bb_broker *broker)
{
    while (broker->dirty) {
        struct bb_peer *peer = broker->dirty;

        broker->dirty = peer->dirty_next;
        peer->dirty = false;
        if (!peer->dead && !peer->broken)
            send_peer(broker, peer);
        if (peer->broken && !peer->dead) {
            bb_kick(broker, peer->fd);
            bb_client_drop(broker, peer);
        }
        if (peer->dead && !peer->dirty) {
            set_confirmed(broker, peer, peer->all.sent, peer->held.sent);
            bb_peer_free(peer);
        }
    }
}

/* Workers. */

static void
send_worker(struct bb_broker *broker, struct bb_worker_link *worker)
{
    zmq_msg_t message;
    int r = bb_bundle_take(&worker->out, &message);

    if (r == BB_BUNDLE_E_EMPTY)
        return;
    if (r == 0)
        r = send_message(&broker->door[BB_DOOR_WORKER], worker->id, &message);
    if (r < 0)
        worker->broken = true;
}

void
bb_send_to_worker(struct bb_broker *broker, struct bb_worker_link *worker, enum bb_kind kind,
                  const ProtobufCMessage *message)
{
    int r;

    if (worker->gone || worker->broken)
        return;
    r = bb_bundle_add(&worker->out, kind, message);
    if (r == BB_BUNDLE_E_FULL) {
        send_worker(broker, worker);
        r = worker->broken ? 0 : bb_bundle_add(&worker->out, kind, message);
    }
    if (r != 0)
        worker->broken = true;
}

static void
flush_workers(struct bb_broker *broker)
{
    struct bb_worker_link **at = &broker->workers;

    while (*at) {
        struct bb_worker_link *worker = *at;

        if (!worker->gone && !worker->broken)
            send_worker(broker, worker);
        if (worker->broken && !worker->gone)
            bb_worker_expel(broker, worker, "it cannot be sent to");
        if (worker->gone) {
            *at = worker->next;
            bb_bundle_release(&worker->out);
            free(worker);
        } else {
            at = &worker->next;
        }
    }
}

/* Workers first: what a client is told (a partner is registered) is true at the workers before. A worker that
 * is lost while sending gives its clients errors, which go out with the rest. */
void
bb_flush(struct bb_broker *broker)
{
    flush_workers(broker);
    flush_clients(broker); /* answers do not wait for a fan-out, which gives libzmq's threads much to do */
    bb_fanout_run(broker);
    flush_clients(broker);
    flush_workers(broker); /* cancellations of whom flush_clients() has dropped */
}

/* The router's actions. */

static void
on_work(void *self, void *worker, const struct bb_router_work *work)
{
    struct bb_broker *broker = self;
    Bb__Work message = BB__WORK__INIT;

    if (worker == bb_own_service) {
        bb_service_work(broker, work);
        return;
    }
    message.tag = work->tag;
    message.method = work->method;
    message.organization = (char *)work->who->organization;
    message.member = (char *)work->who->member;
    message.role = (Bb__Role)work->who->role;
    message.timeout_ms = work->timeout_ms;
    message.has_window_bytes = true;
    message.window_bytes = work->window_bytes;
    message.has_body = work->has_body;
    message.body = (ProtobufCBinaryData){.len = work->body.len, .data = (uint8_t *)work->body.data};
    bb_send_to_worker(broker, worker, BB_KIND_WORK, &message.base);
}

static void
on_work_pull(void *self, void *worker, uint64_t tag, uint32_t bytes)
{
    Bb__WorkPull message = BB__WORK_PULL__INIT;

    if (worker == bb_own_service) {
        bb_service_pull(self, tag, bytes);
        return;
    }
    message.tag = tag;
    message.bytes = bytes;
    bb_send_to_worker(self, worker, BB_KIND_WORK_PULL, &message.base);
}

static void
on_work_cancel(void *self, void *worker, uint64_t tag)
{
    Bb__WorkCancel message = BB__WORK_CANCEL__INIT;

    if (worker == bb_own_service) {
        bb_service_cancel(self, tag);
        return;
    }
    message.tag = tag;
    bb_send_to_worker(self, worker, BB_KIND_WORK_CANCEL, &message.base);
}

/* A worker that calls another service. */
static struct bb_worker_link *
caller_of(struct bb_conn *conn)
{
    return (struct bb_worker_link *)((char *)conn - offsetof(struct bb_worker_link, conn));
}

static void
on_call_reply(struct bb_broker *broker, struct bb_worker_link *worker, const struct bb_router_reply *reply)
{
    Bb__CallReply message = BB__CALL_REPLY__INIT;

    message.id = reply->id;
    message.has_body = reply->has_body;
    message.body = (ProtobufCBinaryData){.len = reply->body.len, .data = (uint8_t *)reply->body.data};
    bb_send_to_worker(broker, worker, BB_KIND_CALL_REPLY, &message.base);
}

void
bb_send_call_error(struct bb_broker *broker, struct bb_worker_link *worker,
                   const struct bb_router_error *error)
{
    Bb__CallReply message = BB__CALL_REPLY__INIT;

    message.id = error->id;
    message.has_code = true;
    message.code = error->code;
    message.message = (char *)(error->message ? error->message : bb_error_meaning(error->code));
    message.has_retryable = error->retryable;
    message.retryable = error->retryable;
    message.has_retry_after_ms = error->retry_after_ms != 0;
    message.retry_after_ms = error->retry_after_ms;
    bb_send_to_worker(broker, worker, BB_KIND_CALL_REPLY, &message.base);
}

static struct bb_peer *
peer_of(struct bb_conn *conn)
{
    return (struct bb_peer *)((char *)conn - offsetof(struct bb_peer, conn));
}

static void
on_reply(void *self, struct bb_conn *conn, const struct bb_router_reply *reply)
{
    Bb__Reply message = BB__REPLY__INIT;

    if (conn->who.role == BB__ROLE__ROLE_SERVICE) {
        on_call_reply(self, caller_of(conn), reply);
        return;
    }
    message.id = reply->id;
    message.has_part = reply->part != 0;
    message.part = reply->part;
    message.has_final = !reply->final;
    message.final = reply->final;
    message.has_body = reply->has_body;
    message.body = (ProtobufCBinaryData){.len = reply->body.len, .data = (uint8_t *)reply->body.data};
    bb_send(self, peer_of(conn), BB_KIND_REPLY, &message.base);
}

static void
on_error(void *self, struct bb_conn *conn, const struct bb_router_error *error)
{
    Bb__Error message = BB__ERROR__INIT;

    if (conn->who.role == BB__ROLE__ROLE_SERVICE) {
        bb_send_call_error(self, caller_of(conn), error);
        return;
    }
    message.has_id = true;
    message.id = error->id;
    message.code = error->code;
    message.message = (char *)(error->message ? error->message : bb_error_meaning(error->code));
    message.has_retryable = error->retryable;
    message.retryable = error->retryable;
    message.has_retry_after_ms = error->retry_after_ms != 0;
    message.retry_after_ms = error->retry_after_ms;
    bb_send(self, peer_of(conn), BB_KIND_ERROR, &message.base);
}

const struct bb_router_ops bb_router_shell = {
    .work = on_work,
    .work_pull = on_work_pull,
    .work_cancel = on_work_cancel,
    .reply = on_reply,
    .error = on_error,
};
