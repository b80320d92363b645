/* Where a row tells the fact because everything else in it is known, one of its other parts is hidden: the
 * smallest, but rather one that is the second hidden one of another row as well, since a single one is told
 * by its row. So a cell, another one of its row, another one of its column and the fourth corner make a
 * whole. A row without such a part is hidden itself. */
#include "suppress_choice.h"

#include <errno.h>
#include <string.h>

static bool
is_told(const struct bb_facts *facts, uint32_t row)
{
    return row < facts->n_facts && facts->fact[row].published && !facts->fact[row].hidden;
}

/* The rows that a cell is in, hidden or not. */
static struct bb_run
rows_of(const struct bb_hiding *hiding, uint32_t cell)
{
    return hiding->of_cells->rows[cell];
}

static bool
counts(const struct bb_hiding *hiding, uint32_t cell)
{
    return hiding->facts->cell[cell].counts[hiding->count];
}

static void
count_lengths(struct bb_hiding *hiding)
{
    const struct bb_facts *facts = hiding->facts;

    for (uint32_t i = 0; i < facts->n_facts; i++) {
        const struct bb_run *run = &facts->fact[i].cells;
        hiding->length[i] = 0;
        for (uint32_t j = run->first; j < run->first + run->n; j++)
            hiding->length[i] += counts(hiding, facts->member[j]);
    }
}

/* May the row contain the fact, when it has the fact's first cell? Not for sure, but what is chosen by it
 * need not be the best. */
static bool
may_contain(const struct bb_facts *facts, uint32_t row, uint32_t fact)
{
    unsigned open = facts->fact[fact].shape;

    if (row >= facts->n_facts || facts->fact[row].cells.n <= facts->fact[fact].cells.n)
        return row >= facts->n_facts;
    return (open & ~(unsigned)facts->fact[row].shape) == 0;
}

static void
note_hidden(struct bb_hiding *hiding, uint32_t fact)
{
    const struct bb_facts *facts = hiding->facts;
    struct bb_run run = rows_of(hiding, facts->member[facts->fact[fact].cells.first]);

    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        uint32_t row = hiding->of_cells->row[i] / 2;
        if (!may_contain(facts, row, fact))
            continue;
        hiding->hidden_in[row][facts->fact[fact].shape]++;
        hiding->touched[row] = true;
    }
}

int
bb_hiding_init(struct bb_hiding *hiding, struct bb_facts *facts, const struct bb_rows_of_cells *of_cells,
               const struct bb_rows *rows, struct bb_arena *arena)
{
    uint32_t n_rows = rows->n_rows, n_facts = facts->n_facts, n_cells = facts->n_cells;

    *hiding = (struct bb_hiding){.facts = facts, .of_cells = of_cells, .rows = rows, .count = rows->count};
    hiding->hidden_in = bb_arena_alloc(arena, (n_rows + 1) * sizeof *hiding->hidden_in);
    hiding->done = bb_arena_alloc(arena, (n_rows + 1) * sizeof *hiding->done);
    hiding->touched = bb_arena_alloc(arena, (n_rows + 1) * sizeof *hiding->touched);
    hiding->row_seen = bb_arena_alloc(arena, (n_rows + 1) * sizeof *hiding->row_seen);
    hiding->length = bb_arena_alloc(arena, (n_facts + 1) * sizeof *hiding->length);
    hiding->seen = bb_arena_alloc(arena, (n_facts + 1) * sizeof *hiding->seen);
    hiding->found = bb_arena_alloc(arena, (n_facts + 1) * sizeof *hiding->found);
    hiding->added = bb_arena_alloc(arena, (n_facts + 1) * sizeof *hiding->added);
    hiding->cell_seen = bb_arena_alloc(arena, (n_cells + 1) * sizeof *hiding->cell_seen);
    hiding->queue = bb_arena_alloc(arena, (n_cells + 1) * sizeof *hiding->queue);
    if (!hiding->hidden_in || !hiding->done || !hiding->touched || !hiding->row_seen || !hiding->length ||
        !hiding->seen || !hiding->found || !hiding->added || !hiding->cell_seen || !hiding->queue)
        return -EDQUOT;
    memset(hiding->hidden_in, 0, (n_rows + 1) * sizeof *hiding->hidden_in);
    memset(hiding->done, 0, (n_rows + 1) * sizeof *hiding->done);
    memset(hiding->touched, 0, (n_rows + 1) * sizeof *hiding->touched);
    memset(hiding->row_seen, 0, (n_rows + 1) * sizeof *hiding->row_seen);
    memset(hiding->seen, 0, (n_facts + 1) * sizeof *hiding->seen);
    memset(hiding->cell_seen, 0, (n_cells + 1) * sizeof *hiding->cell_seen);
    count_lengths(hiding);
    for (uint32_t i = 0; i < n_facts; i++)
        if (facts->fact[i].hidden)
            note_hidden(hiding, i);
    memset(hiding->touched, 0, (n_rows + 1) * sizeof *hiding->touched);
    return 0;
}

/* Is the first a better choice of a row? Rather a fact than a relation, rather a small one. */
static bool
is_smaller(const struct bb_hiding *hiding, uint32_t a, uint32_t b)
{
    const struct bb_facts *facts = hiding->facts;
    int order;

    if (b == BB_NO_ROW || a >= facts->n_facts || b >= facts->n_facts)
        return a < b;
    order = bb_sum_compare(&facts->fact[a].sum[hiding->count], &facts->fact[b].sum[hiding->count]);
    return order ? order < 0 : a < b;
}

/* Is the row a part of the fact that is looked at? */
static bool
is_inside(const struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t row)
{
    const uint32_t *member;
    unsigned shift;
    struct bb_run run = bb_row_cells(hiding->facts, hiding->count, row, &member, &shift);

    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        bb_effort_spend(hiding->facts->effort, 1);
        if (counts(hiding, member[i] >> shift) && !proof->in[member[i] >> shift])
            return false;
    }
    return true;
}

/* Told facts that share cells with a row: how many cells, at seen. Returns how many, at found. */
static uint32_t
see_parts(struct bb_hiding *hiding, uint32_t row)
{
    const uint32_t *member;
    unsigned shift;
    struct bb_run run = bb_row_cells(hiding->facts, hiding->count, row, &member, &shift);
    uint32_t n = 0;

    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        struct bb_run rows = rows_of(hiding, member[i] >> shift);
        if (!counts(hiding, member[i] >> shift))
            continue;
        bb_effort_spend(hiding->facts->effort, rows.n);
        for (uint32_t j = rows.first; j < rows.first + rows.n; j++) {
            uint32_t fact = hiding->of_cells->row[j] / 2;
            if (is_told(hiding->facts, fact) && hiding->seen[fact]++ == 0)
                hiding->found[n++] = fact;
        }
    }
    return n;
}

static bool
is_apart(const struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t fact)
{
    const struct bb_run *run = &hiding->facts->fact[fact].cells;

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        bb_effort_spend(hiding->facts->effort, 1);
        if (proof->in[hiding->facts->member[i]])
            return false;
    }
    return true;
}

/* Is every cell of a row, beside those of the fact, in a told part of the row? */
static bool
is_rest_told(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t row)
{
    const struct bb_facts *facts = hiding->facts;
    const struct bb_run *run = &facts->fact[row].cells, *part;
    uint32_t n = see_parts(hiding, row);
    bool told = true;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t fact = hiding->found[i];
        bool contained = hiding->seen[fact] == hiding->length[fact];
        hiding->seen[fact] = 0;
        part = &facts->fact[fact].cells;
        if (fact != row && contained && is_apart(hiding, proof, fact))
            for (uint32_t j = part->first; j < part->first + part->n; j++)
                hiding->cell_seen[facts->member[j]] = true;
    }
    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        uint32_t cell = facts->member[i];
        told &= proof->in[cell] || hiding->cell_seen[cell] || !counts(hiding, cell);
        hiding->cell_seen[cell] = false;
    }
    return told;
}

/* A row that tells the fact, because it is the only hidden part of its shape and the rest is told: the
 * smallest. */
static uint32_t
find_lonely(struct bb_hiding *hiding, const struct bb_proof *proof)
{
    const struct bb_facts *facts = hiding->facts;
    const struct bb_fact *fact = &facts->fact[proof->fact];
    struct bb_run run = rows_of(hiding, facts->member[fact->cells.first]);
    uint32_t best = BB_NO_ROW;

    bb_effort_spend(facts->effort, run.n);
    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        uint32_t row = hiding->of_cells->row[i] / 2;
        if (is_told(facts, row) && !hiding->done[row] && may_contain(facts, row, proof->fact) &&
            hiding->hidden_in[row][fact->shape] == 1 && is_smaller(hiding, row, best) &&
            is_rest_told(hiding, proof, row))
            best = row;
    }
    return best;
}

/* The row that tells a class of the fact, rather one that is not a part of the fact itself. */
static uint32_t
find_cause(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t organization)
{
    const struct bb_run *run = &hiding->facts->fact[proof->fact].cells;
    uint32_t best = BB_NO_ROW, lonely;
    bool best_inside = true;

    bb_effort_spend(hiding->facts->effort, run->n);

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        uint32_t cell = hiding->facts->member[i], row;
        bool inside;
        if (!proof->in[cell] || hiding->facts->cell[cell].owner == organization)
            continue;
        row = proof->moves->cause[hiding->rows->class_of[cell]];
        if (row == BB_NO_ROW || row == best)
            continue;
        inside = is_inside(hiding, proof, row);
        if (best == BB_NO_ROW || (inside != best_inside ? !inside : is_smaller(hiding, row, best))) {
            best = row;
            best_inside = inside;
        }
    }
    lonely = best_inside ? find_lonely(hiding, proof) : BB_NO_ROW;
    return lonely != BB_NO_ROW ? lonely : best;
}

/* The smallest told fact that has to do with the one looked at: by a cell in common, or through relations. */

static uint32_t
visit_relation(struct bb_hiding *hiding, uint32_t row, uint32_t organization, uint32_t n)
{
    const uint32_t *member;
    unsigned shift;
    struct bb_run run = bb_row_cells(hiding->facts, hiding->count, row, &member, &shift);

    hiding->row_seen[row] = true;
    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        uint32_t cell = member[i] >> shift;
        if (!hiding->cell_seen[cell] && hiding->facts->cell[cell].owner != organization) {
            hiding->cell_seen[cell] = true;
            hiding->queue[n++] = cell;
        }
    }
    return n;
}

static uint32_t
find_near(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t organization)
{
    const struct bb_facts *facts = hiding->facts;
    const struct bb_run *run = &facts->fact[proof->fact].cells;
    uint32_t best = BB_NO_ROW, n = 0;

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        uint32_t cell = facts->member[i];
        if (proof->in[cell] && facts->cell[cell].owner != organization) {
            hiding->cell_seen[cell] = true;
            hiding->queue[n++] = cell;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        struct bb_run rows = rows_of(hiding, hiding->queue[i]);
        bb_effort_spend(facts->effort, rows.n);
        for (uint32_t j = rows.first; j < rows.first + rows.n; j++) {
            uint32_t row = hiding->of_cells->row[j] / 2;
            if (is_told(facts, row) && is_smaller(hiding, row, best))
                best = row;
            else if (row >= facts->n_facts && !hiding->row_seen[row])
                n = visit_relation(hiding, row, organization, n);
        }
    }
    for (uint32_t i = 0; i < n; i++)
        hiding->cell_seen[hiding->queue[i]] = false;
    bb_effort_spend(facts->effort, hiding->rows->n_rows / 16);
    memset(hiding->row_seen, 0, hiding->rows->n_rows * sizeof *hiding->row_seen);
    return best;
}

/* The part of a row to hide */

/* May it fall, so that the fact may rise, and does it belong to somebody else? */
static bool
is_usable(const struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t fact, uint32_t organization)
{
    const struct bb_facts *facts = hiding->facts;
    const struct bb_run *run = &facts->fact[fact].cells;
    bool falls = false;

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        const struct bb_cell_of_facts *cell = &facts->cell[facts->member[i]];
        falls |= cell->owner != organization && cell->capacity[hiding->count] > 0;
    }
    return falls && is_apart(hiding, proof, fact);
}

/* How many other rows have a single hidden part, and would have two. */
static uint32_t
count_mates(const struct bb_hiding *hiding, uint32_t fact, uint32_t row)
{
    const struct bb_facts *facts = hiding->facts;
    struct bb_run run = rows_of(hiding, facts->member[facts->fact[fact].cells.first]);
    uint32_t n = 0;

    bb_effort_spend(facts->effort, run.n);
    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        uint32_t other = hiding->of_cells->row[i] / 2;
        if (other != row && is_told(facts, other) && may_contain(facts, other, fact))
            n += hiding->hidden_in[other][facts->fact[fact].shape] == 1;
    }
    return n;
}

struct candidate {
    uint32_t fact; /* BB_NO_ROW: none */
    bool alike;
    uint32_t mates;
};

static bool
is_better(const struct bb_hiding *hiding, const struct candidate *a, const struct candidate *b)
{
    if (b->fact == BB_NO_ROW)
        return true;
    if (a->alike != b->alike)
        return a->alike;
    if (a->mates != b->mates)
        return a->mates > b->mates;
    return is_smaller(hiding, a->fact, b->fact);
}

static uint32_t
find_part(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t row, uint32_t organization)
{
    const struct bb_facts *facts = hiding->facts;
    struct candidate best = {.fact = BB_NO_ROW};
    uint32_t n = see_parts(hiding, row);

    for (uint32_t i = 0; i < n; i++) {
        struct candidate candidate = {.fact = hiding->found[i]};
        bool contained = hiding->seen[candidate.fact] == hiding->length[candidate.fact];
        hiding->seen[candidate.fact] = 0;
        if (candidate.fact == row || !contained || !is_usable(hiding, proof, candidate.fact, organization))
            continue;
        candidate.alike = facts->fact[candidate.fact].shape == facts->fact[proof->fact].shape;
        candidate.mates = count_mates(hiding, candidate.fact, row);
        if (is_better(hiding, &candidate, &best))
            best = candidate;
    }
    return best.fact;
}

static void
hide(struct bb_hiding *hiding, uint32_t fact)
{
    hiding->facts->fact[fact].hidden = true;
    note_hidden(hiding, fact);
    hiding->added[hiding->n_added++] = fact;
}

static void
hide_all_parts(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t row)
{
    uint32_t n = see_parts(hiding, row);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t fact = hiding->found[i];
        bool contained = hiding->seen[fact] == hiding->length[fact];
        hiding->seen[fact] = 0;
        if (fact != row && contained && is_apart(hiding, proof, fact))
            hide(hiding, fact);
    }
}

/* For a row: a part of it, or the row. False: neither can be hidden. */
static bool
hide_part(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t row, uint32_t organization)
{
    uint32_t part = find_part(hiding, proof, row, organization);

    if (part == BB_NO_ROW)
        part = is_told(hiding->facts, row) ? row : find_near(hiding, proof, organization);
    if (part == BB_NO_ROW)
        return false;
    hiding->done[row] = true;
    hide(hiding, part);
    if (hiding->coarse)
        hide_all_parts(hiding, proof, row);
    return true;
}

bool
bb_hiding_add(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t organization)
{
    uint32_t row = find_cause(hiding, proof, organization);

    if (row == BB_NO_ROW)
        row = find_near(hiding, proof, organization);
    if (row == BB_NO_ROW)
        return false;
    return hiding->touched[row] || hiding->done[row] || hide_part(hiding, proof, row, organization);
}

bool
bb_hiding_next(struct bb_hiding *hiding, uint32_t *ret_fact)
{
    if (hiding->n_added == 0)
        return false;
    *ret_fact = hiding->added[--hiding->n_added];
    return true;
}

void
bb_hiding_follow(struct bb_hiding *hiding, const struct bb_proof *proof, uint32_t organization)
{
    uint32_t row;

    while ((row = find_lonely(hiding, proof)) != BB_NO_ROW && hide_part(hiding, proof, row, organization))
        ;
}
