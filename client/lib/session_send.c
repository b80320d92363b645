/* What goes out: HELLO first, then requests in the order in which they were made, as many as the broker lets
 * us have open. */
#include "session_core.h"

#include "proto/message.h"

#include "wire.pb-c.h"

#define ROUND_TRIP_ROOM 20 /* ms less for the broker than for us: its TIMEOUT should find us waiting */

void
bb_session_cancel(struct bb_session *session, const struct bb_request *request)
{
    Bb__Cancel message = BB__CANCEL__INIT;

    message.id = request->id;
    if (session->link == BB_LINK_OPEN)
        bb_bundle_add(&session->out, BB_KIND_CANCEL, &message.base);
}

/* May the next request leave? */
static bool
may_send(const struct bb_session *session)
{
    const struct bb_request *request = TAILQ_FIRST(&session->ready);

    return request && session->n_sent < session->outstanding && session->sent_bytes < BB_IN_FLIGHT_BYTES &&
           (session->sent_windows == 0 || session->sent_windows + request->window_bytes <= BB_WINDOWS_BYTES);
}

bool
bb_session_has_output(const struct bb_session *session)
{
    if (session->link == BB_LINK_IDLE || session->wants_close)
        return false;
    return !session->greeted || !bb_bundle_is_empty(&session->out) ||
           bb_session_listeners_have_output(session) || may_send(session);
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
    session->sent_windows += request->window_bytes;
    return true;
}

bool
bb_session_fill(struct bb_session *session, bb_mono now)
{
    session->now = now;
    if (!bb_session_has_output(session))
        return false;
    if (!session->greeted)
        session->greeted = add_hello(session) == 0;
    if (session->greeted) /* in front of requests: a PING behind an ACK tells that it was read */
        bb_session_listeners_fill(session);
    while (session->greeted && may_send(session))
        if (!send_one(session, TAILQ_FIRST(&session->ready)))
            break;
    return !bb_bundle_is_empty(&session->out);
}
