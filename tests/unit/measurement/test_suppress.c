/* Small-number suppression against a solver that knows nothing of how it is done: whatever a partner asks,
 * and with its own rows, no hidden figure may follow. */
#include "workers/measurement/suppress.h"

#include "suppress_random.h"

#include "tests/unit/check.h"

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
read_hidden(const struct model *model, bool *ret_hidden)
{
    struct bb_suppressed suppressed = model_suppress(model);

    check_int(suppressed.n, model->n_figures, "figures");
    for (size_t f = 0; f < model->n_figures; f++)
        ret_hidden[f] = bb_suppressed_hides(&suppressed, model->figure[f].key);
    bb_suppressed_release(&suppressed);
}

/* How many hidden figures does somebody solve? */
static size_t
count_solved(const struct model *model, const bool *hidden)
{
    bool solved[MODEL_FIGURES];
    size_t n = 0;

    for (unsigned c = 0; c < model->n_counts; c++)
        for (uint32_t o = MODEL_OUTSIDER; o <= MODEL_ORGANIZATIONS; o++) {
            model_solve(model, hidden, c, o, solved);
            for (size_t f = 0; f < model->n_figures; f++)
                n += hidden[f] && model_concerns(model, f, c, o) && solved[f];
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
    for (uint64_t number = 0; number < 150 * MODEL_KINDS; number++) {
        model_seed(number);
        model_random(&model_kinds[number % MODEL_KINDS], &model);
        name_table(&model, number, name, sizeof name);
        read_hidden(&model, hidden);
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

/* Whole numbers, none negative: bounds tell nothing either. */

static const struct model_kind tiny[] = {
    {1, 3, 3, 3, 1, false, 10}, {2, 3, 2, 3, 1, false, 9}, {3, 2, 3, 2, 1, false, 7},
    {2, 3, 3, 2, 1, true, 5},   {1, 3, 4, 2, 1, true, 8},
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
    bool pinned[MODEL_FIGURES];
    size_t n = 0;

    for (uint32_t o = MODEL_OUTSIDER; o <= MODEL_ORGANIZATIONS; o++) {
        model_try(model, hidden, 0, o, 8, pinned);
        for (size_t f = 0; f < model->n_figures; f++)
            n += pinned[f];
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
        read_hidden(&model, hidden);
        check_int(count_pinned(&model, hidden), 0, name);
        tried++;
        for (size_t f = 0; f < model.n_figures; f++)
            hidden[f] = model_is_small(&model, &model.figure[f]);
        pinned += count_pinned(&model, hidden) > 0;
    }
    check(tried > 400, "tables");
    check(pinned > tried / 4, "tables in which only the small ones are hidden");
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
        read_hidden(&model, hidden);
        read_hidden(&other, again);
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

    read_hidden(model, hidden);
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

/* By place and code of dimension a, of one organization, or of one a place. */
static void
square(struct model *model, const int64_t count[3][3], bool one)
{
    memset(model, 0, sizeof *model);
    model->threshold = 5;
    model->n_counts = 1;
    for (uint32_t p = 1; p <= 3; p++)
        for (uint32_t d = 1; d <= 3; d++)
            model_add_reading(model, one ? 1 : p, p, d, (struct bb_decimal){count[p - 1][d - 1], 0},
                              (struct bb_decimal){0, 0});
    for (uint32_t o = 1; o <= 3; o++)
        model->shares[o] = true;
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
    square(&model, count, true);
    suppressed = model_suppress(&model);
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

/* Who has the other two corners would know the fourth from its own rows: a third place is needed. */
static void
test_corners_of_others(void **state)
{
    static const int64_t count[3][3] = {{3, 40, 30}, {50, 60, 70}, {20, 80, 90}};
    static struct model model;
    struct bb_suppressed suppressed;

    (void)state;
    square(&model, count, false);
    suppressed = model_suppress(&model);
    for (uint32_t p = 1; p <= 3; p++) {
        unsigned n = 0;
        for (uint32_t d = 1; d <= 3; d++)
            n += hides(&suppressed, p, d, BB_SUPPRESS_ALL);
        check(n >= 2, "hidden in each place");
        assert_false(hides(&suppressed, p, BB_SUPPRESS_OPEN, BB_SUPPRESS_ALL));
        assert_false(hides(&suppressed, BB_SUPPRESS_OPEN, p, BB_SUPPRESS_ALL));
    }
    bb_suppressed_release(&suppressed);
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
        model.threshold = 5;
        model.n_counts = 1;
        for (uint32_t o = 1; o <= 3; o++)
            if (count[o - 1] >= 0)
                model_add_reading(&model, o, 1, 0, (struct bb_decimal){count[o - 1], 0},
                                  (struct bb_decimal){0, 0});
        suppressed = model_suppress(&model);
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
        {"below zero", {-3, 0}, {100, 0}, true},       {"very small", {1, 24}, {100, 0}, true},
    };
    static struct model model;
    struct bb_suppressed suppressed;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        memset(&model, 0, sizeof model);
        model.threshold = 5;
        model.n_counts = 2;
        model_add_reading(&model, 1, 1, 0, rows[i].numerator, rows[i].denominator);
        suppressed = model_suppress(&model);
        check_int(hides(&suppressed, 1, 0, BB_SUPPRESS_ALL), rows[i].hidden, rows[i].what);
        bb_suppressed_release(&suppressed);
    }
}

/* Large tables: how much more than the small ones is hidden? */

struct large {
    const char *what;
    uint32_t organizations, places, codes, each; /* organizations in a place */
    bool totals;
    uint32_t share;       /* each so-manieth organization shares its line; 0: none */
    unsigned percent;     /* of the cells of all organizations may be hidden and not small */
    unsigned most_totals; /* may be hidden */
};

static struct bb_suppress_reading *
large_readings(const struct large *large, size_t *ret_n)
{
    struct bb_suppress_reading *reading =
        calloc((size_t)large->places * large->each * (large->codes + 1), sizeof *reading);
    size_t n = 0;

    assert_non_null(reading);
    model_seed(1);
    for (uint32_t p = 1; p <= large->places; p++)
        for (uint32_t k = 0; k < large->each; k++) {
            uint32_t o = 1 + (p * 7 + k * 13) % large->organizations;
            int64_t sum = 0;
            for (uint32_t d = 1; d <= large->codes; d++) {
                int64_t count = model_below(14) * model_below(14);
                sum += count;
                reading[n++] = (struct bb_suppress_reading){p, d, o, false, {{count, 0}}};
            }
            if (large->totals)
                reading[n++] = (struct bb_suppress_reading){p, 0, o, false, {{sum, 0}}};
        }
    *ret_n = n;
    return reading;
}

/* Cells of all organizations that are small, also when one of two takes away its own. */
static size_t
count_small(const struct bb_suppress_reading *reading, size_t n)
{
    size_t small = 0;

    for (size_t i = 0; i < n; i++) {
        bool first = true, is_small = false;
        int64_t sum = 0;
        for (size_t j = 0; j < n; j++)
            if (reading[j].place == reading[i].place &&
                reading[j].disaggregation == reading[i].disaggregation) {
                first &= j >= i;
                sum += (int64_t)reading[j].count[0].mantissa;
            }
        for (size_t j = i; first && j < n; j++)
            if (reading[j].place == reading[i].place &&
                reading[j].disaggregation == reading[i].disaggregation)
                is_small |= sum > reading[j].count[0].mantissa && sum - reading[j].count[0].mantissa < 5;
        small += first && ((sum > 0 && sum < 5) || is_small);
    }
    return small;
}

static void
check_large(const struct large *large)
{
    static char text[40][8];
    struct bb_suppress_disaggregation disaggregation[40];
    uint32_t sharing[100];
    size_t n, cells = 0, hidden = 0, totals = 0;
    struct bb_suppress_reading *reading = large_readings(large, &n);
    struct bb_suppress_table table = {.reading = reading,
                                      .n_readings = n,
                                      .disaggregation = disaggregation,
                                      .n_disaggregations = large->codes + 1,
                                      .sharing = sharing,
                                      .threshold = {5, 0},
                                      .n_counts = 1};
    struct bb_suppressed suppressed;

    for (uint32_t d = 0; d <= large->codes; d++) {
        int len = d ? snprintf(text[d], sizeof text[d], "age=%u", d) : 0;
        disaggregation[d] =
            (struct bb_suppress_disaggregation){d, bb_bytes((const uint8_t *)text[d], (size_t)len)};
    }
    for (uint32_t o = 1; large->share && o <= large->organizations; o++)
        if (o % large->share == 0)
            sharing[table.n_sharing++] = o;
    check_int(bb_suppress(&table, (size_t)256 << 20, &suppressed), 0, large->what);
    for (size_t i = 0; i < suppressed.n; i++) {
        const struct bb_suppress_figure *figure = &suppressed.figure[i];
        if (figure->organization != BB_SUPPRESS_ALL)
            continue;
        if (figure->place == BB_SUPPRESS_OPEN || figure->disaggregation == BB_SUPPRESS_OPEN ||
            figure->disaggregation == 0) {
            totals += suppressed.hidden[i];
            continue;
        }
        cells++;
        hidden += suppressed.hidden[i];
    }
    check((hidden - count_small(reading, n)) * 100 <= cells * large->percent, large->what);
    check(totals <= large->most_totals, large->what);
    bb_suppressed_release(&suppressed);
    free(reading);
}

static void
test_not_too_much(void **state)
{
    static const struct large tables[] = {
        {"an organization a place", 12, 40, 6, 1, false, 1, 12, 0},
        {"an organization a place, not shared", 12, 40, 6, 1, false, 0, 0, 0},
        {"three in each place", 12, 40, 6, 3, false, 0, 12, 0},
        {"three in each place, with totals", 12, 40, 6, 3, true, 0, 12, 0},
        {"two in each place, some share", 12, 40, 6, 2, true, 4, 40, 30},
        {"many", 60, 120, 12, 2, true, 0, 10, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++)
        check_large(&tables[i]);
}

static void
test_errors(void **state)
{
    static char many[70][8];
    struct bb_suppress_disaggregation disaggregation[70] = {{0, {NULL, 0}}, {7, {(const uint8_t *)"a", 1}}};
    struct bb_suppress_reading reading[] = {{1, 0, 1, false, {{3, 0}}}, {1, 9, 1, false, {{3, 0}}}};
    struct bb_suppress_table table = {.reading = reading,
                                      .n_readings = 2,
                                      .disaggregation = disaggregation,
                                      .n_disaggregations = 1,
                                      .threshold = {5, 0},
                                      .n_counts = 1};
    struct bb_suppressed suppressed;

    (void)state;
    assert_int_equal(bb_suppress(&table, 1 << 20, &suppressed), -EINVAL); /* 9 is not there */
    table.n_readings = 1;
    table.n_disaggregations = 2;
    assert_int_equal(bb_suppress(&table, 1 << 20, &suppressed), -EINVAL); /* no dimension */
    table.n_disaggregations = 1;
    assert_int_equal(bb_suppress(&table, 100, &suppressed), -EDQUOT);
    for (uint32_t i = 0; i < COUNT(many); i++) {
        int len = snprintf(many[i], sizeof many[i], "d%u=1", i);
        disaggregation[i] =
            (struct bb_suppress_disaggregation){i, bb_bytes((const uint8_t *)many[i], (size_t)len)};
    }
    table.n_disaggregations = COUNT(many);
    assert_int_equal(bb_suppress(&table, 1 << 20, &suppressed), -EDQUOT);
    table.n_disaggregations = 1;
    table.n_readings = 0;
    assert_int_equal(bb_suppress(&table, 1 << 20, &suppressed), 0);
    assert_int_equal(suppressed.n, 0);
    bb_suppressed_release(&suppressed);
}

/* A large table of shared lines, half of them small, would take minutes: it is given up. */
static void
test_giving_up(void **state)
{
    enum { PLACES = 700, CODES = 5 };
    struct bb_suppress_reading *reading = calloc(2 * PLACES * CODES, sizeof *reading);
    const uint32_t sharing[] = {1, 2};
    const struct bb_suppress_disaggregation codes[CODES] = {{1, bb_bytes("a=1", 3)},
                                                            {2, bb_bytes("a=2", 3)},
                                                            {3, bb_bytes("a=3", 3)},
                                                            {4, bb_bytes("a=4", 3)},
                                                            {5, bb_bytes("a=5", 3)}};
    struct bb_suppress_table table = {.reading = reading,
                                      .disaggregation = codes,
                                      .n_disaggregations = CODES,
                                      .sharing = sharing,
                                      .n_sharing = 2,
                                      .threshold = {5, 0},
                                      .n_counts = 1};
    struct bb_suppressed suppressed;

    (void)state;
    assert_non_null(reading);
    model_seed(1);
    for (uint32_t o = 1; o <= 2; o++)
        for (uint32_t p = 1; p <= PLACES; p++)
            for (uint32_t d = 0; d < CODES; d++)
                reading[table.n_readings++] = (struct bb_suppress_reading){
                    .place = p,
                    .disaggregation = d + 1,
                    .organization = o,
                    .count = {{1 + model_below(4) + (model_below(2) ? 0 : 4 + model_below(200)), 0}}};
    assert_int_equal(bb_suppress(&table, (size_t)256 << 20, &suppressed), -EDQUOT);
    free(reading);
}

/* Each reading has dimensions of its own: four of 60. */
static int
suppress_dimensions(uint32_t n)
{
    struct bb_suppress_reading *reading = calloc(n, sizeof *reading);
    struct bb_suppress_disaggregation *disaggregation = calloc(n, sizeof *disaggregation);
    char(*text)[32] = calloc(n, sizeof *text);
    struct bb_suppress_table table = {.reading = reading,
                                      .n_readings = n,
                                      .disaggregation = disaggregation,
                                      .n_disaggregations = n,
                                      .threshold = {5, 0},
                                      .n_counts = 1};
    struct bb_suppressed suppressed = {0};
    unsigned d[4] = {0, 1, 2, 3};
    int r;

    assert_true(reading && disaggregation && text);
    for (uint32_t i = 0; i < n; i++) {
        unsigned last = 3;
        int len =
            snprintf(text[i], sizeof text[i], "d%02u=1;d%02u=1;d%02u=1;d%02u=1", d[0], d[1], d[2], d[3]);
        disaggregation[i] =
            (struct bb_suppress_disaggregation){i + 1, bb_bytes((const uint8_t *)text[i], (size_t)len)};
        reading[i] =
            (struct bb_suppress_reading){.organization = 1, .disaggregation = i + 1, .count = {{100 + i, 0}}};
        while (++d[last] > 56 + last)
            last--;
        for (; last < 3; last++)
            d[last + 1] = d[last] + 1;
    }
    r = bb_suppress(&table, (size_t)32 << 20, &suppressed);
    bb_suppressed_release(&suppressed);
    free(reading);
    free(disaggregation);
    free(text);
    return r;
}

/* Every two sets of dimensions are compared. What nobody needs is not looked at for minutes. */
static void
test_many_dimensions(void **state)
{
    (void)state;
    assert_int_equal(suppress_dimensions(300), 0);
    assert_int_equal(suppress_dimensions(3000), -EDQUOT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_solvable),
        cmocka_unit_test(test_the_solver_solves),
        cmocka_unit_test(test_nothing_is_pinned),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_nothing_for_nothing),
        cmocka_unit_test(test_four_corners),
        cmocka_unit_test(test_corners_of_others),
        cmocka_unit_test(test_what_remains),
        cmocka_unit_test(test_ratios_and_decimals),
        cmocka_unit_test(test_not_too_much),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_many_dimensions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
