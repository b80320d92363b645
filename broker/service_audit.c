/* audit.list: the lines of the audit log, as they are in it. */
#include "service.h"

#include "proto/errors.h"

#include <errno.h>
#include <string.h>

/* Where the answer begins. 0 | -errno */
static int
begin(struct bb_broker *broker, struct bb_job *job, const Bb__AuditQuery *query)
{
    uint64_t after = query->after, last = bb_audit_head(broker->audit)->sequence;

    if (query->limit && last > query->limit && last - query->limit > after)
        after = last - query->limit;
    return bb_audit_find(broker->audit, after, (bb_utc)query->since_us, &job->at);
}

/* The lines of a text of them; each with its line feed. */
static size_t
split(const uint8_t *text, size_t len, ProtobufCBinaryData *ret_line)
{
    size_t n = 0;

    for (size_t at = 0; at < len; n++) {
        const uint8_t *end = memchr(text + at, '\n', len - at);
        size_t line = (size_t)(end - text) - at;

        ret_line[n] = (ProtobufCBinaryData){.len = line, .data = (uint8_t *)(uintptr_t)text + at};
        at += line + 1;
    }
    return n;
}

static int
fill(struct bb_broker *broker, struct bb_job *job, Bb__AuditPart *part)
{
    uint8_t *text = bb_arena_alloc(&broker->arena, BB_LIMIT_PART_BYTES);
    size_t len, n = 0;
    int r;

    if (!text)
        return -ENOMEM;
    r = bb_audit_read(broker->audit, &job->at, text, BB_LIMIT_PART_BYTES, &len);
    if (r < 0)
        return r;
    for (const uint8_t *end = text; (end = memchr(end, '\n', len - (size_t)(end - text))); end++)
        n++;
    part->line = bb_arena_alloc(&broker->arena, (n + 1) * sizeof *part->line);
    if (!part->line)
        return -ENOMEM;
    part->n_line = split(text, len, part->line);
    return 0;
}

void
bb_service_audit(struct bb_broker *broker, struct bb_job *job, const ProtobufCMessage *message)
{
    const struct bb_audit_link *head = bb_audit_head(broker->audit);
    Bb__AuditPart part = BB__AUDIT_PART__INIT;
    int r = job->part ? 0 : begin(broker, job, (const Bb__AuditQuery *)message);

    if (r == 0)
        r = fill(broker, job, &part);
    if (r < 0) {
        bb_error("audit: the log cannot be read: %s", strerror(-r));
        bb_service_fail(broker, job, BB_ERROR_INTERNAL, "the audit log cannot be read");
        return;
    }
    part.sequence = head->sequence;
    part.has_hash = true;
    part.hash = (ProtobufCBinaryData){.len = sizeof head->hash, .data = (uint8_t *)(uintptr_t)head->hash};
    bb_service_answer(broker, job, &part.base, bb_audit_at_end(broker->audit, job->at));
}
