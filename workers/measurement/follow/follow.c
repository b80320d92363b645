/* Where the views are when a reply is begun is the moment that it speaks of: first the frontier is drawn
 * there, then records of what was given are read. */
#include "follow_core.h"

#include "workers/measurement/model/review.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLY_BYTES    ((size_t)240 << 10)
#define BATCH_OVERHEAD 512u    /* about: of a batch beside its indicators, on the wire */
#define LOOKED_MAX     200000u /* entries without a batch, then there is a reply all the same */
#define REVIEWED_MAX   20u     /* indicators of a review that are named */
#define DECODE_BYTES   (4 * (size_t)BB_LIMIT_DECODE_BYTES)

char *
bb_follow_text(struct bb_arena *arena, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = bb_arena_alloc(arena, len);

    return copy ? memcpy(copy, text, len) : NULL;
}

/* What it changed */

static int
digest_once(struct bb_following *f, struct bb_digest *digest)
{
    Bb__EntrySubmission *submission;
    struct bb_entry entry;
    int r = 0;

    for (size_t i = 0; r == 0 && i < f->closed.n; i++) {
        if (f->follow->stop && atomic_load(f->follow->stop))
            return -ECANCELED;
        r = bb_closed_entry(&f->closed, f->closed.sequence[i], &entry);
        if (r == 0)
            r = bb_closed_submission(&f->closed, &entry, &submission);
        if (r == 0)
            r = bb_digest_add(digest, submission, entry.sequence);
    }
    return r;
}

/* Again when it was cut: each time it is narrower. */
static int
make_digest(struct bb_following *f, struct bb_digest *digest)
{
    int r;

    while ((r = digest_once(f, digest)) == BB_DIGEST_E_CUT)
        ;
    if (r == 0)
        bb_digest_sort(digest);
    return r;
}

/* The reply */

static int
add_batch(struct bb_following *f, Bb__ClosedBatch *batch)
{
    if (f->reply.n_batch == f->batch_size) {
        size_t size = f->batch_size ? f->batch_size * 2 : 16;
        Bb__ClosedBatch **grown = bb_arena_alloc(&f->arena, size * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        if (f->reply.n_batch)
            memcpy(grown, f->reply.batch, f->reply.n_batch * sizeof(*grown));
        f->reply.batch = grown;
        f->batch_size = size;
    }
    f->reply.batch[f->reply.n_batch++] = batch;
    return 0;
}

/* A message of ours, of so many bytes, as the arena's own: what it points to goes before the reply does. */
static int
keep(struct bb_following *f, const ProtobufCMessage *message, size_t len, ProtobufCMessage **ret_kept)
{
    uint8_t *packed = bb_arena_alloc(&f->arena, len + 1);

    if (!packed)
        return -ENOMEM;
    protobuf_c_message_pack(message, packed);
    return bb_message_unpack(message->descriptor, bb_bytes(packed, len), &f->arena, ret_kept);
}

/* Has the reply no room for so many bytes more? It takes the first whatever it is. */
static bool
is_too_much(const struct bb_following *f, size_t len)
{
    size_t most = f->follow->reply_bytes ? f->follow->reply_bytes : REPLY_BYTES;

    return f->bytes > 0 && f->bytes + len > most;
}

/* It is done with, though the reply has nothing of it. */
static int
pass(struct bb_following *f, const char *code)
{
    f->reply.indicator = bb_follow_text(&f->arena, code);
    return f->reply.indicator ? 0 : -ENOMEM;
}

/* As many indicators as there is room for. */
static int
add_indicators(struct bb_following *f, struct bb_digest *digest, Bb__ClosedBatch *batch)
{
    Bb__IndicatorChange *change;
    ProtobufCMessage *kept;
    size_t len;
    int r = 0;

    if (digest->n_indicator == 0)
        return 0;
    batch->indicator = bb_arena_alloc(&f->arena, digest->n_indicator * sizeof(*batch->indicator));
    if (!batch->indicator)
        return -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < digest->n_indicator; i++) {
        bb_arena_reset(&f->scratch);
        r = bb_follow_describe(f, digest, i, batch->sequence, &change);
        if (r == BB_FOLLOW_E_NOTHING) {
            r = pass(f, digest->indicator[i].code);
            continue;
        }
        if (r != 0)
            return r;
        len = bb__indicator_change__get_packed_size(change);
        if (is_too_much(f, len + BATCH_OVERHEAD)) {
            f->full = true;
            break;
        }
        f->bytes += len + (batch->n_indicator ? 4 : BATCH_OVERHEAD);
        r = keep(f, &change->base, len, &kept);
        if (r != 0)
            return r;
        batch->indicator[batch->n_indicator] = (Bb__IndicatorChange *)kept;
        f->reply.indicator = batch->indicator[batch->n_indicator++]->indicator;
    }
    return r;
}

/* Whose batch it was: who sent its first submission. */
static int
introduce(struct bb_following *f, const struct bb_entry *closing, uint64_t first, Bb__ClosedBatch **ret_batch)
{
    Bb__ClosedBatch *batch = bb_arena_alloc(&f->arena, sizeof *batch);
    Bb__EntrySubmission *submission;
    struct bb_entry entry;
    int r = batch ? bb_closed_entry(&f->closed, first, &entry) : -ENOMEM;

    if (r == 0)
        r = bb_closed_submission(&f->closed, &entry, &submission);
    if (r != 0)
        return r;
    bb__closed_batch__init(batch);
    batch->sequence = closing->sequence;
    batch->time_us = (uint64_t)closing->time;
    batch->batch.len = BB_BATCH_BYTES;
    batch->batch.data = bb_arena_alloc(&f->arena, BB_BATCH_BYTES);
    batch->organization = bb_follow_text(&f->arena, submission->organization);
    batch->member = bb_follow_text(&f->arena, submission->member);
    if (!batch->batch.data || !batch->organization || !batch->member)
        return -ENOMEM;
    memcpy(batch->batch.data, submission->batch.data, BB_BATCH_BYTES);
    *ret_batch = batch;
    return 0;
}

/* A batch that this entry closed. What of it has no room is left for the next reply, which begins behind the
 * indicator that f->reply names. */
static int
take_batch(struct bb_following *f, const struct bb_entry *closing)
{
    struct bb_digest digest;
    Bb__ClosedBatch *batch;
    int r = bb_digest_init(&digest, f->follow->context, closing->sequence, f->indicator, f->failure);

    digest.stop = f->follow->stop;
    if (r == 0)
        r = make_digest(f, &digest);
    if (r == 0)
        r = introduce(f, closing, f->closed.sequence[0], &batch);
    f->reply.indicator = (char *)(uintptr_t)f->indicator;
    if (r == 0)
        r = add_indicators(f, &digest, batch);
    if (r == 0 && f->follow->context->given)
        r = bb_given_tell(f->follow->context->given, &f->told);
    if (r == 0 && batch->n_indicator > 0)
        r = add_batch(f, batch);
    if (r == 0 && digest.below)
        f->full = true;
    bb_digest_release(&digest);
    if (r == 0 && !f->full)
        f->reply.indicator = NULL;
    f->indicator = NULL;
    return r;
}

/* What others said of somebody's reports, until the scratch arena is reset; what somebody says of its own it
 * knows. 0 | BB_FOLLOW_E_NOTHING | <0 */
static int
describe_review(struct bb_following *f, const struct bb_entry *entry, Bb__ReviewSaid *said,
                Bb__ClosedBatch *batch)
{
    Bb__EntryReview *review;
    int r;

    bb_arena_reset(&f->scratch);
    r = bb_unpack(bb__entry_review, entry->body, &f->scratch, &review);
    if (r != 0)
        return r == -EMSGSIZE ? -EBADMSG : r;
    if (strcmp(review->organization, review->reporter) == 0)
        return BB_FOLLOW_E_NOTHING;
    bb__review_said__init(said);
    said->reporter = review->reporter;
    said->period = review->period;
    said->state = (char *)(uintptr_t)bb_review_state_name((enum bb_review_state)review->state);
    said->indicator = review->indicator;
    said->n_indicator = review->n_indicator < REVIEWED_MAX ? review->n_indicator : REVIEWED_MAX;
    said->indicators = (uint32_t)review->n_indicator;
    said->comment = review->comment;
    said->reason = review->reason;
    bb__closed_batch__init(batch);
    batch->sequence = entry->sequence;
    batch->time_us = (uint64_t)entry->time;
    batch->organization = review->organization;
    batch->member = review->member;
    batch->review = said;
    return 0;
}

static int
take_review(struct bb_following *f, const struct bb_entry *entry)
{
    Bb__ClosedBatch batch;
    Bb__ReviewSaid said;
    ProtobufCMessage *kept;
    size_t len;
    int r = describe_review(f, entry, &said, &batch);

    if (r != 0)
        return r == BB_FOLLOW_E_NOTHING ? 0 : r;
    len = bb__closed_batch__get_packed_size(&batch);
    if (is_too_much(f, len)) {
        f->full = true;
        return 0;
    }
    f->bytes += len + 4;
    r = keep(f, &batch.base, len, &kept);
    return r == 0 ? add_batch(f, (Bb__ClosedBatch *)kept) : r;
}

static int
go_through(struct bb_following *f)
{
    struct bb_entry entry;
    int r = 0;

    for (unsigned looked = 0; r == 0 && !f->full && f->reply.sequence < f->position; looked++) {
        if (looked == LOOKED_MAX || (f->follow->stop && atomic_load(f->follow->stop)))
            break;
        r = bb_closed_entry(&f->closed, f->reply.sequence + 1, &entry);
        if (r == 0)
            r = bb_closed_find(&f->closed, &entry);
        if (r == 0 && f->closed.n > 0)
            r = take_batch(f, &entry);
        else if (r == 0 && entry.type == BB_ENTRY_REVIEW)
            r = take_review(f, &entry);
        if (r == 0 && !f->full)
            f->reply.sequence++;
    }
    return r;
}

static int
find_position(struct bb_following *f)
{
    struct bb_snapshot snapshot;
    int r = bb_snapshot_begin(&snapshot, f->follow->context, f->failure);

    if (r != 0)
        return r;
    f->position = snapshot.position;
    bb_snapshot_end(&snapshot);
    return 0;
}

static int
pack(const struct bb_following *f, struct bb_buffer *out)
{
    size_t len = bb__follow_reply__get_packed_size(&f->reply);
    uint8_t *room = bb_buffer_extend(out, len);

    if (!room)
        return out->error;
    bb__follow_reply__pack(&f->reply, room);
    return 0;
}

int
bb_follow(const struct bb_follow *follow, struct bb_buffer *out, struct bb_followed *ret_followed,
          struct bb_query_failure *failure)
{
    struct bb_following f = {.follow = follow, .failure = failure, .indicator = follow->indicator};
    int r;

    bb_buffer_reset(out);
    bb_arena_init(&f.arena, DECODE_BYTES);
    bb_arena_init(&f.scratch, DECODE_BYTES);
    bb_buffer_init(&f.codes, SIZE_MAX);
    bb_buffer_init(&f.told, SIZE_MAX);
    bb__follow_reply__init(&f.reply);
    f.reply.sequence = follow->after;
    r = find_position(&f);
    bb_closed_init(&f.closed, follow->context, failure); /* the journal is not behind the views */
    f.reply.head = f.closed.reader.log.last;
    if (r == 0 && follow->after > f.reply.head) {
        failure->code = BB_ERROR_INVALID;
        snprintf(failure->message, sizeof failure->message, "after: found %llu, the journal ends at %llu",
                 (unsigned long long)follow->after, (unsigned long long)f.reply.head);
        r = 1;
    }
    if (r == 0 && follow->context->given)
        bb_given_pass(follow->context->given, f.position);
    if (r == 0)
        r = go_through(&f);
    if (r == 0 && f.indicator)
        f.reply.indicator = (char *)(uintptr_t)f.indicator;
    if (r == 0)
        r = pack(&f, out);
    if (r == 0)
        *ret_followed = (struct bb_followed){.sequence = f.reply.sequence,
                                             .found = f.reply.n_batch > 0 || f.full,
                                             .within = f.indicator != NULL};
    bb_closed_release(&f.closed);
    bb_arena_release(&f.arena);
    bb_arena_release(&f.scratch);
    bb_buffer_release(&f.codes);
    bb_buffer_release(&f.told);
    return r;
}
