/* Conditions of a map, asked of a record: of its cells as they are written, but for blanks around them. */
#include "making.h"

static bool
holds(const struct bb_plan *plan, const struct bb_bound_condition *bound)
{
    const struct bb_condition *condition = bound->condition;

    for (size_t i = 0; i < bound->count; i++) {
        const struct bb_cell *cell = bb_plan_cell(plan, bound->column[i]);
        struct bb_bytes text = cell->kind == BB_CELL_LONG ? bb_bytes(NULL, 0) : bb_trimmed(cell->text);
        switch (condition->kind) {
        case BB_IF_EMPTY:
            if (cell->text.len && (text.len || cell->kind == BB_CELL_LONG))
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
bb_plan_any_holds(const struct bb_plan *plan, const struct bb_bound_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (holds(plan, &conditions->item[i]))
            return true;
    return false;
}
