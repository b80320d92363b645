/* What no table can list: the packed form of any number, any bytes as a packed form, and random numbers
 * beside the schoolbook. The tests draw from one sequence of random numbers, in the order in which they
 * stand. */
#include "decimal_fixture.h"
#include "schoolbook.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

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
        cmocka_unit_test(test_pack),          cmocka_unit_test(test_unpack_anything),
        cmocka_unit_test(test_random_sums),   cmocka_unit_test(test_random_pairs),
        cmocka_unit_test(test_random_ratios),
    };

    srandom(2026);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
