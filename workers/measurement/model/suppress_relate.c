#include "suppress_relate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_STEPS    10u /* to make an entry, and sort it */
#define EXPANDED_STEPS 8u  /* to sort a cell */
#define LATELY         300u

static void *
grow(struct bb_arena *arena, const void *old, size_t used, size_t *size, size_t bytes)
{
    size_t larger = *size ? *size * 2 : 8;
    void *grown = bb_arena_alloc(arena, larger * bytes);

    if (!grown)
        return NULL;
    if (used)
        memcpy(grown, old, used * bytes);
    *size = larger;
    return grown;
}

static int
compare_members(const void *a_pointer, const void *b_pointer)
{
    const uint32_t *a = a_pointer, *b = b_pointer;

    return (*a > *b) - (*a < *b);
}

/* The cells that both sides come down to, without those that are on both. Returns how many, at expanded. */
static size_t
expand(struct bb_relating *relating, const struct bb_relating_entry *entry, size_t n)
{
    const struct bb_facts *facts = relating->facts;
    uint32_t *to = relating->expanded;
    size_t n_all = 0, n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t cell = relating->order->at[entry[i].reading].cell, more;
        if (cell == BB_NO_CELL)
            continue;
        more = bb_cell_bases(facts, cell, to + n_all);
        for (; more; more--, n_all++)
            to[n_all] = to[n_all] * 2 + (entry[i].side != 0);
    }
    bb_effort_spend(facts->effort, EXPANDED_STEPS * n_all);
    qsort(to, n_all, sizeof *to, compare_members);
    for (size_t i = 0; i < n_all; i++) {
        if (i + 1 < n_all && to[i] / 2 == to[i + 1] / 2)
            i++;
        else if (facts->cell[to[i] / 2].counts[relating->count])
            to[n_kept++] = to[i];
    }
    return n_kept;
}

/* Is it the same as one that was found lately? The ways to add up what lies in a place often come to the
 * same. */
static bool
is_known(const struct bb_relating *relating, size_t n)
{
    const struct bb_facts *facts = relating->facts;
    unsigned c = relating->count;
    uint32_t at = facts->n_relations[c], least = at > LATELY ? at - LATELY : 0;

    while (at-- > least) {
        const struct bb_run *run = &facts->relation[c][at];
        if (run->n == n &&
            memcmp(facts->related[c] + run->first, relating->expanded, n * sizeof *relating->expanded) == 0)
            return true;
    }
    return false;
}

static int
add_members(struct bb_relating *relating, size_t n)
{
    struct bb_facts *facts = relating->facts;
    unsigned c = relating->count;

    while (relating->n_members + n > relating->size_members) {
        uint32_t *grown = grow(relating->arena, facts->related[c], relating->n_members,
                               &relating->size_members, sizeof *grown);
        if (!grown)
            return -EDQUOT;
        facts->related[c] = grown;
    }
    memcpy(facts->related[c] + relating->n_members, relating->expanded, n * sizeof *relating->expanded);
    relating->n_members += n;
    return 0;
}

static int
add_relation(struct bb_relating *relating, const struct bb_relating_entry *entry, size_t n)
{
    struct bb_facts *facts = relating->facts;
    unsigned c = relating->count;
    uint32_t first = (uint32_t)relating->n_members;
    struct bb_run *grown;
    size_t n_members = expand(relating, entry, n);

    if (n_members == 0 || is_known(relating, n_members))
        return 0;
    if (add_members(relating, n_members) != 0)
        return -EDQUOT;
    if (facts->n_relations[c] == relating->size_relations) {
        grown = grow(relating->arena, facts->relation[c], relating->size_relations, &relating->size_relations,
                     sizeof *grown);
        if (!grown)
            return -EDQUOT;
        facts->relation[c] = grown;
    }
    facts->relation[c][facts->n_relations[c]++] = (struct bb_run){first, (uint32_t)n_members};
    return 0;
}

/* Entries with the same margin. Do both sides have some, and the same sum? */
static int
compare_sides(struct bb_relating *relating, const struct bb_relating_entry *entry, size_t n)
{
    struct bb_sum difference = {{0}};
    bool side[2] = {false, false};

    for (size_t i = 0; i < n; i++) {
        struct bb_decimal count = relating->order->at[entry[i].reading].reading->count[relating->count];
        int r = entry[i].side ? bb_sum_subtract(&difference, count) : bb_sum_add(&difference, count);
        if (r != 0)
            return -ERANGE;
        side[entry[i].side] = true;
    }
    return side[0] && side[1] && bb_sum_is_zero(&difference) ? add_relation(relating, entry, n) : 0;
}

static void
gather(struct bb_relating *relating, const struct bb_groups *groups, uint32_t group, uint64_t common,
       uint32_t side)
{
    const struct bb_group *of = &groups->group[group];

    for (uint32_t i = of->first; i < of->first + of->n; i++) {
        struct bb_relating_entry *entry = &relating->entry[relating->n_entries++];
        uint32_t reading = groups->reading[i].at;
        bb_parts_margin(&relating->order->parts[relating->order->at[reading].disaggregation], common,
                        entry->margin);
        entry->side = side;
        entry->reading = reading;
    }
}

static int
compare_entries(const void *a_pointer, const void *b_pointer)
{
    const struct bb_relating_entry *a = a_pointer, *b = b_pointer;
    int order = memcmp(a->margin, b->margin, sizeof a->margin);

    if (order == 0)
        order = (a->side > b->side) - (a->side < b->side);
    return order ? order : (a->reading > b->reading) - (a->reading < b->reading);
}

/* By the codes of these dimensions, which are common to both. */
static int
relate_by(struct bb_relating *relating, const struct bb_groups *a, uint32_t group_a,
          const struct bb_groups *b, uint32_t group_b, uint64_t common)
{
    const struct bb_relating_entry *entry = relating->entry;
    int r;

    relating->n_entries = 0;
    gather(relating, a, group_a, common, 0);
    gather(relating, b, group_b, common, 1);
    bb_effort_spend(relating->facts->effort, ENTRY_STEPS * relating->n_entries);
    r = bb_effort_left(relating->facts->effort);
    if (r != 0)
        return r;
    qsort(relating->entry, relating->n_entries, sizeof *entry, compare_entries);
    for (size_t from = 0, to; r == 0 && from < relating->n_entries; from = to) {
        for (to = from + 1; to < relating->n_entries &&
                            memcmp(entry[from].margin, entry[to].margin, sizeof entry->margin) == 0;)
            to++;
        r = compare_sides(relating, entry + from, to - from);
    }
    return r;
}

/* By all that is common to them, and by less: totals may agree where codes do not. */
int
bb_relate(struct bb_relating *relating, const struct bb_groups *a, uint32_t group_a,
          const struct bb_groups *b, uint32_t group_b)
{
    uint64_t all = a->group[group_a].dimensions & b->group[group_b].dimensions, common = all;
    int r;

    do {
        r = relate_by(relating, a, group_a, b, group_b, common);
        common = (common - 1) & all;
    } while (r == 0 && common != all);
    return r;
}

int
bb_relate_within(struct bb_relating *relating, const struct bb_groups *groups)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < groups->n; i++)
        for (uint32_t j = i + 1; r == 0 && j < groups->n; j++)
            r = bb_relate(relating, groups, i, groups, j);
    return r;
}

int
bb_relate_between(struct bb_relating *relating, const struct bb_groups *a, const struct bb_groups *b)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < a->n; i++)
        for (uint32_t j = 0; r == 0 && j < b->n; j++)
            r = bb_relate(relating, a, i, b, j);
    return r;
}

int
bb_relate_begin(struct bb_relating *relating, uint32_t most)
{
    bb_arena_reset(relating->scratch);
    relating->entry = bb_arena_alloc(relating->scratch, ((size_t)most + 1) * sizeof *relating->entry);
    relating->expanded = bb_arena_alloc(relating->scratch, ((size_t)most + 1) * sizeof *relating->expanded);
    return relating->entry && relating->expanded ? 0 : -EDQUOT;
}
