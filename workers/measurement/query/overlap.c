/* Of equal readings the first in the order of keys stands for all: which one it is cannot be seen. Equal are
 * those whose parts are the same as well; where only the values are, the first one is taken for the only one,
 * so its parts are withheld as a line is. */
#include "overlap.h"

void
bb_overlap_begin(struct bb_overlap *overlap, const struct bb_indicator *rules, struct bb_tally *tally)
{
    *overlap = (struct bb_overlap){.tally = tally, .rules = rules};
}

/* False: it has none that fits. */
static bool
value_of(const struct bb_overlap *overlap, const struct bb_reading *reading, struct bb_decimal *ret_value)
{
    if (!(reading->flags & BB_ROW_VALUE))
        return bb_reading_computed(overlap->rules, reading, BB_DECIMAL_SCALE, ret_value);
    *ret_value = reading->value;
    return true;
}

/* One without a value wins: then there is none of the whole, as in a sum. */
static int
compare_values(const struct bb_overlap *overlap, const struct bb_reading *a, const struct bb_reading *b)
{
    struct bb_decimal x, y;
    bool has_x = value_of(overlap, a, &x), has_y = value_of(overlap, b, &y);

    if (!has_x || !has_y)
        return has_y - has_x;
    return bb_decimal_compare(x, y);
}

static int
compare_parts(const struct bb_reading *a, const struct bb_reading *b)
{
    int order = bb_decimal_compare(a->denominator, b->denominator);

    return order ? order : bb_decimal_compare(a->numerator, b->numerator);
}

static int
compare(const struct bb_overlap *overlap, const struct bb_reading *a, const struct bb_reading *b)
{
    bool parts_a = bb_reading_has_parts(a), parts_b = bb_reading_has_parts(b);

    if (overlap->rules->organization_aggregation != BB_AGGREGATE_RATIO)
        return compare_values(overlap, a, b);
    if (parts_a != parts_b)
        return parts_a - parts_b;
    return parts_a ? compare_parts(a, b) : compare_values(overlap, a, b);
}

static bool
is_same(const struct bb_overlap *overlap, const struct bb_reading *a, const struct bb_reading *b)
{
    return compare_values(overlap, a, b) == 0 && bb_reading_has_parts(a) == bb_reading_has_parts(b) &&
           (!bb_reading_has_parts(a) || compare_parts(a, b) == 0);
}

/* The cell at hand becomes part of the tally. */
static void
take_cell(struct bb_overlap *overlap)
{
    struct bb_tally *tally = overlap->tally;

    if (!overlap->begun)
        return;
    bb_tally_add(tally, overlap->rules, &overlap->best, overlap->party.organization);
    if (overlap->party.size == BB_PARTY_MANY) {
        tally->party.size = BB_PARTY_MANY;
        if (bb_reading_has_parts(&overlap->best))
            tally->parts.size = BB_PARTY_MANY;
    }
    overlap->begun = false;
}

void
bb_overlap_add(struct bb_overlap *overlap, uint32_t place, uint32_t disaggregation,
               const struct bb_reading *reading, uint32_t organization)
{
    if (overlap->begun && (overlap->place != place || overlap->disaggregation != disaggregation))
        take_cell(overlap);
    if (overlap->begun) {
        overlap->tally->overlapped++;
        if (is_same(overlap, reading, &overlap->best))
            bb_party_add(&overlap->party, organization);
        if (compare(overlap, reading, &overlap->best) <= 0)
            return;
    }
    overlap->begun = true;
    overlap->place = place;
    overlap->disaggregation = disaggregation;
    overlap->best = *reading;
    overlap->best.comment = bb_bytes(NULL, 0);
    overlap->party = (struct bb_party){BB_PARTY_ONE, organization};
}

void
bb_overlap_end(struct bb_overlap *overlap)
{
    take_cell(overlap);
}
