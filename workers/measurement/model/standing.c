/* On the line: with the baseline b at the day s, and the target t at the day e, both the first behind their
 * periods, the line has at the day d the value b + (t - b) * (d - s) / (e - s). On track is who is not on its
 * worse side. At the day e the line is the target itself, whatever the baseline. */
#include "standing.h"

#include "runtime/fraction.h"

#include <string.h>

static bool
given(const char *text)
{
    return text && *text;
}

bool
bb_standing_baseline_period(const Bb__Indicator *definition, const struct bb_indicator *rules,
                            struct bb_period *ret_period)
{
    return given(definition->baseline_period) &&
           bb_period_parse(bb_bytes_str(definition->baseline_period), rules->frequency, ret_period) == 0;
}

static void
find_baseline(const struct bb_standing_input *input, struct bb_standing *standing)
{
    const Bb__Indicator *d = input->definition;

    standing->has_baseline_period = bb_standing_baseline_period(d, input->rules, &standing->baseline_period);
    if (input->organization.len && input->said_at_baseline) {
        standing->own_baseline = standing->has_baseline = input->then.known;
        standing->baseline = input->then.value;
    } else if (!input->organization.len || input->rules->comparable) {
        standing->has_baseline = given(d->baseline_value) &&
                                 bb_decimal_parse(bb_bytes_str(d->baseline_value), &standing->baseline) == 0;
    }
}

static void
find_target(const struct bb_standing_input *input, struct bb_standing *standing)
{
    const struct bb_target *next;
    struct bb_aims aims;

    bb_aims_read(&aims, input->definition, input->rules);
    next = bb_aims_next(&aims, input->organization, input->end_day);
    if (!next)
        return;
    standing->has_target = true;
    standing->own_target = next->organization.len > 0;
    standing->target_period = next->period;
    standing->target = next->value;
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
line(const struct bb_standing_input *input, const struct bb_standing *standing, struct bb_fraction *ret_line)
{
    uint32_t end = bb_period_end(standing->target_period), begins;
    struct bb_fraction rise = bb_fraction_of(standing->target), from = bb_fraction_of(standing->baseline);
    struct bb_fraction passed, all;

    *ret_line = rise;
    if (end == input->end_day)
        return true;
    if (!standing->has_baseline || !standing->has_baseline_period)
        return false;
    begins = bb_period_end(standing->baseline_period);
    if (input->end_day < begins)
        return false;
    passed = bb_fraction_of((struct bb_decimal){.mantissa = input->end_day - begins});
    all = bb_fraction_of((struct bb_decimal){.mantissa = end - begins});
    if (bb_fraction_subtract(&rise, &from) != 0 || bb_fraction_multiply(&rise, &passed) != 0 ||
        bb_fraction_divide(&rise, &all) != 0 || bb_fraction_add(&rise, &from) != 0)
        return false;
    *ret_line = rise;
    return true;
}

static void
judge(const struct bb_standing_input *input, struct bb_standing *standing)
{
    int better = direction(input->definition);
    struct bb_fraction ahead = bb_fraction_of(input->latest.value), expected;

    if (better == 0 || !line(input, standing, &expected) || bb_fraction_subtract(&ahead, &expected) != 0)
        return;
    standing->judged = true;
    standing->on_track = bb_fraction_is_zero(&ahead) || ahead.negative == (better < 0);
}

/* Changes are counted from a baseline whose period is over. */
static bool
is_past_baseline(const struct bb_standing_input *input, const struct bb_standing *standing)
{
    return standing->has_baseline &&
           !(standing->has_baseline_period && input->end_day < bb_period_end(standing->baseline_period));
}

void
bb_standing_of(const struct bb_standing_input *input, struct bb_standing *ret_standing)
{
    int better = direction(input->definition);

    *ret_standing = (struct bb_standing){.movement = BB_MOVEMENT_UNKNOWN};
    find_baseline(input, ret_standing);
    find_target(input, ret_standing);
    if (!input->latest.known)
        return;
    if (is_past_baseline(input, ret_standing)) {
        subtract(input->latest.value, ret_standing->baseline, ret_standing->since_baseline);
        ret_standing->movement = movement(better, ret_standing->baseline, input->latest.value);
    }
    if (input->previous.known) {
        subtract(input->latest.value, input->previous.value, ret_standing->since_previous);
        ret_standing->movement = movement(better, input->previous.value, input->latest.value);
    }
    if (ret_standing->has_target) {
        subtract(ret_standing->target, input->latest.value, ret_standing->distance);
        judge(input, ret_standing);
    }
}

const char *
bb_movement_name(enum bb_movement m)
{
    static const char *const names[] = {"", "improving", "worsening", "unchanged", "rising", "falling"};

    return (unsigned)m < sizeof names / sizeof names[0] ? names[m] : "";
}
