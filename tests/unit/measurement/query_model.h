/* The answers that queries should give, found the plain way: every revision in one array, every question a
 * loop over all of it. Written from the rules, not from the code that it checks. */
#ifndef BB_TESTS_QUERY_MODEL_H
#define BB_TESTS_QUERY_MODEL_H

#include "query_ask.h"
#include "query_store.h"

#include "workers/measurement/model/indicator.h"

#define MODEL_MAX 12 /* of each kind, and id 0 */

struct model_event {
    uint64_t sequence;
    struct test_row row;
};

/* What was said of a unit. */
struct model_review {
    uint64_t sequence;
    struct bb_review_unit unit;
    enum bb_review_state state;
};

/* A version of a definition. */
struct model_version {
    uint64_t sequence;
    uint32_t indicator;
    struct bb_indicator rules;
};

struct model {
    struct test_store *store;
    struct model_event *event;
    size_t n, size;
    struct model_review *review;
    size_t n_reviews, reviews_size;
    struct model_version *version;
    size_t n_versions, versions_size;
    /* By id */
    const char *indicator[MODEL_MAX], *organization[MODEL_MAX], *place[MODEL_MAX], *disaggregation[MODEL_MAX];
    const char *dimensions[MODEL_MAX]; /* of the disaggregation */
    bool aggregate[MODEL_MAX], shares[MODEL_MAX];
    uint32_t n_indicators, n_organizations, n_places, n_disaggregations; /* highest ids */
    const char *const *period;
    size_t n_periods;
};

/* What is asked. */
struct model_question {
    uint64_t sequence;
    uint32_t indicator;    /* 0: any (readings only) */
    uint32_t organization; /* readings: 0: any */
    bool any_place, any_disaggregation;
    uint32_t place[3]; /* trend: n_places of them; readings: the first */
    size_t n_places;
    uint32_t disaggregation;
    const char *by; /* NULL, or "place" ... */
    const char *from, *to;
    const struct test_caller *caller;
    uint32_t own; /* id of the caller's organization */
};

void model_add(struct model *model, uint64_t sequence, const struct test_row *row);
void model_add_review(struct model *model, const struct model_review *review);
void model_add_version(struct model *model, const struct model_version *version);
void model_release(struct model *model);

/* The definition that held; before the first one that one. */
const struct bb_indicator *model_rules(const struct model *model, uint32_t indicator, uint64_t sequence);
/* Where a unit stood. */
enum bb_review_state model_review(const struct model *model, const struct bb_review_unit *unit,
                                  uint64_t sequence);

bool model_same_key(const struct bb_reading_key *a, const struct bb_reading_key *b);

/* As test_points_text(); "AMBIGUOUS" where no answer is due. To be freed. */
char *model_trend(const struct model *model, const struct model_question *question);
/* As test_rows_text(). */
char *model_readings(const struct model *model, const struct model_question *question);
/* The same, and of each series only the one that begins last, and of these the one of the longest type. */
char *model_latest(const struct model *model, const struct model_question *question);
/* The same, of what has changed for the caller behind a sequence, and what he is not told any more. */
char *model_since(const struct model *model, const struct model_question *question, uint64_t since);
/* Of the question: sequence, caller, own. NULL: NOT_FOUND. */
char *model_history(const struct model *model, const struct bb_reading_key *key,
                    const struct model_question *question);

#endif
