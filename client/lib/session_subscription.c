/* Subscriptions of a session.
 *
 * **Numbers.** 1, 2, 3 ... on each connection, so that those of many clients are alike and the broker can
 * send them one frame. A number is used again only by the same subscription after its ERROR: frames that
 * crossed an UNSUBSCRIBE find nobody.
 *
 * **Twice.** A session of the service begins behind what it knows to be acknowledged, so after a lost
 * connection it brings again what the owner has, but had not acknowledged, or whose acknowledgement was lost.
 * `received` leaves that out. It is counted all the same: the totals of an ACK speak of what the session
 * delivered. So every message is noted in the ring when it comes, and leaves it when `acked` passes it.
 *
 * An ACK names `acked` even where this session has not delivered so far: that message was delivered by an
 * earlier session of the same cursor. The service may take that as far as this session goes only; so when the
 * message comes again, its ACK does, too. If it is another cursor (it was removed and has been made again, or
 * the log itself began again), sequences mean nothing any more: then everything starts from where SUBSCRIBED
 * says.
 *
 * **Gaps** are told once, in their place: nothing that is left lies within. When its owner has heard of one,
 * and has taken care of everything before it, `acked` passes it too. A session that was begun anew tells it
 * again until it has seen that, and is answered again.
 *
 * Owners may acknowledge, close and open from every callback. So the list is never walked across one: who is
 * to be told is marked first, and then looked for from the front, again and again. */
#include "session_core.h"

#include "backoff.h"

#include "proto/errors.h"
#include "proto/message.h"

#include "wire.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What a peer can make us keep: no window is larger, and the last message may go over it. */
#define DELIVERED_MAX 65536u
#define WAITING_BYTES ((size_t)BB_LIMIT_SUBSCRIPTION_WINDOW + BB_LIMIT_FRAME_BYTES)

/* --- life --------------------------------------------------------------------------------------------- */

int
bb_session_subscribe(struct bb_session *session, bb_mono now, struct bb_listener *listener)
{
    if (session->closed)
        return -ESHUTDOWN;
    if (session->n_listeners == BB_LIMIT_SUBSCRIPTIONS)
        return -ENOBUFS;
    session->now = now;
    listener->state = BB_LISTENER_WANTED;
    listener->retry_at = now;
    listener->ack_at = BB_NEVER;
    TAILQ_INSERT_TAIL(&session->listeners, listener, link);
    session->n_listeners++;
    return 0;
}

static void
forget_delivered(struct bb_listener *listener)
{
    listener->n = listener->first = 0;
    listener->waiting_bytes = 0;
    listener->ack_at = BB_NEVER;
}

static void
drop(struct bb_session *session, struct bb_listener *listener)
{
    TAILQ_REMOVE(&session->listeners, listener, link);
    session->n_listeners--;
    free(listener->delivered);
    listener->delivered = NULL;
    listener->gone(listener);
}

void
bb_session_unsubscribe(struct bb_session *session, struct bb_listener *listener)
{
    if (listener->state == BB_LISTENER_OPEN) {
        bb_session_hurry(session, session->now, listener);
        listener->state = BB_LISTENER_CLOSING;
    } else if (listener->state == BB_LISTENER_ASKED) {
        listener->state = BB_LISTENER_CLOSING;
    } else {
        drop(session, listener);
    }
}

void
bb_session_listeners_release(struct bb_session *session)
{
    struct bb_listener *listener;

    while ((listener = TAILQ_FIRST(&session->listeners)))
        drop(session, listener);
}

/* --- telling ------------------------------------------------------------------------------------------ */

static void
tell_problem(struct bb_listener *listener, int kind, int result, uint32_t code, const char *text)
{
    const struct bb_problem problem = {
        .result = result, .code = code, .name = bb_result_name(result, code), .message = text};

    listener->is_down = true;
    listener->event(listener, &(struct bb_subscription_event){.kind = kind, .problem = &problem}, false);
}

static void
end(struct bb_listener *listener, int result, uint32_t code, const char *text)
{
    listener->state = BB_LISTENER_OVER;
    forget_delivered(listener);
    tell_problem(listener, BB_SUBSCRIPTION_ENDED, result, code, text);
}

static struct bb_listener *
next_untold(const struct bb_session *session)
{
    struct bb_listener *listener;

    TAILQ_FOREACH(listener, &session->listeners, link)
    if (listener->untold)
        return listener;
    return NULL;
}

void
bb_session_listeners_end(struct bb_session *session, int result, uint32_t code, const char *text)
{
    struct bb_listener *listener;

    TAILQ_FOREACH(listener, &session->listeners, link)
    listener->untold = listener->state != BB_LISTENER_OVER && listener->state != BB_LISTENER_CLOSING;
    while ((listener = next_untold(session))) {
        listener->untold = false;
        end(listener, result, code, text);
    }
}

/* --- the connection ----------------------------------------------------------------------------------- */

static void
drop_closing(struct bb_session *session)
{
    struct bb_listener *listener, *next;

    for (listener = TAILQ_FIRST(&session->listeners); listener; listener = next) {
        next = TAILQ_NEXT(listener, link);
        if (listener->state == BB_LISTENER_CLOSING)
            drop(session, listener);
    }
}

void
bb_session_listeners_lost(struct bb_session *session)
{
    struct bb_listener *listener;

    drop_closing(session);
    session->numbered = 0;
    TAILQ_FOREACH(listener, &session->listeners, link)
    {
        listener->number = 0;
        if (listener->state == BB_LISTENER_OVER)
            continue;
        listener->state = BB_LISTENER_WANTED;
        listener->retry_at = session->now;
        listener->untold = !listener->is_down;
        forget_delivered(listener);
    }
}

void
bb_session_listeners_tell_lost(struct bb_session *session, const char *text)
{
    struct bb_listener *listener;

    while ((listener = next_untold(session))) {
        listener->untold = false;
        tell_problem(listener, BB_SUBSCRIPTION_INTERRUPTED, BB_UNREACHABLE, 0, text);
    }
}

/* --- acknowledging ------------------------------------------------------------------------------------ */

static bool
has_news(const struct bb_listener *listener)
{
    return listener->acked > listener->told_sequence || listener->done_messages > listener->told_messages;
}

/* Is so much of the window used up that the service may soon have to wait? */
static bool
is_urgent(const struct bb_listener *listener)
{
    return (listener->done_messages - listener->told_messages) * 2 >= listener->window_messages ||
           (listener->done_bytes - listener->told_bytes) * 2 >= listener->window_bytes;
}

/* What `acked` has passed leaves the ring. */
static void
settle(struct bb_session *session, struct bb_listener *listener)
{
    bb_mono at;

    while (listener->n && listener->delivered[listener->first].sequence <= listener->acked) {
        listener->done_messages++;
        listener->done_bytes += listener->delivered[listener->first].bytes;
        listener->waiting_bytes -= listener->delivered[listener->first].bytes;
        listener->first = (listener->first + 1) & (listener->size - 1);
        listener->n--;
    }
    if (listener->gap_heard > listener->acked && listener->acked >= listener->before_gap)
        listener->acked = listener->gap_heard;
    if (listener->state != BB_LISTENER_OPEN || !has_news(listener))
        return;
    at = is_urgent(listener) ? session->now : session->now + BB_ACK_MS;
    if (at < listener->ack_at)
        listener->ack_at = at;
    bb_session_due_by(session, listener->ack_at);
}

void
bb_session_acknowledge(struct bb_session *session, bb_mono now, struct bb_listener *listener,
                       uint64_t sequence)
{
    session->now = now;
    if (sequence <= listener->acked)
        return;
    listener->acked = sequence;
    settle(session, listener);
}

void
bb_session_heard_gap(struct bb_session *session, bb_mono now, struct bb_listener *listener, uint64_t before,
                     uint64_t to)
{
    session->now = now;
    listener->before_gap = before;
    listener->gap_heard = to;
    settle(session, listener);
}

enum bb_listener_debt
bb_session_hurry(struct bb_session *session, bb_mono now, struct bb_listener *listener)
{
    session->now = now;
    if (listener->state != BB_LISTENER_OPEN)
        return listener->acked ? BB_LISTENER_WAITS : BB_LISTENER_EVEN;
    if (!has_news(listener))
        return listener->last < listener->acked ? BB_LISTENER_WAITS : BB_LISTENER_EVEN;
    listener->ack_at = now;
    bb_session_due_by(session, now);
    return BB_LISTENER_OWES;
}

/* --- what goes out ------------------------------------------------------------------------------------ */

static int
add_subscribe(struct bb_session *session, struct bb_listener *listener)
{
    Bb__Subscribe message = BB__SUBSCRIBE__INIT;

    if (!listener->number)
        listener->number = ++session->numbered;
    message.subscription = listener->number;
    message.name = (char *)(uintptr_t)listener->name;
    message.n_channel = listener->n_channels;
    message.channel = (char **)(uintptr_t)listener->channel;
    message.has_from_start = message.from_start = listener->from_start;
    message.has_from_sequence = listener->from_sequence != 0;
    message.from_sequence = listener->from_sequence;
    message.has_window_messages = message.has_window_bytes = true;
    message.window_messages = listener->window_messages;
    message.window_bytes = listener->window_bytes;
    return bb_bundle_add(&session->out, BB_KIND_SUBSCRIBE, &message.base);
}

static int
add_ack(struct bb_session *session, struct bb_listener *listener)
{
    Bb__Ack message = BB__ACK__INIT;
    int r;

    message.subscription = listener->number;
    message.sequence = listener->acked;
    message.messages = listener->done_messages;
    message.bytes = listener->done_bytes;
    r = bb_bundle_add(&session->out, BB_KIND_ACK, &message.base);
    if (r != 0)
        return r;
    listener->told_sequence = listener->acked;
    listener->told_messages = listener->done_messages;
    listener->told_bytes = listener->done_bytes;
    listener->ack_at = BB_NEVER;
    return 0;
}

static int
add_unsubscribe(struct bb_session *session, struct bb_listener *listener)
{
    Bb__Unsubscribe message = BB__UNSUBSCRIBE__INIT;
    int r = listener->ack_at != BB_NEVER ? add_ack(session, listener) : 0;

    message.subscription = listener->number;
    return r ? r : bb_bundle_add(&session->out, BB_KIND_UNSUBSCRIBE, &message.base);
}

/* Has it something to send, if others do not? */
static bool
has_output(const struct bb_session *session, const struct bb_listener *listener)
{
    switch (listener->state) {
    case BB_LISTENER_WANTED:
        return listener->retry_at <= session->now;
    case BB_LISTENER_CLOSING:
        return true;
    default:
        return listener->ack_at <= session->now;
    }
}

bool
bb_session_listeners_have_output(const struct bb_session *session)
{
    const struct bb_listener *listener;

    TAILQ_FOREACH(listener, &session->listeners, link)
    if (has_output(session, listener))
        return true;
    return false;
}

/* 0 | a frame that has no room now */
static int
fill_one(struct bb_session *session, struct bb_listener *listener)
{
    int r = 0;

    switch (listener->state) {
    case BB_LISTENER_WANTED:
        if (listener->retry_at > session->now)
            break;
        r = add_subscribe(session, listener);
        if (r == 0)
            listener->state = BB_LISTENER_ASKED;
        break;
    case BB_LISTENER_OPEN:
        if (listener->ack_at != BB_NEVER)
            r = add_ack(session, listener);
        break;
    case BB_LISTENER_CLOSING:
        r = add_unsubscribe(session, listener);
        if (r == 0)
            drop(session, listener);
        break;
    default:
        break;
    }
    return r;
}

void
bb_session_listeners_fill(struct bb_session *session)
{
    struct bb_listener *listener, *next;

    for (listener = TAILQ_FIRST(&session->listeners); listener; listener = next) {
        next = TAILQ_NEXT(listener, link);
        if (fill_one(session, listener) != 0)
            break;
    }
}

void
bb_session_listeners_tick(struct bb_session *session)
{
    struct bb_listener *listener;

    TAILQ_FOREACH(listener, &session->listeners, link)
    {
        if (listener->state == BB_LISTENER_WANTED && listener->retry_at > session->now)
            bb_session_due_by(session, listener->retry_at);
        if (listener->ack_at > session->now)
            bb_session_due_by(session, listener->ack_at);
    }
}

/* --- what comes in ------------------------------------------------------------------------------------ */

static struct bb_listener *
find(const struct bb_session *session, uint64_t number, enum bb_listener_state state)
{
    struct bb_listener *listener;

    TAILQ_FOREACH(listener, &session->listeners, link)
    if (number && listener->number == number && listener->state == state)
        return listener;
    return NULL;
}

/* Where SUBSCRIBED says that the cursor stands. */
static void
begin(struct bb_listener *listener, uint64_t position, bool anew)
{
    forget_delivered(listener);
    listener->done_messages = listener->done_bytes = 0;
    listener->told_messages = listener->told_bytes = 0;
    listener->told_sequence = listener->last = position;
    if (anew) {
        listener->acked = listener->received = position;
        listener->gap_to = listener->gap_heard = listener->before_gap = 0;
    }
    listener->state = BB_LISTENER_OPEN;
    listener->attempts = 0;
    listener->from_start = false;
    listener->from_sequence = 0;
    listener->was_open = true;
    listener->is_down = false;
    listener->lives++;
}

int
bb_session_on_subscribed(struct bb_session *session, struct bb_bytes in)
{
    struct bb_listener *listener;
    Bb__Subscribed *message;
    bool anew;
    int r = bb_unpack(bb__subscribed, in, &session->frames, &message);

    if (r < 0)
        return r;
    listener = find(session, message->subscription, BB_LISTENER_ASKED);
    if (!listener)
        return 0;
    anew = listener->was_open && (message->created || message->head < listener->received);
    begin(listener, message->position, anew);
    settle(session, listener);
    listener->event(listener,
                    &(struct bb_subscription_event){
                        .kind = BB_SUBSCRIPTION_OPENED,
                        .position = message->position,
                        .head = message->head,
                        .channel = (const char *const *)message->channel,
                        .n_channels = message->n_channel,
                        .created = message->created,
                        .expired_us = (int64_t)message->expired_us,
                    },
                    anew);
    return 0;
}

static int
grow(struct bb_listener *listener)
{
    size_t size = listener->size ? listener->size * 2 : 16;
    struct bb_delivered *grown;

    if (listener->n == DELIVERED_MAX)
        return -EBADMSG;
    grown = malloc(size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    for (size_t i = 0; i < listener->n; i++)
        grown[i] = listener->delivered[(listener->first + i) & (listener->size - 1)];
    free(listener->delivered);
    listener->delivered = grown;
    listener->first = 0;
    listener->size = size;
    return 0;
}

static int
note_delivered(struct bb_listener *listener, uint64_t sequence, size_t bytes)
{
    int r = listener->n == listener->size ? grow(listener) : 0;

    if (r == 0 && listener->waiting_bytes + bytes > WAITING_BYTES)
        r = -EBADMSG;
    if (r < 0)
        return r;
    listener->waiting_bytes += bytes;
    listener->delivered[(listener->first + listener->n++) & (listener->size - 1)] =
        (struct bb_delivered){.sequence = sequence, .bytes = (uint32_t)bytes};
    listener->last = sequence;
    return 0;
}

static int
take_message(struct bb_session *session, struct bb_listener *listener, struct bb_bytes packed,
             uint64_t redelivered_up_to)
{
    uint64_t before = listener->received;
    Bb__Message *message;
    int r;

    bb_arena_reset(&session->messages);
    r = bb_unpack(bb__message, packed, &session->messages, &message);
    if (r == 0 && (message->sequence <= listener->last || message->id.len != BB_MESSAGE_ID))
        r = -EBADMSG;
    if (r == 0)
        r = note_delivered(listener, message->sequence, packed.len);
    if (r < 0)
        return r;
    if (message->sequence <= before) {
        settle(session, listener);
        return 0;
    }
    listener->received = message->sequence;
    r = listener->message(listener, message, packed, message->sequence <= redelivered_up_to);
    if (r < 0)
        listener->received = before;
    return r;
}

int
bb_session_on_deliver(struct bb_session *session, struct bb_bytes in)
{
    struct bb_listener *listener;
    uint64_t number;
    Bb__Deliver *deliver;
    int r = bb_unpack(bb__deliver, in, &session->frames, &deliver);

    if (r < 0)
        return r;
    number = deliver->subscription;
    for (size_t i = 0; r == 0 && i < deliver->n_message; i++) {
        listener = find(session, number, BB_LISTENER_OPEN); /* the owner may have closed it meanwhile */
        if (!listener)
            break;
        r = take_message(session, listener, bb_bytes(deliver->message[i].data, deliver->message[i].len),
                         deliver->redelivered_up_to);
    }
    return r;
}

int
bb_session_on_gap(struct bb_session *session, struct bb_bytes in)
{
    struct bb_listener *listener;
    Bb__Gap *gap;
    int r = bb_unpack(bb__gap, in, &session->frames, &gap);

    if (r < 0)
        return r;
    listener = find(session, gap->subscription, BB_LISTENER_OPEN);
    if (!listener)
        return 0;
    listener->last = gap->to > listener->last ? gap->to : listener->last;
    if (gap->to <= listener->gap_to) { /* once more; and so is what was acknowledged of it */
        if (listener->told_sequence >= gap->from)
            listener->told_sequence = gap->from - 1;
        settle(session, listener);
        return 0;
    }
    listener->gap_to = gap->to;
    listener->event(
        listener,
        &(struct bb_subscription_event){.kind = BB_SUBSCRIPTION_GAP, .from = gap->from, .to = gap->to},
        false);
    return 0;
}

/* It goes on by itself; the owner hears of it once, until it is open again. */
static void
ask_later(struct bb_session *session, struct bb_listener *listener, const Bb__Error *error)
{
    listener->state = BB_LISTENER_WANTED;
    listener->retry_at = session->now + bb_backoff_repeat_ms(listener->attempts++, error->retry_after_ms,
                                                             bb_session_draw(session));
    bb_session_due_by(session, listener->retry_at);
    forget_delivered(listener);
    if (!listener->is_down)
        tell_problem(listener, BB_SUBSCRIPTION_INTERRUPTED, BB_TIMED_OUT, error->code, session->text);
}

void
bb_session_on_subscription_error(struct bb_session *session, const Bb__Error *error)
{
    struct bb_listener *listener = find(session, error->subscription, BB_LISTENER_OPEN);
    bool denied = error->code == BB_ERROR_NOT_ALLOWED || error->code == BB_ERROR_UNKNOWN_KEY;

    if (!listener)
        listener = find(session, error->subscription, BB_LISTENER_ASKED);
    if (!listener) {
        listener = find(session, error->subscription, BB_LISTENER_CLOSING);
        if (listener) /* it has ended by itself: there is nothing to unsubscribe */
            drop(session, listener);
        return;
    }
    snprintf(session->text, sizeof session->text, "%s: %s", bb_error_name(error->code),
             error->message && *error->message ? error->message : bb_error_meaning(error->code));
    if (error->retryable)
        ask_later(session, listener, error);
    else
        end(listener, denied ? BB_NOT_ALLOWED : BB_FAILED, error->code, session->text);
}
