/* What became of each cell and why: the steps of a plan, told as they are taken (import --explain).
 *
 * There is one implementation of every step; it tells about itself when somebody listens. */
#ifndef BB_FORMATS_EXPLAIN_H
#define BB_FORMATS_EXPLAIN_H

#include "proto/bytes.h"

struct bb_explained {
    uint64_t row;
    uint32_t reading;     /* of the row, from 1; 0: of a cell, or of the row as a whole */
    struct bb_bytes name; /* of the column, or of the member of the reading */
    struct bb_bytes found, became;
    const char *why;
};

struct bb_explain {
    void (*tell)(void *self, const struct bb_explained *step);
    void *self;
};

#endif
