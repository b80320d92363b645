/* Which fact to hide besides, so that a hidden one is not told.
 *
 * A heuristic: what is chosen decides how much is hidden in the end, not whether it is enough. Deterministic:
 * of equals it is the first. */
#ifndef BB_SUPPRESS_CHOICE_H
#define BB_SUPPRESS_CHOICE_H

#include "suppress_proof.h"

struct bb_hiding {
    struct bb_facts *facts;
    const struct bb_rows_of_cells *of_cells;
    const struct bb_rows *rows;
    unsigned count;
    bool coarse; /* hide all parts of a row at once: sooner done, but more than it takes */
    /* By row */
    uint32_t (*hidden_in)[BB_SHAPES]; /* hidden facts that are parts of it, by shape */
    bool *touched;                    /* a part of it was hidden, of which these rows know nothing */
    bool *done;                       /* something was hidden for it already, with these rows */
    /* By fact */
    uint32_t *length; /* cells that are not zero in this count */
    uint32_t *seen;
    uint32_t *found; /* facts that were seen */
    uint32_t *added; /* facts that were hidden, and have not been followed */
    uint32_t n_added;
    /* By cell, row */
    bool *cell_seen, *row_seen;
    uint32_t *queue;
};

/* 0 | -EDQUOT */
int bb_hiding_init(struct bb_hiding *hiding, struct bb_facts *facts, const struct bb_rows_of_cells *of_cells,
                   const struct bb_rows *rows, struct bb_arena *arena);

/* Something for the fact that the proof looks at, of which its moves cannot show that it is hidden from this
 * organization. False: nothing that is published has to do with it, so all of it could be twice as much. */
bool bb_hiding_add(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t organization);

/* What was hidden for it is told itself by each row in which it is the only hidden part. One after the other:
 * the proof is to look at it, and bb_hiding_follow() may hide more. False: no more. */
bool bb_hiding_next(struct bb_hiding *hiding, uint32_t *ret_fact);
void bb_hiding_follow(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t organization);

#endif
