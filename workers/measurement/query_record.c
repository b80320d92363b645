/* What an answer gives away is recorded before any of it leaves. Earlier moments do not count: they are what
 * they were, whatever is corrected later. */
#include "query_core.h"

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

/* What the caller is about to be given of an indicator. 0 | <0 */
static int
find_gift(struct bb_query *query, struct bb_query_step *step, const struct bb_query_gift *given,
          uint32_t indicator, struct bb_gift *gift)
{
    struct bb_query_gift what = *given;
    struct bb_term *term;
    int r = 0;

    what.indicator = indicator;
    *gift = (struct bb_gift){.organization = query->caller,
                             .id = what.indicator,
                             .first_day = what.first_day,
                             .end_day = what.end_day,
                             .sequence = query->sequence,
                             .lines = what.lines};
    if (what.lines)
        r = list_others(query, step, &what, gift);
    if (r == 0 && what.indicator) {
        r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, what.indicator, &term);
        if (r == 0)
            gift->indicator = term->text;
    }
    return r;
}

int
bb_query_record(struct bb_query *query, struct bb_query_step *step)
{
    const Bb__AsOf *as_of = bb_query_field(query, "as_of");
    struct bb_query_gift what = {.lines = false};
    struct bb_gift gift;
    size_t n;
    int r = 0;

    if (!query->context.given || !query->kind->gives ||
        (as_of && (as_of->has_sequence || as_of->has_time_us)))
        return 0;
    if (query->context.pinned)
        query->context.pinned(query->context.self);
    query->kind->gives(query, &what);
    n = what.inputs ? what.n_inputs : 1;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = find_gift(query, step, &what, what.inputs ? what.inputs[i] : what.indicator, &gift);
        if (r == 0)
            r = bb_given_record(query->context.given, &gift);
    }
    if (r == -ENOSPC)
        return bb_query_refuse(step, BB_ERROR_NOSPACE,
                               "there is no room to note that your organization is given this: try again");
    return r;
}
