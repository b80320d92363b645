/* Five kinds of threads. This one talks to the broker, judges commands (the writer) and hands queries to the
 * readers; the committer appends to the journal; the applier comes behind with the views; the follower tells
 * the communication service what closed batches changed.
 *
 * When does the applier get what has gathered? At once when a query waits for it or much has gathered;
 * otherwise after a short quiet, since every commit of the views competes with the journal's for the disk.
 * What waits is bounded: at the bound the credit for commands is held back, and the broker queues. */
#include "measurement.h"

#include "applier.h"
#include "follower.h"
#include "given.h"
#include "pace.h"
#include "readers.h"
#include "writer.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/methods.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/state.h"
#include "runtime/worker.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define MUCH_BYTES     ((size_t)4 << 20) /* of answers: worth giving memory back after them */
#define TRIM_ROWS      5000              /* a generation that leaves memory worth giving back */
#define TRIM_MS        500               /* quiet after a burst before its memory is given back */
#define REAP_MS        60000
#define COMMAND_CREDIT 4096
#define COMMAND_BYTES  (1u << 20)
#define QUERY_CREDIT   512
#define QUERY_BYTES    (4u << 20)

struct measurement {
    const struct bb_measurement_config *config;
    int lock; /* of the state folder */
    struct bb_views views;
    struct bb_journal *journal;
    struct bb_writer *writer;
    struct bb_committer *committer;
    struct bb_applier *applier;
    struct bb_readers *readers;
    struct bb_follower *follower;
    struct bb_given *given;
    struct bb_worker *worker;
    uint64_t applied; /* last sequence in the views */
    uint64_t asked;   /* the head when the last query came */
    bool applying;
    struct bb_pace pace;
    size_t answered_bytes; /* of queries, since memory was last given back */
    int failed;            /* the views could not be opened again */
    bool trim;             /* much memory was freed since then */
    bool answered;         /* queries were, since somebody looked what they left */
    bb_mono last_answer;   /* when a query was last answered */
    bb_mono next_reap;
    bool commands; /* this round had some */
    bool held;
    char *journal_dir, *views_dir, *temporary_dir, *given_dir;
};

/* Answers */

static void
send_reply(void *self, uint64_t tag, struct bb_bytes body)
{
    struct measurement *m = self;

    bb_worker_reply(m->worker, tag, 0, true, body);
}

static void
send_failure(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    struct measurement *m = self;

    bb_worker_fail(m->worker, tag, code, message, retry_after_ms);
}

static void
send_part(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct measurement *m = self;

    bb_worker_reply(m->worker, tag, part, final, body);
}

static void
send_query_failure(void *self, uint64_t tag, uint32_t code, const char *message)
{
    struct measurement *m = self;

    bb_worker_fail(m->worker, tag, code, message, 0);
}

static void
hold_credit(struct measurement *m)
{
    bool full = bb_pace_full(&m->pace, bb_writer_pending_rows(m->writer), bb_writer_pending_bytes(m->writer));

    if (full != m->held)
        bb_worker_hold(m->worker, BB_LANE_COMMAND, full);
    m->held = full;
}

/* Before the end of the round; what is answered gives its credit back, so that must be decided first. */
static void
push(void *self)
{
    struct measurement *m = self;

    hold_credit(m);
    bb_worker_push(m->worker);
}

static void
wake(void *self)
{
    struct measurement *m = self;

    bb_worker_wake(m->worker);
}

static void
answer_status(struct measurement *m, uint64_t tag)
{
    Bb__MeasurementStatusReply reply = BB__MEASUREMENT_STATUS_REPLY__INIT;
    uint8_t packed[128];
    MDB_stat stat;
    MDB_txn *txn;
    int r = bb_store_begin(m->views.store, false, &txn);

    if (r == 0) {
        r = bb_store_error(mdb_stat(txn, m->views.dbi[BB_VIEW_READING], &stat));
        bb_store_abort(m->views.store, &txn);
    }
    if (r == 0)
        r = bb_store_usage(m->views.store, &reply.views_bytes, &reply.free_pages);
    if (r != 0) {
        bb_worker_fail(m->worker, tag, BB_ERROR_INTERNAL, "the store cannot be read; the log says more", 0);
        return;
    }
    reply.journal_bytes = bb_journal_bytes(m->journal);
    reply.head = bb_writer_committed(m->writer);
    reply.applied = m->applied;
    reply.readings = stat.ms_entries;
    reply.pending_rows = bb_writer_pending_rows(m->writer);
    reply.has_free_pages = true;
    bb_worker_reply(m->worker, tag, 0, true,
                    bb_bytes(packed, bb__measurement_status_reply__pack(&reply, packed)));
}

/* What the broker sends */

/* Queries see what came before them. When the disk has no room for that, better an older answer than none: it
 * carries its sequence. */
static uint64_t
query_floor(const struct measurement *m)
{
    bool stuck = bb_applier_stuck(m->applier) || bb_writer_recovering(m->writer);

    return stuck ? m->applied : bb_writer_head(m->writer);
}

static void
on_work(void *self, const struct bb_work *work)
{
    struct measurement *m = self;
    const struct bb_method_info *info = bb_method_info(work->method);
    struct bb_query_call call = {.method = work->method,
                                 .role = work->role,
                                 .organization = work->organization,
                                 .member = work->member,
                                 .body = work->body};

    if (!info || info->service != BB_SERVICE_MEASUREMENT) {
        bb_worker_fail(m->worker, work->tag, BB_ERROR_UNKNOWN_METHOD, "not a method of this service", 0);
    } else if (bb_method_scope(work->method, work->role) == BB_SCOPE_NONE) {
        bb_worker_fail(m->worker, work->tag, BB_ERROR_NOT_ALLOWED, "your role may not do this", 0);
    } else if (work->method == BB_METHOD_MEASUREMENT_STATUS) {
        answer_status(m, work->tag);
    } else if (work->method == BB_METHOD_MEASUREMENT_FOLLOW) {
        bb_follower_ask(m->follower, work->tag, work->body);
    } else if (info->lane == BB_LANE_QUERY) {
        /* what is staged is committed at the end of this round, before the query is looked at */
        m->asked = bb_writer_head(m->writer);
        bb_readers_query(m->readers, work->tag, &call, work->window_bytes, query_floor(m), m->asked);
    } else {
        int r = bb_writer_command(m->writer, work);
        if (r != 0) {
            bb_error("the store cannot be read: %s", strerror(-r));
            bb_worker_fail(m->worker, work->tag, BB_ERROR_INTERNAL, "the store cannot be read", 0);
        }
        m->commands = true;
    }
}

static void
on_pull(void *self, uint64_t tag, uint32_t bytes)
{
    struct measurement *m = self;

    bb_readers_pull(m->readers, tag, bytes);
}

static void
on_cancel(void *self, uint64_t tag)
{
    struct measurement *m = self;

    bb_readers_cancel(m->readers, tag);
    bb_follower_cancel(m->follower, tag);
}

static void
on_directory(void *self, struct bb_bytes packed)
{
    struct measurement *m = self;
    int r = bb_writer_directory(m->writer, packed);

    if (r != 0)
        bb_error("the store cannot be read: %s", strerror(-r));
    m->commands = true;
}

/* Who follows asks the next worker again. */
static void
on_draining(void *self)
{
    struct measurement *m = self;

    bb_follower_hurry(m->follower);
}

static void
on_reset(void *self)
{
    struct measurement *m = self;

    bb_readers_cancel_all(m->readers);
    bb_follower_cancel_all(m->follower);
    bb_writer_forget_answers(m->writer);
}

static uint64_t
directory_version(void *self)
{
    (void)self;
    return 0; /* the broker sends the directory whole, and what is known already is not journalled again */
}

static void
position(void *self, uint64_t *ret_sequence, uint64_t *ret_lag)
{
    struct measurement *m = self;

    *ret_sequence = bb_writer_committed(m->writer);
    *ret_lag = *ret_sequence - m->applied;
}

/* The applier */

static int
collect_applied(struct measurement *m)
{
    int r = m->applying ? bb_applier_collect(m->applier) : 0;

    if (r < 0)
        return r;
    if (r > 0) {
        bb_writer_applied(m->writer);
        m->applying = false;
        m->trim = m->trim || m->pace.given_rows >= TRIM_ROWS;
        bb_pace_applied(&m->pace, bb_clock_mono());
    }
    /* also after a recovery, which brings the views up itself */
    if (bb_writer_views(m->writer) > m->applied) {
        m->applied = bb_writer_views(m->writer);
        bb_readers_applied(m->readers, m->applied);
        bb_follower_applied(m->follower, m->applied);
    }
    return 0;
}

/* Entries that queries were to wait for were not kept, since the commit failed; or the views wait for room on
 * the disk, who knows how long: what they have is answered. */
static void
forget_lost(struct measurement *m)
{
    uint64_t head = bb_writer_head(m->writer);

    if (bb_applier_stuck(m->applier))
        bb_readers_limit(m->readers, m->applied);
    if (m->asked > head)
        bb_readers_limit(m->readers, head);
    m->asked = m->asked < head ? m->asked : head;
}

static void
collect_answers(struct measurement *m, bb_mono now)
{
    size_t bytes = bb_readers_collect(m->readers);

    if (!bb_follower_collect(m->follower) && bytes == 0)
        return;
    m->last_answer = now;
    m->answered = true;
    m->answered_bytes += bytes;
    if (m->answered_bytes >= MUCH_BYTES) {
        m->trim = true;
        m->answered_bytes = 0;
    }
}

static int
give_to_applier(struct measurement *m, bb_mono now)
{
    const struct bb_generation *generation;
    int r;

    if (bb_writer_pending_entries(m->writer) == 0) {
        bb_pace_nothing(&m->pace);
        return 0;
    }
    if (m->applying || !bb_pace_due(&m->pace, now, bb_writer_pending_rows(m->writer),
                                    bb_readers_wanted(m->readers) > m->applied))
        return 0;
    r = bb_writer_commit(m->writer); /* a generation ends where the journal does */
    bb_pace_given(&m->pace, now, bb_writer_pending_rows(m->writer));
    generation = r == 0 ? bb_writer_take(m->writer) : NULL;
    if (!generation)
        return r;
    m->applying = true;
    bb_applier_give(m->applier, generation);
    return 0;
}

static int
on_flush(void *self)
{
    struct measurement *m = self;
    bb_mono now = bb_clock_mono();
    int r = m->failed ? m->failed : bb_writer_advance(m->writer);

    if (m->commands)
        bb_pace_command(&m->pace, now);
    m->commands = false;
    if (r == 0) {
        forget_lost(m);
        r = collect_applied(m);
    }
    if (r == 0)
        r = bb_given_failed(m->given); /* nothing is answered that is not recorded */
    if (r == 0)
        collect_answers(m, now);
    if (r == 0)
        r = give_to_applier(m, now);
    if (r != 0) {
        bb_error("the store failed: %s; stopping for an operator to look", strerror(-r));
        return BB_EX_STORAGE;
    }
    hold_credit(m);
    return 0;
}

/* After a burst, back to the size of an idle worker. */
static void
give_memory_back(struct measurement *m)
{
    int r = bb_writer_commit(m->writer); /* nothing is with the committer then */

    if (r == 0)
        r = bb_store_trim(m->views.store);
    if (r == -EBUSY)
        return; /* a query looks at them: the next tick */
    bb_journal_trim(m->journal);
    m->failed = r;
    m->trim = false;
    malloc_trim(0);
}

/* Of a short answer that took much memory to make, too. */
static void
look_what_queries_left(struct measurement *m)
{
    m->answered = false;
    if (mallinfo2().fordblks >= MUCH_BYTES)
        malloc_trim(0);
}

static bb_mono
on_tick(void *self, bb_mono now)
{
    struct measurement *m = self;
    bb_mono next = bb_writer_tick(m->writer, now);

    if (now >= m->next_reap) {
        bb_store_reap(m->views.store);
        bb_given_reap(m->given);
        m->next_reap = now + REAP_MS;
    }
    if (m->trim && !m->applying && now - m->pace.last_command >= TRIM_MS && now - m->last_answer >= TRIM_MS)
        give_memory_back(m);
    if (m->answered && now - m->last_answer >= TRIM_MS)
        look_what_queries_left(m);
    if (m->pace.pending_since && !m->applying) {
        bb_mono due = bb_pace_next(&m->pace, now);
        next = due < next ? due : next;
    }
    return next;
}

/* Start and end */

static int
make_folders(struct measurement *m)
{
    const char *state = m->config->state;

    if (asprintf(&m->journal_dir, "%s/journal", state) < 0 ||
        asprintf(&m->views_dir, "%s/views", state) < 0 ||
        asprintf(&m->temporary_dir, "%s/temporary", state) < 0 ||
        asprintf(&m->given_dir, "%s/given", state) < 0)
        return -ENOMEM;
    if (mkdir(m->temporary_dir, 0700) < 0 && errno != EEXIST) {
        bb_error("%s: %s", m->temporary_dir, strerror(errno));
        return -errno;
    }
    return 0;
}

static int
open_store(struct measurement *m)
{
    struct bb_writer_config config = {
        .views = &m->views,
        .temporary = m->temporary_dir,
        .batch_idle_ms = m->config->batch_idle_ms,
        .dry_runs = (unsigned)m->config->dry_runs,
        .reserve = (uint64_t)m->config->disk_reserve,
        .sink = {.reply = send_reply, .fail = send_failure, .push = push, .self = m},
    };
    char error[512] = "out of memory";
    int r = bb_state_lock(m->config->state, "backbone-measurement", &m->lock, error, sizeof error);

    if (r == 0)
        r = bb_journal_open(m->journal_dir, &m->journal, error, sizeof error);
    if (r == 0)
        r = bb_views_open(&m->views, m->views_dir, (size_t)m->config->map_bytes, error, sizeof error);
    if (r == 0)
        r = bb_committer_new(m->journal, wake, m, &m->committer);
    config.journal = m->journal;
    config.committer = m->committer;
    if (r == 0)
        r = bb_writer_new(&config, &m->writer, error, sizeof error);
    if (r == 0)
        r = bb_given_open(m->given_dir, bb_writer_views(m->writer), &m->given, error, sizeof error);
    if (r != 0)
        bb_error("%s", error);
    else
        m->applied = bb_writer_views(m->writer);
    return r;
}

static void
note_applied(void *self, const struct bb_generation *generation)
{
    struct measurement *m = self;

    bb_given_applied(m->given, generation);
}

static int
start_threads(struct measurement *m)
{
    struct bb_query_context context = {.views = &m->views, .journal = m->journal, .given = m->given};
    struct bb_applier_sink applied = {.applied = note_applied, .wake = wake, .self = m};
    struct bb_readers_sink sink = {.part = send_part, .fail = send_query_failure, .wake = wake, .self = m};
    struct bb_follower_sink told = {.reply = send_reply, .fail = send_query_failure, .wake = wake, .self = m};
    int r = bb_applier_new(&m->views, &applied, &m->applier);

    if (r == 0)
        r = bb_readers_new(&context, (unsigned)m->config->reader_threads + 1, &sink, &m->readers);
    if (r == 0)
        r = bb_follower_new(&context, &told, &m->follower);
    if (r == 0) {
        bb_readers_applied(m->readers, m->applied);
        bb_follower_applied(m->follower, m->applied);
    } else {
        bb_error("cannot start threads: %s", strerror(-r));
    }
    return r;
}

static int
connect_worker(struct measurement *m, int signal_fd)
{
    static const struct bb_worker_ops ops = {
        .work = on_work,
        .pull = on_pull,
        .cancel = on_cancel,
        .directory = on_directory,
        .flush = on_flush,
        .tick = on_tick,
        .reset = on_reset,
        .draining = on_draining,
        .directory_version = directory_version,
        .position = position,
    };
    struct bb_worker_config config = {
        .endpoint = m->config->broker,
        .service = bb_service_name(BB_SERVICE_MEASUREMENT),
        .credit_messages = {[BB_LANE_COMMAND] = COMMAND_CREDIT, [BB_LANE_QUERY] = QUERY_CREDIT},
        .credit_bytes = {[BB_LANE_COMMAND] = COMMAND_BYTES, [BB_LANE_QUERY] = QUERY_BYTES},
        .signal_fd = signal_fd,
    };
    int r = bb_worker_new(&config, &ops, m, &m->worker);

    if (r != 0)
        bb_error("cannot connect to %s: %s", m->config->broker, strerror(-r));
    return r;
}

static void
close_all(struct measurement *m)
{
    bb_applier_destroy(&m->applier);
    bb_readers_destroy(&m->readers);
    bb_follower_destroy(&m->follower);
    bb_committer_destroy(&m->committer);
    bb_writer_destroy(&m->writer);
    bb_worker_destroy(&m->worker);
    bb_given_close(&m->given);
    bb_views_close(&m->views);
    bb_journal_close(&m->journal);
    free(m->journal_dir);
    free(m->views_dir);
    free(m->temporary_dir);
    free(m->given_dir);
    if (m->lock >= 0)
        close(m->lock);
}

int
bb_measurement_run(const struct bb_measurement_config *config, int signal_fd)
{
    struct measurement m = {.config = config,
                            .lock = -1,
                            .pace = bb_pace((size_t)config->pending_rows, (size_t)config->pending_bytes)};
    int code = EX_IOERR, r;

    /* what another thread freed at the end of an arena of its own is never given back */
    mallopt(M_ARENA_MAX, 1);
    r = make_folders(&m);
    if (r == 0)
        r = open_store(&m);
    if (r == -EBADMSG || r == -EIO)
        code = BB_EX_STORAGE;
    if (r == -EBUSY)
        code = EX_UNAVAILABLE;
    if (r == 0)
        r = connect_worker(&m, signal_fd);
    if (r == 0)
        r = start_threads(&m);
    if (r == 0) {
        bb_info("at entry %llu", (unsigned long long)m.applied);
        code = bb_worker_run(m.worker);
        if (code < 0) {
            bb_error("the session with the broker failed: %s", strerror(-code));
            code = EX_SOFTWARE;
        }
    }
    close_all(&m);
    return code;
}
