#include "indicator.h"

#include "expression.h"

#include "proto/limits.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Targets */

struct bb_targets
bb_targets(const char *text, enum bb_period_type frequency)
{
    return (struct bb_targets){.rest = bb_bytes_str(text ? text : ""), .frequency = frequency};
}

static struct bb_bytes
trim(struct bb_bytes text)
{
    while (text.len && *text.data == ' ')
        text = bb_bytes(text.data + 1, text.len - 1);
    while (text.len && text.data[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* What stands before the separator, and in *text what stands behind it. False: there is none. */
static bool
split(struct bb_bytes *text, char separator, struct bb_bytes *ret_before)
{
    const uint8_t *at = text->len ? memchr(text->data, separator, text->len) : NULL;

    if (!at)
        return false;
    *ret_before = trim(bb_bytes(text->data, (size_t)(at - text->data)));
    *text = trim(bb_bytes(at + 1, text->len - (size_t)(at - text->data) - 1));
    return true;
}

int
bb_targets_next(struct bb_targets *targets, struct bb_target *ret_target)
{
    struct bb_bytes one, period, value;

    targets->rest = trim(targets->rest);
    if (targets->rest.len == 0)
        return 1;
    if (!split(&targets->rest, ';', &one)) {
        one = targets->rest;
        targets->rest = bb_bytes(NULL, 0);
    }
    *ret_target = (struct bb_target){0};
    if (split(&one, '@', &ret_target->organization) && !bb_text_is_code(ret_target->organization))
        return -EINVAL;
    value = one;
    if (!split(&value, '=', &period) ||
        bb_period_parse(period, targets->frequency, &ret_target->period) != 0 ||
        bb_decimal_parse(value, &ret_target->value) != 0)
        return -EINVAL;
    return 0;
}

/* The check of one definition in progress: the first column that is wrong ends it. */
struct check {
    struct bb_note *note;
    const char *column;
    bool failed;
    bool no_memory;
};

static void
refuse(struct check *check, const char *column, const char *found, const char *expected)
{
    if (check->failed)
        return;
    bb_note_found(check->note, BB_ROW_CODE_BAD_VALUE, BB_FIELD_NONE, bb_bytes_str(found), "%s", expected);
    check->column = column;
    check->failed = true;
}

static bool
given(const char *text)
{
    return text && *text;
}

static bool
number(struct check *check, const char *column, const char *text, struct bb_decimal *ret_decimal)
{
    int r = given(text) ? bb_decimal_parse(bb_bytes_str(text), ret_decimal) : 0;

    if (r != 0)
        refuse(check, column, text,
               r == BB_DECIMAL_E_RANGE ? "at most 34 significant digits, 24 of them after the point"
                                       : "a decimal number such as 12.5");
    return given(text);
}

static bool
whole(struct check *check, const char *column, const char *text, unsigned max, unsigned *ret_number)
{
    struct bb_decimal d;
    char expected[64];

    if (!given(text))
        return false;
    snprintf(expected, sizeof expected, "a whole number from 0 to %u", max);
    if (bb_decimal_parse(bb_bytes_str(text), &d) != 0 || d.scale != 0 || d.mantissa < 0 || d.mantissa > max)
        refuse(check, column, text, expected);
    else
        *ret_number = (unsigned)d.mantissa;
    return true;
}

static void
period(struct check *check, const char *column, const char *text, enum bb_period_type hint)
{
    struct bb_period p;

    if (given(text) && bb_period_parse(bb_bytes_str(text), hint, &p) != 0)
        refuse(check, column, text, "a period such as 2026, 2026-Q3, 2026-09 or 2018/2019");
}

static int
word(struct check *check, const char *column, const char *text, const char *const *words,
     const char *expected)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    refuse(check, column, text, expected);
    return -1;
}

static void
check_names(struct check *check, const Bb__Indicator *d)
{
    const struct {
        const char *column;
        const char *text;
    } texts[] = {{"definition", d->definition},
                 {"unit", d->unit},
                 {"numerator", d->numerator},
                 {"denominator", d->denominator},
                 {"owner", d->owner},
                 {"numerator_expression", d->numerator_expression},
                 {"denominator_expression", d->denominator_expression}};

    if (!bb_text_is_code(bb_bytes_str(d->code)))
        refuse(check, "code", d->code,
               "1 to 128 letters, digits, '_', '.', '-', the first a letter or digit");
    if (!bb_text_is_name(bb_bytes_str(d->name)))
        refuse(check, "name", d->name, BB_TEXT_NAME_EXPECTED);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].text && strlen(texts[i].text) > BB_LIMIT_TEXT_BYTES)
            refuse(check, texts[i].column, texts[i].text, "at most 4,000 bytes");
}

static void
parse_words(struct check *check, const Bb__Indicator *d, struct bb_indicator *indicator)
{
    static const char *const directions[] = {"", "increase", "decrease", "none", NULL};
    static const char *const published[] = {"reported", "approved", NULL};
    static const char *const over_time[] = {"sum", "average", "last", NULL};
    static const char *const over_organizations[] = {"sum", "average", "last", "ratio", NULL};
    int i;

    if (d->direction)
        word(check, "direction", d->direction, directions, "increase, decrease or none");
    if (given(d->publish))
        indicator->publish_approved =
            word(check, "publish", d->publish, published, "reported or approved") == 1;
    indicator->time_aggregation = 0;
    if (given(d->time_aggregation)) {
        i = word(check, "time_aggregation", d->time_aggregation, over_time, "sum, average or last");
        indicator->time_aggregation = (enum bb_aggregation)(i + 1);
    }
    indicator->organization_aggregation = given(d->denominator) ? BB_AGGREGATE_RATIO : BB_AGGREGATE_SUM;
    if (given(d->organization_aggregation)) {
        i = word(check, "organization_aggregation", d->organization_aggregation, over_organizations,
                 "sum, average, last or ratio");
        indicator->organization_aggregation = (enum bb_aggregation)(i + 1);
    }
}

/* Where organizations count the same people. The last reading is one organization's in any case, and what is
 * computed has no readings. */
static void
parse_overlap(struct check *check, const Bb__Indicator *d, struct bb_indicator *indicator)
{
    static const char *const overlaps[] = {"sum", "maximum", NULL};

    if (!given(d->overlap))
        return;
    indicator->overlap_maximum = word(check, "overlap", d->overlap, overlaps, "sum or maximum") == 1;
    if (indicator->overlap_maximum && indicator->organization_aggregation == BB_AGGREGATE_LAST)
        refuse(check, "overlap", d->overlap, "sum, as the organization_aggregation is last");
    if (given(d->numerator_expression))
        refuse(check, "overlap", d->overlap, "nothing, as it is computed: its inputs say it");
}

static void
parse_frequency(struct check *check, const Bb__Indicator *d, struct bb_indicator *indicator)
{
    int type = given(d->frequency) ? bb_period_type_by_frequency(bb_bytes_str(d->frequency)) : 0;

    if (type < 0)
        refuse(check, "frequency", d->frequency,
               "yearly, school_year, fiscal_april, fiscal_july, fiscal_october, six_monthly, quarterly, "
               "monthly, "
               "weekly, daily or span");
    indicator->frequency = type > 0 ? (enum bb_period_type)type : 0;
}

static bool
is_percent(const Bb__Indicator *d)
{
    return given(d->unit) && (strcmp(d->unit, "percent") == 0 || strcmp(d->unit, "%") == 0);
}

static void
parse_numbers(struct check *check, const Bb__Indicator *d, struct bb_indicator *indicator)
{
    struct bb_decimal ignored;

    indicator->percent = is_percent(d);
    indicator->factor = (struct bb_decimal){.mantissa = is_percent(d) ? 100 : 1};
    if (number(check, "factor", d->factor, &indicator->factor) && bb_decimal_is_zero(indicator->factor))
        refuse(check, "factor", d->factor, "a number other than 0");
    indicator->has_decimals = whole(check, "decimals", d->decimals, BB_DECIMAL_SCALE, &indicator->decimals);
    indicator->has_minimum = number(check, "minimum", d->minimum, &indicator->minimum);
    indicator->has_maximum = number(check, "maximum", d->maximum, &indicator->maximum);
    if (!check->failed && indicator->has_minimum && indicator->has_maximum &&
        bb_decimal_compare(indicator->minimum, indicator->maximum) > 0)
        refuse(check, "maximum", d->maximum, "a number that is not below the minimum");
    number(check, "baseline_value", d->baseline_value, &ignored);
    number(check, "target_value", d->target_value, &ignored);
    period(check, "baseline_period", d->baseline_period, indicator->frequency);
    period(check, "target_period", d->target_period, indicator->frequency);
    indicator->has_due_days = whole(check, "due_days", d->due_days, 3660, &indicator->due_days);
    if (d->retired && bb_date_parse(bb_bytes_str(d->retired), &indicator->retired_day) != 0)
        refuse(check, "retired", d->retired, "a date such as 2026-09-07");
}

static void
check_targets(struct check *check, const Bb__Indicator *d, enum bb_period_type frequency)
{
    struct bb_targets targets = bb_targets(d->targets, frequency);
    struct bb_target target;
    unsigned n = 0;
    int r;

    while ((r = bb_targets_next(&targets, &target)) == 0 && n <= BB_LIMIT_TARGETS)
        n++;
    if (r < 0)
        refuse(
            check, "targets", d->targets,
            "PERIOD=VALUE or ORGANIZATION@PERIOD=VALUE, separated by ';', with the code of the organization");
    if (n > BB_LIMIT_TARGETS)
        refuse(check, "targets", d->targets, "at most 100 of them");
}

static void
check_expression(struct check *check, const char *column, const char *text)
{
    struct bb_expression *expression = NULL;
    struct bb_expression_error error;
    int r;

    if (!given(text) || check->failed)
        return;
    r = bb_expression_parse(bb_bytes_str(text), &expression, &error);
    bb_expression_destroy(&expression);
    check->no_memory |= r < 0;
    if (r <= 0)
        return;
    bb_note_set(check->note, BB_ROW_CODE_BAD_VALUE, BB_FIELD_NONE, "%s", error.text);
    check->column = column;
    check->failed = true;
}

static void
check_expressions(struct check *check, const Bb__Indicator *d, struct bb_indicator *indicator)
{
    indicator->computed = given(d->numerator_expression);
    check_expression(check, "numerator_expression", d->numerator_expression);
    check_expression(check, "denominator_expression", d->denominator_expression);
    if (!indicator->computed && given(d->denominator_expression))
        refuse(check, "denominator_expression", d->denominator_expression,
               "nothing without a numerator_expression");
}

/* Protected are counts: those of a sum, and those that a ratio is made of. */
static void
parse_suppress_below(struct check *check, const Bb__Indicator *d, struct bb_indicator *indicator)
{
    const char *column = "suppress_below";
    struct bb_decimal below;

    if (!given(d->suppress_below))
        return;
    if (bb_decimal_parse(bb_bytes_str(d->suppress_below), &below) != 0 || below.scale != 0 ||
        below.mantissa < 0 || below.mantissa == 1 || below.mantissa > BB_SUPPRESS_BELOW_MAX)
        refuse(check, column, d->suppress_below,
               "a whole number from 2 to 1,000,000: smaller counts are hidden; or 0: none are");
    else if (below.mantissa == 0)
        return;
    else if (indicator->computed)
        refuse(
            check, column, d->suppress_below,
            "nothing where there is a numerator_expression: what is computed is hidden where its inputs are");
    else if (indicator->organization_aggregation != BB_AGGREGATE_SUM &&
             indicator->organization_aggregation != BB_AGGREGATE_RATIO)
        refuse(check, column, d->suppress_below,
               "nothing unless organization_aggregation is sum, of counts, or ratio");
    else if (indicator->overlap_maximum)
        refuse(check, column, d->suppress_below,
               "nothing where overlap is maximum: of each cell one organization's own figure would be told");
    else if (indicator->frequency == 0)
        refuse(check, column, d->suppress_below,
               "nothing without a frequency: of a month and its quarter both reported, the one tells of the "
               "other");
    else if (indicator->organization_aggregation == BB_AGGREGATE_SUM && is_percent(d))
        refuse(check, column, d->suppress_below,
               "nothing where values are percent and no ratio: percentages are not counts");
    else
        indicator->suppress_below = (unsigned)below.mantissa;
}

int
bb_indicator_parse(const Bb__Indicator *definition, struct bb_indicator *ret_indicator,
                   struct bb_note *ret_note, const char **ret_column)
{
    struct check check = {.note = ret_note};
    struct bb_indicator indicator = {0};

    check_names(&check, definition);
    parse_words(&check, definition, &indicator);
    parse_overlap(&check, definition, &indicator);
    parse_frequency(&check, definition, &indicator);
    parse_numbers(&check, definition, &indicator);
    check_targets(&check, definition, indicator.frequency);
    check_expressions(&check, definition, &indicator);
    parse_suppress_below(&check, definition, &indicator);
    indicator.comparable = indicator.computed ? given(definition->denominator_expression)
                                              : indicator.organization_aggregation != BB_AGGREGATE_SUM;
    if (check.no_memory)
        return -ENOMEM;
    if (check.failed) {
        *ret_column = check.column;
        return 1;
    }
    *ret_indicator = indicator;
    return 0;
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool
bb_indicator_same(const Bb__Indicator *a, const Bb__Indicator *b)
{
    return same_text(a->code, b->code) && same_text(a->name, b->name) &&
           same_text(a->definition, b->definition) && same_text(a->unit, b->unit) &&
           same_text(a->direction, b->direction) && same_text(a->numerator, b->numerator) &&
           same_text(a->denominator, b->denominator) && same_text(a->factor, b->factor) &&
           same_text(a->decimals, b->decimals) && same_text(a->frequency, b->frequency) &&
           same_text(a->time_aggregation, b->time_aggregation) &&
           same_text(a->organization_aggregation, b->organization_aggregation) &&
           same_text(a->baseline_period, b->baseline_period) &&
           same_text(a->baseline_value, b->baseline_value) && same_text(a->target_period, b->target_period) &&
           same_text(a->target_value, b->target_value) && same_text(a->minimum, b->minimum) &&
           same_text(a->maximum, b->maximum) && same_text(a->due_days, b->due_days) &&
           same_text(a->owner, b->owner) && same_text(a->targets, b->targets) &&
           same_text(a->publish, b->publish) && same_text(a->overlap, b->overlap) &&
           same_text(a->suppress_below, b->suppress_below) &&
           same_text(a->numerator_expression, b->numerator_expression) &&
           same_text(a->denominator_expression, b->denominator_expression);
}
