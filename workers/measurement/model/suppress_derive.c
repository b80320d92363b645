/* A total has its parts in places that lie in its own, or else in its own place with more dimensions. So
 * nothing comes down to itself, and as each part has the codes of its total, and no two parts a place of
 * which one lies in the other and is an aggregate, nothing does so twice. */
#include "suppress_derive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN_STEPS 3u  /* to compare a margin */
#define SORT_STEPS   5u  /* to sort a reading */
#define CUT_STEPS    20u /* to sort one by dimensions, and cut twice */

struct deriving {
    const struct bb_order *order;
    struct bb_arena *arena, *scratch;
    struct bb_facts *facts;
    size_t n_parts, size_parts;
    uint32_t *candidate; /* numbers in order */
};

static bool
is_open(const struct deriving *deriving, uint32_t at)
{
    uint32_t cell = deriving->order->at[at].cell;

    return cell != BB_NO_CELL && deriving->facts->parts[cell].n == 0;
}

static int
grow_parts(struct deriving *deriving, size_t n)
{
    struct bb_facts *facts = deriving->facts;
    size_t size = deriving->size_parts ? deriving->size_parts : 64;
    uint32_t *grown;

    if (deriving->n_parts + n <= deriving->size_parts)
        return 0;
    while (size < deriving->n_parts + n)
        size *= 2;
    grown = bb_arena_alloc(deriving->arena, size * sizeof *grown);
    if (!grown)
        return -EDQUOT;
    if (deriving->n_parts)
        memcpy(grown, facts->part, deriving->n_parts * sizeof *grown);
    facts->part = grown;
    deriving->size_parts = size;
    return 0;
}

/* What the candidates add up to, is it the total? 1 yes | 0 no | -ERANGE */
static int
adds_up(const struct deriving *deriving, uint32_t total, uint32_t n)
{
    const struct bb_ordered *at = deriving->order->at;

    for (unsigned c = 0; c < deriving->facts->n_counts; c++) {
        struct bb_sum sum = {{0}};
        for (uint32_t i = 0; i < n; i++)
            if (bb_sum_add(&sum, at[deriving->candidate[i]].reading->count[c]) != 0)
                return -ERANGE;
        if (bb_sum_subtract(&sum, at[total].reading->count[c]) != 0)
            return -ERANGE;
        if (!bb_sum_is_zero(&sum))
            return 0;
    }
    return 1;
}

/* If the candidates are the total they become its parts. */
static int
try_parts(struct deriving *deriving, uint32_t total, uint32_t n)
{
    const struct bb_ordered *at = deriving->order->at;
    struct bb_facts *facts = deriving->facts;
    struct bb_run *run = &facts->parts[at[total].cell];
    int r = n ? adds_up(deriving, total, n) : 0;

    if (r != 1)
        return r;
    if (grow_parts(deriving, n) != 0)
        return -EDQUOT;
    *run = (struct bb_run){(uint32_t)deriving->n_parts, 0};
    for (uint32_t i = 0; i < n; i++)
        if (at[deriving->candidate[i]].cell != BB_NO_CELL)
            facts->part[run->first + run->n++] = at[deriving->candidate[i]].cell;
    deriving->n_parts += run->n;
    return 0;
}

/* From places */

struct coded {
    uint32_t disaggregation, at;
};

static int
compare_coded(const void *a_pointer, const void *b_pointer)
{
    const struct coded *a = a_pointer, *b = b_pointer;

    if (a->disaggregation != b->disaggregation)
        return a->disaggregation < b->disaggregation ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* The readings with this disaggregation become the candidates. Returns how many. */
static uint32_t
choose_coded(struct deriving *deriving, const struct coded *coded, uint32_t n, uint32_t disaggregation)
{
    uint32_t from = 0, to = n, found = 0;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (coded[middle].disaggregation < disaggregation)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < n && coded[from].disaggregation == disaggregation; from++)
        deriving->candidate[found++] = coded[from].at;
    return found;
}

/* The totals in order from `from` to `to`, from the same disaggregation of these readings. */
static int
derive_from(struct deriving *deriving, uint32_t from, uint32_t to, const struct bb_groups *groups)
{
    struct coded *coded = bb_arena_alloc(deriving->scratch, (groups->n_readings + 1) * sizeof *coded);
    int r = 0;

    if (!coded)
        return -EDQUOT;
    for (uint32_t i = 0; i < groups->n_readings; i++)
        coded[i] =
            (struct coded){deriving->order->at[groups->reading[i].at].disaggregation, groups->reading[i].at};
    bb_effort_spend(deriving->facts->effort, SORT_STEPS * groups->n_readings);
    qsort(coded, groups->n_readings, sizeof *coded, compare_coded);
    for (uint32_t i = from; r == 0 && i < to; i++)
        if (is_open(deriving, i))
            r = try_parts(
                deriving, i,
                choose_coded(deriving, coded, groups->n_readings, deriving->order->at[i].disaggregation));
    return r;
}

/* The readings of a place, from those up to `end` that lie in it. */
static int
derive_from_below(struct deriving *deriving, uint32_t from, uint32_t to, uint32_t end)
{
    static const enum bb_cut cuts[] = {BB_CUT_UPPER, BB_CUT_LOWER};
    struct bb_groups below, cut;
    int r;

    bb_effort_spend(deriving->facts->effort, CUT_STEPS * (end - to));
    r = bb_effort_left(deriving->facts->effort);
    if (r == 0)
        r = bb_groups_make(deriving->order, to, end, false, deriving->scratch, &below);
    for (unsigned i = 0; r == 0 && i < 2; i++) {
        r = bb_groups_cut(deriving->order, &below, cuts[i], deriving->scratch, &cut);
        if (r == 0)
            r = derive_from(deriving, from, to, &cut);
    }
    return r;
}

/* From codes */

/* Disaggregations in the same place that have the same codes, and the dimensions of the group. */
static int
derive_from_codes(struct deriving *deriving, uint32_t total, const struct bb_groups *groups,
                  const struct bb_group *group)
{
    const struct bb_ordered *at = deriving->order->at;
    const struct bb_parts *parts = deriving->order->parts, *whole = &parts[at[total].disaggregation];
    uint32_t margin[BB_DISAGGREGATION_PARTS], other[BB_DISAGGREGATION_PARTS], n = 0;

    bb_effort_spend(deriving->facts->effort, MARGIN_STEPS * group->n);
    bb_parts_margin(whole, whole->dimensions, margin);
    for (uint32_t i = group->first; i < group->first + group->n; i++) {
        bb_parts_margin(&parts[at[groups->reading[i].at].disaggregation], whole->dimensions, other);
        if (memcmp(margin, other, sizeof margin) == 0)
            deriving->candidate[n++] = groups->reading[i].at;
    }
    return try_parts(deriving, total, n);
}

/* The readings of a place. */
static int
derive_in_place(struct deriving *deriving, uint32_t from, uint32_t to)
{
    struct bb_groups groups;
    int r = bb_groups_make(deriving->order, from, to, false, deriving->scratch, &groups);

    for (uint32_t i = from; r == 0 && i < to; i++) {
        uint64_t own = deriving->order->parts[deriving->order->at[i].disaggregation].dimensions;
        bb_effort_spend(deriving->facts->effort, groups.n);
        for (uint32_t g = 0; r == 0 && is_open(deriving, i) && g < groups.n; g++)
            if (groups.group[g].dimensions != own && (own & ~groups.group[g].dimensions) == 0)
                r = derive_from_codes(deriving, i, &groups, &groups.group[g]);
        if (r == 0)
            r = bb_effort_left(deriving->facts->effort);
    }
    return r;
}

/* All */

/* The empty place from all that are no aggregates, as sums over places have it. */
static int
derive_whole(struct deriving *deriving, uint32_t from, uint32_t to, uint32_t end)
{
    struct bb_groups places;
    int r = bb_groups_make(deriving->order, to, end, true, deriving->scratch, &places);

    return r == 0 ? derive_from(deriving, from, to, &places) : r;
}

static int
derive_organization(struct deriving *deriving, uint32_t from, uint32_t to)
{
    const struct bb_order *order = deriving->order;
    int r = 0;

    bb_arena_reset(deriving->scratch);
    deriving->candidate = bb_arena_alloc(deriving->scratch, (to - from) * sizeof *deriving->candidate);
    if (!deriving->candidate)
        return -EDQUOT;
    for (uint32_t first = from, end; r == 0 && first < to; first = end) {
        const struct bb_ordered *place = &order->at[first];
        uint32_t below;
        end = bb_order_place_end(order, first, to);
        below = bb_order_subtree_end(order, end - 1, to);
        if (place->place == 0)
            r = derive_whole(deriving, first, end, to);
        if (r == 0 && below > end && (place->place == 0 || place->reading->aggregate))
            r = derive_from_below(deriving, first, end, below);
        if (r == 0)
            r = derive_in_place(deriving, first, end);
    }
    return r;
}

/* What has parts is no cell of its own any more. */
static void
drop_derived(struct bb_facts *facts)
{
    for (uint32_t i = 0; i < facts->n_cells; i++)
        for (unsigned c = 0; facts->parts[i].n && c < facts->n_counts; c++)
            facts->cell[i].counts[c] = false;
}

int
bb_derive(const struct bb_order *order, struct bb_arena *arena, struct bb_arena *scratch,
          struct bb_facts *facts)
{
    struct deriving deriving = {.order = order, .arena = arena, .scratch = scratch, .facts = facts};
    int r = 0;

    facts->parts = bb_arena_alloc(arena, (facts->n_cells + 1) * sizeof *facts->parts);
    if (!facts->parts)
        return -EDQUOT;
    memset(facts->parts, 0, (facts->n_cells + 1) * sizeof *facts->parts);
    for (uint32_t from = 0, to; r == 0 && from < order->n; from = to) {
        to = bb_order_organization_end(order, from);
        r = derive_organization(&deriving, from, to);
    }
    if (r == 0)
        drop_derived(facts);
    return r;
}
