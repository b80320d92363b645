/* A Frictionless data package beside a file of readings: what the file is, and what it was made from.
 *
 * https://specs.frictionlessdata.io, version 1, where a digest says by what it was made. What is ours stands
 * in members that begin with "backbone". Pure. */
#ifndef BB_FORMATS_DATAPACKAGE_H
#define BB_FORMATS_DATAPACKAGE_H

#include "form.h"

#define BB_SHA256_TEXT 65 /* with NUL */

struct bb_package {
    const char *path; /* of the file, from where the package stands */
    const struct bb_form *form;
    bool booleans; /* true and false stand among the values */
    uint64_t bytes, rows, withdrawn, withheld;
    char sha256[BB_SHA256_TEXT];
    int64_t created_us;
    uint64_t sequence; /* as of which the readings are */
    /* What was asked for; NULL, 0: it was not. */
    const struct bb_readings_query *query;
};

/* At the end of the buffer. */
void bb_package_write(const struct bb_package *package, struct bb_buffer *out);

#endif
