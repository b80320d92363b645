#include "runtime/decimal.h"

#include "decimal_fixture.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

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

static void
check_written(uint64_t digits, bool negative, unsigned scale)
{
    struct bb_decimal d = {.mantissa = negative ? -(__int128)digits : (__int128)digits,
                           .scale = (uint8_t)scale};
    char expected[BB_DECIMAL_TEXT], out[BB_DECIMAL_TEXT], text[BB_DECIMAL_TEXT];
    int n = snprintf(text, sizeof text, "%0*llu", (int)scale + 1, (unsigned long long)digits);

    snprintf(expected, sizeof expected, "%s%.*s%s%s", negative && digits ? "-" : "", n - (int)scale, text,
             scale ? "." : "", text + n - scale);
    assert_int_equal(bb_decimal_format(d, out), strlen(expected));
    assert_string_equal(out, expected);
}

/* Short ones, and those around where they become longer, have ways of their own. */
static void
test_written(void **state)
{
    uint64_t power = 1;

    (void)state;
    for (unsigned scale = 0; scale <= BB_DECIMAL_SCALE; scale++)
        for (uint64_t a = 0; a < 12000; a++)
            check_written(a, a % 2, scale);
    for (unsigned i = 0; i < 20; i++, power *= 10)
        for (unsigned scale = 0; scale <= BB_DECIMAL_SCALE; scale++)
            for (uint64_t by = 0; by < 3; by++) {
                check_written(power + by, by == 1, scale);
                check_written(power - by, by == 1, scale);
                check_written(power * 7 + by * 1234567, by == 2, scale);
            }
    check_written(UINT64_MAX, true, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),   cmocka_unit_test(test_parse_long), cmocka_unit_test(test_trim),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_round),      cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_written), cmocka_unit_test(test_disagrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
