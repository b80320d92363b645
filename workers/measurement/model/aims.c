#include "aims.h"

static bool
given(const char *text)
{
    return text && *text;
}

void
bb_aims_read(struct bb_aims *aims, const Bb__Indicator *definition, const struct bb_indicator *rules)
{
    struct bb_targets targets = bb_targets(definition->targets, rules->frequency);
    struct bb_target first = {.organization = {NULL, 0}};

    aims->n = 0;
    aims->comparable = rules->comparable;
    if (given(definition->target_period) && given(definition->target_value) &&
        bb_period_parse(bb_bytes_str(definition->target_period), rules->frequency, &first.period) == 0 &&
        bb_decimal_parse(bb_bytes_str(definition->target_value), &first.value) == 0)
        aims->target[aims->n++] = first;
    while (aims->n < sizeof aims->target / sizeof aims->target[0] &&
           bb_targets_next(&targets, &aims->target[aims->n]) == 0)
        aims->n++;
}

static const struct bb_target *
next_of(const struct bb_aims *aims, struct bb_bytes organization, uint32_t end_day)
{
    const struct bb_target *next = NULL;

    for (uint32_t i = 0; i < aims->n; i++) {
        const struct bb_target *target = &aims->target[i];
        uint32_t end = bb_period_end(target->period);
        if (end >= end_day && (!next || end < bb_period_end(next->period)) &&
            bb_bytes_equal(target->organization, organization))
            next = target;
    }
    return next;
}

const struct bb_target *
bb_aims_next(const struct bb_aims *aims, struct bb_bytes organization, uint32_t end_day)
{
    const struct bb_target *own = next_of(aims, organization, end_day);

    if (own || organization.len == 0 || !aims->comparable)
        return own;
    return next_of(aims, bb_bytes(NULL, 0), end_day);
}
