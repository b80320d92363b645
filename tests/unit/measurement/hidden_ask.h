/* Everything that one organization may ask of the table at hand (hidden_store.h), and what it is told:
 * checked against the model, and written down as rows for its solver. */
#ifndef BB_TESTS_HIDDEN_ASK_H
#define BB_TESTS_HIDDEN_ASK_H

#include "hidden_store.h"

#define TOLD 4000

/* What was told to one organization. */
struct told {
    uint32_t viewer;
    bool (*row)[MODEL_READINGS];
    size_t n;
    bool withheld[MODEL_FIGURES]; /* figures that were asked for by themselves, and not told */
};

/* longer: also of longer periods, and as of earlier moments. */
void ask_all(struct told *told, bool longer);

#endif
