/* Exact sums, and what is divided out of them. */
#include "decimal_fixture.h"
#include "tests/unit/check.h"

#include <string.h>

/* 10^9 of the largest decimals by doubling and adding, and one by one a few. */
static void
test_sum_of_many(void **state)
{
    struct bb_sum power = {{0}}, sum = {{0}}, few = {{0}};
    struct bb_decimal largest = decimal(NINES_34), smallest = decimal("-0.000000000000000000000001");

    (void)state;
    assert_int_equal(bb_sum_add(&power, largest), 0);
    for (unsigned n = 1000000000; n > 0; n >>= 1) {
        struct bb_sum once = power;
        if (n & 1)
            assert_int_equal(bb_sum_merge(&sum, &power), 0);
        assert_int_equal(bb_sum_merge(&power, &once), 0);
    }
    check_sum(&sum, NINES_34 "000000000", "10^9 of the largest");
    assert_int_equal(bb_sum_add(&sum, smallest), 0);
    check_sum(&sum, "9999999999999999999999999999999998999999999.999999999999999999999999",
              "10^9 of the largest, less the smallest");
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(bb_sum_add(&few, largest), 0);
    check_sum(&few, NINES_34 "00000", "10^5 of the largest, one by one");
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(bb_sum_subtract(&few, largest), 0);
    assert_true(bb_sum_is_zero(&few));
}

static void
test_sum_overflow(void **state)
{
    static const char *const step[] = {NINES_34, "-" NINES_34};

    (void)state;
    for (size_t i = 0; i < COUNT(step); i++) {
        struct bb_sum sum = {{0}}, before;
        unsigned doublings = 0;
        int r = 0;

        assert_int_equal(bb_sum_add(&sum, decimal(step[i])), 0);
        for (; r == 0 && doublings < 300; doublings++) {
            before = sum;
            r = bb_sum_merge(&sum, &before);
        }
        check_int(r, BB_DECIMAL_E_RANGE, step[i]);
        assert_memory_equal(&sum, &before, sizeof sum);
        check(doublings > 60, step[i]); /* 10^9 are 30 */
    }

    /* At the very edge of 256 bits. */
    struct bb_sum most = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MAX}},
                  least = {{0, 0, 0, UINT64_C(1) << 63}};
    struct bb_sum kept = most;
    struct bb_decimal unit = decimal("0.000000000000000000000001");

    check_sum(&most, "57896044618658097711785492504343953926634992332820282.019728792003956564819967",
              "most");
    check_sum(&least, "-57896044618658097711785492504343953926634992332820282.019728792003956564819968",
              "least");
    assert_int_equal(bb_sum_add(&most, unit), BB_DECIMAL_E_RANGE);
    assert_memory_equal(&most, &kept, sizeof most);
    assert_int_equal(bb_sum_subtract(&most, unit), 0);
    assert_int_equal(bb_sum_add(&most, unit), 0);
    assert_int_equal(bb_sum_subtract(&least, unit), BB_DECIMAL_E_RANGE);
    assert_int_equal(bb_sum_merge(&least, &most), 0);
    check_sum(&least, "-0.000000000000000000000001", "most and least");
}

static const struct {
    const char *what;
    const char *factor, *numerator, *denominator;
    unsigned scale;
    const char *expected;
} sum_ratios[] = {
    {"percent", "100", "3162", "9660", 1, "32.7"},
    {"exactly as many places", "100", "1", "2", 3, "50.000"},
    {"no place", "100", "1", "8", 0, "12"},
    {"a tie", "1", "1", "8", 2, "0.12"},
    {"a tie upwards", "1", "3", "8", 2, "0.38"},
    {"negative", "1", "-3", "8", 2, "-0.38"},
    {"zero has no sign", "1", "0", "-8", 2, "0.00"},
    {"fewer places than the factor has", "0.000001", "7000000", "2", 1, "3.5"},
    {"unemployment 2017", "100", "7113939", "161691438", 4, "4.3997"},
    {"24 places", "1", "1", "3", 24, "0.333333333333333333333333"},
    {"larger than a decimal", "10", NINES_34, "1", 2, NINES_34 "0.00"},
    {"too large for a text", NINES_34, NINES_34, "0.000000000000000000000001", 24, NULL},
    {"the denominator is zero", "1", "1", "0", 2, NULL},
};

static void
test_sum_ratio(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sum_ratios); i++) {
        struct bb_sum n = {{0}}, d = {{0}};
        char out[BB_DECIMAL_TEXT] = "untouched";
        int r;

        assert_int_equal(bb_sum_add(&n, decimal(sum_ratios[i].numerator)), 0);
        assert_int_equal(bb_sum_add(&d, decimal(sum_ratios[i].denominator)), 0);
        r = bb_sum_ratio(decimal(sum_ratios[i].factor), &n, &d, sum_ratios[i].scale, out);
        check_int(r, sum_ratios[i].expected ? 0 : BB_DECIMAL_E_RANGE, sum_ratios[i].what);
        check_text(out, sum_ratios[i].expected ? sum_ratios[i].expected : "untouched", sum_ratios[i].what);
    }
}

static void
test_sum_mean(void **state)
{
    static const struct {
        const char *sum;
        uint64_t n;
        unsigned scale;
        const char *expected;
    } rows[] = {
        {"10", 4, 2, "2.50"},    {"1", 8, 2, "0.12"},
        {"3", 8, 2, "0.38"},     {"-3", 8, 2, "-0.38"},
        {"-1", 1000, 2, "0.00"}, {"1", UINT64_MAX, 24, "0.000000000000000000054210"},
        {"7", 1, 0, "7"},        {"2", 3, 24, "0.666666666666666666666667"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_sum sum = {{0}};
        char out[BB_DECIMAL_TEXT];

        assert_int_equal(bb_sum_add(&sum, decimal(rows[i].sum)), 0);
        assert_int_equal(bb_sum_mean(&sum, rows[i].n, rows[i].scale, out), 0);
        check_text(out, rows[i].expected, rows[i].expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_of_many),
        cmocka_unit_test(test_sum_overflow),
        cmocka_unit_test(test_sum_ratio),
        cmocka_unit_test(test_sum_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
