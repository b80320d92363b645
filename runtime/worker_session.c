/* Open requests are found by tag in a table with linear probing (Knuth, TAOCP 3, 6.4, algorithms L and R): no
 * memory is taken a request, and the broker's successive tags fall into successive slots. It is twice as
 * large as all credit together, so it never fills. */
#include "worker_session.h"

#include "outgoing.h"

#include "proto/arena.h"
#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/utf8.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 500u
#define PROBE_BYTES   ((uint64_t)256 << 10) /* of fan-out, between two PINGs */
#define FANOUT_MOST   16384u /* sessions of one FANOUT: 160 KiB, so that it fits beside a body */

struct request {
    uint64_t tag;
    uint32_t bytes;
    uint8_t used;
    uint8_t lane;
};

struct lane {
    uint32_t messages, bytes;  /* configured */
    uint32_t available;        /* messages that the broker may still send */
    uint32_t open;             /* requests */
    uint32_t owed, owed_bytes; /* ended, to be given back */
    bool hold;
};

/* What the broker has taken in of the fan-out, in bytes of frames since the connection began. */
struct taken {
    uint64_t sent;
    uint64_t confirmed;
    uint64_t mark; /* of the PING that is out, which is its token; 0: none is */
};

struct bb_session {
    const char *service;
    int service_number;
    uint8_t instance[16];
    enum bb_session_state state;
    bb_mono heard;
    bb_mono beat;    /* next heartbeat */
    bb_mono drained; /* DRAIN was sent then */
    struct lane lanes[BB_LANES];
    struct request *requests;
    size_t mask; /* of the table */
    struct bb_arena arena;
    struct bb_outgoing out;
    struct taken taken;
    uint64_t calls[BB_LIMIT_CALLS]; /* open ones, in no order */
    uint32_t n_calls;
    uint64_t ignored;
};

/* ---- messages to send ---- */

static int
add_credits(struct bb_session *s)
{
    if (s->state != BB_SESSION_GREETING && s->state != BB_SESSION_LIVE)
        return 0;
    for (uint32_t i = 0; i < BB_LANES; i++) {
        struct lane *lane = &s->lanes[i];
        Bb__Credit credit = BB__CREDIT__INIT;
        int r;

        if (lane->owed == 0 || lane->hold)
            continue;
        credit.lane = i;
        credit.messages = lane->owed;
        credit.bytes = lane->owed_bytes;
        r = bb_outgoing_add(&s->out, BB_KIND_CREDIT, &credit.base);
        if (r < 0)
            return r;
        lane->available += lane->owed;
        lane->owed = lane->owed_bytes = 0;
    }
    return 0;
}

int
bb_session_outgoing(struct bb_session *s, zmq_msg_t **ret_message)
{
    int r = add_credits(s);

    return r == 0 ? bb_outgoing_next(&s->out, ret_message) : r;
}

void
bb_session_sent(struct bb_session *s)
{
    bb_outgoing_sent(&s->out);
}

size_t
bb_session_backlog(const struct bb_session *s)
{
    return bb_outgoing_backlog(&s->out);
}

/* ---- open requests ---- */

/* The slot of the tag, or the free one where it belongs. */
static struct request *
find(const struct bb_session *s, uint64_t tag)
{
    size_t i = tag & s->mask;

    while (s->requests[i].used && s->requests[i].tag != tag)
        i = (i + 1) & s->mask;
    return &s->requests[i];
}

/* Take a request out and close the gap: whoever probed past it moves back. */
static void
erase(struct bb_session *s, struct request *request)
{
    size_t hole = (size_t)(request - s->requests), i = hole;

    for (;;) {
        size_t home;

        i = (i + 1) & s->mask;
        if (!s->requests[i].used)
            break;
        home = s->requests[i].tag & s->mask;
        if (((i - home) & s->mask) >= ((i - hole) & s->mask)) {
            s->requests[hole] = s->requests[i];
            hole = i;
        }
    }
    s->requests[hole].used = false;
}

/* The request is over: what it took is owed to the broker. */
static void
end(struct bb_session *s, struct request *request)
{
    struct lane *lane = &s->lanes[request->lane];

    lane->open--;
    lane->owed++;
    lane->owed_bytes += request->bytes;
    erase(s, request);
}

/* ---- life ---- */

static size_t
table_size(const struct bb_session_config *config)
{
    size_t need = 2, size = 16;

    for (int i = 0; i < BB_LANES; i++)
        need += 2 * (size_t)config->credit_messages[i];
    while (size < need)
        size *= 2;
    return size;
}

int
bb_session_new(const struct bb_session_config *config, struct bb_session **ret_session)
{
    struct bb_session *s = calloc(1, sizeof *s);
    size_t size = table_size(config);

    if (!s)
        return -ENOMEM;
    s->requests = calloc(size, sizeof *s->requests);
    if (!s->requests) {
        free(s);
        return -ENOMEM;
    }
    s->mask = size - 1;
    s->service = config->service;
    s->service_number = bb_service_by_name(config->service);
    memcpy(s->instance, config->instance, sizeof s->instance);
    for (int i = 0; i < BB_LANES; i++) {
        s->lanes[i].messages = config->credit_messages[i];
        s->lanes[i].bytes = config->credit_bytes[i];
    }
    bb_arena_init(&s->arena, BB_LIMIT_DECODE_BYTES);
    bb_outgoing_init(&s->out, BB_LIMIT_WORKER_FRAME_BYTES);
    *ret_session = s;
    return 0;
}

void
bb_session_destroy(struct bb_session **session)
{
    struct bb_session *s = *session;

    if (!s)
        return;
    bb_outgoing_release(&s->out);
    bb_arena_release(&s->arena);
    free(s->requests);
    free(s);
    *session = NULL;
}

void
bb_session_close(struct bb_session *s)
{
    s->state = BB_SESSION_CLOSED;
    s->taken = (struct taken){.sent = 0};
    bb_outgoing_clear(&s->out);
    bb_arena_reset(&s->arena);
    if (s->lanes[0].open + s->lanes[1].open != 0)
        memset(s->requests, 0, (s->mask + 1) * sizeof *s->requests);
    for (int i = 0; i < BB_LANES; i++) {
        struct lane *lane = &s->lanes[i];

        lane->available = lane->open = lane->owed = lane->owed_bytes = 0;
    }
}

int
bb_session_open(struct bb_session *s, bb_mono now, uint64_t directory_version)
{
    Bb__Ready ready = BB__READY__INIT;
    Bb__Credit credits[BB_LANES], *list[BB_LANES];
    int r;

    bb_session_close(s);
    s->n_calls = 0;
    for (uint32_t i = 0; i < BB_LANES; i++) {
        struct lane *lane = &s->lanes[i];

        bb__credit__init(&credits[i]);
        credits[i].lane = i;
        credits[i].messages = lane->hold ? 0 : lane->messages;
        credits[i].bytes = lane->hold ? 0 : lane->bytes;
        list[i] = &credits[i];
    }
    ready.service = (char *)(uintptr_t)s->service; /* protobuf-c does not write to it */
    ready.instance = (ProtobufCBinaryData){.len = sizeof s->instance, .data = s->instance};
    ready.has_directory_version = true;
    ready.directory_version = directory_version;
    ready.n_credit = BB_LANES;
    ready.credit = list;
    r = bb_outgoing_add(&s->out, BB_KIND_READY, &ready.base);
    if (r < 0)
        return r;
    for (int i = 0; i < BB_LANES; i++) {
        struct lane *lane = &s->lanes[i];

        lane->available = lane->hold ? 0 : lane->messages;
        lane->owed = lane->hold ? lane->messages : 0;
        lane->owed_bytes = lane->hold ? lane->bytes : 0;
    }
    s->state = BB_SESSION_GREETING;
    s->heard = now;
    s->beat = now + BB_SESSION_HEARTBEAT_MS;
    return 0;
}

/* ---- what the broker says ---- */

/* Refuse work that is none of ours; what it took of the credit is owed at once. */
static int
refuse(struct bb_session *s, uint64_t tag, uint32_t code)
{
    int r = bb_session_fail(s, tag, code, bb_error_meaning(code), 0);

    return r < 0 && r != -ENOENT ? r : 0;
}

static int
take_work(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    const struct bb_method_info *info;
    struct request *request;
    struct lane *lane;
    Bb__Work *work;
    int r = bb_unpack(bb__work, body, &s->arena, &work);

    if (r < 0)
        return -EBADMSG;
    info = bb_method_info(work->method);
    request = find(s, work->tag);
    lane = &s->lanes[info ? info->lane : BB_LANE_QUERY];
    if (request->used || lane->available == 0)
        return -EBADMSG; /* a tag twice, or more than the credit */
    lane->available--;
    lane->open++;
    *request = (struct request){.tag = work->tag,
                                .bytes = (uint32_t)work->body.len,
                                .used = true,
                                .lane = (uint8_t)(lane - s->lanes)};
    if (!info || (int)info->service != s->service_number)
        return refuse(s, work->tag, BB_ERROR_UNKNOWN_METHOD);
    event->type = BB_SESSION_WORK;
    event->work = (struct bb_work){
        .tag = work->tag,
        .method = work->method,
        .role = (uint32_t)work->role,
        .organization = bb_bytes_str(work->organization),
        .member = bb_bytes_str(work->member),
        .timeout_ms = work->timeout_ms,
        .window_bytes = work->window_bytes,
        .body = bb_bytes(work->body.data, work->body.len),
    };
    return 0;
}

static int
take_pull(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__WorkPull *pull;

    if (bb_unpack(bb__work_pull, body, &s->arena, &pull) < 0)
        return -EBADMSG;
    if (!find(s, pull->tag)->used)
        return 0; /* the answer crossed it */
    event->type = BB_SESSION_PULL;
    event->tag = pull->tag;
    event->bytes = pull->bytes;
    return 0;
}

static int
take_cancel(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__WorkCancel *cancel;
    struct request *request;

    if (bb_unpack(bb__work_cancel, body, &s->arena, &cancel) < 0)
        return -EBADMSG;
    request = find(s, cancel->tag);
    if (!request->used)
        return 0;
    end(s, request);
    event->type = BB_SESSION_CANCEL;
    event->tag = cancel->tag;
    return 0;
}

static int
take_subscriber_up(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__SessionUp *up;

    if (bb_unpack(bb__session_up, body, &s->arena, &up) < 0)
        return -EBADMSG;
    event->type = BB_SESSION_SUBSCRIBER_UP;
    event->subscriber = (struct bb_subscriber){
        .session = up->session,
        .role = (uint32_t)up->role,
        .organization = bb_bytes_str(up->organization),
        .member = bb_bytes_str(up->member),
        .subscribe = bb_bytes(up->subscribe.data, up->subscribe.len),
    };
    return 0;
}

static int
take_subscriber_down(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__SessionDown *down;

    if (bb_unpack(bb__session_down, body, &s->arena, &down) < 0)
        return -EBADMSG;
    event->type = BB_SESSION_SUBSCRIBER_DOWN;
    event->tag = down->session;
    return 0;
}

static int
take_subscriber_ack(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__SessionAck *ack;

    if (bb_unpack(bb__session_ack, body, &s->arena, &ack) < 0)
        return -EBADMSG;
    event->type = BB_SESSION_SUBSCRIBER_ACK;
    event->acknowledged = (struct bb_acknowledged){
        .session = ack->session,
        .sequence = ack->sequence,
        .messages = ack->messages,
        .bytes = ack->bytes,
    };
    return 0;
}

/* The call of this id is not open any more. False: it was not. */
static bool
forget_call(struct bb_session *s, uint64_t id)
{
    for (uint32_t i = 0; i < s->n_calls; i++)
        if (s->calls[i] == id) {
            s->calls[i] = s->calls[--s->n_calls];
            return true;
        }
    return false;
}

static int
take_call_reply(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__CallReply *reply;

    if (bb_unpack(bb__call_reply, body, &s->arena, &reply) < 0)
        return -EBADMSG;
    if (!forget_call(s, reply->id))
        return 0; /* it was cancelled */
    event->type = BB_SESSION_CALLED;
    event->tag = reply->id;
    event->result = (struct bb_call_result){
        .code = reply->code,
        .retryable = reply->retryable,
        .retry_after_ms = reply->retry_after_ms,
        .body = bb_bytes(reply->body.data, reply->body.len),
        .message = bb_bytes_str(reply->message),
    };
    return 0;
}

static int
take_ping(struct bb_session *s, struct bb_bytes body)
{
    Bb__Pong pong = BB__PONG__INIT;
    Bb__Ping *ping;

    if (bb_unpack(bb__ping, body, &s->arena, &ping) < 0)
        return -EBADMSG;
    pong.has_token = ping->has_token;
    pong.token = ping->token;
    return bb_outgoing_add(&s->out, BB_KIND_PONG, &pong.base);
}

/* Ask whether the fan-out up to here has been taken in, when that is worth it. */
static int
probe(struct bb_session *s)
{
    Bb__Ping ping = BB__PING__INIT;
    int r;

    if (s->taken.mark || s->taken.sent - s->taken.confirmed < PROBE_BYTES)
        return 0;
    ping.has_token = true;
    ping.token = s->taken.sent;
    r = bb_outgoing_add(&s->out, BB_KIND_PING, &ping.base);
    if (r == 0)
        s->taken.mark = s->taken.sent;
    return r;
}

static int
take_pong(struct bb_session *s, struct bb_bytes body)
{
    Bb__Pong *pong;

    if (bb_unpack(bb__pong, body, &s->arena, &pong) < 0)
        return -EBADMSG;
    if (s->taken.mark == 0 || pong->token != s->taken.mark)
        return 0;
    s->taken.confirmed = s->taken.mark;
    s->taken.mark = 0;
    return probe(s);
}

static int
take_goaway(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__Goaway *goaway;

    if (bb_unpack(bb__goaway, body, &s->arena, &goaway) < 0)
        return -EBADMSG;
    event->type = BB_SESSION_GOAWAY;
    event->code = goaway->code;
    event->packed = bb_bytes_str(goaway->message);
    return 0;
}

int
bb_session_frame(struct bb_session *s, bb_mono now, const struct bb_frame *frame,
                 struct bb_session_event *ret_event)
{
    struct bb_session_event event = {.type = BB_SESSION_NOTHING};
    int r = 0;

    if (s->state == BB_SESSION_CLOSED || frame->major != BB_VERSION_MAJOR)
        return -EBADMSG;
    bb_arena_reset(&s->arena);
    switch (frame->kind) {
    case BB_KIND_WORK:
        r = take_work(s, frame->body, &event);
        break;
    case BB_KIND_WORK_PULL:
        r = take_pull(s, frame->body, &event);
        break;
    case BB_KIND_WORK_CANCEL:
        r = take_cancel(s, frame->body, &event);
        break;
    case BB_KIND_DIRECTORY:
        event.type = BB_SESSION_DIRECTORY;
        event.packed = frame->body;
        break;
    case BB_KIND_GOAWAY:
        r = take_goaway(s, frame->body, &event);
        break;
    case BB_KIND_SESSION_UP:
        r = take_subscriber_up(s, frame->body, &event);
        break;
    case BB_KIND_SESSION_DOWN:
        r = take_subscriber_down(s, frame->body, &event);
        break;
    case BB_KIND_SESSION_ACK:
        r = take_subscriber_ack(s, frame->body, &event);
        break;
    case BB_KIND_CALL_REPLY:
        r = take_call_reply(s, frame->body, &event);
        break;
    case BB_KIND_PING:
        r = take_ping(s, frame->body);
        break;
    case BB_KIND_PONG:
        r = take_pong(s, frame->body);
        break;
    case BB_KIND_HEARTBEAT:
        break;
    default:
        s->ignored++;
        break;
    }
    if (r < 0)
        return r;
    s->heard = now;
    if (s->state == BB_SESSION_GREETING)
        s->state = BB_SESSION_LIVE;
    *ret_event = event;
    return 0;
}

/* ---- what the owner says ---- */

int
bb_session_reply(struct bb_session *s, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct request *request = find(s, tag);
    Bb__WorkReply reply = BB__WORK_REPLY__INIT;
    int r;

    if (!request->used)
        return -ENOENT;
    if (body.len > BB_LIMIT_BODY_BYTES)
        return bb_session_fail(s, tag, BB_ERROR_INTERNAL, "a part of the answer is larger than the limit", 0);
    reply.tag = tag;
    reply.has_part = part != 0;
    reply.part = part;
    reply.has_final = !final;
    reply.final = final;
    reply.has_body = body.len != 0;
    reply.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)(uintptr_t)body.data};
    r = bb_outgoing_add(&s->out, BB_KIND_WORK_REPLY, &reply.base);
    if (final)
        end(s, request);
    return r;
}

int
bb_session_fail(struct bb_session *s, uint64_t tag, uint32_t code, const char *message,
                uint32_t retry_after_ms)
{
    struct request *request = find(s, tag);
    Bb__WorkReply reply = BB__WORK_REPLY__INIT;
    struct bb_bytes whole = bb_bytes_str(message);
    char text[MESSAGE_BYTES + 1];
    int r;

    if (!request->used)
        return -ENOENT;
    whole.len = bb_utf8_prefix(bb_bytes(whole.data, whole.len < MESSAGE_BYTES ? whole.len : MESSAGE_BYTES));
    if (whole.len)
        memcpy(text, whole.data, whole.len);
    text[whole.len] = 0;
    reply.tag = tag;
    reply.has_code = true;
    reply.code = code;
    reply.message = whole.len ? text : NULL;
    reply.has_retryable = reply.retryable = bb_error_retryable(code);
    reply.has_retry_after_ms = retry_after_ms != 0;
    reply.retry_after_ms = retry_after_ms;
    r = bb_outgoing_add(&s->out, BB_KIND_WORK_REPLY, &reply.base);
    end(s, request);
    return r;
}

int
bb_session_fanout(struct bb_session *s, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions,
                  size_t n)
{
    Bb__Fanout fanout = BB__FANOUT__INIT;
    int r = 0;

    if (s->state != BB_SESSION_LIVE && s->state != BB_SESSION_DRAINING)
        return -ENOTCONN;
    if (!bb_kind_is_fanned_out(kind))
        return -EINVAL;
    if (body.len > BB_LIMIT_BODY_BYTES)
        return -EMSGSIZE;
    fanout.kind = kind;
    fanout.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)(uintptr_t)body.data};
    for (size_t at = 0; at < n && r == 0; at += fanout.n_session) {
        fanout.n_session = n - at < FANOUT_MOST ? n - at : FANOUT_MOST;
        fanout.session = (uint64_t *)(uintptr_t)(sessions + at); /* protobuf-c does not write to it */
        r = bb_outgoing_add(&s->out, BB_KIND_FANOUT, &fanout.base);
        if (r == 0)
            s->taken.sent += bb_frame_size(&fanout.base);
    }
    return r == 0 ? probe(s) : r;
}

size_t
bb_session_unconfirmed(const struct bb_session *s)
{
    return (size_t)(s->taken.sent - s->taken.confirmed);
}

static bool
is_calling(const struct bb_session *s, uint64_t id)
{
    for (uint32_t i = 0; i < s->n_calls; i++)
        if (s->calls[i] == id)
            return true;
    return false;
}

int
bb_session_call(struct bb_session *s, uint64_t id, uint32_t method, uint32_t timeout_ms, struct bb_bytes body)
{
    Bb__Call call = BB__CALL__INIT;
    int r;

    if (s->state != BB_SESSION_LIVE)
        return -ENOTCONN;
    if (is_calling(s, id))
        return -EEXIST;
    if (s->n_calls == BB_LIMIT_CALLS)
        return -EBUSY;
    if (body.len > BB_LIMIT_BODY_BYTES)
        return -EMSGSIZE;
    call.id = id;
    call.method = method;
    call.timeout_ms = timeout_ms;
    call.has_body = body.len != 0;
    call.body = (ProtobufCBinaryData){.len = body.len, .data = (uint8_t *)(uintptr_t)body.data};
    r = bb_outgoing_add(&s->out, BB_KIND_CALL, &call.base);
    if (r == 0)
        s->calls[s->n_calls++] = id;
    return r;
}

int
bb_session_call_cancel(struct bb_session *s, uint64_t id)
{
    Bb__CallCancel cancel = BB__CALL_CANCEL__INIT;

    if (!forget_call(s, id))
        return -ENOENT;
    cancel.id = id;
    return s->state == BB_SESSION_CLOSED ? 0 : bb_outgoing_add(&s->out, BB_KIND_CALL_CANCEL, &cancel.base);
}

bool
bb_session_lost_call(struct bb_session *s, uint64_t *ret_id)
{
    if (s->state != BB_SESSION_CLOSED || s->n_calls == 0)
        return false;
    *ret_id = s->calls[--s->n_calls];
    return true;
}

void
bb_session_hold(struct bb_session *s, enum bb_lane lane, bool hold)
{
    s->lanes[lane].hold = hold;
}

int
bb_session_drain(struct bb_session *s, bb_mono now)
{
    Bb__Drain drain = BB__DRAIN__INIT;
    int r;

    if (s->state != BB_SESSION_GREETING && s->state != BB_SESSION_LIVE)
        return 0;
    r = bb_outgoing_add(&s->out, BB_KIND_DRAIN, &drain.base);
    if (r < 0)
        return r;
    s->state = BB_SESSION_DRAINING;
    s->drained = now;
    return 0;
}

/* Is there something to answer, or an answer to send? */
static bool
is_busy(const struct bb_session *s)
{
    return s->lanes[0].open + s->lanes[1].open != 0 || bb_session_backlog(s) != 0;
}

bool
bb_session_is_drained(const struct bb_session *s, bb_mono now)
{
    bb_mono waited = now - s->drained;

    if (s->state != BB_SESSION_DRAINING)
        return s->state == BB_SESSION_CLOSED;
    if (waited >= BB_SESSION_DRAIN_MS)
        return true;
    return waited >= BB_SESSION_GRACE_MS && !is_busy(s);
}

/* ---- time ---- */

bool
bb_session_beats(const struct bb_session *s, bb_mono now)
{
    return s->state != BB_SESSION_CLOSED && now >= s->beat;
}

int
bb_session_tick(struct bb_session *s, bb_mono now, uint64_t sequence, uint64_t lag)
{
    Bb__Heartbeat heartbeat = BB__HEARTBEAT__INIT;

    if (s->state == BB_SESSION_CLOSED)
        return 0;
    if (now - s->heard >= BB_SESSION_SILENCE_MS)
        return BB_SESSION_E_SILENT;
    if (now < s->beat)
        return 0;
    s->beat = now + BB_SESSION_HEARTBEAT_MS;
    heartbeat.has_sequence = heartbeat.has_lag = true;
    heartbeat.sequence = sequence;
    heartbeat.lag = lag;
    return bb_outgoing_add(&s->out, BB_KIND_HEARTBEAT, &heartbeat.base);
}

bb_mono
bb_session_deadline(const struct bb_session *s)
{
    bb_mono next = s->heard + BB_SESSION_SILENCE_MS;

    if (s->state == BB_SESSION_CLOSED)
        return BB_NEVER;
    if (s->beat < next)
        next = s->beat;
    if (s->state == BB_SESSION_DRAINING) {
        bb_mono over = s->drained + (is_busy(s) ? BB_SESSION_DRAIN_MS : BB_SESSION_GRACE_MS);

        if (over < next)
            next = over;
    }
    return next;
}

enum bb_session_state
bb_session_state(const struct bb_session *s)
{
    return s->state;
}

uint32_t
bb_session_open_requests(const struct bb_session *s, enum bb_lane lane)
{
    return s->lanes[lane].open;
}

uint64_t
bb_session_ignored(const struct bb_session *s)
{
    return s->ignored;
}
