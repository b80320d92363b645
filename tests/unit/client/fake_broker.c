#include "fake_broker.h"

#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "proto/rows.h"
#include "runtime/bundle.h"

#include "communication.pb-c.h"
#include "measurement.pb-c.h"
#include "wire.pb-c.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PEERS 512

struct peer {
    uint8_t id[64];
    size_t id_len;
    uint64_t subscription; /* 0: none */
    uint64_t sent, window;
    struct bb_bundle out;
};

struct server {
    struct fake_broker *broker;
    void *router, *zap, *control;
    struct bb_arena arena, inner;
    struct peer peer[PEERS];
    int n_peers;
    bool closed;
};

/* --- ZAP (RFC 27) ------------------------------------------------------------------------------------- */

static void
answer_zap(struct server *server)
{
    char part[12][256], key[BB_KEY_TEXT] = "";
    size_t len[12];
    int n = 0, more = 1;
    size_t size = sizeof more;
    bool ok;

    while (more) {
        int got = zmq_recv(server->zap, part[n], sizeof part[n], 0);
        assert(got >= 0 && n < 11);
        len[n++] = (size_t)got;
        zmq_getsockopt(server->zap, ZMQ_RCVMORE, &more, &size);
    }
    if (n >= 7 && len[6] == 32)
        zmq_z85_encode(key, (uint8_t *)part[6], 32);
    ok = strcmp(key, server->broker->allowed) == 0;
    if (!ok)
        server->broker->refused++;
    zmq_send(server->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(server->zap, part[1], len[1], ZMQ_SNDMORE);
    zmq_send(server->zap, ok ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(server->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(server->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(server->zap, "", 0, 0);
}

/* --- frames ------------------------------------------------------------------------------------------- */

static void
add(struct peer *peer, enum bb_kind kind, const ProtobufCMessage *message)
{
    int r = bb_bundle_add(&peer->out, kind, message);

    assert(r == 0);
    (void)r;
}

static void
welcome(struct server *server, struct peer *peer)
{
    Bb__Welcome message = BB__WELCOME__INIT;
    uint8_t boot[16] = {1};

    if (server->broker->connections < 64 && peer->id_len == sizeof server->broker->id[0])
        memcpy(server->broker->id[server->broker->connections], peer->id, peer->id_len);
    server->broker->connections++;
    message.version = 1;
    message.boot.data = boot;
    message.boot.len = sizeof boot;
    message.organization = (char *)"hartford";
    message.name = (char *)"Hartford";
    message.member = (char *)"main";
    message.role = BB__ROLE__ROLE_STAFF;
    message.outstanding = BB_LIMIT_OUTSTANDING;
    message.submission_rows = BB_LIMIT_SUBMISSION_ROWS;
    add(peer, BB_KIND_WELCOME, &message.base);
}

static void
reply(struct peer *peer, uint64_t id, const ProtobufCMessage *body)
{
    static _Thread_local uint8_t packed[BB_LIMIT_FRAME_BYTES];
    Bb__Reply message = BB__REPLY__INIT;

    message.id = id;
    message.has_body = true;
    message.body.data = packed;
    message.body.len = protobuf_c_message_pack(body, packed);
    add(peer, BB_KIND_REPLY, &message.base);
}

static size_t
frame_bytes(uint64_t id, const ProtobufCMessage *body)
{
    Bb__Reply message = BB__REPLY__INIT;

    message.id = id;
    message.has_body = true;
    message.body.len = protobuf_c_message_get_packed_size(body);
    return bb_frame_size(&message.base);
}

/* A warning whose text makes the frame of the answer as long as it is to be. */
static void
fill_answer(struct server *server, uint64_t id, Bb__SubmissionReply *message)
{
    static Bb__RowNote note; /* of the only thread */
    static Bb__RowNote *notes[] = {&note};
    size_t fill = server->broker->fill, len = fill - 100;

    bb__row_note__init(&note);
    note.code = BB_ROW_CODE_VALUE_DISAGREES;
    note.text = bb_arena_alloc(&server->arena, fill);
    memset(note.text, 'x', fill);
    note.text[len] = '\0';
    message->n_warning = 1;
    message->warning = notes;
    len += fill - frame_bytes(id, &message->base);
    note.text[fill - 100] = 'x';
    note.text[len] = '\0';
}

static void
answer_submission(struct server *server, struct peer *peer, const Bb__Request *request)
{
    Bb__SubmissionReply message = BB__SUBMISSION_REPLY__INIT;
    struct fake_broker *broker = server->broker;
    uint8_t outcome = BB_OUTCOME_CREATED;
    unsigned at = broker->bodies;

    if (broker->record && at < 64) {
        broker->body[at] = malloc(request->body.len);
        broker->len[at] = request->body.len;
        memcpy(broker->body[at], request->body.data, request->body.len);
        broker->bodies++;
    }
    message.sequence = broker->requests;
    message.has_outcomes = true;
    message.outcomes.data = &outcome;
    message.outcomes.len = 1;
    if (broker->fill)
        fill_answer(server, request->id, &message);
    reply(peer, request->id, &message.base);
}

/* A part as large as may be, of indicators of one letter. */
static void
answer_bomb(struct peer *peer, const Bb__Request *request)
{
    static uint8_t body[BB_LIMIT_BODY_BYTES];
    Bb__Reply reply = BB__REPLY__INIT;
    size_t len = 2;

    memcpy(body, "\x08\x01", 2);
    for (; len + 8 <= sizeof body; len += 8)
        memcpy(body + len, "\x12\x06\x0A\x01p\x12\x01p", 8);
    reply.id = request->id;
    reply.has_body = true;
    reply.body = (ProtobufCBinaryData){.len = len, .data = body};
    add(peer, BB_KIND_REPLY, &reply.base);
}

static void
answer_request(struct server *server, struct peer *peer, const Bb__Request *request)
{
    struct fake_broker *broker = server->broker;
    Bb__Error error = BB__ERROR__INIT;

    broker->requests++;
    if (broker->swallow > 0) {
        broker->swallow--;
        server->closed = broker->swallow == 0;
    } else if (broker->busy > 0) {
        broker->busy--;
        error.has_id = true;
        error.id = request->id;
        error.code = 7;
        error.has_retryable = error.retryable = true;
        error.has_retry_after_ms = true;
        error.retry_after_ms = 20;
        add(peer, BB_KIND_ERROR, &error.base);
    } else if (request->method == BB_METHOD_SUBMIT) {
        answer_submission(server, peer, request);
    } else if (broker->bomb) {
        answer_bomb(peer, request);
    } else {
        error.has_id = true;
        error.id = request->id;
        error.code = 11;
        add(peer, BB_KIND_ERROR, &error.base);
    }
}

/* --- one log, one cursor ------------------------------------------------------------------------------ */

static size_t
pack_message(uint64_t sequence, bool is_superseded, uint8_t *to)
{
    Bb__Message message = BB__MESSAGE__INIT;
    uint8_t id[16] = {1}, newer[16] = {2};
    char subject[32];

    snprintf(subject, sizeof subject, "message %d", (int)sequence);
    message.sequence = sequence;
    message.id.data = id;
    message.id.len = sizeof id;
    message.kind = BB__MESSAGE_KIND__POST;
    message.organization = (char *)"backbone";
    message.member = (char *)"main";
    message.subject = subject;
    message.channel = (char *)"all";
    message.has_superseded_by = is_superseded;
    message.superseded_by = (ProtobufCBinaryData){.data = newer, .len = sizeof newer};
    return bb__message__pack(&message, to);
}

static void
feed(struct server *server, struct peer *peer)
{
    uint64_t last = peer->sent;

    while (peer->subscription && last < server->broker->head && last - server->broker->acked < peer->window) {
        Bb__Deliver deliver = BB__DELIVER__INIT;
        uint8_t packed[256];
        bool is_superseded = ++last == server->broker->superseded;
        ProtobufCBinaryData message = {.data = packed, .len = pack_message(last, is_superseded, packed)};
        deliver.subscription = peer->subscription;
        deliver.n_message = 1;
        deliver.message = &message;
        add(peer, BB_KIND_DELIVER, &deliver.base);
    }
    peer->sent = last;
}

static void
take_over(struct server *server, const struct peer *from)
{
    for (int i = 0; i < server->n_peers; i++) {
        struct peer *peer = &server->peer[i];
        Bb__Error error = BB__ERROR__INIT;
        if (peer == from || !peer->subscription)
            continue;
        error.has_subscription = true;
        error.subscription = peer->subscription;
        error.code = 18;
        add(peer, BB_KIND_ERROR, &error.base);
        peer->subscription = 0;
    }
}

static void
begin_feeding(struct server *server, struct peer *peer, const Bb__Subscribe *subscribe)
{
    Bb__Subscribed message = BB__SUBSCRIBED__INIT;

    take_over(server, peer);
    message.subscription = subscribe->subscription;
    message.position = server->broker->acked;
    message.head = server->broker->head;
    add(peer, BB_KIND_SUBSCRIBED, &message.base);
    peer->subscription = subscribe->subscription;
    peer->sent = server->broker->acked;
    peer->window = subscribe->window_messages;
    feed(server, peer);
}

static bool
take_subscription_frame(struct server *server, struct peer *peer, const struct bb_frame *frame)
{
    Bb__Subscribe *subscribe;
    Bb__Ack *ack;

    if (frame->kind == BB_KIND_SUBSCRIBE &&
        bb_unpack(bb__subscribe, frame->body, &server->arena, &subscribe) == 0) {
        begin_feeding(server, peer, subscribe);
    } else if (frame->kind == BB_KIND_ACK && bb_unpack(bb__ack, frame->body, &server->arena, &ack) == 0) {
        server->broker->acks++;
        if (ack->sequence > server->broker->acked)
            server->broker->acked = ack->sequence;
        feed(server, peer);
    } else if (frame->kind == BB_KIND_UNSUBSCRIBE) {
        server->broker->unsubscribed++;
        peer->subscription = 0;
    } else {
        return false;
    }
    return true;
}

static void
take_frame(struct server *server, struct peer *peer, const struct bb_frame *frame)
{
    Bb__Request *request;
    Bb__Ping *ping;
    Bb__Pong pong = BB__PONG__INIT;

    bb_arena_reset(&server->arena);
    if (take_subscription_frame(server, peer, frame))
        return;
    if (frame->kind == BB_KIND_HELLO) {
        welcome(server, peer);
    } else if (frame->kind == BB_KIND_REQUEST &&
               bb_unpack(bb__request, frame->body, &server->arena, &request) == 0) {
        answer_request(server, peer, request);
    } else if (frame->kind == BB_KIND_PING && bb_unpack(bb__ping, frame->body, &server->arena, &ping) == 0) {
        pong.has_token = true;
        pong.token = ping->token;
        add(peer, BB_KIND_PONG, &pong.base);
    }
}

static struct peer *
find_peer(struct server *server, zmq_msg_t *id)
{
    struct peer *peer;

    for (int i = 0; i < server->n_peers; i++)
        if (server->peer[i].id_len == zmq_msg_size(id) &&
            memcmp(server->peer[i].id, zmq_msg_data(id), zmq_msg_size(id)) == 0)
            return &server->peer[i];
    assert(server->n_peers < PEERS);
    peer = &server->peer[server->n_peers++];
    peer->id_len = zmq_msg_size(id);
    memcpy(peer->id, zmq_msg_data(id), peer->id_len);
    bb_bundle_init(&peer->out, BB_LIMIT_FRAME_BYTES);
    return peer;
}

static bool
take_message(struct server *server)
{
    struct bb_unbundle walk;
    struct bb_frame frame;
    zmq_msg_t id, message;

    zmq_msg_init(&id);
    zmq_msg_init(&message);
    if (zmq_msg_recv(&id, server->router, ZMQ_DONTWAIT) < 0)
        return false;
    zmq_msg_recv(&message, server->router, 0);
    server->broker->messages++;
    if (bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(&message), zmq_msg_size(&message))) == 0)
        while (!server->closed && bb_unbundle_next(&walk, &frame) == 0)
            take_frame(server, find_peer(server, &id), &frame);
    zmq_msg_close(&id);
    zmq_msg_close(&message);
    return true;
}

static void
send_answers(struct server *server)
{
    for (int i = 0; i < server->n_peers; i++) {
        struct peer *peer = &server->peer[i];
        zmq_msg_t message;
        if (bb_bundle_take(&peer->out, &message) != 0)
            continue;
        zmq_send(server->router, peer->id, peer->id_len, ZMQ_SNDMORE);
        if (zmq_msg_send(&message, server->router, 0) < 0)
            zmq_msg_close(&message);
    }
}

/* --- the thread --------------------------------------------------------------------------------------- */

/* False: it is to stop. */
static bool
obey(struct server *server)
{
    char word = 0;

    zmq_recv(server->control, &word, 1, 0);
    for (int i = 0; word == 'p' && i < server->n_peers; i++)
        feed(server, &server->peer[i]);
    return word == 'p';
}

static void *
serve(void *arg)
{
    struct server *server = arg;

    for (;;) {
        zmq_pollitem_t items[] = {
            {server->control, 0, ZMQ_POLLIN, 0},
            {server->zap, 0, ZMQ_POLLIN, 0},
            {server->router, 0, ZMQ_POLLIN, 0},
        };
        zmq_poll(items, server->router ? 3 : 2, -1);
        if (items[0].revents && !obey(server))
            break;
        if (items[1].revents)
            answer_zap(server);
        if (!server->router)
            continue;
        while (items[2].revents && !server->closed && take_message(server))
            ;
        send_answers(server);
        if (server->closed) {
            zmq_close(server->router);
            server->router = NULL;
        }
    }
    zmq_close(server->router);
    zmq_close(server->zap);
    zmq_close(server->control);
    for (int i = 0; i < server->n_peers; i++)
        bb_bundle_release(&server->peer[i].out);
    bb_arena_release(&server->arena);
    free(server);
    return NULL;
}

static void
bind_router(struct server *server)
{
    struct fake_broker *broker = server->broker;
    int on = 1, none = 0;
    size_t size = sizeof broker->endpoint;
    char address[64];

    server->router = zmq_socket(broker->zmq, ZMQ_ROUTER);
    zmq_setsockopt(server->router, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(server->router, ZMQ_SNDHWM, &none, sizeof none);
    zmq_setsockopt(server->router, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt(server->router, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(server->router, ZMQ_CURVE_SECRETKEY, broker->keys.secret_key, BB_KEY_TEXT);
    zmq_setsockopt(server->router, ZMQ_ZAP_DOMAIN, "backbone", 8);
    if (broker->port)
        snprintf(address, sizeof address, "tcp://127.0.0.1:%d", broker->port);
    else
        snprintf(address, sizeof address, "tcp://127.0.0.1:*");
    for (int tries = 0; zmq_bind(server->router, address) != 0; tries++) {
        assert(tries < 200); /* the one before is being closed */
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    zmq_getsockopt(server->router, ZMQ_LAST_ENDPOINT, broker->endpoint, &size);
    broker->port = atoi(strrchr(broker->endpoint, ':') + 1);
}

void
fake_broker_start(struct fake_broker *broker)
{
    struct server *server = calloc(1, sizeof *server);
    pthread_t thread;

    server->broker = broker;
    broker->zmq = zmq_ctx_new();
    bb_arena_init(&server->arena, 4 << 20);
    server->zap = zmq_socket(broker->zmq, ZMQ_REP);
    zmq_bind(server->zap, "inproc://zeromq.zap.01");
    server->control = zmq_socket(broker->zmq, ZMQ_PAIR);
    zmq_bind(server->control, "inproc://control");
    broker->control = zmq_socket(broker->zmq, ZMQ_PAIR);
    zmq_connect(broker->control, "inproc://control");
    bind_router(server);
    pthread_create(&thread, NULL, serve, server);
    broker->thread = (uint64_t)thread;
}

void
fake_broker_stop(struct fake_broker *broker)
{
    if (!broker->zmq)
        return;
    zmq_send(broker->control, "", 0, 0);
    pthread_join((pthread_t)broker->thread, NULL);
    zmq_close(broker->control);
    zmq_ctx_term(broker->zmq);
    broker->zmq = NULL;
}

void
fake_broker_publish(struct fake_broker *broker, unsigned n)
{
    broker->head += n;
    zmq_send(broker->control, "p", 1, 0);
}

void
fake_broker_release(struct fake_broker *broker)
{
    fake_broker_stop(broker);
    for (unsigned i = 0; i < broker->bodies; i++)
        free(broker->body[i]);
}
