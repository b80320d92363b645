/* A random story of reports that are expected, come and are withdrawn, of indicators that are defined again,
 * and of members that leave. */
#ifndef BB_TEST_COVERAGE_STORY_H
#define BB_TEST_COVERAGE_STORY_H

#include "fixture_query.h"
#include "query_ask.h"

#include "workers/measurement/query/coverage.h"

enum { REPORTED = 4, INDICATORS, ORGANIZATIONS = 5, EVENTS = 2000, DAYS = 400 };

struct coverage_indicator {
    const char *code, *frequency;
    enum bb_period_type type;
};

/* The last one is computed of the first two. */
extern const struct coverage_indicator coverage_indicators[INDICATORS];

/* A reading that was reported, or withdrawn. */
struct event {
    uint64_t sequence;
    int indicator, organization, place;
    struct bb_period period;
    bool withdrawn;
};

/* A definition; what breaks says so. */
struct version {
    uint64_t sequence;
    int indicator;
    unsigned number;
    bool breaks;
};

struct world {
    struct fixture f;
    struct test_store store; /* the same, for questions */
    struct bb_coverage *coverage;
    struct event event[EVENTS];
    struct version version[EVENTS];
    int n, versions;
    unsigned number[INDICATORS], unit[INDICATORS], name[INDICATORS];
    uint32_t first_day, day;
    uint8_t batch, more;
};

/* Before the first day; what a memo may take. */
void coverage_open(struct world *w, size_t memo_bytes);
void coverage_close(struct world *w);

/* Something of what can happen on a day. */
void coverage_happen(struct world *w);
void coverage_apply(struct world *w);
uint64_t coverage_head(const struct world *w);

#endif
