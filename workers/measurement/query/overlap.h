/* Overlap: where several organizations may count the same people, the figure of a cell (place,
 * disaggregation) is not their sum but that of the one that counted the most; then the cells are added up.
 *
 *   sum, average   the greatest value; one that follows from parts to 24 digits after the point
 *   ratio          the greatest denominator, and of equal ones the greatest numerator; who gives no parts
 * comes behind all who do, in order of values
 *
 * Pure. The figure of a cell is then one organization's, or that of those that say exactly the same. */
#ifndef BB_QUERY_OVERLAP_H
#define BB_QUERY_OVERLAP_H

#include "workers/measurement/model/tally.h"

struct bb_overlap {
    struct bb_tally *tally;
    const struct bb_indicator *rules;
    bool begun; /* there is a cell at hand: */
    uint32_t place, disaggregation;
    struct bb_reading best;
    struct bb_party party; /* who says so */
};

/* tally: zeroed; borrowed until the end. */
void bb_overlap_begin(struct bb_overlap *overlap, const struct bb_indicator *rules, struct bb_tally *tally);
/* The readings of a cell come one behind the other. */
void bb_overlap_add(struct bb_overlap *overlap, uint32_t place, uint32_t disaggregation,
                    const struct bb_reading *reading, uint32_t organization);
/* The last cell, too, is in the tally. */
void bb_overlap_end(struct bb_overlap *overlap);

#endif
