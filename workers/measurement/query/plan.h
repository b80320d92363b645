/* A plan: what has to be known to compute an indicator, as of a snapshot, and in which order.
 *
 * Its nodes are indicators, or one disaggregation of them: reported ones, and computed ones with the nodes
 * that their expressions name. Definitions are those of the moment asked for. */
#ifndef BB_QUERY_PLAN_H
#define BB_QUERY_PLAN_H

#include "core.h"

#include "workers/measurement/store/inputs.h"

struct bb_plan_node {
    uint32_t indicator;
    bool named; /* one disaggregation of it */
    uint32_t disaggregation;
    struct bb_indicator rules;
    struct bb_sides sides;   /* of a computed one */
    uint32_t *above, *below; /* number of the node for each input of the side */
};

struct bb_plan {
    struct bb_plan_node *node; /* number 0 is the indicator itself */
    uint32_t n, size;
    uint32_t *order; /* numbers: each behind all that it is computed from */
};

/* disaggregation: of the indicator itself; NULL: not named. by_disaggregation: points are asked for each.
 * 0 | 1 refused | <0; to be released in any case */
int bb_plan_make(struct bb_plan *plan, struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
                 const uint32_t *disaggregation, bool by_disaggregation);
void bb_plan_release(struct bb_plan *plan);

/* What a node amounts to. A computed one of which one side only has data has data, and no value. */
struct bb_plan_value {
    int outcome; /* 0 | BB_EXPRESSION_E_NO_DATA | BB_EXPRESSION_E_OVERFLOW there is data, and no value */
    struct bb_fraction value;
};

/* The sides of the indicator itself; a value where the outcome is 0. */
struct bb_plan_sides {
    int above_outcome, below_outcome;
    struct bb_fraction above, below;
};

/* values: by number of the node; those of reported ones are given, the others are filled in. Returns that of
 * the indicator itself, which is computed. */
struct bb_plan_value bb_plan_evaluate(const struct bb_plan *plan, struct bb_plan_value *values,
                                      struct bb_plan_sides *ret_sides);

#endif
