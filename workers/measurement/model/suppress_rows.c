#include "suppress_rows.h"

#include <errno.h>
#include <string.h>

#define ROUND_STEPS 4u /* for a row or a cell */

struct bb_run
bb_row_cells(const struct bb_facts *facts, unsigned count, uint32_t row, const uint32_t **ret_member,
             unsigned *ret_shift)
{
    bool is_fact = row < facts->n_facts;

    *ret_member = is_fact ? facts->member : facts->related[count];
    *ret_shift = !is_fact;
    return is_fact ? facts->fact[row].cells : facts->relation[count][row - facts->n_facts];
}

static bool
is_row(const struct bb_facts *facts, uint32_t row)
{
    return row >= facts->n_facts || (facts->fact[row].published && !facts->fact[row].hidden);
}

/* Rows of cells. First how many, then which. */

static void
count_rows(struct bb_rows_of_cells *rows, uint32_t n_rows, bool write)
{
    const struct bb_facts *facts = rows->facts;

    for (uint32_t row = 0; row < n_rows; row++) {
        const uint32_t *member;
        unsigned shift;
        struct bb_run run = bb_row_cells(facts, rows->count, row, &member, &shift);
        if (row < facts->n_facts && !facts->fact[row].published)
            continue;
        for (uint32_t i = run.first; i < run.first + run.n; i++) {
            uint32_t cell = member[i] >> shift, negative = shift ? member[i] & 1 : 0;
            if (!facts->cell[cell].counts[rows->count])
                continue;
            if (write)
                rows->row[rows->rows[cell].first + rows->rows[cell].n] = row * 2 + negative;
            rows->rows[cell].n++;
        }
    }
}

static uint32_t
place_runs(struct bb_run *run, uint32_t n)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < n; i++) {
        run[i].first = total;
        total += run[i].n;
        run[i].n = 0;
    }
    return total;
}

int
bb_rows_of_cells_make(const struct bb_facts *facts, unsigned count, struct bb_arena *arena,
                      struct bb_rows_of_cells *ret_rows)
{
    struct bb_rows_of_cells rows = {.facts = facts, .count = count};
    uint32_t n_rows = facts->n_facts + facts->n_relations[count];

    rows.rows = bb_arena_alloc(arena, (facts->n_cells + 1) * sizeof *rows.rows);
    if (!rows.rows)
        return -EDQUOT;
    memset(rows.rows, 0, (facts->n_cells + 1) * sizeof *rows.rows);
    count_rows(&rows, n_rows, false);
    rows.n = place_runs(rows.rows, facts->n_cells);
    rows.row = bb_arena_alloc(arena, (rows.n + 1) * sizeof *rows.row);
    if (!rows.row)
        return -EDQUOT;
    count_rows(&rows, n_rows, true);
    *ret_rows = rows;
    return 0;
}

/* Classes */

/* The next row that is one now, from *at on. */
static bool
next_row(const struct bb_rows_of_cells *of_cells, uint32_t cell, uint32_t *at, uint32_t *ret_row)
{
    const struct bb_run *run = &of_cells->rows[cell];

    while (*at < run->n) {
        *ret_row = of_cells->row[run->first + (*at)++];
        if (is_row(of_cells->facts, *ret_row / 2))
            return true;
    }
    return false;
}

static bool
same_rows(const struct bb_rows_of_cells *of_cells, uint32_t a, uint32_t b)
{
    uint32_t at_a = 0, at_b = 0, row_a = 0, row_b = 0;

    for (;;) {
        bool more = next_row(of_cells, a, &at_a, &row_a);
        if (more != next_row(of_cells, b, &at_b, &row_b))
            return false;
        if (!more)
            return true;
        if (row_a != row_b)
            return false;
    }
}

static uint64_t
hash_rows(const struct bb_rows_of_cells *of_cells, uint32_t cell)
{
    uint64_t hash = 0x9E3779B97F4A7C15;
    uint32_t at = 0, row;

    while (next_row(of_cells, cell, &at, &row)) {
        hash = (hash ^ row) * 0xFF51AFD7ED558CCD;
        hash ^= hash >> 29;
    }
    return hash;
}

/* slot: number of a class plus 1. first: its first cell. */
static void
classify(struct bb_rows *rows, uint32_t *slot, uint32_t mask, uint32_t *first)
{
    for (uint32_t cell = 0; cell < rows->facts->n_cells; cell++) {
        uint32_t at;
        rows->class_of[cell] = BB_NO_CLASS;
        if (!rows->facts->cell[cell].counts[rows->count])
            continue;
        at = (uint32_t)hash_rows(rows->of_cells, cell) & mask;
        while (slot[at] && !same_rows(rows->of_cells, first[slot[at] - 1], cell))
            at = (at + 1) & mask;
        if (!slot[at]) {
            first[rows->n_classes] = cell;
            slot[at] = ++rows->n_classes;
        }
        rows->class_of[cell] = slot[at] - 1;
    }
}

static int
find_classes(struct bb_rows *rows, struct bb_arena *arena, uint32_t **ret_first)
{
    uint32_t n = rows->facts->n_cells, size = 16;
    uint32_t *slot, *first;

    while (size < 2 * n)
        size *= 2;
    slot = bb_arena_alloc(arena, size * sizeof *slot);
    first = bb_arena_alloc(arena, (n + 1) * sizeof *first);
    rows->class_of = bb_arena_alloc(arena, (n + 1) * sizeof *rows->class_of);
    if (!slot || !first || !rows->class_of)
        return -EDQUOT;
    memset(slot, 0, size * sizeof *slot);
    classify(rows, slot, size - 1, first);
    *ret_first = first;
    return 0;
}

static void
add_cell(struct bb_rows *rows, uint32_t cell)
{
    const struct bb_cell_of_facts *of = &rows->facts->cell[cell];
    struct bb_class *class = &rows->class[rows->class_of[cell]];

    if (class->cells.n == 0)
        class->owner = of->owner;
    else if (class->owner != of->owner)
        class->owner = BB_NO_OWNER;
    class->capacity += of->capacity[rows->count];
    rows->cell[class->cells.first + class->cells.n++] = cell;
}

static int
fill_classes(struct bb_rows *rows, struct bb_arena *arena)
{
    uint32_t total = 0;

    rows->class = bb_arena_alloc(arena, (rows->n_classes + 1) * sizeof *rows->class);
    rows->cell = bb_arena_alloc(arena, (rows->facts->n_cells + 1) * sizeof *rows->cell);
    if (!rows->class || !rows->cell)
        return -EDQUOT;
    memset(rows->class, 0, (rows->n_classes + 1) * sizeof *rows->class);
    for (uint32_t cell = 0; cell < rows->facts->n_cells; cell++)
        if (rows->class_of[cell] != BB_NO_CLASS)
            rows->class[rows->class_of[cell]].cells.n++;
    for (uint32_t i = 0; i < rows->n_classes; i++) {
        rows->class[i].cells.first = total;
        total += rows->class[i].cells.n;
        rows->class[i].cells.n = 0;
    }
    for (uint32_t cell = 0; cell < rows->facts->n_cells; cell++)
        if (rows->class_of[cell] != BB_NO_CLASS)
            add_cell(rows, cell);
    return 0;
}

/* Rows of classes, and classes of rows */

static int
fill_rows(struct bb_rows *rows, struct bb_arena *arena, const uint32_t *first)
{
    uint32_t total = 0, at, row;

    rows->classes = bb_arena_alloc(arena, (rows->n_rows + 1) * sizeof *rows->classes);
    if (!rows->classes)
        return -EDQUOT;
    memset(rows->classes, 0, (rows->n_rows + 1) * sizeof *rows->classes);
    for (uint32_t i = 0; i < rows->n_classes; i++) {
        rows->class[i].rows.first = total;
        for (at = 0; next_row(rows->of_cells, first[i], &at, &row); total++)
            rows->classes[row / 2].n++;
        rows->class[i].rows.n = total - rows->class[i].rows.first;
    }
    place_runs(rows->classes, rows->n_rows);
    rows->row = bb_arena_alloc(arena, (total + 1) * sizeof *rows->row);
    rows->member = bb_arena_alloc(arena, (total + 1) * sizeof *rows->member);
    if (!rows->row || !rows->member)
        return -EDQUOT;
    for (uint32_t i = 0, to = 0; i < rows->n_classes; i++)
        for (at = 0; next_row(rows->of_cells, first[i], &at, &row); to++) {
            struct bb_run *run = &rows->classes[row / 2];
            rows->row[to] = row;
            rows->member[run->first + run->n++] = i * 2 + (row & 1);
        }
    return 0;
}

int
bb_rows_make(const struct bb_rows_of_cells *of_cells, struct bb_arena *arena, struct bb_rows *ret_rows)
{
    const struct bb_facts *facts = of_cells->facts;
    struct bb_rows rows = {.facts = facts, .of_cells = of_cells, .count = of_cells->count};
    uint32_t *first = NULL;
    int r;

    rows.n_rows = facts->n_facts + facts->n_relations[of_cells->count];
    bb_effort_spend(facts->effort, ROUND_STEPS * (rows.n_rows + facts->n_cells + of_cells->n));
    r = find_classes(&rows, arena, &first);
    if (r == 0)
        r = fill_classes(&rows, arena);
    if (r == 0)
        r = fill_rows(&rows, arena, first);
    if (r == 0)
        *ret_rows = rows;
    return r;
}
