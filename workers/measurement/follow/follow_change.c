/* What is said of an indicator: whose readings changed, which were corrected, and who had been given them.
 *
 * Sizes: an indicator takes 240 KiB at most with all lists full (100 organizations of 20 periods: 52 KB, and
 * the same of those corrected; 100 corrections: 102 KB; given: GIVEN_BYTES, and beyond that everybody), so
 * one always fits. */
#include "follow_core.h"

#include "workers/measurement/store/guarded.h"
#include "workers/measurement/store/terms.h"

#include <errno.h>
#include <stdlib.h>

#define GIVEN_BYTES ((size_t)36 << 10) /* of codes that are listed */

static int
period_text(struct bb_following *f, struct bb_period period, char **ret_text)
{
    char text[BB_PERIOD_TEXT];

    text[bb_period_format(period, text)] = '\0';
    *ret_text = bb_follow_text(&f->scratch, text);
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
begin_organization(struct bb_following *f, const char *code, struct listing *listing)
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
list_cell(struct bb_following *f, const struct bb_digest *digest, const struct bb_digest_cell *cell,
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
list_cells(struct bb_following *f, const struct bb_digest *digest, uint32_t from, uint32_t end,
           bool corrected, struct listing *ret_listing)
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
list_organizations(struct bb_following *f, const struct bb_digest *digest, uint32_t from, uint32_t end,
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
list_given(struct bb_following *f, const struct bb_digest *digest, uint32_t from, uint32_t end, bool figures,
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
        change->given[change->n_given] = bb_follow_text(&f->scratch, (const char *)f->codes.data + at);
        if (!change->given[change->n_given++])
            return -ENOMEM;
    }
    return change->given ? 0 : -ENOMEM;
}

/* Its name as of the entry that closed the batch, and whether its values are guarded at present. */
static int
find_name(struct bb_following *f, const char *code, uint64_t sequence, char **ret_name, bool *ret_guarded)
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
    if (r == 0 && !(*ret_name = bb_follow_text(&f->scratch, definition->name)))
        r = -ENOMEM;
    if (r == 0)
        r = bb_is_guarded(&snapshot, id, &f->closed.arena, ret_guarded);
    bb_snapshot_end(&snapshot);
    return r;
}

int
bb_follow_describe(struct bb_following *f, struct bb_digest *digest, uint32_t i, uint64_t sequence,
                   Bb__IndicatorChange **ret_change)
{
    const struct bb_digest_indicator *indicator = &digest->indicator[i];
    Bb__IndicatorChange *change = bb_arena_alloc(&f->scratch, sizeof *change);
    uint32_t from, end;
    bool guarded = false;
    int r = change ? bb_digest_cells(digest, i, &from, &end) : -ENOMEM;

    if (r != 0 || from == end)
        return r != 0 ? r : BB_FOLLOW_E_NOTHING;
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
