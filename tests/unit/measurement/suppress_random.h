/* Random small tables of readings, the same for the same seed. */
#ifndef BB_TESTS_SUPPRESS_RANDOM_H
#define BB_TESTS_SUPPRESS_RANDOM_H

#include "suppress_model.h"

struct model_kind {
    uint32_t organizations, places, disaggregations;
    int64_t largest; /* most counts are below */
    unsigned n_counts;
    bool totals;  /* organizations add up some of their own cells */
    int reported; /* of 10 cells */
    uint32_t tree;
    bool compiled; /* the last organization has only sums over all others, of the empty place or aggregates */
};

#define MODEL_KINDS 14
extern const struct model_kind model_kinds[MODEL_KINDS];

void model_seed(uint64_t number);
uint32_t model_below(uint32_t n);

/* A table of this kind, with its figures. */
void model_random(const struct model_kind *kind, struct model *model);

void model_add_reading(struct model *model, uint32_t organization, uint32_t place, uint32_t disaggregation,
                       struct bb_decimal value, struct bb_decimal other);

#endif
