/* A connection is a socket of its own: libzmq is told never to reconnect, because a socket that reconnects
 * sends answers to a broker that never asked. The monitor tells at once that nobody listens (CLOSED) or that
 * the broker went (DISCONNECTED); silence tells the rest. Then the socket is destroyed, reset() called, and
 * another one made after a pause that doubles from 20 ms to 1 s. */
#include "worker_core.h"

#include "local.h"
#include "socket.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

#define MONITOR "inproc://worker-monitor"

void
bb_worker_close(struct bb_worker *w, int linger_ms)
{
    if (!w->socket)
        return;
    zmq_setsockopt(w->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_socket_monitor(w->socket, NULL, 0);
    zmq_close(w->monitor);
    zmq_close(w->socket);
    w->socket = w->monitor = NULL;
    w->blocked = false;
}

static void
retry_later(struct bb_worker *w)
{
    w->retry_at = w->now + w->backoff_ms;
    w->backoff_ms =
        w->backoff_ms * 2 < BB_WORKER_BACKOFF_MAX_MS ? w->backoff_ms * 2 : BB_WORKER_BACKOFF_MAX_MS;
}

/* The calls that ended with the connection. */
static void
end_calls(struct bb_worker *w)
{
    const struct bb_call_result lost = {
        .code = BB_ERROR_UNAVAILABLE,
        .retryable = true,
        .message = bb_bytes_str("the connection to the broker was lost"),
    };
    uint64_t id;

    while (bb_session_lost_call(w->session, &id))
        w->ops.called(w->self, id, &lost);
}

void
bb_worker_lose(struct bb_worker *w, const char *why)
{
    bool met = bb_session_state(w->session) > BB_SESSION_GREETING;

    w->unsound = false;
    bb_worker_close(w, 0);
    bb_session_close(w->session);
    if (met || !w->told_waiting)
        bb_notice("no broker at %s: %s; trying again", w->endpoint, why);
    w->told_waiting = true;
    end_calls(w);
    if (met)
        w->ops.reset(w->self);
    retry_later(w);
}

static int
set_options(struct bb_worker *w, void *socket)
{
    const struct bb_socket_option options[] = {
        {ZMQ_RECONNECT_IVL, -1},
        {ZMQ_LINGER, 0},
        {ZMQ_SNDHWM, (int)w->high_water},
        {ZMQ_RCVHWM, (int)w->high_water},
    };
    int r = bb_socket_set(socket, options, sizeof options / sizeof options[0]);

    if (r == 0)
        r = bb_socket_limit(socket, BB_LIMIT_WORKER_FRAME_BYTES);
    return r == 0 ? bb_socket_routing_id(socket) : r;
}

static int
open_monitor(struct bb_worker *w)
{
    int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

    if (zmq_socket_monitor(w->socket, MONITOR, events) != 0)
        return -errno;
    w->monitor = zmq_socket(w->zmq, ZMQ_PAIR);
    if (!w->monitor || zmq_connect(w->monitor, MONITOR) != 0)
        return -errno;
    return 0;
}

static int
open_socket(struct bb_worker *w)
{
    int r;

    w->known_user = false;
    w->socket = zmq_socket(w->zmq, ZMQ_DEALER);
    if (!w->socket)
        return -errno;
    r = set_options(w, w->socket);
    if (r == 0)
        r = open_monitor(w);
    if (r == 0)
        r = bb_socket_fd(w->socket, &w->socket_fd);
    if (r == 0)
        r = bb_socket_fd(w->monitor, &w->monitor_fd);
    if (r == 0 && zmq_connect(w->socket, w->endpoint) != 0)
        r = -errno;
    if (r == 0)
        r = bb_session_open(w->session, w->now, w->ops.directory_version(w->self));
    if (r < 0)
        bb_worker_close(w, 0);
    return r;
}

/* One event of the monitor: two frames, of which the first starts with the number. 0 when there is none. */
static int
next_monitor_event(struct bb_worker *w)
{
    zmq_msg_t message;
    uint16_t event = 0;

    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, w->monitor, ZMQ_DONTWAIT) >= (int)sizeof event) {
        memcpy(&event, zmq_msg_data(&message), sizeof event);
        zmq_msg_recv(&message, w->monitor, ZMQ_DONTWAIT);
    }
    zmq_msg_close(&message);
    return event;
}

void
bb_worker_take_monitor(struct bb_worker *w)
{
    int event;

    while (w->socket && (event = next_monitor_event(w)) != 0) {
        if (event == ZMQ_EVENT_CONNECTED)
            bb_debug("connected to %s", w->endpoint);
        else
            bb_worker_lose(w, event == ZMQ_EVENT_CLOSED         ? "nobody listens"
                              : event == ZMQ_EVENT_DISCONNECTED ? "disconnected"
                                                                : "handshake failed");
    }
}

/* Else whoever put a socket there would tell us who asks for what. */
static bool
is_folder_ours(struct bb_worker *w)
{
    char why[512];
    bool ours = bb_local_check_folder(w->endpoint, why, sizeof why) == 0;

    if (!ours && !w->told_open)
        bb_error("not connecting to %s: %s", w->endpoint, why);
    w->told_open = !ours;
    return ours;
}

void
bb_worker_connect_if_due(struct bb_worker *w)
{
    int r;

    if (w->socket || w->now < w->retry_at)
        return;
    if (!is_folder_ours(w)) {
        retry_later(w);
        return;
    }
    r = open_socket(w);
    if (r < 0) {
        if (bb_log_allow(&bb_worker_faults))
            bb_error("cannot make a socket for %s: %s", w->endpoint, zmq_strerror(-r));
        retry_later(w);
        return;
    }
    bb_worker_take_monitor(w); /* a pipe tells of what comes after it was found empty, not before */
}
