/* What stands out: by hand, and against sorting and counting for random values. */
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/model/outlier.h"

#include <math.h>
#include <stdlib.h>

static void
test_jumps(void **state)
{
    static const struct {
        const char *what;
        double values[BB_OUTLIER_MOST];
        size_t n;
        double value;
        bool jump;
        double median, usual;
    } cases[] = {
        {"seven are too few", {10, 11, 12, 13, 14, 12, 12}, 7, 1000, false, 0, 0},
        {"0.6745 * 5.2 / 1 > 3.5", {10, 11, 12, 13, 14, 11, 12, 13}, 8, 17.2, true, 12, 1},
        {"0.6745 * 5.18 / 1 < 3.5", {10, 11, 12, 13, 14, 11, 12, 13}, 8, 17.18, false, 0, 0},
        {"downwards too", {14, 10, 12, 13, 11, 13, 12, 11}, 8, 6, true, 12, 1},
        {"an odd number", {10, 11, 12, 13, 14, 15, 16, 17, 18}, 9, 30, true, 14, 2},
        {"between two in the middle", {10, 11, 12, 13, 14, 15, 16, 17}, 8, 30, true, 13.5, 2},
        {"outliers before it hide nothing", {10, 11, 12, 13, 14, 13, 12, 900, 950}, 9, 910, true, 13, 1},
        {"a tenth of the median", {100, 100, 100, 101, 99, 101, 99, 100}, 8, 110, true, 100, 0.5},
        {"less than that", {100, 100, 100, 101, 99, 101, 99, 100}, 8, 109.9, false, 0, 0},
        {"... of its size", {-100, -100, -100, -101, -99, -101, -99, -100}, 8, -109.9, false, 0, 0},
        {"around 0 it is nothing", {0, 0.1, -0.1, 0.1, -0.1, 0, 0.1, -0.1}, 8, 0.6, true, 0, 0.1},
        {"most are the same: by the mean", {10, 10, 10, 10, 10, 10, 10, 18}, 8, 14, false, 0, 0},
        {"... 4.38 / 1.253314 < 3.5", {10, 10, 10, 10, 10, 10, 10, 18}, 8, 14.38, false, 0, 0},
        {"... 4.39 / 1.253314 > 3.5", {10, 10, 10, 10, 10, 10, 10, 18}, 8, 14.39, true, 10, 1},
        {"all are the same", {10, 10, 10, 10, 10, 10, 10, 10}, 8, 1000, false, 0, 0},
    };
    struct bb_outlier o;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool jump = bb_outlier_jump(cases[i].values, cases[i].n, cases[i].value, &o);
        if (jump != cases[i].jump || (jump && (o.median != cases[i].median || o.usual != cases[i].usual)))
            fail_msg("%s: %d, median %g, usual %g", cases[i].what, jump, o.median, o.usual);
    }
}

static void
test_fractions(void **state)
{
    static const struct {
        double values[BB_OUTLIER_MOST];
        size_t n;
        double value;
        bool fraction;
    } cases[] = {
        {{60, 62, 58}, 3, 0.61, true},
        {{60}, 1, 0.3, true},
        {{60}, 1, 0.29, false},
        {{60}, 1, 1.2, true},
        {{60}, 1, 1.21, false},
        {{60}, 1, 61, false},
        {{0.9, 0.8}, 2, 0.0085, false},
        {{-60, 62, -58}, 3, -0.6, true},
        {{0}, 0, 0.6, false},
        {{60, 0.6, 0.7, 61, 59}, 5, 0.6, true},
        {{1}, 1, 0, false},
    };
    struct bb_outlier o;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (bb_outlier_fraction(cases[i].values, cases[i].n, cases[i].value, &o) != cases[i].fraction)
            fail_msg("case %zu", i);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double
plain_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static bool
plain_jump(const double *values, size_t n, double value)
{
    double a[BB_OUTLIER_MOST], middle, spread, mean = 0;

    if (n < 8)
        return false;
    memcpy(a, values, n * sizeof *a);
    middle = plain_median(a, n);
    for (size_t i = 0; i < n; i++) {
        a[i] = fabs(values[i] - middle);
        mean += a[i] / (double)n;
    }
    spread = plain_median(a, n);
    if (fabs(value - middle) < fabs(middle) / 10)
        return false;
    if (spread > 0)
        return 0.6745 * fabs(value - middle) / spread > 3.5;
    return mean > 0 && fabs(value - middle) / (1.253314 * mean) > 3.5;
}

static void
test_random(void **state)
{
    uint64_t seed = 20260907;
    unsigned jumps = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        double values[BB_OUTLIER_MOST], value = (double)(draw(&seed) % 61) - 10;
        size_t n = draw(&seed) % (BB_OUTLIER_MOST + 1);
        uint64_t range = 1 + draw(&seed) % 20;
        struct bb_outlier o;
        bool jump;

        for (size_t k = 0; k < n; k++)
            values[k] = (double)(draw(&seed) % range) - (double)(draw(&seed) % 3);
        jump = bb_outlier_jump(values, n, value, &o);
        assert_int_equal(jump, plain_jump(values, n, value));
        jumps += jump;
    }
    assert_true(jumps > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_fractions),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
