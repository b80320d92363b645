#include "line.h"

bool
bb_line_hides(const struct bb_line *line, struct bb_line_rules rules, uint32_t place, uint32_t disaggregation)
{
    if (rules.places && line->whole && place != 0)
        return true;
    return rules.codes && disaggregation != 0 && line->in_place && line->place == place && line->total;
}

static void
begin_place(struct bb_line *line, uint32_t place)
{
    if (line->in_place && line->place == place)
        return;
    line->in_place = true;
    line->place = place;
    line->total = false;
    line->dimensions = bb_bytes(NULL, 0);
}

enum bb_line_verdict
bb_line_take(struct bb_line *line, struct bb_line_rules rules, uint32_t place, uint32_t disaggregation,
             struct bb_bytes dimensions)
{
    if (bb_line_hides(line, rules, place, disaggregation))
        return BB_LINE_HIDDEN;
    begin_place(line, place);
    line->whole |= place == 0;
    if (disaggregation == 0) {
        line->total = true;
        return BB_LINE_COUNTS;
    }
    if (rules.codes && line->dimensions.data && !bb_bytes_equal(line->dimensions, dimensions))
        return BB_LINE_AMBIGUOUS;
    line->dimensions = dimensions;
    return BB_LINE_COUNTS;
}
