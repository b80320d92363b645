/* Readings of one organization by their dimensions.
 *
 * Of what lies in a place there is more than one way to add it all up. The upper cut is what lies in it
 * directly, and what is in that where it has nothing itself; the lower cut goes down as far as there is
 * something, and has of places that are no aggregates also those above others. Both are made for each set of
 * dimensions by itself. */
#ifndef BB_SUPPRESS_GROUPS_H
#define BB_SUPPRESS_GROUPS_H

#include "suppress_order.h"

struct bb_group {
    uint64_t dimensions;
    uint32_t first, n;
};

struct bb_grouped_reading {
    uint64_t dimensions;
    uint32_t at; /* in the order */
};

struct bb_groups {
    struct bb_grouped_reading *reading; /* by dimensions, then in order */
    uint32_t n_readings;
    struct bb_group *group;
    uint32_t n;
};

/* Those in order from `from` to `to`. 0 | -EDQUOT */
int bb_groups_make(const struct bb_order *order, uint32_t from, uint32_t to, bool without_aggregates,
                   struct bb_arena *arena, struct bb_groups *ret_groups);

enum bb_cut {
    BB_CUT_UPPER,
    BB_CUT_LOWER,
};

/* groups: all that lies in a place. 0 | -EDQUOT */
int bb_groups_cut(const struct bb_order *order, const struct bb_groups *groups, enum bb_cut cut,
                  struct bb_arena *arena, struct bb_groups *ret_groups);

/* Readings that were put together by hand: into groups. 0 | -EDQUOT */
int bb_groups_sort(struct bb_arena *arena, struct bb_groups *groups);

/* Have they the same readings? */
bool bb_groups_same(const struct bb_groups *a, const struct bb_groups *b);

#endif
