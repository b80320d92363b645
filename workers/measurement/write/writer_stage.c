/* What comes of a command: its answer at once, or an entry in the open group, whose answer waits for the
 * commit. */
#include "writer_core.h"

#include "runtime/log.h"
#include "workers/measurement/store/mark.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdlib.h>

/* Answers */

void
bb_writer_fail(struct bb_writer *writer, uint64_t tag, enum bb_error code, const char *message)
{
    const struct bb_writer_sink *sink = &writer->config.sink;

    sink->fail(sink->self, tag, code, message, bb_error_retryable(code) ? BB_WRITER_RETRY_MS : 0);
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

char *
bb_writer_text(struct bb_writer *writer, struct bb_bytes text)
{
    return bb_arena_text(&writer->arena, text);
}

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
