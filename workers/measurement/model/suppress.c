/* Facts are hidden until each hidden one is proved to be hidden, from each organization, in each count. A
 * round makes the rows of what is still told, finds moves that leave all cells free, and proves what it can.
 * For the rest it finds moves that leave out one organization's own cells, one organization after the other.
 * What cannot be proved then has something hidden for it, and the next round begins. Each round hides at
 * least one fact more, and where nothing is told there is nothing to prove, so there is an end. Mostly it is
 * reached in a few rounds; a table that takes many is one of small numbers and shared lines everywhere, and
 * after a while whole rows are hidden for it.
 *
 * What is proved stays so: hiding more takes rows away, and a change that no row notices is noticed by no
 * fewer rows. So a round looks only at what is hidden since, and what is open. */
#include "suppress.h"

#include "suppress_choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of a count, then it goes on coarsely: of a large table each takes long. */
#define FINE_ROUNDS 200u
#define FEW_ROUNDS  8u
/* The same, in facts that rounds go through. */
#define FINE_FACTS 400000u

struct work {
    struct bb_effort effort;
    struct bb_facts facts;
    struct bb_rows_of_cells of_cells[BB_SUPPRESS_COUNTS];
    bool *
        proved[BB_SUPPRESS_COUNTS]; /* by fact: from somebody without cells, and all that are not in `open` */
    /* For the table, a round, the moves of a round */
    struct bb_arena table, round, moves;
    /* Of a round */
    unsigned count, n_rounds;
    struct bb_rows rows;
    struct bb_moves all_moves;
    struct bb_proof proof;
    struct bb_hiding hiding;
    /* From round to round of a count */
    struct bb_open *open;
    size_t n_open, size;
};

/* Room for as many as there are organizations. */
static int
grow_open(struct work *work)
{
    size_t need = work->n_open + work->facts.n_organizations + 1, size = work->size ? work->size : 256;
    struct bb_open *grown;

    if (need <= work->size)
        return 0;
    while (size < need)
        size *= 2;
    grown = bb_arena_alloc(&work->table, size * sizeof *grown);
    if (!grown)
        return -EDQUOT;
    if (work->n_open)
        memcpy(grown, work->open, work->n_open * sizeof *grown);
    work->open = grown;
    work->size = size;
    return 0;
}

static unsigned
fine_rounds(const struct bb_facts *facts)
{
    unsigned rounds = FINE_FACTS / (facts->n_facts + 1);

    return rounds < FEW_ROUNDS ? FEW_ROUNDS : rounds < FINE_ROUNDS ? rounds : FINE_ROUNDS;
}

static int
begin_round(struct work *work, unsigned count)
{
    int r;

    bb_arena_reset(&work->round);
    bb_arena_reset(&work->moves);
    work->count = count;
    r = bb_rows_make(&work->of_cells[count], &work->round, &work->rows);
    if (r == 0)
        r = bb_moves_find(&work->rows, BB_NO_OWNER, &work->round, &work->all_moves);
    if (r == 0)
        r = bb_proof_init(&work->proof, &work->rows, &work->all_moves, &work->round);
    if (r == 0)
        r = bb_hiding_init(&work->hiding, &work->facts, &work->of_cells[count], &work->rows, &work->round);
    work->hiding.coarse = ++work->n_rounds > fine_rounds(&work->facts);
    return r == 0 ? bb_effort_left(&work->effort) : r;
}

/* What is open to everybody comes again: forget it. */
static void
forget_plain(struct work *work)
{
    size_t n = 0;

    for (size_t i = 0; i < work->n_open; i++)
        if (work->open[i].organization != BB_NO_OWNER)
            work->open[n++] = work->open[i];
    work->n_open = n;
}

/* What is hidden and not proved yet. ret_plain: is something open to everybody? */
static int
prove_all(struct work *work, bool *ret_plain)
{
    *ret_plain = false;
    forget_plain(work);
    for (uint32_t i = 0; i < work->facts.n_facts; i++) {
        bool plain;
        uint32_t n;
        if (!work->facts.fact[i].hidden || work->proved[work->count][i])
            continue;
        if (grow_open(work) != 0 || bb_effort_left(&work->effort) != 0)
            return -EDQUOT;
        bb_proof_take(&work->proof, i);
        n = bb_proof_for_all(&work->proof, work->open + work->n_open);
        bb_proof_drop(&work->proof);
        plain = n && work->open[work->n_open].organization == BB_NO_OWNER;
        work->proved[work->count][i] = !plain;
        work->n_open += n;
        *ret_plain |= plain;
    }
    return 0;
}

static bool
hide_for(struct work *work, const struct bb_open *open)
{
    uint32_t fact;
    bool hidden;

    bb_proof_take(&work->proof, open->fact);
    hidden = bb_hiding_add(&work->hiding, &work->proof, open->organization);
    bb_proof_drop(&work->proof);
    while (bb_effort_left(&work->effort) == 0 && bb_hiding_next(&work->hiding, &fact)) {
        bb_proof_take(&work->proof, fact);
        bb_hiding_follow(&work->hiding, &work->proof, open->organization);
        bb_proof_drop(&work->proof);
    }
    return hidden;
}

/* What everybody could work out. */
static int
hide_plain(struct work *work, bool *ret_changed)
{
    for (size_t i = 0; i < work->n_open; i++) {
        if (bb_effort_left(&work->effort) != 0)
            return -EDQUOT;
        if (work->open[i].organization == BB_NO_OWNER)
            *ret_changed |= hide_for(work, &work->open[i]);
    }
    return 0;
}

static int
compare_open(const void *a_pointer, const void *b_pointer)
{
    const struct bb_open *a = a_pointer, *b = b_pointer;

    if (a->organization != b->organization)
        return a->organization < b->organization ? -1 : 1;
    return (a->fact > b->fact) - (a->fact < b->fact);
}

static bool
holds(struct work *work, const struct bb_open *open)
{
    bool r;

    bb_proof_take(&work->proof, open->fact);
    r = bb_proof_holds(&work->proof, open->organization);
    bb_proof_drop(&work->proof);
    return r;
}

/* From `from` on, leave what the moves at hand do not prove. */
static void
close_open(struct work *work, size_t from)
{
    size_t n = from;

    for (size_t i = from; i < work->n_open; i++)
        if (bb_effort_left(&work->effort) != 0 || !holds(work, &work->open[i]))
            work->open[n++] = work->open[i];
    work->n_open = n;
}

/* What one organization could work out with its own rows. What has something hidden for it stays open. */
static int
hide_own(struct work *work, bool *ret_changed)
{
    struct bb_moves moves;

    close_open(work, 0);
    if (work->n_open)
        qsort(work->open, work->n_open, sizeof *work->open, compare_open);
    for (size_t from = 0, i; from < work->n_open; from = i) {
        uint32_t organization = work->open[from].organization;
        int r;
        bb_arena_reset(&work->moves);
        r = bb_moves_find(&work->rows, organization, &work->moves, &moves);
        if (r != 0)
            return r;
        work->proof.moves = &moves;
        close_open(work, from);
        for (i = from; i < work->n_open && work->open[i].organization == organization; i++) {
            if (bb_effort_left(&work->effort) != 0)
                return -EDQUOT;
            *ret_changed |= hide_for(work, &work->open[i]);
        }
    }
    return 0;
}

static int
settle(struct work *work, unsigned count, bool *ret_changed)
{
    bool plain = false, again = true;
    int r = 0;

    work->n_open = 0;
    work->n_rounds = 0;
    while (r == 0 && again) {
        again = false;
        r = begin_round(work, count);
        if (r == 0)
            r = prove_all(work, &plain);
        if (r == 0 && plain)
            r = hide_plain(work, &again);
        if (r == 0 && !again)
            r = hide_own(work, &again);
        *ret_changed |= again;
    }
    return r;
}

static int
settle_all(struct work *work)
{
    size_t n_facts = work->facts.n_facts;
    bool changed = true;
    int r = 0;

    for (unsigned c = 0; r == 0 && c < work->facts.n_counts; c++) {
        work->proved[c] = bb_arena_alloc(&work->table, n_facts + 1);
        if (!work->proved[c])
            return -EDQUOT;
        memset(work->proved[c], 0, n_facts + 1);
        r = bb_rows_of_cells_make(&work->facts, c, &work->table, &work->of_cells[c]);
    }
    while (r == 0 && changed) {
        changed = false;
        for (unsigned c = 0; r == 0 && c < work->facts.n_counts; c++)
            r = settle(work, c, &changed);
        changed &= work->facts.n_counts > 1;
    }
    return r;
}

static int
copy_out(const struct bb_facts *facts, struct bb_suppressed *ret_suppressed)
{
    struct bb_suppressed s = {.n = facts->n_figures};

    s.figure = malloc((s.n + 1) * sizeof *s.figure);
    s.hidden = malloc((s.n + 1) * sizeof *s.hidden);
    s.alone = malloc((s.n + 1) * sizeof *s.alone);
    if (!s.figure || !s.hidden || !s.alone) {
        bb_suppressed_release(&s);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s.n; i++) {
        s.figure[i] = facts->figure[i];
        s.alone[i] = facts->alone[i];
        s.hidden[i] = facts->fact_of[i] != BB_NO_FACT && facts->fact[facts->fact_of[i]].hidden;
    }
    *ret_suppressed = s;
    return 0;
}

int
bb_suppress(const struct bb_suppress_table *table, size_t most, struct bb_suppressed *ret_suppressed)
{
    struct work work = {.count = 0};
    int r;

    bb_arena_init(&work.table, most / 2);
    bb_arena_init(&work.round, most / 4);
    bb_arena_init(&work.moves, most / 4);
    r = bb_facts_make(table, &work.effort, &work.table, &work.round, &work.facts);
    if (r == 0)
        r = settle_all(&work);
    if (r == 0)
        r = copy_out(&work.facts, ret_suppressed);
    bb_arena_release(&work.table);
    bb_arena_release(&work.round);
    bb_arena_release(&work.moves);
    return r;
}

void
bb_suppressed_release(struct bb_suppressed *suppressed)
{
    free(suppressed->figure);
    free(suppressed->hidden);
    free(suppressed->alone);
    *suppressed = (struct bb_suppressed){0};
}

static bool
is_before(const struct bb_suppress_figure *a, const struct bb_suppress_figure *b)
{
    if (a->place != b->place)
        return a->place < b->place;
    if (a->disaggregation != b->disaggregation)
        return a->disaggregation < b->disaggregation;
    return a->organization < b->organization;
}

bool
bb_suppressed_find(const struct bb_suppressed *suppressed, struct bb_suppress_figure figure,
                   size_t *ret_number)
{
    size_t from = 0, to = suppressed->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (is_before(&suppressed->figure[middle], &figure))
            from = middle + 1;
        else
            to = middle;
    }
    if (from == suppressed->n || is_before(&figure, &suppressed->figure[from]))
        return false;
    *ret_number = from;
    return true;
}

bool
bb_suppressed_hides(const struct bb_suppressed *suppressed, struct bb_suppress_figure figure)
{
    size_t number;

    return !bb_suppressed_find(suppressed, figure, &number) || suppressed->hidden[number];
}
