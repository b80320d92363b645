/* A rollup: what all organizations reported for one cell (period, indicator, place, disaggregation), added
 * up.
 *
 * It is a pure function of the readings of the cell, whatever their order: readings are added and removed
 * exactly, so a correction removes the old reading and adds the new one. Sums are of values and parts as
 * reported; a reading whose value follows from its parts is counted in `computed` and has no part in `value`.
 * A reading that was withdrawn is not counted at all. Only readings in state ok count towards sums.
 * `organization` is the exclusive or of the ids of the organizations behind `ok`: with one reading it is that
 * organization, which decides who may see the cell. */
#ifndef BB_ROLLUP_H
#define BB_ROLLUP_H

#include "reading.h"

struct bb_rollup {
    uint32_t ok;       /* readings with a value, reported or computed */
    uint32_t parts;    /* of these, with numerator and denominator */
    uint32_t computed; /* of these, without a reported value */
    uint32_t missing, suppressed, not_applicable;
    uint32_t organization;
    struct bb_sum value, numerator, denominator;
};

#define BB_ROLLUP_PACKED (7 * 5 + 3 * BB_SUM_PACKED)

/* 0 | -ERANGE a sum or count leaves its range */
int bb_rollup_add(struct bb_rollup *rollup, const struct bb_reading *reading, uint32_t organization);
int bb_rollup_remove(struct bb_rollup *rollup, const struct bb_reading *reading, uint32_t organization);
/* The same as adding, or removing, all the readings of `other`. */
int bb_rollup_merge(struct bb_rollup *rollup, const struct bb_rollup *other);
int bb_rollup_subtract(struct bb_rollup *rollup, const struct bb_rollup *other);

/* Has it no readings? A cell all of whose readings were withdrawn. */
bool bb_rollup_is_empty(const struct bb_rollup *rollup);

size_t bb_rollup_pack(const struct bb_rollup *rollup, uint8_t out[static BB_ROLLUP_PACKED]);
/* 0 | -EBADMSG */
int bb_rollup_unpack(struct bb_bytes in, struct bb_rollup *ret_rollup);

#endif
