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

#include "proto/errors.h"
#include "proto/message.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdio.h>

#define DECODE_BYTES    ((size_t)BB_LIMIT_FRAME_BYTES * 2) /* a frame and its copy */
#define REQUEST_HEADER  64u                                /* envelope and all fields but the body's bytes */
#define ROUND_TRIP_ROOM 20 /* ms less for the broker than for us: its TIMEOUT should find us waiting */

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
    bb_bundle_init(&session->out, BB_LIMIT_FRAME_BYTES);
    bb_arena_init(&session->frames, DECODE_BYTES);
}

static uint32_t
draw(struct bb_session *session)
{
    /* xorshift64*, Vigna 2016 */
    session->random ^= session->random >> 12;
    session->random ^= session->random << 25;
    session->random ^= session->random >> 27;
    return (uint32_t)(session->random * 0x2545F4914F6CDD1Du >> 32);
}

static void
due_by(struct bb_session *session, bb_mono when)
{
    if (when < session->due)
        session->due = when;
}

/* --- the end of a request ----------------------------------------------------------------------------- */

static const char *
result_name(int result, uint32_t code)
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

static void
forget(struct bb_session *session, struct bb_request *request)
{
    switch (request->state) {
    case BB_REQUEST_READY:
        TAILQ_REMOVE(&session->ready, request, link);
        break;
    case BB_REQUEST_SENT:
        TAILQ_REMOVE(&session->sent, request, link);
        session->n_sent--;
        session->sent_bytes -= request->len;
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
        .result = result, .code = code, .name = result_name(result, code), .message = text};
    bb_done_fn *done = request->done;
    void *self = request->done_self;
    uint64_t sequence = request->sequence;

    bb_request_free(&session->table, request);
    if (done)
        done(self, &end, sequence);
}

static void
end(struct bb_session *session, struct bb_request *request, int result, uint32_t code, const char *text)
{
    forget(session, request);
    tell(session, request, result, code, text);
}

static void
end_list(struct bb_session *session, struct bb_request_list *list, int result, uint32_t code,
         const char *text)
{
    struct bb_request *request;

    while ((request = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, request, link);
        tell(session, request, result, code, text);
    }
}

static void
end_all(struct bb_session *session, int result, uint32_t code, const char *text)
{
    struct bb_request_list all = TAILQ_HEAD_INITIALIZER(all);

    TAILQ_CONCAT(&all, &session->sent, link);
    TAILQ_CONCAT(&all, &session->ready, link);
    TAILQ_CONCAT(&all, &session->waiting, link);
    session->n_sent = 0;
    session->sent_bytes = 0;
    end_list(session, &all, result, code, text);
}

void
bb_session_release(struct bb_session *session)
{
    session->closed = true;
    end_all(session, BB_STOPPED, 0, "the client was closed");
    bb_request_table_release(&session->table);
    bb_bundle_release(&session->out);
    bb_arena_release(&session->frames);
}

/* Time is up: say what is known of why. */
static void
end_in_time(struct bb_session *session, struct bb_request *request)
{
    char *text = session->text;
    size_t size = sizeof session->text;
    long long waited = session->now - request->made;

    if (request->error_code) {
        snprintf(text, size, "not done within %lld ms, safe to repeat; the last answer was %s: %s", waited,
                 bb_error_name(request->error_code), request->error_text);
        end(session, request, BB_TIMED_OUT, request->error_code, text);
    } else if (request->may_be_done) {
        snprintf(text, size, "no answer within %lld ms; it is safe to repeat", waited);
        end(session, request, BB_TIMED_OUT, BB_ERROR_TIMEOUT, text);
    } else if (session->link == BB_LINK_OPEN) {
        snprintf(text, size, "not sent within %lld ms: too much is open before it", waited);
        end(session, request, BB_TIMED_OUT, 0, text);
    } else {
        snprintf(text, size, "cannot reach a broker at %s", session->endpoint);
        end(session, request, BB_UNREACHABLE, 0, text);
    }
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

/* When a request that was never sent ends because there is no connection. */
static bb_mono
unreachable_at(const struct bb_session *session, const struct bb_request *request)
{
    if (!session->unreachable_ms)
        return BB_NEVER;
    return (request->made > session->down_since ? request->made : session->down_since) +
           session->unreachable_ms;
}

void
bb_session_start(struct bb_session *session, bb_mono now, struct bb_request *request)
{
    session->now = now;
    request->made = now;
    request->patience_ms = session->timeout_ms;
    request->deadline = now + request->patience_ms;
    TAILQ_INSERT_TAIL(&session->ready, request, link);
    due_by(session, request->deadline);
    if (session->link < BB_LINK_UP)
        due_by(session, unreachable_at(session, request));
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
    session->give_up_at = now + BB_OPENING_MS;
    bb_bundle_clear(&session->out);
    due_by(session, session->give_up_at);
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
    due_by(session, session->give_up_at);
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
    TAILQ_CONCAT(&again, &session->ready, link);
    TAILQ_CONCAT(&session->ready, &again, link);
    end_list(session, &begun, BB_TIMED_OUT, 0,
             "the connection broke in the middle of the answer; it is safe to repeat");
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
        end_all(session, BB_NOT_ALLOWED, BB_ERROR_UNKNOWN_KEY, text);
        break;
    case BB_LOSS_HANDSHAKE:
        if (session->handshakes < BB_HANDSHAKE_TRIES)
            break;
        snprintf(text, size,
                 "the broker at %s ends the handshake: the server key of this context is probably not the "
                 "broker's",
                 session->endpoint);
        end_all(session, BB_NOT_ALLOWED, 0, text);
        break;
    case BB_LOSS_STRANGE:
        if (session->handshakes < BB_HANDSHAKE_TRIES)
            break;
        snprintf(text, size, "what answers at %s is not an encrypted backbone broker", session->endpoint);
        end_all(session, BB_NOT_ALLOWED, 0, text);
        break;
    default:
        break;
    }
}

/* GOAWAY without a time to come back: the reason does not go away by itself. */
static void
end_sent_away(struct bb_session *session)
{
    bool denied =
        session->goaway_code == BB_ERROR_UNKNOWN_KEY || session->goaway_code == BB_ERROR_NOT_ALLOWED;

    snprintf(session->text, sizeof session->text, "the broker at %s ends the connection: %s: %s",
             session->endpoint, bb_error_name(session->goaway_code),
             *session->goaway_text ? session->goaway_text : bb_error_meaning(session->goaway_code));
    end_all(session, denied ? BB_NOT_ALLOWED : BB_FAILED, session->goaway_code, session->text);
}

void
bb_session_lost(struct bb_session *session, bb_mono now, enum bb_loss loss)
{
    bool was_up = session->link >= BB_LINK_UP;
    uint32_t pause = bb_backoff_reconnect_ms(session->failures, draw(session));

    session->now = now;
    if (was_up)
        session->down_since = now;
    if (session->failures < 16)
        session->failures++;
    session->handshakes = loss == BB_LOSS_HANDSHAKE || loss == BB_LOSS_STRANGE ? session->handshakes + 1 : 0;
    if (session->goaway_ms > pause)
        pause = session->goaway_ms + pause / 2;
    session->link = BB_LINK_IDLE;
    session->wants_close = false;
    session->open_at = now + pause;
    session->due = now; /* everything is to be looked at again */
    bb_bundle_clear(&session->out);
    unsend(session);
    if (session->goaway_code && !session->goaway_ms)
        end_sent_away(session);
    else
        end_refused(session, loss);
}

/* --- what comes in ------------------------------------------------------------------------------------ */

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

static void
cancel(struct bb_session *session, const struct bb_request *request)
{
    Bb__Cancel message = BB__CANCEL__INIT;

    message.id = request->id;
    if (session->link == BB_LINK_OPEN)
        bb_bundle_add(&session->out, BB_KIND_CANCEL, &message.base);
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
        end(session, request, BB_OK, 0, "done");
    } else if (r == 0) {
        pull(session, request, body.len);
        extend(session, request);
    } else {
        if (!reply->final)
            cancel(session, request);
        if (r == BB_REQUEST_STOP)
            end(session, request, BB_STOPPED, 0, "stopped");
        else
            end(session, request, BB_FAILED, BB_ERROR_MALFORMED, "the answer cannot be decoded");
    }
    return 0;
}

static bool
repeat_later(struct bb_session *session, struct bb_request *request, const Bb__Error *error)
{
    bb_mono at = session->now + bb_backoff_repeat_ms(request->attempts, error->retry_after_ms, draw(session));

    if (request->begun || at >= request->deadline)
        return false;
    forget(session, request);
    request->attempts++;
    request->retry_at = at;
    request->state = BB_REQUEST_WAITING;
    TAILQ_INSERT_TAIL(&session->waiting, request, link);
    due_by(session, at);
    return true;
}

static void
fail(struct bb_session *session, struct bb_request *request, const Bb__Error *error)
{
    bool denied = error->code == BB_ERROR_NOT_ALLOWED || error->code == BB_ERROR_UNKNOWN_KEY;

    snprintf(session->text, sizeof session->text, "%s: %s", bb_error_name(error->code),
             error->message && *error->message ? error->message : bb_error_meaning(error->code));
    end(session, request, denied ? BB_NOT_ALLOWED : BB_FAILED, error->code, session->text);
}

static int
on_error(struct bb_session *session, struct bb_bytes in)
{
    struct bb_request *request;
    Bb__Error *error;
    int r = bb_unpack(bb__error, in, &session->frames, &error);

    if (r < 0)
        return r;
    request = error->has_id ? bb_request_find(&session->table, error->id) : NULL;
    if (!request || request->state != BB_REQUEST_SENT)
        return 0;
    request->may_be_done = true;
    if (!error->retryable) {
        fail(session, request, error);
        return 0;
    }
    request->error_code = error->code;
    copy_text(request->error_text, sizeof request->error_text,
              error->message && *error->message ? error->message : bb_error_meaning(error->code));
    if (!repeat_later(session, request, error))
        end_in_time(session, request);
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
        end(session, request, BB_OK, 0, "done");
    return 0;
}

void
bb_session_paused(struct bb_session *session, bb_mono ms)
{
    struct bb_request *request;

    TAILQ_FOREACH(request, &session->sent, link)
    if (request->begun)
        request->deadline += ms;
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

/* --- what goes out ------------------------------------------------------------------------------------ */

bool
bb_session_has_output(const struct bb_session *session)
{
    if (session->link == BB_LINK_IDLE || session->wants_close)
        return false;
    return !session->greeted || !bb_bundle_is_empty(&session->out) ||
           (!TAILQ_EMPTY(&session->ready) && session->n_sent < session->outstanding &&
            session->sent_bytes < BB_IN_FLIGHT_BYTES);
}

static int
add_hello(struct bb_session *session)
{
    Bb__Hello hello = BB__HELLO__INIT;

    hello.version_min = BB_VERSION_MAJOR;
    hello.version_max = BB_VERSION_MAJOR;
    hello.agent = (char *)(uintptr_t)session->agent;
    return bb_bundle_add(&session->out, BB_KIND_HELLO, &hello.base);
}

static int
add_ping(struct bb_session *session, const struct bb_request *request)
{
    Bb__Ping ping = BB__PING__INIT;

    ping.has_token = true;
    ping.token = request->id;
    return bb_bundle_add(&session->out, BB_KIND_PING, &ping.base);
}

static int
add_request(struct bb_session *session, const struct bb_request *request)
{
    bb_mono left = request->deadline - session->now - ROUND_TRIP_ROOM;
    Bb__Request message = BB__REQUEST__INIT;

    message.id = request->id;
    message.method = request->method;
    message.has_timeout_ms = true;
    message.timeout_ms = request->window_bytes ? BB_LIMIT_TIMEOUT_MS : left > 0 ? (uint32_t)left : 1;
    message.has_window_bytes = request->window_bytes != 0;
    message.window_bytes = request->window_bytes;
    message.has_body = true;
    message.body.data = request->body;
    message.body.len = request->len;
    return bb_bundle_add(&session->out, BB_KIND_REQUEST, &message.base);
}

/* Moves to the end of `sent`. The table has no other place to fail, so a frame without memory waits. */
static bool
send_one(struct bb_session *session, struct bb_request *request)
{
    int r = request->method ? add_request(session, request) : add_ping(session, request);

    if (r != 0)
        return false;
    TAILQ_REMOVE(&session->ready, request, link);
    TAILQ_INSERT_TAIL(&session->sent, request, link);
    request->state = BB_REQUEST_SENT;
    request->next_part = 0;
    request->unpulled = 0;
    request->may_be_done = request->may_be_done || session->link >= BB_LINK_UP;
    session->n_sent++;
    session->sent_bytes += request->len;
    return true;
}

bool
bb_session_fill(struct bb_session *session, bb_mono now)
{
    struct bb_request *request;

    session->now = now;
    if (!bb_session_has_output(session))
        return false;
    if (!session->greeted)
        session->greeted = add_hello(session) == 0;
    while (session->greeted && (request = TAILQ_FIRST(&session->ready)) &&
           session->n_sent < session->outstanding && session->sent_bytes < BB_IN_FLIGHT_BYTES)
        if (!send_one(session, request))
            break;
    return !bb_bundle_is_empty(&session->out);
}

/* --- time --------------------------------------------------------------------------------------------- */

/* Move requests of a list that are out of time to `late`, and lower due by the others. */
static void
sweep(struct bb_session *session, struct bb_request_list *list, struct bb_request_list *late)
{
    bool down = session->link < BB_LINK_UP;
    struct bb_request *request, *next;

    for (request = TAILQ_FIRST(list); request; request = next) {
        bb_mono until = request->deadline;
        next = TAILQ_NEXT(request, link);
        if (down && unreachable_at(session, request) < until)
            until = unreachable_at(session, request);
        if (until > session->now) {
            due_by(session, until);
            continue;
        }
        if (request->state == BB_REQUEST_SENT)
            cancel(session, request);
        forget(session, request);
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
            due_by(session, request->retry_at);
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
        end_in_time(session, request);
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
    if (session->link == BB_LINK_IDLE)
        due_by(session, session->open_at);
    if (session->link == BB_LINK_OPENING || session->link == BB_LINK_UP) {
        due_by(session, session->give_up_at);
        session->wants_close = session->wants_close || now >= session->give_up_at;
    }
    tell_late(session, &late);
}
