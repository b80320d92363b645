#include "suppress_small.h"

#include <errno.h>

struct limits {
    struct bb_sum threshold, minus_threshold;
};

static bool
is_small(const struct bb_sum *sum, const struct limits *limits)
{
    return !bb_sum_is_zero(sum) && bb_sum_compare(sum, &limits->threshold) < 0 &&
           bb_sum_compare(sum, &limits->minus_threshold) > 0;
}

static int
add_up(const struct bb_facts *facts, const struct bb_suppress_reading *const *readings, struct bb_fact *fact,
       unsigned count, const struct limits *limits)
{
    const uint32_t *cell = facts->member + fact->cells.first;
    struct bb_sum rest;

    for (uint32_t i = 0; i < fact->cells.n; i++)
        if (bb_sum_add(&fact->sum[count], readings[cell[i]]->count[count]) != 0)
            return -ERANGE;
    fact->hidden |= is_small(&fact->sum[count], limits);
    for (uint32_t i = 0; i < fact->cells.n; i++) {
        if (i == 0 || facts->cell[cell[i - 1]].owner != facts->cell[cell[i]].owner)
            rest = fact->sum[count];
        if (bb_sum_subtract(&rest, readings[cell[i]]->count[count]) != 0)
            return -ERANGE;
        if (i + 1 == fact->cells.n || facts->cell[cell[i + 1]].owner != facts->cell[cell[i]].owner)
            fact->hidden |= is_small(&rest, limits);
    }
    return 0;
}

/* A cell may not take a figure of all to zero. */
static void
keep_from_vanishing(struct bb_facts *facts, const struct bb_fact *fact, unsigned count)
{
    struct bb_sum one = {{0}};

    if (!fact->of_all || bb_sum_add(&one, (struct bb_decimal){1, 0}) != 0 ||
        bb_sum_compare(&fact->sum[count], &one) > 0)
        return;
    for (uint32_t i = 0; i < fact->cells.n; i++)
        facts->cell[facts->member[fact->cells.first + i]].may_vanish[count] = false;
}

int
bb_small_hide(const struct bb_order *order, struct bb_arena *scratch, struct bb_facts *facts)
{
    const struct bb_suppress_reading **reading;
    struct limits limits = {0};

    bb_arena_reset(scratch);
    reading = bb_arena_alloc(scratch, (facts->n_cells + 1) * sizeof *reading);
    if (!reading)
        return -EDQUOT;
    if (bb_sum_add(&limits.threshold, order->table->threshold) != 0 ||
        bb_sum_subtract(&limits.minus_threshold, order->table->threshold) != 0)
        return -ERANGE;
    for (uint32_t i = 0; i < order->n; i++)
        if (order->at[i].cell != BB_NO_CELL)
            reading[order->at[i].cell] = order->at[i].reading;
    for (uint32_t i = 0; i < facts->n_facts; i++)
        for (unsigned c = 0; c < facts->n_counts; c++) {
            if (add_up(facts, reading, &facts->fact[i], c, &limits) != 0)
                return -ERANGE;
            keep_from_vanishing(facts, &facts->fact[i], c);
        }
    return 0;
}
