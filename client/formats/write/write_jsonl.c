/* JSON Lines: an object a line with the keys of an import file; what is absent is left out. A comment that is
 * none is an empty one where there may have been one before, so that it is removed where the line is read. */
#include "form.h"
#include "put.h"

#include "proto/rows.h"

static void
write_reading(struct bb_buffer *out, const struct bb_reading *reading,
              const struct bb_form_indicator *indicator, bool first)
{
    bool withdrawn = reading->state == BB_READING_WITHDRAWN;
    struct bb_put_object object = bb_put_object(out);
    char period[BB_PERIOD_TEXT];

    (void)first;
    bb_put_member(&object, "indicator", bb_form_bytes(reading->indicator));
    bb_put_member(&object, "organization", bb_form_bytes(reading->organization));
    bb_put_filled(&object, "place", bb_form_bytes(reading->place));
    bb_put_filled(&object, "disaggregation", bb_form_bytes(reading->disaggregation));
    bb_put_member(&object, "period", bb_form_period(reading, indicator, period));
    bb_put_number(&object, "value", bb_form_reported(reading, indicator));
    bb_put_number(&object, "numerator", reading->numerator);
    bb_put_number(&object, "denominator", reading->denominator);
    if (withdrawn || bb_form_state(reading))
        bb_put_member(&object, "status",
                      bb_bytes_str(withdrawn ? bb_state_name(BB_STATE_WITHDRAWN) : bb_form_state(reading)));
    if (reading->comment.len > 0 || (reading->revision > 1 && !withdrawn))
        bb_put_member(&object, "comment", bb_form_bytes(reading->comment));
    bb_put_end(&object);
    bb_buffer_byte(out, '\n');
}

const struct bb_form bb_form_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .format = "jsonl",
    .mediatype = "application/jsonl",
    .field = bb_form_import_fields,
    .begin = bb_form_nothing,
    .reading = write_reading,
    .end = bb_form_nothing,
};
