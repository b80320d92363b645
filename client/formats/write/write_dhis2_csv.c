/* DHIS2's dataValueSets as CSV: its ten columns in its order, by which it reads them, and behind these what
 * has no place there: DHIS2 reads columns by their number and looks at no more of them. */
#include "put.h"
#include "write_dhis2.h"

static const struct bb_form_field fields[] = {
    {"dataelement", "string", true, true},
    {"period", "string", true, true},
    {"orgunit", "string", false, true},
    {"categoryoptioncombo", "string", false, true},
    {"attributeoptioncombo", "string", false, true},
    {"value", "string", false, false},
    {"storedby", "string", false, false},
    {"lastupdated", "string", false, false},
    {"comment", "string", false, false},
    {"followup", "string", false, false},
    {"deleted", "string", false, false},
    {"organization", "string", true, true},
    {"numerator", "number", false, false},
    {"denominator", "number", false, false},
    {"status", "string", false, false},
    {"computed", "string", false, false},
    {NULL, NULL, false, false},
};

static void
begin(struct bb_buffer *out)
{
    bb_form_header(out, fields);
}

static void
put_next(struct bb_buffer *out, struct bb_bytes text)
{
    bb_buffer_byte(out, ',');
    bb_put_cell(out, text);
}

static void
write_reading(struct bb_buffer *out, const struct bb_reading *reading,
              const struct bb_form_indicator *indicator, bool first)
{
    struct bb_dhis2_value value;

    (void)first;
    bb_dhis2_value(reading, indicator, &value);
    bb_put_cell(out, value.element);
    put_next(out, value.period);
    put_next(out, value.place);
    put_next(out, value.category);
    put_next(out, value.attribute);
    bb_put_plain(out, value.value);
    bb_buffer_append(out, ",,", 2); /* who stored it, and when, says DHIS2 */
    put_next(out, value.comment);
    bb_buffer_byte(out, ',');
    bb_put_plain(out, value.deleted ? "true" : NULL);
    put_next(out, value.organization);
    bb_put_plain(out, value.numerator);
    bb_put_plain(out, value.denominator);
    bb_put_plain(out, value.status);
    bb_put_plain(out, value.computed ? "true" : NULL);
    bb_buffer_byte(out, '\n');
}

const struct bb_form bb_form_dhis2_csv = {
    .name = "dhis2-csv",
    .suffix = ".csv",
    .format = "csv",
    .mediatype = "text/csv",
    .field = fields,
    .begin = begin,
    .reading = write_reading,
    .end = bb_form_nothing,
};
