/* Five kinds of threads. This one talks to the broker, judges commands (the writer) and hands queries to the
 * readers; the committer appends to the journal; the applier comes behind with the views; the follower tells
 * the communication service what closed batches changed.
 *
 * When does the applier get what has gathered? At once when a query waits for it or much has gathered;
 * otherwise after a short quiet, since every commit of the views competes with the journal's for the disk.
 * What waits is bounded: at the bound the credit for commands is held back, and the broker queues. */
#include "measurement_core.h"

#include "proto/methods.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/state.h"
#include "workers/measurement/query/coverage.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define COMMAND_CREDIT 4096
#define COMMAND_BYTES  (1u << 20)
#define QUERY_CREDIT   512
#define QUERY_BYTES    (4u << 20)
#define FULL_BYTES     ((size_t)4 << 20) /* of answers that the broker has not taken in */
#define LARGE_PART     (8u << 10)        /* leaves at once: it is read while the next one is on its way */
#define COVERAGE_BYTES ((size_t)16 << 20)
#define HIDDEN_BYTES   ((size_t)32 << 20) /* what suppress_below hides: that is remembered */

/* Answers */

static void
send_reply(void *self, uint64_t tag, struct bb_bytes body)
{
    struct bb_measurement *m = self;

    bb_worker_reply(m->worker, tag, 0, true, body);
}

static void
send_failure(void *self, uint64_t tag, uint32_t code, const char *message, uint32_t retry_after_ms)
{
    struct bb_measurement *m = self;

    bb_worker_fail(m->worker, tag, code, message, retry_after_ms);
}

static void
send_part(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body)
{
    struct bb_measurement *m = self;

    bb_worker_reply(m->worker, tag, part, final, body);
    if (body.len >= LARGE_PART && !final)
        bb_worker_push(m->worker);
}

/* Answers that are given at once come as fast as they are asked for. */
static bool
is_full(void *self)
{
    struct bb_measurement *m = self;

    return bb_worker_backlog(m->worker) > FULL_BYTES;
}

static void
send_query_failure(void *self, uint64_t tag, uint32_t code, const char *message)
{
    struct bb_measurement *m = self;

    bb_worker_fail(m->worker, tag, code, message, 0);
}

/* Before the end of the round; what is answered gives its credit back, so that must be decided first. */
static void
push(void *self)
{
    struct bb_measurement *m = self;

    bb_measurement_hold_credit(m);
    bb_worker_push(m->worker);
}

static void
wake(void *self)
{
    struct bb_measurement *m = self;

    bb_worker_wake(m->worker);
}

/* Start and end */

static int
make_folders(struct bb_measurement *m)
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
open_store(struct bb_measurement *m)
{
    struct bb_writer_config config = {
        .views = &m->views,
        .temporary = m->temporary_dir,
        .batch_idle_ms = m->config->batch_idle_ms,
        .dry_runs = (unsigned)m->config->dry_runs,
        .reserve = (uint64_t)m->config->disk_reserve,
        .signatures_required = strcmp(m->config->signatures, "required") == 0,
        .staff_signing_keys = m->config->staff_signing_keys,
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
        r = bb_changes_init(&m->changes, bb_writer_views(m->writer));
    if (r == 0)
        r = bb_known_new(&m->known);
    if (r == 0)
        r = bb_answers_new(&m->answers);
    if (r == 0)
        r = bb_times_new(&m->times);
    if (r == 0)
        r = bb_coverage_new(COVERAGE_BYTES, &m->coverage);
    if (r == 0)
        r = bb_hidden_new(&m->changes, HIDDEN_BYTES, &m->hidden);
    if (r == 0)
        r = bb_given_open(m->given_dir, bb_writer_views(m->writer), &m->changes, &m->given, error,
                          sizeof error);
    if (r != 0)
        bb_error("%s", error);
    else
        m->applied = bb_writer_views(m->writer);
    return r;
}

static void
note_coming(void *self, const struct bb_generation *generation)
{
    struct bb_measurement *m = self;

    bb_changes_coming(&m->changes, generation);
}

static void
note_applied(void *self, const struct bb_generation *generation)
{
    struct bb_measurement *m = self;

    bb_changes_applied(&m->changes, generation);
}

static int
start_threads(struct bb_measurement *m)
{
    struct bb_query_context context = {.views = &m->views,
                                       .journal = m->journal,
                                       .given = m->given,
                                       .changes = &m->changes,
                                       .known = m->known,
                                       .answers = m->answers,
                                       .times = m->times,
                                       .coverage = m->coverage,
                                       .hidden = m->hidden};
    struct bb_applier_sink applied = {
        .coming = note_coming, .applied = note_applied, .wake = wake, .self = m};
    struct bb_readers_sink sink = {
        .part = send_part, .fail = send_query_failure, .wake = wake, .full = is_full, .self = m};
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
connect_worker(struct bb_measurement *m, int signal_fd)
{
    struct bb_worker_config config = {
        .endpoint = m->config->broker,
        .service = bb_service_name(BB_SERVICE_MEASUREMENT),
        .credit_messages = {[BB_LANE_COMMAND] = COMMAND_CREDIT, [BB_LANE_QUERY] = QUERY_CREDIT},
        .credit_bytes = {[BB_LANE_COMMAND] = COMMAND_BYTES, [BB_LANE_QUERY] = QUERY_BYTES},
        .signal_fd = signal_fd,
    };
    int r = bb_worker_new(&config, &bb_measurement_ops, m, &m->worker);

    if (r != 0)
        bb_error("cannot connect to %s: %s", m->config->broker, strerror(-r));
    return r;
}

static void
close_all(struct bb_measurement *m)
{
    bb_applier_destroy(&m->applier);
    bb_readers_destroy(&m->readers);
    bb_follower_destroy(&m->follower);
    bb_committer_destroy(&m->committer);
    bb_writer_destroy(&m->writer);
    bb_worker_destroy(&m->worker);
    bb_given_close(&m->given);
    bb_known_destroy(&m->known);
    bb_answers_destroy(&m->answers);
    bb_times_destroy(&m->times);
    bb_hidden_destroy(&m->hidden);
    bb_changes_release(&m->changes);
    bb_coverage_destroy(&m->coverage);
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
    struct bb_measurement m = {.config = config,
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
