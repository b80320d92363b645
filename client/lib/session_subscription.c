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

#include <errno.h>
#include <stdlib.h>

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

void
bb_listener_forget(struct bb_listener *listener)
{
    listener->n = listener->first = 0;
    listener->waiting_bytes = 0;
    listener->ack_at = BB_NEVER;
}

void
bb_listener_drop(struct bb_session *session, struct bb_listener *listener)
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
        bb_listener_drop(session, listener);
    }
}

void
bb_session_listeners_release(struct bb_session *session)
{
    struct bb_listener *listener;

    while ((listener = TAILQ_FIRST(&session->listeners)))
        bb_listener_drop(session, listener);
}

/* --- telling ------------------------------------------------------------------------------------------ */

void
bb_listener_tell(struct bb_listener *listener, int kind, int result, uint32_t code, const char *text)
{
    const struct bb_problem problem = {
        .result = result, .code = code, .name = bb_result_name(result, code), .message = text};

    listener->is_down = true;
    listener->event(listener, &(struct bb_subscription_event){.kind = kind, .problem = &problem}, false);
}

void
bb_listener_end(struct bb_listener *listener, int result, uint32_t code, const char *text)
{
    listener->state = BB_LISTENER_OVER;
    bb_listener_forget(listener);
    bb_listener_tell(listener, BB_SUBSCRIPTION_ENDED, result, code, text);
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
        bb_listener_end(listener, result, code, text);
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
            bb_listener_drop(session, listener);
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
        bb_listener_forget(listener);
    }
}

void
bb_session_listeners_tell_lost(struct bb_session *session, const char *text)
{
    struct bb_listener *listener;

    while ((listener = next_untold(session))) {
        listener->untold = false;
        bb_listener_tell(listener, BB_SUBSCRIPTION_INTERRUPTED, BB_UNREACHABLE, 0, text);
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

void
bb_listener_settle(struct bb_session *session, struct bb_listener *listener)
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
    bb_listener_settle(session, listener);
}

void
bb_session_heard_gap(struct bb_session *session, bb_mono now, struct bb_listener *listener, uint64_t before,
                     uint64_t to)
{
    session->now = now;
    listener->before_gap = before;
    listener->gap_heard = to;
    bb_listener_settle(session, listener);
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
            bb_listener_drop(session, listener);
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
