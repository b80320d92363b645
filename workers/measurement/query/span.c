#include "span.h"

#include <errno.h>
#include <stdlib.h>

enum how { NOT, SUM, AVERAGE, LAST, RATIO };

static enum how
how_of(const struct bb_indicator *rules)
{
    if (rules->time_aggregation == BB_AGGREGATE_LAST)
        return LAST;
    if (rules->organization_aggregation == BB_AGGREGATE_RATIO)
        return RATIO;
    if (rules->time_aggregation == BB_AGGREGATE_SUM)
        return SUM;
    return rules->time_aggregation == BB_AGGREGATE_AVERAGE ? AVERAGE : NOT;
}

bool
bb_span_allowed(const struct bb_indicator *rules)
{
    return how_of(rules) != NOT;
}

/* Those that begin and end within it. */
uint32_t
bb_span_periods(const struct bb_indicator *rules, struct bb_period longer)
{
    uint32_t end = bb_period_end(longer), n = 0;
    struct bb_period period;

    if (rules->frequency == 0 || rules->frequency == BB_PERIOD_SPAN)
        return 0;
    if (rules->frequency == BB_PERIOD_DAY)
        return end - longer.day;
    period = bb_period_containing(rules->frequency, longer.day);
    for (; bb_period_end(period) <= end;
         period = bb_period_containing(rules->frequency, bb_period_end(period)))
        n += period.day >= longer.day;
    return n;
}

void
bb_span_release(struct bb_span *span)
{
    const size_t share = span->share;

    bb_ids_release(&span->ids);
    free(span->sum);
    free(span->operand);
    *span = (struct bb_span){.share = share};
}

size_t
bb_span_bytes(const struct bb_span *span)
{
    return span->size * (sizeof *span->sum + sizeof span->ids.id[0]) +
           span->operands_size * sizeof *span->operand;
}

/* Room for one more. */
static int
grow(struct bb_span *span)
{
    uint32_t size = span->size ? 2 * span->size : 16;
    struct bb_span_sum *grown;

    if (size * (sizeof *grown + sizeof(struct bb_operand)) > span->share)
        return -EDQUOT;
    grown = realloc(span->sum, size * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    span->sum = grown;
    span->size = size;
    return 0;
}

static int
find_sum(struct bb_span *span, uint32_t group, struct bb_span_sum **ret_sum)
{
    uint32_t before = span->ids.count, number;
    int r = bb_ids_add(&span->ids, group, &number);

    if (r == 0 && number == span->size)
        r = grow(span);
    if (r != 0)
        return r;
    if (number == before)
        span->sum[number] = (struct bb_span_sum){.operand = {.group = group}};
    *ret_sum = &span->sum[number];
    return 0;
}

/* False: it does not fit, or what has to be there is not. */
static bool
add_value(struct bb_span_sum *sum, enum how how, const struct bb_operand *more)
{
    struct bb_operand *to = &sum->operand;

    if (how == RATIO ? !more->has_parts : !more->has_value)
        return false;
    if (sum->n++ == 0 || how == LAST) {
        to->value = more->value;
        to->above = more->above;
        to->below = more->below;
        return true;
    }
    if (how == RATIO)
        return bb_fraction_add(&to->above, &more->above) == 0 &&
               bb_fraction_add(&to->below, &more->below) == 0;
    return bb_fraction_add(&to->value, &more->value) == 0;
}

static void
add(struct bb_span_sum *sum, enum how how, const struct bb_operand *more)
{
    struct bb_operand *to = &sum->operand;

    to->readings += more->readings;
    to->periods += more->readings > 0;
    to->withheld |= more->withheld;
    to->divided |= more->divided;
    if (more->organizations > to->organizations)
        to->organizations = more->organizations;
    if (more->readings > 0 && !more->withheld)
        sum->lost |= !add_value(sum, how, more);
}

/* The sum becomes an operand. */
static void
finish(struct bb_span_sum *sum, enum how how, const struct bb_indicator *rules)
{
    struct bb_operand *to = &sum->operand;
    struct bb_fraction by;

    to->has_value = sum->n > 0 && !sum->lost && !to->withheld;
    if (how == AVERAGE && sum->n > 1) {
        by = bb_fraction_of((struct bb_decimal){.mantissa = sum->n});
        to->has_value = to->has_value && bb_fraction_divide(&to->value, &by) == 0;
        to->divided = true;
    }
    if (how != RATIO)
        return;
    to->has_parts = to->has_value;
    to->divided = true;
    to->value = to->above;
    by = bb_fraction_of(rules->factor);
    to->has_value = to->has_value && bb_fraction_multiply(&to->value, &by) == 0 &&
                    bb_fraction_divide(&to->value, &to->below) == 0;
}

static int
compare(const void *a_pointer, const void *b_pointer)
{
    const struct bb_operand *a = a_pointer, *b = b_pointer;

    return (a->group > b->group) - (a->group < b->group);
}

static int
finish_all(struct bb_span *span, const struct bb_indicator *rules)
{
    uint32_t n = span->ids.count;

    if (n > span->operands_size) {
        struct bb_operand *grown = realloc(span->operand, span->size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        span->operand = grown;
        span->operands_size = span->size;
    }
    for (uint32_t i = 0; i < n; i++) {
        finish(&span->sum[i], how_of(rules), rules);
        span->operand[i] = span->sum[i].operand;
    }
    if (n > 0)
        qsort(span->operand, n, sizeof *span->operand, compare);
    span->n_operands = n;
    return 0;
}

/* The unit that is next, some groups at a time. */
static int
take_unit(struct bb_span *span, struct bb_series *series, struct bb_query_step *step, uint64_t *looked)
{
    struct bb_points *points = &series->points;
    struct bb_span_sum *sum;
    int64_t last = -1;
    int r;

    do {
        *looked += points->looked + points->values.looked;
        bb_points_reset(points);
        r = bb_series_choose(series, step);
        if (r == 0)
            r = bb_series_points(series, step, last, SIZE_MAX, &last);
        for (size_t i = 0; r == 0 && i < points->n_operands; i++) {
            r = find_sum(span, points->operand[i].group, &sum);
            if (r == 0)
                add(sum, how_of(series->rules), &points->operand[i]);
        }
        if (r == 0 && last >= 0)
            bb_series_again(series);
    } while (r == 0 && last >= 0);
    return r;
}

static int
refuse_period(struct bb_query_step *step, struct bb_period period, struct bb_period longer)
{
    char inner[BB_PERIOD_TEXT], outer[BB_PERIOD_TEXT];

    inner[bb_period_format(period, inner)] = '\0';
    outer[bb_period_format(longer, outer)] = '\0';
    return bb_query_refuse(
        step, BB_ERROR_INVALID,
        "the period %s is not within %s, as a month is within a quarter: expected longer ones "
        "to put together, or periods of the indicator's frequency",
        inner, outer);
}

static int
refuse_types(struct bb_query_step *step, struct bb_period first, struct bb_period other)
{
    char a[BB_PERIOD_TEXT], b[BB_PERIOD_TEXT];

    a[bb_period_format(first, a)] = '\0';
    b[bb_period_format(other, b)] = '\0';
    return bb_query_refuse(step, BB_ERROR_INVALID,
                           "there are periods of several types, such as %s and %s: expected an indicator "
                           "with a frequency to put them together",
                           a, b);
}

/* The next period of the series. */
static int
take_period(struct bb_span *span, struct bb_series *series, struct bb_query_step *step,
            struct bb_period longer, uint64_t *looked)
{
    enum bb_period_type type = series->rules->frequency;
    struct bb_period period = series->period;

    if (type != 0 && period.type != type)
        return bb_series_choose(series, step);
    if (bb_period_end(period) > bb_period_end(longer))
        return refuse_period(step, period, longer);
    if (type == 0 && span->last.type != 0 && span->last.type != period.type)
        return refuse_types(step, span->last, period);
    span->type = period.type;
    span->last = period;
    return take_unit(span, series, step, looked);
}

static void
begin(struct bb_span *span)
{
    if (span->begun)
        return;
    bb_ids_reset(&span->ids);
    span->type = 0;
    span->last = (struct bb_period){0};
    span->begun = true;
}

int
bb_span_take(struct bb_span *span, struct bb_series *series, struct bb_query_step *step,
             struct bb_period longer, uint64_t *looked, uint64_t most)
{
    uint64_t before = *looked + bb_series_looked(series);
    int r;

    begin(span);
    while ((r = bb_series_peek(series, step)) == 0 && series->period.day < bb_period_end(longer)) {
        r = take_period(span, series, step, longer, looked);
        if (r == 0 && *looked + bb_series_looked(series) - before >= most)
            r = BB_SPAN_E_PAUSED;
        if (r != 0)
            return r;
    }
    if (r < 0)
        return r;
    span->begun = false;
    return finish_all(span, series->rules);
}
