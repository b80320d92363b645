/* Inside of what is computed: what its files share. Nobody else includes this. */
#ifndef BB_QUERY_COMPUTED_CORE_H
#define BB_QUERY_COMPUTED_CORE_H

#include "computed.h"
#include "plan.h"
#include "span.h"

#define BB_COMPUTED_OPERANDS 256u /* of a series at a time */

/* One input that is reported. */
struct bb_computed_leaf {
    struct bb_series series;
    struct bb_wanted disaggregation;
    struct bb_span span;
    struct bb_period unit; /* that is next */
    bool here;             /* it has the unit at hand */
    const struct bb_operand *operand;
    size_t n_operands, at; /* the next one */
};

enum bb_computed_phase {
    BB_COMPUTED_NEXT,    /* there is none yet */
    BB_COMPUTED_TAKING,  /* leaves give operands */
    BB_COMPUTED_WRITING, /* of a longer period: they all did, and not all groups are written */
};

struct bb_computed {
    struct bb_query *query;
    const struct bb_series_scope *scope;
    struct bb_plan plan;
    uint32_t *leaf_of; /* by number of the node */
    struct bb_computed_leaf *leaf;
    uint32_t n_leaves;
    struct bb_operand *operands; /* BB_COMPUTED_OPERANDS for each leaf */
    struct bb_plan_value *value; /* by number of the node */
    struct bb_ids inputs;
    struct bb_cells none; /* of points that are only written */
    struct bb_points points;
    uint64_t looked;
    int64_t after; /* group that was written last of the unit at hand; -1: none */
    /* The unit at hand */
    enum bb_computed_phase phase;
    struct bb_period unit;
    uint32_t at_leaf; /* that gives operands next */
    int64_t end;      /* groups above it were left out by one of them */
    /* Of a longer period what is half done is kept between two steps, as far as there is room */
    bool whole;  /* it was not: this time it is done without a pause */
    size_t kept; /* bytes, while nobody works on it */
};

enum { BB_COMPUTED_E_PAUSED = 20 };

/* The operand of a leaf in this group; NULL: it has none. */
static inline const struct bb_operand *
bb_computed_operand(const struct bb_computed_leaf *leaf, uint32_t group)
{
    return leaf->here && leaf->at < leaf->n_operands && leaf->operand[leaf->at].group == group
               ? &leaf->operand[leaf->at]
               : NULL;
}

/* Write the point of a group from the operands that the leaves have for it, and go behind those.
 * 0 | BB_COMPUTED_E_PAUSED nothing was written: again in the next step | <0 */
int bb_computed_add_point(struct bb_computed *c, struct bb_query_step *step, struct bb_period period,
                          uint32_t group);

/* Find the next unit: one of the leaves that stand there, which are marked. NULL: there are no more. 0 | <0
 */
int bb_computed_find_unit(struct bb_computed *c, struct bb_query_step *step,
                          struct bb_computed_leaf **ret_first);

/* Is the part full? */
bool bb_computed_is_full(const struct bb_computed *c, const struct bb_query_step *step);

/* The points of the unit at hand, as far as there is room. 0 | BB_COMPUTED_E_PAUSED | 1 refused | <0 */
int bb_computed_take_unit(struct bb_computed *c, struct bb_query_step *step);

/* The unit at hand is begun again. */
void bb_computed_forget(struct bb_computed *c);

#endif
