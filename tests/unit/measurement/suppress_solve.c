/* Who could solve what, from rows of coefficients of the cells: what was shown, and what is known besides. */
#include "suppress_known.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

/* Beside what was told. */
static void
know_own(const struct model *model, unsigned count, uint32_t organization, struct knowledge *knowledge)
{
    for (size_t i = 0; i < model->n; i++)
        if (model->reading[i].organization == organization || model_count(model, i, count) == 0)
            knowledge_row(knowledge)[i] = 1;
    know_additions(model, count, knowledge);
}

static void
know_all(const struct model *model, const bool *hidden, unsigned count, uint32_t organization,
         struct knowledge *knowledge)
{
    knowledge->n = 0;
    for (size_t f = 0; f < model->n_figures; f++) {
        int8_t *row;
        if (!model_is_shown(model, hidden, f, organization))
            continue;
        row = knowledge_row(knowledge);
        for (size_t i = 0; i < model->n; i++)
            row[i] = model->figure[f].part[i];
    }
    know_own(model, count, organization, knowledge);
}

/* Rational numbers, small ones */

struct rational {
    int64_t over, under; /* in lowest terms, under > 0 */
};

static struct rational
lowest(__int128 over, __int128 under)
{
    __int128 a = over < 0 ? -over : over, b = under < 0 ? -under : under;

    while (b) {
        __int128 rest = a % b;
        a = b;
        b = rest;
    }
    over /= under < 0 ? -a : a;
    under /= under < 0 ? -a : a;
    assert_true(over < INT64_MAX && over > -INT64_MAX && under < INT64_MAX);
    return (struct rational){(int64_t)over, (int64_t)under};
}

/* a - b * c */
static struct rational
minus_product(struct rational a, struct rational b, struct rational c)
{
    struct rational product;

    if (a.under == 1 && b.under == 1 && c.under == 1 && llabs(b.over) < INT32_MAX &&
        llabs(c.over) < INT32_MAX && llabs(a.over) < INT32_MAX)
        return (struct rational){a.over - b.over * c.over, 1};
    product = lowest((__int128)b.over * c.over, (__int128)b.under * c.under);

    return lowest((__int128)a.over * product.under - (__int128)product.over * a.under,
                  (__int128)a.under * product.under);
}

/* Rows in reduced form: each with a 1 at its pivot, where it is the only one but for rows after it. */
struct echelon {
    struct rational row[MODEL_READINGS][MODEL_READINGS];
    size_t pivot[MODEL_READINGS];
    size_t n, width;
};

static void
reduce(const struct echelon *echelon, struct rational *row)
{
    for (size_t i = 0; i < echelon->n; i++) {
        struct rational factor = row[echelon->pivot[i]];
        if (factor.over == 0)
            continue;
        for (size_t j = 0; j < echelon->width; j++)
            if (echelon->row[i][j].over)
                row[j] = minus_product(row[j], factor, echelon->row[i][j]);
    }
}

static bool
is_zero(const struct rational *row, size_t n, size_t *ret_pivot)
{
    for (size_t i = 0; i < n; i++)
        if (row[i].over) {
            *ret_pivot = i;
            return false;
        }
    return true;
}

static void
add_row(struct echelon *echelon, const int8_t *coefficient)
{
    struct rational *row = echelon->row[echelon->n], factor;
    size_t pivot;

    for (size_t i = 0; i < echelon->width; i++)
        row[i] = (struct rational){coefficient[i], 1};
    reduce(echelon, row);
    if (is_zero(row, echelon->width, &pivot))
        return;
    factor = row[pivot];
    for (size_t i = 0; i < echelon->width; i++)
        row[i] = lowest((__int128)row[i].over * factor.under, (__int128)row[i].under * factor.over);
    echelon->pivot[echelon->n++] = pivot;
}

static bool
follows(const struct echelon *echelon, const struct model_figure *figure)
{
    struct rational row[MODEL_READINGS];
    size_t pivot;

    for (size_t i = 0; i < echelon->width; i++)
        row[i] = (struct rational){figure->part[i], 1};
    reduce(echelon, row);
    return is_zero(row, echelon->width, &pivot);
}

static void
solve(const struct model *model, const struct knowledge *knowledge, bool *ret_solved)
{
    struct echelon *echelon = malloc(sizeof *echelon);

    assert_non_null(echelon);
    echelon->n = 0;
    echelon->width = model->n;
    for (size_t i = 0; i < knowledge->n && echelon->n < model->n; i++)
        add_row(echelon, knowledge->row[i]);
    for (size_t f = 0; f < model->n_figures; f++)
        ret_solved[f] = follows(echelon, &model->figure[f]);
    free(echelon);
}

void
model_solve(const struct model *model, const bool *hidden, unsigned count, uint32_t organization,
            bool *ret_solved)
{
    struct knowledge knowledge = {.row = malloc(MODEL_ROWS * sizeof *knowledge.row)};

    assert_non_null(knowledge.row);
    know_all(model, hidden, count, organization, &knowledge);
    solve(model, &knowledge, ret_solved);
    free(knowledge.row);
}

void
model_solve_told(const struct model *model, const bool (*told)[MODEL_READINGS], size_t n, unsigned count,
                 uint32_t organization, bool *ret_solved)
{
    struct knowledge knowledge = {.row = malloc(MODEL_ROWS * sizeof *knowledge.row)};

    assert_non_null(knowledge.row);
    for (size_t i = 0; i < n; i++) {
        int8_t *row = knowledge_row(&knowledge);
        for (size_t k = 0; k < model->n; k++)
            row[k] = told[i][k];
    }
    know_own(model, count, organization, &knowledge);
    solve(model, &knowledge, ret_solved);
    free(knowledge.row);
}

void
model_know(const struct model *model, unsigned count, uint32_t organization, bool *ret_known)
{
    model_solve_told(model, NULL, 0, count, organization, ret_known);
}

/* Trying */

struct trial {
    const struct model *model;
    const bool *hidden;
    unsigned count;
    struct knowledge knowledge;
    int64_t sum[MODEL_ROWS]; /* what each row is to be */
    int64_t is[MODEL_FIGURES];
    int64_t value[MODEL_READINGS];
    int64_t most;
    bool *pinned; /* by figure: no other value found yet */
    size_t n_pinned;
};

/* Given the first n values: may the row still come true? */
static bool
is_possible(const struct trial *trial, size_t row, size_t n)
{
    int64_t sum = 0, low = 0, high = 0;

    for (size_t i = 0; i < trial->model->n; i++) {
        int8_t coefficient = trial->knowledge.row[row][i];
        if (i < n)
            sum += coefficient * trial->value[i];
        else if (coefficient > 0)
            high += coefficient * trial->most;
        else
            low += coefficient * trial->most;
    }
    return sum + low <= trial->sum[row] && sum + high >= trial->sum[row];
}

static int64_t
tried_sum(const struct trial *trial, size_t figure)
{
    int64_t sum = 0;

    for (size_t i = 0; i < trial->model->n; i++)
        sum += trial->model->figure[figure].part[i] ? trial->value[i] : 0;
    return sum;
}

/* A zero would be shown: what is not shown, and could be, is none. */
static bool
looks_the_same(const struct trial *trial)
{
    const struct model *model = trial->model;

    for (size_t f = 0; f < model->n_figures; f++)
        if (trial->hidden[f] && !model->figure[f].alone && trial->is[f] != 0 && tried_sum(trial, f) == 0)
            return false;
    return true;
}

static void
try_from(struct trial *trial, size_t at)
{
    for (size_t row = 0; row < trial->knowledge.n; row++)
        if (!is_possible(trial, row, at))
            return;
    if (at < trial->model->n) {
        for (int64_t value = 0; trial->n_pinned && value <= trial->most; value++) {
            trial->value[at] = value;
            try_from(trial, at + 1);
        }
        return;
    }
    if (!looks_the_same(trial))
        return;
    for (size_t f = 0; f < trial->model->n_figures; f++)
        if (trial->pinned[f] && tried_sum(trial, f) != trial->is[f]) {
            trial->pinned[f] = false;
            trial->n_pinned--;
        }
}

void
model_try(const struct model *model, const bool *hidden, unsigned count, uint32_t organization, int64_t most,
          bool *ret_pinned)
{
    struct trial *trial = calloc(1, sizeof *trial);

    assert_non_null(trial);
    trial->model = model;
    trial->hidden = hidden;
    trial->count = count;
    trial->most = most;
    trial->pinned = ret_pinned;
    trial->knowledge.row = malloc(MODEL_ROWS * sizeof *trial->knowledge.row);
    assert_non_null(trial->knowledge.row);
    know_all(model, hidden, count, organization, &trial->knowledge);
    for (size_t row = 0; row < trial->knowledge.n; row++)
        for (size_t i = 0; i < model->n; i++)
            trial->sum[row] += trial->knowledge.row[row][i] * model_count(model, i, count);
    for (size_t f = 0; f < model->n_figures; f++) {
        trial->is[f] = model_sum(model, &model->figure[f], count);
        ret_pinned[f] = hidden[f] && model_concerns(model, f, count, organization);
        trial->n_pinned += ret_pinned[f];
    }
    try_from(trial, 0);
    free(trial->knowledge.row);
    free(trial);
}
