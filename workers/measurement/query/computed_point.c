/* The figures of a group, from what its operands amount to. */
#include "computed_core.h"

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

int
bb_computed_add_point(struct bb_computed *c, struct bb_query_step *step, struct bb_period period,
                      uint32_t group)
{
    struct bb_figure figure = {.readings = 0};
    const struct bb_operand *root = NULL;
    uint32_t organizations = 0;
    bool withheld = false;
    int r;

    for (uint32_t i = 0; i < c->plan.n; i++) {
        struct bb_computed_leaf *leaf = &c->leaf[c->leaf_of[i]];
        const struct bb_operand *operand;
        if (c->plan.node[i].rules.computed)
            continue;
        operand = bb_computed_operand(leaf, group);
        c->value[i] = value_of(operand);
        if (c->points.cover && c->scope->per && leaf->here)
            bb_cover_type(c->points.cover, c->plan.node[i].indicator, leaf->span.type);
        count_periods(c, &c->plan.node[i].rules, period, operand, &figure);
        if (!operand)
            continue;
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
    r = bb_points_write(&c->points, step, period, group, &figure, organizations, withheld);
    if (r == BB_COVER_E_PAUSED)
        return BB_COMPUTED_E_PAUSED;
    for (uint32_t i = 0; r == 0 && i < c->n_leaves; i++)
        c->leaf[i].at += bb_computed_operand(&c->leaf[i], group) != NULL;
    return r;
}
