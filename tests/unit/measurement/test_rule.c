/* Rules between indicators: how they read, what they say, and their judgement beside plain arithmetic in
 * whole numbers, which never sees an expression. */
#include "proto/utf8.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/model/rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static Bb__Rule
message(const char *left, const char *relation, const char *right, const char *tolerance)
{
    Bb__Rule rule = BB__RULE__INIT;

    rule.code = (char *)(uintptr_t) "r";
    rule.left = (char *)(uintptr_t)left;
    rule.relation = (char *)(uintptr_t)relation;
    rule.right = (char *)(uintptr_t)right;
    rule.tolerance = (char *)(uintptr_t)tolerance;
    return rule;
}

static struct bb_rule
rule_of(const char *left, const char *relation, const char *right, const char *tolerance)
{
    Bb__Rule m = message(left, relation, right, tolerance);
    struct bb_rule rule;
    struct bb_note note;
    const char *column;

    if (bb_rule_read(&m, &rule, &note, &column) != 0)
        fail_msg("%s %s %s: %s: %s", left, relation, right, column, note.text);
    return rule;
}

static void
test_reading(void **state)
{
    static const struct {
        const char *left, *relation, *right, *tolerance;
        const char *column; /* NULL: it reads */
        const char *says;
    } cases[] = {
        {"#{a}", "<=", "#{b} + 2", NULL, NULL, NULL},
        {"#{a}", "=", "2", "", NULL, NULL},
        {"2", "!=", "#{a.sex=f}", "0", NULL, NULL},
        {"#{a}", "exclusive_pair", "#{b}", "0%", NULL, NULL},
        {NULL, "<=", "#{b}", NULL, "left", "found '', expected an expression such as #{a} + #{b}"},
        {"", "<=", "#{b}", NULL, "left", "found '', expected an expression such as #{a} + #{b}"},
        {"#{a", "<=", "#{b}", NULL, "left", "at byte "},
        {"#{a}", "<=", "#{b} +", NULL, "right", "at byte "},
        {"#{a}", "<=", NULL, NULL, "right", "found '', expected"},
        {"#{a}", NULL, "#{b}", NULL, "operator", "found '', expected <, <=,"},
        {"#{a}", "=<", "#{b}", NULL, "operator", "found '=<', expected <, <=,"},
        {"#{a}", "<", "#{b}", "-0.1", "tolerance", "found '-0.1', expected a number that is not negative"},
        {"#{a}", "<", "#{b}", "%", "tolerance", "found '%', expected"},
        {"#{a}", "<", "#{b}", "1%%", "tolerance", "found '1%%', expected"},
        {"#{a}", "<", "#{b}", "nan", "tolerance", "found 'nan', expected"},
        {"#{a}", "compulsory_pair", "#{b}", "1", "tolerance", "found '1', expected none"},
        {"#{a}", "compulsory_pair", "1", NULL, "right", "found '1', expected an indicator"},
        {"1", "exclusive_pair", "#{a}", NULL, "left", "found '1', expected an indicator"},
        {"1", "<", "2", NULL, "left", "found '1', expected an indicator"},
        {"#{a}+#{b}", "<", "#{a} + #{b}", NULL, "right", "found '#{a} + #{b}', expected another"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        Bb__Rule m = message(cases[i].left, cases[i].relation, cases[i].right, cases[i].tolerance);
        struct bb_rule rule;
        struct bb_note note = {.text = ""};
        const char *column = "";
        int r = bb_rule_read(&m, &rule, &note, &column);

        if (r == 0)
            bb_rule_release(&rule);
        if (!cases[i].column ? r != 0
                             : r != BB_RULE_E_REFUSED || strcmp(column, cases[i].column) != 0 ||
                                   strncmp(note.text, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("case %zu: %d, %s: %s", i, r, column, note.text);
    }
}

static void
test_codes_names_states(void **state)
{
    Bb__Rule m = message("#{a}", "<", "#{b}", NULL);
    struct bb_rule rule;
    struct bb_note note;
    const char *column;

    (void)state;
    m.code = (char *)(uintptr_t) "no code";
    assert_int_equal(bb_rule_read(&m, &rule, &note, &column), BB_RULE_E_REFUSED);
    assert_string_equal(column, "code");
    m.code = (char *)(uintptr_t) "r";
    m.name = (char *)(uintptr_t) " name";
    assert_int_equal(bb_rule_read(&m, &rule, &note, &column), BB_RULE_E_REFUSED);
    assert_string_equal(column, "name");
    m.name = (char *)(uintptr_t) "Name";
    m.state = (char *)(uintptr_t) "idle";
    assert_int_equal(bb_rule_read(&m, &rule, &note, &column), BB_RULE_E_REFUSED);
    assert_string_equal(column, "state");
    for (int i = 0; i < (int)BB_RULE_STATES; i++) {
        m.state = (char *)(uintptr_t)bb_rule_state_name((enum bb_rule_state)i);
        assert_int_equal(bb_rule_read(&m, &rule, &note, &column), 0);
        assert_int_equal(rule.state, i);
        assert_int_equal(bb_rule_state_by_name(m.state), i);
        bb_rule_release(&rule);
    }
    assert_int_equal(bb_rule_state_by_name(NULL), -1);
}

static void
test_tolerances(void **state)
{
    static const struct {
        const char *text, *canonical; /* NULL: it does not read */
    } cases[] = {
        {"", ""},        {"0", ""},    {"0%", ""},           {"5", "5"},   {"5.50", "5.5"},
        {"2.0 %", "2%"}, {"+3", "3"},  {"0.001%", "0.001%"}, {"-1", NULL}, {"-1%", NULL},
        {"x", NULL},     {" 5", NULL}, {"5 ", NULL},         {"%5", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[BB_RULE_TOLERANCE_TEXT];
        struct bb_rule rule = {.code = "r"};
        size_t len = 0;
        bool read = bb_rule_tolerance_parse(bb_bytes_str(cases[i].text), &rule.tolerance, &rule.percent);

        if (read)
            len = bb_rule_tolerance_format(&rule, out);
        assert_true(!read || len == strlen(out));
        if (read != (cases[i].canonical != NULL) || (read && strcmp(out, cases[i].canonical) != 0))
            fail_msg("'%s': %s", cases[i].text, read ? out : "does not read");
    }
}

/* What the inputs a, b, c amount to, in hundredths; or nothing. */
#define NOTHING INT64_MIN

struct data {
    const struct bb_rule *rule;
    int64_t value[3];
    unsigned asked;
    int error;
};

static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    struct data *data = context;
    int64_t value = data->value[bb_rule_input(data->rule, input).indicator.data[0] - 'a'];

    data->asked++;
    if (data->error)
        return data->error;
    if (value == NOTHING)
        return BB_EXPRESSION_E_NO_DATA;
    *ret_value = bb_fraction_of((struct bb_decimal){.mantissa = value, .scale = 2});
    return 0;
}

/* A side: weights of a, b, c (none of them: it is not there), and a number; all in whole numbers. */
struct side {
    int weight[3];
    bool has[3];
    int number;
};

static struct side
random_side(uint64_t *seed)
{
    struct side s = {.number = draw(seed) % 2 ? (int)(draw(seed) % 9) - 4 : 0};

    for (int i = 0; i < 3; i++) {
        s.has[i] = draw(seed) % 3 == 0;
        s.weight[i] = s.has[i] ? (int)(draw(seed) % 7) - 3 : 0;
    }
    return s;
}

static void
write_side(const struct side *s, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "%d", s->number);

    for (int i = 0; i < 3; i++)
        if (s->has[i])
            len += (size_t)snprintf(out + len, size - len, " + %d * #{%c}", s->weight[i], 'a' + i);
}

/* In hundredths. False: no data. */
static bool
side_value(const struct side *s, const int64_t value[3], int64_t *ret_value)
{
    bool any = false, data = false;

    *ret_value = (int64_t)s->number * 100;
    for (int i = 0; i < 3; i++) {
        any |= s->has[i];
        data |= s->has[i] && value[i] != NOTHING;
        if (s->has[i] && value[i] != NOTHING)
            *ret_value += s->weight[i] * value[i];
    }
    return data || !any;
}

/* tolerance: in hundredths, or hundredths of a percent. Everything times 10,000. */
static enum bb_rule_verdict
plain_verdict(unsigned relation, bool has_left, int64_t left, bool has_right, int64_t right,
              int64_t tolerance, bool percent)
{
    int64_t t = tolerance * 10000, over, under;

    if (relation == 6)
        return has_left == has_right ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    if (relation == 7)
        return has_left && has_right ? BB_RULE_BROKEN : BB_RULE_HOLDS;
    if (!has_left || !has_right)
        return BB_RULE_NOT_JUDGED;
    if (percent)
        t = tolerance * llabs(right);
    over = (left - right) * 10000 - t;
    under = (left - right) * 10000 + t;
    switch (relation) {
    case 0:
        return over < 0 ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    case 1:
        return over <= 0 ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    case 2:
        return over <= 0 && under >= 0 ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    case 3:
        return over > 0 || under < 0 ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    case 4:
        return under >= 0 ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    default:
        return under > 0 ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    }
}

static bool
is_constant(const struct side *s)
{
    return !s->has[0] && !s->has[1] && !s->has[2];
}

static void
test_random(void **state)
{
    static const char *const relations[] = {
        "<", "<=", "=", "!=", ">=", ">", "compulsory_pair", "exclusive_pair"};
    unsigned seen[8][3] = {{0}};
    uint64_t seed = 20261122;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct side left = random_side(&seed), right = random_side(&seed);
        unsigned relation = (unsigned)(draw(&seed) % 8);
        int64_t tolerance = relation < 6 && draw(&seed) % 2 ? (int64_t)(draw(&seed) % 5000) : 0, l, r;
        bool percent = draw(&seed) % 2, has_left, has_right;
        char left_text[128], right_text[128], tolerance_text[32];
        struct data data = {.rule = NULL};
        struct bb_rule_sides sides;
        enum bb_rule_verdict verdict, expected;
        struct bb_rule rule;

        write_side(&left, left_text, sizeof left_text);
        write_side(&right, right_text, sizeof right_text);
        if ((is_constant(&left) && is_constant(&right)) || strcmp(left_text, right_text) == 0 ||
            (relation >= 6 && (is_constant(&left) || is_constant(&right))))
            continue;
        snprintf(tolerance_text, sizeof tolerance_text, "%d.%02d%s", (int)(tolerance / 100),
                 (int)(tolerance % 100), percent ? "%" : "");
        rule = rule_of(left_text, relations[relation], right_text, tolerance_text);
        data.rule = &rule;
        for (int k = 0; k < 3; k++)
            data.value[k] = draw(&seed) % 4 ? (int64_t)(draw(&seed) % 2000) - 500 : NOTHING;
        if (draw(&seed) % 3 == 0) /* ties are rare */
            data.value[0] = data.value[1] = data.value[2] = (int64_t)(draw(&seed) % 3) * 100;
        assert_int_equal(bb_rule_judge(&rule, ask, &data, &sides, &verdict), 0);
        has_left = side_value(&left, data.value, &l);
        has_right = side_value(&right, data.value, &r);
        expected = plain_verdict(relation, has_left, l, has_right, r, tolerance, percent);
        if (verdict != expected)
            fail_msg("%s %s %s, tolerance %s, of %d, %d, %d: %d for %d", left_text, relations[relation],
                     right_text, tolerance_text, (int)data.value[0], (int)data.value[1], (int)data.value[2],
                     verdict, expected);
        assert_int_equal(sides.left.outcome, has_left ? 0 : BB_EXPRESSION_E_NO_DATA);
        assert_int_equal(sides.right.outcome, has_right ? 0 : BB_EXPRESSION_E_NO_DATA);
        seen[relation][verdict]++;
        bb_rule_release(&rule);
    }
    for (int i = 0; i < 8; i++)
        assert_true(seen[i][BB_RULE_HOLDS] > 1000 && seen[i][BB_RULE_BROKEN] > 1000 &&
                    (seen[i][BB_RULE_NOT_JUDGED] > 1000) == (i < 6));
}

static void
test_words(void **state)
{
    static const struct {
        const char *left, *relation, *right, *tolerance;
        int64_t value[3];
        const char *says;
    } cases[] = {
        {"#{a} + #{b}",
         "<=",
         "#{c}",
         NULL,
         {1000, 250, 1200},
         "rule r: found 12.5 on the left, expected at most 12, the right side: #{a}+#{b} <= #{c}"},
        {"#{a}",
         "=",
         "#{b} / #{c}",
         "0.5%",
         {1000, 100, 300},
         "rule r: found 10 on the left, expected as much as 0.333333, the right side, give or take 0.5%: "
         "#{a} = #{b}/#{c}"},
        {"#{a}",
         "compulsory_pair",
         "#{b}",
         NULL,
         {NOTHING, 100, 0},
         "rule r: found no data on the left and 1 on the right, expected both or neither: #{a} "
         "compulsory_pair #{b}"},
        {"#{a}",
         "exclusive_pair",
         "#{b} / 0",
         NULL,
         {100, 100, 0},
         "rule r: found 1 on the left and a figure that cannot be told on the right, expected only one of "
         "them: #{a} exclusive_pair #{b}/0"},
    };
    char out[BB_NOTE_TEXT], small[40];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_rule rule = rule_of(cases[i].left, cases[i].relation, cases[i].right, cases[i].tolerance);
        struct data data = {.rule = &rule};
        struct bb_rule_sides sides;
        enum bb_rule_verdict verdict;

        memcpy(data.value, cases[i].value, sizeof data.value);
        assert_int_equal(bb_rule_judge(&rule, ask, &data, &sides, &verdict), 0);
        assert_int_equal(verdict, BB_RULE_BROKEN);
        bb_rule_say(&rule, &sides, "", out, sizeof out);
        assert_string_equal(out, cases[i].says);
        bb_rule_say(&rule, &sides, "", small, sizeof small);
        assert_memory_equal(small, cases[i].says, sizeof small - 1);
        data.error = -EIO;
        assert_int_equal(bb_rule_judge(&rule, ask, &data, &sides, &verdict), -EIO);
        bb_rule_release(&rule);
    }
}

/* Long expressions are cut, and never within a character. */
static void
test_long_words(void **state)
{
    char side[1200] = "#{a.x=", out[BB_NOTE_TEXT];
    struct bb_rule rule;
    struct data data = {.value = {100, 100, 100}};
    struct bb_rule_sides sides;
    enum bb_rule_verdict verdict;

    (void)state;
    while (strlen(side) < 250)
        strcat(side, "\u00fc");
    strcat(side, "}");
    rule = rule_of(side, "<", "#{b}", NULL);
    data.rule = &rule;
    assert_int_equal(bb_rule_judge(&rule, ask, &data, &sides, &verdict), 0);
    for (size_t size = 1; size <= sizeof out; size++) {
        bb_rule_say(&rule, &sides, "", out, size);
        assert_true(strlen(out) < size);
        assert_true(bb_utf8_is_text(bb_bytes_str(out)));
        bb_rule_say(&rule, &sides, " (at \u00fcber \u20ac\U0001F600\U0001F600\U0001F600)", out, size);
        assert_true(strlen(out) < size);
        assert_true(bb_utf8_is_text(bb_bytes_str(out)));
    }
    bb_rule_release(&rule);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),    cmocka_unit_test(test_codes_names_states),
        cmocka_unit_test(test_tolerances), cmocka_unit_test(test_random),
        cmocka_unit_test(test_words),      cmocka_unit_test(test_long_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
