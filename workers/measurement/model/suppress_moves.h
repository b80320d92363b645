/* Moves: ways to change the cells that nobody would notice.
 *
 * A move adds whole numbers to classes (suppress_rows.h) such that no row changes: a cell more here and one
 * less there. Each one is checked with integers against every row, so that what a move shows to be possible
 * is possible, however it was found. */
#ifndef BB_SUPPRESS_MOVES_H
#define BB_SUPPRESS_MOVES_H

#include "suppress_rows.h"

#define BB_NO_ROW UINT32_MAX

struct bb_step_of_move {
    uint32_t class;
    int32_t by;
};

struct bb_moves {
    const struct bb_rows *rows;
    bool *known;     /* by class: it is told by the rows, or the organization's own */
    uint32_t *cause; /* by class: the row that tells it when all else in the row is known; or BB_NO_ROW */
    struct bb_run *move;
    uint32_t n_moves;
    struct bb_step_of_move *step;
    struct bb_run *of_class; /* by class: the moves that it has a part in */
    uint32_t *number;
};

/* without: leave alone what is this organization's only; BB_NO_OWNER: nobody's. 0 | -EDQUOT */
int bb_moves_find(const struct bb_rows *rows, uint32_t without, struct bb_arena *arena,
                  struct bb_moves *ret_moves);

#endif
