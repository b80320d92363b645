/* Forms: the formats in which readings are written.
 *
 * A form writes at the end of a buffer, one reading after the other; its owner empties the buffer whenever it
 * likes, so memory does not grow with what is written. What a form writes, `backbone import` reads, and where
 * the readings stand already every row is unchanged:
 *
 * - a value that follows from its parts was not reported: it is not written, or said to be computed;
 * - periods, places and disaggregations are written so that they are read as they were;
 * - a reading that was withdrawn is written as what withdraws it.
 *
 * What is withheld from the caller cannot be written: that is for the owner to leave out. */
#ifndef BB_FORMATS_FORM_H
#define BB_FORMATS_FORM_H

#include "client/lib/backbone.h"

#include "runtime/buffer.h"
#include "runtime/period.h"

/* What the indicator of a reading says of how it is written. */
struct bb_form_indicator {
    bool boolean;                  /* its unit: 1 and 0 are true and false */
    enum bb_period_type frequency; /* by which periods are read; 0: none */
};

/* A column of a table. */
struct bb_form_field {
    const char *name;
    const char *type; /* of Frictionless Table Schema: "string", "number" */
    bool required, key;
};

struct bb_form {
    const char *name;                  /* "csv" */
    const char *suffix;                /* of file names: ".csv" */
    const char *format;                /* of Frictionless data resources */
    const char *mediatype;             /* likewise */
    const struct bb_form_field *field; /* ended by a NULL name; NULL: it is no table */
    void (*begin)(struct bb_buffer *out);
    void (*reading)(struct bb_buffer *out, const struct bb_reading *reading,
                    const struct bb_form_indicator *indicator, bool first);
    void (*end)(struct bb_buffer *out);
};

extern const struct bb_form bb_form_csv, bb_form_jsonl, bb_form_dhis2_json, bb_form_dhis2_csv;

/* NULL: there is no form of this name. */
const struct bb_form *bb_form_by_name(const char *name);
/* The columns of an import file. */
extern const struct bb_form_field bb_form_import_fields[];

/* Names of columns, on a line. */
void bb_form_header(struct bb_buffer *out, const struct bb_form_field *fields);

/* Where a form has nothing to write. */
void bb_form_nothing(struct bb_buffer *out);

/* By what the name of a file ends with, ".csv" and ".jsonl"; NULL: it does not tell. */
const struct bb_form *bb_form_by_file(const char *file);
/* "csv, jsonl, dhis2-json or dhis2-csv". Static. */
const char *bb_form_names(void);

/* What the forms have in common. */

static inline struct bb_bytes
bb_form_bytes(struct bb_text text)
{
    return bb_bytes(text.data, text.len);
}

/* The value: decimal text, "true" or "false"; NULL: there is none. */
const char *bb_form_value(const struct bb_reading *reading, const struct bb_form_indicator *indicator);
/* The same, where it was reported. */
const char *bb_form_reported(const struct bb_reading *reading, const struct bb_form_indicator *indicator);
/* "missing", "suppressed", "not_applicable"; NULL: it has no such state, or was withdrawn. */
const char *bb_form_state(const struct bb_reading *reading);
/* The canonical period, or a spelling that is not taken for another one. text: where it stands then. */
struct bb_bytes bb_form_period(const struct bb_reading *reading, const struct bb_form_indicator *indicator,
                               char text[static BB_PERIOD_TEXT]);

#endif
