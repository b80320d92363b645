#include "write_dhis2.h"

static struct bb_bytes
spell(const struct bb_reading *reading, char text[static BB_DHIS2_PERIOD])
{
    struct bb_bytes canonical = bb_form_bytes(reading->period);
    struct bb_period period;

    if (bb_period_parse(canonical, 0, &period) != 0)
        return canonical;
    return bb_bytes(text, bb_dhis2_period(period, text));
}

void
bb_dhis2_value(const struct bb_reading *reading, const struct bb_form_indicator *indicator,
               struct bb_dhis2_value *ret_value)
{
    *ret_value = (struct bb_dhis2_value){
        .element = bb_form_bytes(reading->indicator),
        .place = bb_form_bytes(reading->place),
        .organization = bb_form_bytes(reading->organization),
        .comment = bb_form_bytes(reading->comment),
        .value = bb_form_value(reading, indicator),
        .numerator = reading->numerator,
        .denominator = reading->denominator,
        .status = bb_form_state(reading),
        .computed = reading->computed,
        .deleted = reading->state == BB_READING_WITHDRAWN,
    };
    ret_value->period = spell(reading, ret_value->period_text);
    bb_dhis2_combinations(bb_form_bytes(reading->disaggregation), &ret_value->category,
                          &ret_value->attribute);
}
