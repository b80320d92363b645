/* Exact fractions, beside those of school: what fits is right, and only what does not fit is refused. */
#include "runtime/fraction.h"

#include "decimal_fixture.h"
#include "school_fraction.h"
#include "tests/unit/folder.h"

#define DIGITS_255 80

static struct bb_fraction
fraction(const char *text)
{
    return bb_fraction_of(decimal(text));
}

/* "-3/4", "2". */
static const char *
text_of(const struct bb_fraction *f)
{
    static char out[2 * DIGITS_255 + 8];
    size_t len = bb_wide_format(&f->above, f->negative, 0, out);

    if (f->below.n != 1 || f->below.word[0] != 1) {
        out[len++] = '/';
        bb_wide_format(&f->below, false, 0, out + len);
    }
    return out;
}

static const char *
text_of_school(const struct school_fraction *f)
{
    static char out[2 * SCHOOL_DIGITS + 8];
    size_t len;

    school_write(f->above, 0, out);
    len = strlen(out);
    if (f->below.n != 1 || f->below.digit[0] != 1) {
        out[len++] = '/';
        school_write(f->below, 0, out + len);
    }
    return out;
}

static int
operate(char operation, struct bb_fraction *a, const struct bb_fraction *b)
{
    switch (operation) {
    case '+':
        return bb_fraction_add(a, b);
    case '-':
        return bb_fraction_subtract(a, b);
    case '*':
        return bb_fraction_multiply(a, b);
    default:
        return bb_fraction_divide(a, b);
    }
}

static void
test_operations(void **state)
{
    static const struct {
        const char *a;
        char operation;
        const char *b, *expected;
    } rows[] = {
        {"1", '+', "2", "3"},
        {"0.1", '+', "0.2", "3/10"},
        {"0.5", '+', "-0.5", "0"},
        {"0.5", '-', "0.75", "-1/4"},
        {"-0.5", '-', "-0.75", "1/4"},
        {"0", '-', "3", "-3"},
        {"-1.50", '*', "4", "-6"},
        {"-2", '*', "0", "0"},
        {"1", '/', "3", "1/3"},
        {"6", '/', "-4", "-3/2"},
        {"0", '/', "-4", "0"},
        {"1500", '/', "2710", "150/271"},
        {NINES_34, '*', NINES_34, "99999999999999999999999999999999980000000000000000000000000000000001"},
        {"0.000000000000000000000001", '*', "0.000000000000000000000001",
         "1/1000000000000000000000000000000000000000000000000"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_fraction a = fraction(rows[i].a), b = fraction(rows[i].b);
        check_int(operate(rows[i].operation, &a, &b), 0, rows[i].expected);
        check_text(text_of(&a), rows[i].expected, rows[i].a);
        check(!bb_fraction_is_zero(&a) || !a.negative, "zero has no sign");
        bb_fraction_negate(&a);
        check(!bb_fraction_is_zero(&a) || !a.negative, "zero has no sign");
    }
}

/* What is refused leaves the operand as it was. */
static void
test_refused(void **state)
{
    struct bb_fraction a = fraction("5"), zero = fraction("0.0"), large = fraction(NINES_34);
    struct bb_fraction tiny = fraction("0.000000000000000000000001"), before;

    (void)state;
    assert_int_equal(bb_fraction_divide(&a, &zero), BB_FRACTION_E_ZERO);
    check_text(text_of(&a), "5", "after a division by zero");
    assert_int_equal(bb_fraction_divide(&zero, &zero), BB_FRACTION_E_ZERO);

    a = large;
    assert_int_equal(bb_fraction_multiply(&a, &large), 0);
    before = a;
    assert_int_equal(bb_fraction_multiply(&a, &large), BB_FRACTION_E_RANGE);
    assert_memory_equal(&a, &before, sizeof a);
    assert_int_equal(bb_fraction_divide(&a, &large), 0);
    check_text(text_of(&a), NINES_34, "there and back");

    a = tiny;
    for (int i = 0; i < 2; i++)
        assert_int_equal(bb_fraction_multiply(&a, &tiny), 0);
    assert_int_equal(bb_fraction_multiply(&a, &tiny), BB_FRACTION_E_RANGE);
}

static void
test_sums(void **state)
{
    struct bb_sum sum = {{0}}, again;
    struct bb_fraction f = bb_fraction_of_sum(&sum), three = fraction("3");

    (void)state;
    assert_true(bb_fraction_is_zero(&f));
    assert_int_equal(bb_sum_add(&sum, decimal("-12.50")), 0);
    f = bb_fraction_of_sum(&sum);
    check_text(text_of(&f), "-25/2", "-12.50");
    assert_int_equal(bb_fraction_sum(&f, &again), 0);
    check_sum(&again, "-12.5", "there and back");
    assert_int_equal(bb_fraction_divide(&f, &three), 0);
    assert_int_equal(bb_fraction_sum(&f, &again), BB_FRACTION_E_RANGE);
    check_sum(&again, "-12.5", "untouched");

    /* -2^255 units, the only sum whose magnitude has 256 bits. */
    sum = (struct bb_sum){{0, 0, 0, UINT64_C(1) << 63}};
    f = bb_fraction_of_sum(&sum);
    check_text(text_of(&f),
               "-3450873173395281893717377931138512726225554486085193277581262111899648/59604644775390625",
               "the least sum");
    assert_int_equal(bb_fraction_sum(&f, &again),
                     BB_FRACTION_E_RANGE); /* one more than there is above zero */
    sum = (struct bb_sum){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1}};
    f = bb_fraction_of_sum(&sum);
    assert_int_equal(bb_fraction_sum(&f, &again), 0);
    assert_memory_equal(&again, &sum, sizeof sum);
    assert_int_equal(bb_fraction_multiply(&f, &f), BB_FRACTION_E_RANGE);
}

static void
test_format(void **state)
{
    static const struct {
        const char *factor, *above, *below;
        unsigned scale;
        const char *expected;
    } rows[] = {
        {"100", "1500", "2710", 4, "55.3506"},
        {"1", "1", "8", 2, "0.12"},
        {"1", "3", "8", 2, "0.38"},
        {"1", "-1", "8", 2, "-0.12"},
        {"-1", "1", "3", 0, "0"},
        {"0.001", "5", "1", 2, "0.00"},
        {"0.001", "5.000001", "1", 2, "0.01"},
        {"-1", "-900", "1", 0, "900"},
        {"1", "1", "7", 24, "0.142857142857142857142857"},
    };
    char out[BB_DECIMAL_TEXT];
    struct bb_fraction large = fraction(NINES_34), nines = large;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_fraction f = fraction(rows[i].above), below = fraction(rows[i].below);
        assert_int_equal(bb_fraction_divide(&f, &below), 0);
        assert_int_equal(bb_fraction_format(decimal(rows[i].factor), &f, rows[i].scale, out), 0);
        check_text(out, rows[i].expected, rows[i].above);
    }
    assert_int_equal(bb_fraction_multiply(&large, &nines), 0); /* 68 digits and 24 after the point */
    assert_int_equal(bb_fraction_format(decimal("1"), &large, 24, out), 0);
    assert_int_equal(bb_fraction_format(decimal("10"), &large, 24, out), BB_FRACTION_E_RANGE);
}

/* A decimal of any size, as text. */
static const char *
random_text(uint64_t *seed)
{
    static char out[BB_DECIMAL_TEXT];
    struct bb_decimal d = {.mantissa = (__int128)(draw_any(seed) >> 1), .scale = (uint8_t)(draw(seed) % 25)};

    if (draw(seed) % 4 == 0)
        d.mantissa *= (__int128)1000000007 * 1000003;
    if (draw(seed) % 2)
        d.mantissa = -d.mantissa;
    if (draw(seed) % 2)
        d.scale = 0;
    bb_decimal_format(d, out);
    return out;
}

static struct school_fraction
operate_school(char operation, const struct school_fraction *a, const struct school_fraction *b)
{
    struct school_fraction other = *b;

    if (operation == '-')
        other = school_fraction_negate(b);
    else if (operation == '/')
        other = school_fraction_turn(b);
    return operation == '+' || operation == '-' ? school_fraction_add(a, &other)
                                                : school_fraction_multiply(a, &other);
}

/* Values that grow out of each other, until one does not fit; each step judged by school. */
static void
test_random(void **state)
{
    uint64_t seed = 4711;
    unsigned fitted = 0, refused = 0;

    (void)state;
    for (int round = 0; round < 80; round++) {
        struct bb_fraction f[3];
        struct school_fraction s[3];
        for (size_t i = 0; i < COUNT(f); i++) {
            const char *text = random_text(&seed);
            f[i] = fraction(text);
            s[i] = school_fraction_read(text);
            school_reduce(&s[i]);
            check_text(text_of(&f[i]), text_of_school(&s[i]), text);
        }
        for (int step = 0; step < 12; step++) {
            size_t a = draw(&seed) % COUNT(f), b = draw(&seed) % COUNT(f);
            char operation = "+-*/"[draw(&seed) % 4], what[2] = {operation};
            int r = operate(operation, &f[a], &f[b]);
            if (operation == '/' && s[b].above.n == 0) {
                assert_int_equal(r, BB_FRACTION_E_ZERO);
                continue;
            }
            struct school_fraction expected = operate_school(operation, &s[a], &s[b]);
            school_reduce(&expected);
            check_int(r, school_fits(&expected) ? 0 : BB_FRACTION_E_RANGE, what);
            fitted += r == 0;
            refused += r != 0;
            if (r == 0)
                s[a] = expected;
            check_text(text_of(&f[a]), text_of_school(&s[a]), what);
        }
    }
    assert_true(fitted > 400);
    assert_true(refused > 40);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations), cmocka_unit_test(test_refused), cmocka_unit_test(test_sums),
        cmocka_unit_test(test_format),     cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
