/* The shell: the session with the broker, the state folder, the clock, and memory given back after bursts. */
#include "communication_core.h"
#include "follow.h"
#include "indicators.h"
#include "reminders.h"

#include "proto/methods.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/state.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define COMMAND_CREDIT 4096
#define COMMAND_BYTES  (1u << 20)
#define QUERY_CREDIT   512
#define QUERY_BYTES    (4u << 20)

struct shell {
    struct bb_communication core;
    int lock; /* of the state folder */
};

static struct bb_communication *
begin(void *self)
{
    struct shell *shell = self;

    bb_communication_begin(&shell->core, bb_clock_utc(), bb_clock_mono());
    return &shell->core;
}

static void
on_work(void *self, const struct bb_work *work)
{
    bb_communication_work(begin(self), work);
}

static void
on_pull(void *self, uint64_t tag, uint32_t bytes)
{
    bb_communication_pull(begin(self), tag, bytes);
}

static void
on_cancel(void *self, uint64_t tag)
{
    bb_communication_cancel(begin(self), tag);
}

static void
on_directory(void *self, struct bb_bytes packed)
{
    bb_communication_directory(begin(self), packed);
}

static void
on_reset(void *self)
{
    bb_communication_reset(begin(self));
}

static int
on_flush(void *self)
{
    struct bb_communication *core = begin(self);
    bool more;

    if (bb_communication_flush(core, &more) != 0)
        return BB_EX_STORAGE;
    if (more)
        bb_worker_wake(core->worker);
    return 0;
}

static bb_mono
on_tick(void *self, bb_mono now)
{
    struct bb_communication *core = begin(self);

    bb_communication_tick(core);
    return bb_communication_due(core, now);
}

static void
on_called(void *self, uint64_t id, const struct bb_call_result *result)
{
    bb_communication_called(begin(self), id, result);
}

static void
on_session_up(void *self, const struct bb_subscriber *subscriber)
{
    bb_communication_session_up(begin(self), subscriber);
}

static void
on_session_down(void *self, uint64_t session)
{
    bb_communication_session_down(begin(self), session);
}

static void
on_session_ack(void *self, const struct bb_acknowledged *acknowledged)
{
    bb_communication_session_ack(begin(self), acknowledged);
}

static uint64_t
directory_version(void *self)
{
    (void)self;
    return 0; /* the broker sends the directory whole, and what is known already is not written again */
}

static void
position(void *self, uint64_t *ret_sequence, uint64_t *ret_lag)
{
    struct shell *shell = self;

    *ret_sequence = bb_msglog_committed(shell->core.log);
    *ret_lag = 0;
}

/* Answers */

static void
send_reply(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct shell *shell = self;

    bb_worker_reply(shell->core.worker, tag, part, final, body);
}

static void
send_failure(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    struct shell *shell = self;

    bb_worker_fail(shell->core.worker, tag, code, message, retry_after_ms);
}

/* Calls */

static int
call(void *self, uint64_t id, uint32_t method, uint32_t timeout_ms, struct bb_bytes body)
{
    struct shell *shell = self;

    return bb_worker_call(shell->core.worker, id, method, timeout_ms, body);
}

/* Deliveries */

static void
send_fanout(void *self, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions, size_t n)
{
    struct shell *shell = self;

    bb_worker_fanout(shell->core.worker, kind, body, sessions, n);
}

static size_t
backlog(void *self)
{
    struct shell *shell = self;

    return bb_worker_backlog(shell->core.worker);
}

/* Start and end */

static int
connect_worker(struct shell *shell, const struct bb_communication_config *config, int signal_fd)
{
    static const struct bb_worker_ops ops = {
        .work = on_work,
        .pull = on_pull,
        .cancel = on_cancel,
        .directory = on_directory,
        .flush = on_flush,
        .tick = on_tick,
        .reset = on_reset,
        .called = on_called,
        .directory_version = directory_version,
        .position = position,
        .session_up = on_session_up,
        .session_down = on_session_down,
        .session_ack = on_session_ack,
    };
    struct bb_worker_config session = {
        .endpoint = config->broker,
        .service = bb_service_name(BB_SERVICE_COMMUNICATION),
        .credit_messages = {[BB_LANE_COMMAND] = COMMAND_CREDIT, [BB_LANE_QUERY] = QUERY_CREDIT},
        .credit_bytes = {[BB_LANE_COMMAND] = COMMAND_BYTES, [BB_LANE_QUERY] = QUERY_BYTES},
        .signal_fd = signal_fd,
    };
    int r = bb_worker_new(&session, &ops, shell, &shell->core.worker);

    if (r != 0)
        bb_error("cannot connect to %s: %s", config->broker, strerror(-r));
    return r;
}

static int
open_state(struct shell *shell, const struct bb_communication_config *config)
{
    struct bb_sink sink = {.reply = send_reply, .fail = send_failure, .self = shell};
    struct bb_outlet outlet = {.fanout = send_fanout, .backlog = backlog, .self = shell};
    char error[512];
    int r = bb_state_lock(config->state, "backbone-communication", &shell->lock, error, sizeof error);

    if (r != 0)
        bb_error("%s", error);
    if (r == 0)
        r = bb_communication_open(&shell->core, config, &sink);
    if (r == 0)
        shell->core.outlet = outlet;
    return r;
}

static int
begin_asking(struct shell *shell)
{
    const struct bb_caller caller = {.call = call, .self = shell};
    int r = bb_follow_new(&shell->core, &caller, &shell->core.follow);

    if (r == 0)
        r = bb_reminders_new(&shell->core, &caller, &shell->core.reminders);
    if (r == 0)
        r = bb_indicators_new(&shell->core, &caller);
    if (r != 0)
        bb_error("cannot start: %s", strerror(-r));
    return r;
}

static int
serve(struct shell *shell)
{
    int code;

    bb_info("at message %llu", (unsigned long long)bb_msglog_committed(shell->core.log));
    code = bb_worker_run(shell->core.worker);
    if (code == 0 && bb_communication_stop(begin(shell)) != 0)
        return BB_EX_STORAGE;
    if (code >= 0)
        return code;
    bb_error("the session with the broker failed: %s", strerror(-code));
    return EX_SOFTWARE;
}

int
bb_communication_run(const struct bb_communication_config *config, int signal_fd)
{
    struct shell shell = {.lock = -1};
    int code = EX_IOERR;
    int r = open_state(&shell, config);

    if (r > 0 || r == -EBADMSG || r == -EIO)
        code = BB_EX_STORAGE;
    if (r == -EBUSY)
        code = EX_UNAVAILABLE;
    if (r == 0)
        r = connect_worker(&shell, config, signal_fd);
    if (r == 0)
        r = begin_asking(&shell);
    if (r == 0)
        code = serve(&shell);
    bb_worker_destroy(&shell.core.worker);
    bb_follow_destroy(&shell.core.follow);
    bb_reminders_destroy(&shell.core.reminders);
    bb_communication_close(&shell.core);
    if (shell.lock >= 0)
        close(shell.lock);
    return code;
}
