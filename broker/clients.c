/* What comes in from clients, on the public socket and on the operators'.
 *
 * A message is a routing id and one body frame, and both are judged before anything is decoded. After a poll
 * the first frame has lost its metadata, so key and descriptor are read from the body frame, of every
 * message. Multipart messages pass MAXMSGSIZE and the high-water marks, so whoever sends one is cut off. */
#include "shell.h"

#include "admission.h"
#include "unheard.h"

#include "proto/errors.h"
#include "runtime/clock.h"
#include "runtime/faults.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DISMISS_MS 200

static const struct bb_who operator_who = {
    .organization = BB_CODE_OPERATOR,
    .member = "local",
    .role = BB__ROLE__ROLE_OPERATOR,
    .number = 0,
};

static void
complain(struct bb_broker *broker, const struct bb_peer *peer, const char *what)
{
    if (bb_log_allow(&broker->complaints))
        bb_warning("client %s: %s", peer && peer->organization[0] ? peer->organization : "(unknown)", what);
}

/* Going. */

void
bb_client_drop(struct bb_broker *broker, struct bb_peer *peer)
{
    if (peer->dead)
        return;
    bb_router_conn_gone(broker->router, &peer->conn);
    bb_subscribe_peer_gone(broker, peer);
    bb_limits_leave(broker, peer);
    bb_peers_remove(&broker->peers, peer);
    bb_bundle_clear(&peer->out);
    bb_send_later(broker, peer);
}

void
bb_client_dismiss(struct bb_broker *broker, struct bb_peer *peer, uint32_t code, const char *message,
                  uint32_t retry_after_ms)
{
    struct bb_link *link = bb_peers_link(&broker->peers, peer->fd);
    Bb__Goaway goaway = BB__GOAWAY__INIT;

    goaway.code = code;
    goaway.message = (char *)(message ? message : bb_error_meaning(code));
    goaway.has_retry_after_ms = retry_after_ms != 0;
    goaway.retry_after_ms = retry_after_ms;
    bb_router_count_error(broker->router, code);
    bb_router_conn_gone(broker->router, &peer->conn);
    bb_subscribe_peer_gone(broker, peer);
    bb_send(broker, peer, BB_KIND_GOAWAY, &goaway.base);
    if (link) {
        link->leaving = true;
        link->kick_at = broker->now + DISMISS_MS;
    }
}

/* Who is it? */

/* Sets who the peer is to us. False: nobody, any more. */
static bool
identify(struct bb_broker *broker, struct bb_peer *peer)
{
    struct bb_key_holder holder;

    if (peer->door == BB_DOOR_ADMIN) {
        peer->conn.who = operator_who;
        return true;
    }
    if (!bb_registry_find_key(broker->registry, bb_bytes_str(peer->key), &holder) ||
        !bb_key_holder_may_enter(&holder, broker->today, bb_clock_utc()))
        return false;
    snprintf(peer->organization, sizeof peer->organization, "%s", holder.organization->code);
    snprintf(peer->member, sizeof peer->member, "%s", holder.member->name);
    peer->conn.who = (struct bb_who){
        .organization = peer->organization,
        .member = peer->member,
        .key = peer->key,
        .role = holder.member->role,
        .number = holder.organization->number,
    };
    return true;
}

static void
revoke(struct bb_broker *broker, struct bb_peer *peer)
{
    broker->counters.refused_revoked++;
    bb_client_dismiss(broker, peer, BB_ERROR_UNKNOWN_KEY, NULL, 0);
}

void
bb_clients_review(struct bb_broker *broker)
{
    struct bb_peer *peer = broker->peers.first;

    while (peer) {
        struct bb_peer *next = peer->next;
        const struct bb_link *link = bb_peers_link(&broker->peers, peer->fd);
        uint32_t number = peer->conn.who.number;

        if (link && !link->leaving && !peer->broken) {
            if (!identify(broker, peer))
                revoke(broker, peer);
            else if (peer->conn.who.number != number) { /* the key is another organization's now */
                peer->conn.who.number = number;         /* what is open is charged to the old one */
                revoke(broker, peer);
            }
        }
        peer = next;
    }
}

/* Frames. */

static void
send_error(struct bb_broker *broker, struct bb_peer *peer, const uint64_t *id, uint32_t code,
           const char *message, uint32_t retry_after_ms)
{
    Bb__Error error = BB__ERROR__INIT;

    error.has_retry_after_ms = retry_after_ms > 0;
    error.retry_after_ms = retry_after_ms;
    error.has_id = id != NULL;
    error.id = id ? *id : 0;
    error.code = code;
    error.message = (char *)(message ? message : bb_error_meaning(code));
    error.has_retryable = error.retryable = bb_error_retryable(code);
    bb_router_count_error(broker->router, code);
    bb_send(broker, peer, BB_KIND_ERROR, &error.base);
}

static void
on_hello(struct bb_broker *broker, struct bb_peer *peer, const Bb__Hello *hello)
{
    struct bb_link *link = bb_peers_link(&broker->peers, peer->fd);
    Bb__Welcome welcome = BB__WELCOME__INIT;
    struct bb_key_holder holder;
    bool known = bb_registry_find_key(broker->registry, bb_bytes_str(peer->key), &holder);

    if (hello->version_min > BB_VERSION_MAJOR || hello->version_max < BB_VERSION_MAJOR) {
        bb_client_dismiss(broker, peer, BB_ERROR_VERSION, "this broker speaks version 1", 0);
        return;
    }
    welcome.version = BB_VERSION_MAJOR;
    welcome.boot = (ProtobufCBinaryData){.len = sizeof broker->boot, .data = broker->boot};
    welcome.organization = (char *)peer->conn.who.organization;
    welcome.name = (char *)(known ? holder.organization->name : "operator");
    welcome.member = (char *)peer->conn.who.member;
    welcome.role = (Bb__Role)peer->conn.who.role;
    welcome.message_bytes = BB_LIMIT_FRAME_BYTES;
    welcome.submission_rows = BB_LIMIT_SUBMISSION_ROWS;
    welcome.outstanding = BB_LIMIT_OUTSTANDING;
    welcome.window_bytes = BB_LIMIT_WINDOW_BYTES;
    welcome.time_us = (uint64_t)bb_clock_utc();
    if (link)
        link->kick_at = BB_NEVER;
    if (!peer->greeted && peer->door == BB_DOOR_PUBLIC)
        bb_admission_known(peer->fd);
    peer->greeted = true;
    bb_send(broker, peer, BB_KIND_WELCOME, &welcome.base);
}

/* What a worker is about to be told to do, if the audit log has to say so; the broker's own methods record
 * what they change. Returns an error code, or BB_ERROR_NONE. */
static uint32_t
record(struct bb_broker *broker, const struct bb_peer *peer, const struct bb_router_request *in)
{
    int r;

    if (!bb_method_is_administrative(in->method) || bb_method_info(in->method)->service == BB_SERVICE_BROKER)
        return BB_ERROR_NONE;
    r = bb_record_command(broker, &peer->conn.who, in->method, in->body);
    return r == 0 ? BB_ERROR_NONE : r == -ENOSPC ? BB_ERROR_NOSPACE : BB_ERROR_INTERNAL;
}

static void
on_request(struct bb_broker *broker, struct bb_peer *peer, const Bb__Request *request)
{
    struct bb_router_request in = {
        .id = request->id,
        .method = request->method,
        .timeout_ms = request->has_timeout_ms ? request->timeout_ms : 0,
        .window_bytes = request->has_window_bytes ? request->window_bytes : BB_LIMIT_PART_BYTES * 4,
        .has_body = request->has_body,
        .body = bb_bytes(request->body.data, request->body.len),
    };
    uint32_t role = peer->conn.who.role, code = bb_policy_check(&broker->policy, request->method, role);
    const char *message = NULL;
    uint32_t wait_ms = 0;
    char why[160];

    if (bb_fault("tell-contents"))
        bb_debug("%.*s", (int)request->body.len, (const char *)request->body.data);
    if (code) {
        message = bb_policy_explain(&broker->policy, request->method, role, why, sizeof why);
        if (code == BB_ERROR_NOT_ALLOWED && bb_method_is_administrative(request->method))
            bb_record_refused(broker, &peer->conn.who, bb_method_info(request->method)->name, NULL);
    } else if (bb_method_is_administrative(request->method) &&
               (wait_ms = bb_limits_administer(broker, peer)) > 0) {
        code = BB_ERROR_OVERLOADED;
        message = "your organization has changed keys 60 times in an hour: later";
    } else {
        code = record(broker, peer, &in);
        message =
            "the audit log cannot be written, so nothing was done: the operator has to make room on its disk";
    }
    if (code)
        send_error(broker, peer, &request->id, code, message, wait_ms);
    else
        bb_router_request(broker->router, broker->now, &peer->conn, &in);
}

static void
on_ping(struct bb_broker *broker, struct bb_peer *peer, const Bb__Ping *ping)
{
    Bb__Pong pong = BB__PONG__INIT;

    pong.has_token = ping->has_token;
    pong.token = ping->token;
    bb_send(broker, peer, BB_KIND_PONG, &pong.base);
}

/* What a client may send, and the message it carries. */
static const ProtobufCMessageDescriptor *
type_of(uint8_t kind)
{
    switch (kind) {
    case BB_KIND_HELLO:
        return &bb__hello__descriptor;
    case BB_KIND_REQUEST:
        return &bb__request__descriptor;
    case BB_KIND_PULL:
        return &bb__pull__descriptor;
    case BB_KIND_CANCEL:
        return &bb__cancel__descriptor;
    case BB_KIND_SUBSCRIBE:
        return &bb__subscribe__descriptor;
    case BB_KIND_ACK:
        return &bb__ack__descriptor;
    case BB_KIND_UNSUBSCRIBE:
        return &bb__unsubscribe__descriptor;
    case BB_KIND_PING:
        return &bb__ping__descriptor;
    case BB_KIND_PONG:
        return &bb__pong__descriptor;
    default:
        return NULL;
    }
}

static void
dispatch(struct bb_broker *broker, struct bb_peer *peer, const struct bb_frame *frame,
         const ProtobufCMessage *message)
{
    switch (frame->kind) {
    case BB_KIND_HELLO:
        on_hello(broker, peer, (const Bb__Hello *)message);
        return;
    case BB_KIND_REQUEST:
        on_request(broker, peer, (const Bb__Request *)message);
        return;
    case BB_KIND_PULL:
        bb_router_pull(broker->router, &peer->conn, ((const Bb__Pull *)message)->id,
                       ((const Bb__Pull *)message)->bytes);
        return;
    case BB_KIND_CANCEL:
        bb_router_cancel(broker->router, &peer->conn, ((const Bb__Cancel *)message)->id);
        return;
    case BB_KIND_SUBSCRIBE:
        bb_subscribe(broker, peer, (const Bb__Subscribe *)message, frame->body);
        return;
    case BB_KIND_ACK:
        bb_subscribe_ack(broker, peer, (const Bb__Ack *)message);
        return;
    case BB_KIND_UNSUBSCRIBE:
        bb_unsubscribe(broker, peer, (const Bb__Unsubscribe *)message);
        return;
    case BB_KIND_PING:
        on_ping(broker, peer, (const Bb__Ping *)message);
        return;
    case BB_KIND_PONG:
        bb_send_confirmed(broker, peer, ((const Bb__Pong *)message)->token);
        return;
    default:
        return;
    }
}

static void
malformed(struct bb_broker *broker, struct bb_peer *peer, uint32_t code, const char *what)
{
    broker->counters.refused_malformed++;
    complain(broker, peer, what);
    bb_client_dismiss(broker, peer, code, what, 0);
}

static bool
needs_hello(uint8_t kind)
{
    return kind != BB_KIND_HELLO && kind != BB_KIND_PING && kind != BB_KIND_PONG;
}

/* The id that an error about this message names: that of a request. */
static const uint64_t *
id_of(uint8_t kind, const ProtobufCMessage *message)
{
    return kind == BB_KIND_REQUEST ? &((const Bb__Request *)message)->id : NULL;
}

static void
on_frame(struct bb_broker *broker, struct bb_peer *peer, const struct bb_frame *frame)
{
    const ProtobufCMessageDescriptor *type = type_of(frame->kind);
    ProtobufCMessage *message;

    broker->counters.frames_in++;
    if (frame->major != BB_VERSION_MAJOR) {
        malformed(broker, peer, BB_ERROR_VERSION, "a frame of another major version");
        return;
    }
    if (!type) {
        broker->counters.refused_unexpected++;
        send_error(broker, peer, NULL, BB_ERROR_STATE, "a client does not send this kind of message", 0);
        return;
    }
    if (!bb_limits_pass(broker, peer, frame))
        return;
    if (frame->kind == BB_KIND_SUBSCRIBE && peer->greeted && bb_subscribe_refuse(broker, peer, frame->body))
        return;
    bb_arena_reset(&broker->arena);
    if (bb_message_unpack(type, frame->body, &broker->arena, &message) < 0) {
        broker->counters.limited_decoding += broker->arena.refused;
        malformed(broker, peer, BB_ERROR_MALFORMED, "a message that cannot be decoded");
        return;
    }
    if (!peer->greeted && needs_hello(frame->kind)) {
        broker->counters.refused_unexpected++;
        send_error(broker, peer, id_of(frame->kind, message), BB_ERROR_STATE, "HELLO comes first", 0);
        return;
    }
    dispatch(broker, peer, frame, message);
}

static bool
is_leaving(struct bb_broker *broker, const struct bb_peer *peer)
{
    const struct bb_link *link = bb_peers_link(&broker->peers, peer->fd);

    return peer->dead || peer->broken || !link || link->leaving;
}

static void
on_body(struct bb_broker *broker, struct bb_peer *peer, struct bb_bytes body)
{
    struct bb_unbundle walk;
    struct bb_frame frame;
    int r = bb_unbundle_init(&walk, body);

    if (r == 0)
        while ((r = bb_unbundle_next(&walk, &frame)) == 0) {
            on_frame(broker, peer, &frame);
            if (is_leaving(broker, peer))
                return;
        }
    if (r < 0)
        malformed(broker, peer, BB_ERROR_MALFORMED, "not a frame, or a broken bundle");
}

/* Messages. */

/* The peer that this message is from, if it is one we know: same id, same connection, same key. Or NULL. */
static struct bb_peer *
known_peer(const struct bb_broker *broker, enum bb_door door, struct bb_bytes id, int fd, const char *key)
{
    struct bb_peer *peer;

    if (!key || !bb_routing_id_is_valid(id))
        return NULL;
    peer = bb_peers_find(&broker->peers, door, id.data);
    return peer && ((peer->fd == fd && strcmp(peer->key, key) == 0) || bb_fault("id-only")) ? peer : NULL;
}

/* One that we did not know. Who had its id, or its descriptor, is gone: libzmq has one connection for each.
 * NULL: nobody whom we serve. */
static struct bb_peer *
new_peer(struct bb_broker *broker, enum bb_door door, const uint8_t *id, int fd, const char *key)
{
    const struct bb_link *link = bb_peers_link(&broker->peers, fd);
    struct bb_peer *peer = bb_peers_find(&broker->peers, door, id);
    const char *why = NULL;

    if (peer) {
        broker->counters.impostors++;
        bb_client_drop(broker, peer);
    }
    if (link->peer)
        bb_client_drop(broker, link->peer);
    if (bb_peers_add(&broker->peers, door, id, key, fd, &peer) < 0)
        return NULL;
    if (!identify(broker, peer)) {
        revoke(broker, peer);
        return NULL;
    }
    if (door == BB_DOOR_PUBLIC)
        why = bb_limits_enter(broker, peer, link->kick_at - BB_GREETING_MS);
    if (!why)
        return peer;
    broker->counters.connections_shed++;
    bb_client_dismiss(broker, peer, BB_ERROR_OVERLOADED, why, BB_RETRY_OVERLOADED_MS);
    return NULL;
}

static void
refuse_form(struct bb_broker *broker, const struct bb_link *link, int fd, unsigned frames)
{
    if (frames != 1)
        broker->counters.refused_multipart++;
    else
        broker->counters.refused_routing_id++;
    complain(broker, link->peer,
             frames != 1 ? "a message of several frames" : "a routing id of another form");
    bb_kick(broker, fd);
}

static void
on_message(struct bb_broker *broker, struct bb_incoming *message)
{
    struct bb_bytes routing_id = bb_bytes(zmq_msg_data(&message->id), zmq_msg_size(&message->id));
    size_t size = zmq_msg_size(&message->body);
    const char *key = message->door == BB_DOOR_PUBLIC ? zmq_msg_gets(&message->body, "User-Id") : "";
    struct bb_peer *peer = known_peer(broker, message->door, routing_id, message->fd, key);
    struct bb_link *link;

    if (!peer) /* its connection may be newer than what we have been told of this descriptor */
        bb_monitors_read(broker);
    link = bb_peers_link(&broker->peers, message->fd);
    if (!link || link->door != message->door) { /* we are about to be told, or it has gone already */
        bb_early_hold(&broker->early, broker->now, message);
        return;
    }
    if (!peer && bb_link_is_newer(link, &message->body)) {
        broker->counters.messages_late++;
        return;
    }
    if (!link->heard)
        bb_unheard_is_heard(message->fd);
    link->heard = true;
    link->delivered += bb_peers_wire_bytes(size);
    if (link->leaving)
        return;
    if ((message->frames != 1 && !bb_fault("any-frames")) || !key || !bb_routing_id_is_valid(routing_id)) {
        refuse_form(broker, link, message->fd, message->frames);
        return;
    }
    if (!peer)
        peer = new_peer(broker, message->door, routing_id.data, message->fd, key);
    if (peer)
        on_body(broker, peer, bb_bytes(zmq_msg_data(&message->body), size));
}

void
bb_clients_take_early(struct bb_broker *broker)
{
    struct bb_incoming message;

    while (bb_early_take(&broker->early, broker->now, &broker->peers, &message)) {
        on_message(broker, &message);
        zmq_msg_close(&message.id);
        zmq_msg_close(&message.body);
    }
}

/* One whole message. Its frames beyond the first behind the routing id are dropped here. False: nothing at
 * hand. */
static bool
receive(void *socket, struct bb_incoming *message)
{
    zmq_msg_t *id = &message->id, *body = &message->body, extra;
    unsigned frames = 0;

    if (zmq_msg_recv(id, socket, ZMQ_DONTWAIT) < 0)
        return false;
    if (zmq_msg_more(id) && zmq_msg_recv(body, socket, ZMQ_DONTWAIT) >= 0)
        frames = 1;
    if (frames && zmq_msg_more(body)) {
        bool more = true;
        zmq_msg_init(&extra);
        while (more && zmq_msg_recv(&extra, socket, ZMQ_DONTWAIT) >= 0) {
            frames++;
            more = zmq_msg_more(&extra);
        }
        zmq_msg_close(&extra);
    }
    message->frames = frames;
    message->fd = frames ? zmq_msg_get(body, ZMQ_SRCFD) : -1;
    return true;
}

bool
bb_clients_read(struct bb_broker *broker, enum bb_door door, unsigned most)
{
    struct bb_incoming message = {.door = door};
    unsigned n = 0;

    zmq_msg_init(&message.id);
    zmq_msg_init(&message.body);
    for (; n < most && receive(broker->door[door].socket, &message); n++) {
        if (message.frames == 0)
            continue;
        broker->counters.messages_in++;
        broker->counters.bytes_in += zmq_msg_size(&message.body);
        if (broker->early.n) { /* what came before this one goes before it */
            bb_monitors_read(broker);
            bb_clients_take_early(broker);
        }
        on_message(broker, &message);
    }
    zmq_msg_close(&message.id);
    zmq_msg_close(&message.body);
    return n == most;
}
