/* No send blocks: what the pipe does not take stays in the session's queue, and the loop waits for room. A
 * broker that lets more than BACKLOG_MAX gather is treated as gone. */
#include "worker_core.h"

#include "bundle.h"
#include "local.h"
#include "text.h"

#include "proto/errors.h"

#include <errno.h>
#include <stdio.h>
#include <zmq.h>

#define ROUND_MESSAGES 256 /* taken in before the others get their turn */
#define BACKLOG_MAX    ((size_t)64 << 20)

/* Taking in */

static void
went_away(struct bb_worker *w, const struct bb_session_event *event)
{
    char why[400], text[256];

    snprintf(why, sizeof why, "it refused us with %s: %s", bb_error_name(event->code),
             bb_text_quote(event->packed, text, sizeof text, 200));
    bb_worker_lose(w, why);
}

static void
deliver_subscriber(struct bb_worker *w, const struct bb_session_event *event)
{
    if (event->type == BB_SESSION_SUBSCRIBER_UP)
        w->ops.session_up(w->self, &event->subscriber);
    else if (event->type == BB_SESSION_SUBSCRIBER_DOWN)
        w->ops.session_down(w->self, event->tag);
    else
        w->ops.session_ack(w->self, &event->acknowledged);
}

static void
deliver(struct bb_worker *w, const struct bb_session_event *event)
{
    switch (event->type) {
    case BB_SESSION_WORK:
        w->ops.work(w->self, &event->work);
        break;
    case BB_SESSION_PULL:
        w->ops.pull(w->self, event->tag, event->bytes);
        break;
    case BB_SESSION_CANCEL:
        w->ops.cancel(w->self, event->tag);
        break;
    case BB_SESSION_DIRECTORY:
        w->ops.directory(w->self, event->packed);
        break;
    case BB_SESSION_CALLED:
        w->ops.called(w->self, event->tag, &event->result);
        break;
    case BB_SESSION_SUBSCRIBER_UP:
    case BB_SESSION_SUBSCRIBER_DOWN:
    case BB_SESSION_SUBSCRIBER_ACK:
        if (w->ops.session_up)
            deliver_subscriber(w, event);
        break;
    default:
        break;
    }
}

static void
take_frame(struct bb_worker *w, const struct bb_frame *frame)
{
    bool greeting = bb_session_state(w->session) == BB_SESSION_GREETING;
    struct bb_session_event event;

    if (bb_session_frame(w->session, w->now, frame, &event) < 0) {
        bb_worker_lose(w, "it broke the protocol");
        return;
    }
    if (event.type == BB_SESSION_GOAWAY) {
        went_away(w, &event);
        return;
    }
    if (greeting) {
        bb_notice("serving %s for the broker at %s", w->service, w->endpoint);
        w->told_waiting = false;
        w->backoff_ms = BB_WORKER_BACKOFF_MIN_MS;
        w->tick_at = w->now;
    }
    deliver(w, &event);
}

static void
take_message(struct bb_worker *w, zmq_msg_t *message)
{
    struct bb_unbundle walk;
    struct bb_frame frame;
    int r;

    if (zmq_msg_more(message)) {
        bb_worker_lose(w, "it sent a message of several frames");
        return;
    }
    r = bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(message), zmq_msg_size(message)));
    while (r == 0 && w->socket && (r = bb_unbundle_next(&walk, &frame)) == 0)
        take_frame(w, &frame);
    if (r < 0)
        bb_worker_lose(w, "it sent what is no frame");
}

/* A connection has one other end, so the first message tells. */
static bool
is_from_our_user(struct bb_worker *w, zmq_msg_t *message)
{
    if (!w->known_user)
        w->known_user = bb_local_is_ours(zmq_msg_get(message, ZMQ_SRCFD));
    return w->known_user;
}

void
bb_worker_take_messages(struct bb_worker *w)
{
    zmq_msg_t message;

    zmq_msg_init(&message);
    for (int i = 0; i < ROUND_MESSAGES && w->socket; i++) {
        if (zmq_msg_recv(&message, w->socket, ZMQ_DONTWAIT) < 0)
            break;
        if (!is_from_our_user(w, &message))
            bb_worker_lose(w, "it is another user's");
        else
            take_message(w, &message);
    }
    zmq_msg_close(&message);
}

/* Giving out */

const char *
bb_worker_send(struct bb_worker *w)
{
    zmq_msg_t *message = NULL;

    if (w->unsound)
        return "a fan-out could not be sent";
    while (w->socket) {
        if (bb_session_outgoing(w->session, &message) < 0)
            return "no memory";
        if (!message)
            break;
        if (zmq_msg_send(message, w->socket, ZMQ_DONTWAIT) < 0) {
            if (errno == EAGAIN || errno == EINTR)
                break;
            return zmq_strerror(errno);
        }
        bb_session_sent(w->session);
    }
    w->blocked = w->socket && message;
    return bb_session_backlog(w->session) > BACKLOG_MAX ? "it takes nothing" : NULL;
}

void
bb_worker_send_messages(struct bb_worker *w)
{
    const char *why = bb_worker_send(w);

    if (why)
        bb_worker_lose(w, why);
}
