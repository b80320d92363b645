/* Readings are numbered by organization, then by place and disaggregation. So the cells of an organization
 * stand together in each fact, and what is left of a fact without them is found in passing. */
#include "suppress_facts.h"

#include "suppress_derive.h"
#include "suppress_figures.h"
#include "suppress_relations.h"
#include "suppress_small.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct making {
    struct bb_order order;
    struct bb_arena *arena, *scratch;
    struct bb_facts *facts;
    struct bb_figures figures;
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

/* Cells */

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
    struct bb_order *order = &making->order;
    struct bb_facts *facts = making->facts;

    facts->cell = bb_arena_alloc(making->arena, (order->n + 1) * sizeof *facts->cell);
    if (!facts->cell)
        return -EDQUOT;
    for (uint32_t i = 0; i < order->n; i++) {
        struct bb_ordered *ordered = &order->at[i];
        facts->n_organizations +=
            i == 0 || ordered[-1].reading->organization != ordered->reading->organization;
        add_cell(making, ordered, facts->n_organizations - 1);
    }
    return 0;
}

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
    int order;

    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    order = memcmp(a->member, b->member, a->n * sizeof *a->member);
    return order ? order : (a->figure > b->figure) - (a->figure < b->figure);
}

/* The first figure of those with the same cells, for each: at fact_of. */
static int
find_alike(struct making *making)
{
    struct bb_facts *facts = making->facts;
    size_t n = facts->n_figures;
    struct alike *alike;

    bb_arena_reset(making->scratch);
    alike = bb_arena_alloc(making->scratch, (n + 1) * sizeof *alike);
    if (!alike)
        return -EDQUOT;
    for (uint32_t i = 0; i < n; i++)
        alike[i] =
            (struct alike){facts->member + making->figures.cells[i].first, making->figures.cells[i].n, i};
    qsort(alike, n, sizeof *alike, compare_alike);
    for (size_t i = 0; i < n; i++) {
        bool again = i > 0 && alike[i].n == alike[i - 1].n &&
                     memcmp(alike[i].member, alike[i - 1].member, alike[i].n * sizeof(uint32_t)) == 0;
        facts->fact_of[alike[i].figure] = again ? facts->fact_of[alike[i - 1].figure] : alike[i].figure;
    }
    return 0;
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
        else if (making->figures.cells[i].n > 0)
            fact = facts->n_facts++;
        facts->fact_of[i] = fact;
        if (fact == BB_NO_FACT)
            continue;
        if (first == i)
            facts->fact[fact] =
                (struct bb_fact){.cells = making->figures.cells[i], .shape = making->figures.shape[i]};
        facts->fact[fact].published |= making->figures.published[i];
        facts->fact[fact].shape |= making->figures.shape[i] & BB_SHAPE_ALL;
        facts->fact[fact].of_all |= facts->figure[i].organization == BB_SUPPRESS_ALL;
    }
    return 0;
}

int
bb_facts_make(const struct bb_suppress_table *table, struct bb_effort *effort, struct bb_arena *arena,
              struct bb_arena *scratch, struct bb_facts *ret_facts)
{
    struct bb_facts facts = {.effort = effort, .n_counts = table->n_counts};
    struct making making = {.arena = arena, .scratch = scratch, .facts = &facts};
    int r = bb_order_make(table, arena, &making.order);

    if (r == 0)
        r = make_cells(&making);
    if (r == 0)
        r = bb_derive(&making.order, arena, scratch, &facts);
    if (r == 0)
        r = bb_figures_make(&making.order, arena, scratch, &facts, &making.figures);
    if (r == 0)
        r = make_facts(&making);
    if (r == 0)
        r = bb_small_hide(&making.order, scratch, &facts);
    for (unsigned c = 0; r == 0 && c < facts.n_counts; c++)
        r = bb_relations_find(&making.order, c, arena, scratch, &facts);
    if (r == 0)
        *ret_facts = facts;
    return r;
}
