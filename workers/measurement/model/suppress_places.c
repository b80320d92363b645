#include "suppress_places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* While places have no numbers yet: by their ids. */
struct tree {
    uint32_t *id, n;
    uint32_t *above; /* index; of the empty place, which is first, 0 */
    uint32_t *depth, *size;
    uint32_t deepest;
};

static int
compare_ids(const void *a_pointer, const void *b_pointer)
{
    const uint32_t *a = a_pointer, *b = b_pointer;

    return (*a > *b) - (*a < *b);
}

static int
gather_ids(const struct bb_suppress_table *table, struct bb_arena *arena, struct tree *tree)
{
    uint32_t n = 1;

    tree->id = bb_arena_alloc(arena, (table->n_readings + 2 * table->n_places + 1) * sizeof *tree->id);
    if (!tree->id)
        return -EDQUOT;
    tree->id[0] = 0;
    for (size_t i = 0; i < table->n_readings; i++) /* mostly they stand together */
        if (table->reading[i].place != tree->id[n - 1])
            tree->id[n++] = table->reading[i].place;
    for (size_t i = 0; i < table->n_places; i++) {
        tree->id[n++] = table->place[i].id;
        tree->id[n++] = table->place[i].above;
    }
    qsort(tree->id, n, sizeof *tree->id, compare_ids);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || tree->id[i] != tree->id[tree->n - 1])
            tree->id[tree->n++] = tree->id[i];
    return 0;
}

static uint32_t
find(const uint32_t *id, uint32_t n, uint32_t wanted)
{
    uint32_t from = 0, to = n;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (id[middle] < wanted)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* How far below the empty place; 0: too far. */
static uint32_t
measure(const struct tree *tree, uint32_t at)
{
    uint32_t depth = 0;

    for (; at && depth < BB_PLACES_DEEP; depth++)
        at = tree->above[at];
    return at ? 0 : depth;
}

static int
grow_tree(const struct bb_suppress_table *table, struct bb_arena *arena, struct tree *tree)
{
    tree->above = bb_arena_alloc(arena, tree->n * sizeof *tree->above);
    tree->depth = bb_arena_alloc(arena, tree->n * sizeof *tree->depth);
    tree->size = bb_arena_alloc(arena, tree->n * sizeof *tree->size);
    if (!tree->above || !tree->depth || !tree->size)
        return -EDQUOT;
    memset(tree->above, 0, tree->n * sizeof *tree->above);
    for (size_t i = 0; i < table->n_places; i++)
        if (table->place[i].id)
            tree->above[find(tree->id, tree->n, table->place[i].id)] =
                find(tree->id, tree->n, table->place[i].above);
    for (uint32_t i = 0; i < tree->n; i++)
        tree->depth[i] = measure(tree, i);
    for (uint32_t i = 1; i < tree->n; i++)
        if (tree->depth[i] == 0)
            tree->above[i] = 0;
    memset(tree->size, 0, tree->n * sizeof *tree->size);
    for (uint32_t i = 0; i < tree->n; i++) {
        tree->depth[i] = measure(tree, i);
        if (tree->depth[i] > tree->deepest)
            tree->deepest = tree->depth[i];
        for (uint32_t at = i; at; at = tree->above[at])
            tree->size[at]++;
    }
    tree->size[0] = tree->n;
    return 0;
}

/* From above to below, so that each finds the number of the one that it lies in. */
static int
give_numbers(const struct tree *tree, struct bb_arena *arena, struct bb_places *ret_places)
{
    uint32_t *number = bb_arena_alloc(arena, tree->n * sizeof *number);
    uint32_t *next = bb_arena_alloc(arena, tree->n * sizeof *next);
    uint32_t *end = bb_arena_alloc(arena, tree->n * sizeof *end);
    uint32_t *above = bb_arena_alloc(arena, tree->n * sizeof *above);

    if (!number || !next || !end || !above)
        return -EDQUOT;
    number[0] = above[0] = 0;
    next[0] = 1;
    end[0] = tree->n;
    for (uint32_t depth = 1; depth <= tree->deepest; depth++)
        for (uint32_t i = 1; i < tree->n; i++) {
            if (tree->depth[i] != depth)
                continue;
            number[i] = next[tree->above[i]];
            next[tree->above[i]] += tree->size[i];
            next[i] = number[i] + 1;
            end[number[i]] = number[i] + tree->size[i];
            above[number[i]] = number[tree->above[i]];
        }
    *ret_places = (struct bb_places){tree->id, number, tree->n, end, above};
    return 0;
}

int
bb_places_read(const struct bb_suppress_table *table, struct bb_arena *arena, struct bb_places *ret_places)
{
    struct tree tree = {.n = 0};
    int r = gather_ids(table, arena, &tree);

    if (r == 0)
        r = grow_tree(table, arena, &tree);
    return r == 0 ? give_numbers(&tree, arena, ret_places) : r;
}

uint32_t
bb_place_number(const struct bb_places *places, uint32_t id)
{
    return places->number[find(places->id, places->n, id)];
}
