/* The series of the inputs stand beside each other, each at its next unit. The earliest of these is the next
 * unit of all: those that stand there choose their cells and give operands for the groups, some groups at a
 * time, in order of id. Where one of them has no room for all, groups behind its last one have to wait: then
 * the period comes again, from behind the last group that all had room for. */
#include "computed.h"

#include "plan.h"
#include "span.h"

#include <errno.h>
#include <stdlib.h>

#define OPERANDS 256u /* of a series at a time */

/* One input that is reported. */
struct leaf {
    struct bb_series series;
    struct bb_wanted disaggregation;
    struct bb_span span;
    struct bb_period unit; /* that is next */
    bool here;             /* it has the unit at hand */
    const struct bb_operand *operand;
    size_t n_operands, at; /* the next one */
};

struct bb_computed {
    struct bb_query *query;
    const struct bb_series_scope *scope;
    struct bb_plan plan;
    uint32_t *leaf_of; /* by number of the node */
    struct leaf *leaf;
    uint32_t n_leaves;
    struct bb_operand *operands; /* OPERANDS for each leaf */
    struct bb_plan_value *value; /* by number of the node */
    struct bb_ids inputs;
    struct bb_cells none; /* of points that are only written */
    struct bb_points points;
    uint64_t looked;
    int64_t after; /* group that was written last of the period that comes again; -1: none */
};

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
init_leaf(struct bb_computed *c, uint32_t number, struct leaf *leaf, struct bb_operand *operands)
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
    leaf->series.points.most_operands = OPERANDS;
    leaf->span.share = bytes;
}

static int
init_leaves(struct bb_computed *c)
{
    c->leaf = calloc(c->n_leaves + 1, sizeof *c->leaf);
    c->operands = calloc(c->n_leaves * OPERANDS + 1, sizeof *c->operands);
    c->value = calloc(c->plan.n + 1, sizeof *c->value);
    if (!c->leaf || !c->operands || !c->value) {
        c->n_leaves = 0;
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < c->plan.n; i++)
        if (!c->plan.node[i].rules.computed)
            init_leaf(c, i, &c->leaf[c->leaf_of[i]], &c->operands[c->leaf_of[i] * OPERANDS]);
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
    free(c);
    *computed = NULL;
}

void
bb_computed_rest(struct bb_computed *c)
{
    for (uint32_t i = 0; i < c->n_leaves; i++) {
        bb_series_rest(&c->leaf[i].series);
        bb_span_release(&c->leaf[i].span);
    }
    bb_points_release(&c->points);
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

/* A point */

/* As it is where it has not too many digits, else rounded as a value is. */
static void
show_side(const struct bb_fraction *side, const struct bb_indicator *rules, char out[static BB_DECIMAL_TEXT])
{
    struct bb_sum sum;

    if (bb_fraction_sum(side, &sum) == 0)
        bb_sum_format(&sum, out);
    else if (bb_fraction_format((struct bb_decimal){.mantissa = 1}, side, bb_figure_decimals(rules), out) !=
             0)
        out[0] = '\0';
}

/* Of a reported indicator. NULL: there is nothing. */
static void
show_operand(const struct bb_operand *operand, const struct bb_indicator *rules, struct bb_figure *figure)
{
    if (!operand || operand->readings == 0)
        return;
    if (operand->has_value && !operand->divided)
        show_side(&operand->value, rules, figure->value);
    else if (operand->has_value && bb_fraction_format((struct bb_decimal){.mantissa = 1}, &operand->value,
                                                      bb_figure_decimals(rules), figure->value) != 0)
        figure->value[0] = '\0';
    if (!operand->has_parts)
        return;
    show_side(&operand->above, rules, figure->numerator);
    show_side(&operand->below, rules, figure->denominator);
}

static void
show(struct bb_computed *c, struct bb_figure *figure)
{
    const struct bb_plan_node *node = &c->plan.node[0];
    struct bb_plan_sides sides;
    struct bb_plan_value value = bb_plan_evaluate(&c->plan, c->value, &sides);

    if (sides.above_outcome == 0)
        show_side(&sides.above, &node->rules, figure->numerator);
    if (sides.below_outcome == 0 && node->sides.below)
        show_side(&sides.below, &node->rules, figure->denominator);
    if (value.outcome == 0 && bb_fraction_format((struct bb_decimal){.mantissa = 1}, &value.value,
                                                 bb_figure_decimals(&node->rules), figure->value) != 0)
        figure->value[0] = '\0';
}

/* The operand of a leaf in this group; NULL: it has none. */
static const struct bb_operand *
operand_of(const struct leaf *leaf, uint32_t group)
{
    return leaf->here && leaf->at < leaf->n_operands && leaf->operand[leaf->at].group == group
               ? &leaf->operand[leaf->at]
               : NULL;
}

static struct bb_plan_value
value_of(const struct bb_operand *operand)
{
    if (!operand || operand->readings == 0)
        return (struct bb_plan_value){.outcome = BB_EXPRESSION_E_NO_DATA};
    if (!operand->has_value)
        return (struct bb_plan_value){.outcome = BB_EXPRESSION_E_OVERFLOW};
    return (struct bb_plan_value){.value = operand->value};
}

/* Of a longer period: how many of an input's periods have data; the input that lacks the most is told. */
static void
count_periods(const struct bb_computed *c, const struct bb_indicator *rules, struct bb_period longer,
              const struct bb_operand *operand, struct bb_figure *figure)
{
    uint32_t of = c->scope->per ? bb_span_periods(rules, longer) : 0, n = operand ? operand->periods : 0;

    if (of == 0 || of - n < figure->of_periods - figure->periods ||
        (of - n == figure->of_periods - figure->periods && of <= figure->of_periods))
        return;
    figure->periods = n;
    figure->of_periods = of;
}

static int
add_point(struct bb_computed *c, struct bb_query_step *step, struct bb_period period, uint32_t group)
{
    struct bb_figure figure = {.readings = 0};
    const struct bb_operand *root = NULL;
    uint32_t organizations = 0;
    bool withheld = false;

    for (uint32_t i = 0; i < c->plan.n; i++) {
        struct leaf *leaf = &c->leaf[c->leaf_of[i]];
        const struct bb_operand *operand;
        if (c->plan.node[i].rules.computed)
            continue;
        operand = operand_of(leaf, group);
        c->value[i] = value_of(operand);
        if (c->points.cover && c->scope->per && leaf->here)
            bb_cover_type(c->points.cover, c->plan.node[i].indicator, leaf->span.type);
        count_periods(c, &c->plan.node[i].rules, period, operand, &figure);
        if (!operand)
            continue;
        leaf->at++;
        root = operand;
        withheld |= operand->withheld;
        figure.readings += operand->readings;
        if (operand->organizations > organizations)
            organizations = operand->organizations;
    }
    if (withheld && figure.readings == 0) /* how many there are is not told */
        figure.of_periods = 0;
    if (!withheld && c->plan.node[0].rules.computed)
        show(c, &figure);
    else if (!withheld)
        show_operand(root, &c->plan.node[0].rules, &figure);
    return bb_points_write(&c->points, step, period, group, &figure, organizations, withheld);
}

/* A unit */

/* In the order of keys. */
static int
compare_units(const struct leaf *a, const struct leaf *b, bool by_place)
{
    uint8_t x[BB_PERIOD_KEY] = {0}, y[BB_PERIOD_KEY] = {0};
    int order;

    bb_period_pack(a->unit, x);
    bb_period_pack(b->unit, y);
    order = memcmp(x, y, sizeof x);
    if (order != 0 || !by_place)
        return order;
    return (a->series.place > b->series.place) - (a->series.place < b->series.place);
}

/* The earliest unit: one that stands there; the others are marked. NULL: there are no more. 0 | <0 */
static int
find_unit(struct bb_computed *c, struct bb_query_step *step, struct leaf **ret_first)
{
    bool by_place = c->scope->by == BB_BY_PLACE && !c->scope->per;
    struct leaf *first = NULL;
    int r;

    for (uint32_t i = 0; i < c->n_leaves; i++) {
        struct leaf *leaf = &c->leaf[i];
        r = bb_series_peek(&leaf->series, step);
        if (r < 0)
            return r;
        leaf->here = r == 0;
        if (r != 0)
            continue;
        leaf->unit = c->scope->per ? bb_period_containing(c->scope->per, leaf->series.period.day)
                                   : leaf->series.period;
        if (!first || compare_units(leaf, first, by_place) < 0)
            first = leaf;
    }
    for (uint32_t i = 0; i < c->n_leaves; i++)
        c->leaf[i].here = c->leaf[i].here && compare_units(&c->leaf[i], first, by_place) == 0;
    *ret_first = first;
    return 0;
}

/* Of one leaf. ret_last: groups above it were left out; -1: none. */
static int
take_leaf(struct bb_computed *c, struct bb_query_step *step, struct leaf *leaf, int64_t *ret_last)
{
    struct bb_points *points = &leaf->series.points;
    int r;

    *ret_last = -1;
    if (c->scope->per) {
        r = bb_span_take(&leaf->span, &leaf->series, step, leaf->unit, &c->looked);
        leaf->operand = leaf->span.operand;
        leaf->n_operands = leaf->span.n_operands;
    } else {
        c->looked += points->looked + points->values.looked;
        bb_points_reset(points);
        r = bb_series_choose(&leaf->series, step);
        if (r == 0)
            r = bb_series_points(&leaf->series, step, c->after, SIZE_MAX, ret_last);
        leaf->operand = points->operand;
        leaf->n_operands = points->n_operands;
    }
    for (leaf->at = 0; leaf->at < leaf->n_operands && leaf->operand[leaf->at].group <= c->after;)
        leaf->at++;
    return r;
}

/* Operands for the groups behind `after`. ret_end: groups above it were left out by one of them. */
static int
take_operands(struct bb_computed *c, struct bb_query_step *step, int64_t *ret_end)
{
    int64_t last;
    int r = 0;

    *ret_end = INT64_MAX;
    for (uint32_t i = 0; r == 0 && i < c->n_leaves; i++) {
        if (!c->leaf[i].here)
            continue;
        r = take_leaf(c, step, &c->leaf[i], &last);
        if (r == 0 && last >= 0 && last < *ret_end)
            *ret_end = last;
    }
    return r;
}

/* The least group that is next; above `end`: none. */
static int64_t
next_group(const struct bb_computed *c)
{
    int64_t least = INT64_MAX;

    for (uint32_t i = 0; i < c->n_leaves; i++) {
        const struct leaf *leaf = &c->leaf[i];
        if (leaf->here && leaf->at < leaf->n_operands && leaf->operand[leaf->at].group < least)
            least = leaf->operand[leaf->at].group;
    }
    return least;
}

static bool
is_full(const struct bb_computed *c, const struct bb_query_step *step)
{
    return c->points.n > 0 && c->points.bytes >= step->max_bytes;
}

/* Points of the groups as far as there are operands, and room. ret_last: the last one; -1: all of the unit.
 */
static int
add_points(struct bb_computed *c, struct bb_query_step *step, struct bb_period period, int64_t end,
           int64_t *ret_last)
{
    int64_t last = c->after, group;
    int r = 0;

    while (r == 0 && (group = next_group(c)) <= end && group != INT64_MAX) {
        if (is_full(c, step)) {
            *ret_last = last;
            return 0;
        }
        r = add_point(c, step, period, (uint32_t)group);
        last = group;
    }
    *ret_last = end == INT64_MAX ? -1 : last;
    return r;
}

static int
take_unit(struct bb_computed *c, struct bb_query_step *step, struct leaf *first)
{
    struct bb_period period = first->unit;
    int64_t end;
    int r = take_operands(c, step, &end);

    if (r == 0)
        r = add_points(c, step, period, end, &c->after);
    for (uint32_t i = 0; r == 0 && c->after >= 0 && i < c->n_leaves; i++) {
        if (c->leaf[i].here && c->scope->per)
            bb_series_back(&c->leaf[i].series, period.day);
        else if (c->leaf[i].here)
            bb_series_again(&c->leaf[i].series);
    }
    return r;
}

uint64_t
bb_computed_looked(const struct bb_computed *c)
{
    uint64_t sum = c->looked + (c->points.cover ? c->points.cover->looked : 0);

    for (uint32_t i = 0; i < c->n_leaves; i++)
        sum += bb_series_looked(&c->leaf[i].series);
    return sum;
}

static int
gather(struct bb_computed *c, struct bb_query_step *step)
{
    struct leaf *first;
    int r = 0;

    while (r == 0) {
        r = find_unit(c, step, &first);
        if (r != 0)
            return r;
        if (!first) {
            step->final = true;
            return 0;
        }
        if (is_full(c, step) || bb_computed_looked(c) >= BB_QUERY_STEP_RECORDS)
            return 0;
        r = take_unit(c, step, first);
    }
    return r;
}

int
bb_computed_gather(struct bb_computed *c, struct bb_query_step *step)
{
    int r = 0;

    bb_points_reset(&c->points);
    c->looked = 0;
    for (uint32_t i = 0; r == 0 && i < c->n_leaves; i++)
        r = bb_series_begin(&c->leaf[i].series, step);
    if (r == 0)
        r = gather(c, step);
    for (uint32_t i = 0; i < c->n_leaves; i++)
        bb_series_end(&c->leaf[i].series);
    return r;
}
