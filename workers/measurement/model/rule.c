/* left <= right, with a tolerance t: left - right <= t; and so on. A part of the right side: t is that part
 * of its size. What does not fit a fraction on the way (fraction.h) leaves the rule not judged. */
#include "rule.h"

#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>

#define SHOWN_DECIMALS 6u
#define LEAST_TEXT     24u /* of expressions; where fewer bytes are left they are not shown */

static const char *const relations[BB_RULE_RELATIONS] = {
    [BB_RULE_LESS] = "<",
    [BB_RULE_AT_MOST] = "<=",
    [BB_RULE_EQUAL] = "=",
    [BB_RULE_NOT_EQUAL] = "!=",
    [BB_RULE_AT_LEAST] = ">=",
    [BB_RULE_MORE] = ">",
    [BB_RULE_COMPULSORY_PAIR] = "compulsory_pair",
    [BB_RULE_EXCLUSIVE_PAIR] = "exclusive_pair",
};

static const char *const words[BB_RULE_RELATIONS] = {
    [BB_RULE_LESS] = "less than",     [BB_RULE_AT_MOST] = "at most",   [BB_RULE_EQUAL] = "as much as",
    [BB_RULE_NOT_EQUAL] = "not",      [BB_RULE_AT_LEAST] = "at least", [BB_RULE_MORE] = "more than",
    [BB_RULE_COMPULSORY_PAIR] = NULL, [BB_RULE_EXCLUSIVE_PAIR] = NULL,
};

static const char *const states[BB_RULE_STATES] = {
    [BB_RULE_ACTIVE] = "active", [BB_RULE_DISABLED] = "disabled", [BB_RULE_REMOVED] = "removed"};

const char *
bb_rule_relation_name(enum bb_rule_relation relation)
{
    return relations[relation];
}

const char *
bb_rule_state_name(enum bb_rule_state state)
{
    return states[state];
}

static int
by_name(const char *const *names, unsigned n, const char *name)
{
    for (unsigned i = 0; name && i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

int
bb_rule_state_by_name(const char *name)
{
    return by_name(states, BB_RULE_STATES, name);
}

static bool
is_pair(enum bb_rule_relation relation)
{
    return relation == BB_RULE_COMPULSORY_PAIR || relation == BB_RULE_EXCLUSIVE_PAIR;
}

/* Reading */

bool
bb_rule_tolerance_parse(struct bb_bytes text, struct bb_decimal *ret_tolerance, bool *ret_percent)
{
    struct bb_decimal found = {0};
    bool percent = text.len > 0 && text.data[text.len - 1] == '%';

    if (percent)
        text.len--;
    while (percent && text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    if ((percent || text.len > 0) && (bb_decimal_parse(text, &found) != 0 || found.mantissa < 0))
        return false;
    *ret_tolerance = bb_decimal_trim(found);
    *ret_percent = percent && found.mantissa != 0;
    return true;
}

size_t
bb_rule_tolerance_format(const struct bb_rule *rule, char out[static BB_RULE_TOLERANCE_TEXT])
{
    size_t len = bb_decimal_is_zero(rule->tolerance) ? 0 : bb_decimal_format(rule->tolerance, out);

    if (len && rule->percent)
        out[len++] = '%';
    out[len] = '\0';
    return len;
}

static int
refuse(struct bb_note *note, const char **ret_column, const char *column, const char *found,
       const char *expected)
{
    *ret_column = column;
    bb_note_found(note, BB_ROW_CODE_BAD_VALUE, BB_FIELD_NONE, bb_bytes_str(found ? found : ""), "%s",
                  expected);
    return BB_RULE_E_REFUSED;
}

static int
read_side(const char *text, struct bb_expression **ret_side, struct bb_note *note, const char *column,
          const char **ret_column)
{
    struct bb_expression_error error;
    int r;

    if (!text || !*text)
        return refuse(note, ret_column, column, text, "an expression such as #{a} + #{b}");
    r = bb_expression_parse(bb_bytes_str(text), ret_side, &error);
    if (r <= 0)
        return r;
    *ret_column = column;
    bb_note_set(note, BB_ROW_CODE_BAD_VALUE, BB_FIELD_NONE, "%s", error.text);
    return BB_RULE_E_REFUSED;
}

static size_t
side_inputs(const struct bb_expression *side)
{
    const struct bb_expression_input *inputs;

    return bb_expression_inputs(side, &inputs);
}

static int
check_sides(const struct bb_rule *rule, const Bb__Rule *message, struct bb_note *note,
            const char **ret_column)
{
    bool left = side_inputs(rule->left) > 0, right = side_inputs(rule->right) > 0;

    if (!left && !right)
        return refuse(note, ret_column, "left", message->left, "an indicator, #{code}, on one side at least");
    if (is_pair(rule->relation) && (!left || !right))
        return refuse(note, ret_column, left ? "right" : "left", left ? message->right : message->left,
                      "an indicator, #{code}, on both sides of a pair");
    if (bb_bytes_equal(bb_expression_text(rule->left), bb_expression_text(rule->right)))
        return refuse(note, ret_column, "right", message->right, "another expression than the left side");
    return 0;
}

static int
read_rule(const Bb__Rule *message, struct bb_rule *rule, struct bb_note *note, const char **ret_column)
{
    int relation, state, r;

    if (!bb_text_is_code(bb_bytes_str(message->code)))
        return refuse(note, ret_column, "code", message->code,
                      "letters, digits, '_', '.' and '-', the first a letter or digit, at most 128");
    snprintf(rule->code, sizeof rule->code, "%s", message->code);
    if (message->name && *message->name && !bb_text_is_name(bb_bytes_str(message->name)))
        return refuse(note, ret_column, "name", message->name, BB_TEXT_NAME_EXPECTED);
    r = read_side(message->left, &rule->left, note, "left", ret_column);
    if (r != 0)
        return r;
    relation = by_name(relations, BB_RULE_RELATIONS, message->relation);
    if (relation < 0)
        return refuse(note, ret_column, "operator", message->relation, BB_RULE_RELATIONS_EXPECTED);
    rule->relation = (enum bb_rule_relation)relation;
    r = read_side(message->right, &rule->right, note, "right", ret_column);
    if (r != 0)
        return r;
    if (!bb_rule_tolerance_parse(bb_bytes_str(message->tolerance ? message->tolerance : ""), &rule->tolerance,
                                 &rule->percent))
        return refuse(note, ret_column, "tolerance", message->tolerance,
                      "a number that is not negative, such as 5, or with a percent sign, such as 5%");
    if (is_pair(rule->relation) && !bb_decimal_is_zero(rule->tolerance))
        return refuse(note, ret_column, "tolerance", message->tolerance,
                      "none: a pair does not compare its sides");
    state = message->state && *message->state ? bb_rule_state_by_name(message->state) : BB_RULE_ACTIVE;
    if (state < 0)
        return refuse(note, ret_column, "state", message->state, "active, disabled or removed");
    rule->state = (enum bb_rule_state)state;
    return check_sides(rule, message, note, ret_column);
}

int
bb_rule_read(const Bb__Rule *message, struct bb_rule *ret_rule, struct bb_note *ret_note,
             const char **ret_column)
{
    struct bb_rule rule = {.left = NULL};
    int r = read_rule(message, &rule, ret_note, ret_column);

    if (r != 0)
        bb_rule_release(&rule);
    else
        *ret_rule = rule;
    return r;
}

void
bb_rule_release(struct bb_rule *rule)
{
    bb_expression_destroy(&rule->left);
    bb_expression_destroy(&rule->right);
}

size_t
bb_rule_inputs(const struct bb_rule *rule)
{
    return side_inputs(rule->left) + side_inputs(rule->right);
}

struct bb_expression_input
bb_rule_input(const struct bb_rule *rule, size_t number)
{
    const struct bb_expression_input *inputs;
    size_t left = bb_expression_inputs(rule->left, &inputs);

    if (number < left)
        return inputs[number];
    bb_expression_inputs(rule->right, &inputs);
    return inputs[number - left];
}

bool
bb_rule_is_left(const struct bb_rule *rule, size_t number)
{
    return number < side_inputs(rule->left);
}

/* Judging */

struct asking {
    bb_expression_ask *ask;
    void *context;
    size_t first; /* number of the side's first input */
};

static int
ask_side(void *context, size_t input, struct bb_fraction *ret_value)
{
    const struct asking *asking = context;

    return asking->ask(asking->context, asking->first + input, ret_value);
}

static int
evaluate(const struct bb_expression *side, struct asking asking, struct bb_rule_side *ret_side)
{
    int r = bb_expression_evaluate(side, ask_side, &asking, &ret_side->value);

    ret_side->outcome = r;
    return r < 0 ? r : 0;
}

static int
tolerance_of(const struct bb_rule *rule, const struct bb_fraction *right, struct bb_fraction *ret_tolerance)
{
    struct bb_fraction size = *right, hundred = bb_fraction_of((struct bb_decimal){.mantissa = 100});
    int r = 0;

    *ret_tolerance = bb_fraction_of(rule->tolerance);
    if (!rule->percent)
        return 0;
    size.negative = false;
    r = bb_fraction_multiply(ret_tolerance, &size);
    return r == 0 ? bb_fraction_divide(ret_tolerance, &hundred) : r;
}

static int
sign(const struct bb_fraction *f)
{
    return bb_fraction_is_zero(f) ? 0 : f->negative ? -1 : 1;
}

/* over: left - right - tolerance; under: left - right + tolerance. */
static bool
holds(enum bb_rule_relation relation, int over, int under)
{
    switch (relation) {
    case BB_RULE_LESS:
        return over < 0;
    case BB_RULE_AT_MOST:
        return over <= 0;
    case BB_RULE_EQUAL:
        return over <= 0 && under >= 0;
    case BB_RULE_NOT_EQUAL:
        return over > 0 || under < 0;
    case BB_RULE_AT_LEAST:
        return under >= 0;
    case BB_RULE_MORE:
        return under > 0;
    case BB_RULE_COMPULSORY_PAIR:
    case BB_RULE_EXCLUSIVE_PAIR:
        break;
    }
    return true;
}

static enum bb_rule_verdict
compare(const struct bb_rule *rule, const struct bb_rule_sides *sides)
{
    struct bb_fraction tolerance, over = sides->left.value, under;

    if (sides->left.outcome || sides->right.outcome)
        return BB_RULE_NOT_JUDGED;
    if (tolerance_of(rule, &sides->right.value, &tolerance) != 0 ||
        bb_fraction_subtract(&over, &sides->right.value) != 0)
        return BB_RULE_NOT_JUDGED;
    under = over;
    if (bb_fraction_subtract(&over, &tolerance) != 0 || bb_fraction_add(&under, &tolerance) != 0)
        return BB_RULE_NOT_JUDGED;
    return holds(rule->relation, sign(&over), sign(&under)) ? BB_RULE_HOLDS : BB_RULE_BROKEN;
}

int
bb_rule_judge(const struct bb_rule *rule, bb_expression_ask *ask, void *context,
              struct bb_rule_sides *ret_sides, enum bb_rule_verdict *ret_verdict)
{
    struct asking left = {ask, context, 0}, right = {ask, context, side_inputs(rule->left)};
    bool has_left, has_right;
    int r = evaluate(rule->left, left, &ret_sides->left);

    if (r == 0)
        r = evaluate(rule->right, right, &ret_sides->right);
    if (r != 0)
        return r;
    has_left = ret_sides->left.outcome != BB_EXPRESSION_E_NO_DATA;
    has_right = ret_sides->right.outcome != BB_EXPRESSION_E_NO_DATA;
    if (rule->relation == BB_RULE_COMPULSORY_PAIR)
        *ret_verdict = has_left == has_right ? BB_RULE_HOLDS : BB_RULE_BROKEN;
    else if (rule->relation == BB_RULE_EXCLUSIVE_PAIR)
        *ret_verdict = has_left && has_right ? BB_RULE_BROKEN : BB_RULE_HOLDS;
    else
        *ret_verdict = compare(rule, ret_sides);
    return 0;
}

/* Words */

bool
bb_rule_side_format(const struct bb_rule_side *side, char out[static BB_DECIMAL_TEXT])
{
    struct bb_sum sum;

    if (side->outcome)
        return false;
    if (bb_fraction_sum(&side->value, &sum) != 0)
        return bb_fraction_format((struct bb_decimal){.mantissa = 1}, &side->value, SHOWN_DECIMALS, out) == 0;
    bb_sum_format(&sum, out);
    return true;
}

static const char *
figure(const struct bb_rule_side *side, char out[static BB_DECIMAL_TEXT])
{
    if (side->outcome == BB_EXPRESSION_E_NO_DATA)
        return "no data";
    return bb_rule_side_format(side, out) ? out : "a figure that cannot be told";
}

/* The expressions, as far as there is room. */
static void
say_expressions(const struct bb_rule *rule, char *out, size_t size)
{
    char left[BB_NOTE_TEXT], right[BB_NOTE_TEXT];
    size_t fixed = strlen(": ") + strlen(relations[rule->relation]) + 2 + 1, room;

    if (size < fixed + LEAST_TEXT)
        return;
    room = size - fixed;
    bb_text_quote(bb_expression_text(rule->left), left, sizeof left, room / 2);
    bb_text_quote(bb_expression_text(rule->right), right, sizeof right, room / 2);
    snprintf(out, size, ": %s %s %s", left, relations[rule->relation], right);
}

/* What was cut is not to end within one. */
static void
end_with_character(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && !bb_utf8_is_text(bb_bytes(text, len)))
        text[--len] = '\0';
}

void
bb_rule_say(const struct bb_rule *rule, const struct bb_rule_sides *sides, const char *where, char *out,
            size_t size)
{
    char left_text[BB_DECIMAL_TEXT], right_text[BB_DECIMAL_TEXT], tolerance[BB_RULE_TOLERANCE_TEXT];
    const char *left = figure(&sides->left, left_text), *right = figure(&sides->right, right_text);
    int len;

    if (is_pair(rule->relation))
        len = snprintf(out, size, "rule %s%s: found %s on the left and %s on the right, expected %s",
                       rule->code, where, left, right,
                       rule->relation == BB_RULE_COMPULSORY_PAIR ? "both or neither" : "only one of them");
    else
        len = snprintf(out, size, "rule %s%s: found %s on the left, expected %s %s, the right side%s%s",
                       rule->code, where, left, words[rule->relation], right,
                       bb_rule_tolerance_format(rule, tolerance) ? ", give or take " : "", tolerance);
    if (len > 0 && (size_t)len < size)
        say_expressions(rule, out + len, size - (size_t)len);
    else
        end_with_character(out);
}
