/* Nodes are found from the indicator on, each once. At any moment nothing is computed from itself: what would
 * be was refused when it was defined, and an indicator that was not there yet at that moment has its first
 * definition, whose inputs were there before it. */
#include "plan.h"

#include "computed.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>

/* A disaggregation that nobody has reported: no other has this id, and 0 is the total. */
#define UNREPORTED UINT32_MAX

void
bb_plan_release(struct bb_plan *plan)
{
    for (uint32_t i = 0; i < plan->n; i++) {
        bb_sides_release(&plan->node[i].sides);
        free(plan->node[i].above);
        free(plan->node[i].below);
    }
    free(plan->node);
    free(plan->order);
    *plan = (struct bb_plan){0};
}

/* The node of this name, new or not. */
static int
find_node(struct bb_plan *plan, struct bb_query_step *step, const struct bb_plan_node *like,
          uint32_t *ret_number)
{
    struct bb_plan_node *grown;
    uint32_t size;

    for (uint32_t i = 0; i < plan->n; i++)
        if (plan->node[i].indicator == like->indicator && plan->node[i].named == like->named &&
            plan->node[i].disaggregation == like->disaggregation) {
            *ret_number = i;
            return 0;
        }
    if (plan->n == BB_COMPUTED_NODES)
        return bb_query_refuse(step, BB_ERROR_TOO_LARGE,
                               "it is computed from more than %u indicators and disaggregations of them",
                               BB_COMPUTED_NODES);
    if (plan->n == plan->size) {
        size = plan->size ? plan->size * 2 : 8;
        grown = realloc(plan->node, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        plan->node = grown;
        plan->size = size;
    }
    plan->node[plan->n] = *like;
    *ret_number = plan->n++;
    return 0;
}

/* One disaggregation of what is of one disaggregation already, or to be by each. */
static int
refuse_named(struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
             const struct bb_expression_input *input)
{
    struct bb_quoted code, disaggregation;
    struct bb_term *term;
    int r = bb_terms_get(&query->terms, &step->snapshot, BB_OBJECT_INDICATOR, indicator, &term);

    if (r != 0)
        return r;
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "\"%s\" is computed from the disaggregation \"%s\", so there is none of others",
                           bb_quote(&code, term->text), bb_quote(&disaggregation, input->disaggregation));
}

static int
find_input(struct bb_query *query, struct bb_query_step *step, const struct bb_plan_node *from, bool by,
           const struct bb_expression_input *input, struct bb_plan_node *ret_like)
{
    struct bb_plan_node like = {.named = from->named, .disaggregation = from->disaggregation};
    int r = bb_term_find(&step->snapshot, BB_OBJECT_INDICATOR, input->indicator, &like.indicator);

    if (r == BB_STORE_E_NOT_FOUND || like.indicator == BB_ID_NONE) /* it was there when this was defined */
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_NAME, input->indicator);
    if (r == 0 && input->disaggregation.len) {
        if (by || (from->named && from->disaggregation))
            return refuse_named(query, step, from->indicator, input);
        like.named = true;
        r = bb_term_find(&step->snapshot, BB_OBJECT_DISAGGREGATION, input->disaggregation,
                         &like.disaggregation);
        if (r == BB_STORE_E_NOT_FOUND) {
            like.disaggregation = UNREPORTED;
            r = 0;
        }
    }
    *ret_like = like;
    return r;
}

/* The nodes of a side's inputs. number: of the node whose side it is. */
static int
expand_side(struct bb_plan *plan, struct bb_query *query, struct bb_query_step *step, uint32_t number,
            bool by, const struct bb_expression *side, uint32_t **ret_numbers)
{
    const struct bb_expression_input *inputs;
    size_t n = side ? bb_expression_inputs(side, &inputs) : 0;
    struct bb_plan_node like;
    int r = 0;

    *ret_numbers = calloc(n + 1, sizeof **ret_numbers);
    if (!*ret_numbers)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = find_input(query, step, &plan->node[number], by, &inputs[i], &like);
        if (r == 0)
            r = find_node(plan, step, &like, &(*ret_numbers)[i]);
    }
    return r;
}

static int
read_node(struct bb_query *query, struct bb_query_step *step, struct bb_plan_node *node)
{
    struct bb_arena *scratch = &query->terms.scratch;
    Bb__Indicator *definition;
    int r;

    bb_arena_reset(scratch);
    r = bb_term_rules(&step->snapshot, node->indicator, scratch, &definition, &node->rules);
    if (r != 0 || !node->rules.computed)
        return r;
    r = bb_sides_read(definition, &node->sides);
    if (r > 0 || r == -EBADMSG)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_DEFINITION, bb_bytes_str(definition->code));
    return r;
}

static int
expand(struct bb_plan *plan, struct bb_query *query, struct bb_query_step *step, uint32_t number, bool by)
{
    uint32_t *above = NULL, *below = NULL;
    struct bb_sides sides;
    int r = read_node(query, step, &plan->node[number]);

    if (r != 0 || !plan->node[number].rules.computed)
        return r;
    sides = plan->node[number].sides;
    r = expand_side(plan, query, step, number, by, sides.above, &above);
    if (r == 0)
        r = expand_side(plan, query, step, number, by, sides.below, &below);
    plan->node[number].above = above;
    plan->node[number].below = below;
    return r;
}

/* The order */

static int
add_inputs(const struct bb_plan *plan, const struct bb_expression *side, const uint32_t *numbers,
           struct bb_ids *ids)
{
    const struct bb_expression_input *inputs;
    size_t n = side ? bb_expression_inputs(side, &inputs) : 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = bb_ids_add(ids, plan->node[numbers[i]].indicator, NULL);
    return r;
}

static int
find_order(const struct bb_plan *plan, struct bb_query_step *step, struct bb_dependencies *dependencies,
           struct bb_ids *ids, struct bb_ids *order)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < plan->n; i++) {
        const struct bb_plan_node *node = &plan->node[i];
        if (!node->rules.computed)
            continue;
        bb_ids_reset(ids);
        r = add_inputs(plan, node->sides.above, node->above, ids);
        if (r == 0)
            r = add_inputs(plan, node->sides.below, node->below, ids);
        if (r == 0)
            r = bb_dependencies_set(dependencies, node->indicator, ids->id, ids->count, order);
    }
    if (r > 0)
        return bb_snapshot_damaged(&step->snapshot, BB_VIEW_DEFINITION, bb_bytes_str("a cycle"));
    return r == 0 ? bb_dependencies_order(dependencies, plan->node[0].indicator, order) : r;
}

/* The nodes of an indicator stand together, whatever their disaggregation. */
static int
put_in_order(struct bb_plan *plan, const struct bb_ids *order)
{
    uint32_t n = 0;

    plan->order = calloc(plan->n + 1, sizeof *plan->order);
    if (!plan->order)
        return -ENOMEM;
    for (uint32_t i = 0; i < order->count; i++)
        for (uint32_t k = 0; k < plan->n; k++)
            if (plan->node[k].indicator == order->id[i])
                plan->order[n++] = k;
    return 0;
}

static int
order_nodes(struct bb_plan *plan, struct bb_query_step *step)
{
    struct bb_dependencies *dependencies;
    struct bb_ids ids = {0}, order = {0};
    int r = bb_dependencies_new(&dependencies);

    if (r != 0)
        return r;
    r = find_order(plan, step, dependencies, &ids, &order);
    if (r == 0)
        r = put_in_order(plan, &order);
    bb_ids_release(&ids);
    bb_ids_release(&order);
    bb_dependencies_destroy(&dependencies);
    return r;
}

int
bb_plan_make(struct bb_plan *plan, struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
             const uint32_t *disaggregation, bool by_disaggregation)
{
    const struct bb_plan_node root = {.indicator = indicator,
                                      .named = disaggregation != NULL,
                                      .disaggregation = disaggregation ? *disaggregation : 0};
    uint32_t number;
    int r = find_node(plan, step, &root, &number);

    for (uint32_t i = 0; r == 0 && i < plan->n; i++)
        r = expand(plan, query, step, i, by_disaggregation);
    return r == 0 ? order_nodes(plan, step) : r;
}
