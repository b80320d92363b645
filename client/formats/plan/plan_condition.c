/* Conditions of a map, asked of a record: of its cells as the map takes them. */
#include "making.h"

static bool
holds(struct bb_plan *plan, const struct bb_bound_condition *bound)
{
    const struct bb_condition *condition = bound->condition;

    for (size_t i = 0; i < bound->count; i++) {
        const struct bb_cell *cell = bb_plan_cell(plan, bound->column[i]);
        struct bb_bytes text = bb_plan_clean(plan, bound->column[i])->text;
        switch (condition->kind) {
        case BB_IF_EMPTY:
            if (text.len || cell->kind == BB_CELL_LONG || cell->kind == BB_CELL_NESTED)
                return false;
            break;
        case BB_IF_MATCHES:
            if (bb_pattern_match(condition->pattern, text, NULL))
                return true;
            break;
        case BB_IF_NOT:
            if (bb_pattern_match(condition->pattern, text, NULL))
                return false;
            break;
        }
    }
    return condition->kind != BB_IF_MATCHES;
}

bool
bb_plan_any_holds(struct bb_plan *plan, const struct bb_bound_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (holds(plan, &conditions->item[i]))
            return true;
    return false;
}
