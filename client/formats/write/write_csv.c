/* CSV: the columns of an import file (docs/backbone-import.1.scd). What is absent is an empty cell, and a
 * comment that is none keeps the one there is where it is read: CSV has no word for a comment that is gone.
 */
#include "form.h"
#include "put.h"

#include "proto/rows.h"

static void
begin(struct bb_buffer *out)
{
    bb_form_header(out, bb_form_import_fields);
}

static void
write_reading(struct bb_buffer *out, const struct bb_reading *reading,
              const struct bb_form_indicator *indicator, bool first)
{
    bool withdrawn = reading->state == BB_READING_WITHDRAWN;
    char period[BB_PERIOD_TEXT];

    (void)first;
    bb_put_cell(out, bb_form_bytes(reading->indicator));
    bb_buffer_byte(out, ',');
    bb_put_cell(out, bb_form_bytes(reading->organization));
    bb_buffer_byte(out, ',');
    bb_put_cell(out, bb_form_bytes(reading->place));
    bb_buffer_byte(out, ',');
    bb_put_cell(out, bb_form_bytes(reading->disaggregation));
    bb_buffer_byte(out, ',');
    bb_put_cell(out, bb_form_period(reading, indicator, period));
    bb_put_plain(out, bb_form_reported(reading, indicator));
    bb_put_plain(out, reading->numerator);
    bb_put_plain(out, reading->denominator);
    bb_put_plain(out, withdrawn ? bb_state_name(BB_STATE_WITHDRAWN) : bb_form_state(reading));
    bb_buffer_byte(out, ',');
    bb_put_cell(out, bb_form_bytes(reading->comment));
    bb_buffer_byte(out, '\n');
}

const struct bb_form bb_form_csv = {
    .name = "csv",
    .suffix = ".csv",
    .format = "csv",
    .mediatype = "text/csv",
    .field = bb_form_import_fields,
    .begin = begin,
    .reading = write_reading,
    .end = bb_form_nothing,
};
