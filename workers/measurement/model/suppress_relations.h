/* Relations: the additions that come true within what one organization reports.
 *
 * A total beside its parts, cross tabulations beside their margins, the empty place beside the others: where
 * the numbers say that one is the sum of the other, everybody is taken to know it. Two dimensions without a
 * total between them are parts of the same whole as well. */
#ifndef BB_SUPPRESS_RELATIONS_H
#define BB_SUPPRESS_RELATIONS_H

#include "suppress_facts.h"
#include "suppress_parts.h"

#define BB_NO_CELL UINT32_MAX

/* A reading in the order of organization, place, disaggregation. */
struct bb_ordered {
    const struct bb_suppress_reading *reading;
    uint32_t disaggregation; /* its number in the table */
    uint32_t cell;           /* or BB_NO_CELL: zero in every count */
};

/* Which cells are the sum of others, in all counts: to facts->parts. 0 | -EDQUOT | -ERANGE */
int bb_relations_derive(const struct bb_ordered *order, size_t n, const struct bb_parts *parts,
                        struct bb_arena *arena, struct bb_facts *facts);

/* What else comes true in one count: to facts->relation. 0 | -EDQUOT | -ERANGE */
int bb_relations_find(const struct bb_ordered *order, size_t n, const struct bb_parts *parts, unsigned count,
                      struct bb_arena *arena, struct bb_facts *facts);

#endif
