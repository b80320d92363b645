/* What everybody knows of a model's cells beside what is told: rows of coefficients, each of a sum of counts
 * that is zero. */
#ifndef BB_TESTS_SUPPRESS_KNOWN_H
#define BB_TESTS_SUPPRESS_KNOWN_H

#include "suppress_model.h"

#define MODEL_ROWS (MODEL_FIGURES + 2 * MODEL_READINGS + 16384)

struct knowledge {
    int8_t (*row)[MODEL_READINGS]; /* MODEL_ROWS of them */
    size_t n;
};

/* A row of zeros. */
int8_t *knowledge_row(struct knowledge *knowledge);

/* The additions that come true within what one organization reports (suppress.h). */
void know_additions(const struct model *model, unsigned count, struct knowledge *knowledge);

#endif
