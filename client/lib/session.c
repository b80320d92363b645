/* Requests are in one of three lists: ready (to be sent, in order), sent (answer awaited, in the order in
 * which they left), waiting (a retryable error came; ready again at retry_at). When the connection is lost,
 * sent goes back in front of ready, so the order in which requests were made survives.
 *
 * `due` is a lower bound: it is lowered when something that will fall due is added and computed anew only
 * when it is reached, so that a request that is answered before its deadline costs nothing here.
 *
 * The deadline of a streamed answer starts anew with each part: how long it takes in all is the reader's
 * affair, who may be a person in front of a pager. So the broker is given the longest time there is, and we
 * cancel.
 *
 * A list that is being ended is first moved aside: callbacks may make new requests, which must not be ended
 * with it. */
#include "session.h"

#include "backoff.h"
#include "session_core.h"

#include "proto/errors.h"

#include <errno.h>
#include <stdio.h>

#define DECODE_BYTES   ((size_t)BB_LIMIT_FRAME_BYTES * 2) /* a frame and its copy */
#define REQUEST_HEADER 64u                                /* envelope and all fields but the body's bytes */

void
bb_session_init(struct bb_session *session, bb_mono now)
{
    session->link = BB_LINK_IDLE;
    session->open_at = now;
    session->down_since = now;
    session->due = now;
    session->now = now;
    session->outstanding = BB_LIMIT_OUTSTANDING;
    bb_request_table_init(&session->table);
    TAILQ_INIT(&session->ready);
    TAILQ_INIT(&session->sent);
    TAILQ_INIT(&session->waiting);
    TAILQ_INIT(&session->listeners);
    bb_bundle_init(&session->out, BB_LIMIT_FRAME_BYTES);
    bb_arena_init(&session->frames, DECODE_BYTES);
    bb_arena_init(&session->messages, BB_LIMIT_DECODE_BYTES);
}

void
bb_session_release(struct bb_session *session)
{
    session->closed = true;
    bb_session_end_all(session, BB_STOPPED, 0, "the client was closed");
    bb_session_listeners_release(session);
    bb_request_table_release(&session->table);
    bb_bundle_release(&session->out);
    bb_arena_release(&session->frames);
    bb_arena_release(&session->messages);
}

void
bb_session_due_by(struct bb_session *session, bb_mono when)
{
    if (when < session->due)
        session->due = when;
}

uint32_t
bb_session_draw(struct bb_session *session)
{
    /* xorshift64*, Vigna 2016 */
    session->random ^= session->random >> 12;
    session->random ^= session->random << 25;
    session->random ^= session->random >> 27;
    return (uint32_t)(session->random * 0x2545F4914F6CDD1Du >> 32);
}

/* --- making requests ---------------------------------------------------------------------------------- */

int
bb_session_request(struct bb_session *session, uint32_t method, size_t len, struct bb_request **ret_request)
{
    int r;

    if (session->closed)
        return -ESHUTDOWN;
    if (len > BB_LIMIT_FRAME_BYTES - REQUEST_HEADER)
        return -E2BIG;
    r = bb_request_new(&session->table, len, ret_request);
    if (r == 0)
        (*ret_request)->method = method;
    return r;
}

void
bb_session_start(struct bb_session *session, bb_mono now, struct bb_request *request)
{
    session->now = now;
    request->made = now;
    request->patience_ms = session->timeout_ms;
    request->deadline = now + request->patience_ms;
    TAILQ_INSERT_TAIL(&session->ready, request, link);
    bb_session_due_by(session, request->deadline);
    if (session->link < BB_LINK_UP)
        bb_session_due_by(session, bb_session_unreachable_at(session, request));
}

void
bb_session_abandon(struct bb_session *session, const void *done_self)
{
    for (size_t i = 0; i < session->table.n; i++) {
        struct bb_request *request = session->table.slot[i];
        if (request->state == BB_REQUEST_FREE || request->done_self != done_self)
            continue;
        request->done = NULL;
        request->part = NULL;
    }
}

void
bb_session_paused(struct bb_session *session, bb_mono ms)
{
    struct bb_request *request;

    TAILQ_FOREACH(request, &session->sent, link)
    if (request->begun)
        request->deadline += ms;
}

/* --- the connection ----------------------------------------------------------------------------------- */

bool
bb_session_wants_open(const struct bb_session *session, bb_mono now)
{
    return session->link == BB_LINK_IDLE && now >= session->open_at;
}

void
bb_session_opening(struct bb_session *session, bb_mono now)
{
    session->now = now;
    session->link = BB_LINK_OPENING;
    session->greeted = false;
    session->wants_close = false;
    session->goaway_code = 0;
    session->goaway_ms = 0;
    session->renewed = false;
    session->give_up_at = now + BB_OPENING_MS;
    bb_bundle_clear(&session->out);
    bb_session_due_by(session, session->give_up_at);
}

void
bb_session_up(struct bb_session *session, bb_mono now)
{
    struct bb_request *request;

    session->now = now;
    if (session->link != BB_LINK_OPENING)
        return;
    session->link = BB_LINK_UP;
    session->give_up_at = now + BB_GREETING_MS;
    bb_session_due_by(session, session->give_up_at);
    TAILQ_FOREACH(request, &session->sent, link)
    request->may_be_done = true;
}

/* What was sent is unanswered: it goes out again, first of all. A stream that had begun cannot be taken up in
 * the middle. */
static void
unsend(struct bb_session *session)
{
    struct bb_request_list begun = TAILQ_HEAD_INITIALIZER(begun), again = TAILQ_HEAD_INITIALIZER(again);
    struct bb_request *request;

    while ((request = TAILQ_FIRST(&session->sent))) {
        TAILQ_REMOVE(&session->sent, request, link);
        request->state = BB_REQUEST_READY;
        if (request->begun)
            TAILQ_INSERT_TAIL(&begun, request, link);
        else
            TAILQ_INSERT_TAIL(&again, request, link);
    }
    session->n_sent = 0;
    session->sent_bytes = 0;
    session->sent_windows = 0;
    TAILQ_CONCAT(&again, &session->ready, link);
    TAILQ_CONCAT(&session->ready, &again, link);
    bb_session_end_list(session, &begun, BB_TIMED_OUT, 0,
                        "the connection broke in the middle of the answer; it is safe to repeat");
}

/* Have enough handshakes failed to say why? */
static bool
is_decided(const struct bb_session *session)
{
    return session->handshakes >= BB_HANDSHAKE_TRIES &&
           session->now - session->handshakes_since >= BB_HANDSHAKE_MS;
}

static void
end_refused(struct bb_session *session, enum bb_loss loss)
{
    char *text = session->text;
    size_t size = sizeof session->text;

    switch (loss) {
    case BB_LOSS_REFUSED:
        snprintf(text, size,
                 "the broker at %s refuses our key %s: it is not registered there, or its organization is "
                 "disabled",
                 session->endpoint, session->public_key);
        bb_session_end_all(session, BB_NOT_ALLOWED, BB_ERROR_UNKNOWN_KEY, text);
        break;
    case BB_LOSS_HANDSHAKE:
        if (session->welcomed || !is_decided(session))
            break;
        snprintf(text, size,
                 "the broker at %s ends every handshake: either the server key of this context is not the "
                 "broker's, or the broker is overloaded",
                 session->endpoint);
        bb_session_end_all(session, BB_NOT_ALLOWED, 0, text);
        break;
    case BB_LOSS_STRANGE:
        if (!is_decided(session))
            break;
        snprintf(text, size, "what answers at %s is not an encrypted backbone broker", session->endpoint);
        bb_session_end_all(session, BB_NOT_ALLOWED, 0, text);
        break;
    default:
        break;
    }
}

static void
describe_goaway(struct bb_session *session)
{
    snprintf(session->text, sizeof session->text, "the broker at %s ends the connection: %s: %s",
             session->endpoint, bb_error_name(session->goaway_code),
             *session->goaway_text ? session->goaway_text : bb_error_meaning(session->goaway_code));
}

/* GOAWAY without a time to come back: the reason does not go away by itself. */
static void
end_sent_away(struct bb_session *session)
{
    bool denied =
        session->goaway_code == BB_ERROR_UNKNOWN_KEY || session->goaway_code == BB_ERROR_NOT_ALLOWED;

    describe_goaway(session);
    bb_session_end_all(session, denied ? BB_NOT_ALLOWED : BB_FAILED, session->goaway_code, session->text);
}

/* It is tried again; listeners are told. */
static void
tell_lost(struct bb_session *session, enum bb_loss loss)
{
    char *text = session->text;
    size_t size = sizeof session->text;

    if (session->goaway_code)
        describe_goaway(session);
    else if (loss == BB_LOSS_UNREACHABLE)
        snprintf(text, size, "cannot reach a broker at %s", session->endpoint);
    else if (loss == BB_LOSS_DISCONNECTED)
        snprintf(text, size, "the connection to the broker at %s is lost", session->endpoint);
    else
        snprintf(text, size, "the broker at %s does not let us in now", session->endpoint);
    bb_session_listeners_tell_lost(session, text);
}

static void
count_failure(struct bb_session *session, enum bb_loss loss)
{
    bool in_handshake = loss == BB_LOSS_HANDSHAKE || loss == BB_LOSS_STRANGE;

    if (in_handshake && session->handshakes == 0)
        session->handshakes_since = session->now;
    session->handshakes = in_handshake ? session->handshakes + 1 : 0;
    if (session->failures < 16)
        session->failures++;
}

/* Who has never been let in wants to know soon whether it will be. */
static uint32_t
draw_pause(struct bb_session *session)
{
    unsigned attempt = session->failures - 1;

    if (session->handshakes && !session->welcomed && !is_decided(session) && attempt > BB_HANDSHAKE_PAUSES)
        attempt = BB_HANDSHAKE_PAUSES;
    return bb_backoff_reconnect_ms(attempt, bb_session_draw(session));
}

void
bb_session_lost(struct bb_session *session, bb_mono now, enum bb_loss loss)
{
    bool was_up = session->link >= BB_LINK_UP;
    uint32_t pause;

    session->now = now;
    count_failure(session, loss);
    pause = draw_pause(session);
    if (was_up)
        session->down_since = now;
    if (session->goaway_ms > pause)
        pause = session->goaway_ms + pause / 2;
    session->link = BB_LINK_IDLE;
    session->wants_close = false;
    session->open_at = now + pause;
    session->due = now; /* everything is to be looked at again */
    bb_bundle_clear(&session->out);
    bb_session_listeners_lost(session);
    unsend(session);
    if (session->goaway_code && !session->goaway_ms && !session->renewed)
        end_sent_away(session);
    else if (!session->renewed)
        end_refused(session, loss);
    tell_lost(session, loss);
}
