/* A catalogue for queries made by hand, who asks, readings in one line each, and what an answer must be. */
#ifndef BB_TESTS_QUERY_CATALOGUE_H
#define BB_TESTS_QUERY_CATALOGUE_H

#include "query_ask.h"

/* Partners of the organizations below (gamma shares its line), an observer and an operator. */
extern const struct test_caller test_alpha, test_gamma, test_watcher, test_operator;

struct test_ids {
    uint32_t share, count, alpha, beta, gamma, north, state, south, female, male, young;
};

/* Opens the store and puts the catalogue into it, eight entries: indicators share (a ratio in percent, by
 * school years) and count (a sum), organizations, places (State is an aggregate), disaggregations. */
struct test_ids test_fill(struct test_store *store);

/* One entry of alpha with one reading; returns its sequence. */
uint64_t test_put(struct test_store *store, uint32_t indicator, uint32_t organization, uint32_t place,
                  uint32_t disaggregation, const char *period, struct bb_reading reading);

/* Readings to put. */
struct bb_reading test_value(const char *v);
struct bb_reading test_parts(const char *numerator, const char *denominator);
struct bb_reading test_no_value(enum bb_state why);

/* Text for a message: their fields are not const. */
char *test_text(const char *t);

/* Ask for a trend; the points must be these (test_points_text()). */
void test_check_points(struct test_store *store, const struct test_caller *caller,
                       const Bb__TrendQuery *request, const char *expected);
/* The query must fail with this code, and its message says this. */
void test_check_refused(struct test_store *store, const struct test_caller *caller, uint32_t method,
                        const ProtobufCMessage *request, uint32_t code, const char *says);

#endif
