/* A factor or an organization_aggregation that is written out where it was left to its default before means
 * the same, so of these the rules are compared and not the texts. */
#include "epochs.h"

#include <string.h>

enum {
    DEFINITION,
    UNIT,
    NUMERATOR,
    DENOMINATOR,
    FACTOR,
    DIRECTION,
    NUMERATOR_EXPRESSION,
    DENOMINATOR_EXPRESSION,
    ORGANIZATION_AGGREGATION,
};

const char *const bb_epoch_fields[BB_EPOCH_FIELDS] = {
    [DEFINITION] = "definition",
    [UNIT] = "unit",
    [NUMERATOR] = "numerator",
    [DENOMINATOR] = "denominator",
    [FACTOR] = "factor",
    [DIRECTION] = "direction",
    [NUMERATOR_EXPRESSION] = "numerator_expression",
    [DENOMINATOR_EXPRESSION] = "denominator_expression",
    [ORGANIZATION_AGGREGATION] = "organization_aggregation",
};

static uint32_t
bit(unsigned field, bool differs)
{
    return differs ? 1u << field : 0;
}

static uint32_t
text(unsigned field, const char *a, const char *b)
{
    return bit(field, strcmp(a ? a : "", b ? b : "") != 0);
}

static const char *
direction_of(const Bb__Indicator *definition)
{
    return definition->direction && strcmp(definition->direction, "none") != 0 ? definition->direction : "";
}

uint32_t
bb_epoch_changed(const Bb__Indicator *a, const struct bb_indicator *a_rules, const Bb__Indicator *b,
                 const struct bb_indicator *b_rules)
{
    return text(DEFINITION, a->definition, b->definition) | text(UNIT, a->unit, b->unit) |
           text(NUMERATOR, a->numerator, b->numerator) | text(DENOMINATOR, a->denominator, b->denominator) |
           bit(FACTOR, bb_decimal_compare(a_rules->factor, b_rules->factor) != 0) |
           text(DIRECTION, direction_of(a), direction_of(b)) |
           text(NUMERATOR_EXPRESSION, a->numerator_expression, b->numerator_expression) |
           text(DENOMINATOR_EXPRESSION, a->denominator_expression, b->denominator_expression) |
           bit(ORGANIZATION_AGGREGATION,
               a_rules->organization_aggregation != b_rules->organization_aggregation);
}

uint32_t
bb_epoch_of(const struct bb_epoch *epochs, uint32_t n, uint64_t sequence)
{
    while (n > 1 && epochs[n - 1].sequence > sequence)
        n--;
    return n - 1;
}

uint32_t
bb_epoch_between(const struct bb_epoch *epochs, uint32_t from, uint32_t to)
{
    uint32_t low = from < to ? from : to, high = from < to ? to : from, changed = 0;

    for (uint32_t i = low + 1; i <= high; i++)
        changed |= epochs[i].changed;
    return changed;
}
