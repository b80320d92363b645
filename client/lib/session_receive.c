/* What comes in: one frame at a time, decoded into the session's arena; an answer that comes too late finds
 * nobody, and a frame that cannot be decoded ends the connection. */
#include "session_core.h"

#include "backoff.h"

#include "proto/errors.h"
#include "proto/message.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdio.h>

static void
copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static int
on_welcome(struct bb_session *session, struct bb_bytes body)
{
    struct bb_session_who *who = &session->who;
    Bb__Welcome *welcome;
    int r = bb_unpack(bb__welcome, body, &session->frames, &welcome);

    if (r < 0)
        return r;
    copy_text(who->organization, sizeof who->organization, welcome->organization);
    copy_text(who->name, sizeof who->name, welcome->name);
    copy_text(who->member, sizeof who->member, welcome->member);
    who->role = (uint32_t)welcome->role;
    who->time_us = (int64_t)welcome->time_us;
    who->submission_rows = welcome->submission_rows;
    session->outstanding = welcome->outstanding ? welcome->outstanding : BB_LIMIT_OUTSTANDING;
    session->link = BB_LINK_OPEN;
    session->failures = 0;
    session->handshakes = 0;
    session->welcomed = true;
    return 0;
}

/* Ask for more of an answer when half the window has been used. */
static void
pull(struct bb_session *session, struct bb_request *request, size_t bytes)
{
    uint32_t window = request->window_bytes ? request->window_bytes : BB_LIMIT_PART_BYTES * 4;
    Bb__Pull message = BB__PULL__INIT;

    request->unpulled += (uint32_t)bytes;
    if (request->unpulled < window / 2)
        return;
    message.id = request->id;
    message.bytes = request->unpulled;
    if (bb_bundle_add(&session->out, BB_KIND_PULL, &message.base) == 0)
        request->unpulled = 0;
}

/* Never back: after a callback that took long, `now` is of the time before it. */
static void
extend(const struct bb_session *session, struct bb_request *request)
{
    if (request->deadline < session->now + request->patience_ms)
        request->deadline = session->now + request->patience_ms;
}

static int
on_reply(struct bb_session *session, struct bb_bytes in)
{
    struct bb_request *request;
    struct bb_bytes body;
    Bb__Reply *reply;
    int r = bb_unpack(bb__reply, in, &session->frames, &reply);

    if (r < 0)
        return r;
    request = bb_request_find(&session->table, reply->id);
    if (!request || request->state != BB_REQUEST_SENT || !request->part)
        return 0; /* it came too late */
    if (reply->part != request->next_part)
        return -EBADMSG;
    request->next_part++;
    body = bb_bytes(reply->body.data, reply->body.len);
    r = request->part(request, body);
    request->begun = true;
    if (r == 0 && reply->final) {
        bb_session_end(session, request, BB_OK, 0, "done");
    } else if (r == 0) {
        pull(session, request, body.len);
        extend(session, request);
    } else {
        if (!reply->final)
            bb_session_cancel(session, request);
        if (r == BB_REQUEST_STOP)
            bb_session_end(session, request, BB_STOPPED, 0, "stopped");
        else
            bb_session_end(session, request, BB_FAILED, BB_ERROR_MALFORMED, "the answer cannot be decoded");
    }
    return 0;
}

static bool
repeat_later(struct bb_session *session, struct bb_request *request, const Bb__Error *error)
{
    bb_mono at = session->now +
                 bb_backoff_repeat_ms(request->attempts, error->retry_after_ms, bb_session_draw(session));

    if (request->begun || at >= request->deadline)
        return false;
    bb_session_forget(session, request);
    request->attempts++;
    request->retry_at = at;
    request->state = BB_REQUEST_WAITING;
    TAILQ_INSERT_TAIL(&session->waiting, request, link);
    bb_session_due_by(session, at);
    return true;
}

static void
fail(struct bb_session *session, struct bb_request *request, const Bb__Error *error)
{
    bool denied = error->code == BB_ERROR_NOT_ALLOWED || error->code == BB_ERROR_UNKNOWN_KEY;

    snprintf(session->text, sizeof session->text, "%s: %s", bb_error_name(error->code),
             error->message && *error->message ? error->message : bb_error_meaning(error->code));
    bb_session_end(session, request, denied ? BB_NOT_ALLOWED : BB_FAILED, error->code, session->text);
}

static void
note_error(struct bb_request *request, const Bb__Error *error)
{
    request->error_code = error->code;
    copy_text(request->error_text, sizeof request->error_text,
              error->message && *error->message ? error->message : bb_error_meaning(error->code));
}

static int
on_error(struct bb_session *session, struct bb_bytes in)
{
    struct bb_request *request;
    Bb__Error *error;
    int r = bb_unpack(bb__error, in, &session->frames, &error);

    if (r < 0)
        return r;
    if (error->has_subscription) {
        bb_session_on_subscription_error(session, error);
        return 0;
    }
    request = error->has_id ? bb_request_find(&session->table, error->id) : NULL;
    if (!request || request->state != BB_REQUEST_SENT)
        return 0;
    request->may_be_done = true;
    if (!error->retryable) {
        fail(session, request, error);
        return 0;
    }
    if (error->code != BB_ERROR_TIMEOUT || !request->error_code) /* an answer that said why says more */
        note_error(request, error);
    if (!repeat_later(session, request, error))
        bb_session_end_in_time(session, request);
    return 0;
}

static int
on_goaway(struct bb_session *session, struct bb_bytes in)
{
    Bb__Goaway *goaway;
    int r = bb_unpack(bb__goaway, in, &session->frames, &goaway);

    if (r < 0)
        return r;
    session->goaway_code = goaway->code;
    session->goaway_ms = goaway->has_retry_after_ms ? goaway->retry_after_ms + 1 : 0;
    copy_text(session->goaway_text, sizeof session->goaway_text, goaway->message);
    session->wants_close = true;
    return 0;
}

static int
on_ping(struct bb_session *session, struct bb_bytes in)
{
    Bb__Pong pong = BB__PONG__INIT;
    Bb__Ping *ping;
    int r = bb_unpack(bb__ping, in, &session->frames, &ping);

    if (r < 0)
        return r;
    pong.has_token = ping->has_token;
    pong.token = ping->token;
    bb_bundle_add(&session->out, BB_KIND_PONG, &pong.base);
    return 0;
}

static int
on_pong(struct bb_session *session, struct bb_bytes in)
{
    struct bb_request *request;
    Bb__Pong *pong;
    int r = bb_unpack(bb__pong, in, &session->frames, &pong);

    if (r < 0)
        return r;
    request = bb_request_find(&session->table, pong->token);
    if (request && request->state == BB_REQUEST_SENT && request->method == 0)
        bb_session_end(session, request, BB_OK, 0, "done");
    return 0;
}

static int
on_frame(struct bb_session *session, const struct bb_frame *frame)
{
    if (frame->major != BB_VERSION_MAJOR)
        return -EBADMSG;
    bb_arena_reset(&session->frames);
    switch (frame->kind) {
    case BB_KIND_WELCOME:
        return on_welcome(session, frame->body);
    case BB_KIND_REPLY:
        return on_reply(session, frame->body);
    case BB_KIND_DELIVER:
        return bb_session_on_deliver(session, frame->body);
    case BB_KIND_SUBSCRIBED:
        return bb_session_on_subscribed(session, frame->body);
    case BB_KIND_GAP:
        return bb_session_on_gap(session, frame->body);
    case BB_KIND_ERROR:
        return on_error(session, frame->body);
    case BB_KIND_GOAWAY:
        return on_goaway(session, frame->body);
    case BB_KIND_PING:
        return on_ping(session, frame->body);
    case BB_KIND_PONG:
        return on_pong(session, frame->body);
    default:
        return 0; /* of a later minor version */
    }
}

int
bb_session_receive(struct bb_session *session, bb_mono now, struct bb_bytes message)
{
    struct bb_unbundle walk;
    struct bb_frame frame;
    int r = bb_unbundle_init(&walk, message);

    bb_session_up(session, now); /* who sends has shaken hands */
    if (r < 0)
        return r;
    while ((r = bb_unbundle_next(&walk, &frame)) == 0) {
        r = on_frame(session, &frame);
        if (r < 0)
            return -EBADMSG;
    }
    return r < 0 ? r : 0;
}
