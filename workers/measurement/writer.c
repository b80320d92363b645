/* A group: commands are judged in the order in which they came; each finds in the head what the ones before
 * it did. `staged` has an element for each entry that the commit will append, its body and its answer in two
 * buffers.
 *
 * When a commit fails, the head knows things that the journal does not. It is thrown away and built again
 * from views and journal (rebuild), which has to wait until the applier has given its generation back; until
 * then commands are told to come again. */
#include "writer_core.h"

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
#define BUFFER_KEEP    ((size_t)1 << 20)                   /* larger buffers are given back after a group */
#define LAST_LINGER_US 5000000                             /* a batch whose last submission came */
#define RETRY_MS       200
#define NO_SPACE_MS    1000
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
    if (r == 0)
        writer->views = bb_journal_head(writer->config.journal).sequence;
    return r;
}

int
bb_writer_new(const struct bb_writer_config *config, struct bb_writer **ret_writer, char *error, size_t size)
{
    struct bb_writer *writer = calloc(1, sizeof *writer);
    int r;

    if (!writer)
        return -ENOMEM;
    writer->config = *config;
    bb_arena_init(&writer->arena, ARENA_BYTES);
    bb_buffer_init(&writer->bodies, SIZE_MAX);
    bb_buffer_init(&writer->replies, SIZE_MAX);
    bb_buffer_init(&writer->directories, SIZE_MAX);
    bb_dryrun_sweep(config->temporary);
    writer->session = calloc(config->dry_runs + 1, sizeof *writer->session);
    r = writer->session ? build_head(writer, error, size) : -ENOMEM;
    if (r != 0) {
        bb_writer_destroy(&writer);
        return r;
    }
    *ret_writer = writer;
    return 0;
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
    bb_buffer_release(&writer->bodies);
    bb_buffer_release(&writer->replies);
    bb_buffer_release(&writer->directories);
    free(writer->staged);
    free(writer->drafts);
    free(writer->positions);
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

    if (bb_writer_pack(&writer->replies, message, &at, &len) != 0) {
        bb_writer_fail(writer, tag, BB_ERROR_INTERNAL, "out of memory");
        return;
    }
    sink->reply(sink->self, tag, bb_bytes(writer->replies.data + at, len));
    writer->replies.len = at;
}

/* Staging */

uint64_t
bb_writer_next_sequence(const struct bb_writer *writer)
{
    return bb_journal_head(writer->config.journal).sequence + writer->n_staged + 1;
}

static int
reserve_staged(struct bb_writer *writer)
{
    size_t size = writer->staged_size ? writer->staged_size * 2 : 64;
    struct bb_staged *staged;
    struct bb_draft *drafts;
    struct bb_position *positions;

    if (writer->n_staged < writer->staged_size)
        return 0;
    staged = realloc(writer->staged, size * sizeof *staged);
    writer->staged = staged ? staged : writer->staged;
    drafts = realloc(writer->drafts, size * sizeof *drafts);
    writer->drafts = drafts ? drafts : writer->drafts;
    positions = realloc(writer->positions, size * sizeof *positions);
    writer->positions = positions ? positions : writer->positions;
    if (!staged || !drafts || !positions)
        return -ENOMEM;
    writer->staged_size = size;
    return 0;
}

/* reply: NULL when nobody waits. On an error nothing is staged. */
int
bb_writer_stage(struct bb_writer *writer, enum bb_entry_type type, const ProtobufCMessage *body, uint64_t tag,
                const ProtobufCMessage *reply)
{
    struct bb_staged staged = {.type = type, .answered = reply != NULL, .tag = tag};
    size_t bodies = writer->bodies.len, replies = writer->replies.len;
    int r = reserve_staged(writer);

    if (r == 0)
        r = bb_writer_pack(&writer->bodies, body, &staged.body, &staged.body_len);
    if (r == 0 && reply)
        r = bb_writer_pack(&writer->replies, reply, &staged.reply, &staged.reply_len);
    if (r != 0) {
        writer->bodies.len = bodies;
        writer->replies.len = replies;
        return r;
    }
    writer->staged[writer->n_staged++] = staged;
    return 0;
}

/* Commands */

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
    default:
        bb_writer_fail(writer, work->tag, BB_ERROR_UNKNOWN_METHOD, "not a method of this service");
        return 0;
    }
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
answer_all(struct bb_writer *writer)
{
    const struct bb_writer_sink *sink = &writer->config.sink;

    for (size_t i = 0; i < writer->n_staged; i++) {
        const struct bb_staged *staged = &writer->staged[i];
        if (staged->answered)
            sink->reply(sink->self, staged->tag,
                        bb_bytes(writer->replies.data + staged->reply, staged->reply_len));
    }
}

static void
fail_all(struct bb_writer *writer)
{
    for (size_t i = 0; i < writer->n_staged; i++)
        if (writer->staged[i].answered)
            bb_writer_fail_recovering(writer, writer->staged[i].tag);
}

static void
end_group(struct bb_writer *writer)
{
    writer->n_staged = 0;
    if (writer->bodies.size > BUFFER_KEEP)
        bb_buffer_release(&writer->bodies);
    if (writer->replies.size > BUFFER_KEEP)
        bb_buffer_release(&writer->replies);
    bb_buffer_reset(&writer->bodies);
    bb_buffer_reset(&writer->replies);
    bb_arena_reset(&writer->arena);
}

static int
append_group(struct bb_writer *writer)
{
    struct bb_position head = bb_journal_head(writer->config.journal);

    for (size_t i = 0; i < writer->n_staged; i++)
        writer->drafts[i] = (struct bb_draft){
            .type = writer->staged[i].type,
            .body = bb_bytes(writer->bodies.data + writer->staged[i].body, writer->staged[i].body_len),
        };
    return bb_journal_append(writer->config.journal, head.sequence, bb_clock_utc(), writer->drafts,
                             writer->n_staged, writer->positions);
}

/* Test builds only: answer first, and commit a while later. Is it to be kept back yet? */
static bool
keep_back(struct bb_writer *writer)
{
    static bb_mono since;
    bb_mono now = bb_clock_mono();

    answer_all(writer);
    for (size_t i = 0; i < writer->n_staged; i++)
        writer->staged[i].answered = false;
    since = since ? since : now;
    if (now - since < KEEP_BACK_MS)
        return true;
    since = 0;
    return false;
}

/* Test builds only: die after the commit of something that somebody waits for. */
static void
die_unanswered(const struct bb_writer *writer)
{
    for (size_t i = 0; i < writer->n_staged; i++)
        if (writer->staged[i].answered)
            raise(SIGKILL);
}

int
bb_writer_commit(struct bb_writer *writer)
{
    static struct bb_log_limit limit = BB_LOG_LIMIT(1);
    int r = 0;

    bb_head_end(&writer->head);
    if (writer->failed)
        return writer->failed;
    if (writer->n_staged == 0 && !writer->rebuild) {
        bb_buffer_reset(&writer->directories);
        return 0;
    }
    if (bb_fault("ack-early") && keep_back(writer))
        return 0;
    if (writer->rebuild) {
        fail_all(writer);
    } else if ((r = append_group(writer)) == 0) {
        writer->head.filling->last = writer->positions[writer->n_staged - 1];
        writer->head.filling->entries += writer->n_staged;
        if (bb_fault("die-after-commit"))
            die_unanswered(writer);
        answer_all(writer);
        bb_buffer_release(&writer->directories);
    } else {
        writer->rebuild = true;
        writer->no_space = r == -ENOSPC;
        if (bb_log_allow(&limit))
            bb_error("the journal cannot be written: %s", strerror(-r));
        if (r == -ENOSPC) {
            fail_all(writer);
            r = 0;
        }
        writer->failed = r;
    }
    end_group(writer);
    return r;
}

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
        writer->rebuild = writer->no_space = false;
        r = take_directories_again(writer);
    }
    writer->rebuild = writer->rebuild || r != 0;
}

/* The applier's side */

const struct bb_generation *
bb_writer_take(struct bb_writer *writer)
{
    if (writer->rebuild || writer->n_staged > 0 || writer->head.applying ||
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
    r = bb_writer_stage(writer, BB_ENTRY_BATCH_CLOSE, &entry.base, 0, NULL);
    return r == 0 ? bb_head_batch_close(&writer->head, id) : r;
}

bb_mono
bb_writer_tick(struct bb_writer *writer, bb_mono now)
{
    bb_utc utc = bb_clock_utc(), idle_us = writer->config.batch_idle_ms * 1000;
    bb_mono next = now + 60000;

    if (writer->rebuild && !writer->head.applying)
        rebuild(writer);
    if (writer->rebuild)
        return now + (writer->no_space ? NO_SPACE_MS : RETRY_MS);
    bb_writer_end_sessions(writer, now);
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
