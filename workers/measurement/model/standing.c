/* On the line: with the baseline b at the day s, and the target t at the day e, both the first behind their
 * periods, the line has at the day d the value b + (t - b) * (d - s) / (e - s). On track is who is not on its
 * worse side. At the day e the line is the target itself, whatever the baseline. */
#include "standing.h"

#include "runtime/fraction.h"

#include <string.h>

struct baseline {
    bool known, dated;
    struct bb_decimal value;
    uint32_t end_day;
};

static bool
given(const char *text)
{
    return text && *text;
}

static struct baseline
read_baseline(const struct bb_standing_input *input)
{
    const Bb__Indicator *d = input->definition;
    struct baseline baseline = {.known = false};
    struct bb_period period;

    baseline.known =
        given(d->baseline_value) && bb_decimal_parse(bb_bytes_str(d->baseline_value), &baseline.value) == 0;
    baseline.dated = given(d->baseline_period) &&
                     bb_period_parse(bb_bytes_str(d->baseline_period), input->rules->frequency, &period) == 0;
    if (baseline.dated)
        baseline.end_day = bb_period_end(period);
    return baseline;
}

/* The target that comes next, of those seen so far. */
static void
offer_target(const struct bb_standing_input *input, struct bb_period period, struct bb_decimal value,
             struct bb_standing *standing)
{
    uint32_t end = bb_period_end(period);

    if (end < input->end_day || (standing->has_target && end >= bb_period_end(standing->target_period)))
        return;
    standing->has_target = true;
    standing->target_period = period;
    standing->target = value;
}

static void
find_target(const struct bb_standing_input *input, struct bb_standing *standing)
{
    const Bb__Indicator *d = input->definition;
    struct bb_targets targets = bb_targets(d->targets ? d->targets : "", input->rules->frequency);
    struct bb_period period;
    struct bb_decimal value;
    struct bb_target target;

    if (given(d->target_period) && given(d->target_value) &&
        bb_period_parse(bb_bytes_str(d->target_period), input->rules->frequency, &period) == 0 &&
        bb_decimal_parse(bb_bytes_str(d->target_value), &value) == 0)
        offer_target(input, period, value, standing);
    while (bb_targets_next(&targets, &target) == 0)
        if (target.organization.len == 0)
            offer_target(input, target.period, target.value, standing);
}

/* a - b, with as many digits after the point as the longer one has. Every difference of decimals fits. */
static void
subtract(struct bb_decimal a, struct bb_decimal b, char out[static BB_DECIMAL_TEXT])
{
    const struct bb_decimal one = {.mantissa = 1};
    struct bb_fraction difference = bb_fraction_of(a), other = bb_fraction_of(b);

    if (bb_fraction_subtract(&difference, &other) != 0 ||
        bb_fraction_format(one, &difference, a.scale > b.scale ? a.scale : b.scale, out) != 0)
        out[0] = '\0';
}

/* 1: more is better, -1: less is, 0: neither. */
static int
direction(const Bb__Indicator *definition)
{
    const char *word = definition->direction ? definition->direction : "";

    return strcmp(word, "increase") == 0 ? 1 : strcmp(word, "decrease") == 0 ? -1 : 0;
}

static enum bb_movement
movement(int better, struct bb_decimal from, struct bb_decimal to)
{
    int sign = bb_decimal_compare(to, from);

    if (sign == 0)
        return BB_MOVEMENT_UNCHANGED;
    if (better == 0)
        return sign > 0 ? BB_MOVEMENT_RISING : BB_MOVEMENT_FALLING;
    return sign == better ? BB_MOVEMENT_IMPROVING : BB_MOVEMENT_WORSENING;
}

/* The value of the line at the end of the latest period. False: there is no line there. */
static bool
line(const struct bb_standing_input *input, const struct baseline *baseline,
     const struct bb_standing *standing, struct bb_fraction *ret_line)
{
    uint32_t end = bb_period_end(standing->target_period);
    struct bb_fraction rise = bb_fraction_of(standing->target), from = bb_fraction_of(baseline->value);
    struct bb_fraction passed, all;

    *ret_line = rise;
    if (end == input->end_day)
        return true;
    if (!baseline->known || !baseline->dated || input->end_day < baseline->end_day)
        return false;
    passed = bb_fraction_of((struct bb_decimal){.mantissa = input->end_day - baseline->end_day});
    all = bb_fraction_of((struct bb_decimal){.mantissa = end - baseline->end_day});
    if (bb_fraction_subtract(&rise, &from) != 0 || bb_fraction_multiply(&rise, &passed) != 0 ||
        bb_fraction_divide(&rise, &all) != 0 || bb_fraction_add(&rise, &from) != 0)
        return false;
    *ret_line = rise;
    return true;
}

static void
judge(const struct bb_standing_input *input, const struct baseline *baseline, struct bb_standing *standing)
{
    int better = direction(input->definition);
    struct bb_fraction ahead = bb_fraction_of(input->latest.value), expected;

    if (better == 0 || !line(input, baseline, standing, &expected) ||
        bb_fraction_subtract(&ahead, &expected) != 0)
        return;
    standing->judged = true;
    standing->on_track = bb_fraction_is_zero(&ahead) || ahead.negative == (better < 0);
}

void
bb_standing_of(const struct bb_standing_input *input, struct bb_standing *ret_standing)
{
    struct baseline baseline = read_baseline(input);
    int better = direction(input->definition);
    bool since = baseline.known && !(baseline.dated && input->end_day < baseline.end_day);

    *ret_standing = (struct bb_standing){.movement = BB_MOVEMENT_UNKNOWN};
    find_target(input, ret_standing);
    if (!input->latest.known)
        return;
    if (since) {
        subtract(input->latest.value, baseline.value, ret_standing->since_baseline);
        ret_standing->movement = movement(better, baseline.value, input->latest.value);
    }
    if (input->previous.known) {
        subtract(input->latest.value, input->previous.value, ret_standing->since_previous);
        ret_standing->movement = movement(better, input->previous.value, input->latest.value);
    }
    if (ret_standing->has_target) {
        subtract(ret_standing->target, input->latest.value, ret_standing->distance);
        judge(input, &baseline, ret_standing);
    }
}

const char *
bb_movement_name(enum bb_movement m)
{
    static const char *const names[] = {"", "improving", "worsening", "unchanged", "rising", "falling"};

    return (unsigned)m < sizeof names / sizeof names[0] ? names[m] : "";
}
