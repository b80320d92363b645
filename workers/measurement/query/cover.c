/* What is known of an indicator is borrowed from the memo as long as nothing has to be added, so a trend that
 * is asked for again costs a look at a table for each point. Where readings came since, what was known is
 * copied without the periods that they changed, which are worked out again; what was found out is kept at the
 * end of the step.
 *
 * A period is worked out by reading its readings one behind the other. Where there are many more of them than
 * organizations, and nothing but who has reported is asked for, organizations are sought one by one instead.
 */
#include "cover.h"

#include "facts.h"

#include <errno.h>
#include <stdlib.h>

#define TYPES (BB_PERIOD_DAY + 1)

struct bb_cover_of {
    uint32_t indicator;
    enum bb_period_type type;       /* with per, without a frequency */
    const struct bb_covered *known; /* the memo's; or else */
    struct bb_covered *own;
    bool more;     /* `own` says more than what the memo had */
    uint32_t hint; /* number of the fact after the last one */
    bool begun[TYPES];
    struct bb_epoch last[TYPES]; /* of the period before, by type */
};

static struct bb_coverage *
memo_of(const struct bb_cover *cover)
{
    return cover->past || !cover->query->context.changes ? NULL : cover->query->context.coverage;
}

int
bb_cover_add(struct bb_cover *cover, uint32_t indicator)
{
    for (uint32_t i = 0; i < cover->n; i++)
        if (cover->of[i].indicator == indicator)
            return 0;
    if (cover->n == cover->size) {
        uint32_t size = cover->size ? cover->size * 2 : 1;
        struct bb_cover_of *grown = realloc(cover->of, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        cover->of = grown;
        cover->size = size;
    }
    cover->of[cover->n++] = (struct bb_cover_of){.indicator = indicator};
    return 0;
}

void
bb_cover_rest(struct bb_cover *cover)
{
    struct bb_coverage *memo = cover->n ? memo_of(cover) : NULL;

    for (uint32_t i = 0; i < cover->n; i++) {
        struct bb_cover_of *of = &cover->of[i];
        if (of->known)
            bb_coverage_drop(memo, &of->known);
        if (of->own && of->more && memo)
            bb_coverage_keep(memo, &of->own);
        bb_covered_free(of->own);
        of->own = NULL;
        of->more = false;
    }
    cover->facts = 0;
}

void
bb_cover_release(struct bb_cover *cover)
{
    bb_cover_rest(cover);
    free(cover->of);
    if (cover->at)
        free(cover->at->breaks);
    free(cover->at);
    *cover = (struct bb_cover){0};
}

void
bb_cover_type(struct bb_cover *cover, uint32_t indicator, enum bb_period_type type)
{
    for (uint32_t i = 0; i < cover->n; i++)
        if (cover->of[i].indicator == indicator)
            cover->of[i].type = type;
}

/* What is known */

static const struct bb_covered *
covered_of(const struct bb_cover_of *of)
{
    return of->own ? of->own : of->known;
}

/* Entries between what was known and what is asked, in either direction. */
struct gap {
    uint64_t from, to;
};

static struct gap
gap_of(const struct bb_cover *cover, const struct bb_covered *known)
{
    uint64_t a = known->sequence, b = cover->query->sequence;

    return a < b ? (struct gap){a, b} : (struct gap){b, a};
}

/* Was nothing said in between that duties or definitions follow from? */
static bool
agreement_stands(const struct bb_cover *cover, struct gap gap)
{
    static const enum bb_view views[] = {BB_VIEW_ADOPTION, BB_VIEW_DEFINITION, BB_VIEW_OBJECT};

    for (size_t i = 0; gap.from < gap.to && i < sizeof views / sizeof views[0]; i++)
        if (bb_changes_put(cover->query->context.changes, views[i], gap.to) > gap.from)
            return false;
    return true;
}

/* Leave out what was changed in between. */
static void
forget_changed(struct bb_covered *covered, struct bb_changed_days days)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < covered->n_facts; i++)
        if (!bb_changed_days_meet(days, covered->fact[i].period))
            covered->fact[n++] = covered->fact[i];
    covered->n_facts = n;
}

/* Is there room for so many more facts? */
static bool
has_room(const struct bb_cover *cover, size_t more)
{
    size_t most = cover->query->context.bytes / BB_QUERY_SHARES / sizeof(struct bb_covered_fact);

    return cover->facts + more <= most;
}

/* The memo's facts that still hold become one's own. */
static int
copy_known(struct bb_cover *cover, struct bb_cover_of *of, struct bb_changed_days days)
{
    struct bb_covered *own = bb_covered_copy(of->known, has_room(cover, of->known->n_facts));

    if (!own)
        return -ENOMEM;
    own->sequence = cover->query->sequence;
    cover->facts += own->n_facts;
    forget_changed(own, days);
    bb_covered_free(of->own);
    of->own = own;
    bb_coverage_drop(memo_of(cover), &of->known);
    return 0;
}

/* From the memo, as far as it holds. */
static int
recall(struct bb_cover *cover, struct bb_query_step *step, struct bb_cover_of *of)
{
    struct bb_changed_days days;
    struct gap gap;
    int r = 0;

    of->known = bb_coverage_take(memo_of(cover), of->indicator);
    if (!of->known)
        return 0;
    gap = gap_of(cover, of->known);
    days = bb_changes_days(cover->query->context.changes, of->indicator, gap.from, gap.to);
    if (!agreement_stands(cover, gap)) {
        r = bb_facts_agreement(cover->query, step, of->indicator, &of->own);
        if (r != 0 || !bb_covered_agree(of->own, of->known)) {
            of->more = true;
            bb_coverage_drop(memo_of(cover), &of->known);
            return r;
        }
    } else if (days.first_day == days.end_day) {
        return 0;
    }
    of->more = gap.to == cover->query->sequence;
    return copy_known(cover, of, days);
}

static int
prepare(struct bb_cover *cover, struct bb_query_step *step, struct bb_cover_of *of)
{
    int r = 0;

    if (covered_of(of))
        return 0;
    of->hint = 0;
    if (memo_of(cover))
        r = recall(cover, step, of);
    if (r != 0 || covered_of(of))
        return r;
    of->more = true;
    return bb_facts_agreement(cover->query, step, of->indicator, &of->own);
}

/* One's own, to be added to. */
static int
own(struct bb_cover *cover, struct bb_cover_of *of)
{
    return of->own ? 0 : copy_known(cover, of, (struct bb_changed_days){0, 0});
}

/* The fact of a period: known, or worked out and kept. */
static int
find_fact(struct bb_cover *cover, struct bb_query_step *step, struct bb_cover_of *of, struct bb_period period,
          struct bb_covered_fact *ret_fact)
{
    bool found;
    uint32_t at = bb_covered_find(covered_of(of), period, of->hint, &found);
    int r = 0;

    of->hint = at + 1;
    if (found) {
        *ret_fact = covered_of(of)->fact[at];
        return 0;
    }
    r = own(cover, of);
    if (r == 0)
        r = bb_facts_of_period(step, of->own, period, ret_fact, &cover->looked);
    if (r != 0)
        return r;
    if (!has_room(cover, 1))
        return 0;
    of->more = true;
    cover->facts++;
    at = bb_covered_find(of->own, period, at, &found); /* there may be fewer than what was known */
    return bb_covered_insert(of->own, at, ret_fact);
}

/* The point */

static int
add_break(struct bb_cover_point *point, const struct bb_cover_break *found)
{
    if (point->n_breaks == point->size) {
        size_t size = point->size ? point->size * 2 : 2;
        struct bb_cover_break *grown = realloc(point->breaks, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        point->breaks = grown;
        point->size = size;
    }
    point->breaks[point->n_breaks++] = *found;
    return 0;
}

/* Is this period of another epoch than the one before? */
static int
look_for_break(struct bb_cover_of *of, const struct bb_covered_fact *fact, struct bb_cover_point *point)
{
    const struct bb_covered *covered = covered_of(of);
    struct bb_epoch epoch = covered->epoch[fact->epoch], before = of->last[fact->period.type];
    bool begun = of->begun[fact->period.type];
    uint32_t from;

    if (covered->n_epochs < 2 || !fact->any)
        return 0;
    of->begun[fact->period.type] = true;
    of->last[fact->period.type] = epoch;
    if (!begun || before.sequence == epoch.sequence)
        return 0;
    from = bb_epoch_of(covered->epoch, covered->n_epochs, before.sequence);
    return add_break(point,
                     &(struct bb_cover_break){.indicator = of->indicator,
                                              .from = before,
                                              .to = epoch,
                                              .changed = bb_epoch_between(covered->epoch, from, fact->epoch),
                                              .sequence = before.sequence > epoch.sequence ? before.sequence
                                                                                           : epoch.sequence});
}

static int
add_period(struct bb_cover *cover, struct bb_query_step *step, struct bb_cover_of *of,
           struct bb_period period, struct bb_cover_point *point)
{
    struct bb_covered_fact fact;
    int r;

    if (!cover->counts && covered_of(of)->n_epochs < 2)
        return 0;
    r = find_fact(cover, step, of, period, &fact);
    if (r != 0)
        return r;
    if (!cover->per || fact.any || bb_period_end(period) <= cover->today) {
        point->expected += fact.expected;
        point->reported += fact.reported;
    }
    return look_for_break(of, &fact, point);
}

/* Those of the indicator that a longer one is made of, one behind the other. type 0: there are no more. */
static struct bb_period
next_inner(const struct bb_cover *cover, const struct bb_cover_of *of, const struct bb_cover_point *point)
{
    enum bb_period_type type = covered_of(of)->frequency ? covered_of(of)->frequency : of->type;
    uint32_t end = bb_period_end(point->period);
    struct bb_period inner;

    if (type == 0 || type == BB_PERIOD_SPAN)
        return (struct bb_period){0};
    inner = bb_period_containing(type, point->inner.type ? bb_period_end(point->inner) : point->period.day);
    while (bb_period_end(inner) <= end && (inner.day < point->period.day || inner.day < cover->first_day ||
                                           bb_period_end(inner) > cover->end_day))
        inner = bb_period_containing(type, bb_period_end(inner));
    return bb_period_end(inner) <= end ? inner : (struct bb_period){0};
}

static int
add_periods(struct bb_cover *cover, struct bb_query_step *step, struct bb_cover_of *of,
            struct bb_cover_point *point)
{
    struct bb_period inner;
    int r;

    while ((inner = next_inner(cover, of, point)).type != 0) {
        r = add_period(cover, step, of, inner, point);
        if (r != 0)
            return r;
        point->inner = inner;
        if (cover->looked >= cover->query->context.step_records)
            return BB_COVER_E_PAUSED;
    }
    return 0;
}

static void
begin_point(struct bb_cover_point *at, struct bb_period period)
{
    at->period = period;
    at->whole = false;
    at->next_of = 0;
    at->inner = (struct bb_period){0};
    at->expected = at->reported = 0;
    at->n_breaks = 0;
}

int
bb_cover_point(struct bb_cover *cover, struct bb_query_step *step, struct bb_period period,
               const struct bb_cover_point **ret_point)
{
    struct bb_cover_point *at = cover->at;
    int r = 0;

    if (!at && !(at = cover->at = calloc(1, sizeof *at)))
        return -ENOMEM;
    *ret_point = at;
    if (at->period.type == 0 || !bb_period_same(at->period, period))
        begin_point(at, period);
    while (!at->whole && at->next_of < cover->n) {
        struct bb_cover_of *of = &cover->of[at->next_of];
        r = prepare(cover, step, of);
        if (r == 0)
            r = cover->per ? add_periods(cover, step, of, at) : add_period(cover, step, of, period, at);
        if (r != 0)
            return r;
        at->next_of++;
        at->inner = (struct bb_period){0};
    }
    at->whole = true;
    return 0;
}
