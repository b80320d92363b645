#include "runtime/decimal.h"

#include "runtime/clock.h"
#include "schoolbook.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

#define NINES_34 "9999999999999999999999999999999999"

static struct bb_decimal
decimal(const char *text)
{
    struct bb_decimal d = {0};

    check_int(bb_decimal_parse(bb_bytes_str(text), &d), 0, text);
    return d;
}

/* --- parsing --- */

static const struct {
    const char *what;
    const char *input;
    const char *expected; /* the text it comes back as; NULL: refused */
    int error;
} texts[] = {
    {"zero", "0", "0", 0},
    {"an integer", "42", "42", 0},
    {"negative with a point", "-12.50", "-12.50", 0},
    {"no digit before the point", ".204", "0.204", 0},
    {"no digit behind the point", "5.", "5", 0},
    {"a plus", "+3", "3", 0},
    {"exponent", "1.5e-3", "0.0015", 0},
    {"exponent, upper case, plus", "1.5E+3", "1500", 0},
    {"exponent that eats the fraction", "1.50e1", "15.0", 0},
    {"exponent of an integer", "12e2", "1200", 0},
    {"exponent without effect", "7e0", "7", 0},
    {"exponent of a point alone before digits", ".5e1", "5", 0},
    {"exponent of 5.", "5.e1", "50", 0},
    {"leading zeros", "000012.30", "12.30", 0},
    {"forty leading zeros", "000000000000000000000000000000000000000012", "12", 0},
    {"minus zero", "-0", "0", 0},
    {"minus zero with a fraction", "-0.00", "0.00", 0},
    {"the scale is kept", "10.0", "10.0", 0},
    {"20 digits after the point", "32.73291925465838509317", "32.73291925465838509317", 0},
    {"24 digits after the point", "0.123456789012345678901234", "0.123456789012345678901234", 0},
    {"24 digits after the point, 34 in all", "1234567890.123456789012345678901234",
     "1234567890.123456789012345678901234", 0},
    {"34 digits", NINES_34, NINES_34, 0},
    {"34 digits, negative", "-" NINES_34, "-" NINES_34, 0},
    {"19 digits", "9999999999999999999", "9999999999999999999", 0},
    {"19 digits with sign and point", "-9999999999999999.999", "-9999999999999999.999", 0},
    {"zeros that do not fit after the point", "0.5000000000000000000000000000000000000000",
     "0.500000000000000000000000", 0},
    {"zeros that do not fit 34 digits", "1234567890123.00000000000000000000000000",
     "1234567890123.000000000000000000000", 0},
    {"a zero with forty places", "0.0000000000000000000000000000000000000000", "0.000000000000000000000000",
     0},
    {"the smallest", "0.000000000000000000000001", "0.000000000000000000000001", 0},
    {"the smallest as exponent", "1e-24", "0.000000000000000000000001", 0},
    {"a zero at the end saves it", "10e-25", "0.000000000000000000000001", 0},
    {"10^33", "1e33", "1000000000000000000000000000000000", 0},
    {"zero with a huge exponent", "0e999999999999999999999", "0", 0},
    {"zero with a huge negative exponent", "0e-999999999999999999999", "0.000000000000000000000000", 0},

    {"empty", "", NULL, BB_DECIMAL_E_SYNTAX},
    {"a sign", "-", NULL, BB_DECIMAL_E_SYNTAX},
    {"a point", ".", NULL, BB_DECIMAL_E_SYNTAX},
    {"a sign and a point", "+.", NULL, BB_DECIMAL_E_SYNTAX},
    {"two signs", "+-1", NULL, BB_DECIMAL_E_SYNTAX},
    {"a sign behind", "1-", NULL, BB_DECIMAL_E_SYNTAX},
    {"two points", "1.2.3", NULL, BB_DECIMAL_E_SYNTAX},
    {"nan", "nan", NULL, BB_DECIMAL_E_SYNTAX},
    {"NaN", "NaN", NULL, BB_DECIMAL_E_SYNTAX},
    {"inf", "inf", NULL, BB_DECIMAL_E_SYNTAX},
    {"-Infinity", "-Infinity", NULL, BB_DECIMAL_E_SYNTAX},
    {"hex", "0x1F", NULL, BB_DECIMAL_E_SYNTAX},
    {"hex float", "0x1p3", NULL, BB_DECIMAL_E_SYNTAX},
    {"a blank", " ", NULL, BB_DECIMAL_E_SYNTAX},
    {"a blank before", " 1", NULL, BB_DECIMAL_E_SYNTAX},
    {"a blank behind", "1 ", NULL, BB_DECIMAL_E_SYNTAX},
    {"a newline behind", "1\n", NULL, BB_DECIMAL_E_SYNTAX},
    {"a thousands separator", "1,234", NULL, BB_DECIMAL_E_SYNTAX},
    {"a blank inside", "1 234", NULL, BB_DECIMAL_E_SYNTAX},
    {"a decimal comma", "3,5", NULL, BB_DECIMAL_E_SYNTAX},
    {"an underscore", "1_000", NULL, BB_DECIMAL_E_SYNTAX},
    {"percent", "5%", NULL, BB_DECIMAL_E_SYNTAX},
    {"only an exponent", "e5", NULL, BB_DECIMAL_E_SYNTAX},
    {"an exponent of a point", ".e5", NULL, BB_DECIMAL_E_SYNTAX},
    {"no exponent behind the e", "1e", NULL, BB_DECIMAL_E_SYNTAX},
    {"a sign behind the e", "1e-", NULL, BB_DECIMAL_E_SYNTAX},
    {"a point in the exponent", "1e1.5", NULL, BB_DECIMAL_E_SYNTAX},
    {"an exponent and more", "1e5x", NULL, BB_DECIMAL_E_SYNTAX},
    {"a letter", "12a", NULL, BB_DECIMAL_E_SYNTAX},
    {"a letter behind many digits", NINES_34 "99x", NULL, BB_DECIMAL_E_SYNTAX},
    {"digits of another script", "\xD9\xA1\xD9\xA2", NULL, BB_DECIMAL_E_SYNTAX},

    {"35 digits", NINES_34 "9", NULL, BB_DECIMAL_E_RANGE},
    {"10^34", "1e34", NULL, BB_DECIMAL_E_RANGE},
    {"10^34 in full", "10000000000000000000000000000000000", NULL, BB_DECIMAL_E_RANGE},
    {"35 digits with a point", "12345678901.123456789012345678901234", NULL, BB_DECIMAL_E_RANGE},
    {"25 digits after the point", "0.1234567890123456789012345", NULL, BB_DECIMAL_E_RANGE},
    {"10^-25", "1e-25", NULL, BB_DECIMAL_E_RANGE},
    {"a huge exponent", "1e999999999999999999999", NULL, BB_DECIMAL_E_RANGE},
    {"a huge negative exponent", "1e-999999999999999999999", NULL, BB_DECIMAL_E_RANGE},
};

static void
test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct bb_decimal d = {.mantissa = -77, .scale = 77};
        char out[BB_DECIMAL_TEXT];
        int r = bb_decimal_parse(bb_bytes_str(texts[i].input), &d);

        check_int(r, texts[i].error, texts[i].what);
        if (r) {
            check(d.mantissa == -77 && d.scale == 77, texts[i].what);
            continue;
        }
        check_int(bb_decimal_format(d, out), strlen(texts[i].expected), texts[i].what);
        check_text(out, texts[i].expected, texts[i].what);
    }
    assert_int_equal(bb_decimal_parse(bb_bytes("1\0", 2), &(struct bb_decimal){0}), BB_DECIMAL_E_SYNTAX);
}

/* Thousands of digits, and an exponent that brings them back. */
static void
test_parse_long(void **state)
{
    static char text[100100];
    struct bb_decimal d;

    (void)state;
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    strcpy(text + 100000, "7e99999");
    assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &d), 0);
    assert_true(d.mantissa == 7 && d.scale == 0);
    memset(text, '0', sizeof text);
    text[0] = '7';
    strcpy(text + 100000, "e-100024");
    assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &d), BB_DECIMAL_E_RANGE);
    strcpy(text + 100000, "e-100023");
    assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &d), 0);
    assert_int_equal(bb_decimal_compare(d, decimal("7e-24")), 0);
    memset(text, '9', 100000);
    strcpy(text + 100000, "e-99999");
    assert_int_equal(bb_decimal_parse(bb_bytes_str(text), &d), BB_DECIMAL_E_RANGE);
}

/* --- trim, compare, round --- */

static void
test_trim(void **state)
{
    static const struct {
        const char *input, *expected;
    } rows[] = {
        {"10.50", "10.5"},
        {"0.0", "0"},
        {"0", "0"},
        {"-0.00", "0"},
        {"100", "100"},
        {"100.00", "100"},
        {"-1.230", "-1.23"},
        {"1234567890.100000000000000000000000", "1234567890.1"},
        {"1.000000000000000000000001", "1.000000000000000000000001"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[BB_DECIMAL_TEXT];

        bb_decimal_format(bb_decimal_trim(decimal(rows[i].input)), out);
        check_text(out, rows[i].expected, rows[i].input);
    }
}

/* In rising order; equal ones share a rank. */
static const struct {
    int rank;
    const char *text;
} ordered[] = {
    {0, "-" NINES_34},
    {1, "-1234567890.123456789012345678901234"},
    {2, "-2"},
    {2, "-2.000000000000000000000000"},
    {3, "-0.1"},
    {4, "-0.000000000000000000000001"},
    {5, "0"},
    {5, "0.0"},
    {5, "-0.000000000000000000000000"},
    {6, "0.000000000000000000000001"},
    {7, "0.1"},
    {7, "0.10"},
    {8, "0.11"},
    {9, "1"},
    {10, "9.999999999999999999999999"},
    {11, "10"},
    {12, "9223372036854775807"},
    {12, "9223372036854775807.0"},
    {13, "9223372036854775808"},
    {14, NINES_34},
};

static void
test_compare(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ordered); i++)
        for (size_t j = 0; j < COUNT(ordered); j++) {
            int expected = (ordered[i].rank > ordered[j].rank) - (ordered[i].rank < ordered[j].rank);
            check_int(bb_decimal_compare(decimal(ordered[i].text), decimal(ordered[j].text)), expected,
                      ordered[i].text);
        }
    assert_true(bb_decimal_is_zero(decimal("-0.00")));
    assert_false(bb_decimal_is_zero(decimal("0.000000000000000000000001")));
}

static void
test_round(void **state)
{
    static const struct {
        const char *input;
        unsigned scale;
        const char *expected;
    } rows[] = {
        {"0.125", 2, "0.12"},
        {"0.135", 2, "0.14"},
        {"0.1350", 2, "0.14"},
        {"-0.125", 2, "-0.12"},
        {"-0.135", 2, "-0.14"},
        {"0.12500001", 2, "0.13"},
        {"0.5", 0, "0"},
        {"1.5", 0, "2"},
        {"2.5", 0, "2"},
        {"-0.4", 0, "0"},
        {"-0.6", 0, "-1"},
        {"9.99", 1, "10.0"},
        {"12.3", 6, "12.3"},
        {"12.3", 1, "12.3"},
        {"32.7329", 1, "32.7"},
        {"0.049", 1, "0.0"},
        {"9999999999.999999999999999999999999", 0, "10000000000"},
        {"999999999.9999999999999999999999995", 24, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[BB_DECIMAL_TEXT];
        struct bb_decimal d;

        if (!rows[i].expected) {
            check_int(bb_decimal_parse(bb_bytes_str(rows[i].input), &d), BB_DECIMAL_E_RANGE, rows[i].input);
            continue;
        }
        bb_decimal_format(bb_decimal_round(decimal(rows[i].input), rows[i].scale), out);
        check_text(out, rows[i].expected, rows[i].input);
    }
}

/* --- ratios --- */

static const struct {
    const char *what;
    const char *factor, *numerator, *denominator;
    unsigned scale;
    const char *expected; /* NULL: refused */
} ratios[] = {
    {"percent", "100", "3162", "9660", 1, "32.7"},
    {"percent with six places", "100", "3162", "9660", 6, "32.732919"},
    {"a tie goes to the even digit below", "1", "1", "8", 2, "0.12"},
    {"a tie goes to the even digit above", "1", "3", "8", 2, "0.38"},
    {"a negative tie", "1", "-1", "8", 2, "-0.12"},
    {"two minus signs", "1", "-3", "-8", 2, "0.38"},
    {"three minus signs", "-1", "-3", "-8", 2, "-0.38"},
    {"zero has no sign", "100", "0", "-7", 2, "0.00"},
    {"rounds to zero without a sign", "1", "-1", "1000", 2, "0.00"},
    {"fractions", "1", "0.1", "0.3", 24, "0.333333333333333333333333"},
    {"tiny over huge", "1", "0.000000000000000000000001", NINES_34, 24, "0.000000000000000000000000"},
    {"fewer places when 34 digits do not hold them", "1", "1e33", "3", 24,
     "333333333333333333333333333333333.3"},
    {"a tie where places are left out", "1", "3999999999999999999999999999999901", "4", 2,
     "999999999999999999999999999999975.2"},
    {"a tie upwards where places are left out", "1", "3999999999999999999999999999999903", "4", 2,
     "999999999999999999999999999999975.8"},
    {"nines that round up to one digit more", "19", "2631578947368421052631578947368421", "50", 2,
     "1000000000000000000000000000000000"},
    {"nines that round up beyond 34 digits", "190", "2631578947368421052631578947368421", "50", 2, NULL},
    {"the largest", "1", NINES_34, "1", 24, NINES_34},
    {"too large", "10", NINES_34, "1", 0, NULL},
    {"much too large", NINES_34, NINES_34, "0.000000000000000000000001", 0, NULL},
    {"the denominator is zero", "1", "1", "0.00", 0, NULL},
};

static void
test_ratio(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ratios); i++) {
        struct bb_decimal d = {.scale = 77};
        char out[BB_DECIMAL_TEXT];
        int r = bb_decimal_ratio(decimal(ratios[i].factor), decimal(ratios[i].numerator),
                                 decimal(ratios[i].denominator), ratios[i].scale, &d);
        if (!ratios[i].expected) {
            check_int(r, BB_DECIMAL_E_RANGE, ratios[i].what);
            check_int(d.scale, 77, ratios[i].what);
            continue;
        }
        check_int(r, 0, ratios[i].what);
        bb_decimal_format(d, out);
        check_text(out, ratios[i].expected, ratios[i].what);
    }
}

static const struct {
    const char *what;
    const char *value, *factor, *numerator, *denominator;
    bool expected;
} agreements[] = {
    {"exact", "50", "100", "1", "2", false},
    {"rounded", "32.7", "100", "3162", "9660", false},
    {"rounded to nothing", "33", "100", "3162", "9660", false},
    {"one digit off", "32.8", "100", "3162", "9660", true},
    {"many digits", "32.73291925465838509317", "100", "3162", "9660", false},
    {"many digits, the last one wrong", "32.73291925465838509318", "100", "3162", "9660", true},
    {"half a unit above", "0.13", "1", "1", "8", false},
    {"half a unit below", "0.12", "1", "1", "8", false},
    {"a hair more than half a unit", "0.12", "1", "1.00000001", "8", true},
    {"a hair less than half a unit", "0.12", "1", "0.99999999", "8", false},
    {"the trailing zero counts as a digit", "0.120", "1", "1", "8", true},
    {"wrong sign", "-50", "100", "1", "2", true},
    {"negative", "-50", "100", "-1", "2", false},
    {"negative denominator", "-50", "100", "1", "-2", false},
    {"zero", "0.00", "100", "0", "7", false},
    {"zero against nearly zero", "0", "1", "1", "3", false},
    {"zero against a half", "0", "1", "1", "2", false},
    {"zero against more than a half", "0", "1", "2", "3", true},
    {"large and exact", NINES_34, "1", NINES_34, "1", false},
    {"large, half a unit off", "999999999999999999999999999999999", "1",
     "999999999999999999999999999999998.5", "1", false},
    {"large, more than half a unit off", "999999999999999999999999999999999", "1",
     "999999999999999999999999999999998.4", "1", true},
    {"large and one off", "9999999999999999999999999999999998", "1", NINES_34, "1", true},
    {"beyond 128 bits, equal", "1", "0.000000000000000000000001", "1234567890123456789",
     "0.000001234567890123456789", false},
    {"scales that drift apart", "0.000000000000000000000001", "1", "0.000000000000000000000001", "1", false},
};

static void
test_disagrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(agreements); i++)
        check_int(bb_decimal_disagrees(decimal(agreements[i].value), decimal(agreements[i].factor),
                                       decimal(agreements[i].numerator), decimal(agreements[i].denominator)),
                  agreements[i].expected, agreements[i].what);
}

/* --- sums --- */

static void
check_sum(const struct bb_sum *sum, const char *expected, const char *what)
{
    char out[BB_DECIMAL_TEXT];

    check_int(bb_sum_format(sum, out), strlen(expected), what);
    check_text(out, expected, what);
}

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

/* --- packed forms --- */

static const struct {
    const char *text;
    size_t decimal, sum; /* bytes packed */
} packed[] = {
    {"0", 1, 1},
    {"30", 1, 1},
    {"31", 2, 2},
    {"63", 2, 2},
    {"127", 2, 2},
    {"128", 3, 3},
    {"-1", 2, 2},
    {"-128", 2, 2},
    {"-129", 3, 3},
    {"0.0", 2, 1},
    {"0.000000000000000000000000", 2, 1},
    {"32.7", 3, 3},
    {"10.50", 3, 2},
    {"3162", 3, 3},
    {"32767", 3, 3},
    {"1234567", 4, 4},
    {"161691438", 5, 5},
    {"6541326128", 6, 6},
    {"9223372036854775807", 9, 9},
    {"-9223372036854775808", 9, 9},
    {"9223372036854775808", 11, 11},
    {"-9223372036854775809", 11, 11},
    {"32.73291925465838509317", 12, 12},
    {NINES_34, 17, 17},
    {"-1234567890.123456789012345678901234", 16, 16},
};

/* Every prefix is truncated, and what follows is not read. */
static void
check_sum_packing(const struct bb_sum *sum, size_t size, const char *what)
{
    uint8_t out[BB_SUM_PACKED + 16];
    struct bb_sum back;
    size_t n = bb_sum_pack(sum, out);

    if (size)
        check_int(n, size, what);
    check_int(bb_sum_unpack(bb_bytes(out, n), &back), n, what);
    check(memcmp(&back, sum, sizeof back) == 0, what);
    memset(out + n, 0xFF, sizeof out - n);
    check_int(bb_sum_unpack(bb_bytes(out, sizeof out), &back), n, what);
    check(memcmp(&back, sum, sizeof back) == 0, what);
    for (size_t cut = 0; cut < n; cut++)
        check_int(bb_sum_unpack(bb_bytes(out, cut), &back), 0, what);
}

static void
check_packing(struct bb_decimal d, size_t size, const char *what)
{
    uint8_t out[BB_DECIMAL_PACKED + 16];
    struct bb_decimal back = {0};
    size_t n = bb_decimal_pack(d, out);

    if (size)
        check_int(n, size, what);
    check_int(bb_decimal_unpack(bb_bytes(out, n), &back), n, what);
    check(back.mantissa == d.mantissa && back.scale == d.scale, what);
    memset(out + n, 0xFF, sizeof out - n);
    check_int(bb_decimal_unpack(bb_bytes(out, sizeof out), &back), n, what);
    check(back.mantissa == d.mantissa && back.scale == d.scale, what);
    for (size_t cut = 0; cut < n; cut++)
        check_int(bb_decimal_unpack(bb_bytes(out, cut), &back), 0, what);
}

static void
test_pack(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packed); i++) {
        struct bb_sum sum = {{0}};
        struct bb_decimal d = decimal(packed[i].text);

        check_packing(d, packed[i].decimal, packed[i].text);
        assert_int_equal(bb_sum_add(&sum, d), 0);
        check_sum_packing(&sum, packed[i].sum, packed[i].text);
    }
    check_sum_packing(&(struct bb_sum){{0, 0, 0, UINT64_C(1) << 63}}, 34, "the least sum");
    check_sum_packing(&(struct bb_sum){{UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MAX}}, 34, "the most");
}

/* Each byte string is either malformed or the packed form of what it holds: one form a number. */
static void
check_canonical(const uint8_t *bytes, size_t len)
{
    uint8_t again[BB_SUM_PACKED];
    struct bb_decimal d;
    struct bb_sum sum;
    size_t n = bb_decimal_unpack(bb_bytes(bytes, len), &d);

    if (n > 0) {
        assert_true(d.scale <= BB_DECIMAL_SCALE);
        assert_int_equal(bb_decimal_pack(d, again), n);
        assert_memory_equal(again, bytes, n);
    }
    n = bb_sum_unpack(bb_bytes(bytes, len), &sum);
    if (n > 0) {
        assert_int_equal(bb_sum_pack(&sum, again), n);
        assert_memory_equal(again, bytes, n);
    }
}

static void
test_unpack_anything(void **state)
{
    static const struct {
        const char *what;
        size_t len;
        uint8_t bytes[40];
    } refused[] = {
        {"nothing", 0, {0}},
        {"30 with its mantissa", 2, {0, 60}},
        {"0 with its mantissa", 2, {0, 0}},
        {"a leading zero byte", 3, {9, 5, 0}},
        {"a wide form of a short number", 10, {200, 8, 1, 1, 1, 1, 1, 1, 1, 1}},
        {"a wide form with a zero on top", 11, {200, 9, 1, 1, 1, 1, 1, 1, 1, 1, 0}},
        {"33 bytes", 40, {200, 33, 1}},
    };
    uint8_t bytes[BB_SUM_PACKED + 2];

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct bb_decimal d;
        struct bb_sum sum;
        check_int(bb_decimal_unpack(bb_bytes(refused[i].bytes, refused[i].len), &d), 0, refused[i].what);
        check_int(bb_sum_unpack(bb_bytes(refused[i].bytes, refused[i].len), &sum), 0, refused[i].what);
    }
    /* 10^34 is one too many for a decimal. */
    struct bb_sum sum = {{0}};
    struct bb_decimal d;
    assert_int_equal(bb_sum_add(&sum, decimal(NINES_34)), 0);
    assert_int_equal(bb_sum_add(&sum, decimal("1")), 0);
    assert_int_equal(bb_decimal_unpack(bb_bytes(bytes, bb_sum_pack(&sum, bytes)), &d), 0);
    for (unsigned i = 0; i < 1u << 16; i++)
        check_canonical((const uint8_t[]){(uint8_t)i, (uint8_t)(i >> 8)}, 2);
    for (unsigned i = 0; i < 300000; i++) {
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (uint8_t)(random() >> 8);
        if (i % 2)
            bytes[1] = (uint8_t)(bytes[1] % 36);
        check_canonical(bytes, (size_t)random() % (sizeof bytes + 1));
    }
}

/* --- random numbers beside the schoolbook --- */

/* Mostly short numbers, some of full length, trailing zeros and round ones among them. */
static void
random_text(char *out)
{
    unsigned digits = random() % 3 ? 1 + (unsigned)random() % 7 : 1 + (unsigned)random() % 34;
    unsigned scale = (unsigned)random() % (digits + 1);
    unsigned zeros = random() % 4 ? 0 : (unsigned)random() % digits;

    if (scale > 24)
        scale = 24;
    if (random() % 2)
        *out++ = '-';
    for (unsigned i = 0; i < digits; i++) {
        if (digits - i == scale)
            *out++ = '.';
        *out++ = (char)(i + zeros >= digits ? '0' : '0' + random() % 10);
    }
    *out = '\0';
}

struct pair {
    char text[48];
    struct bb_decimal decimal;
    struct school school;
    unsigned scale;
};

static struct pair
random_pair(void)
{
    struct pair p;

    random_text(p.text);
    p.decimal = decimal(p.text);
    p.school = school_read(p.text, &p.scale);
    check_int(p.decimal.scale, p.scale, p.text);
    return p;
}

static void
test_random_sums(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct bb_sum sum = {{0}}, other = {{0}};
        struct school expected = {0};
        char text[SCHOOL_DIGITS + 3];

        for (unsigned i = 0; i < 20; i++) {
            struct pair p = random_pair();
            bool subtract = random() % 3 == 0;

            assert_int_equal((subtract ? bb_sum_subtract : bb_sum_add)(i % 2 ? &other : &sum, p.decimal), 0);
            if (subtract)
                p.school = school_negate(p.school);
            expected = school_add(expected, school_shift(p.school, 24 - p.scale));
        }
        assert_int_equal(bb_sum_merge(&sum, &other), 0);
        school_write(expected, 24, text);
        for (size_t len = strlen(text); text[len - 1] == '0' || text[len - 1] == '.'; text[--len] = '\0')
            if (text[len - 1] == '.') {
                text[len - 1] = '\0';
                break;
            }
        check_sum(&sum, text, text);
        check_sum_packing(&sum, 0, text);
        check_sum_packing(&other, 0, text);
    }
}

static void
test_random_pairs(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct pair a = random_pair(), b = random_pair();
        struct school x = school_shift(a.school, 24 - a.scale), y = school_shift(b.school, 24 - b.scale);
        struct school difference = school_add(x, school_negate(y));
        unsigned scale = (unsigned)random() % 25;
        char out[BB_DECIMAL_TEXT], text[SCHOOL_DIGITS + 3];

        bb_decimal_format(a.decimal, out);
        school_write(a.school, a.scale, text);
        check_text(out, text, a.text);
        check_int(bb_decimal_compare(a.decimal, b.decimal), difference.negative ? -1 : difference.n > 0,
                  a.text);
        check_packing(a.decimal, 0, a.text);
        if (scale < a.scale) {
            struct school ten = {.n = 1, .digit = {1}};
            school_write(school_divide_even(a.school, school_shift(ten, a.scale - scale)), scale, text);
            bb_decimal_format(bb_decimal_round(a.decimal, scale), out);
            check_text(out, text, a.text);
        }
    }
}

/* f * n / d beside long division; the value that it gives agrees, one unit beside it mostly does not, and the
 * schoolbook says when. */
static void
test_random_ratios(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct pair f = random_pair(), n = random_pair(), d = random_pair();
        struct school above = school_shift(school_multiply(f.school, n.school), d.scale), below;
        struct bb_sum sum_n = {{0}}, sum_d = {{0}};
        unsigned scale = (unsigned)random() % 25;
        struct school expected, value, twice, half;
        char out[BB_DECIMAL_TEXT], text[SCHOOL_DIGITS + 3];
        struct bb_decimal ratio;
        int r;

        if (d.school.n == 0)
            continue;
        below = school_shift(d.school, f.scale + n.scale);
        expected = school_divide_even(school_shift(above, scale), below);
        school_write(expected, scale, text);

        assert_int_equal(bb_sum_add(&sum_n, n.decimal), 0);
        assert_int_equal(bb_sum_add(&sum_d, d.decimal), 0);
        r = bb_sum_ratio(f.decimal, &sum_n, &sum_d, scale, out);
        check_int(r, expected.n > 92 ? BB_DECIMAL_E_RANGE : 0, text);
        if (r == 0)
            check_text(out, text, text);

        r = bb_decimal_ratio(f.decimal, n.decimal, d.decimal, scale, &ratio);
        if (r)
            check(expected.n > 34 + scale - 1, text);
        else if (expected.n <= 34) {
            bb_decimal_format(ratio, out);
            check_text(out, text, text);
        } else
            check(ratio.scale < scale, text);
        if (r)
            continue;

        /* 2 * |value - f * n / d| > 10^-scale, times |d| and what makes it whole */
        ratio.mantissa += random() % 3 - 1;
        if (ratio.mantissa >= decimal(NINES_34).mantissa || ratio.mantissa <= decimal("-" NINES_34).mantissa)
            continue;
        bb_decimal_format(ratio, out);
        value = school_multiply(school_read(out, &scale), below);
        twice = school_add(value, school_negate(school_shift(above, scale)));
        twice = school_add(twice, twice);
        half = below;
        check_int(bb_decimal_disagrees(ratio, f.decimal, n.decimal, d.decimal),
                  school_compare_size(&twice, &half) > 0, out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_long),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_disagrees),
        cmocka_unit_test(test_sum_of_many),
        cmocka_unit_test(test_sum_overflow),
        cmocka_unit_test(test_sum_ratio),
        cmocka_unit_test(test_sum_mean),
        cmocka_unit_test(test_pack),
        cmocka_unit_test(test_unpack_anything),
        cmocka_unit_test(test_random_sums),
        cmocka_unit_test(test_random_pairs),
        cmocka_unit_test(test_random_ratios),
    };

    srandom(2026);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
