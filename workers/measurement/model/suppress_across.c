/* What lies in a place is cut for each organization by itself, as it would be within it
 * (suppress_relations.c), and then put together. Those who report for the same place are compared with the
 * same cuts. */
#include "suppress_across.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CUT_STEPS 20u /* to sort a reading, cut and add it up */

/* What one organization reports for a place, and nothing in it. */
struct lone {
    uint32_t place;    /* its number */
    uint32_t from, to; /* in order */
};

struct across {
    struct bb_relating *relating;
    struct lone *lone; /* by place */
    uint32_t n;
};

enum way {
    TOGETHER, /* all places that are no aggregates */
    UPPER,
    LOWER,
    WAYS,
};

static int
compare_lone(const void *a_pointer, const void *b_pointer)
{
    const struct lone *a = a_pointer, *b = b_pointer;

    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

static bool
is_top(const struct bb_order *order, const struct lone *lone)
{
    return lone->place == 0 ||
           (order->at[lone->from].reading->aggregate && order->places.above[lone->place] == 0);
}

static bool
has_places(const struct bb_order *order, uint32_t place)
{
    return order->places.end[place] > place + 1;
}

static int
find_lone(struct across *across)
{
    const struct bb_order *order = across->relating->order;

    across->lone = bb_arena_alloc(across->relating->arena, (order->n + 1) * sizeof *across->lone);
    if (!across->lone)
        return -EDQUOT;
    for (uint32_t from = 0, to, end; from < order->n; from = to) {
        to = bb_order_organization_end(order, from);
        for (; from < to; from = end) {
            struct lone lone = {.place = order->at[from].place, .from = from};
            lone.to = end = bb_order_place_end(order, from, to);
            if (bb_order_subtree_end(order, end - 1, to) == end &&
                (has_places(order, lone.place) || is_top(order, &lone)))
                across->lone[across->n++] = lone;
        }
    }
    qsort(across->lone, across->n, sizeof *across->lone, compare_lone);
    return 0;
}

/* The first reading of an organization, from `from` to `to`, in a place of this number or behind. */
static uint32_t
find_place(const struct bb_order *order, uint32_t from, uint32_t to, uint32_t place)
{
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (order->at[middle].place < place)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* What one organization, from `from` to `to`, reports in a place, added to the others'. */
static int
join(struct across *across, uint32_t from, uint32_t to, enum way way, struct bb_groups *all)
{
    struct bb_relating *relating = across->relating;
    struct bb_groups own;
    int r;

    if (from == to)
        return 0;
    r = bb_groups_make(relating->order, from, to, way == TOGETHER, relating->scratch, &own);
    if (r == 0 && way != TOGETHER)
        r = bb_groups_cut(relating->order, &own, way == UPPER ? BB_CUT_UPPER : BB_CUT_LOWER,
                          relating->scratch, &own);
    if (r != 0)
        return r;
    memcpy(all->reading + all->n_readings, own.reading, own.n_readings * sizeof *own.reading);
    all->n_readings += own.n_readings;
    bb_effort_spend(relating->facts->effort, CUT_STEPS * (to - from));
    return bb_effort_left(relating->facts->effort);
}

static int
join_all(struct across *across, uint32_t place, enum way way, struct bb_groups *ret_all)
{
    struct bb_relating *relating = across->relating;
    const struct bb_order *order = relating->order;
    uint32_t first = way == TOGETHER ? 1 : place + 1, end = order->places.end[way == TOGETHER ? 0 : place];
    struct bb_groups all = {.n = 0};
    int r = 0;

    all.reading = bb_arena_alloc(relating->scratch, (order->n + 1) * sizeof *all.reading);
    if (!all.reading)
        return -EDQUOT;
    for (uint32_t from = 0, to; r == 0 && from < order->n; from = to) {
        to = bb_order_organization_end(order, from);
        r = join(across, find_place(order, from, to, first), find_place(order, from, to, end), way, &all);
    }
    if (r == 0)
        r = bb_groups_sort(relating->scratch, &all);
    if (r == 0)
        *ret_all = all;
    return r;
}

static int
add_up(const struct bb_relating *relating, const struct bb_groups *groups, uint32_t group,
       struct bb_sum *ret_sum)
{
    const struct bb_group *of = &groups->group[group];
    struct bb_sum sum = {{0}};

    for (uint32_t i = of->first; i < of->first + of->n; i++)
        if (bb_sum_add(&sum, relating->order->at[groups->reading[i].at].reading->count[relating->count]) != 0)
            return -ERANGE;
    *ret_sum = sum;
    return 0;
}

static int
add_up_all(const struct bb_relating *relating, const struct bb_groups *groups, struct bb_sum **ret_sum)
{
    int r = 0;

    *ret_sum = bb_arena_alloc(relating->scratch, (groups->n + 1) * sizeof **ret_sum);
    if (!*ret_sum)
        return -EDQUOT;
    for (uint32_t i = 0; r == 0 && i < groups->n; i++)
        r = add_up(relating, groups, i, &(*ret_sum)[i]);
    return r;
}

/* sum: of each group of all. */
static int
relate_lone(struct bb_relating *relating, const struct lone *lone, const struct bb_groups *all,
            const struct bb_sum *sum)
{
    struct bb_groups here;
    struct bb_sum own;
    int r = bb_groups_make(relating->order, lone->from, lone->to, false, relating->scratch, &here);

    for (uint32_t i = 0; r == 0 && i < here.n; i++) {
        r = add_up(relating, &here, i, &own);
        for (uint32_t j = 0; r == 0 && j < all->n; j++)
            if (bb_sum_compare(&own, &sum[j]) == 0)
                r = bb_relate(relating, &here, i, all, j);
    }
    return r;
}

/* Those of one place. */
static int
relate_all(struct across *across, uint32_t from, uint32_t to, enum way way)
{
    struct bb_relating *relating = across->relating;
    struct bb_groups all;
    struct bb_sum *sum = NULL;
    int r = bb_relate_begin(relating, 2 * relating->order->n);

    if (r == 0)
        r = join_all(across, across->lone[from].place, way, &all);
    if (r == 0)
        r = add_up_all(relating, &all, &sum);
    for (uint32_t i = from; r == 0 && i < to; i++)
        r = relate_lone(relating, &across->lone[i], &all, sum);
    return r;
}

int
bb_relate_across(struct bb_relating *relating)
{
    struct across across = {.relating = relating};
    int r = find_lone(&across);

    for (uint32_t from = 0, to; r == 0 && from < across.n; from = to) {
        const struct lone *lone = &across.lone[from];
        for (to = from + 1; to < across.n && across.lone[to].place == lone->place;)
            to++;
        for (enum way way = TOGETHER; r == 0 && way < WAYS; way++)
            if (way == TOGETHER ? is_top(relating->order, lone) : has_places(relating->order, lone->place))
                r = relate_all(&across, from, to, way);
    }
    return r;
}
