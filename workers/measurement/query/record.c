/* What an answer gives away is recorded before any of it leaves. Earlier moments do not count: they are what
 * they were, whatever is corrected later. */
#include "core.h"

#include <errno.h>

/* The codes of the organizations whose lines it is, but for the caller's own. */
static int
list_others(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *what,
            struct bb_gift *gift)
{
    struct bb_bytes *others = bb_arena_alloc(&query->arena, (what->n_organizations + 1) * sizeof *others);
    struct bb_term *term;
    int r = others ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < what->n_organizations; i++) {
        if (what->organization[i] == query->own)
            continue;
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_ORGANIZATION, what->organization[i],
                         &term);
        if (r == 0)
            others[gift->n_others++] = term->text;
    }
    gift->others = others;
    return r;
}

/* Of an indicator: its code, and whose changes count. Which others a computed one is made from is not looked
 * for where the method does not know it: then the changes of all do. */
static int
find_indicator(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *what,
               const uint32_t *indicator, struct bb_gift *gift)
{
    struct bb_term *term;
    int r = bb_terms_indicator(&query->terms, &step->snapshot, *indicator, &term);

    if (r != 0)
        return r;
    gift->indicator = term->text;
    if (what->inputs) {
        gift->id = what->inputs;
        gift->n_ids = what->n_inputs;
    } else if (!term->rules->computed) {
        gift->id = indicator;
        gift->n_ids = 1;
    }
    return 0;
}

int
bb_query_find_gift(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *what,
                   const uint32_t *indicator, struct bb_gift *gift)
{
    int r = 0;

    *gift = (struct bb_gift){.organization = query->caller,
                             .first_day = what->first_day,
                             .end_day = what->end_day,
                             .sequence = query->sequence,
                             .lines = what->lines};
    if (what->lines)
        r = list_others(query, step, what, gift);
    return r == 0 && *indicator ? find_indicator(query, step, what, indicator, gift) : r;
}

static bool
is_recorded(const struct bb_query *query)
{
    const Bb__AsOf *as_of = bb_query_field(query, "as_of");

    return query->context.given && !(as_of && (as_of->has_sequence || as_of->has_time_us));
}

static int
refuse(struct bb_query_step *step, int r)
{
    if (r != -ENOSPC)
        return r;
    return bb_query_refuse(step, BB_ERROR_NOSPACE,
                           "there is no room to note that your organization is given this: try again");
}

int
bb_query_record(struct bb_query *query, struct bb_query_step *step)
{
    struct bb_query_gift what = {.lines = false};
    const uint32_t *indicators;
    struct bb_gift gift;
    size_t n;
    int r = 0;

    if (!query->kind->gives || !is_recorded(query))
        return 0;
    if (query->context.pinned)
        query->context.pinned(query->context.self);
    query->kind->gives(query, &what);
    indicators = what.indicators ? what.indicators : &what.indicator;
    n = what.indicators ? what.n_indicators : 1;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = bb_query_find_gift(query, step, &what, &indicators[i], &gift);
        if (r == 0)
            r = bb_given_record(query->context.given, &gift);
    }
    return refuse(step, r);
}

/* Where the views are now. */
static int
find_position(struct bb_query *query, struct bb_query_step *step, uint64_t *ret_position)
{
    struct bb_snapshot snapshot;
    int r = bb_snapshot_begin(&snapshot, &query->context, step->failure);

    if (r != 0)
        return r;
    *ret_position = snapshot.position;
    bb_snapshot_end(&snapshot);
    return 0;
}

int
bb_query_record_part(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *what)
{
    struct bb_gift gift;
    int r = is_recorded(query) ? bb_query_find_gift(query, step, what, &what->indicator, &gift) : 0;

    if (r != 0 || !is_recorded(query))
        return r;
    gift.sequence = step->snapshot.position;
    while ((r = bb_given_record(query->context.given, &gift)) == BB_GIVEN_E_PASSED) {
        r = find_position(query, step, &gift.sequence);
        if (r != 0)
            return r;
    }
    return refuse(step, r);
}
