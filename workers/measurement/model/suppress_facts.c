/* Readings are numbered by organization, then by place and disaggregation. So the cells of an organization
 * stand together in each fact, and what is left of a fact without them is found in passing.
 *
 * Each reading says of which figures it is a part: at most eight, three choices of named or open. Sorted,
 * these memberships are the figures. */
#include "suppress_facts.h"

#include "suppress_relations.h"

#include "line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AMBIGUOUS UINT32_MAX /* instead of a reading: the figure cannot be asked for */

struct membership {
    struct bb_suppress_figure figure;
    uint32_t reading; /* number in order */
};

struct making {
    const struct bb_suppress_table *table;
    struct bb_arena *arena;
    struct bb_facts *facts;
    struct bb_parts *parts;   /* by number of the disaggregation */
    struct bb_ordered *order; /* the readings */
    struct membership *membership;
    size_t n_memberships, size;
    struct bb_run *content; /* of figures, while they are not facts: cells */
    bool *published;        /* of figures */
};

int
bb_sum_compare(const struct bb_sum *a, const struct bb_sum *b)
{
    int64_t high_a = (int64_t)a->word[3], high_b = (int64_t)b->word[3];

    if (high_a != high_b)
        return high_a < high_b ? -1 : 1;
    for (int i = 2; i >= 0; i--)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

static int
compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int
compare_figures(const struct bb_suppress_figure *a, const struct bb_suppress_figure *b)
{
    int order = compare_numbers(a->place, b->place);

    if (order == 0)
        order = compare_numbers(a->disaggregation, b->disaggregation);
    return order ? order : compare_numbers(a->organization, b->organization);
}

static int
compare_memberships(const void *a_pointer, const void *b_pointer)
{
    const struct membership *a = a_pointer, *b = b_pointer;
    int order = compare_figures(&a->figure, &b->figure);

    return order ? order : compare_numbers(a->reading, b->reading);
}

static int
compare_ordered(const void *a_pointer, const void *b_pointer)
{
    const struct bb_suppress_reading *a = ((const struct bb_ordered *)a_pointer)->reading;
    const struct bb_suppress_reading *b = ((const struct bb_ordered *)b_pointer)->reading;
    int order = compare_numbers(a->organization, b->organization);

    if (order == 0)
        order = compare_numbers(a->place, b->place);
    return order ? order : compare_numbers(a->disaggregation, b->disaggregation);
}

/* Cells */

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

/* The whole ones in a count, up to BB_CAPACITY + 1. */
static unsigned
whole_ones(struct bb_decimal count)
{
    unsigned n = 0;

    while (n <= BB_CAPACITY && bb_decimal_compare((struct bb_decimal){n + 1, 0}, count) <= 0)
        n++;
    return n;
}

static void
add_cell(struct making *making, struct bb_ordered *ordered, uint32_t owner)
{
    struct bb_facts *facts = making->facts;
    struct bb_cell_of_facts *cell = &facts->cell[facts->n_cells];
    bool any = false;

    *cell = (struct bb_cell_of_facts){.owner = owner};
    for (unsigned c = 0; c < facts->n_counts; c++) {
        unsigned whole = whole_ones(ordered->reading->count[c]);
        cell->counts[c] = !bb_decimal_is_zero(ordered->reading->count[c]);
        cell->capacity[c] = (uint8_t)(whole ? whole - 1 : 0);
        cell->may_vanish[c] = whole;
        any |= cell->counts[c];
    }
    ordered->cell = any ? facts->n_cells++ : BB_NO_CELL;
}

static int
make_cells(struct making *making)
{
    const struct bb_suppress_table *table = making->table;
    struct bb_facts *facts = making->facts;
    size_t n = table->n_readings;

    making->order = bb_arena_alloc(making->arena, (n + 1) * sizeof *making->order);
    facts->cell = bb_arena_alloc(making->arena, (n + 1) * sizeof *facts->cell);
    if (!making->order || !facts->cell)
        return -EDQUOT;
    for (size_t i = 0; i < n; i++)
        making->order[i] = (struct bb_ordered){.reading = &table->reading[i]};
    qsort(making->order, n, sizeof *making->order, compare_ordered);
    for (size_t i = 0; i < n; i++) {
        struct bb_ordered *ordered = &making->order[i];
        if (i == 0 || ordered[-1].reading->organization != ordered->reading->organization)
            facts->n_organizations++;
        if (find_disaggregation(table, ordered->reading->disaggregation, &ordered->disaggregation) != 0)
            return -EINVAL;
        add_cell(making, ordered, facts->n_organizations - 1);
    }
    return 0;
}

/* Memberships */

static int
join(struct making *making, uint32_t place, uint32_t disaggregation, uint32_t organization, uint32_t reading)
{
    const uint32_t whose[] = {organization, BB_SUPPRESS_ALL};

    if (making->n_memberships + 2 > making->size) {
        size_t size = making->size ? making->size * 2 : 256;
        struct membership *grown = bb_arena_alloc(making->arena, size * sizeof *grown);
        if (!grown)
            return -EDQUOT;
        if (making->n_memberships)
            memcpy(grown, making->membership, making->n_memberships * sizeof *grown);
        making->membership = grown;
        making->size = size;
    }
    for (unsigned i = 0; i < 2; i++)
        making->membership[making->n_memberships++] =
            (struct membership){{place, disaggregation, whose[i]}, reading};
    return 0;
}

static int
join_line(struct making *making, struct bb_line *line, struct bb_line_rules rules, uint32_t as_place,
          uint32_t number)
{
    const struct bb_ordered *ordered = &making->order[number];
    const struct bb_suppress_reading *reading = ordered->reading;
    const uint64_t *dimensions = &making->parts[ordered->disaggregation].dimensions;
    struct bb_bytes names = bb_bytes(dimensions, sizeof *dimensions);

    switch (bb_line_take(line, rules, reading->place, reading->disaggregation, names)) {
    case BB_LINE_HIDDEN:
        return 0;
    case BB_LINE_AMBIGUOUS:
        number = AMBIGUOUS;
        break;
    case BB_LINE_COUNTS:
        break;
    }
    return join(making, as_place, BB_SUPPRESS_OPEN, reading->organization, number);
}

/* The line of an organization, reading by reading. whole: by number of disaggregations, whether it has a
 * value at the empty place. */
static int
join_organization(struct making *making, uint32_t from, uint32_t to, bool *whole)
{
    struct bb_line everywhere = {0}, here = {0};
    int r = 0;

    memset(whole, 0, making->table->n_disaggregations * sizeof *whole);
    for (uint32_t i = from; r == 0 && i < to; i++) {
        const struct bb_ordered *ordered = &making->order[i];
        const struct bb_suppress_reading *reading = ordered->reading;
        uint32_t d = ordered->disaggregation;
        bool part = reading->place != 0 && (reading->aggregate || whole[d]);
        r = join(making, reading->place, reading->disaggregation, reading->organization, i);
        if (r == 0)
            r = join_line(making, &here, (struct bb_line_rules){.codes = true}, reading->place, i);
        if (r == 0 && !part)
            r = join(making, BB_SUPPRESS_OPEN, reading->disaggregation, reading->organization, i);
        whole[d] |= reading->place == 0;
        if (r == 0 && !(reading->place != 0 && reading->aggregate))
            r = join_line(making, &everywhere, (struct bb_line_rules){true, true}, BB_SUPPRESS_OPEN, i);
    }
    return r;
}

static int
make_memberships(struct making *making)
{
    size_t n = making->table->n_readings;
    bool *whole = bb_arena_alloc(making->arena, making->table->n_disaggregations + 1);
    int r = whole ? 0 : -EDQUOT;

    for (uint32_t from = 0, to; r == 0 && from < n; from = to) {
        for (to = from + 1;
             to < n && making->order[to].reading->organization == making->order[from].reading->organization;)
            to++;
        r = join_organization(making, from, to, whole);
    }
    if (making->n_memberships)
        qsort(making->membership, making->n_memberships, sizeof *making->membership, compare_memberships);
    return r;
}

/* Figures */

uint32_t
bb_cell_bases(const struct bb_facts *facts, uint32_t cell, uint32_t *out)
{
    const struct bb_run *parts = &facts->parts[cell];
    uint32_t n = 0;

    if (parts->n == 0) {
        if (out)
            *out = cell;
        return 1;
    }
    for (uint32_t i = parts->first; i < parts->first + parts->n; i++)
        n += bb_cell_bases(facts, facts->part[i], out ? out + n : NULL);
    return n;
}

static int
compare_cells(const void *a_pointer, const void *b_pointer)
{
    const uint32_t *a = a_pointer, *b = b_pointer;

    return compare_numbers(*a, *b);
}

/* The cells of the readings that these memberships name, ascending. */
static uint32_t
gather_cells(const struct making *making, size_t from, size_t to, uint32_t *cell)
{
    bool in_order = true;
    uint32_t n = 0;

    for (size_t i = from; i < to; i++) {
        const struct bb_ordered *ordered = &making->order[making->membership[i].reading];
        if (ordered->cell == BB_NO_CELL)
            continue;
        in_order &= making->facts->parts[ordered->cell].n == 0;
        n += bb_cell_bases(making->facts, ordered->cell, cell + n);
    }
    if (!in_order)
        qsort(cell, n, sizeof *cell, compare_cells);
    return n;
}

static void
add_figure(struct making *making, size_t from, size_t to, uint32_t *n_members)
{
    const struct membership *first = &making->membership[from], *last = &making->membership[to - 1];
    struct bb_facts *facts = making->facts;
    struct bb_run *content = &making->content[facts->n_figures];
    uint32_t one;
    bool alone;

    /* Who is ambiguous may be so several times over, and stands at the end. */
    if (last->reading == AMBIGUOUS)
        return;
    one = making->order[first->reading].reading->organization;
    *content = (struct bb_run){*n_members, gather_cells(making, from, to, facts->member + *n_members)};
    *n_members += content->n;
    alone = making->order[last->reading].reading->organization == one;
    making->published[facts->n_figures] = !alone;
    facts->alone[facts->n_figures] = alone ? one : BB_SUPPRESS_ALL;
    facts->figure[facts->n_figures++] = first->figure;
}

/* How many members there will be, at most. */
static size_t
count_members(const struct making *making)
{
    size_t n = 0;

    for (size_t i = 0; i < making->n_memberships; i++) {
        uint32_t reading = making->membership[i].reading;
        if (reading != AMBIGUOUS && making->order[reading].cell != BB_NO_CELL)
            n += bb_cell_bases(making->facts, making->order[reading].cell, NULL);
    }
    return n;
}

static int
make_figures(struct making *making)
{
    struct bb_facts *facts = making->facts;
    size_t n = making->n_memberships, most = count_members(making);
    uint32_t n_members = 0;

    bb_effort_spend(facts->effort, 20 * n + 20 * most);
    if (bb_effort_left(facts->effort) != 0)
        return -EDQUOT;
    facts->figure = bb_arena_alloc(making->arena, (n + 1) * sizeof *facts->figure);
    facts->fact_of = bb_arena_alloc(making->arena, (n + 1) * sizeof *facts->fact_of);
    facts->alone = bb_arena_alloc(making->arena, (n + 1) * sizeof *facts->alone);
    facts->member = bb_arena_alloc(making->arena, (most + 1) * sizeof *facts->member);
    making->content = bb_arena_alloc(making->arena, (n + 1) * sizeof *making->content);
    making->published = bb_arena_alloc(making->arena, (n + 1) * sizeof *making->published);
    if (!facts->figure || !facts->fact_of || !facts->alone || !facts->member || !making->content ||
        !making->published)
        return -EDQUOT;
    for (size_t from = 0, to; from < n; from = to) {
        to = from + 1;
        while (to < n &&
               compare_figures(&making->membership[from].figure, &making->membership[to].figure) == 0)
            to++;
        add_figure(making, from, to, &n_members);
    }
    return 0;
}

/* Facts */

struct alike {
    const uint32_t *member;
    uint32_t n;
    uint32_t figure;
};

static int
compare_alike(const void *a_pointer, const void *b_pointer)
{
    const struct alike *a = a_pointer, *b = b_pointer;
    int order = compare_numbers(a->n, b->n);

    if (order == 0)
        order = memcmp(a->member, b->member, a->n * sizeof *a->member);
    return order ? order : compare_numbers(a->figure, b->figure);
}

/* The first figure of those with the same cells, for each: at fact_of. */
static int
find_alike(struct making *making)
{
    struct bb_facts *facts = making->facts;
    size_t n = facts->n_figures;
    struct alike *alike = bb_arena_alloc(making->arena, (n + 1) * sizeof *alike);

    if (!alike)
        return -EDQUOT;
    for (uint32_t i = 0; i < n; i++)
        alike[i] = (struct alike){facts->member + making->content[i].first, making->content[i].n, i};
    qsort(alike, n, sizeof *alike, compare_alike);
    for (size_t i = 0; i < n; i++) {
        bool again = i > 0 && alike[i].n == alike[i - 1].n &&
                     memcmp(alike[i].member, alike[i - 1].member, alike[i].n * sizeof(uint32_t)) == 0;
        facts->fact_of[alike[i].figure] = again ? facts->fact_of[alike[i - 1].figure] : alike[i].figure;
    }
    return 0;
}

/* A total that was reported stands where one that is added up would. */
static uint8_t
shape_of(const struct bb_suppress_figure *figure)
{
    bool place = figure->place == BB_SUPPRESS_OPEN || figure->place == 0;
    bool disaggregation = figure->disaggregation == BB_SUPPRESS_OPEN || figure->disaggregation == 0;

    return (uint8_t)((place ? BB_SHAPE_PLACE : 0) | (disaggregation ? BB_SHAPE_DISAGGREGATION : 0) |
                     (figure->organization == BB_SUPPRESS_ALL ? BB_SHAPE_ALL : 0));
}

static int
make_facts(struct making *making)
{
    struct bb_facts *facts = making->facts;
    int r = find_alike(making);

    facts->fact = bb_arena_alloc(making->arena, (facts->n_figures + 1) * sizeof *facts->fact);
    if (r != 0 || !facts->fact)
        return -EDQUOT;
    for (uint32_t i = 0; i < facts->n_figures; i++) {
        uint32_t first = facts->fact_of[i], fact = BB_NO_FACT;
        if (first != i)
            fact = facts->fact_of[first];
        else if (making->content[i].n > 0)
            fact = facts->n_facts++;
        facts->fact_of[i] = fact;
        if (fact == BB_NO_FACT)
            continue;
        if (first == i)
            facts->fact[fact] =
                (struct bb_fact){.cells = making->content[i], .shape = shape_of(&facts->figure[i])};
        facts->fact[fact].published |= making->published[i];
        facts->fact[fact].shape |= shape_of(&facts->figure[i]) & BB_SHAPE_ALL;
        facts->fact[fact].of_all |= facts->figure[i].organization == BB_SUPPRESS_ALL;
    }
    return 0;
}

/* Which are small */

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
add_up(const struct making *making, const struct bb_suppress_reading *const *readings, struct bb_fact *fact,
       unsigned count, const struct limits *limits)
{
    const struct bb_facts *facts = making->facts;
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

static int
find_small(struct making *making)
{
    struct bb_facts *facts = making->facts;
    const struct bb_suppress_reading **reading =
        bb_arena_alloc(making->arena, (facts->n_cells + 1) * sizeof *reading);
    struct limits limits = {0};

    if (!reading)
        return -EDQUOT;
    if (bb_sum_add(&limits.threshold, making->table->threshold) != 0 ||
        bb_sum_subtract(&limits.minus_threshold, making->table->threshold) != 0)
        return -ERANGE;
    for (size_t i = 0; i < making->table->n_readings; i++)
        if (making->order[i].cell != BB_NO_CELL)
            reading[making->order[i].cell] = making->order[i].reading;
    for (uint32_t i = 0; i < facts->n_facts; i++)
        for (unsigned c = 0; c < facts->n_counts; c++) {
            if (add_up(making, reading, &facts->fact[i], c, &limits) != 0)
                return -ERANGE;
            keep_from_vanishing(facts, &facts->fact[i], c);
        }
    return 0;
}

int
bb_facts_make(const struct bb_suppress_table *table, struct bb_effort *effort, struct bb_arena *arena,
              struct bb_facts *ret_facts)
{
    struct bb_facts facts = {.effort = effort, .n_counts = table->n_counts};
    struct making making = {.table = table, .arena = arena, .facts = &facts};
    int r = bb_parts_read(table, arena, &making.parts);

    if (r == 0)
        r = make_cells(&making);
    if (r == 0)
        r = bb_relations_derive(making.order, table->n_readings, making.parts, arena, &facts);
    if (r == 0)
        r = make_memberships(&making);
    if (r == 0)
        r = make_figures(&making);
    if (r == 0)
        r = make_facts(&making);
    if (r == 0)
        r = find_small(&making);
    for (unsigned c = 0; r == 0 && c < facts.n_counts; c++)
        r = bb_relations_find(making.order, table->n_readings, making.parts, c, arena, &facts);
    if (r == 0)
        *ret_facts = facts;
    return r;
}
