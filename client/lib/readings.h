/* A row of an answer as a reading: shared by the answers that hold rows. */
#ifndef BB_READINGS_H
#define BB_READINGS_H

#include "backbone.h"

#include "runtime/rowset.h"

/* Where the texts of its numbers are. */
struct bb_reading_numbers {
    char value[BB_DECIMAL_TEXT], numerator[BB_DECIMAL_TEXT], denominator[BB_DECIMAL_TEXT];
};

/* Key, figures and state of row i; everything else is left empty. Valid as long as view and numbers. */
void bb_reading_of_row(const struct bb_rowview *view, uint32_t i, struct bb_reading_numbers *numbers,
                       struct bb_reading *ret_reading);

#endif
