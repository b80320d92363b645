/* What the broker sends to subscriptions: that they are open, messages, gaps, and errors.
 * session_subscription.c says how all of it goes together. */
#include "session_core.h"

#include "backoff.h"

#include "proto/errors.h"
#include "proto/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What a peer can make us keep: no window is larger, and the last message may go over it. */
#define DELIVERED_MAX 65536u
#define WAITING_BYTES ((size_t)BB_LIMIT_SUBSCRIPTION_WINDOW + BB_LIMIT_FRAME_BYTES)

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
    bb_listener_forget(listener);
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
    bb_listener_settle(session, listener);
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
        bb_listener_settle(session, listener);
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
        bb_listener_settle(session, listener);
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
    bb_listener_forget(listener);
    if (!listener->is_down)
        bb_listener_tell(listener, BB_SUBSCRIPTION_INTERRUPTED, BB_TIMED_OUT, error->code, session->text);
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
            bb_listener_drop(session, listener);
        return;
    }
    snprintf(session->text, sizeof session->text, "%s: %s", bb_error_name(error->code),
             error->message && *error->message ? error->message : bb_error_meaning(error->code));
    if (error->retryable)
        ask_later(session, listener, error);
    else
        bb_listener_end(listener, denied ? BB_NOT_ALLOWED : BB_FAILED, error->code, session->text);
}
