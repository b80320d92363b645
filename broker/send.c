/* What goes out. Every send is DONTWAIT: a peer whose pipe is full, or who is not there, is dropped when the
 * round ends; nothing waits for it.
 *
 * How much a client has not read cannot be asked of libzmq. So behind PROBE_BYTES a PING with a random token
 * is sent, and its PONG confirms everything before it. */
#include "shell.h"

#include "proto/errors.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define PROBE_BYTES ((uint64_t)64 << 10)
#define IDLE_BYTES  ((uint64_t)16 << 10)

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

static void
add_probe(struct bb_peer *peer)
{
    Bb__Ping ping = BB__PING__INIT;

    randombytes_buf(&peer->ping_token, sizeof peer->ping_token);
    ping.has_token = true;
    ping.token = peer->ping_token;
    if (bb_bundle_add(&peer->out, BB_KIND_PING, &ping.base) != 0)
        return; /* full: with the next one */
    peer->ping_open = true;
    peer->ping_mark = peer->sent + peer->out.len;
}

static struct bb_peer *
slowest(struct bb_broker *broker)
{
    struct bb_peer *worst = NULL;

    for (struct bb_peer *peer = broker->peers.first; peer; peer = peer->next)
        if (!peer->broken && (!worst || peer->sent - peer->confirmed > worst->sent - worst->confirmed))
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
account(struct bb_broker *broker, struct bb_peer *peer, uint64_t bytes)
{
    broker->counters.messages_out++;
    broker->counters.bytes_out += bytes;
    peer->sent += bytes;
    broker->unread += bytes;
    if (peer->sent - peer->confirmed > (uint64_t)broker->settings->unread_bytes) {
        broker->counters.slow_readers++;
        give_up(broker, peer);
    } else if (broker->unread > (uint64_t)broker->settings->unread_total_bytes) {
        struct bb_peer *worst = slowest(broker);
        if (worst) {
            broker->counters.slow_readers++;
            give_up(broker, worst);
        }
    }
}

static void
send_peer(struct bb_broker *broker, struct bb_peer *peer)
{
    zmq_msg_t message;
    uint64_t bytes;
    int r;

    if (!peer->ping_open && peer->sent + peer->out.len - peer->confirmed >= PROBE_BYTES)
        add_probe(peer);
    r = bb_bundle_take(&peer->out, &message);
    if (r == BB_BUNDLE_E_EMPTY)
        return;
    bytes = r == 0 ? zmq_msg_size(&message) : 0;
    if (r == 0)
        r = send_message(&broker->door[peer->door], peer->id, &message);
    if (r == -EAGAIN)
        broker->counters.slow_readers++;
    if (r < 0)
        give_up(broker, peer);
    else
        account(broker, peer, bytes);
}

void
bb_send(struct bb_broker *broker, struct bb_peer *peer, enum bb_kind kind, const ProtobufCMessage *message)
{
    int r;

    if (peer->dead || peer->broken)
        return;
    bb_send_later(broker, peer);
    r = bb_bundle_add(&peer->out, kind, message);
    if (r == BB_BUNDLE_E_FULL) {
        send_peer(broker, peer);
        r = peer->broken ? 0 : bb_bundle_add(&peer->out, kind, message);
    }
    if (r != 0)
        give_up(broker, peer);
}

static void
set_confirmed(struct bb_broker *broker, struct bb_peer *peer, uint64_t mark)
{
    broker->unread -= mark - peer->confirmed;
    peer->confirmed = mark;
}

void
bb_send_confirmed(struct bb_broker *broker, struct bb_peer *peer, uint64_t token)
{
    if (!peer->ping_open || token != peer->ping_token)
        return;
    peer->ping_open = false;
    set_confirmed(broker, peer, peer->ping_mark < peer->sent ? peer->ping_mark : peer->sent);
}

void
bb_send_probes(struct bb_broker *broker)
{
    for (struct bb_peer *peer = broker->peers.first; peer; peer = peer->next) {
        if (peer->ping_open || peer->broken || peer->sent - peer->confirmed < IDLE_BYTES)
            continue;
        add_probe(peer);
        bb_send_later(broker, peer);
    }
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
            set_confirmed(broker, peer, peer->sent);
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
            bb_worker_drop(broker, worker, "it cannot be sent to");
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

static struct bb_peer *
peer_of(struct bb_conn *conn)
{
    return (struct bb_peer *)((char *)conn - offsetof(struct bb_peer, conn));
}

static void
on_reply(void *self, struct bb_conn *conn, const struct bb_router_reply *reply)
{
    Bb__Reply message = BB__REPLY__INIT;

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
