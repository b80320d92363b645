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

#include "mark.h"
#include "replay.h"

#include "proto/methods.h"
#include "runtime/faults.h"
#include "runtime/log.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES    (4 * (size_t)BB_LIMIT_DECODE_BYTES) /* a submission decoded, and what the intake adds */
#define BUFFER_KEEP    ((size_t)256 << 10)                 /* larger buffers are given back after a group */
#define LAST_LINGER_US 5000000                             /* a batch whose last submission came */
#define RETRY_MS       200
#define NO_SPACE_MS    1000
#define EARLY_ENTRIES  32 /* staged in one round: enough for a commit to begin before its end */
#define EARLY_BYTES    (16u << 10)
#define KEEP_BACK_MS   50 /* of the fault ack-early */

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

/* Answers */

void
bb_writer_fail(struct bb_writer *writer, uint64_t tag, enum bb_error code, const char *message)
{
    const struct bb_writer_sink *sink = &writer->config.sink;

    sink->fail(sink->self, tag, code, message, bb_error_retryable(code) ? RETRY_MS : 0);
}

void
bb_writer_fail_full(struct bb_writer *writer, uint64_t tag)
{
    bb_writer_fail(writer, tag, BB_ERROR_NOSPACE, "there is no room on the disk: nothing was kept");
}

void
bb_writer_fail_recovering(struct bb_writer *writer, uint64_t tag)
{
    if (writer->no_space)
        bb_writer_fail_full(writer, tag);
    else
        bb_writer_fail(writer, tag, BB_ERROR_UNAVAILABLE, "the service recovers from a failed commit");
}

/* A command that could not be judged. The process goes on: what failed is this command. */
int
bb_writer_fail_command(struct bb_writer *writer, const struct bb_work *work, int error)
{
    if (error == -EBADMSG) {
        bb_error("a damaged record in the views (method %u, organization '%.*s')", work->method,
                 (int)work->organization.len, (const char *)work->organization.data);
        bb_writer_fail(writer, work->tag, BB_ERROR_INTERNAL,
                       "a stored record is damaged; the operator has been told");
    } else if (error == -ENOSPC) {
        bb_writer_fail_full(writer, work->tag);
    } else if (error == -ENOMEM || error == -EMSGSIZE) {
        bb_writer_fail(writer, work->tag, BB_ERROR_TOO_LARGE, "the request takes more memory than one may");
    } else {
        bb_error("a command failed: %s", strerror(-error));
        bb_writer_fail(writer, work->tag, BB_ERROR_INTERNAL, "the service failed; its log says more");
    }
    return 0;
}

int
bb_writer_pack(struct bb_buffer *buffer, const ProtobufCMessage *message, size_t *ret_at, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *to;

    *ret_at = buffer->len;
    *ret_len = len;
    to = bb_buffer_extend(buffer, len);
    if (!to)
        return -ENOMEM;
    protobuf_c_message_pack(message, to);
    return 0;
}

void
bb_writer_reply_now(struct bb_writer *writer, uint64_t tag, const ProtobufCMessage *message)
{
    const struct bb_writer_sink *sink = &writer->config.sink;
    size_t at, len;

    if (bb_writer_pack(&writer->open->replies, message, &at, &len) != 0) {
        bb_writer_fail(writer, tag, BB_ERROR_INTERNAL, "out of memory");
        return;
    }
    sink->reply(sink->self, tag, bb_bytes(writer->open->replies.data + at, len));
    writer->open->replies.len = at;
}

/* Staging */

uint64_t
bb_writer_next_sequence(const struct bb_writer *writer)
{
    return writer->committed + (writer->closed ? writer->closed->n : 0) + writer->open->n + 1;
}

static int
reserve_staged(struct bb_group *group)
{
    size_t size = group->size ? group->size * 2 : 64;
    struct bb_staged *staged;
    struct bb_draft *drafts;
    struct bb_position *positions;

    if (group->n < group->size)
        return 0;
    staged = realloc(group->staged, size * sizeof *staged);
    group->staged = staged ? staged : group->staged;
    drafts = realloc(group->drafts, size * sizeof *drafts);
    group->drafts = drafts ? drafts : group->drafts;
    positions = realloc(group->positions, size * sizeof *positions);
    group->positions = positions ? positions : group->positions;
    if (!staged || !drafts || !positions)
        return -ENOMEM;
    group->size = size;
    return 0;
}

static int
pack_staged(struct bb_group *group, struct bb_staged *staged, const ProtobufCMessage *body,
            const ProtobufCMessage *reply)
{
    int r = bb_writer_pack(&group->bodies, body, &staged->body, &staged->body_len);

    if (r == 0 && reply)
        r = bb_writer_pack(&group->replies, reply, &staged->reply, &staged->reply_len);
    if (r == 0 && staged->receipt) {
        r = bb_receipt_reserve(&group->replies);
        staged->reply_len += BB_RECEIPT_BYTES;
    }
    return r;
}

static int
stage(struct bb_writer *writer, struct bb_staged staged, const ProtobufCMessage *body,
      const ProtobufCMessage *reply)
{
    struct bb_group *group = writer->open;
    size_t bodies = group->bodies.len, replies = group->replies.len;
    int r = reserve_staged(group);

    if (r == 0)
        r = pack_staged(group, &staged, body, reply);
    if (r != 0) {
        group->bodies.len = bodies;
        group->replies.len = replies;
        return r;
    }
    group->staged[group->n++] = staged;
    return 0;
}

int
bb_writer_stage(struct bb_writer *writer, enum bb_entry_type type, const ProtobufCMessage *body, uint64_t tag,
                const ProtobufCMessage *reply)
{
    return stage(writer, (struct bb_staged){.type = type, .answered = reply != NULL, .tag = tag}, body,
                 reply);
}

int
bb_writer_stage_submission(struct bb_writer *writer, const Bb__EntrySubmission *entry, uint64_t tag,
                           const Bb__SubmissionReply *reply)
{
    struct bb_staged staged = {.type = BB_ENTRY_SUBMISSION, .answered = true, .tag = tag, .receipt = true};

    bb_mark(entry, staged.mark);
    return stage(writer, staged, &entry->base, &reply->base);
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

/* Directories. What the broker said last is kept until a commit has it: the broker says it once. */

int
bb_writer_directory(struct bb_writer *writer, struct bb_bytes packed)
{
    uint8_t length[4];
    int r;

    bb_put_u32(length, (uint32_t)packed.len);
    bb_buffer_append(&writer->directories, length, sizeof length);
    bb_buffer_append(&writer->directories, packed.data, packed.len);
    if (writer->directories.error)
        return writer->directories.error;
    if (writer->rebuild)
        return 0;
    r = bb_writer_begin(writer);
    if (r == 0)
        bb_writer_take_directory(writer, packed);
    return r;
}

static int
take_directories_again(struct bb_writer *writer)
{
    struct bb_bytes all = bb_buffer_bytes(&writer->directories);
    int r = all.len ? bb_writer_begin(writer) : 0;

    for (size_t at = 0; r == 0 && at < all.len;) {
        uint32_t len = bb_get_u32(all.data + at);
        bb_writer_take_directory(writer, bb_bytes(all.data + at + 4, len));
        at += 4 + len;
    }
    return r;
}

/* Committing */

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

/* In the middle of a round: when enough is staged, let the disk begin, and what it has done leave. */
static int
advance_early(struct bb_writer *writer)
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
        writer->failed = advance_early(writer);
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
        r = take_directories_again(writer);
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
        return now + (writer->no_space ? NO_SPACE_MS : RETRY_MS);
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
