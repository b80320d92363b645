/* A small store at random, and the plain model of it: readings that come, are corrected and withdrawn,
 * reviews, and definitions that change; and questions at random. */
#ifndef BB_TESTS_QUERY_WORLD_H
#define BB_TESTS_QUERY_WORLD_H

#include "query_model.h"

struct world {
    struct test_store store;
    struct model model;
    uint32_t style; /* how thick the disaggregations lie: 0 totals, 1 and one dimension, 2 several */
};

/* From this seed of random(); with so many entries behind the catalogue. Returns the sequence of the last. */
uint64_t world_open(struct world *world, unsigned seed, uint32_t style, unsigned entries);
void world_close(struct world *world);

/* One more entry. */
void world_put(struct world *world);

/* Staff, partners of alpha, of gamma (which shares its line) and of nobody, an observer. */
#define WORLD_CALLERS 5
extern const struct test_caller world_callers[WORLD_CALLERS];

/* As of a sequence, by one of the first n_callers. */
void world_question(const struct model *model, uint64_t sequence, struct model_question *q, size_t n_callers);

/* The moment of a question, for the as_of of a request; NULL: it is asked now. */
Bb__AsOf *world_as_of(const struct model_question *q, bool as_of, Bb__AsOf *moment);
/* Its caller, who gets as little as can be in a part, and between two of them the world moves on. */
struct test_caller world_slow_caller(struct world *world, const struct model_question *q);

/* For people. */
void world_describe(const struct model_question *q, char *out, size_t size);

#endif
