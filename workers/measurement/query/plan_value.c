#include "plan.h"

struct side {
    const struct bb_plan_value *values;
    const uint32_t *numbers;
};

static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    const struct side *side = context;
    const struct bb_plan_value *value = &side->values[side->numbers[input]];

    if (value->outcome == 0)
        *ret_value = value->value;
    return value->outcome;
}

static int
evaluate_side(const struct bb_plan_value *values, const struct bb_expression *side, const uint32_t *numbers,
              struct bb_fraction *ret_value)
{
    struct side context = {values, numbers};
    int r;

    if (!side) {
        *ret_value = bb_fraction_of((struct bb_decimal){.mantissa = 1});
        return 0;
    }
    r = bb_expression_evaluate(side, ask, &context, ret_value);
    return r == BB_EXPRESSION_E_ZERO ? BB_EXPRESSION_E_OVERFLOW : r;
}

/* No input of this side has data. */
static bool
has_none(const struct bb_expression *side, int outcome)
{
    const struct bb_expression_input *input;

    return !side || bb_expression_inputs(side, &input) == 0 || outcome == BB_EXPRESSION_E_NO_DATA;
}

static struct bb_plan_value
evaluate(const struct bb_plan_value *values, const struct bb_plan_node *node, struct bb_plan_sides *ret_sides)
{
    struct bb_fraction value, factor = bb_fraction_of(node->rules.factor);
    struct bb_plan_sides *s = ret_sides;

    s->above_outcome = evaluate_side(values, node->sides.above, node->above, &s->above);
    s->below_outcome = evaluate_side(values, node->sides.below, node->below, &s->below);
    if (s->above_outcome || s->below_outcome) {
        bool none =
            has_none(node->sides.above, s->above_outcome) && has_none(node->sides.below, s->below_outcome);
        return (struct bb_plan_value){.outcome = none ? BB_EXPRESSION_E_NO_DATA : BB_EXPRESSION_E_OVERFLOW};
    }
    value = s->above;
    if (bb_fraction_divide(&value, &s->below) != 0 || bb_fraction_multiply(&value, &factor) != 0)
        return (struct bb_plan_value){.outcome = BB_EXPRESSION_E_OVERFLOW};
    return (struct bb_plan_value){.value = value};
}

/* The indicator itself is the last one. */
struct bb_plan_value
bb_plan_evaluate(const struct bb_plan *plan, struct bb_plan_value *values, struct bb_plan_sides *ret_sides)
{
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct bb_plan_node *node = &plan->node[plan->order[i]];
        if (node->rules.computed)
            values[plan->order[i]] = evaluate(values, node, ret_sides);
    }
    return values[0];
}
