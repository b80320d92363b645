/* The shell around worker_session.c: one thread, one loop.
 *
 * A round: wait for the socket, its monitor, signals or a wake-up; take in everything at hand; flush();
 * tick(); send everything as one message. So a round costs a handful of system calls however many requests it
 * carries. */
#include "worker_core.h"

#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#define TICK_MS   1000
#define LINGER_MS 1000 /* for the last answers */

enum { ITEM_SIGNAL, ITEM_WAKE, ITEM_SOCKET, ITEM_MONITOR, ITEMS };

struct bb_log_limit bb_worker_faults = BB_LOG_LIMIT(10);

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
    w->backoff_ms = BB_WORKER_BACKOFF_MIN_MS;
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

void
bb_worker_destroy(struct bb_worker **worker)
{
    struct bb_worker *w = *worker;

    if (!w)
        return;
    bb_worker_close(w, 0);
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
        bb_worker_lose(w, "silent for three seconds");
    else if (r < 0)
        bb_worker_lose(w, "no memory");
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

    if (poll(items, ITEMS, at_hand ? 0 : patience(w)) <= 0)
        return ready;
    for (int i = 0; i < ITEMS; i++)
        ready |= (unsigned)(items[i].revents != 0) << i;
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
        bb_worker_take_messages(w);
    if (ready & 1u << ITEM_MONITOR)
        bb_worker_take_monitor(w);
    bb_worker_connect_if_due(w);
    r = w->ops.flush(w->self);
    if (r != 0)
        return r;
    tick(w, woken);
    beat(w);
    bb_worker_send_messages(w);
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
    bb_worker_connect_if_due(w);
    bb_worker_send_messages(w);
    bb_notify("READY=1");
    while (r == 0 && !is_over(w)) {
        unsigned ready = wait_for_events(w);

        w->now = bb_clock_mono();
        if (ready & 1u << ITEM_SIGNAL && take_signal(w))
            break;
        r = run_round(w, ready);
    }
    bb_worker_close(w, r == 0 && bb_session_state(w->session) == BB_SESSION_DRAINING ? LINGER_MS : 0);
    bb_session_close(w->session);
    return r;
}

/* ---- the owner's calls ---- */

static void
judge(int r)
{
    if (r < 0 && r != -ENOENT && bb_log_allow(&bb_worker_faults))
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
    if (bb_log_allow(&bb_worker_faults))
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
    (void)bb_worker_send(w);
}

void
bb_worker_hold(struct bb_worker *w, int lane, bool hold)
{
    bb_session_hold(w->session, (enum bb_lane)lane, hold);
}
