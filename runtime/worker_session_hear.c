/* What the broker says: a frame becomes at most one event. */
#include "worker_session_core.h"

#include "proto/errors.h"
#include "proto/message.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <errno.h>

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
    struct bb_tagged *request;
    struct bb_session_lane *lane;
    Bb__Work *work;
    int r = bb_unpack(bb__work, body, &s->arena, &work);

    if (r < 0)
        return -EBADMSG;
    info = bb_method_info(work->method);
    request = bb_tags_find(&s->requests, work->tag);
    lane = &s->lanes[info ? info->lane : BB_LANE_QUERY];
    if (request->used || lane->available == 0)
        return -EBADMSG; /* a tag twice, or more than the credit */
    lane->available--;
    lane->open++;
    *request = (struct bb_tagged){.tag = work->tag,
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
    if (!bb_tags_find(&s->requests, pull->tag)->used)
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
    struct bb_tagged *request;

    if (bb_unpack(bb__work_cancel, body, &s->arena, &cancel) < 0)
        return -EBADMSG;
    request = bb_tags_find(&s->requests, cancel->tag);
    if (!request->used)
        return 0;
    bb_session_end(s, request);
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

static int
take_call_reply(struct bb_session *s, struct bb_bytes body, struct bb_session_event *event)
{
    Bb__CallReply *reply;

    if (bb_unpack(bb__call_reply, body, &s->arena, &reply) < 0)
        return -EBADMSG;
    if (!bb_session_forget_call(s, reply->id))
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
    return bb_session_probe(s);
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
