/* Small-number suppression against a solver that knows nothing of how it is done: whatever a partner asks,
 * and with its own rows, no hidden figure may follow. */
#include "suppress_random.h"

#include "tests/unit/check.h"
#include "workers/measurement/model/suppress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
name_table(const struct model *model, uint64_t number, char *out, size_t size)
{
    snprintf(out, size, "table %llu, threshold %lld, %zu readings", (unsigned long long)number,
             (long long)model->threshold, model->n);
}

static void
read_hidden(const struct model *model, bool without_places, bool *ret_hidden)
{
    struct bb_suppressed suppressed = model_suppress(model, without_places);

    check_int(suppressed.n, model->n_figures, "figures");
    for (size_t f = 0; f < model->n_figures; f++)
        ret_hidden[f] = bb_suppressed_hides(&suppressed, model->figure[f].key);
    bb_suppressed_release(&suppressed);
}

static bool
any(const bool *figure, size_t n)
{
    while (n && !figure[n - 1])
        n--;
    return n > 0;
}

/* How many hidden figures does somebody solve? */
static size_t
count_solved(const struct model *model, const bool *hidden)
{
    bool solved[MODEL_FIGURES], known[MODEL_FIGURES];
    size_t n = 0;

    for (unsigned c = 0; c < model->n_counts; c++)
        for (uint32_t o = MODEL_OUTSIDER; o <= MODEL_ORGANIZATIONS; o++) {
            model_solve(model, hidden, c, o, solved);
            if (!any(hidden, model->n_figures))
                continue;
            model_know(model, c, o, known);
            for (size_t f = 0; f < model->n_figures; f++)
                n += hidden[f] && model_concerns(model, f, c, o) && solved[f] && !known[f];
        }
    return n;
}

static void
test_nothing_is_solvable(void **state)
{
    static struct model model;
    bool hidden[MODEL_FIGURES];
    char name[100];

    (void)state;
    for (uint64_t number = 0; number < FEWER(150) * MODEL_KINDS; number++) {
        model_seed(number);
        model_random(&model_kinds[number % MODEL_KINDS], &model);
        name_table(&model, number, name, sizeof name);
        read_hidden(&model, false, hidden);
        for (size_t f = 0; f < model.n_figures; f++)
            check(!model_is_small(&model, &model.figure[f]) || hidden[f], name);
        check_int(count_solved(&model, hidden), 0, name);
    }
}

/* The solver finds what is left open when only the small ones are hidden. */
static void
test_the_solver_solves(void **state)
{
    static struct model model;
    bool hidden[MODEL_FIGURES];
    size_t tables[MODEL_KINDS] = {0};

    (void)state;
    for (uint64_t number = 0; number < 20 * MODEL_KINDS; number++) {
        model_seed(number);
        model_random(&model_kinds[number % MODEL_KINDS], &model);
        for (size_t f = 0; f < model.n_figures; f++)
            hidden[f] = model_is_small(&model, &model.figure[f]);
        tables[number % MODEL_KINDS] += count_solved(&model, hidden) > 0;
    }
    for (size_t i = 0; i < MODEL_KINDS; i++)
        check(tables[i] >= 3, "of 20 tables of each kind");
}

/* Aggregates beside what lies in them: the solver finds what is left open when that is not known. */
static void
test_places_tell(void **state)
{
    static struct model model;
    bool hidden[MODEL_FIGURES];
    size_t tables[MODEL_KINDS] = {0};

    (void)state;
    for (uint64_t number = 0; number < 60 * MODEL_KINDS; number++) {
        if (model_kinds[number % MODEL_KINDS].tree == 0)
            continue;
        model_seed(number);
        model_random(&model_kinds[number % MODEL_KINDS], &model);
        read_hidden(&model, true, hidden);
        tables[number % MODEL_KINDS] += count_solved(&model, hidden) > 0;
    }
    for (size_t i = 0; i < MODEL_KINDS; i++)
        check(model_kinds[i].tree == 0 || tables[i] >= 3, "of 60 tables of each kind with places in others");
}

/* Whole numbers, none negative: bounds tell nothing either. */

static const struct model_kind tiny[] = {
    {2, 2, 3, 3, 1, false, 9, 0, false}, {2, 3, 2, 3, 1, false, 9, 0, false},
    {3, 2, 3, 2, 1, false, 7, 0, false}, {2, 3, 3, 2, 1, true, 5, 0, false},
    {2, 2, 4, 2, 1, true, 6, 0, false},  {2, 5, 1, 3, 1, false, 8, 1, false},
    {2, 6, 1, 3, 1, false, 7, 2, false},
};

static bool
tiny_table(uint64_t number, struct model *model)
{
    model_seed(number);
    model_random(&tiny[number % COUNT(tiny)], model);
    for (size_t i = 0; i < model->n; i++)
        model->reading[i].count[0].mantissa %= 7;
    return model->n <= 9;
}

static size_t
count_pinned(const struct model *model, const bool *hidden)
{
    bool pinned[MODEL_FIGURES], known[MODEL_FIGURES], all[MODEL_FIGURES];
    size_t n = 0;

    memset(all, true, sizeof all);
    for (uint32_t o = MODEL_OUTSIDER; o <= MODEL_ORGANIZATIONS; o++) {
        model_try(model, hidden, 0, o, 8, pinned);
        if (!any(pinned, model->n_figures))
            continue;
        model_try(model, all, 0, o, 8, known); /* what cannot be hidden from it */
        for (size_t f = 0; f < model->n_figures; f++)
            n += pinned[f] && !known[f];
    }
    return n;
}

static void
test_nothing_is_pinned(void **state)
{
    static struct model model;
    bool hidden[MODEL_FIGURES];
    size_t tried = 0, pinned = 0;
    char name[100];

    (void)state;
    for (uint64_t number = 0; number < 200 * COUNT(tiny); number++) {
        if (!tiny_table(number, &model))
            continue;
        name_table(&model, number, name, sizeof name);
        read_hidden(&model, false, hidden);
        check_int(count_pinned(&model, hidden), 0, name);
        tried++;
        for (size_t f = 0; f < model.n_figures; f++)
            hidden[f] = model_is_small(&model, &model.figure[f]);
        pinned += count_pinned(&model, hidden) > 0;
    }
    check(tried > 400, "tables");
    check(pinned > tried / 6, "tables in which only the small ones are hidden");
}

/* The order of the readings says nothing. */
static void
test_any_order(void **state)
{
    static struct model model, other;
    bool hidden[MODEL_FIGURES], again[MODEL_FIGURES];
    char name[100];

    (void)state;
    for (uint64_t number = 0; number < 10 * MODEL_KINDS; number++) {
        model_seed(number);
        model_random(&model_kinds[number % MODEL_KINDS], &model);
        name_table(&model, number, name, sizeof name);
        other = model;
        for (size_t i = other.n; i > 1; i--) {
            size_t j = model_below((uint32_t)i);
            struct bb_suppress_reading reading = other.reading[j];
            other.reading[j] = other.reading[i - 1];
            other.reading[i - 1] = reading;
        }
        model_find_figures(&other);
        read_hidden(&model, false, hidden);
        read_hidden(&other, false, again);
        for (size_t f = 0; f < model.n_figures; f++)
            check_int(again[f], hidden[f], name);
    }
}

/* What is shown */

static size_t
count_hidden(const struct model *model)
{
    bool hidden[MODEL_FIGURES];
    size_t n = 0;

    read_hidden(model, false, hidden);
    for (size_t f = 0; f < model->n_figures; f++)
        n += hidden[f];
    return n;
}

/* Without a small count nothing is hidden; zeros are no small counts. */
static void
test_nothing_for_nothing(void **state)
{
    static struct model model;
    char name[100];

    (void)state;
    for (uint64_t number = 0; number < 20 * MODEL_KINDS; number++) {
        model_seed(number);
        model_random(&model_kinds[number % MODEL_KINDS], &model);
        name_table(&model, number, name, sizeof name);
        model.threshold = 1;
        check_int(count_hidden(&model), 0, name);
        for (size_t i = 0; i < model.n; i++)
            for (unsigned c = 0; c < model.n_counts; c++)
                model.reading[i].count[c].mantissa *= 5;
        model.threshold = 5;
        check_int(count_hidden(&model), 0, name);
    }
}

static bool
hides(const struct bb_suppressed *suppressed, uint32_t place, uint32_t disaggregation, uint32_t organization)
{
    return bb_suppressed_hides(suppressed, (struct bb_suppress_figure){place, disaggregation, organization});
}

/* By place and code of dimension a; of each count two organizations have about half. */
static void
square(struct model *model, const int64_t count[3][3])
{
    memset(model, 0, sizeof *model);
    model->tree = &model_trees[0];
    model->threshold = 5;
    model->n_counts = 1;
    for (uint32_t o = 1; o <= 2; o++)
        for (uint32_t p = 1; p <= 3; p++)
            for (uint32_t d = 1; d <= 3; d++)
                model_add_reading(model, o, p, d, (struct bb_decimal){(count[p - 1][d - 1] + o - 1) / 2, 0},
                                  (struct bb_decimal){0, 0});
}

/* A small cell, another one of its row and of its column, and the fourth corner; no total. */
static void
test_four_corners(void **state)
{
    static const int64_t count[3][3] = {{3, 40, 30}, {50, 60, 70}, {20, 80, 90}};
    static const bool corner[3][3] = {{true, false, true}, {true, false, true}, {false, false, false}};
    static struct model model;
    struct bb_suppressed suppressed;

    (void)state;
    square(&model, count);
    suppressed = model_suppress(&model, false);
    for (uint32_t p = 1; p <= 3; p++)
        for (uint32_t d = 1; d <= 3; d++)
            check_int(hides(&suppressed, p, d, BB_SUPPRESS_ALL), corner[p - 1][d - 1], "cell");
    for (uint32_t i = 1; i <= 3; i++) {
        assert_false(hides(&suppressed, i, BB_SUPPRESS_OPEN, BB_SUPPRESS_ALL));
        assert_false(hides(&suppressed, BB_SUPPRESS_OPEN, i, BB_SUPPRESS_ALL));
    }
    assert_false(hides(&suppressed, BB_SUPPRESS_OPEN, BB_SUPPRESS_OPEN, BB_SUPPRESS_ALL));
    assert_true(hides(&suppressed, 4, 1, BB_SUPPRESS_ALL)); /* no such figure */
    bb_suppressed_release(&suppressed);
}

/* Where each cell is of one organization it is its line: those are told nobody else, so the rest may be. */
static void
test_lines(void **state)
{
    static const int64_t count[3][3] = {{3, 40, 30}, {50, 60, 70}, {20, 80, 90}};
    static struct model model = {.threshold = 5, .n_counts = 1, .tree = &model_trees[0]};
    struct bb_suppressed suppressed;
    size_t n_hidden = 0;

    (void)state;
    for (uint32_t p = 1; p <= 3; p++)
        for (uint32_t d = 1; d <= 3; d++)
            model_add_reading(&model, p, p, d, (struct bb_decimal){count[p - 1][d - 1], 0},
                              (struct bb_decimal){0, 0});
    suppressed = model_suppress(&model, false);
    for (size_t i = 0; i < suppressed.n; i++) {
        const struct bb_suppress_figure *figure = &suppressed.figure[i];
        bool line = figure->place != BB_SUPPRESS_OPEN;
        check_int(suppressed.alone[i],
                  line || figure->organization != BB_SUPPRESS_ALL
                      ? (line ? figure->place : figure->organization)
                      : BB_SUPPRESS_ALL,
                  "alone");
        check(!suppressed.hidden[i] || (suppressed.alone[i] == 1 && figure->disaggregation == 1), "hidden");
        n_hidden += suppressed.hidden[i];
    }
    bb_suppressed_release(&suppressed);
    check(n_hidden >= 2, "the small one, of its organization and of all");
}

/* Two organizations in one cell: each would take away its own. */
static void
test_what_remains(void **state)
{
    static const struct {
        const char *what;
        int64_t first, second, third; /* -1: none */
        bool hidden;
    } rows[] = {
        {"all are large", 10, 20, 30, false},
        {"one of two is small", 100, 3, -1, true},
        {"two of three, together small", 100, 2, 2, true},
        {"two of three, together large", 100, 3, 4, false},
        {"a zero", 100, 0, -1, false},
        {"small, and a zero", 3, 0, -1, true},
        {"small in all", 1, 1, 1, true},
        {"all zero", 0, 0, 0, false},
    };
    static struct model model;
    struct bb_suppressed suppressed;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const int64_t count[] = {rows[i].first, rows[i].second, rows[i].third};
        memset(&model, 0, sizeof model);
        model.tree = &model_trees[0];
        model.threshold = 5;
        model.n_counts = 1;
        for (uint32_t o = 1; o <= 3; o++)
            if (count[o - 1] >= 0)
                model_add_reading(&model, o, 1, 0, (struct bb_decimal){count[o - 1], 0},
                                  (struct bb_decimal){0, 0});
        suppressed = model_suppress(&model, false);
        check_int(hides(&suppressed, 1, 0, BB_SUPPRESS_ALL), rows[i].hidden, rows[i].what);
        bb_suppressed_release(&suppressed);
    }
}

static void
test_ratios_and_decimals(void **state)
{
    static const struct {
        const char *what;
        struct bb_decimal numerator, denominator;
        bool hidden;
    } rows[] = {
        {"both are large", {20, 0}, {100, 0}, false},  {"a small numerator", {2, 0}, {100, 0}, true},
        {"a small denominator", {0, 0}, {4, 0}, true}, {"no numerator", {0, 0}, {100, 0}, false},
        {"a fraction", {49, 1}, {100, 0}, true},       {"just enough", {50, 1}, {100, 0}, false},
        {"below zero", {-3, 0}, {100, 0}, true},       {"far below zero", {-40, 0}, {100, 0}, false},
        {"very small", {1, 24}, {100, 0}, true},
    };
    static struct model model;
    struct bb_suppressed suppressed;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        memset(&model, 0, sizeof model);
        model.tree = &model_trees[0];
        model.threshold = 5;
        model.n_counts = 2;
        model_add_reading(&model, 1, 1, 0, rows[i].numerator, rows[i].denominator);
        suppressed = model_suppress(&model, false);
        check_int(hides(&suppressed, 1, 0, BB_SUPPRESS_ALL), rows[i].hidden, rows[i].what);
        bb_suppressed_release(&suppressed);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_solvable), cmocka_unit_test(test_the_solver_solves),
        cmocka_unit_test(test_places_tell),         cmocka_unit_test(test_nothing_is_pinned),
        cmocka_unit_test(test_any_order),           cmocka_unit_test(test_nothing_for_nothing),
        cmocka_unit_test(test_four_corners),        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_what_remains),        cmocka_unit_test(test_ratios_and_decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
