/* A row of an answer as a reading: shared by the answers that hold rows. */
#ifndef BB_READINGS_H
#define BB_READINGS_H

#include "backbone.h"

#include "runtime/rowset.h"

/* The rows of an answer, one after the other. Zeroed at first; its reading is valid until the next one. */
struct bb_reading_rows {
    const struct bb_rowview *view; /* what it was begun with */
    struct bb_rowref ref;
    struct bb_reading reading;
    char value[BB_DECIMAL_TEXT], numerator[BB_DECIMAL_TEXT], denominator[BB_DECIMAL_TEXT];
};

/* Key, figures and state of row i of the view, at rows->reading; everything else there is left as it is. */
void bb_reading_rows_get(struct bb_reading_rows *rows, const struct bb_rowview *view, uint32_t i);

#endif
