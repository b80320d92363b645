/* Figures of a table (suppress.h), and the cells behind each. */
#ifndef BB_SUPPRESS_FIGURES_H
#define BB_SUPPRESS_FIGURES_H

#include "suppress_facts.h"
#include "suppress_order.h"

/* What a figure says to whom. */
struct bb_figures {
    struct bb_run *cells; /* by figure: in facts->member */
    bool *published;      /* it is told, unless hidden: several organizations are behind it */
    uint8_t *shape;       /* BB_SHAPE_... */
};

/* Fills in figure, alone, n_figures and member of the facts, and makes room for fact_of. scratch: is reset.
 * 0 | -EDQUOT */
int bb_figures_make(const struct bb_order *order, struct bb_arena *arena, struct bb_arena *scratch,
                    struct bb_facts *facts, struct bb_figures *ret_figures);

#endif
