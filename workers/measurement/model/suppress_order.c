#include "suppress_order.h"

#include <errno.h>
#include <stdlib.h>

static int
compare_ordered(const void *a_pointer, const void *b_pointer)
{
    const struct bb_ordered *a = a_pointer, *b = b_pointer;

    if (a->reading->organization != b->reading->organization)
        return a->reading->organization < b->reading->organization ? -1 : 1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return (a->reading->disaggregation > b->reading->disaggregation) -
           (a->reading->disaggregation < b->reading->disaggregation);
}

static int
find_disaggregation(const struct bb_suppress_table *table, uint32_t id, uint32_t *ret_number)
{
    size_t from = 0, to = table->n_disaggregations;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (table->disaggregation[middle].id < id)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == table->n_disaggregations || table->disaggregation[from].id != id)
        return -EINVAL;
    *ret_number = (uint32_t)from;
    return 0;
}

int
bb_order_make(const struct bb_suppress_table *table, struct bb_arena *arena, struct bb_order *ret_order)
{
    struct bb_order order = {.table = table, .n = (uint32_t)table->n_readings};
    int r = bb_parts_read(table, arena, &order.parts);

    if (r == 0)
        r = bb_places_read(table, arena, &order.places);
    if (r != 0)
        return r;
    order.at = bb_arena_alloc(arena, (table->n_readings + 1) * sizeof *order.at);
    if (!order.at)
        return -EDQUOT;
    for (uint32_t i = 0; r == 0 && i < order.n; i++) {
        const struct bb_suppress_reading *reading = &table->reading[i];
        order.at[i] = (struct bb_ordered){
            .reading = reading, .place = bb_place_number(&order.places, reading->place), .cell = BB_NO_CELL};
        r = find_disaggregation(table, reading->disaggregation, &order.at[i].disaggregation);
    }
    if (r != 0)
        return r;
    qsort(order.at, order.n, sizeof *order.at, compare_ordered);
    *ret_order = order;
    return 0;
}

uint32_t
bb_order_organization_end(const struct bb_order *order, uint32_t from)
{
    uint32_t to = from + 1;

    while (to < order->n && order->at[to].reading->organization == order->at[from].reading->organization)
        to++;
    return to;
}

uint32_t
bb_order_place_end(const struct bb_order *order, uint32_t from, uint32_t to)
{
    uint32_t end = from + 1;

    while (end < to && order->at[end].place == order->at[from].place)
        end++;
    return end;
}

uint32_t
bb_order_subtree_end(const struct bb_order *order, uint32_t from, uint32_t to)
{
    uint32_t behind = order->places.end[order->at[from].place], end = from + 1;

    while (end < to && order->at[end].place < behind)
        end++;
    return end;
}
