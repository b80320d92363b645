/* The parts of disaggregations, as numbers: which add up to which.
 *
 * "age=1;sex=f" has the parts age=1 and sex=f. Two disaggregations have the same dimensions when their
 * `dimensions` are equal. */
#ifndef BB_SUPPRESS_PARTS_H
#define BB_SUPPRESS_PARTS_H

#include "disaggregation.h"
#include "suppress.h"

#include "proto/arena.h"

#define BB_PARTS_DIMENSIONS 64 /* of one table */

struct bb_parts {
    uint32_t n;
    uint64_t dimensions;                        /* bits */
    uint8_t dimension[BB_DISAGGREGATION_PARTS]; /* number of each, in the order of the text */
    uint32_t part[BB_DISAGGREGATION_PARTS];     /* number of dimension and code together, from 1 on */
};

/* By number in the table. 0 | -ENOMEM | -EDQUOT also: more dimensions than 64 | -EINVAL */
int bb_parts_read(const struct bb_suppress_table *table, struct bb_arena *arena, struct bb_parts **ret_parts);

/* The parts in these dimensions, for comparing: the rest is 0. */
void bb_parts_margin(const struct bb_parts *parts, uint64_t dimensions,
                     uint32_t ret_part[static BB_DISAGGREGATION_PARTS]);

#endif
