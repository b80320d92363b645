/* How much is hidden of large tables, and what is given up. */
#include "suppress_random.h"

#include "tests/unit/check.h"
#include "workers/measurement/model/suppress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct large {
    const char *what;
    uint32_t organizations, places, codes, each; /* organizations in a place */
    bool totals;
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
    size_t n, cells = 0, hidden = 0, totals = 0;
    struct bb_suppress_reading *reading = large_readings(large, &n);
    struct bb_suppress_table table = {.reading = reading,
                                      .n_readings = n,
                                      .disaggregation = disaggregation,
                                      .n_disaggregations = large->codes + 1,
                                      .threshold = {5, 0},
                                      .n_counts = 1};
    struct bb_suppressed suppressed;

    for (uint32_t d = 0; d <= large->codes; d++) {
        int len = d ? snprintf(text[d], sizeof text[d], "age=%u", d) : 0;
        disaggregation[d] =
            (struct bb_suppress_disaggregation){d, bb_bytes((const uint8_t *)text[d], (size_t)len)};
    }
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
        {"an organization a place", 12, 40, 6, 1, false, 0, 0},
        {"three in each place", 12, 40, 6, 3, false, 12, 0},
        {"three in each place, with totals", 12, 40, 6, 3, true, 12, 0},
        {"six in each place", 6, 20, 2, 6, false, 0, 0},
        {"two in each place", 12, 40, 6, 2, true, 12, 0},
        {"many", 60, 120, 12, 2, true, 10, 0},
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
        cmocka_unit_test(test_not_too_much),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_many_dimensions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
