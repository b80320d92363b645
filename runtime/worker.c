/* The shell around worker_session.c: one thread, one loop.
 *
 * A round: wait for the socket, its monitor, signals or a wake-up; take in everything at hand; flush();
 * tick(); send everything as one message. So a round costs a handful of system calls however many requests it
 * carries.
 *
 * A connection is a socket of its own: libzmq is told never to reconnect, because a socket that reconnects
 * sends answers to a broker that never asked. The monitor tells at once that nobody listens (CLOSED) or that
 * the broker went (DISCONNECTED); silence tells the rest. Then the socket is destroyed, reset() called, and
 * another one made after a pause that doubles from 20 ms to 1 s.
 *
 * No send blocks: what the pipe does not take stays in the session's queue, and the loop waits for room. A
 * broker that lets more than BACKLOG_MAX gather is treated as gone. */
#include "worker.h"

#include "awake.h"
#include "bundle.h"
#include "daemon.h"
#include "log.h"
#include "socket.h"
#include "text.h"
#include "worker_session.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#define BACKOFF_MIN_MS 20
#define BACKOFF_MAX_MS 1000
#define ROUND_MESSAGES 256 /* taken in before the others get their turn */
#define BACKLOG_MAX    ((size_t)64 << 20)
#define TICK_MS        1000
#define AWAKE_US       100  /* after a round that had something */
#define LINGER_MS      1000 /* for the last answers */
#define MONITOR        "inproc://worker-monitor"

enum { ITEM_SIGNAL, ITEM_WAKE, ITEM_SOCKET, ITEM_MONITOR, ITEMS };

struct bb_worker {
    struct bb_worker_ops ops;
    void *self;
    struct bb_session *session;
    char *endpoint;
    char *service;
    uint32_t high_water;
    int signal_fd;
    int wake_fd;
    atomic_bool woken;
    void *zmq;
    void *socket; /* NULL between connections */
    void *monitor;
    int socket_fd; /* ZMQ_FD of the two */
    int monitor_fd;
    bool blocked; /* the pipe took no more */
    bool awake;   /* the last round had something: what follows may be close */
    bool stopping;
    bool told_waiting; /* the log says that there is no broker */
    bool unsound;      /* a fan-out is missing from what is to be sent: the connection must go */
    bb_mono now;
    bb_mono retry_at;
    bb_mono backoff_ms;
    bb_mono tick_at;
    bb_mono watchdog_at; /* BB_NEVER: nobody watches */
};

static struct bb_log_limit faults = BB_LOG_LIMIT(10);

/* ---- life ---- */

static int
make_session(struct bb_worker *w, const struct bb_worker_config *config)
{
    struct bb_session_config session = {.service = w->service};

    randombytes_buf(session.instance, sizeof session.instance);
    for (int i = 0; i < BB_LANES; i++) {
        session.credit_messages[i] = config->credit_messages[i];
        session.credit_bytes[i] = config->credit_bytes[i];
        w->high_water += config->credit_messages[i];
    }
    w->high_water += 1024; /* heartbeats, credits, parts */
    return bb_session_new(&session, &w->session);
}

int
bb_worker_new(const struct bb_worker_config *config, const struct bb_worker_ops *ops, void *self,
              struct bb_worker **ret_worker)
{
    struct bb_worker *w = calloc(1, sizeof *w);
    int r = -ENOMEM;

    if (!w)
        return -ENOMEM;
    w->ops = *ops;
    w->self = self;
    w->signal_fd = config->signal_fd;
    w->wake_fd = -1;
    w->backoff_ms = BACKOFF_MIN_MS;
    w->watchdog_at = getenv("WATCHDOG_USEC") ? 0 : BB_NEVER;
    w->endpoint = strdup(config->endpoint);
    w->service = strdup(config->service);
    if (!w->endpoint || !w->service)
        goto fail;
    if (sodium_init() < 0) {
        r = -EIO;
        goto fail;
    }
    r = make_session(w, config);
    if (r < 0)
        goto fail;
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->zmq = zmq_ctx_new();
    if (w->wake_fd < 0 || !w->zmq) {
        r = -errno;
        goto fail;
    }
    zmq_ctx_set(w->zmq, ZMQ_IO_THREADS, 1);
    zmq_ctx_set(w->zmq, ZMQ_MAX_SOCKETS, 16);
    *ret_worker = w;
    return 0;
fail:
    bb_worker_destroy(&w);
    return r;
}

static void
close_socket(struct bb_worker *w, int linger_ms)
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

void
bb_worker_destroy(struct bb_worker **worker)
{
    struct bb_worker *w = *worker;

    if (!w)
        return;
    close_socket(w, 0);
    if (w->zmq)
        zmq_ctx_term(w->zmq);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    bb_session_destroy(&w->session);
    free(w->endpoint);
    free(w->service);
    free(w);
    *worker = NULL;
}

/* ---- the connection ---- */

static void
retry_later(struct bb_worker *w)
{
    w->retry_at = w->now + w->backoff_ms;
    w->backoff_ms = w->backoff_ms * 2 < BACKOFF_MAX_MS ? w->backoff_ms * 2 : BACKOFF_MAX_MS;
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

/* The connection is over. The owner hears of it only if the broker had ever spoken. */
static void
lose(struct bb_worker *w, const char *why)
{
    bool met = bb_session_state(w->session) > BB_SESSION_GREETING;

    w->unsound = false;
    close_socket(w, 0);
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
        close_socket(w, 0);
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

static void
take_monitor(struct bb_worker *w)
{
    int event;

    while (w->socket && (event = next_monitor_event(w)) != 0) {
        if (event == ZMQ_EVENT_CONNECTED)
            bb_debug("connected to %s", w->endpoint);
        else
            lose(w, event == ZMQ_EVENT_CLOSED         ? "nobody listens"
                    : event == ZMQ_EVENT_DISCONNECTED ? "disconnected"
                                                      : "handshake failed");
    }
}

static void
connect_if_due(struct bb_worker *w)
{
    int r;

    if (w->socket || w->now < w->retry_at)
        return;
    r = open_socket(w);
    if (r < 0) {
        if (bb_log_allow(&faults))
            bb_error("cannot make a socket for %s: %s", w->endpoint, zmq_strerror(-r));
        retry_later(w);
        return;
    }
    take_monitor(w); /* a pipe tells of what comes after it was found empty, not before */
}

/* ---- taking in ---- */

static void
went_away(struct bb_worker *w, const struct bb_session_event *event)
{
    char why[400], text[256];

    snprintf(why, sizeof why, "it refused us with %s: %s", bb_error_name(event->code),
             bb_text_quote(event->packed, text, sizeof text, 200));
    lose(w, why);
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
        lose(w, "it broke the protocol");
        return;
    }
    if (event.type == BB_SESSION_GOAWAY) {
        went_away(w, &event);
        return;
    }
    if (greeting) {
        bb_notice("serving %s for the broker at %s", w->service, w->endpoint);
        w->told_waiting = false;
        w->backoff_ms = BACKOFF_MIN_MS;
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
        lose(w, "it sent a message of several frames");
        return;
    }
    r = bb_unbundle_init(&walk, bb_bytes(zmq_msg_data(message), zmq_msg_size(message)));
    while (r == 0 && w->socket && (r = bb_unbundle_next(&walk, &frame)) == 0)
        take_frame(w, &frame);
    if (r < 0)
        lose(w, "it sent what is no frame");
}

static void
take_messages(struct bb_worker *w)
{
    zmq_msg_t message;

    zmq_msg_init(&message);
    for (int i = 0; i < ROUND_MESSAGES && w->socket; i++) {
        if (zmq_msg_recv(&message, w->socket, ZMQ_DONTWAIT) < 0)
            break;
        take_message(w, &message);
    }
    zmq_msg_close(&message);
}

/* ---- giving out ---- */

/* Send what the session has for the broker until the pipe is full. NULL | why the connection is no good. */
static const char *
send_outgoing(struct bb_worker *w)
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

static void
send_messages(struct bb_worker *w)
{
    const char *why = send_outgoing(w);

    if (why)
        lose(w, why);
}

/* ---- time and signals ---- */

static void
beat(struct bb_worker *w)
{
    uint64_t sequence = 0, lag = 0;
    int r;

    if (bb_session_beats(w->session, w->now))
        w->ops.position(w->self, &sequence, &lag);
    r = bb_session_tick(w->session, w->now, sequence, lag);
    if (r == BB_SESSION_E_SILENT)
        lose(w, "silent for three seconds");
    else if (r < 0)
        lose(w, "no memory");
}

static void
tick(struct bb_worker *w, bool woken)
{
    bb_mono wish;

    if (!woken && w->now < w->tick_at)
        return;
    wish = w->ops.tick(w->self, w->now);
    w->tick_at = wish < w->now + TICK_MS ? wish : w->now + TICK_MS;
}

static void
take_wake(struct bb_worker *w)
{
    eventfd_t count;

    /* The flag falls after the read: a wake in between finds it up, and is answered by the tick that follows.
     */
    eventfd_read(w->wake_fd, &count);
    atomic_store(&w->woken, false);
}

void
bb_worker_wake(struct bb_worker *w)
{
    if (!atomic_exchange(&w->woken, true))
        eventfd_write(w->wake_fd, 1);
}

/* true: stop at once. */
static bool
take_signal(struct bb_worker *w)
{
    if (w->signal_fd < 0 || bb_daemon_signal(w->signal_fd) != BB_SIGNAL_STOP)
        return false;
    if (w->stopping)
        return true;
    w->stopping = true;
    bb_notify("STOPPING=1");
    if (bb_session_state(w->session) != BB_SESSION_LIVE)
        return true;
    bb_info("stopping: answering what is open");
    if (w->ops.draining)
        w->ops.draining(w->self);
    return bb_session_drain(w->session, w->now) < 0;
}

static void
watchdog(struct bb_worker *w)
{
    if (w->now < w->watchdog_at)
        return;
    bb_notify("WATCHDOG=1");
    w->watchdog_at = w->now + TICK_MS;
}

/* ---- the loop ---- */

/* At most a tick away. */
static int
patience(const struct bb_worker *w)
{
    bb_mono until = bb_session_deadline(w->session);
    bb_mono now = bb_clock_mono();

    if (w->tick_at < until)
        until = w->tick_at;
    if (!w->socket && w->retry_at < until)
        until = w->retry_at;
    return until > now ? (int)(until - now) : 0;
}

/* Does the socket have something that its descriptor will not tell (again)? */
static bool
has_events(const struct bb_worker *w)
{
    int events = 0;
    size_t size = sizeof events;

    if (!w->socket || zmq_getsockopt(w->socket, ZMQ_EVENTS, &events, &size) != 0)
        return false;
    return events & (w->blocked ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN);
}

/* Wait until there is something to do. Returns a bit set of the items that have something.
 *
 * poll(2) on the descriptors of libzmq rather than zmq_poll(), which takes twelve system calls for these four
 * items where this takes two. A descriptor tells of changes only (zmq_getsockopt(3), ZMQ_FD): the socket is
 * asked before each wait, and the monitor, on which nothing is ever sent, is always emptied. */
static unsigned
wait_for_events(struct bb_worker *w)
{
    struct pollfd items[ITEMS] = {
        [ITEM_SIGNAL] = {.fd = w->signal_fd, .events = POLLIN},
        [ITEM_WAKE] = {.fd = w->wake_fd, .events = POLLIN},
        [ITEM_SOCKET] = {.fd = w->socket ? w->socket_fd : -1, .events = POLLIN},
        [ITEM_MONITOR] = {.fd = w->socket ? w->monitor_fd : -1, .events = POLLIN},
    };
    bool at_hand = has_events(w);
    unsigned ready = (unsigned)at_hand << ITEM_SOCKET;

    if (bb_awake_poll(items, ITEMS, at_hand ? 0 : patience(w), w->awake ? AWAKE_US : 0) > 0)
        for (int i = 0; i < ITEMS; i++)
            ready |= (unsigned)(items[i].revents != 0) << i;
    w->awake = ready != 0;
    return ready;
}

/* One round after waiting. 0 | what flush() returned. */
static int
run_round(struct bb_worker *w, unsigned ready)
{
    bool woken = ready & 1u << ITEM_WAKE;
    int r;

    if (woken)
        take_wake(w);
    if (ready & 1u << ITEM_SOCKET)
        take_messages(w);
    if (ready & 1u << ITEM_MONITOR)
        take_monitor(w);
    connect_if_due(w);
    r = w->ops.flush(w->self);
    if (r != 0)
        return r;
    tick(w, woken);
    beat(w);
    send_messages(w);
    watchdog(w);
    return 0;
}

static bool
is_over(const struct bb_worker *w)
{
    return w->stopping && bb_session_is_drained(w->session, w->now);
}

int
bb_worker_run(struct bb_worker *w)
{
    int r = 0;

    w->now = w->retry_at = w->tick_at = bb_clock_mono();
    connect_if_due(w);
    send_messages(w);
    bb_notify("READY=1");
    while (r == 0 && !is_over(w)) {
        unsigned ready = wait_for_events(w);

        w->now = bb_clock_mono();
        if (ready & 1u << ITEM_SIGNAL && take_signal(w))
            break;
        r = run_round(w, ready);
    }
    close_socket(w, r == 0 && bb_session_state(w->session) == BB_SESSION_DRAINING ? LINGER_MS : 0);
    bb_session_close(w->session);
    return r;
}

/* ---- the owner's calls ---- */

static void
judge(int r)
{
    if (r < 0 && r != -ENOENT && bb_log_allow(&faults))
        bb_error("an answer is lost: %s", strerror(-r));
}

void
bb_worker_reply(struct bb_worker *w, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    judge(bb_session_reply(w->session, tag, part, final, body));
}

void
bb_worker_fail(struct bb_worker *w, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    judge(bb_session_fail(w->session, tag, code, message, retry_after_ms));
}

/* A session gets all that is sent to it, or ends: what could not be gathered ends them all, with the
 * connection. */
void
bb_worker_fanout(struct bb_worker *w, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions,
                 size_t n)
{
    int r = bb_session_fanout(w->session, kind, body, sessions, n);

    if (r == 0 || r == -ENOTCONN)
        return;
    if (bb_log_allow(&faults))
        bb_error("a fan-out of kind %d and %zu bytes to %zu sessions: %s", (int)kind, body.len, n,
                 strerror(-r));
    w->unsound = true;
}

size_t
bb_worker_backlog(const struct bb_worker *w)
{
    size_t waiting = bb_session_backlog(w->session), unconfirmed = bb_session_unconfirmed(w->session);

    return waiting > unconfirmed ? waiting : unconfirmed;
}

int
bb_worker_call(struct bb_worker *w, uint64_t id, uint32_t method, uint32_t timeout_ms, struct bb_bytes body)
{
    return bb_session_call(w->session, id, method, timeout_ms, body);
}

void
bb_worker_call_cancel(struct bb_worker *w, uint64_t id)
{
    judge(bb_session_call_cancel(w->session, id));
}

void
bb_worker_push(struct bb_worker *w)
{
    /* what is wrong shows again at the end of the round, where the connection may be given up */
    (void)send_outgoing(w);
}

void
bb_worker_hold(struct bb_worker *w, int lane, bool hold)
{
    bb_session_hold(w->session, (enum bb_lane)lane, hold);
}
