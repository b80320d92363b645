/* A table is what one organization reports in one place, or in all places but the empty one and aggregates
 * together, or in a cut through what lies in a place (suppress_groups.h). Two tables that may stand for the
 * same number are compared:
 *
 *     each place                                with itself, and with both cuts below it
 *     all places that are no aggregates         with itself, the empty place, and both cuts below that
 *     an aggregate that lies in no other place  with the empty place, and all that are no aggregates
 *
 * Of two tables each two sets of dimensions have what is common to them as their margins: age;sex and sex
 * have sex, age and the total (no dimension) have the total. For each code of the common dimensions the sums
 * on both sides are compared. What says nothing any more, with totals taken to be their parts, is left out.
 */
#include "suppress_relations.h"

#include "suppress_groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_STEPS    10u /* to make an entry, and sort it */
#define EXPANDED_STEPS 8u  /* to sort a cell */
#define CUT_STEPS      20u /* to sort a reading, and cut twice */

struct entry {
    uint32_t margin[BB_DISAGGREGATION_PARTS];
    uint32_t side; /* 0, 1 */
    uint32_t reading;
};

struct finding {
    const struct bb_order *order;
    unsigned count;
    struct bb_arena *arena, *scratch;
    struct bb_facts *facts;
    struct entry *entry; /* room for all readings of the organization, twice */
    uint32_t *expanded;  /* and for its cells */
    size_t n_entries;
    size_t n_members, size_members, size_relations;
};

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
expand(struct finding *finding, const struct entry *entry, size_t n)
{
    const struct bb_facts *facts = finding->facts;
    uint32_t *to = finding->expanded;
    size_t n_all = 0, n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t cell = finding->order->at[entry[i].reading].cell, more;
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
        else if (facts->cell[to[i] / 2].counts[finding->count])
            to[n_kept++] = to[i];
    }
    return n_kept;
}

static int
add_members(struct finding *finding, size_t n)
{
    struct bb_facts *facts = finding->facts;
    unsigned c = finding->count;

    while (finding->n_members + n > finding->size_members) {
        uint32_t *grown = grow(finding->arena, facts->related[c], finding->n_members, &finding->size_members,
                               sizeof *grown);
        if (!grown)
            return -EDQUOT;
        facts->related[c] = grown;
    }
    memcpy(facts->related[c] + finding->n_members, finding->expanded, n * sizeof *finding->expanded);
    finding->n_members += n;
    return 0;
}

static int
add_relation(struct finding *finding, const struct entry *entry, size_t n)
{
    struct bb_facts *facts = finding->facts;
    unsigned c = finding->count;
    uint32_t first = (uint32_t)finding->n_members;
    struct bb_run *grown;
    size_t n_members = expand(finding, entry, n);

    if (n_members == 0)
        return 0;
    if (add_members(finding, n_members) != 0)
        return -EDQUOT;
    if (facts->n_relations[c] == finding->size_relations) {
        grown = grow(finding->arena, facts->relation[c], finding->size_relations, &finding->size_relations,
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
compare_sides(struct finding *finding, const struct entry *entry, size_t n)
{
    struct bb_sum difference = {{0}};
    bool side[2] = {false, false};

    for (size_t i = 0; i < n; i++) {
        struct bb_decimal count = finding->order->at[entry[i].reading].reading->count[finding->count];
        int r = entry[i].side ? bb_sum_subtract(&difference, count) : bb_sum_add(&difference, count);
        if (r != 0)
            return -ERANGE;
        side[entry[i].side] = true;
    }
    return side[0] && side[1] && bb_sum_is_zero(&difference) ? add_relation(finding, entry, n) : 0;
}

static void
gather(struct finding *finding, const struct bb_groups *groups, uint32_t group, uint64_t common,
       uint32_t side)
{
    const struct bb_group *of = &groups->group[group];

    for (uint32_t i = of->first; i < of->first + of->n; i++) {
        struct entry *entry = &finding->entry[finding->n_entries++];
        uint32_t reading = groups->reading[i].at;
        bb_parts_margin(&finding->order->parts[finding->order->at[reading].disaggregation], common,
                        entry->margin);
        entry->side = side;
        entry->reading = reading;
    }
}

static int
compare_entries(const void *a_pointer, const void *b_pointer)
{
    const struct entry *a = a_pointer, *b = b_pointer;
    int order = memcmp(a->margin, b->margin, sizeof a->margin);

    if (order == 0)
        order = (a->side > b->side) - (a->side < b->side);
    return order ? order : (a->reading > b->reading) - (a->reading < b->reading);
}

/* By the codes of these dimensions, which are common to both. */
static int
relate_by(struct finding *finding, const struct bb_groups *a, uint32_t group_a, const struct bb_groups *b,
          uint32_t group_b, uint64_t common)
{
    const struct entry *entry = finding->entry;
    int r;

    finding->n_entries = 0;
    gather(finding, a, group_a, common, 0);
    gather(finding, b, group_b, common, 1);
    bb_effort_spend(finding->facts->effort, ENTRY_STEPS * finding->n_entries);
    r = bb_effort_left(finding->facts->effort);
    if (r != 0)
        return r;
    qsort(finding->entry, finding->n_entries, sizeof *entry, compare_entries);
    for (size_t from = 0, to; r == 0 && from < finding->n_entries; from = to) {
        for (to = from + 1; to < finding->n_entries &&
                            memcmp(entry[from].margin, entry[to].margin, sizeof entry->margin) == 0;)
            to++;
        r = compare_sides(finding, entry + from, to - from);
    }
    return r;
}

/* By all that is common to them, and by less: totals may agree where codes do not. */
static int
relate(struct finding *finding, const struct bb_groups *a, uint32_t group_a, const struct bb_groups *b,
       uint32_t group_b)
{
    uint64_t all = a->group[group_a].dimensions & b->group[group_b].dimensions, common = all;
    int r;

    do {
        r = relate_by(finding, a, group_a, b, group_b, common);
        common = (common - 1) & all;
    } while (r == 0 && common != all);
    return r;
}

static int
relate_within(struct finding *finding, const struct bb_groups *groups)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < groups->n; i++)
        for (uint32_t j = i + 1; r == 0 && j < groups->n; j++)
            r = relate(finding, groups, i, groups, j);
    return r;
}

static int
relate_between(struct finding *finding, const struct bb_groups *a, const struct bb_groups *b)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < a->n; i++)
        for (uint32_t j = 0; r == 0 && j < b->n; j++)
            r = relate(finding, a, i, b, j);
    return r;
}

/* With both cuts through what stands in order from `from` to `to`. done: was compared
 * already; may be NULL. */
static int
relate_cuts(struct finding *finding, const struct bb_groups *with, uint32_t from, uint32_t to,
            const struct bb_groups *done)
{
    struct bb_groups below, upper, lower;
    int r;

    if (from == to)
        return 0;
    bb_effort_spend(finding->facts->effort, CUT_STEPS * (to - from));
    r = bb_effort_left(finding->facts->effort);
    if (r == 0)
        r = bb_groups_make(finding->order, from, to, false, finding->scratch, &below);
    if (r == 0)
        r = bb_groups_cut(finding->order, &below, BB_CUT_UPPER, finding->scratch, &upper);
    if (r == 0)
        r = bb_groups_cut(finding->order, &below, BB_CUT_LOWER, finding->scratch, &lower);
    if (r == 0 && !(done && bb_groups_same(done, &upper)))
        r = relate_between(finding, with, &upper);
    if (r == 0 && !(done && bb_groups_same(done, &lower)) && !bb_groups_same(&upper, &lower))
        r = relate_between(finding, with, &lower);
    return r;
}

/* What one organization reports; the empty place comes first, and may have nothing. */
struct reported {
    uint32_t from, to;
    struct bb_groups whole; /* the empty place */
    uint32_t behind;        /* where the others begin */
    struct bb_groups parts; /* of the others those that are no aggregates */
};

static int
relate_place(struct finding *finding, const struct reported *reported, uint32_t from, uint32_t to)
{
    const struct bb_ordered *place = &finding->order->at[from];
    struct bb_groups here;
    int r = bb_groups_make(finding->order, from, to, false, finding->scratch, &here);

    if (r == 0)
        r = relate_within(finding, &here);
    if (r == 0)
        r = relate_cuts(finding, &here, to, bb_order_subtree_end(finding->order, to - 1, reported->to), NULL);
    if (r != 0 || !place->reading->aggregate || finding->order->places.above[place->place] != 0)
        return r;
    r = relate_between(finding, &reported->whole, &here);
    return r == 0 ? relate_between(finding, &here, &reported->parts) : r;
}

static int
relate_organization(struct finding *finding, uint32_t from, uint32_t to)
{
    struct reported reported = {.from = from, .to = to, .behind = from};
    size_t most = 2 * (size_t)(to - from);
    int r;

    bb_arena_reset(finding->scratch);
    finding->entry = bb_arena_alloc(finding->scratch, most * sizeof *finding->entry);
    finding->expanded = bb_arena_alloc(finding->scratch, most * sizeof *finding->expanded);
    if (!finding->entry || !finding->expanded)
        return -EDQUOT;
    if (finding->order->at[from].place == 0)
        reported.behind = bb_order_place_end(finding->order, from, to);
    r = bb_groups_make(finding->order, from, reported.behind, false, finding->scratch, &reported.whole);
    if (r == 0)
        r = bb_groups_make(finding->order, reported.behind, to, true, finding->scratch, &reported.parts);
    if (r == 0)
        r = relate_within(finding, &reported.whole);
    if (r == 0)
        r = relate_within(finding, &reported.parts);
    if (r == 0)
        r = relate_between(finding, &reported.whole, &reported.parts);
    if (r == 0)
        r = relate_cuts(finding, &reported.whole, reported.behind, to, &reported.parts);
    if (r == 0)
        r = relate_cuts(finding, &reported.parts, reported.behind, to, &reported.parts);
    for (uint32_t first = reported.behind, end; r == 0 && first < to; first = end) {
        end = bb_order_place_end(finding->order, first, to);
        r = relate_place(finding, &reported, first, end);
    }
    return r;
}

int
bb_relations_find(const struct bb_order *order, unsigned count, struct bb_arena *arena,
                  struct bb_arena *scratch, struct bb_facts *facts)
{
    struct finding finding = {
        .order = order, .count = count, .arena = arena, .scratch = scratch, .facts = facts};
    int r = 0;

    for (uint32_t from = 0, to; r == 0 && from < order->n; from = to) {
        to = bb_order_organization_end(order, from);
        r = relate_organization(&finding, from, to);
    }
    return r;
}
