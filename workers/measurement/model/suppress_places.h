/* Places, as numbers, so that what lies in a place stands behind it.
 *
 * The empty place contains all others and has the number 0. Behind each place come those that lie in it, up
 * to its `end`. */
#ifndef BB_SUPPRESS_PLACES_H
#define BB_SUPPRESS_PLACES_H

#include "suppress.h"

#include "proto/arena.h"

/* What lies deeper, or within itself, is taken to lie in the empty place alone. */
#define BB_PLACES_DEEP 100

struct bb_places {
    const uint32_t *id;     /* of readings, and above them; ascending */
    const uint32_t *number; /* of each id */
    uint32_t n;
    uint32_t *end;   /* by number */
    uint32_t *above; /* by number: the place that it lies in; of the empty one 0 */
};

/* 0 | -EDQUOT */
int bb_places_read(const struct bb_suppress_table *table, struct bb_arena *arena,
                   struct bb_places *ret_places);

/* Of one that a reading has. */
uint32_t bb_place_number(const struct bb_places *places, uint32_t id);

#endif
