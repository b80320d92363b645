/* Random small tables of readings in a store, each in a month of its own, with an indicator that protects
 * small numbers; and what is computed from it. Where `only_small` is set bb_suppress() hides nothing else,
 * where `without_places` is, it is not told which place lies in which: with --wrap=bb_suppress. */
#ifndef BB_TESTS_HIDDEN_STORE_H
#define BB_TESTS_HIDDEN_STORE_H

#include "query_ask.h"
#include "suppress_random.h"

#include "workers/measurement/query/hidden.h"

#define THRESHOLDS 6  /* 2 to 5 */
#define PATTERNS   16 /* which of the four organizations share their lines */

struct hidden_store {
    struct test_store store;
    uint32_t indicator[THRESHOLDS][3]; /* by threshold, and counts */
    uint32_t place[MODEL_TREES][MODEL_PLACES], disaggregation[MODEL_DISAGGREGATIONS];
    uint32_t organization[PATTERNS][MODEL_ORGANIZATIONS + 1];
};

/* The table at hand, as the store knows it. */
struct hidden_at {
    struct hidden_store *s;
    const struct model_kind *kind;
    struct model model;
    unsigned pattern;
    unsigned tree; /* its number */
    char indicator[20], computed[20], parts[20], period[24], quarter[24], year[24];
    uint64_t before, then; /* as of which half of its readings was there, and all of them */
    bool only_small, without_places;
    unsigned worked_out; /* how often bb_suppress() was called */
};
extern struct hidden_at at;

extern const char *const place_names[MODEL_TREES][MODEL_PLACES];

void hidden_store_open(struct hidden_store *s);
void hidden_store_close(struct hidden_store *s);

/* A table of the kind that the number says, in this month from 2000 on. */
void hidden_store_table(struct hidden_store *s, unsigned number, unsigned month);

/* The same numbers, reported for the quarter and the year of the month as well; and another period's reading.
 */
void hidden_store_longer(struct hidden_store *s);

#endif
