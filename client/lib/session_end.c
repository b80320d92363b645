/* The ends of requests: told to who made them, once, when the request is on no list any more. */
#include "session_core.h"

#include "proto/errors.h"
#include "proto/methods.h"

#include <stdio.h>

const char *
bb_result_name(int result, uint32_t code)
{
    static const char *const names[] = {
        [BB_OK] = "OK",
        [BB_UNREACHABLE] = "UNREACHABLE",
        [BB_TIMED_OUT] = "TIMED_OUT",
        [BB_NOT_ALLOWED] = "NOT_ALLOWED",
        [BB_FAILED] = "FAILED",
        [BB_STOPPED] = "STOPPED",
    };

    return code ? bb_error_name(code) : names[result];
}

void
bb_session_forget(struct bb_session *session, struct bb_request *request)
{
    switch (request->state) {
    case BB_REQUEST_READY:
        TAILQ_REMOVE(&session->ready, request, link);
        break;
    case BB_REQUEST_SENT:
        TAILQ_REMOVE(&session->sent, request, link);
        session->n_sent--;
        session->sent_bytes -= request->len;
        session->sent_windows -= request->window_bytes;
        break;
    case BB_REQUEST_WAITING:
        TAILQ_REMOVE(&session->waiting, request, link);
        break;
    case BB_REQUEST_FREE:
        break;
    }
}

/* Tell the end. The request is off its list, and is free afterwards. */
static void
tell(struct bb_session *session, struct bb_request *request, int result, uint32_t code, const char *text)
{
    const struct bb_problem end = {
        .result = result, .code = code, .name = bb_result_name(result, code), .message = text};
    bb_done_fn *done = request->done;
    void *self = request->done_self;
    uint64_t sequence = request->sequence;

    bb_request_free(&session->table, request);
    if (done)
        done(self, &end, sequence);
}

void
bb_session_end(struct bb_session *session, struct bb_request *request, int result, uint32_t code,
               const char *text)
{
    bb_session_forget(session, request);
    tell(session, request, result, code, text);
}

void
bb_session_end_list(struct bb_session *session, struct bb_request_list *list, int result, uint32_t code,
                    const char *text)
{
    struct bb_request *request;

    while ((request = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, request, link);
        tell(session, request, result, code, text);
    }
}

void
bb_session_end_all(struct bb_session *session, int result, uint32_t code, const char *text)
{
    struct bb_request_list all = TAILQ_HEAD_INITIALIZER(all);

    TAILQ_CONCAT(&all, &session->sent, link);
    TAILQ_CONCAT(&all, &session->ready, link);
    TAILQ_CONCAT(&all, &session->waiting, link);
    session->n_sent = 0;
    session->sent_bytes = 0;
    session->sent_windows = 0;
    bb_session_end_list(session, &all, result, code, text);
    bb_session_listeners_end(session, result, code, text);
}

/* What was sent may have been done. Doing it again does no harm, but for a message under another id. */
static const char *
how_to_repeat(const struct bb_request *request)
{
    return request->method == BB_METHOD_MESSAGE_PUBLISH ? "safe to repeat with the same id"
                                                        : "safe to repeat";
}

/* Time is up: say what is known of why. */
void
bb_session_end_in_time(struct bb_session *session, struct bb_request *request)
{
    char *text = session->text;
    size_t size = sizeof session->text;
    long long waited = session->now - request->made;

    if (request->error_code) {
        snprintf(text, size, "not done within %lld ms, %s; the last answer was %s: %s", waited,
                 how_to_repeat(request), bb_error_name(request->error_code), request->error_text);
        bb_session_end(session, request, BB_TIMED_OUT, request->error_code, text);
    } else if (request->may_be_done) {
        snprintf(text, size, "no answer within %lld ms; it is %s", waited, how_to_repeat(request));
        bb_session_end(session, request, BB_TIMED_OUT, BB_ERROR_TIMEOUT, text);
    } else if (session->link == BB_LINK_OPEN) {
        snprintf(text, size, "not sent within %lld ms: too much is open before it", waited);
        bb_session_end(session, request, BB_TIMED_OUT, 0, text);
    } else {
        snprintf(text, size, "cannot reach a broker at %s", session->endpoint);
        bb_session_end(session, request, BB_UNREACHABLE, 0, text);
    }
}

/* --- time --------------------------------------------------------------------------------------------- */

/* When a request that was never sent ends because there is no connection. */
bb_mono
bb_session_unreachable_at(const struct bb_session *session, const struct bb_request *request)
{
    if (!session->unreachable_ms)
        return BB_NEVER;
    return (request->made > session->down_since ? request->made : session->down_since) +
           session->unreachable_ms;
}

/* Move requests of a list that are out of time to `late`, and lower due by the others. */
static void
sweep(struct bb_session *session, struct bb_request_list *list, struct bb_request_list *late)
{
    bool down = session->link < BB_LINK_UP;
    struct bb_request *request, *next;

    for (request = TAILQ_FIRST(list); request; request = next) {
        bb_mono until = request->deadline;
        next = TAILQ_NEXT(request, link);
        if (down && bb_session_unreachable_at(session, request) < until)
            until = bb_session_unreachable_at(session, request);
        if (until > session->now) {
            bb_session_due_by(session, until);
            continue;
        }
        if (request->state == BB_REQUEST_SENT)
            bb_session_cancel(session, request);
        bb_session_forget(session, request);
        request->state = BB_REQUEST_READY;
        TAILQ_INSERT_TAIL(late, request, link);
    }
}

static void
wake_waiting(struct bb_session *session)
{
    struct bb_request *request, *next;

    for (request = TAILQ_FIRST(&session->waiting); request; request = next) {
        next = TAILQ_NEXT(request, link);
        if (request->retry_at > session->now) {
            bb_session_due_by(session, request->retry_at);
            continue;
        }
        TAILQ_REMOVE(&session->waiting, request, link);
        TAILQ_INSERT_TAIL(&session->ready, request, link);
        request->state = BB_REQUEST_READY;
    }
}

static void
tell_late(struct bb_session *session, struct bb_request_list *late)
{
    struct bb_request *request;

    while ((request = TAILQ_FIRST(late))) {
        TAILQ_REMOVE(late, request, link);
        request->state = BB_REQUEST_FREE; /* on no list */
        bb_session_end_in_time(session, request);
    }
}

void
bb_session_tick(struct bb_session *session, bb_mono now)
{
    struct bb_request_list late = TAILQ_HEAD_INITIALIZER(late);

    session->now = now;
    if (now < session->due)
        return;
    session->due = BB_NEVER;
    wake_waiting(session);
    sweep(session, &session->sent, &late);
    sweep(session, &session->ready, &late);
    sweep(session, &session->waiting, &late);
    bb_session_listeners_tick(session);
    if (session->link == BB_LINK_IDLE)
        bb_session_due_by(session, session->open_at);
    if (session->link == BB_LINK_OPENING || session->link == BB_LINK_UP) {
        bb_session_due_by(session, session->give_up_at);
        session->wants_close = session->wants_close || now >= session->give_up_at;
    }
    tell_late(session, &late);
}
