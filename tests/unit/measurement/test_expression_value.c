/* What expressions amount to: by hand, and at random beside the arithmetic of school, which never sees the
 * text but the tree that the text was written from. */
#include "tests/unit/folder.h"
#include "tests/unit/runtime/school_fraction.h"
#include "workers/measurement/model/expression.h"

#include <errno.h>

#define NINES_34 "9999999999999999999999999999999999"

/* What the inputs a, b, c, d amount to: a number, or one of these. */
#define NOTHING "nothing"
#define TOO_BIG "too big"
#define BROKEN  "broken"

struct data {
    const struct bb_expression_input *inputs;
    const char *value[4];
};

static struct bb_fraction
fraction(const char *text)
{
    struct bb_decimal d;

    if (bb_decimal_parse(bb_bytes_str(text), &d) != 0)
        fail_msg("%s is not a number", text);
    return bb_fraction_of(d);
}

static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    const struct data *data = context;
    const char *value = data->value[data->inputs[input].indicator.data[0] - 'a'];

    if (strcmp(value, NOTHING) == 0)
        return BB_EXPRESSION_E_NO_DATA;
    if (strcmp(value, TOO_BIG) == 0)
        return BB_EXPRESSION_E_OVERFLOW;
    if (strcmp(value, BROKEN) == 0)
        return -EIO;
    *ret_value = fraction(value);
    return 0;
}

static int
evaluate(const char *text, struct data *data, struct bb_fraction *ret_value)
{
    struct bb_expression_error error;
    struct bb_expression *e;
    int r;

    if (bb_expression_parse(bb_bytes_str(text), &e, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    (void)bb_expression_inputs(e, &data->inputs);
    r = bb_expression_evaluate(e, ask, data, ret_value);
    bb_expression_destroy(&e);
    return r;
}

/* With six digits after the point, or why there is none. */
static const char *
value_of(const char *text, const char *const *values)
{
    static char out[BB_DECIMAL_TEXT];
    struct data data = {0};
    struct bb_fraction value = fraction("77");

    memcpy(data.value, values, sizeof data.value);
    switch (evaluate(text, &data, &value)) {
    case 0:
        assert_int_equal(bb_fraction_format((struct bb_decimal){.mantissa = 1}, &value, 6, out), 0);
        return out;
    case BB_EXPRESSION_E_NO_DATA:
        return "no data";
    case BB_EXPRESSION_E_ZERO:
        return "division by zero";
    case BB_EXPRESSION_E_OVERFLOW:
        return "does not fit";
    case -EIO:
        return "failed";
    default:
        return "?";
    }
}

static void
test_values(void **state)
{
    static const struct {
        const char *text, *values[4], *expected;
    } rows[] = {
        {"1", {NOTHING, NOTHING, NOTHING, NOTHING}, "1.000000"},
        {"-1", {NOTHING, NOTHING, NOTHING, NOTHING}, "-1.000000"},
        {"1+2*3", {NOTHING, NOTHING, NOTHING, NOTHING}, "7.000000"},
        {"(1+2)*3", {NOTHING, NOTHING, NOTHING, NOTHING}, "9.000000"},
        {"2-3-4", {NOTHING, NOTHING, NOTHING, NOTHING}, "-5.000000"},
        {"2-(3-4)", {NOTHING, NOTHING, NOTHING, NOTHING}, "3.000000"},
        {"8/4/2", {NOTHING, NOTHING, NOTHING, NOTHING}, "1.000000"},
        {"8/(4/2)", {NOTHING, NOTHING, NOTHING, NOTHING}, "4.000000"},
        {"-2*-3", {NOTHING, NOTHING, NOTHING, NOTHING}, "6.000000"},
        {"1/3*3", {NOTHING, NOTHING, NOTHING, NOTHING}, "1.000000"},
        {"0.1+0.2-0.3", {NOTHING, NOTHING, NOTHING, NOTHING}, "0.000000"},
        {"2/3", {NOTHING, NOTHING, NOTHING, NOTHING}, "0.666667"},
        {"#{a}", {"12.50", "1", "2", "3"}, "12.500000"},
        {"#{a}+#{b}", {"1", "2", "3", "4"}, "3.000000"},
        {"#{a}-#{b}*#{c}", {"1", "2", "3", "4"}, "-5.000000"},
        {"#{a}/(#{a}+#{b})*100", {"1500", "1210", "3", "4"}, "55.350554"},
        /* Without data: a side has none if nobody has, else it counts as 0. */
        {"#{a}", {NOTHING, "2", "3", "4"}, "no data"},
        {"#{a}+1", {NOTHING, "2", "3", "4"}, "no data"},
        {"#{a}+#{b}", {NOTHING, NOTHING, "3", "4"}, "no data"},
        {"#{a}+#{b}", {NOTHING, "2", "3", "4"}, "2.000000"},
        {"#{a}+#{b}", {"0", NOTHING, "3", "4"}, "0.000000"},
        {"#{a}*#{b}", {"5", NOTHING, "3", "4"}, "0.000000"},
        {"#{a}-#{b}-#{c}", {NOTHING, NOTHING, "3", "4"}, "-3.000000"},
        {"#{b}/#{a}", {NOTHING, "2", "3", "4"}, "division by zero"},
        {"1/#{a}", {NOTHING, "2", "3", "4"}, "no data"},
        {"1/0+#{a}", {NOTHING, "2", "3", "4"}, "no data"},
        /* No value. */
        {"1/0", {NOTHING, NOTHING, NOTHING, NOTHING}, "division by zero"},
        {"0/0", {NOTHING, NOTHING, NOTHING, NOTHING}, "division by zero"},
        {"#{a}/(#{b}-#{c})", {"1", "2.50", "2.5", "4"}, "division by zero"},
        {"1/#{a}*0", {"0", "2", "3", "4"}, "division by zero"},
        {"#{a}+1", {TOO_BIG, "2", "3", "4"}, "does not fit"},
        {"#{a}+#{b}", {TOO_BIG, NOTHING, "3", "4"}, "does not fit"},
        {"#{a}+1/0", {TOO_BIG, NOTHING, "3", "4"}, "does not fit"},
        {"1/0+#{a}", {TOO_BIG, NOTHING, "3", "4"}, "division by zero"},
        {"#{a}*#{a}",
         {NINES_34, "2", "3", "4"},
         "99999999999999999999999999999999980000000000000000000000000000000001.000000"},
        {"#{a}*#{a}*#{a}", {NINES_34, "2", "3", "4"}, "does not fit"},
        {"#{a}*#{a}/#{a}*#{a}",
         {NINES_34, "2", "3", "4"},
         "99999999999999999999999999999999980000000000000000000000000000000001.000000"},
        {"#{a}+#{b}", {"1", BROKEN, "3", "4"}, "failed"},
        {"1/0+#{b}", {"1", BROKEN, "3", "4"}, "failed"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(value_of(rows[i].text, rows[i].values), rows[i].expected, rows[i].text);
}

/* What leaves no value leaves the result untouched. */
static void
test_untouched(void **state)
{
    struct data data = {.value = {NOTHING, "0", TOO_BIG, "1"}};
    struct bb_fraction value = fraction("77"), before = value;

    (void)state;
    assert_int_equal(evaluate("#{a}", &data, &value), BB_EXPRESSION_E_NO_DATA);
    assert_int_equal(evaluate("1/#{b}", &data, &value), BB_EXPRESSION_E_ZERO);
    assert_int_equal(evaluate("#{c}", &data, &value), BB_EXPRESSION_E_OVERFLOW);
    assert_memory_equal(&value, &before, sizeof value);
}

/* As deep as it may be: 1+2*(1+2*(... 3)). */
static void
test_deep(void **state)
{
    static const char *const values[4] = {NOTHING, NOTHING, NOTHING, NOTHING};
    char text[512] = "";

    (void)state;
    for (int i = 0; i < BB_EXPRESSION_DEPTH; i++)
        strcat(text, "1+2*(");
    strcat(text, "1+2*3");
    for (int i = 0; i < BB_EXPRESSION_DEPTH; i++)
        strcat(text, ")");
    check_text(value_of(text, values), "34359738367.000000", text); /* 4 * 2^33 - 1 */
}

/* --- at random --- */

/* A tree in an array: an operand, or an operator with what it takes. */
struct tree {
    char operation; /* '#' input, '1' number, 'm' minus, + - * / */
    const char *number;
    size_t input, left, right;
};

struct forest {
    struct tree node[64];
    size_t n;
};

static const char *const numbers[] = {"0",   "1",  "2",   "3",    "7",     "10",
                                      "100", "12", "0.5", "0.01", "33.33", "1000000007"};
static const char *const figures[] = {NOTHING,  NOTHING, "0",        "1",      "-1",    "617", "620",
                                      "1180.5", "-0.25", "0.000001", "2710",   "900",   "3",   "-7",
                                      NOTHING,  TOO_BIG, "1e24",     "-1e-24", NINES_34};

/* Returns the number of the node. */
static size_t
grow(struct forest *f, unsigned depth, uint64_t *seed)
{
    struct tree t = {0};
    uint64_t kind = draw(seed) % 10;

    if (depth == 0 || kind < 2) {
        t.operation = draw(seed) % 4 ? '#' : '1';
        t.input = draw(seed) % 4;
        t.number = numbers[draw(seed) % COUNT(numbers)];
    } else if (kind == 2) {
        t.operation = 'm';
        t.left = grow(f, depth - 1, seed);
    } else {
        t.operation = "++-*/"[draw(seed) % 5];
        t.left = grow(f, depth - 1, seed);
        t.right = grow(f, depth - 1, seed);
    }
    f->node[f->n] = t;
    return f->n++;
}

static void
put(char *out, char c)
{
    size_t len = strlen(out);

    out[len] = c;
    out[len + 1] = '\0';
}

static void
write_blanks(char *out, uint64_t *seed)
{
    while (draw(seed) % 3 == 0)
        put(out, " \t\r\n"[draw(seed) % 4]);
}

/* The text with parentheses around every operator: it does not rely on precedence. */
static void
write_tree(const struct forest *f, size_t node, char *out, uint64_t *seed)
{
    const struct tree *t = &f->node[node];

    write_blanks(out, seed);
    if (t->operation == '1') {
        strcat(out, t->number);
    } else if (t->operation == '#') {
        strcat(out, "#{");
        write_blanks(out, seed);
        put(out, "abcd"[t->input]);
        write_blanks(out, seed);
        strcat(out, "}");
    } else {
        strcat(out, "(");
        if (t->operation != 'm')
            write_tree(f, t->left, out, seed);
        put(out, t->operation == 'm' ? '-' : t->operation);
        write_tree(f, t->operation == 'm' ? t->left : t->right, out, seed);
        strcat(out, ")");
    }
    write_blanks(out, seed);
}

struct judge {
    const struct forest *forest;
    const char *const *values;
    bool asked, any_data;
    int outcome;
};

static void
judge_input(struct judge *j, const char *value, struct school_fraction *out)
{
    char plain[BB_DECIMAL_TEXT];
    struct bb_decimal d;

    j->asked = true;
    j->any_data |= strcmp(value, NOTHING) != 0;
    if (strcmp(value, TOO_BIG) == 0 && !j->outcome)
        j->outcome = BB_EXPRESSION_E_OVERFLOW;
    if (strcmp(value, NOTHING) != 0 && strcmp(value, TOO_BIG) != 0) {
        assert_int_equal(bb_decimal_parse(bb_bytes_str(value), &d), 0);
        bb_decimal_format(d, plain);
        *out = school_fraction_read(plain);
    }
}

static struct school_fraction
judge_tree(struct judge *j, size_t node)
{
    const struct tree *t = &j->forest->node[node];
    struct school_fraction a = school_fraction_read("0"), b = a;

    if (t->operation == '1')
        return school_fraction_read(t->number);
    if (t->operation == '#') {
        judge_input(j, j->values[t->input], &a);
        return a;
    }
    a = judge_tree(j, t->left);
    if (t->operation == 'm')
        return school_fraction_negate(&a);
    b = judge_tree(j, t->right);
    if (t->operation == '/' && b.above.n == 0) {
        if (!j->outcome)
            j->outcome = BB_EXPRESSION_E_ZERO;
        return b;
    }
    if (t->operation == '-')
        b = school_fraction_negate(&b);
    if (t->operation == '/')
        b = school_fraction_turn(&b);
    a = t->operation == '+' || t->operation == '-' ? school_fraction_add(&a, &b)
                                                   : school_fraction_multiply(&a, &b);
    school_reduce(&a);
    if (school_fits(&a))
        return a;
    if (!j->outcome)
        j->outcome = BB_EXPRESSION_E_OVERFLOW;
    return school_fraction_read("0");
}

/* Equal: n / d with the parts of both multiplied crosswise. */
static bool
equals(const struct bb_fraction *f, struct school_fraction expected)
{
    char above[128], below[128], a[SCHOOL_DIGITS + 2], b[SCHOOL_DIGITS + 2];
    unsigned scale;

    bb_wide_format(&f->above, f->negative, 0, above);
    bb_wide_format(&f->below, false, 0, below);
    school_write(school_multiply(school_read(above, &scale), expected.below), 0, a);
    school_write(school_multiply(school_read(below, &scale), expected.above), 0, b);
    return strcmp(a, b) == 0;
}

static void
test_random(void **state)
{
    unsigned count[4] = {0};
    uint64_t seed = 1968;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        struct forest forest = {.n = 0};
        struct data data = {0};
        struct judge judge = {.forest = &forest};
        struct school_fraction expected;
        struct bb_fraction value;
        char text[BB_EXPRESSION_BYTES] = "";
        size_t root = grow(&forest, 1 + (unsigned)(draw(&seed) % 4), &seed);
        int r;

        for (size_t k = 0; k < COUNT(data.value); k++)
            data.value[k] = figures[draw(&seed) % (i % 2 ? COUNT(figures) : COUNT(figures) - 4)];
        judge.values = data.value;
        write_tree(&forest, root, text, &seed);
        expected = judge_tree(&judge, root);
        if (judge.asked && !judge.any_data)
            judge.outcome = BB_EXPRESSION_E_NO_DATA;
        r = evaluate(text, &data, &value);
        check_int(r, judge.outcome, text);
        check(r != 0 || equals(&value, expected), text);
        count[r]++;
    }
    for (size_t i = 0; i < COUNT(count); i++)
        assert_true(count[i] > 50);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
