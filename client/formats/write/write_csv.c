/* CSV: the columns of an import file (docs/backbone-import.1.scd). What is absent is an empty cell, and a
 * comment that is none keeps the one there is where it is read: CSV has no word for a comment that is gone.
 */
#include "form.h"
#include "put.h"

#include "client/formats/map/map.h"

#include "proto/rows.h"

static const struct bb_form_field fields[] = {
    {"indicator", "string", true, true},
    {"organization", "string", true, true},
    {"place", "string", false, true},
    {"disaggregation", "string", false, true},
    {"period", "string", true, true},
    {"value", "number", false, false},
    {"numerator", "number", false, false},
    {"denominator", "number", false, false},
    {"status", "string", false, false},
    {"comment", "string", false, false},
    {NULL, NULL, false, false},
};

static void
begin(struct bb_buffer *out)
{
    for (size_t i = 0; bb_import_fields[i]; i++)
        bb_buffer_printf(out, "%s%s", i ? "," : "", bb_import_fields[i]);
    bb_buffer_byte(out, '\n');
}

static void
put_next(struct bb_buffer *out, const char *text)
{
    bb_buffer_byte(out, ',');
    if (text)
        bb_buffer_append(out, text, strlen(text));
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
    put_next(out, bb_form_reported(reading, indicator));
    put_next(out, reading->numerator);
    put_next(out, reading->denominator);
    put_next(out, withdrawn ? bb_state_name(BB_STATE_WITHDRAWN) : bb_form_state(reading));
    bb_buffer_byte(out, ',');
    bb_put_cell(out, bb_form_bytes(reading->comment));
    bb_buffer_byte(out, '\n');
}

const struct bb_form bb_form_csv = {
    .name = "csv",
    .suffix = ".csv",
    .format = "csv",
    .mediatype = "text/csv",
    .field = fields,
    .begin = begin,
    .reading = write_reading,
    .end = bb_form_nothing,
};
