/* What the broker sends: work goes to the writer, to the readers or to the follower. */
#include "measurement_core.h"

#include "proto/errors.h"
#include "proto/methods.h"
#include "runtime/faults.h"
#include "runtime/log.h"

static void
answer_status(struct bb_measurement *m, uint64_t tag)
{
    Bb__MeasurementStatusReply reply = BB__MEASUREMENT_STATUS_REPLY__INIT;
    uint8_t packed[128];
    uint64_t withdrawn = 0;
    MDB_stat stat;
    MDB_txn *txn;
    int r = bb_store_begin(m->views.store, false, &txn);

    if (r == 0) {
        r = bb_store_error(mdb_stat(txn, m->views.dbi[BB_VIEW_READING], &stat));
        if (r == 0)
            r = bb_views_withdrawn(&m->views, txn, &withdrawn);
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
    reply.readings = stat.ms_entries - withdrawn;
    reply.pending_rows = bb_writer_pending_rows(m->writer);
    reply.has_free_pages = true;
    bb_worker_reply(m->worker, tag, 0, true,
                    bb_bytes(packed, bb__measurement_status_reply__pack(&reply, packed)));
}

/* Queries see what came before them. When the disk has no room for that, better an older answer than none: it
 * carries its sequence. */
static uint64_t
query_floor(const struct bb_measurement *m)
{
    bool stuck = bb_applier_stuck(m->applier) || bb_writer_recovering(m->writer);

    return stuck ? m->applied : bb_writer_head(m->writer);
}

static void
on_work(void *self, const struct bb_work *work)
{
    struct bb_measurement *m = self;
    const struct bb_method_info *info = bb_method_info(work->method);
    struct bb_query_call call = {.method = work->method,
                                 .role = work->role,
                                 .organization = work->organization,
                                 .member = work->member,
                                 .body = work->body};

    if (!info || info->service != BB_SERVICE_MEASUREMENT) {
        bb_worker_fail(m->worker, work->tag, BB_ERROR_UNKNOWN_METHOD, "not a method of this service", 0);
    } else if (bb_method_scope(work->method, work->role) == BB_SCOPE_NONE && !bb_fault("no-roles")) {
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
    struct bb_measurement *m = self;

    bb_readers_pull(m->readers, tag, bytes);
}

static void
on_cancel(void *self, uint64_t tag)
{
    struct bb_measurement *m = self;

    bb_readers_cancel(m->readers, tag);
    bb_follower_cancel(m->follower, tag);
}

static void
on_directory(void *self, struct bb_bytes packed)
{
    struct bb_measurement *m = self;
    int r = bb_writer_directory(m->writer, packed);

    if (r != 0)
        bb_error("the store cannot be read: %s", strerror(-r));
    m->commands = true;
}

/* Who follows asks the next worker again. */
static void
on_draining(void *self)
{
    struct bb_measurement *m = self;

    bb_follower_hurry(m->follower);
}

static void
on_reset(void *self)
{
    struct bb_measurement *m = self;

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
    struct bb_measurement *m = self;

    *ret_sequence = bb_writer_committed(m->writer);
    *ret_lag = *ret_sequence - m->applied;
}

const struct bb_worker_ops bb_measurement_ops = {
    .work = on_work,
    .pull = on_pull,
    .cancel = on_cancel,
    .directory = on_directory,
    .flush = bb_measurement_flush,
    .tick = bb_measurement_tick,
    .reset = on_reset,
    .draining = on_draining,
    .directory_version = directory_version,
    .position = position,
};
