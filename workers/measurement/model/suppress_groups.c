#include "suppress_groups.h"

#include <errno.h>
#include <stdlib.h>

static int
compare_readings(const void *a_pointer, const void *b_pointer)
{
    const struct bb_grouped_reading *a = a_pointer, *b = b_pointer;

    if (a->dimensions != b->dimensions)
        return a->dimensions < b->dimensions ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Readings stand in order: find where each group begins. */
static int
find_groups(struct bb_arena *arena, struct bb_groups *groups)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < groups->n_readings; i++)
        n += i == 0 || groups->reading[i].dimensions != groups->reading[i - 1].dimensions;
    groups->group = bb_arena_alloc(arena, (n + 1) * sizeof *groups->group);
    if (!groups->group)
        return -EDQUOT;
    for (uint32_t i = 0; i < groups->n_readings; i++) {
        if (i == 0 || groups->reading[i].dimensions != groups->reading[i - 1].dimensions)
            groups->group[groups->n++] =
                (struct bb_group){.dimensions = groups->reading[i].dimensions, .first = i};
        groups->group[groups->n - 1].n++;
    }
    return 0;
}

int
bb_groups_sort(struct bb_arena *arena, struct bb_groups *groups)
{
    qsort(groups->reading, groups->n_readings, sizeof *groups->reading, compare_readings);
    return find_groups(arena, groups);
}

int
bb_groups_make(const struct bb_order *order, uint32_t from, uint32_t to, bool without_aggregates,
               struct bb_arena *arena, struct bb_groups *ret_groups)
{
    struct bb_groups groups = {.n = 0};
    int r;

    groups.reading = bb_arena_alloc(arena, (to - from + 1) * sizeof *groups.reading);
    if (!groups.reading)
        return -EDQUOT;
    for (uint32_t i = from; i < to; i++)
        if (!without_aggregates || !order->at[i].reading->aggregate)
            groups.reading[groups.n_readings++] =
                (struct bb_grouped_reading){order->parts[order->at[i].disaggregation].dimensions, i};
    r = bb_groups_sort(arena, &groups);
    if (r == 0)
        *ret_groups = groups;
    return r;
}

/* Readings of a group, by place: nothing above this one, beside others of the same place? limit: where what
 * lies in the last one ends. */
static bool
is_upper(const struct bb_places *places, uint32_t place, uint32_t *last, uint32_t *limit)
{
    if (place != *last && place < *limit)
        return false;
    *last = place;
    *limit = places->end[place];
    return true;
}

/* Is something of the group in this one? The next place is the first that may be. */
static bool
is_above(const struct bb_order *order, const struct bb_groups *groups, const struct bb_group *group,
         uint32_t i)
{
    uint32_t place = order->at[groups->reading[i].at].place;

    for (i++; i < group->first + group->n; i++) {
        uint32_t next = order->at[groups->reading[i].at].place;
        if (next != place)
            return next < order->places.end[place];
    }
    return false;
}

static void
cut_group(const struct bb_order *order, const struct bb_groups *groups, const struct bb_group *group,
          enum bb_cut cut, struct bb_groups *to)
{
    uint32_t last = UINT32_MAX, limit = 0;
    bool above = false;

    for (uint32_t i = group->first; i < group->first + group->n; i++) {
        const struct bb_ordered *ordered = &order->at[groups->reading[i].at];
        bool in;
        if (cut == BB_CUT_UPPER) {
            in = is_upper(&order->places, ordered->place, &last, &limit);
        } else {
            if (ordered->place != last)
                above = is_above(order, groups, group, i);
            last = ordered->place;
            in = !above || !ordered->reading->aggregate;
        }
        if (in)
            to->reading[to->n_readings++] = groups->reading[i];
    }
}

int
bb_groups_cut(const struct bb_order *order, const struct bb_groups *groups, enum bb_cut cut,
              struct bb_arena *arena, struct bb_groups *ret_groups)
{
    struct bb_groups made = {.n = 0};
    int r;

    made.reading = bb_arena_alloc(arena, (groups->n_readings + 1) * sizeof *made.reading);
    if (!made.reading)
        return -EDQUOT;
    for (uint32_t i = 0; i < groups->n; i++)
        cut_group(order, groups, &groups->group[i], cut, &made);
    r = find_groups(arena, &made);
    if (r == 0)
        *ret_groups = made;
    return r;
}

bool
bb_groups_same(const struct bb_groups *a, const struct bb_groups *b)
{
    if (a->n_readings != b->n_readings)
        return false;
    for (uint32_t i = 0; i < a->n_readings; i++)
        if (a->reading[i].at != b->reading[i].at)
            return false;
    return true;
}
