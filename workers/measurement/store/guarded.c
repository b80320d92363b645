#include "guarded.h"

#include "inputs.h"
#include "terms.h"

#include <errno.h>

/* The inputs of one side. */
static int
add_inputs(struct bb_snapshot *snapshot, const struct bb_expression *side, struct bb_ids *ids)
{
    const struct bb_expression_input *inputs;
    size_t n = side ? bb_expression_inputs(side, &inputs) : 0;
    uint32_t id;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = bb_term_find(snapshot, BB_OBJECT_INDICATOR, inputs[i].indicator, &id);
        if (r == BB_STORE_E_NOT_FOUND) /* it was there when this was defined */
            r = bb_snapshot_damaged(snapshot, BB_VIEW_NAME, inputs[i].indicator);
        if (r == 0)
            r = bb_ids_add(ids, id, NULL);
    }
    return r;
}

/* Is it itself? Else what it is computed from is added. */
static int
look_at(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena, struct bb_ids *ids,
        bool *ret_guarded)
{
    Bb__Indicator *definition;
    struct bb_indicator rules;
    struct bb_sides sides;
    int r;

    bb_arena_reset(arena);
    r = bb_term_rules(snapshot, indicator, arena, &definition, &rules);
    if (r != 0)
        return r;
    *ret_guarded = rules.suppress_below > 0;
    if (*ret_guarded || !rules.computed)
        return 0;
    r = bb_sides_read(definition, &sides);
    if (r != 0)
        return r == -EBADMSG
                   ? bb_snapshot_damaged(snapshot, BB_VIEW_DEFINITION, bb_bytes_str(definition->code))
                   : r;
    r = add_inputs(snapshot, sides.above, ids);
    if (r == 0)
        r = add_inputs(snapshot, sides.below, ids);
    bb_sides_release(&sides);
    return r;
}

int
bb_is_guarded(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena, bool *ret_guarded)
{
    struct bb_ids ids = {0};
    int r = bb_ids_add(&ids, indicator, NULL);

    *ret_guarded = false;
    for (uint32_t i = 0; r == 0 && !*ret_guarded && i < ids.count; i++)
        r = look_at(snapshot, ids.id[i], arena, &ids, ret_guarded);
    bb_ids_release(&ids);
    return r;
}
