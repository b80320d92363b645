/* The readings of a table in order: by organization, place and disaggregation, each place followed by what
 * lies in it (suppress_places.h). */
#ifndef BB_SUPPRESS_ORDER_H
#define BB_SUPPRESS_ORDER_H

#include "suppress_parts.h"
#include "suppress_places.h"

#define BB_NO_CELL UINT32_MAX

struct bb_ordered {
    const struct bb_suppress_reading *reading;
    uint32_t place;          /* its number */
    uint32_t disaggregation; /* its number in the table */
    uint32_t cell;           /* or BB_NO_CELL: zero in every count (suppress_facts.h) */
};

struct bb_order {
    const struct bb_suppress_table *table;
    struct bb_ordered *at;
    uint32_t n;
    struct bb_parts *parts; /* by number of the disaggregation */
    struct bb_places places;
};

/* The cells are not there yet. 0 | -EDQUOT | -EINVAL */
int bb_order_make(const struct bb_suppress_table *table, struct bb_arena *arena, struct bb_order *ret_order);

/* One past those that have the organization of the one at `from`, or its place as well. */
uint32_t bb_order_organization_end(const struct bb_order *order, uint32_t from);
uint32_t bb_order_place_end(const struct bb_order *order, uint32_t from, uint32_t to);

/* One past those, up to `to`, of the place at `from` and of what lies in it. */
uint32_t bb_order_subtree_end(const struct bb_order *order, uint32_t from, uint32_t to);

#endif
