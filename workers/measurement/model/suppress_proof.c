/* Most moves have to do with a few organizations only, and for all others they prove the same. So a fact is
 * first proved for somebody without cells; then those organizations are asked for that are in what proved it.
 *
 * What falls stays above zero, so that no figure becomes zero and would be shown; but in a swap, where only
 * the cell itself and what nobody is shown may (may_vanish). */
#include "suppress_proof.h"

#include <errno.h>
#include <string.h>

#define TRIES 256 /* moves that are asked for one fact and one organization */

int
bb_proof_init(struct bb_proof *proof, const struct bb_rows *rows, const struct bb_moves *moves,
              struct bb_arena *arena)
{
    const struct bb_facts *facts = rows->facts;

    *proof = (struct bb_proof){.facts = facts, .count = rows->count, .rows = rows, .moves = moves};
    proof->in = bb_arena_alloc(arena, (facts->n_cells + 1) * sizeof *proof->in);
    proof->in_class = bb_arena_alloc(arena, (rows->n_classes + 1) * sizeof *proof->in_class);
    proof->suspect = bb_arena_alloc(arena, (facts->n_organizations + 1) * sizeof *proof->suspect);
    if (!proof->in || !proof->in_class || !proof->suspect)
        return -EDQUOT;
    memset(proof->in, 0, (facts->n_cells + 1) * sizeof *proof->in);
    memset(proof->in_class, 0, (rows->n_classes + 1) * sizeof *proof->in_class);
    memset(proof->suspect, 0, (facts->n_organizations + 1) * sizeof *proof->suspect);
    return 0;
}

static const uint32_t *
cells_of(const struct bb_proof *proof, uint32_t *ret_n)
{
    const struct bb_run *run = &proof->facts->fact[proof->fact].cells;

    *ret_n = run->n;
    return proof->facts->member + run->first;
}

static void
mark(struct bb_proof *proof, bool in)
{
    uint32_t n;
    const uint32_t *cell = cells_of(proof, &n);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t class = proof->rows->class_of[cell[i]];
        if (class == BB_NO_CLASS)
            continue;
        proof->in[cell[i]] = in;
        proof->in_class[class] = in ? proof->in_class[class] + 1 : 0;
    }
}

void
bb_proof_take(struct bb_proof *proof, uint32_t fact)
{
    proof->fact = fact;
    mark(proof, true);
}

void
bb_proof_drop(struct bb_proof *proof)
{
    mark(proof, false);
}

bool
bb_proof_concerns(const struct bb_proof *proof, uint32_t organization)
{
    uint32_t n;
    const uint32_t *cell = cells_of(proof, &n);

    for (uint32_t i = 0; i < n; i++)
        if (proof->in[cell[i]] && proof->facts->cell[cell[i]].owner != organization)
            return true;
    return false;
}

/* What is in a class beside the cells of an organization. */
struct others {
    uint32_t n, in; /* cells; of the fact */
    uint32_t capacity;
};

/* The first cell of a class that is of this organization or a later one. */
static uint32_t
find_owner(const struct bb_proof *proof, const struct bb_class *class, uint32_t organization)
{
    uint32_t from = class->cells.first, to = class->cells.first + class->cells.n;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (proof->facts->cell[proof->rows->cell[middle]].owner < organization)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static struct others
others_in(const struct bb_proof *proof, uint32_t number, uint32_t organization)
{
    const struct bb_class *class = &proof->rows->class[number];
    struct others others = {class->cells.n, proof->in_class[number], class->capacity};

    if (organization == BB_NO_OWNER)
        return others;
    for (uint32_t i = find_owner(proof, class, organization); i < class->cells.first + class->cells.n; i++) {
        uint32_t cell = proof->rows->cell[i];
        if (proof->facts->cell[cell].owner != organization)
            break;
        others.n--;
        others.in -= proof->in[cell];
        others.capacity -= proof->facts->cell[cell].capacity[proof->count];
    }
    return others;
}

/* May another one's cell in this class fall? */
static bool
any_falls(const struct bb_proof *proof, const struct bb_class *class, uint32_t organization)
{
    for (uint32_t i = class->cells.first; i < class->cells.first + class->cells.n; i++) {
        const struct bb_cell_of_facts *cell = &proof->facts->cell[proof->rows->cell[i]];
        bb_effort_spend(proof->facts->effort, 1);
        if (cell->owner != organization &&
            (cell->capacity[proof->count] > 0 || cell->may_vanish[proof->count]))
            return true;
    }
    return false;
}

/* One cell falls and another rises, the one in the fact, the other one not. */
static bool
swap_holds(const struct bb_proof *proof, uint32_t class, uint32_t organization)
{
    struct others others = others_in(proof, class, organization);

    return others.in > 0 && others.in < others.n &&
           any_falls(proof, &proof->rows->class[class], organization);
}

static bool
move_holds(const struct bb_proof *proof, uint32_t move, uint32_t organization)
{
    const struct bb_run *run = &proof->moves->move[move];
    bool forth = true, back = true;
    int64_t change = 0;

    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        const struct bb_step_of_move *step = &proof->moves->step[i];
        struct others others = others_in(proof, step->class, organization);
        bb_effort_spend(proof->facts->effort, 1);
        if (others.n == 0 || (others.in > 0 && others.in < others.n))
            return false;
        if (others.in > 0)
            change += step->by;
        if (step->by < 0)
            forth &= others.capacity >= (uint32_t)-step->by;
        else
            back &= others.capacity >= (uint32_t)step->by;
    }
    return change != 0 && (forth || back);
}

struct witness {
    bool found, is_move;
    uint32_t number; /* of the class, or move */
};

static struct witness
find_witness(const struct bb_proof *proof, uint32_t organization)
{
    uint32_t n, tries = 0;
    const uint32_t *cell = cells_of(proof, &n);

    bb_effort_spend(proof->facts->effort, 2 * n);
    for (uint32_t i = 0; i < n; i++)
        if (proof->in[cell[i]] && swap_holds(proof, proof->rows->class_of[cell[i]], organization))
            return (struct witness){true, false, proof->rows->class_of[cell[i]]};
    for (uint32_t i = 0; i < n; i++) {
        uint32_t class = proof->rows->class_of[cell[i]];
        if (!proof->in[cell[i]])
            continue;
        for (uint32_t j = 0; j < proof->moves->of_class[class].n && tries < TRIES; j++, tries++) {
            uint32_t move = proof->moves->number[proof->moves->of_class[class].first + j];
            if (move_holds(proof, move, organization))
                return (struct witness){true, true, move};
        }
    }
    return (struct witness){0};
}

bool
bb_proof_holds(const struct bb_proof *proof, uint32_t organization)
{
    return find_witness(proof, organization).found;
}

/* For all */

static bool
witness_holds(const struct bb_proof *proof, const struct witness *witness, uint32_t organization)
{
    return witness->is_move ? move_holds(proof, witness->number, organization)
                            : swap_holds(proof, witness->number, organization);
}

/* Ask for each organization in a class, once. */
static uint32_t
ask_class(struct bb_proof *proof, uint32_t number, const struct witness *witness, struct bb_open *ret_open)
{
    const struct bb_class *class = &proof->rows->class[number];
    uint32_t n = 0;

    bb_effort_spend(proof->facts->effort, 2 * class->cells.n);
    for (uint32_t i = class->cells.first; i < class->cells.first + class->cells.n; i++) {
        uint32_t organization = proof->facts->cell[proof->rows->cell[i]].owner;
        if (proof->suspect[organization])
            continue;
        proof->suspect[organization] = true;
        if (!witness_holds(proof, witness, organization) && bb_proof_concerns(proof, organization) &&
            !bb_proof_holds(proof, organization))
            ret_open[n++] = (struct bb_open){proof->fact, organization};
    }
    return n;
}

static void
forget_class(struct bb_proof *proof, uint32_t number)
{
    const struct bb_class *class = &proof->rows->class[number];

    for (uint32_t i = class->cells.first; i < class->cells.first + class->cells.n; i++)
        proof->suspect[proof->facts->cell[proof->rows->cell[i]].owner] = false;
}

uint32_t
bb_proof_for_all(struct bb_proof *proof, struct bb_open *ret_open)
{
    struct witness witness = find_witness(proof, BB_NO_OWNER);
    const struct bb_run *run;
    uint32_t n = 0;

    if (!bb_proof_concerns(proof, BB_NO_OWNER))
        return 0;
    if (!witness.found) {
        *ret_open = (struct bb_open){proof->fact, BB_NO_OWNER};
        return 1;
    }
    if (!witness.is_move) {
        n = ask_class(proof, witness.number, &witness, ret_open);
        forget_class(proof, witness.number);
        return n;
    }
    run = &proof->moves->move[witness.number];
    for (uint32_t i = run->first; i < run->first + run->n; i++)
        n += ask_class(proof, proof->moves->step[i].class, &witness, ret_open + n);
    for (uint32_t i = run->first; i < run->first + run->n; i++)
        forget_class(proof, proof->moves->step[i].class);
    return n;
}
