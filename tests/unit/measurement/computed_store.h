/* A small store at random in which indicators are computed of others: four inputs, of which two have a
 * frequency, and two that are computed. */
#ifndef BB_TESTS_COMPUTED_STORE_H
#define BB_TESTS_COMPUTED_STORE_H

#include "query_catalogue.h"

/* x is (a + 2b) / (c - d) times 100, and y is x / 4 + a.sex=f. Of a and c the greatest of a cell counts. */
enum { A, B, C, D, INPUTS, A_WOMEN = INPUTS, OPERANDS };

/* only_approved: readings of b that are not approved count nowhere. */
void computed_open(struct test_store *store, bool only_approved);
/* One of several, by this seed of random(). */
void computed_open_random(struct test_store *store, unsigned seed);

void computed_define(struct test_store *store, const char *code, const char *aggregation, const char *factor,
                     const char *above, const char *below);

/* A reading. style: how thick the disaggregations lie: 0 totals, 1 and one dimension, 2 several. */
void computed_put(struct test_store *store, uint32_t style);
/* Of this indicator (1 is A). */
void computed_put_in(struct test_store *store, uint32_t indicator, const char *period, uint32_t style);
/* Of a reading that there is, or was: it is withdrawn, or its unit is reviewed. */
void computed_say_more(struct test_store *store);

/* Staff, partners of alpha and of gamma (which shares its line), an observer. */
#define COMPUTED_CALLERS 4
extern const struct test_caller computed_callers[COMPUTED_CALLERS];

/* A question at random, of now or of a moment up to this head. */
void computed_request(Bb__TrendQuery *request, Bb__AsOf *as_of, uint64_t head, char **place);
/* It of this indicator, with the cells of a pass kept or not. Returns answer->r. */
int computed_ask(struct test_store *store, const struct test_caller *caller, const Bb__TrendQuery *request,
                 const char *indicator, struct test_answer *answer);

#endif
