/* Clients. What they know of themselves: which requests are open, and by when each must have ended. */
#include "fuzz.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool
is_stranger(const struct fuzz_peer *peer)
{
    return peer->who >= FUZZ_UNKNOWN_KEY;
}

/* Coming and going */

/* Mostly a fresh one; else of somebody who has just left, of somebody who is there, or of another form. Who
 * borrows one may not be served at all: libzmq leaves it mute as long as the other connection lingers. */
static size_t
choose_id(struct fuzz *fuzz, uint8_t id[static 32], bool *ret_borrowed)
{
    uint64_t dice = any_below(&fuzz->any, 10);
    const struct fuzz_peer *other = &fuzz->peer[any_below(&fuzz->any, FUZZ_PEERS)];

    *ret_borrowed = dice < 5;
    randombytes_buf(id, 32);
    id[0] = 0x01;
    if (dice < 3)
        memcpy(id, fuzz->left_id[any_below(&fuzz->any, 4)], BB_ROUTING_ID_BYTES);
    else if (dice == 3 && other->open && other->who != FUZZ_GOOD)
        memcpy(id, other->raw.id, BB_ROUTING_ID_BYTES);
    else if (dice == 4)
        return any_below(&fuzz->any, 2) ? 0 : 16;
    return BB_ROUTING_ID_BYTES;
}

void
fuzz_peer_open(struct fuzz *fuzz, struct fuzz_peer *peer, enum fuzz_who who)
{
    struct broker *broker = &fuzz->broker;
    const struct bb_keypair *const keys[FUZZ_WHO] = {
        [FUZZ_GOOD] = &broker->other,         [FUZZ_STAFF] = &broker->staff,
        [FUZZ_PARTNER] = &broker->partner,    [FUZZ_UNKNOWN_KEY] = &fuzz->stranger,
        [FUZZ_WRONG_SERVER] = &broker->staff,
    };
    const char *server = who == FUZZ_WRONG_SERVER ? fuzz->stranger.public_key : broker->server.public_key;
    char endpoint[160];
    uint8_t id[32];
    size_t len = BB_ROUTING_ID_BYTES;
    bool borrowed = false;

    snprintf(endpoint, sizeof endpoint, "%s", broker->endpoint);
    if (who == FUZZ_OPERATOR)
        snprintf(endpoint, sizeof endpoint, "ipc://%s/run/admin.sock", broker->folder);
    if (who == FUZZ_GOOD) {
        randombytes_buf(id, sizeof id);
        id[0] = 0x01;
    } else {
        len = choose_id(fuzz, id, &borrowed);
    }
    memset(peer, 0, sizeof *peer);
    raw_open_as(broker, &peer->raw, keys[who], server, endpoint, id, len);
    assert_true(++fuzz->serial < FUZZ_SERIALS);
    peer->who = who;
    peer->serial = fuzz->serial;
    peer->open = true;
    peer->borrowed = borrowed;
    fuzz->who_of[peer->serial] = (uint8_t)who;
}

void
fuzz_peer_close(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    if (!peer->open)
        return;
    if (peer->raw.id_len == BB_ROUTING_ID_BYTES && peer->who != FUZZ_GOOD)
        memcpy(fuzz->left_id[peer->serial % 4], peer->raw.id, BB_ROUTING_ID_BYTES);
    raw_close(&peer->raw);
    peer->open = false;
    fuzz->ends_of_connections++;
}

/* Asking */

static struct fuzz_ask *
find_ask(struct fuzz_peer *peer, uint64_t id)
{
    for (size_t i = 0; i < peer->n_asks; i++)
        if (peer->ask[i].id == id)
            return &peer->ask[i];
    return NULL;
}

static void
note_ask(struct fuzz *fuzz, struct fuzz_peer *peer, uint64_t id, bool marked, uint32_t timeout_ms)
{
    struct fuzz_ask *ask = find_ask(peer, id);

    if (!ask) {
        ask = &peer->ask[peer->n_asks++];
        *ask = (struct fuzz_ask){.id = id, .marked = marked};
    }
    ask->ends++;
    ask->marked &= marked;
    ask->deadline = fuzz->now + timeout_ms + FUZZ_SLACK;
}

/* For a service a mark and some bytes; for the broker a message of any type. */
static void
put_body(struct fuzz *fuzz, struct fuzz_peer *peer, uint64_t id, uint32_t method, struct bb_buffer *body)
{
    static const ProtobufCMessageDescriptor *const types[] = {
#define TYPE(name) &name,
#include "message_types.h"
#undef TYPE
    };

    if (method < 32) {
        fuzz->any.faults = any_chance(&fuzz->any, 300) ? 50 : 0;
        any_message(&fuzz->any, types[any_below(&fuzz->any, sizeof types / sizeof types[0])], body);
        return;
    }
    fuzz_put_mark(body, (struct fuzz_mark){peer->serial, id});
    for (uint64_t n = any_below(&fuzz->any, any_chance(&fuzz->any, 30) ? 100000 : 100); n > 0; n--)
        bb_buffer_byte(body, 'x');
}

static void
ask_with_id(struct fuzz *fuzz, struct fuzz_peer *peer, uint64_t id, uint32_t method, uint32_t timeout_ms)
{
    Bb__Request request = BB__REQUEST__INIT;
    struct bb_buffer body;

    if (peer->n_asks == FUZZ_ASKS)
        return;
    bb_buffer_init(&body, 1u << 20);
    put_body(fuzz, peer, id, method, &body);
    request.id = id;
    request.method = method;
    request.has_timeout_ms = true;
    request.timeout_ms = timeout_ms;
    request.has_window_bytes = peer->who != FUZZ_GOOD && any_below(&fuzz->any, 2);
    request.window_bytes = (uint32_t)any_number(&fuzz->any);
    request.has_body = true;
    request.body = (ProtobufCBinaryData){body.len, body.data};
    if (fuzz_send(&peer->raw, BB_KIND_REQUEST, &request.base) && !is_stranger(peer))
        note_ask(fuzz, peer, id, method >= 32, timeout_ms);
    bb_buffer_release(&body);
}

void
fuzz_peer_ask(struct fuzz *fuzz, struct fuzz_peer *peer, uint32_t method, uint32_t timeout_ms)
{
    ask_with_id(fuzz, peer, ++peer->next_id, method, timeout_ms);
}

static uint32_t
any_method(struct fuzz *fuzz)
{
    static const uint32_t methods[] = {
#define X(number, ...) number,
        BB_METHODS(X)
#undef X
    };

    if (any_chance(&fuzz->any, 50))
        return (uint32_t)any_number(&fuzz->any);
    return methods[any_below(&fuzz->any, sizeof methods / sizeof methods[0])];
}

static uint64_t
known_id(struct fuzz *fuzz, const struct fuzz_peer *peer)
{
    if (peer->n_asks == 0 || any_chance(&fuzz->any, 100))
        return any_number(&fuzz->any);
    return peer->ask[any_below(&fuzz->any, peer->n_asks)].id;
}

void
fuzz_peer_ping(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    Bb__Ping ping = BB__PING__INIT;

    if (peer->pong)
        return;
    ping.has_token = true;
    ping.token = ++peer->next_id;
    if (!fuzz_send(&peer->raw, BB_KIND_PING, &ping.base))
        return;
    peer->pong = ping.token;
    peer->pong_by = fuzz->now + FUZZ_SLACK;
}

static void
hello(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    Bb__Hello message = BB__HELLO__INIT;

    message.version_min = any_chance(&fuzz->any, 20) ? 2 : 1;
    message.version_max = any_chance(&fuzz->any, 20) ? 0 : 3;
    message.agent = (char *)"fuzz";
    fuzz_send(&peer->raw, BB_KIND_HELLO, &message.base);
}

static void
subscribe(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    Bb__Subscribe message = BB__SUBSCRIBE__INIT;
    char name[32];

    snprintf(name, sizeof name, "s%lu", (unsigned long)peer->serial);
    message.subscription = any_below(&fuzz->any, 32);
    message.name = name;
    peer->subscribed |= 1u << message.subscription;
    fuzz_send(&peer->raw, BB_KIND_SUBSCRIBE, &message.base);
}

static void
pull_or_cancel(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    Bb__Pull pull = BB__PULL__INIT;
    Bb__Cancel cancel = BB__CANCEL__INIT;

    pull.id = cancel.id = known_id(fuzz, peer);
    pull.bytes = (uint32_t)any_number(&fuzz->any);
    if (any_below(&fuzz->any, 2))
        fuzz_send(&peer->raw, BB_KIND_PULL, &pull.base);
    else
        fuzz_send(&peer->raw, BB_KIND_CANCEL, &cancel.base);
}

static void
ask_many(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    for (uint64_t n = any_below(&fuzz->any, 20); n > 0; n--)
        fuzz_peer_ask(fuzz, peer, any_method(fuzz), 200 + (uint32_t)any_below(&fuzz->any, 1500));
}

/* The subscription number of another kind of message may be one that it never asked for: those are let be. */
static void
any_frame(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    static const uint32_t kinds[] = {BB_KIND_HELLO, BB_KIND_PULL,  BB_KIND_CANCEL,      BB_KIND_ACK,
                                     BB_KIND_PONG,  BB_KIND_PING,  BB_KIND_UNSUBSCRIBE, BB_KIND_WORK,
                                     BB_KIND_REPLY, BB_KIND_READY, BB_KIND_FANOUT,      BB_KIND_GOAWAY};

    fuzz_send_any(fuzz, &peer->raw, kinds[any_below(&fuzz->any, sizeof kinds / sizeof kinds[0])],
                  any_chance(&fuzz->any, 200) ? 60 : 0);
}

/* What it was sent meanwhile comes with time. */
void
fuzz_peer_mute(struct fuzz *fuzz, struct fuzz_peer *peer, bool mute)
{
    peer->muted = mute;
    peer->pong_by = fuzz->now + FUZZ_SLACK;
    for (size_t i = 0; i < peer->n_asks; i++)
        peer->ask[i].deadline = fuzz->now + 2000 + FUZZ_SLACK;
}

void
fuzz_peer_act(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    uint64_t dice = any_below(&fuzz->any, 100);

    if (!peer->open) {
        fuzz_peer_open(fuzz, peer, (enum fuzz_who)(1 + any_below(&fuzz->any, FUZZ_WHO - 1)));
        if (any_below(&fuzz->any, 10))
            hello(fuzz, peer);
    } else if (dice < 8 || (peer->borrowed && ++peer->acts > FUZZ_BORROWED_ACTS)) {
        fuzz_peer_close(fuzz, peer);
    } else if (dice < 12) {
        hello(fuzz, peer);
    } else if (dice < 50) {
        fuzz_peer_ask(fuzz, peer, any_method(fuzz), 200 + (uint32_t)any_below(&fuzz->any, 1500));
    } else if (dice < 56) {
        ask_many(fuzz, peer);
    } else if (dice < 60) {
        ask_with_id(fuzz, peer, known_id(fuzz, peer), any_method(fuzz), 500);
    } else if (dice < 70) {
        pull_or_cancel(fuzz, peer);
    } else if (dice < 76) {
        fuzz_peer_ping(fuzz, peer);
    } else if (dice < 84) {
        subscribe(fuzz, peer);
    } else if (dice < 95) {
        any_frame(fuzz, peer);
    } else if (dice < 98) {
        fuzz_send_garbage(fuzz, &peer->raw);
    } else {
        fuzz_peer_mute(fuzz, peer, !peer->muted);
    }
}

/* Hearing */

/* Who comes back at once with the routing id and the key of a connection that ended, and is given its
 * descriptor, may be taken for it: then it hears the answers of that one, which was nobody else. */
static bool
is_of_predecessor(const struct fuzz *fuzz, const struct fuzz_peer *peer, struct bb_bytes body)
{
    struct fuzz_mark mark;

    if (!peer->borrowed)
        return false;
    return !fuzz_get_mark(body, &mark) || fuzz->who_of[mark.serial % FUZZ_SERIALS] == peer->who;
}

static void
end_ask(struct fuzz *fuzz, struct fuzz_peer *peer, uint64_t id, const char *what)
{
    struct fuzz_ask *ask = find_ask(peer, id);

    if (!ask)
        fuzz_fail(fuzz, "peer %u (who %d%s): %s to request %lu, which is not open", peer->serial,
                  (int)peer->who, peer->borrowed ? ", borrowed" : "", what, (unsigned long)id);
    if (--ask->ends == 0)
        *ask = peer->ask[--peer->n_asks];
}

static void
hear_reply(struct fuzz *fuzz, struct fuzz_peer *peer, const Bb__Reply *reply)
{
    const struct fuzz_ask *ask = find_ask(peer, reply->id);
    const struct bb_bytes body = bb_bytes(reply->body.data, reply->body.len);
    struct fuzz_mark mark;

    if (!ask && is_of_predecessor(fuzz, peer, body))
        return;
    if (!ask)
        fuzz_fail(fuzz, "peer %u: an answer to request %lu, which is not open", peer->serial,
                  (unsigned long)reply->id);
    if (ask->marked && (!fuzz_get_mark(body, &mark) || mark.serial != peer->serial || mark.id != reply->id)) {
        if (is_of_predecessor(fuzz, peer, body))
            return;
        fuzz_fail(fuzz, "peer %u, request %lu: an answer to somebody else", peer->serial,
                  (unsigned long)reply->id);
    }
    fuzz->replies++;
    if (!reply->has_final || reply->final)
        end_ask(fuzz, peer, reply->id, "an answer");
}

static void
hear_error(struct fuzz *fuzz, struct fuzz_peer *peer, const Bb__Error *error)
{
    fuzz->errors++;
    if (error->has_id && (!peer->borrowed || find_ask(peer, error->id)))
        end_ask(fuzz, peer, error->id, "an error");
    if (error->has_subscription && error->subscription < 32 &&
        !(peer->subscribed & 1u << error->subscription))
        fuzz_fail(fuzz, "peer %u: subscription %lu ended, which it does not have", peer->serial,
                  (unsigned long)error->subscription);
}

static void
hear_delivery(struct fuzz *fuzz, struct fuzz_peer *peer, const Bb__Deliver *deliver)
{
    struct fuzz_mark mark;

    fuzz->deliveries++;
    if (deliver->subscription >= 32 || !(peer->subscribed & 1u << deliver->subscription))
        fuzz_fail(fuzz, "peer %u: a message for subscription %lu, which it does not have", peer->serial,
                  (unsigned long)deliver->subscription);
    for (size_t i = 0; i < deliver->n_message; i++)
        if (fuzz_get_mark(bb_bytes(deliver->message[i].data, deliver->message[i].len), &mark) &&
            mark.serial && mark.serial != peer->serial)
            fuzz_fail(fuzz, "peer %u: a message for somebody else", peer->serial);
}

/* Without waiting: the connection may be over, and this its last word. */
static void
answer_ping(struct fuzz_peer *peer, const struct bb_frame *ping)
{
    uint8_t pong[BB_PONG_BYTES];

    fuzz_send_bytes(&peer->raw, bb_bytes(pong, pong_of(ping, pong)), false);
}

static void
hear_frame(struct fuzz *fuzz, struct fuzz_peer *peer, const struct bb_frame *frame)
{
    struct bb_arena *arena = &peer->raw.arena;
    Bb__Deliver *deliver;
    Bb__Reply *reply;
    Bb__Error *error;
    Bb__Pong *pong;

    if (is_stranger(peer))
        fuzz_fail(fuzz, "peer %u, a stranger, was sent a frame of kind %u", peer->serial, frame->kind);
    bb_arena_reset(arena);
    if (frame->kind == BB_KIND_WELCOME)
        peer->greeted = true;
    else if (frame->kind == BB_KIND_REPLY && bb_unpack(bb__reply, frame->body, arena, &reply) == 0)
        hear_reply(fuzz, peer, reply);
    else if (frame->kind == BB_KIND_ERROR && bb_unpack(bb__error, frame->body, arena, &error) == 0)
        hear_error(fuzz, peer, error);
    else if (frame->kind == BB_KIND_DELIVER && bb_unpack(bb__deliver, frame->body, arena, &deliver) == 0)
        hear_delivery(fuzz, peer, deliver);
    else if (frame->kind == BB_KIND_PONG && bb_unpack(bb__pong, frame->body, arena, &pong) == 0)
        peer->pong = pong->token == peer->pong ? 0 : peer->pong;
    else if (frame->kind == BB_KIND_PING)
        answer_ping(peer, frame);
    else if (frame->kind == BB_KIND_GOAWAY && peer->who == FUZZ_GOOD)
        fuzz_fail(fuzz, "the good client was told to go");
}

static bool
has_ended(struct fuzz_peer *peer)
{
    uint8_t event[6];
    bool ended = false;

    while (zmq_recv(peer->raw.monitor, event, sizeof event, ZMQ_DONTWAIT) == (int)sizeof event) {
        zmq_recv(peer->raw.monitor, NULL, 0, 0);
        ended = true;
    }
    return ended;
}

static void
check_overdue(struct fuzz *fuzz, const struct fuzz_peer *peer)
{
    if (peer->borrowed || is_stranger(peer))
        return;
    if (peer->pong && peer->pong_by < fuzz->now)
        fuzz_fail(fuzz, "peer %u (who %d, %s): no PONG in %d ms", peer->serial, (int)peer->who,
                  peer->greeted ? "greeted" : "not greeted", FUZZ_SLACK);
    for (size_t i = 0; i < peer->n_asks; i++)
        if (peer->ask[i].deadline < fuzz->now)
            fuzz_fail(fuzz, "peer %u: request %lu has not ended %d ms behind its deadline", peer->serial,
                      (unsigned long)peer->ask[i].id, FUZZ_SLACK);
}

void
fuzz_peer_hear(struct fuzz *fuzz, struct fuzz_peer *peer)
{
    struct bb_frame frame;

    if (!peer->open || peer->muted)
        return;
    while (raw_next(&peer->raw, &frame, 0))
        hear_frame(fuzz, peer, &frame);
    if (has_ended(peer)) {
        if (peer->who == FUZZ_GOOD)
            fuzz_fail(fuzz, "the good client's connection ended");
        while (raw_next(&peer->raw, &frame, 0))
            hear_frame(fuzz, peer, &frame);
        fuzz_peer_close(fuzz, peer);
        return;
    }
    check_overdue(fuzz, peer);
}
