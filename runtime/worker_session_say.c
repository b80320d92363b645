/* What the owner says: answers, fan-out, calls. */
#include "worker_session_core.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/utf8.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <errno.h>
#include <string.h>

#define MESSAGE_BYTES 500u
#define PROBE_BYTES   ((uint64_t)256 << 10) /* of fan-out, between two PINGs */
#define FANOUT_MOST   16384u /* sessions of one FANOUT: 160 KiB, so that it fits beside a body */

/* ---- answers ---- */

int
bb_session_reply(struct bb_session *s, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct bb_tagged *request = bb_tags_find(&s->requests, tag);
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
        bb_session_end(s, request);
    return r;
}

int
bb_session_fail(struct bb_session *s, uint64_t tag, uint32_t code, const char *message,
                uint32_t retry_after_ms)
{
    struct bb_tagged *request = bb_tags_find(&s->requests, tag);
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
    bb_session_end(s, request);
    return r;
}

/* ---- fan-out ---- */

int
bb_session_probe(struct bb_session *s)
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
    return r == 0 ? bb_session_probe(s) : r;
}

size_t
bb_session_unconfirmed(const struct bb_session *s)
{
    return (size_t)(s->taken.sent - s->taken.confirmed);
}

/* ---- calls ---- */

bool
bb_session_forget_call(struct bb_session *s, uint64_t id)
{
    for (uint32_t i = 0; i < s->n_calls; i++)
        if (s->calls[i] == id) {
            s->calls[i] = s->calls[--s->n_calls];
            return true;
        }
    return false;
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

    if (!bb_session_forget_call(s, id))
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
