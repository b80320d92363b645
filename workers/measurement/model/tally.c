#include "tally.h"

unsigned
bb_figure_decimals(const struct bb_indicator *rules)
{
    return rules->has_decimals ? rules->decimals : BB_DECIMALS_DEFAULT;
}

bool
bb_reading_computed(const struct bb_indicator *rules, const struct bb_reading *reading, unsigned scale,
                    struct bb_decimal *ret_value)
{
    return BB_ROW_STATE(reading->flags) == BB_STATE_OK && !(reading->flags & BB_ROW_VALUE) &&
           bb_reading_has_parts(reading) &&
           bb_decimal_ratio(rules->factor, reading->numerator, reading->denominator, scale, ret_value) == 0;
}

void
bb_party_add(struct bb_party *party, uint32_t organization)
{
    if (party->size == BB_PARTY_NONE)
        *party = (struct bb_party){BB_PARTY_ONE, organization};
    else if (party->organization != organization)
        party->size = BB_PARTY_MANY;
}

void
bb_party_merge(struct bb_party *party, const struct bb_rollup *rollup)
{
    if (rollup->ok == 1)
        bb_party_add(party, rollup->organization);
    else if (rollup->ok > 1)
        party->size = BB_PARTY_MANY;
}

static bool
adds_values(const struct bb_indicator *rules)
{
    return rules->organization_aggregation == BB_AGGREGATE_SUM ||
           rules->organization_aggregation == BB_AGGREGATE_AVERAGE;
}

void
bb_tally_add(struct bb_tally *tally, const struct bb_indicator *rules, const struct bb_reading *reading,
             uint32_t organization)
{
    struct bb_decimal value;

    tally->by_readings = true;
    if (bb_rollup_add(&tally->sum, reading, organization) != 0)
        tally->overflow = true;
    if (BB_ROW_STATE(reading->flags) != BB_STATE_OK)
        return;
    bb_party_add(&tally->party, organization);
    if (bb_reading_has_parts(reading))
        bb_party_add(&tally->parts, organization);
    if (adds_values(rules) && !(reading->flags & BB_ROW_VALUE) &&
        (!bb_reading_computed(rules, reading, BB_DECIMAL_SCALE, &value) ||
         bb_sum_add(&tally->computed, value) != 0))
        tally->overflow = true;
    if (reading->sequence >= tally->last.sequence) {
        tally->last = *reading;
        tally->last.comment = bb_bytes(NULL, 0);
        tally->last_organization = organization;
    }
}

void
bb_tally_merge(struct bb_tally *tally, const struct bb_rollup *rollup)
{
    if (bb_rollup_merge(&tally->sum, rollup) != 0)
        tally->overflow = true;
    bb_party_merge(&tally->party, rollup);
    tally->parts = tally->party;
}

bool
bb_tally_needs_readings(const struct bb_tally *merged, const struct bb_indicator *rules, bool hidden)
{
    const struct bb_rollup *sum = &merged->sum;

    if (sum->ok < 2) /* a rollup has the amount of a figure, not the digits that were reported */
        return sum->ok == 1;
    if (rules->organization_aggregation == BB_AGGREGATE_LAST)
        return true;
    if (adds_values(rules) && sum->computed > 0)
        return true;
    return hidden && sum->parts > 0 && sum->parts < sum->ok;
}

/* factor * numerator / denominator of the parts added up. */
static void
show_ratio(const struct bb_rollup *sum, const struct bb_indicator *rules, char out[static BB_DECIMAL_TEXT])
{
    if (bb_sum_ratio(rules->factor, &sum->numerator, &sum->denominator, bb_figure_decimals(rules), out) != 0)
        out[0] = '\0';
}

/* What was divided is rounded, what was only added is not. */
static void
show_sum(const struct bb_tally *tally, const struct bb_indicator *rules, uint64_t n, struct bb_figure *figure)
{
    struct bb_sum sum = tally->sum.value;

    if (bb_sum_merge(&sum, &tally->computed) != 0)
        return;
    if (n == 1 && tally->sum.computed == 0)
        bb_sum_format(&sum, figure->value);
    else if (bb_sum_mean(&sum, n, bb_figure_decimals(rules), figure->value) != 0)
        figure->value[0] = '\0';
}

static void
show_several(const struct bb_tally *tally, const struct bb_indicator *rules, struct bb_figure *figure)
{
    switch (rules->organization_aggregation) {
    case BB_AGGREGATE_SUM:
        show_sum(tally, rules, 1, figure);
        break;
    case BB_AGGREGATE_AVERAGE:
        show_sum(tally, rules, tally->sum.ok, figure);
        break;
    case BB_AGGREGATE_RATIO:
        if (tally->sum.parts == tally->sum.ok)
            show_ratio(&tally->sum, rules, figure->value);
        break;
    case BB_AGGREGATE_LAST:
        break; /* shown as the single reading it is */
    }
}

static void
show_parts(const struct bb_rollup *sum, struct bb_figure *figure)
{
    if (sum->parts == 0)
        return;
    bb_sum_format(&sum->numerator, figure->numerator);
    bb_sum_format(&sum->denominator, figure->denominator);
}

/* One reading is shown with the digits that were reported, or computed from its parts. */
static void
show_single(const struct bb_reading *reading, const struct bb_indicator *rules, struct bb_figure *figure)
{
    struct bb_rollup alone = {0};

    (void)bb_rollup_add(&alone, reading, 0); /* one reading fits a sum */
    if (reading->flags & BB_ROW_VALUE)
        bb_decimal_format(reading->value, figure->value);
    else
        show_ratio(&alone, rules, figure->value);
    if (!bb_reading_has_parts(reading))
        return;
    bb_decimal_format(reading->numerator, figure->numerator);
    bb_decimal_format(reading->denominator, figure->denominator);
}

/* The last reading is one organization's figure, whoever else reported. */
static void
show_last(const struct bb_tally *tally, const struct bb_indicator *rules, struct bb_figure *figure)
{
    show_single(&tally->last, rules, figure);
    if (rules->organization_aggregation != BB_AGGREGATE_LAST)
        return;
    figure->party = (struct bb_party){BB_PARTY_ONE, tally->last_organization};
    figure->parts = figure->party;
}

void
bb_tally_figure(const struct bb_tally *tally, const struct bb_indicator *rules, struct bb_figure *ret_figure)
{
    const struct bb_rollup *sum = &tally->sum;
    bool ratio = rules->organization_aggregation == BB_AGGREGATE_RATIO;

    *ret_figure = (struct bb_figure){.readings = sum->ok + tally->overlapped,
                                     .without_parts = ratio ? sum->ok - sum->parts : 0,
                                     .party = tally->party,
                                     .parts = tally->parts};
    if (sum->ok == 0 || tally->overflow)
        return;
    if (rules->organization_aggregation == BB_AGGREGATE_LAST || sum->ok == 1) {
        show_last(tally, rules, ret_figure);
    } else {
        show_several(tally, rules, ret_figure);
        show_parts(sum, ret_figure);
    }
}

/* As a fraction */

static bool
exact_ratio(const struct bb_sum *numerator, const struct bb_sum *denominator, struct bb_decimal factor,
            struct bb_fraction *ret_value)
{
    struct bb_fraction value = bb_fraction_of_sum(numerator), by = bb_fraction_of(factor);
    struct bb_fraction below = bb_fraction_of_sum(denominator);

    if (bb_fraction_multiply(&value, &by) != 0 || bb_fraction_divide(&value, &below) != 0)
        return false;
    *ret_value = value;
    return true;
}

static bool
exact_single(const struct bb_reading *reading, const struct bb_indicator *rules,
             struct bb_fraction *ret_value)
{
    struct bb_rollup alone = {0};

    if (reading->flags & BB_ROW_VALUE) {
        *ret_value = bb_fraction_of(reading->value);
        return true;
    }
    (void)bb_rollup_add(&alone, reading, 0);
    return bb_reading_has_parts(reading) &&
           exact_ratio(&alone.numerator, &alone.denominator, rules->factor, ret_value);
}

static bool
exact_sum(const struct bb_tally *tally, uint64_t n, struct bb_fraction *ret_value)
{
    struct bb_fraction value, by = bb_fraction_of((struct bb_decimal){.mantissa = (__int128)n});
    struct bb_sum sum = tally->sum.value;

    if (bb_sum_merge(&sum, &tally->computed) != 0)
        return false;
    value = bb_fraction_of_sum(&sum);
    if (bb_fraction_divide(&value, &by) != 0)
        return false;
    *ret_value = value;
    return true;
}

bool
bb_tally_exact(const struct bb_tally *tally, const struct bb_indicator *rules, struct bb_fraction *ret_value)
{
    const struct bb_rollup *sum = &tally->sum;

    if (sum->ok == 0 || tally->overflow)
        return false;
    if (rules->organization_aggregation == BB_AGGREGATE_LAST || sum->ok == 1)
        return exact_single(&tally->last, rules, ret_value);
    switch (rules->organization_aggregation) {
    case BB_AGGREGATE_SUM:
        return exact_sum(tally, 1, ret_value);
    case BB_AGGREGATE_AVERAGE:
        return exact_sum(tally, sum->ok, ret_value);
    case BB_AGGREGATE_RATIO:
        return sum->parts == sum->ok &&
               exact_ratio(&sum->numerator, &sum->denominator, rules->factor, ret_value);
    case BB_AGGREGATE_LAST:
        break;
    }
    return false;
}
