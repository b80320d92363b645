/* Commands are judged in the order in which they came; each finds in the head what the ones before it did.
 * They are staged in the open group. A commit closes it: the committer's thread appends it to the journal,
 * and meanwhile the next commands are judged and staged in the other one. So the disk's time and the
 * processor's are spent beside each other, and a group starts as soon as the one before is on disk. A single
 * command is committed here, without the hops.
 *
 * When a commit fails, the head knows things that the journal does not. It is thrown away and built again
 * from views and journal (rebuild), which has to wait until committer and applier are idle; until then
 * commands are told to come again. */
#include "writer_core.h"

#include "replay.h"

#include "proto/methods.h"
#include "runtime/log.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES    (4 * (size_t)BB_LIMIT_DECODE_BYTES) /* a submission decoded, and what the intake adds */
#define LAST_LINGER_US 5000000                             /* a batch whose last submission came */
#define NO_SPACE_MS    1000

/* Building and tearing down */

static int
build_head(struct bb_writer *writer, char *error, size_t size)
{
    int r = bb_head_init(&writer->head, writer->config.views);

    if (r != 0) {
        snprintf(error, size, "the views cannot be read: %s", strerror(-r));
        return r;
    }
    r = bb_replay_all(&writer->head, writer->config.journal, NULL, error, size);
    if (r != 0)
        return r;
    writer->views = bb_journal_head(writer->config.journal).sequence;
    for (uint32_t i = 0; i < writer->head.n_batch; i++)
        /* whoever was cut off has its ten minutes again */
        writer->head.batch[i].touched = writer->config.utc();
    return 0;
}

int
bb_writer_new(const struct bb_writer_config *config, struct bb_writer **ret_writer, char *error, size_t size)
{
    struct bb_writer *writer = calloc(1, sizeof *writer);
    int r;

    if (!writer)
        return -ENOMEM;
    writer->config = *config;
    if (!config->utc)
        writer->config.utc = bb_clock_utc;
    if (!config->staff_signing_keys)
        writer->config.staff_signing_keys = "";
    bb_arena_init(&writer->arena, ARENA_BYTES);
    for (int i = 0; i < 2; i++) {
        bb_buffer_init(&writer->group[i].bodies, SIZE_MAX);
        bb_buffer_init(&writer->group[i].replies, SIZE_MAX);
    }
    writer->open = &writer->group[0];
    bb_buffer_init(&writer->directories, SIZE_MAX);
    bb_dryrun_sweep(config->temporary);
    writer->session = calloc(config->dry_runs + 1, sizeof *writer->session);
    r = writer->session ? build_head(writer, error, size) : -ENOMEM;
    if (r != 0) {
        bb_writer_destroy(&writer);
        return r;
    }
    writer->committed = bb_journal_head(config->journal).sequence;
    *ret_writer = writer;
    return 0;
}

static void
release_group(struct bb_group *group)
{
    bb_buffer_release(&group->bodies);
    bb_buffer_release(&group->replies);
    free(group->staged);
    free(group->drafts);
    free(group->positions);
}

void
bb_writer_destroy(struct bb_writer **writer_pointer)
{
    struct bb_writer *writer = *writer_pointer;

    if (!writer)
        return;
    for (unsigned i = 0; i < writer->n_session; i++)
        bb_dryrun_destroy(&writer->session[i].dryrun);
    free(writer->session);
    bb_head_release(&writer->head);
    bb_arena_release(&writer->arena);
    bb_buffer_release(&writer->directories);
    for (int i = 0; i < 2; i++)
        release_group(&writer->group[i]);
    free(writer->seen);
    free(writer);
    *writer_pointer = NULL;
}

/* Room on the disk */

/* The reserve is what the views need to take in what is journalled already, so that queries do not have to
 * wait for an operator, and commits do not fail in the middle. */
static void
look_for_room(struct bb_writer *writer)
{
    uint64_t room;
    bool full = bb_journal_room(writer->config.journal, &room) == 0 && room < writer->config.reserve;

    if (full && !writer->full)
        bb_error("%llu MiB are left on the disk, less than the reserve: submissions are refused",
                 (unsigned long long)room >> 20);
    else if (!full && writer->full)
        bb_notice("there is room on the disk again");
    writer->full = full;
}

int
bb_writer_begin(struct bb_writer *writer)
{
    if (!writer->head.txn)
        look_for_room(writer);
    return bb_head_begin(&writer->head);
}

/* Commands */

static int
judge(struct bb_writer *writer, const struct bb_work *work)
{
    if (writer->full && work->method != BB_METHOD_SUBMIT) { /* that one may be a repeat */
        bb_writer_fail_full(writer, work->tag);
        return 0;
    }
    switch (work->method) {
    case BB_METHOD_SUBMIT:
        return bb_writer_submit(writer, work);
    case BB_METHOD_INDICATOR_DEFINE:
        return bb_writer_define_indicators(writer, work);
    case BB_METHOD_PLACE_DEFINE:
        return bb_writer_define_places(writer, work);
    case BB_METHOD_ADOPT:
        return bb_writer_adopt(writer, work);
    case BB_METHOD_BATCH_UNDO:
        return bb_writer_undo(writer, work);
    case BB_METHOD_RETIRE:
        return bb_writer_retire(writer, work);
    case BB_METHOD_REVIEW:
        return bb_writer_review(writer, work);
    case BB_METHOD_RULE_DEFINE:
        return bb_writer_define_rules(writer, work);
    case BB_METHOD_SIGNING_PUT:
        return bb_writer_put_signing_key(writer, work);
    default:
        bb_writer_fail(writer, work->tag, BB_ERROR_UNKNOWN_METHOD, "not a method of this service");
        return 0;
    }
}

int
bb_writer_command(struct bb_writer *writer, const struct bb_work *work)
{
    int r;

    if (writer->rebuild) {
        bb_writer_fail_recovering(writer, work->tag);
        return 0;
    }
    r = bb_writer_begin(writer);
    if (r != 0)
        return r;
    bb_arena_reset(&writer->arena);
    r = judge(writer, work);
    if (r == 0 && writer->failed == 0)
        writer->failed = bb_writer_advance_early(writer);
    return r;
}

void
bb_writer_forget_answers(struct bb_writer *writer)
{
    for (int g = 0; g < 2; g++)
        for (size_t i = 0; i < writer->group[g].n; i++)
            writer->group[g].staged[i].answered = false;
}

/* Recovery */

static void
rebuild(struct bb_writer *writer)
{
    static struct bb_log_limit limit = BB_LOG_LIMIT(1);
    char error[256] = "";
    int r;

    bb_head_release(&writer->head);
    r = build_head(writer, error, sizeof error);
    if (r != 0) {
        bb_head_release(&writer->head); /* what it could not apply is nobody's */
        if (bb_log_allow(&limit))
            bb_warning("cannot recover yet: %s", error);
    } else {
        bb_notice("recovered at entry %llu",
                  (unsigned long long)bb_journal_head(writer->config.journal).sequence);
        writer->committed = bb_journal_head(writer->config.journal).sequence;
        writer->rebuild = writer->no_space = false;
        r = bb_writer_take_directories_again(writer);
    }
    writer->rebuild = writer->rebuild || r != 0;
}

/* The applier's side */

const struct bb_generation *
bb_writer_take(struct bb_writer *writer)
{
    if (writer->rebuild || writer->closed || writer->open->n > 0 || writer->head.applying ||
        bb_generation_empty(writer->head.filling) || bb_head_seal(&writer->head) != 0)
        return NULL;
    return writer->head.applying;
}

struct bb_generation *
bb_writer_filled(struct bb_writer *writer)
{
    return writer->rebuild || bb_writer_head(writer) != writer->committed ? NULL : writer->head.filling;
}

void
bb_writer_applied(struct bb_writer *writer)
{
    writer->views = writer->head.applying->last.sequence;
    bb_head_applied(&writer->head);
}

bool
bb_writer_recovering(const struct bb_writer *writer)
{
    return writer->rebuild;
}

uint64_t
bb_writer_views(const struct bb_writer *writer)
{
    return writer->views;
}

uint64_t
bb_writer_committed(const struct bb_writer *writer)
{
    return writer->committed;
}

uint64_t
bb_writer_head(const struct bb_writer *writer)
{
    return bb_writer_next_sequence(writer) - 1;
}

uint64_t
bb_writer_pending_entries(const struct bb_writer *writer)
{
    return writer->head.filling && !writer->rebuild ? writer->head.filling->entries : 0;
}

size_t
bb_writer_pending_rows(const struct bb_writer *writer)
{
    return writer->head.filling ? writer->head.filling->n_change : 0;
}

size_t
bb_writer_pending_bytes(const struct bb_writer *writer)
{
    return writer->head.filling ? writer->head.filling->bytes : 0;
}

/* Time */

static int
close_batch(struct bb_writer *writer, const struct bb_batch *batch)
{
    uint8_t id[BB_BATCH_BYTES];
    Bb__EntryBatchClose entry = BB__ENTRY_BATCH_CLOSE__INIT;
    int r;

    memcpy(id, batch->id, sizeof id);
    entry.batch = (ProtobufCBinaryData){.data = id, .len = sizeof id};
    entry.has_opened = batch->opened != 0;
    entry.opened = batch->opened;
    r = bb_writer_stage(writer, BB_ENTRY_BATCH_CLOSE, &entry.base, 0, NULL);
    return r == 0 ? bb_head_batch_close(&writer->head, id) : r;
}

bb_mono
bb_writer_tick(struct bb_writer *writer, bb_mono now)
{
    bb_utc utc = writer->config.utc(), idle_us = writer->config.batch_idle_ms * 1000;
    bb_mono next = now + 60000;

    if (writer->rebuild && !writer->head.applying && !writer->closed)
        rebuild(writer);
    if (writer->rebuild)
        return now + (writer->no_space ? NO_SPACE_MS : BB_WRITER_RETRY_MS);
    bb_writer_end_sessions(writer);
    if (writer->full)
        look_for_room(writer);
    for (uint32_t i = writer->head.n_batch; i > 0; i--) {
        const struct bb_batch *batch = &writer->head.batch[i - 1];
        bb_utc due =
            batch->touched + (batch->last_seen && idle_us > LAST_LINGER_US ? LAST_LINGER_US : idle_us);
        if (utc >= due) {
            if (!writer->full && close_batch(writer, batch) != 0)
                writer->rebuild = true;
        } else if (now + (due - utc) / 1000 + 1 < next) {
            next = now + (due - utc) / 1000 + 1;
        }
    }
    if ((writer->full || writer->n_session > 0) && now + 1000 < next)
        next = now + 1000;
    return next;
}
