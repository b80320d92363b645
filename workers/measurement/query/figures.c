/* The scope is the days of the period, as in one.c: its unit comes before those that lie within it. */
#include "figures.h"

#include <errno.h>

#define PART_BYTES ((size_t)64 << 10)

struct reading {
    const struct bb_figures *figures;
    struct bb_query query;
    struct bb_query_step step;
    struct bb_query_failure refused; /* who is refused here nobody reads */
    struct bb_series_scope scope;
    struct bb_computed *computed;
    char period[BB_PERIOD_TEXT];
};

static void
begin(struct reading *reading, const struct bb_figures *figures)
{
    struct bb_query *query = &reading->query;

    *reading = (struct reading){
        .figures = figures,
        .query = {.context = *figures->context, .scope = BB_SCOPE_ALL, .sequence = figures->sequence},
        .step = {.max_bytes = PART_BYTES, .failure = &reading->refused},
        .scope = {.first_day = figures->period.day,
                  .end_day = bb_period_end(figures->period),
                  .by = BB_BY_ORGANIZATION,
                  .unapproved = figures->unapproved},
    };
    bb_query_bound(query);
    reading->scope.kept_cells = query->context.kept_cells;
    reading->period[bb_period_format(figures->period, reading->period)] = '\0';
}

/* Was there a definition already? */
static int
is_defined(struct reading *reading, bool *ret_defined)
{
    struct bb_arena *scratch = &reading->query.terms.scratch;
    Bb__Indicator *definition;
    int r;

    bb_arena_reset(scratch);
    r = bb_term_definition(&reading->step.snapshot, reading->figures->indicator, scratch, &definition);
    *ret_defined = r == 0 && definition->sequence <= reading->figures->sequence;
    return r;
}

static int
look_for_reviewed(struct reading *reading, bool *ret_reviewed)
{
    struct bb_query *query = &reading->query;
    struct bb_term *term;
    const uint32_t *input;
    size_t n;
    int r = 0;

    bb_computed_inputs(reading->computed, &input, &n);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = bb_terms_indicator(&query->terms, &reading->step.snapshot, input[i], &term);
        if (r == 0)
            *ret_reviewed |= term->rules->publish_approved;
    }
    return r;
}

/* The figures of the part. ret_past: there are no more of the period. */
static int
give(struct reading *reading, bool *ret_past)
{
    const struct bb_figures *figures = reading->figures;
    const struct bb_points *points = bb_computed_points(reading->computed);
    int r = 0;

    *ret_past = reading->step.final;
    for (size_t i = 0; r == 0 && i < points->n; i++) {
        if (strcmp(points->point[i]->period, reading->period) == 0)
            r = figures->take(figures->self, points->point[i]);
        else
            *ret_past = true;
    }
    return r;
}

static int
find_organization(struct reading *reading)
{
    const char *code = reading->figures->organization;
    int r = 0;

    if (code)
        r = bb_term_find(&reading->step.snapshot, BB_OBJECT_ORGANIZATION, bb_bytes_str(code),
                         &reading->scope.organization);
    return r > 0 ? bb_snapshot_damaged(&reading->step.snapshot, BB_VIEW_NAME, bb_bytes_str(code)) : r;
}

/* One step, with a snapshot of its own. */
static int
step(struct reading *reading, bool *ret_reviewed, bool *ret_past)
{
    bool defined = true;
    int r = 0;

    reading->step.snapshot.sequence = reading->figures->sequence;
    if (!reading->computed) {
        r = is_defined(reading, &defined);
        *ret_past = !defined;
        if (r != 0 || !defined)
            return r;
        r = find_organization(reading);
        if (r != 0)
            return r;
        r = bb_computed_new(&reading->query, &reading->step, reading->figures->indicator, &reading->scope,
                            &reading->computed);
        if (r == 0)
            r = look_for_reviewed(reading, ret_reviewed);
    }
    if (r == 0)
        r = bb_computed_gather(reading->computed, &reading->step);
    return r == 0 ? give(reading, ret_past) : r;
}

int
bb_figures_read(const struct bb_figures *figures, bool *ret_reviewed, struct bb_query_failure *failure)
{
    struct reading reading;
    bool past = false;
    int r = 0;

    begin(&reading, figures);
    while (r == 0 && !past) {
        r = bb_snapshot_begin(&reading.step.snapshot, &reading.query.context, failure);
        if (r != 0)
            break;
        r = step(&reading, ret_reviewed, &past);
        bb_snapshot_end(&reading.step.snapshot);
    }
    bb_computed_destroy(&reading.computed);
    bb_terms_release(&reading.query.terms);
    return r > 0 || r == -EDQUOT ? BB_FIGURES_E_REFUSED : r;
}
