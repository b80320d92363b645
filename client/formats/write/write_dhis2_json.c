/* DHIS2's dataValueSets as JSON: a data value a line, with the names that DHIS2 has. Its values are texts.
 * The organization, the parts of a value and its state have no place there: they are members of their own,
 * which DHIS2 ignores, and so is what says of a value that it follows from its parts. */
#include "put.h"
#include "write_dhis2.h"

static void
begin(struct bb_buffer *out)
{
    bb_buffer_printf(out, "{\"dataValues\":[");
}

static void
put_plain(struct bb_put_object *object, const char *name, const char *text)
{
    if (text)
        bb_put_member(object, name, bb_bytes_str(text));
}

static void
write_reading(struct bb_buffer *out, const struct bb_reading *reading,
              const struct bb_form_indicator *indicator, bool first)
{
    struct bb_dhis2_value value;
    struct bb_put_object object;

    bb_dhis2_value(reading, indicator, &value);
    if (!first)
        bb_buffer_byte(out, ',');
    bb_buffer_byte(out, '\n');
    object = bb_put_object(out);
    bb_put_member(&object, "dataElement", value.element);
    bb_put_member(&object, "period", value.period);
    bb_put_member(&object, "orgUnit", value.place);
    bb_put_filled(&object, "categoryOptionCombo", value.category);
    bb_put_filled(&object, "attributeOptionCombo", value.attribute);
    put_plain(&object, "value", value.value);
    bb_put_filled(&object, "comment", value.comment);
    if (value.deleted)
        bb_put_number(&object, "deleted", "true");
    bb_put_member(&object, "organization", value.organization);
    put_plain(&object, "numerator", value.numerator);
    put_plain(&object, "denominator", value.denominator);
    put_plain(&object, "status", value.status);
    if (value.computed)
        bb_put_number(&object, "computed", "true");
    bb_put_end(&object);
}

static void
end(struct bb_buffer *out)
{
    bb_buffer_printf(out, "\n]}\n");
}

const struct bb_form bb_form_dhis2_json = {
    .name = "dhis2-json",
    .suffix = ".json",
    .format = "json",
    .mediatype = "application/json",
    .begin = begin,
    .reading = write_reading,
    .end = end,
};
