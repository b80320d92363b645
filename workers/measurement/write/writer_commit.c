/* Committing groups, and answering what waits for them.
 *
 * While the committer's thread appends one group, the next one fills. A commit that was refused for want of
 * room leaves the head knowing what the journal does not: then it is to be built again. After any other
 * error nobody knows what is on disk, and the process must end. */
#include "writer_core.h"

#include "runtime/faults.h"
#include "runtime/log.h"
#include "workers/measurement/store/mark.h"

#include <errno.h>
#include <signal.h>

#define BUFFER_KEEP   ((size_t)256 << 10) /* larger buffers are given back after a group */
#define EARLY_ENTRIES 32 /* staged in one round: enough for a commit to begin before its end */
#define EARLY_BYTES   (16u << 10)
#define KEEP_BACK_MS  50 /* of the fault ack-early */

static void
answer_all(struct bb_writer *writer, const struct bb_group *group)
{
    const struct bb_writer_sink *sink = &writer->config.sink;

    for (size_t i = 0; i < group->n; i++) {
        const struct bb_staged *staged = &group->staged[i];
        if (staged->answered)
            sink->reply(sink->self, staged->tag,
                        bb_bytes(group->replies.data + staged->reply, staged->reply_len));
    }
}

/* What is on disk has a hash. */
static void
fill_receipts(struct bb_group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        const struct bb_staged *staged = &group->staged[i];
        if (staged->receipt)
            bb_receipt_fill(group->replies.data + staged->reply + staged->reply_len, &group->positions[i]);
    }
}

static void
fail_all(struct bb_writer *writer, const struct bb_group *group)
{
    for (size_t i = 0; i < group->n; i++)
        if (group->staged[i].answered)
            bb_writer_fail_recovering(writer, group->staged[i].tag);
}

static void
empty_group(struct bb_group *group)
{
    group->n = 0;
    if (group->bodies.size > BUFFER_KEEP)
        bb_buffer_release(&group->bodies);
    if (group->replies.size > BUFFER_KEEP)
        bb_buffer_release(&group->replies);
    bb_buffer_reset(&group->bodies);
    bb_buffer_reset(&group->replies);
}

/* Test builds only: answer first, and commit a while later. Is it to be kept back yet? */
static bool
keep_back(struct bb_writer *writer, struct bb_group *group)
{
    static bb_mono since;
    bb_mono now = bb_clock_mono();

    answer_all(writer, group);
    for (size_t i = 0; i < group->n; i++)
        group->staged[i].answered = false;
    since = since ? since : now;
    if (now - since < KEEP_BACK_MS)
        return true;
    since = 0;
    return false;
}

/* Test builds only: die after the commit of something that somebody waits for. */
static void
die_unanswered(const struct bb_group *group)
{
    for (size_t i = 0; i < group->n; i++)
        if (group->staged[i].answered)
            raise(SIGKILL);
}

/* What is staged cannot be journalled, because the head is wrong. */
static void
give_up_open(struct bb_writer *writer)
{
    writer->rebuild = true;
    fail_all(writer, writer->open);
    empty_group(writer->open);
}

/* A group is on disk, or is not: answer. 0 | <0 the process must end */
static int
finish_group(struct bb_writer *writer, struct bb_group *group, int result)
{
    static struct bb_log_limit limit = BB_LOG_LIMIT(1);

    if (result == 0) {
        writer->committed = group->positions[group->n - 1].sequence;
        writer->head.filling->last = group->positions[group->n - 1];
        writer->head.filling->entries += group->n;
        if (bb_fault("die-after-commit"))
            die_unanswered(group);
        fill_receipts(group);
        answer_all(writer, group);
    } else {
        if (bb_log_allow(&limit))
            bb_error("the journal cannot be written: %s", strerror(-result));
        if (result != -ENOSPC) {
            writer->failed = result;
            return result;
        }
        writer->no_space = true;
        fail_all(writer, group);
        if (group != writer->open)
            give_up_open(writer);
        writer->rebuild = true;
    }
    empty_group(group);
    return 0;
}

static void
fill_drafts(struct bb_group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        const struct bb_staged *staged = &group->staged[i];
        group->drafts[i] = (struct bb_draft){
            .type = staged->type,
            .body = bb_bytes(group->bodies.data + staged->body, staged->body_len),
        };
        memcpy(group->drafts[i].mark, staged->mark, BB_HASH_BYTES);
    }
}

/* Commit the open group on this thread. */
static int
commit_here(struct bb_writer *writer)
{
    struct bb_group *group = writer->open;

    fill_drafts(group);
    return finish_group(writer, group,
                        bb_journal_append(writer->config.journal, writer->committed, writer->config.utc(),
                                          group->drafts, group->n, group->positions));
}

/* Close the open group and give it to the committer. */
static void
start_commit(struct bb_writer *writer)
{
    struct bb_group *group = writer->open;

    fill_drafts(group);
    writer->closed = group;
    writer->open = group == &writer->group[0] ? &writer->group[1] : &writer->group[0];
    bb_committer_give(writer->config.committer, writer->committed, writer->config.utc(), group->drafts,
                      group->n, group->positions);
}

/* Take back the group that is with the committer, if it is done (or wait for it). */
static int
collect_commit(struct bb_writer *writer, bool wait)
{
    struct bb_group *group = writer->closed;
    int result;

    if (!group || !bb_committer_collect(writer->config.committer, wait, &result))
        return 0;
    writer->closed = NULL;
    return finish_group(writer, group, result);
}

/* Go on with committing as far as that needs no waiting; wait: until everything staged is on disk. */
static int
step(struct bb_writer *writer, bool wait)
{
    int r = writer->failed ? writer->failed : collect_commit(writer, wait);

    if (r == 0 && writer->rebuild && writer->open->n > 0)
        give_up_open(writer);
    if (r != 0 || writer->closed)
        return r;
    if (writer->open->n == 0) {
        if (!writer->rebuild)
            bb_buffer_reset(&writer->directories); /* a commit has them, or they said nothing new */
        return 0;
    }
    if (bb_fault("ack-early") && keep_back(writer, writer->open))
        return 0;
    if (wait || !writer->config.committer || writer->open->n == 1)
        return commit_here(writer);
    start_commit(writer);
    return 0;
}

int
bb_writer_advance(struct bb_writer *writer)
{
    bb_head_end(&writer->head);
    bb_arena_reset(&writer->arena);
    return step(writer, false);
}

int
bb_writer_commit(struct bb_writer *writer)
{
    bb_head_end(&writer->head);
    return step(writer, true);
}

int
bb_writer_advance_early(struct bb_writer *writer)
{
    const struct bb_writer_sink *sink = &writer->config.sink;
    uint64_t before = writer->committed;
    int r;

    if (!writer->config.committer ||
        (writer->open->n < EARLY_ENTRIES && writer->open->bodies.len < EARLY_BYTES))
        return 0;
    r = step(writer, false);
    if (writer->committed != before && sink->push)
        sink->push(sink->self);
    return r;
}
