/* What comes in from workers. They are ours, behind a socket that only our user opens, and yet what they send
 * is judged like a client's: a worker that sends what cannot be decoded is dropped.
 *
 * A worker is dead when its connection is (the descriptor its messages came from), when it was silent for
 * DEAD_MS, or when another one says READY for its service. */
#include "shell.h"

#include "directory.h"
#include "proto/errors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DEAD_MS      3000
#define LOCAL_NUMBER 0 /* the account of what is asked on this machine */

static void
stop_serving(struct bb_broker *broker, enum bb_service service)
{
    bb_router_worker_gone(broker->router, service);
    if (service == BB_SERVICE_COMMUNICATION) {
        bb_fanout_clear(broker);
        bb_subscribe_worker_gone(broker);
    }
}

void
bb_worker_drop(struct bb_broker *broker, struct bb_worker_link *worker, const char *why)
{
    if (worker->gone)
        return;
    worker->gone = true;
    bb_bundle_clear(&worker->out);
    bb_router_conn_gone(broker->router, &worker->conn);
    if (worker->service < 0)
        return;
    bb_notice("worker of %s: gone: %s", bb_service_name((uint32_t)worker->service), why);
    broker->counters.workers_gone++;
    if (bb_router_worker(broker->router, (enum bb_service)worker->service) == worker)
        stop_serving(broker, (enum bb_service)worker->service);
}

void
bb_worker_expel(struct bb_broker *broker, struct bb_worker_link *worker, const char *why)
{
    bb_worker_drop(broker, worker, why);
    bb_kick(broker, worker->fd);
}

void
bb_worker_link_lost(struct bb_broker *broker, int fd)
{
    for (struct bb_worker_link *worker = broker->workers; worker; worker = worker->next)
        if (worker->fd == fd)
            bb_worker_drop(broker, worker, "disconnected");
}

void
bb_workers_release(struct bb_broker *broker)
{
    while (broker->workers) {
        struct bb_worker_link *worker = broker->workers;
        broker->workers = worker->next;
        bb_bundle_release(&worker->out);
        free(worker);
    }
}

/* Directory. */

struct telling {
    struct bb_broker *broker;
    struct bb_worker_link *worker;
};

static void
tell(void *self, const Bb__Directory *directory)
{
    struct telling *telling = self;

    bb_send_to_worker(telling->broker, telling->worker, BB_KIND_DIRECTORY, &directory->base);
}

static void
tell_all(struct bb_broker *broker, struct bb_worker_link *worker)
{
    struct telling telling = {broker, worker};

    if (bb_directory_full(broker->registry, tell, &telling) < 0)
        worker->broken = true;
}

void
bb_workers_tell(struct bb_broker *broker, const struct bb_organization *organization)
{
    for (struct bb_worker_link *worker = broker->workers; worker; worker = worker->next) {
        struct telling telling = {broker, worker};

        if (worker->service < 0 || worker->gone)
            continue;
        if (organization)
            bb_directory_update(broker->registry, organization, tell, &telling);
        else
            tell_all(broker, worker);
    }
}

/* Frames. */

static void
read_credit(const Bb__Ready *ready, struct bb_router_credit ret_credit[static BB_LANES])
{
    memset(ret_credit, 0, BB_LANES * sizeof *ret_credit);
    for (size_t i = 0; i < ready->n_credit; i++) {
        const Bb__Credit *credit = ready->credit[i];
        if (credit->lane < BB_LANES)
            ret_credit[credit->lane] =
                (struct bb_router_credit){.messages = credit->messages, .bytes = credit->bytes};
    }
}

/* The one that served until now is dropped first: it may be a stalled process, or one that was replaced. */
static void
replace(struct bb_broker *broker, struct bb_worker_link *worker, int service)
{
    struct bb_worker_link *old = bb_router_worker(broker->router, (enum bb_service)service);

    if (old && old != worker)
        bb_worker_expel(broker, old, "another one took its place");
}

static void
on_ready(struct bb_broker *broker, struct bb_worker_link *worker, const Bb__Ready *ready)
{
    struct bb_router_credit credit[BB_LANES];
    int service = bb_service_by_name(ready->service);
    bool again = worker->service == service;

    if (service <= BB_SERVICE_BROKER || (worker->service >= 0 && !again)) {
        broker->counters.refused_unexpected++;
        bb_worker_expel(broker, worker, "READY for a service that it cannot have");
        return;
    }
    replace(broker, worker, service);
    worker->service = service;
    worker->conn.who = (struct bb_who){.organization = bb_service_name((uint32_t)service),
                                       .member = bb_service_name((uint32_t)service),
                                       .role = BB__ROLE__ROLE_SERVICE,
                                       .number = LOCAL_NUMBER};
    if (ready->directory_version != bb_registry_version(broker->registry))
        tell_all(broker, worker);
    read_credit(ready, credit);
    if (!again) {
        broker->counters.workers_ready++;
        bb_notice("worker of %s: ready", ready->service);
    }
    bb_router_worker_ready(broker->router, broker->now, (enum bb_service)service, worker, credit);
}

static void
on_work_reply(struct bb_broker *broker, struct bb_worker_link *worker, const Bb__WorkReply *in)
{
    struct bb_router_work_reply reply = {
        .tag = in->tag,
        .part = in->part,
        .final = in->final,
        .has_body = in->has_body,
        .body = bb_bytes(in->body.data, in->body.len),
        .code = in->code,
        .message = in->message,
        .retryable = in->retryable,
        .retry_after_ms = in->has_retry_after_ms ? in->retry_after_ms : 0,
    };
    enum bb_router_outcome outcome =
        bb_router_work_reply(broker->router, (enum bb_service)worker->service, &reply);

    if (outcome == BB_ROUTER_E_BROKEN && bb_log_allow(&broker->complaints))
        bb_error("worker of %s: a part without window, out of order or too large",
                 bb_service_name((uint32_t)worker->service));
}

static void
on_credit(struct bb_broker *broker, struct bb_worker_link *worker, const Bb__Credit *credit)
{
    if (credit->lane >= BB_LANES) {
        broker->counters.refused_unexpected++;
        return;
    }
    bb_router_worker_credit(broker->router, broker->now, (enum bb_service)worker->service,
                            (enum bb_lane)credit->lane,
                            (struct bb_router_credit){.messages = credit->messages, .bytes = credit->bytes});
}

static void
on_heartbeat(struct bb_worker_link *worker, const Bb__Heartbeat *heartbeat)
{
    worker->has_sequence = heartbeat->has_sequence;
    worker->sequence = heartbeat->sequence;
    worker->has_lag = heartbeat->has_lag;
    worker->lag = heartbeat->lag;
}

static void
refuse_call(struct bb_broker *broker, struct bb_worker_link *worker, uint64_t id, uint32_t code,
            const char *message)
{
    const struct bb_router_error error = {
        .id = id,
        .code = code,
        .message = message,
        .retryable = bb_error_retryable(code),
        .retry_after_ms = bb_error_retryable(code) ? BB_RETRY_OVERLOADED_MS : 0,
    };

    bb_router_count_error(broker->router, code);
    bb_send_call_error(broker, worker, &error);
}

static void
on_call(struct bb_broker *broker, struct bb_worker_link *worker, const Bb__Call *call)
{
    const struct bb_router_request request = {
        .id = call->id,
        .method = call->method,
        .timeout_ms = call->timeout_ms,
        .window_bytes = BB_LIMIT_WINDOW_BYTES,
        .single = true,
        .has_body = call->has_body,
        .body = bb_bytes(call->body.data, call->body.len),
    };
    uint32_t code = bb_policy_check(&broker->policy, call->method, worker->conn.who.role);

    broker->counters.calls++;
    if (code)
        refuse_call(broker, worker, call->id, code, NULL);
    else if (worker->conn.outstanding >= BB_LIMIT_CALLS)
        refuse_call(broker, worker, call->id, BB_ERROR_OVERLOADED, "too many open calls");
    else
        bb_router_request(broker->router, broker->now, &worker->conn, &request);
}

/* Only the communication service has sessions. */
static void
on_fanout(struct bb_broker *broker, struct bb_worker_link *worker, const Bb__Fanout *fanout)
{
    int r = worker->service == BB_SERVICE_COMMUNICATION ? bb_fanout(broker, fanout) : -EBADMSG;

    if (r == -EBADMSG)
        broker->counters.refused_unexpected++;
    if (r < 0)
        bb_worker_expel(broker, worker,
                        r == -EBADMSG ? "a FANOUT that is none" : "no memory for what it sent");
}

static void
on_ping(struct bb_broker *broker, struct bb_worker_link *worker, const Bb__Ping *ping)
{
    Bb__Pong pong = BB__PONG__INIT;

    if (worker->service == BB_SERVICE_COMMUNICATION) {
        if (bb_fanout_ping(broker, ping->token) < 0)
            bb_worker_expel(broker, worker, "no memory for what it sent");
        return;
    }
    pong.has_token = ping->has_token;
    pong.token = ping->token;
    bb_send_to_worker(broker, worker, BB_KIND_PONG, &pong.base);
}

static const ProtobufCMessageDescriptor *
type_of(uint8_t kind)
{
    switch (kind) {
    case BB_KIND_READY:
        return &bb__ready__descriptor;
    case BB_KIND_WORK_REPLY:
        return &bb__work_reply__descriptor;
    case BB_KIND_CREDIT:
        return &bb__credit__descriptor;
    case BB_KIND_HEARTBEAT:
        return &bb__heartbeat__descriptor;
    case BB_KIND_DRAIN:
        return &bb__drain__descriptor;
    case BB_KIND_FANOUT:
        return &bb__fanout__descriptor;
    case BB_KIND_CALL:
        return &bb__call__descriptor;
    case BB_KIND_CALL_CANCEL:
        return &bb__call_cancel__descriptor;
    case BB_KIND_PING:
        return &bb__ping__descriptor;
    case BB_KIND_PONG:
        return &bb__pong__descriptor;
    default:
        return NULL;
    }
}

static void
dispatch(struct bb_broker *broker, struct bb_worker_link *worker, uint8_t kind,
         const ProtobufCMessage *message)
{
    switch (kind) {
    case BB_KIND_READY:
        on_ready(broker, worker, (const Bb__Ready *)message);
        return;
    case BB_KIND_WORK_REPLY:
        on_work_reply(broker, worker, (const Bb__WorkReply *)message);
        return;
    case BB_KIND_CREDIT:
        on_credit(broker, worker, (const Bb__Credit *)message);
        return;
    case BB_KIND_HEARTBEAT:
        on_heartbeat(worker, (const Bb__Heartbeat *)message);
        return;
    case BB_KIND_DRAIN:
        bb_router_worker_drain(broker->router, (enum bb_service)worker->service);
        return;
    case BB_KIND_FANOUT:
        on_fanout(broker, worker, (const Bb__Fanout *)message);
        return;
    case BB_KIND_CALL:
        on_call(broker, worker, (const Bb__Call *)message);
        return;
    case BB_KIND_CALL_CANCEL:
        bb_router_cancel(broker->router, &worker->conn, ((const Bb__CallCancel *)message)->id);
        return;
    case BB_KIND_PING:
        on_ping(broker, worker, (const Bb__Ping *)message);
        return;
    case BB_KIND_PONG:
        bb_subscribe_told(worker, (const Bb__Pong *)message);
        return;
    default:
        return;
    }
}

static void
on_frame(struct bb_broker *broker, struct bb_worker_link *worker, const struct bb_frame *frame)
{
    const ProtobufCMessageDescriptor *type = type_of(frame->kind);
    ProtobufCMessage *message;

    if (frame->major != BB_VERSION_MAJOR) {
        bb_worker_expel(broker, worker, "a frame of another major version");
        return;
    }
    if (!type || (worker->service < 0 && frame->kind != BB_KIND_READY)) {
        broker->counters.refused_unexpected++;
        return;
    }
    bb_arena_reset(&broker->arena);
    if (bb_message_unpack(type, frame->body, &broker->arena, &message) < 0) {
        broker->counters.refused_malformed++;
        bb_worker_expel(broker, worker, "a message that cannot be decoded");
        return;
    }
    dispatch(broker, worker, frame->kind, message);
}

static void
on_body(struct bb_broker *broker, struct bb_worker_link *worker, struct bb_bytes body)
{
    struct bb_unbundle walk;
    struct bb_frame frame;
    int r = bb_unbundle_init(&walk, body);

    if (r == 0)
        while (!worker->gone && (r = bb_unbundle_next(&walk, &frame)) == 0)
            on_frame(broker, worker, &frame);
    if (r < 0) {
        broker->counters.refused_malformed++;
        bb_worker_expel(broker, worker, "not a frame, or a broken bundle");
    }
}

/* Messages. */

static struct bb_worker_link *
known_worker(const struct bb_broker *broker, struct bb_bytes id, int fd)
{
    struct bb_worker_link *worker;

    for (worker = broker->workers; worker; worker = worker->next)
        if (!worker->gone && worker->fd == fd && bb_bytes_equal(id, bb_bytes(worker->id, sizeof worker->id)))
            return worker;
    return NULL;
}

static struct bb_worker_link *
new_worker(struct bb_broker *broker, const uint8_t *id, int fd)
{
    struct bb_worker_link *worker = calloc(1, sizeof *worker);

    if (!worker)
        return NULL;
    memcpy(worker->id, id, BB_ROUTING_ID_BYTES);
    worker->fd = fd;
    worker->service = -1;
    bb_bundle_init(&worker->out, BB_LIMIT_WORKER_FRAME_BYTES);
    worker->next = broker->workers;
    broker->workers = worker;
    return worker;
}

static void
on_message(struct bb_broker *broker, zmq_msg_t *id, zmq_msg_t *body, bool more)
{
    struct bb_bytes routing_id = bb_bytes(zmq_msg_data(id), zmq_msg_size(id));
    int fd = zmq_msg_get(body, ZMQ_SRCFD);
    struct bb_worker_link *worker = known_worker(broker, routing_id, fd);
    const struct bb_link *link;

    if (!worker) /* its connection may be newer than what we have been told of this descriptor */
        bb_monitors_read(broker);
    link = bb_peers_link(&broker->peers, fd);
    if (!link || link->leaving)
        return;
    if (more || !bb_routing_id_is_valid(routing_id)) {
        broker->counters.refused_routing_id++;
        bb_kick(broker, fd);
        return;
    }
    if (!worker)
        worker = new_worker(broker, routing_id.data, fd);
    if (!worker)
        return;
    worker->heard = broker->now;
    on_body(broker, worker, bb_bytes(zmq_msg_data(body), zmq_msg_size(body)));
}

static bool
receive(void *socket, zmq_msg_t *id, zmq_msg_t *body, bool *ret_more)
{
    zmq_msg_t extra;
    bool more;

    if (zmq_msg_recv(id, socket, ZMQ_DONTWAIT) < 0 || !zmq_msg_more(id) ||
        zmq_msg_recv(body, socket, ZMQ_DONTWAIT) < 0)
        return false;
    *ret_more = more = zmq_msg_more(body);
    zmq_msg_init(&extra);
    while (more && zmq_msg_recv(&extra, socket, ZMQ_DONTWAIT) >= 0)
        more = zmq_msg_more(&extra);
    zmq_msg_close(&extra);
    return true;
}

bool
bb_workers_read(struct bb_broker *broker, unsigned most)
{
    void *socket = broker->door[BB_DOOR_WORKER].socket;
    zmq_msg_t id, body;
    unsigned n = 0;
    bool more;

    zmq_msg_init(&id);
    zmq_msg_init(&body);
    while (n < most && !bb_fanout_is_full(broker) && receive(socket, &id, &body, &more)) {
        on_message(broker, &id, &body, more);
        n++;
    }
    zmq_msg_close(&id);
    zmq_msg_close(&body);
    return n == most || bb_fanout_is_full(broker);
}

void
bb_workers_tick(struct bb_broker *broker)
{
    for (struct bb_worker_link *worker = broker->workers; worker; worker = worker->next) {
        Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

        if (worker->gone)
            continue;
        if (broker->now - worker->heard > DEAD_MS && !bb_fanout_is_full(broker)) /* else nobody listens */
            bb_worker_expel(broker, worker, "silent");
        else
            bb_send_to_worker(broker, worker, BB_KIND_HEARTBEAT, &heartbeat.base);
    }
}
