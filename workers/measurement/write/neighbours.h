/* Neighbours: the values before a reading in its own series, and what a reader would wonder about beside
 * them.
 *
 * Part of the intake. What is found is a warning: the row is taken, and its sender may look again. In a load
 * of very many rows not all are judged (BB_HISTORY_ALLOWANCE), but of every submission some. */
#ifndef BB_NEIGHBOURS_H
#define BB_NEIGHBOURS_H

#include "intake.h"

/* A reading that was just created or updated. */
struct bb_neighbour {
    const struct bb_reading_key *key;
    uint32_t ordinal; /* of its period */
    const struct bb_reading *reading;
};

/* Judge it, and bring it into the history. The note is filled or left as it is. 0 | <0 */
int bb_neighbours_judge(struct bb_intake *intake, const struct bb_neighbour *next, struct bb_note *ret_note);

#endif
