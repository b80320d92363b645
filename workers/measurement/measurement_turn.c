/* At the end of a round commands are committed, and what other threads have done is collected: then queries
 * that waited may go on, and the applier gets what has gathered. When all is quiet, memory is given back. */
#include "measurement_core.h"

#include "proto/methods.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

#include <errno.h>
#include <malloc.h>

#define MUCH_BYTES ((size_t)4 << 20) /* of answers: worth giving memory back after them */
#define TRIM_ROWS  5000              /* a generation that leaves memory worth giving back */
#define TRIM_MS    500               /* quiet after a burst before its memory is given back */
#define REAP_MS    60000

void
bb_measurement_hold_credit(struct bb_measurement *m)
{
    bool full = bb_pace_full(&m->pace, bb_writer_pending_rows(m->writer), bb_writer_pending_bytes(m->writer));

    if (full != m->held)
        bb_worker_hold(m->worker, BB_LANE_COMMAND, full);
    m->held = full;
}

/* The applier */

static int
collect_applied(struct bb_measurement *m)
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
forget_lost(struct bb_measurement *m)
{
    uint64_t head = bb_writer_head(m->writer);

    if (bb_applier_stuck(m->applier))
        bb_readers_limit(m->readers, m->applied);
    if (m->asked > head)
        bb_readers_limit(m->readers, head);
    m->asked = m->asked < head ? m->asked : head;
}

/* Who waits for the views may not have to: what changed is known before it is there. */
static void
tell_changes(struct bb_measurement *m)
{
    struct bb_generation *filled = bb_writer_filled(m->writer);
    uint64_t committed = bb_writer_committed(m->writer);

    if (filled && bb_readers_wanted(m->readers) > m->applied &&
        bb_changes_tell(&m->changes, filled) >= committed)
        bb_readers_told(m->readers, committed);
}

static void
collect_answers(struct bb_measurement *m, bb_mono now)
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
give_to_applier(struct bb_measurement *m, bb_mono now)
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

int
bb_measurement_flush(void *self)
{
    struct bb_measurement *m = self;
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
        tell_changes(m);
    if (r == 0)
        collect_answers(m, now);
    if (r == 0)
        r = give_to_applier(m, now);
    if (r != 0) {
        bb_error("the store failed: %s; stopping for an operator to look", strerror(-r));
        return BB_EX_STORAGE;
    }
    bb_measurement_hold_credit(m);
    return 0;
}

/* After a burst, back to the size of an idle worker. */
static void
give_memory_back(struct bb_measurement *m)
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
look_what_queries_left(struct bb_measurement *m)
{
    m->answered = false;
    if (mallinfo2().fordblks >= MUCH_BYTES)
        malloc_trim(0);
}

bb_mono
bb_measurement_tick(void *self, bb_mono now)
{
    struct bb_measurement *m = self;
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
