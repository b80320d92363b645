/* A table is what one organization reports in one place, or in all places but the empty one and aggregates
 * together. Within a table, each two sets of dimensions have what is common to them as their margins: age;sex
 * and sex have sex, age and the total (no dimension) have the total. For each code of the common dimensions
 * the sums on both sides are compared. Between the table of the empty place and that of the others each two
 * sets are compared so, also a set with itself.
 *
 * Most of what comes true is a single total beside its parts. That is not kept as a relation: the total is
 * taken to be its parts. What then says nothing any more is left out. */
#include "suppress_relations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_STEPS    10u /* to make an entry, and sort it */
#define MARGIN_STEPS   3u  /* to compare a margin */
#define EXPANDED_STEPS 8u  /* to sort a cell */

struct entry {
    uint32_t margin[BB_DISAGGREGATION_PARTS];
    uint32_t side; /* 0, 1 */
    uint32_t reading;
};

struct finding {
    const struct bb_ordered *order;
    const struct bb_parts *parts;
    unsigned count;
    struct bb_arena *arena;
    struct bb_facts *facts;
    struct entry *entry; /* room for all readings, twice */
    uint32_t *expanded;  /* room for all cells, twice */
    size_t n_entries;
    size_t n_members, size_members, size_relations;
};

/* Readings with the same dimensions. */
struct group {
    uint64_t dimensions;
    uint32_t first, n;
};

struct sorted {
    uint64_t dimensions;
    uint32_t reading;
};

/* Readings of one organization: those in places from `from` to `to`, by their dimensions. */
struct table {
    uint32_t from, to;
    bool skip_aggregates;
    struct sorted *reading;
    uint32_t n_readings;
    struct group *group;
    uint32_t n;
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
        uint32_t cell = finding->order[entry[i].reading].cell, more;
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
        struct bb_decimal count = finding->order[entry[i].reading].reading->count[finding->count];
        int r = entry[i].side ? bb_sum_subtract(&difference, count) : bb_sum_add(&difference, count);
        if (r != 0)
            return -ERANGE;
        side[entry[i].side] = true;
    }
    return side[0] && side[1] && bb_sum_is_zero(&difference) ? add_relation(finding, entry, n) : 0;
}

static void
gather(struct finding *finding, const struct table *table, uint32_t group, uint64_t common, uint32_t side)
{
    const struct sorted *sorted = table->reading + table->group[group].first;

    for (uint32_t i = 0; i < table->group[group].n; i++) {
        struct entry *entry = &finding->entry[finding->n_entries++];
        bb_parts_margin(&finding->parts[finding->order[sorted[i].reading].disaggregation], common,
                        entry->margin);
        entry->side = side;
        entry->reading = sorted[i].reading;
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
relate_by(struct finding *finding, const struct table *a, uint32_t group_a, const struct table *b,
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
relate(struct finding *finding, const struct table *a, uint32_t group_a, const struct table *b,
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
compare_sorted(const void *a_pointer, const void *b_pointer)
{
    const struct sorted *a = a_pointer, *b = b_pointer;

    if (a->dimensions != b->dimensions)
        return a->dimensions < b->dimensions ? -1 : 1;
    return (a->reading > b->reading) - (a->reading < b->reading);
}

static int
make_groups(struct finding *finding, struct table *table)
{
    uint32_t most = table->to - table->from;

    table->reading = bb_arena_alloc(finding->arena, (most + 1) * sizeof *table->reading);
    table->group = bb_arena_alloc(finding->arena, (most + 1) * sizeof *table->group);
    if (!table->reading || !table->group)
        return -EDQUOT;
    for (uint32_t i = table->from; i < table->to; i++)
        if (!table->skip_aggregates || !finding->order[i].reading->aggregate)
            table->reading[table->n_readings++] =
                (struct sorted){finding->parts[finding->order[i].disaggregation].dimensions, i};
    qsort(table->reading, table->n_readings, sizeof *table->reading, compare_sorted);
    for (uint32_t i = 0; i < table->n_readings; i++) {
        if (i == 0 || table->reading[i].dimensions != table->reading[i - 1].dimensions)
            table->group[table->n++] = (struct group){.dimensions = table->reading[i].dimensions, .first = i};
        table->group[table->n - 1].n++;
    }
    return 0;
}

static int
relate_within(struct finding *finding, struct table *table)
{
    int r = make_groups(finding, table);

    for (uint32_t i = 0; r == 0 && i < table->n; i++)
        for (uint32_t j = i + 1; r == 0 && j < table->n; j++)
            r = relate(finding, table, i, table, j);
    return r;
}

static int
relate_between(struct finding *finding, const struct table *whole, const struct table *places)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < whole->n; i++)
        for (uint32_t j = 0; r == 0 && j < places->n; j++)
            r = relate(finding, whole, i, places, j);
    return r;
}

/* What one organization reports: the empty place comes first. */
static int
relate_organization(struct finding *finding, uint32_t from, uint32_t to)
{
    struct table whole = {.from = from, .to = from}, places;
    int r = 0;

    while (whole.to < to && finding->order[whole.to].reading->place == 0)
        whole.to++;
    places = (struct table){.from = whole.to, .to = to, .skip_aggregates = true};
    for (uint32_t first = whole.to, end; r == 0 && first < to; first = end) {
        struct table one = {.from = first};
        for (end = first + 1;
             end < to && finding->order[end].reading->place == finding->order[first].reading->place;)
            end++;
        one.to = end;
        r = relate_within(finding, &one);
    }
    if (r == 0)
        r = relate_within(finding, &whole);
    if (r == 0)
        r = relate_within(finding, &places);
    return r == 0 ? relate_between(finding, &whole, &places) : r;
}

int
bb_relations_find(const struct bb_ordered *order, size_t n, const struct bb_parts *parts, unsigned count,
                  struct bb_arena *arena, struct bb_facts *facts)
{
    struct finding finding = {.order = order, .parts = parts, .count = count, .arena = arena, .facts = facts};
    int r = 0;

    finding.entry = bb_arena_alloc(arena, (2 * n + 1) * sizeof *finding.entry);
    finding.expanded = bb_arena_alloc(arena, (2 * n + 1) * sizeof *finding.expanded);
    if (!finding.entry || !finding.expanded)
        return -EDQUOT;
    for (uint32_t from = 0, to; r == 0 && from < n; from = to) {
        for (to = from + 1; to < n && order[to].reading->organization == order[from].reading->organization;)
            to++;
        r = relate_organization(&finding, from, to);
    }
    return r;
}

/* Cells that are sums */

struct deriving {
    const struct bb_ordered *order;
    const struct bb_parts *parts;
    struct bb_arena *arena;
    struct bb_facts *facts;
    uint32_t *candidate; /* readings */
    size_t n_parts, size_parts;
};

/* What the candidates add up to, is it the total? Then they become its parts. */
static int
try_parts(struct deriving *deriving, uint32_t total, uint32_t n, bool *ret_done)
{
    struct bb_facts *facts = deriving->facts;
    struct bb_run *run = &facts->parts[deriving->order[total].cell];

    for (unsigned c = 0; c < facts->n_counts; c++) {
        struct bb_sum sum = {{0}};
        for (uint32_t i = 0; i < n; i++)
            if (bb_sum_add(&sum, deriving->order[deriving->candidate[i]].reading->count[c]) != 0)
                return -ERANGE;
        if (bb_sum_subtract(&sum, deriving->order[total].reading->count[c]) != 0)
            return -ERANGE;
        if (!bb_sum_is_zero(&sum))
            return 0;
    }
    while (deriving->n_parts + n > deriving->size_parts) {
        facts->part =
            grow(deriving->arena, facts->part, deriving->n_parts, &deriving->size_parts, sizeof *facts->part);
        if (!facts->part)
            return -EDQUOT;
    }
    *run = (struct bb_run){(uint32_t)deriving->n_parts, 0};
    for (uint32_t i = 0; i < n; i++)
        if (deriving->order[deriving->candidate[i]].cell != BB_NO_CELL)
            facts->part[run->first + run->n++] = deriving->order[deriving->candidate[i]].cell;
    deriving->n_parts += run->n;
    *ret_done = true;
    return 0;
}

/* The same disaggregation in the other places. */
static int
derive_from_places(struct deriving *deriving, uint32_t total, uint32_t from, uint32_t to, bool *ret_done)
{
    uint32_t n = 0;

    bb_effort_spend(deriving->facts->effort, to - from);
    for (uint32_t i = from; i < to; i++) {
        const struct bb_suppress_reading *reading = deriving->order[i].reading;
        if (reading->place != 0 && !reading->aggregate &&
            reading->disaggregation == deriving->order[total].reading->disaggregation)
            deriving->candidate[n++] = i;
    }
    return n ? try_parts(deriving, total, n, ret_done) : 0;
}

/* Disaggregations in the same place that have the same codes, and the dimensions of the group. */
static int
derive_from_codes(struct deriving *deriving, uint32_t total, const struct table *table,
                  const struct group *group, bool *ret_done)
{
    const struct bb_parts *whole = &deriving->parts[deriving->order[total].disaggregation];
    uint32_t margin[BB_DISAGGREGATION_PARTS], other[BB_DISAGGREGATION_PARTS], n = 0;

    bb_effort_spend(deriving->facts->effort, MARGIN_STEPS * group->n);
    bb_parts_margin(whole, whole->dimensions, margin);
    for (uint32_t i = group->first; i < group->first + group->n; i++) {
        uint32_t reading = table->reading[i].reading;
        bb_parts_margin(&deriving->parts[deriving->order[reading].disaggregation], whole->dimensions, other);
        if (memcmp(margin, other, sizeof margin) == 0)
            deriving->candidate[n++] = reading;
    }
    return n ? try_parts(deriving, total, n, ret_done) : 0;
}

/* Readings of one place. */
static int
derive_in_place(struct deriving *deriving, uint32_t from, uint32_t to)
{
    struct finding finding = {.order = deriving->order, .parts = deriving->parts, .arena = deriving->arena};
    struct table table = {.from = from, .to = to};
    int r = make_groups(&finding, &table);

    for (uint32_t i = from; r == 0 && i < to; i++) {
        uint64_t own = deriving->parts[deriving->order[i].disaggregation].dimensions;
        uint32_t cell = deriving->order[i].cell;
        bool done = cell == BB_NO_CELL || deriving->facts->parts[cell].n > 0;
        bb_effort_spend(deriving->facts->effort, table.n);
        for (uint32_t g = 0; r == 0 && !done && g < table.n; g++)
            if (table.group[g].dimensions != own && (own & ~table.group[g].dimensions) == 0)
                r = derive_from_codes(deriving, i, &table, &table.group[g], &done);
        if (r == 0)
            r = bb_effort_left(deriving->facts->effort);
    }
    return r;
}

static int
derive_in_organization(struct deriving *deriving, uint32_t from, uint32_t to)
{
    const struct bb_ordered *order = deriving->order;
    int r = 0;

    for (uint32_t i = from; r == 0 && i < to && order[i].reading->place == 0; i++) {
        bool done = false;
        if (order[i].cell != BB_NO_CELL)
            r = derive_from_places(deriving, i, from, to, &done);
        if (r == 0)
            r = bb_effort_left(deriving->facts->effort);
    }
    for (uint32_t first = from, end; r == 0 && first < to; first = end) {
        for (end = first + 1; end < to && order[end].reading->place == order[first].reading->place;)
            end++;
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
bb_relations_derive(const struct bb_ordered *order, size_t n, const struct bb_parts *parts,
                    struct bb_arena *arena, struct bb_facts *facts)
{
    struct deriving deriving = {.order = order, .parts = parts, .arena = arena, .facts = facts};
    int r = 0;

    deriving.candidate = bb_arena_alloc(arena, (n + 1) * sizeof *deriving.candidate);
    facts->parts = bb_arena_alloc(arena, (facts->n_cells + 1) * sizeof *facts->parts);
    if (!deriving.candidate || !facts->parts)
        return -EDQUOT;
    memset(facts->parts, 0, (facts->n_cells + 1) * sizeof *facts->parts);
    for (uint32_t from = 0, to; r == 0 && from < n; from = to) {
        for (to = from + 1; to < n && order[to].reading->organization == order[from].reading->organization;)
            to++;
        r = derive_in_organization(&deriving, from, to);
    }
    if (r == 0)
        drop_derived(facts);
    return r;
}
