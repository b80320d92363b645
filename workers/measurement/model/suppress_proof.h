/* Proof that a hidden fact is not told: a change of the cells that leaves every row as it is, and the cells
 * of one organization, and changes the fact (suppress.h says what holds then).
 *
 * Either a move (suppress_moves.h), or a swap: within one class, a cell of the fact against one that is not.
 */
#ifndef BB_SUPPRESS_PROOF_H
#define BB_SUPPRESS_PROOF_H

#include "suppress_moves.h"

/* One fact at a time is looked at. */
struct bb_proof {
    const struct bb_facts *facts;
    unsigned count;
    const struct bb_rows *rows;
    const struct bb_moves *moves;
    uint32_t fact;
    bool *in;           /* by cell: of the fact */
    uint32_t *in_class; /* by class: cells of the fact */
    bool *suspect;      /* by organization */
};

/* An organization that a fact may not be hidden from; BB_NO_OWNER: perhaps from nobody. */
struct bb_open {
    uint32_t fact, organization;
};

/* 0 | -EDQUOT */
int bb_proof_init(struct bb_proof *proof, const struct bb_rows *rows, const struct bb_moves *moves,
                  struct bb_arena *arena);

/* Look at a fact; not at any. */
void bb_proof_take(struct bb_proof *proof, uint32_t fact);
void bb_proof_drop(struct bb_proof *proof);

/* Is there anything of the fact beside what is this organization's? */
bool bb_proof_concerns(const struct bb_proof *proof, uint32_t organization);

/* Is it hidden from this organization, as far as these moves show? BB_NO_OWNER: from one without cells. */
bool bb_proof_holds(const struct bb_proof *proof, uint32_t organization);

/* From all organizations? Else those in question, or BB_NO_OWNER alone, go to ret_open, which has room for
 * all. Returns how many. */
uint32_t bb_proof_for_all(struct bb_proof *proof, struct bb_open *ret_open);

#endif
