/* The series of the inputs stand beside each other, each at its next unit. The earliest of these is the next
 * unit of all (computed_unit.c). */
#include "computed_core.h"

#include "resting.h"

#include <errno.h>
#include <stdlib.h>

/* Beginning */

static int
count_leaves(struct bb_computed *c, struct bb_query_step *step)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < c->plan.n; i++) {
        if (c->plan.node[i].rules.computed)
            continue;
        c->leaf_of[i] = c->n_leaves++;
        r = bb_ids_add(&c->inputs, c->plan.node[i].indicator, NULL);
    }
    if (r == 0 && c->n_leaves > BB_COMPUTED_SERIES)
        return bb_query_refuse(step, BB_ERROR_TOO_LARGE,
                               "it is computed from %u reported indicators, or disaggregations of them, "
                               "expected at most %u",
                               c->n_leaves, BB_COMPUTED_SERIES);
    return r;
}

/* What is put together over time says how. */
static int
check_spans(struct bb_computed *c, struct bb_query_step *step)
{
    struct bb_quoted quoted;
    struct bb_term *term;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < c->plan.n; i++) {
        const struct bb_plan_node *node = &c->plan.node[i];
        if (node->rules.computed || bb_span_allowed(&node->rules))
            continue;
        r = bb_terms_get(&c->query->terms, &step->snapshot, BB_OBJECT_INDICATOR, node->indicator, &term);
        if (r == 0)
            return bb_query_refuse(step, BB_ERROR_INVALID,
                                   "\"%s\" has no time_aggregation, and is no ratio: its periods are not put "
                                   "together",
                                   bb_quote(&quoted, term->text));
    }
    return r;
}

/* A series of its share of the memory, beside all others. */
static void
init_leaf(struct bb_computed *c, uint32_t number, struct bb_computed_leaf *leaf, struct bb_operand *operands)
{
    const struct bb_plan_node *node = &c->plan.node[number];
    size_t bytes = c->query->context.bytes / BB_QUERY_SHARES / (c->n_leaves + 1);
    uint32_t most = (uint32_t)(bytes / 4 / sizeof(struct bb_chosen_cell));
    struct bb_series_scope scope = *c->scope;

    if (node->named)
        scope.disaggregation = (struct bb_wanted){&node->disaggregation, 1};
    if (scope.kept_cells > most)
        scope.kept_cells = most ? most : 1;
    bb_series_init(&leaf->series, c->query, node->indicator, &node->rules, &scope, bytes);
    leaf->series.points.operand = operands;
    leaf->series.points.most_operands = BB_COMPUTED_OPERANDS;
    leaf->span.share = bytes;
}

static int
init_leaves(struct bb_computed *c)
{
    c->leaf = calloc(c->n_leaves + 1, sizeof *c->leaf);
    c->operands = calloc(c->n_leaves * BB_COMPUTED_OPERANDS + 1, sizeof *c->operands);
    c->value = calloc(c->plan.n + 1, sizeof *c->value);
    if (!c->leaf || !c->operands || !c->value) {
        c->n_leaves = 0;
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < c->plan.n; i++)
        if (!c->plan.node[i].rules.computed)
            init_leaf(c, i, &c->leaf[c->leaf_of[i]], &c->operands[c->leaf_of[i] * BB_COMPUTED_OPERANDS]);
    return 0;
}

int
bb_computed_new(struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
                const struct bb_series_scope *scope, struct bb_computed **ret_computed)
{
    const size_t share = query->context.bytes / BB_QUERY_SHARES;
    struct bb_computed *c = calloc(1, sizeof *c);
    int r;

    if (!c)
        return -ENOMEM;
    *c = (struct bb_computed){.query = query, .scope = scope, .after = -1};
    bb_points_init(&c->points, query, &c->none, share);
    c->points.by = scope->by;
    r = bb_plan_make(&c->plan, query, step, indicator, scope->disaggregation.id,
                     scope->by == BB_BY_DISAGGREGATION);
    if (r == 0 && !(c->leaf_of = calloc(c->plan.n, sizeof *c->leaf_of)))
        r = -ENOMEM;
    if (r == 0)
        r = count_leaves(c, step);
    if (r == 0 && scope->per)
        r = check_spans(c, step);
    if (r == 0)
        r = init_leaves(c);
    if (r != 0)
        bb_computed_destroy(&c);
    else
        *ret_computed = c;
    return r;
}

void
bb_computed_destroy(struct bb_computed **computed)
{
    struct bb_computed *c = *computed;

    if (!c)
        return;
    for (uint32_t i = 0; c->leaf && i < c->n_leaves; i++) {
        bb_series_release(&c->leaf[i].series);
        bb_span_release(&c->leaf[i].span);
    }
    free(c->leaf);
    free(c->leaf_of);
    free(c->operands);
    free(c->value);
    bb_points_release(&c->points);
    bb_ids_release(&c->inputs);
    bb_plan_release(&c->plan);
    bb_resting_give(c->query->context.resting, c->kept);
    free(c);
    *computed = NULL;
}

/* What is half done of a longer period stays, where there is room. */
static bool
keep(struct bb_computed *c)
{
    size_t bytes = 0;

    if (!c->scope->per || c->phase == BB_COMPUTED_NEXT)
        return false;
    for (uint32_t i = 0; i < c->n_leaves; i++)
        bytes += bb_span_bytes(&c->leaf[i].span);
    if (!bb_resting_take(c->query->context.resting, bytes))
        return false;
    c->kept = bytes;
    return true;
}

static void
take_back(struct bb_computed *c)
{
    bb_resting_give(c->query->context.resting, c->kept);
    c->kept = 0;
}

void
bb_computed_rest(struct bb_computed *c)
{
    for (uint32_t i = 0; i < c->n_leaves; i++)
        bb_series_rest(&c->leaf[i].series);
    bb_points_release(&c->points);
    take_back(c);
    if (keep(c))
        return;
    for (uint32_t i = 0; i < c->n_leaves; i++)
        bb_span_release(&c->leaf[i].span);
    if (c->scope->per && c->phase != BB_COMPUTED_NEXT)
        bb_computed_forget(c);
}

void
bb_computed_inputs(const struct bb_computed *c, const uint32_t **ret_ids, size_t *ret_n)
{
    static const uint32_t none;

    *ret_ids = c->inputs.id ? c->inputs.id : &none;
    *ret_n = c->inputs.count;
}

struct bb_points *
bb_computed_points(struct bb_computed *c)
{
    return &c->points;
}

uint64_t
bb_computed_looked(const struct bb_computed *c)
{
    uint64_t sum = c->looked + (c->points.cover ? c->points.cover->looked : 0);

    for (uint32_t i = 0; i < c->n_leaves; i++)
        sum += bb_series_looked(&c->leaf[i].series);
    return sum;
}

/* Go on with the unit at hand, or to the next one. ret_more: there is room for it; some of one is done in
 * each step. */
static int
next_unit(struct bb_computed *c, struct bb_query_step *step, bool begun, bool *ret_more)
{
    struct bb_computed_leaf *first = NULL;
    int r = 0;

    *ret_more = false;
    if (c->phase == BB_COMPUTED_NEXT) {
        r = bb_computed_find_unit(c, step, &first);
        step->final = r == 0 && !first;
        if (r != 0 || !first)
            return r;
        c->unit = first->unit;
    }
    *ret_more =
        !begun || (!bb_computed_is_full(c, step) && bb_computed_looked(c) < c->query->context.step_records);
    return 0;
}

static int
gather(struct bb_computed *c, struct bb_query_step *step)
{
    bool begun = false, more = true;
    int r = 0;

    while (r == 0 && more) {
        r = next_unit(c, step, begun, &more);
        if (r == 0 && more)
            r = bb_computed_take_unit(c, step);
        begun = true;
    }
    return r == BB_COMPUTED_E_PAUSED ? 0 : r;
}

int
bb_computed_gather(struct bb_computed *c, struct bb_query_step *step)
{
    int r = 0;

    bb_points_reset(&c->points);
    take_back(c);
    c->looked = 0;
    for (uint32_t i = 0; r == 0 && i < c->n_leaves; i++)
        r = bb_series_begin(&c->leaf[i].series, step);
    if (r == 0)
        r = gather(c, step);
    for (uint32_t i = 0; i < c->n_leaves; i++)
        bb_series_end(&c->leaf[i].series);
    return r;
}
