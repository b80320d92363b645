/* First what is plain: a row with one unknown class tells it (peeling). What is left is eliminated, Gauss and
 * Jordan, on sparse rows modulo the prime 2^31 - 1. Each column without a pivot then gives a vector that the
 * rows take to zero: itself, and in each pivot's column what makes up for it.
 *
 * The numbers of a vector are residues. Mostly they stand for 1 and -1, sometimes for small fractions; those
 * that are small integers, after multiplying by up to 6, are taken for that and checked. A vector that is no
 * move in integers is left out. So the prime decides nothing but what is found.
 *
 * Pivots are columns that can fall, wherever one can be: then a vector has at most one column that cannot,
 * its own, and the vector or its opposite is possible. Of these it is the one in the fewest rows, so that few
 * others fill. */
#include "suppress_moves.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PRIME      UINT32_C(2147483647)
#define MULTIPLES  6
#define LARGEST_BY BB_CAPACITY

#define NODE_STEPS  2u /* to look for a column in a line */
#define STEP_STEPS  8u /* to check a step of a move */
#define CLASS_STEPS 8u /* for a class or a row, whatever is in it */

struct entry {
    uint32_t column, value;
};

struct line {
    struct entry *entry; /* by column, ascending; no zeros */
    uint32_t n, size;
    uint32_t pivot; /* BB_NO_CLASS: none */
};

/* A row in which a column is, or was. */
struct node {
    struct node *next;
    uint32_t line;
};

struct elimination {
    const struct bb_rows *rows;
    struct bb_moves *moves;
    struct bb_arena *arena;
    struct line *line;
    uint32_t n_lines;
    struct node **nodes; /* by column */
    uint32_t *n_nodes;
    bool *is_pivot; /* by column */
    bool *falls;    /* by column: it may, beside what is the organization's that is left out */
    struct entry *scratch;
};

/* Peeling */

struct peeling {
    const struct bb_rows *rows;
    struct bb_moves *moves;
    uint32_t *unknown; /* by row */
    uint32_t *queue;
    uint32_t n_queue;
};

static void
learn(struct peeling *peeling, uint32_t number, uint32_t cause)
{
    const struct bb_class *class = &peeling->rows->class[number];

    peeling->moves->known[number] = true;
    peeling->moves->cause[number] = cause;
    for (uint32_t i = class->rows.first; i < class->rows.first + class->rows.n; i++) {
        uint32_t row = peeling->rows->row[i] / 2;
        if (--peeling->unknown[row] == 1)
            peeling->queue[peeling->n_queue++] = row;
    }
}

static void
peel_row(struct peeling *peeling, uint32_t row)
{
    const struct bb_run *run = &peeling->rows->classes[row];

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        uint32_t class = peeling->rows->member[i] / 2;
        if (!peeling->moves->known[class]) {
            learn(peeling, class, row);
            return;
        }
    }
}

static int
peel(struct bb_moves *moves, uint32_t without, struct bb_arena *arena, uint32_t **ret_unknown)
{
    const struct bb_rows *rows = moves->rows;
    struct peeling peeling = {.rows = rows, .moves = moves};

    peeling.unknown = bb_arena_alloc(arena, (rows->n_rows + 1) * sizeof *peeling.unknown);
    peeling.queue = bb_arena_alloc(arena, (rows->n_rows + 1) * sizeof *peeling.queue);
    if (!peeling.unknown || !peeling.queue)
        return -EDQUOT;
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        peeling.unknown[i] = rows->classes[i].n;
        if (rows->classes[i].n == 1)
            peeling.queue[peeling.n_queue++] = i;
    }
    for (uint32_t i = 0; without != BB_NO_OWNER && i < rows->n_classes; i++)
        if (rows->class[i].owner == without)
            learn(&peeling, i, BB_NO_ROW);
    for (uint32_t i = 0; i < peeling.n_queue; i++)
        peel_row(&peeling, peeling.queue[i]);
    *ret_unknown = peeling.unknown;
    return 0;
}

/* Arithmetic */

static uint32_t
times(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint64_t)a * b % PRIME);
}

static uint32_t
minus(uint32_t a, uint32_t b)
{
    return a >= b ? a - b : a + PRIME - b;
}

/* a^(PRIME - 2) */
static uint32_t
inverse(uint32_t a)
{
    uint32_t power = PRIME - 2, r = 1;

    for (; power; power >>= 1) {
        if (power & 1)
            r = times(r, a);
        a = times(a, a);
    }
    return r;
}

/* Lines */

static int
note_column(struct elimination *e, uint32_t column, uint32_t line)
{
    struct node *node = bb_arena_alloc(e->arena, sizeof *node);

    if (!node)
        return -EDQUOT;
    *node = (struct node){e->nodes[column], line};
    e->nodes[column] = node;
    e->n_nodes[column]++;
    return 0;
}

static int
set_line(struct elimination *e, struct line *line, const struct entry *entry, uint32_t n)
{
    if (n > line->size) {
        line->size = n + n / 2;
        line->entry = bb_arena_alloc(e->arena, line->size * sizeof *entry);
        if (!line->entry)
            return -EDQUOT;
    }
    memcpy(line->entry, entry, n * sizeof *entry);
    line->n = n;
    return 0;
}

static uint32_t
find_column(const struct line *line, uint32_t column)
{
    uint32_t from = 0, to = line->n;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (line->entry[middle].column < column)
            from = middle + 1;
        else
            to = middle;
    }
    return from < line->n && line->entry[from].column == column ? from : line->n;
}

/* line -= factor * by */
static int
subtract(struct elimination *e, uint32_t number, const struct line *by, uint32_t factor)
{
    struct line *line = &e->line[number];
    uint32_t n = 0, i = 0, j = 0;
    int r = 0;

    bb_effort_spend(e->rows->facts->effort, line->n + by->n);

    while (r == 0 && (i < line->n || j < by->n)) {
        struct entry next;
        if (j == by->n || (i < line->n && line->entry[i].column < by->entry[j].column)) {
            next = line->entry[i++];
        } else if (i == line->n || by->entry[j].column < line->entry[i].column) {
            next = (struct entry){by->entry[j].column, minus(0, times(factor, by->entry[j].value))};
            r = note_column(e, next.column, number);
            j++;
        } else {
            next = line->entry[i++];
            next.value = minus(next.value, times(factor, by->entry[j++].value));
        }
        if (next.value)
            e->scratch[n++] = next;
    }
    return r == 0 ? set_line(e, line, e->scratch, n) : r;
}

static uint32_t
choose_pivot(const struct elimination *e, const struct line *line)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < line->n; i++) {
        uint32_t a = line->entry[i].column, b = line->entry[best].column;
        if (e->falls[a] != e->falls[b] ? e->falls[a] : e->n_nodes[a] < e->n_nodes[b])
            best = i;
    }
    return best;
}

static int
eliminate_line(struct elimination *e, uint32_t number)
{
    struct line *line = &e->line[number];
    uint32_t at, factor;
    int r = 0;

    if (line->n == 0)
        return 0;
    at = choose_pivot(e, line);
    line->pivot = line->entry[at].column;
    e->is_pivot[line->pivot] = true;
    factor = inverse(line->entry[at].value);
    for (uint32_t i = 0; i < line->n; i++)
        line->entry[i].value = times(line->entry[i].value, factor);
    for (const struct node *node = e->nodes[line->pivot]; r == 0 && node; node = node->next) {
        const struct line *other = &e->line[node->line];
        uint32_t there = find_column(other, line->pivot);
        if (node->line != number && there < other->n)
            r = subtract(e, node->line, line, other->entry[there].value);
    }
    bb_effort_spend(e->rows->facts->effort, NODE_STEPS * e->n_nodes[line->pivot]);
    return r == 0 ? bb_effort_left(e->rows->facts->effort) : r;
}

/* Short lines first: they fill others least. */
static int
compare_lines(const void *a_pointer, const void *b_pointer)
{
    const struct line *a = a_pointer, *b = b_pointer;

    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return (a->pivot > b->pivot) - (a->pivot < b->pivot);
}

static int
read_line(struct elimination *e, uint32_t row)
{
    const struct bb_run *run = &e->rows->classes[row];
    uint32_t n = 0;

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        uint32_t class = e->rows->member[i] / 2;
        if (!e->moves->known[class])
            e->scratch[n++] = (struct entry){class, e->rows->member[i] & 1 ? PRIME - 1 : 1};
    }
    e->line[e->n_lines] = (struct line){.pivot = row};
    return set_line(e, &e->line[e->n_lines++], e->scratch, n);
}

static int
read_lines(struct elimination *e, const uint32_t *unknown)
{
    int r = 0;

    for (uint32_t row = 0; r == 0 && row < e->rows->n_rows; row++)
        if (unknown[row] > 1)
            r = read_line(e, row);
    qsort(e->line, e->n_lines, sizeof *e->line, compare_lines);
    for (uint32_t i = 0; i < e->n_lines; i++) {
        e->line[i].pivot = BB_NO_CLASS;
        for (uint32_t j = 0; r == 0 && j < e->line[i].n; j++)
            r = note_column(e, e->line[i].entry[j].column, i);
    }
    return r;
}

static void
find_falling(struct elimination *e, uint32_t without)
{
    const struct bb_rows *rows = e->rows;

    for (uint32_t i = 0; i < rows->n_classes; i++)
        e->falls[i] = rows->class[i].capacity > 0;
    for (uint32_t i = 0; without != BB_NO_OWNER && i < rows->n_classes; i++) {
        const struct bb_run *run = &rows->class[i].cells;
        bool falls = false;
        for (uint32_t j = run->first; e->falls[i] && !falls && j < run->first + run->n; j++) {
            const struct bb_cell_of_facts *cell = &rows->facts->cell[rows->cell[j]];
            falls = cell->owner != without && cell->capacity[rows->count] > 0;
        }
        e->falls[i] = falls;
    }
}

static int
eliminate(struct elimination *e, const uint32_t *unknown, uint32_t without)
{
    uint32_t n = e->rows->n_classes;
    int r;

    e->line = bb_arena_alloc(e->arena, (e->rows->n_rows + 1) * sizeof *e->line);
    e->nodes = bb_arena_alloc(e->arena, (n + 1) * sizeof *e->nodes);
    e->n_nodes = bb_arena_alloc(e->arena, (n + 1) * sizeof *e->n_nodes);
    e->is_pivot = bb_arena_alloc(e->arena, (n + 1) * sizeof *e->is_pivot);
    e->falls = bb_arena_alloc(e->arena, (n + 1) * sizeof *e->falls);
    e->scratch = bb_arena_alloc(e->arena, (n + 1) * sizeof *e->scratch);
    if (!e->line || !e->nodes || !e->n_nodes || !e->is_pivot || !e->falls || !e->scratch)
        return -EDQUOT;
    memset(e->nodes, 0, (n + 1) * sizeof *e->nodes);
    memset(e->n_nodes, 0, (n + 1) * sizeof *e->n_nodes);
    memset(e->is_pivot, 0, (n + 1) * sizeof *e->is_pivot);
    find_falling(e, without);
    r = read_lines(e, unknown);
    for (uint32_t i = 0; r == 0 && i < e->n_lines; i++)
        r = eliminate_line(e, i);
    return r;
}

/* Moves: vectors are gathered at moves->move by column, then those that are moves take their places. */

static bool
in_integers(struct bb_step_of_move *step, uint32_t n, uint32_t multiple)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t value = times((uint32_t)step[i].by, multiple);
        if (value > LARGEST_BY && PRIME - value > LARGEST_BY)
            return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t value = times((uint32_t)step[i].by, multiple);
        step[i].by = value <= LARGEST_BY ? (int32_t)value : -(int32_t)(PRIME - value);
    }
    return true;
}

/* Does no row change? sum: by row, zeroed before and after. */
static bool
changes_nothing(const struct bb_rows *rows, const struct bb_step_of_move *step, uint32_t n, int64_t *sum)
{
    bool nothing = true;

    bb_effort_spend(rows->facts->effort, STEP_STEPS * n);

    for (int pass = 0; pass < 3; pass++)
        for (uint32_t i = 0; i < n; i++) {
            const struct bb_run *run = &rows->class[step[i].class].rows;
            for (uint32_t j = run->first; j < run->first + run->n; j++) {
                uint32_t row = rows->row[j];
                if (pass == 0)
                    sum[row / 2] += row & 1 ? -(int64_t)step[i].by : step[i].by;
                else if (pass == 1)
                    nothing &= sum[row / 2] == 0;
                else
                    sum[row / 2] = 0;
            }
        }
    return nothing;
}

static int
gather_vectors(struct elimination *e)
{
    struct bb_moves *moves = e->moves;
    uint32_t n = e->rows->n_classes, total = 0;

    moves->move = bb_arena_alloc(e->arena, (n + 1) * sizeof *moves->move);
    if (!moves->move)
        return -EDQUOT;
    for (uint32_t i = 0; i < n; i++)
        moves->move[i] = (struct bb_run){0, !moves->known[i] && !e->is_pivot[i]};
    for (uint32_t i = 0; i < e->n_lines; i++)
        for (uint32_t j = 0; j < e->line[i].n; j++)
            moves->move[e->line[i].entry[j].column].n += !e->is_pivot[e->line[i].entry[j].column];
    for (uint32_t i = 0; i < n; total += moves->move[i++].n)
        moves->move[i].first = total;
    moves->step = bb_arena_alloc(e->arena, (total + 1) * sizeof *moves->step);
    if (!moves->step)
        return -EDQUOT;
    for (uint32_t i = 0; i < n; i++) {
        if (moves->move[i].n)
            moves->step[moves->move[i].first] = (struct bb_step_of_move){i, 1};
        moves->move[i].n = moves->move[i].n > 0;
    }
    for (uint32_t i = 0; i < e->n_lines; i++)
        for (uint32_t j = 0; j < e->line[i].n; j++) {
            const struct entry *entry = &e->line[i].entry[j];
            struct bb_run *run = &moves->move[entry->column];
            if (!e->is_pivot[entry->column])
                moves->step[run->first + run->n++] =
                    (struct bb_step_of_move){e->line[i].pivot, (int32_t)minus(0, entry->value)};
        }
    return 0;
}

static int
keep_moves(struct elimination *e)
{
    struct bb_moves *moves = e->moves;
    int64_t *sum = bb_arena_alloc(e->arena, (e->rows->n_rows + 1) * sizeof *sum);

    if (!sum)
        return -EDQUOT;
    memset(sum, 0, (e->rows->n_rows + 1) * sizeof *sum);
    for (uint32_t i = 0; i < e->rows->n_classes; i++) {
        struct bb_run run = moves->move[i];
        bool found = false;
        for (uint32_t multiple = 1; run.n && !found && multiple <= MULTIPLES; multiple++)
            found = in_integers(moves->step + run.first, run.n, multiple);
        if (found && changes_nothing(e->rows, moves->step + run.first, run.n, sum))
            moves->move[moves->n_moves++] = run;
        if (bb_effort_left(e->rows->facts->effort) != 0)
            return -EDQUOT;
    }
    return 0;
}

static int
index_moves(struct bb_moves *moves, struct bb_arena *arena)
{
    uint32_t n = moves->rows->n_classes, total = 0;

    moves->of_class = bb_arena_alloc(arena, (n + 1) * sizeof *moves->of_class);
    if (!moves->of_class)
        return -EDQUOT;
    memset(moves->of_class, 0, (n + 1) * sizeof *moves->of_class);
    for (uint32_t i = 0; i < moves->n_moves; i++)
        for (uint32_t j = 0; j < moves->move[i].n; j++)
            moves->of_class[moves->step[moves->move[i].first + j].class].n++;
    for (uint32_t i = 0; i < n; i++) {
        moves->of_class[i].first = total;
        total += moves->of_class[i].n;
        moves->of_class[i].n = 0;
    }
    moves->number = bb_arena_alloc(arena, (total + 1) * sizeof *moves->number);
    if (!moves->number)
        return -EDQUOT;
    for (uint32_t i = 0; i < moves->n_moves; i++)
        for (uint32_t j = 0; j < moves->move[i].n; j++) {
            struct bb_run *run = &moves->of_class[moves->step[moves->move[i].first + j].class];
            moves->number[run->first + run->n++] = i;
        }
    return 0;
}

int
bb_moves_find(const struct bb_rows *rows, uint32_t without, struct bb_arena *arena,
              struct bb_moves *ret_moves)
{
    struct bb_moves moves = {.rows = rows};
    struct elimination e = {.rows = rows, .moves = &moves, .arena = arena};
    uint32_t *unknown = NULL;
    int r;

    moves.known = bb_arena_alloc(arena, (rows->n_classes + 1) * sizeof *moves.known);
    moves.cause = bb_arena_alloc(arena, (rows->n_classes + 1) * sizeof *moves.cause);
    if (!moves.known || !moves.cause)
        return -EDQUOT;
    memset(moves.known, 0, (rows->n_classes + 1) * sizeof *moves.known);
    memset(moves.cause, 0xFF, (rows->n_classes + 1) * sizeof *moves.cause);
    bb_effort_spend(rows->facts->effort, CLASS_STEPS * (rows->n_classes + rows->n_rows));
    r = peel(&moves, without, arena, &unknown);
    if (r == 0)
        r = eliminate(&e, unknown, without);
    if (r == 0)
        r = gather_vectors(&e);
    if (r == 0)
        r = keep_moves(&e);
    if (r == 0)
        r = index_moves(&moves, arena);
    if (r == 0)
        *ret_moves = moves;
    return r;
}
