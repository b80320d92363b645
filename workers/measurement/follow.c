/* Where the views are when a reply is begun is the moment that it speaks of: first the frontier is drawn
 * there, then records of what was given are read.
 *
 * Sizes: an indicator takes 240 KiB at most with all lists full (100 organizations of 20 periods: 52 KB, and
 * the same of those corrected; 100 corrections: 102 KB; given: GIVEN_BYTES, and beyond that everybody), so
 * one always fits. */
#include "follow.h"

#include "closed.h"
#include "digest.h"
#include "guarded.h"
#include "query_terms.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLY_BYTES    ((size_t)240 << 10)
#define GIVEN_BYTES    ((size_t)36 << 10) /* of codes that are listed */
#define BATCH_OVERHEAD 512u               /* about: of a batch beside its indicators, on the wire */
#define LOOKED_MAX     200000u            /* entries without a batch, then there is a reply all the same */
#define DECODE_BYTES   (4 * (size_t)BB_LIMIT_DECODE_BYTES)

enum { NOTHING = 16 };

struct following {
    const struct bb_follow *follow;
    struct bb_query_failure *failure;
    struct bb_closed closed;
    uint64_t position;       /* of the views */
    const char *indicator;   /* of the batch in hand: from behind this one on */
    struct bb_arena arena;   /* the reply */
    struct bb_arena scratch; /* one indicator of it */
    struct bb_buffer codes;  /* given */
    struct bb_buffer told;   /* what the batch in hand tells them */
    Bb__FollowReply reply;
    size_t batch_size;
    size_t bytes; /* of the reply so far, about */
    bool full;
};

static char *
copy_text(struct bb_arena *arena, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = bb_arena_alloc(arena, len);

    return copy ? memcpy(copy, text, len) : NULL;
}

/* What it changed */

static int
digest_once(struct following *f, struct bb_digest *digest)
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
make_digest(struct following *f, struct bb_digest *digest)
{
    int r;

    while ((r = digest_once(f, digest)) == BB_DIGEST_E_CUT)
        ;
    if (r == 0)
        bb_digest_sort(digest);
    return r;
}

static int
period_text(struct following *f, struct bb_period period, char **ret_text)
{
    char text[BB_PERIOD_TEXT];

    text[bb_period_format(period, text)] = '\0';
    *ret_text = copy_text(&f->scratch, text);
    return *ret_text ? 0 : -ENOMEM;
}

/* What is said of some cells: whose they are, and of which periods. */
struct listing {
    Bb__OrganizationChange **list; /* by code; the first so many */
    size_t n;
    uint32_t organizations; /* all of them */
    uint64_t created, updated;
    char *period; /* the only one; NULL */
    const struct bb_digest_cell *last;
    bool periods_differ;
};

/* Organizations come one after the other. */
static int
begin_organization(struct following *f, const char *code, struct listing *listing)
{
    Bb__OrganizationChange *change;

    if (++listing->organizations > BB_DIGEST_ORGANIZATIONS)
        return 0;
    change = bb_arena_alloc(&f->scratch, sizeof *change);
    if (!change)
        return -ENOMEM;
    bb__organization_change__init(change);
    change->organization = (char *)(uintptr_t)code;
    change->period = bb_arena_alloc(&f->scratch, BB_DIGEST_PERIODS * sizeof(*change->period));
    listing->list[listing->n++] = change;
    return change->period ? 0 : -ENOMEM;
}

static int
list_cell(struct following *f, const struct bb_digest *digest, const struct bb_digest_cell *cell,
          uint64_t created, uint64_t updated, struct listing *listing)
{
    const struct bb_digest_cell *last = listing->last;
    Bb__OrganizationChange *at;
    int r = 0;

    if (!last || last->organization != cell->organization)
        r = begin_organization(f, digest->organization[cell->organization], listing);
    if (last && !bb_period_same(last->period, cell->period))
        listing->periods_differ = true;
    listing->last = cell;
    listing->created += created;
    listing->updated += updated;
    if (r != 0 || listing->organizations > BB_DIGEST_ORGANIZATIONS)
        return r;
    at = listing->list[listing->n - 1];
    at->created += created;
    at->updated += updated;
    return at->periods++ < BB_DIGEST_PERIODS ? period_text(f, cell->period, &at->period[at->n_period++]) : 0;
}

/* All of these cells, or those with corrections only: then `updated` are these. */
static int
list_cells(struct following *f, const struct bb_digest *digest, uint32_t from, uint32_t end, bool corrected,
           struct listing *ret_listing)
{
    struct listing listing = {
        .list = bb_arena_alloc(&f->scratch, BB_DIGEST_ORGANIZATIONS * sizeof(*listing.list))};
    int r = listing.list ? 0 : -ENOMEM;

    for (uint32_t i = from; r == 0 && i < end; i++) {
        const struct bb_digest_cell *cell = &digest->cell[i];
        if (!corrected)
            r = list_cell(f, digest, cell, cell->created, cell->updated, &listing);
        else if (cell->corrected > 0)
            r = list_cell(f, digest, cell, 0, cell->corrected, &listing);
    }
    if (r == 0 && listing.last && !listing.periods_differ)
        r = period_text(f, listing.last->period, &listing.period);
    *ret_listing = listing;
    return r;
}

static int
list_organizations(struct following *f, const struct bb_digest *digest, uint32_t from, uint32_t end,
                   Bb__IndicatorChange *change)
{
    struct listing all, corrected;
    int r = list_cells(f, digest, from, end, false, &all);

    if (r == 0)
        r = list_cells(f, digest, from, end, true, &corrected);
    if (r != 0)
        return r;
    change->organization = all.list;
    change->n_organization = all.n;
    change->has_organizations = change->has_created = change->has_updated = true;
    change->organizations = all.organizations;
    change->created = all.created;
    change->updated = all.updated;
    change->period = all.period;
    change->corrected = corrected.list;
    change->n_corrected = corrected.n;
    change->has_corrected_organizations = corrected.n > 0;
    change->corrected_organizations = corrected.organizations;
    change->corrected_period = corrected.period;
    return 0;
}

/* Everybody who had been given a value that was corrected. */
static int
list_given(struct following *f, const struct bb_digest *digest, uint32_t from, uint32_t end, bool figures,
           Bb__IndicatorChange *change)
{
    struct bb_given_corrected corrected = {.indicator = bb_bytes_str(change->indicator),
                                           .figures = figures,
                                           .closed = digest->sequence,
                                           .sequence = f->position};
    struct bb_given_old *old = NULL;
    bool everybody = false;
    size_t count = 0;
    int r = bb_digest_old(digest, from, end, &old, &corrected.n);

    corrected.old = old;
    if (r == 0 && corrected.n > 0)
        r = bb_given_whom(f->follow->context->given, &corrected, &f->told, &f->codes, &everybody);
    free(old);
    if (r != 0 || corrected.n == 0)
        return r;
    change->has_everybody = change->everybody = everybody || f->codes.len > GIVEN_BYTES;
    if (change->everybody)
        return 0;
    for (size_t at = 0; at < f->codes.len; at += strlen((const char *)f->codes.data + at) + 1)
        count++;
    change->given = bb_arena_alloc(&f->scratch, (count + 1) * sizeof(*change->given));
    for (size_t at = 0; change->given && at < f->codes.len;
         at += strlen((const char *)f->codes.data + at) + 1) {
        change->given[change->n_given] = copy_text(&f->scratch, (const char *)f->codes.data + at);
        if (!change->given[change->n_given++])
            return -ENOMEM;
    }
    return change->given ? 0 : -ENOMEM;
}

/* Its name as of the entry that closed the batch, and whether its values are guarded at present. */
static int
find_name(struct following *f, const char *code, uint64_t sequence, char **ret_name, bool *ret_guarded)
{
    struct bb_snapshot snapshot;
    Bb__Indicator *definition;
    uint32_t id;
    int r = bb_snapshot_begin(&snapshot, f->follow->context, f->failure);

    if (r != 0)
        return r;
    snapshot.sequence = sequence;
    bb_arena_reset(&f->closed.arena);
    r = bb_term_find(&snapshot, BB_OBJECT_INDICATOR, bb_bytes_str(code), &id);
    if (r > 0)
        r = bb_snapshot_damaged(&snapshot, BB_VIEW_NAME, bb_bytes_str(code));
    if (r == 0)
        r = bb_term_definition(&snapshot, id, &f->closed.arena, &definition);
    if (r == 0 && !(*ret_name = copy_text(&f->scratch, definition->name)))
        r = -ENOMEM;
    if (r == 0)
        r = bb_is_guarded(&snapshot, id, &f->closed.arena, ret_guarded);
    bb_snapshot_end(&snapshot);
    return r;
}

/* 0 | NOTHING it has not changed | <0 */
static int
describe(struct following *f, struct bb_digest *digest, uint32_t i, uint64_t sequence,
         Bb__IndicatorChange **ret_change)
{
    const struct bb_digest_indicator *indicator = &digest->indicator[i];
    Bb__IndicatorChange *change = bb_arena_alloc(&f->scratch, sizeof *change);
    uint32_t from, end;
    bool guarded = false;
    int r = change ? bb_digest_cells(digest, i, &from, &end) : -ENOMEM;

    if (r != 0 || from == end)
        return r != 0 ? r : NOTHING;
    bb__indicator_change__init(change);
    change->indicator = (char *)(uintptr_t)indicator->code;
    change->correction = indicator->listed;
    change->n_correction = indicator->n_listed;
    change->has_corrections = true;
    change->corrections = indicator->corrections;
    r = find_name(f, indicator->code, sequence, &change->name, &guarded);
    change->has_guarded = change->guarded = guarded;
    if (r == 0)
        r = list_organizations(f, digest, from, end, change);
    if (r == 0 && f->follow->context->given)
        r = list_given(f, digest, from, end, indicator->computed != 0, change);
    *ret_change = change;
    return r;
}

/* The reply */

static int
add_batch(struct following *f, Bb__ClosedBatch *batch)
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

/* A message of ours as the arena's own: what it points to goes with the digest. */
static int
keep(struct following *f, const Bb__IndicatorChange *change, size_t len, Bb__IndicatorChange **ret_kept)
{
    uint8_t *packed = bb_arena_alloc(&f->arena, len + 1);

    if (!packed)
        return -ENOMEM;
    bb__indicator_change__pack(change, packed);
    return bb_unpack(bb__indicator_change, bb_bytes(packed, len), &f->arena, ret_kept);
}

/* It is done with, though the reply has nothing of it. */
static int
pass(struct following *f, const char *code)
{
    f->reply.indicator = copy_text(&f->arena, code);
    return f->reply.indicator ? 0 : -ENOMEM;
}

/* As many indicators as there is room for. */
static int
add_indicators(struct following *f, struct bb_digest *digest, Bb__ClosedBatch *batch)
{
    size_t most = f->follow->reply_bytes ? f->follow->reply_bytes : REPLY_BYTES, len;
    Bb__IndicatorChange *change, *kept;
    int r = 0;

    if (digest->n_indicator == 0)
        return 0;
    batch->indicator = bb_arena_alloc(&f->arena, digest->n_indicator * sizeof(*batch->indicator));
    if (!batch->indicator)
        return -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < digest->n_indicator; i++) {
        bb_arena_reset(&f->scratch);
        r = describe(f, digest, i, batch->sequence, &change);
        if (r == NOTHING) {
            r = pass(f, digest->indicator[i].code);
            continue;
        }
        if (r != 0)
            return r;
        len = bb__indicator_change__get_packed_size(change);
        if (f->bytes > 0 && f->bytes + len + BATCH_OVERHEAD > most) {
            f->full = true;
            break;
        }
        f->bytes += len + (batch->n_indicator ? 4 : BATCH_OVERHEAD);
        r = keep(f, change, len, &kept);
        batch->indicator[batch->n_indicator++] = kept;
        f->reply.indicator = kept->indicator;
    }
    return r;
}

/* Whose batch it was: who sent its first submission. */
static int
introduce(struct following *f, const struct bb_entry *closing, uint64_t first, Bb__ClosedBatch **ret_batch)
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
    batch->organization = copy_text(&f->arena, submission->organization);
    batch->member = copy_text(&f->arena, submission->member);
    if (!batch->batch.data || !batch->organization || !batch->member)
        return -ENOMEM;
    memcpy(batch->batch.data, submission->batch.data, BB_BATCH_BYTES);
    *ret_batch = batch;
    return 0;
}

/* A batch that this entry closed. What of it has no room is left for the next reply, which begins behind the
 * indicator that f->reply names. */
static int
take_batch(struct following *f, const struct bb_entry *closing)
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

static int
go_through(struct following *f)
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
        if (r == 0 && !f->full)
            f->reply.sequence++;
    }
    return r;
}

static int
find_position(struct following *f)
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
pack(const struct following *f, struct bb_buffer *out)
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
    struct following f = {.follow = follow, .failure = failure, .indicator = follow->indicator};
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
