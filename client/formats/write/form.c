#include "form.h"

#include <stdio.h>

static const struct bb_form *const forms[] = {&bb_form_csv, &bb_form_jsonl, &bb_form_dhis2_json,
                                              &bb_form_dhis2_csv};

#define N_FORMS (sizeof forms / sizeof forms[0])

const struct bb_form_field bb_form_import_fields[] = {
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

const struct bb_form *
bb_form_by_name(const char *name)
{
    for (size_t i = 0; i < N_FORMS; i++)
        if (strcmp(forms[i]->name, name) == 0)
            return forms[i];
    return NULL;
}

const struct bb_form *
bb_form_by_file(const char *file)
{
    const char *dot = strrchr(file, '.');

    for (size_t i = 0; dot && i < N_FORMS; i++)
        if (strcmp(forms[i]->suffix, dot) == 0)
            return forms[i];
    return NULL;
}

const char *
bb_form_names(void)
{
    return "csv, jsonl, dhis2-json or dhis2-csv";
}

const char *
bb_form_value(const struct bb_reading *reading, const struct bb_form_indicator *indicator)
{
    if (!reading->value)
        return NULL;
    if (indicator->boolean && strcmp(reading->value, "1") == 0)
        return "true";
    if (indicator->boolean && strcmp(reading->value, "0") == 0)
        return "false";
    return reading->value;
}

const char *
bb_form_reported(const struct bb_reading *reading, const struct bb_form_indicator *indicator)
{
    return reading->computed ? NULL : bb_form_value(reading, indicator);
}

const char *
bb_form_state(const struct bb_reading *reading)
{
    return reading->state == BB_READING_OK || reading->state == BB_READING_WITHDRAWN ? NULL : reading->status;
}

/* 2011-12 of a school year's indicator would be read as the school year: SDMX writes months otherwise. */
struct bb_bytes
bb_form_period(const struct bb_reading *reading, const struct bb_form_indicator *indicator,
               char text[static BB_PERIOD_TEXT])
{
    struct bb_bytes canonical = bb_form_bytes(reading->period);
    struct bb_period period, again;

    if (canonical.len != strlen("2011-12") || !indicator->frequency ||
        bb_period_parse(canonical, 0, &period) != 0 ||
        bb_period_parse(canonical, indicator->frequency, &again) != 0 || bb_period_same(period, again))
        return canonical;
    snprintf(text, BB_PERIOD_TEXT, "%.4s-M%.2s", (const char *)canonical.data,
             (const char *)canonical.data + 5);
    return bb_bytes_str(text);
}

void
bb_form_nothing(struct bb_buffer *out)
{
    (void)out;
}

void
bb_form_header(struct bb_buffer *out, const struct bb_form_field *fields)
{
    for (const struct bb_form_field *field = fields; field->name; field++)
        bb_buffer_printf(out, "%s%s", field == fields ? "" : ",", field->name);
    bb_buffer_byte(out, '\n');
}
