/* A story of reports that are expected and come, with random memberships, adoptions, frequencies and
 * arrivals; and what it makes of each of them, by brute force. */
#ifndef BB_TEST_REPORTING_STORY_H
#define BB_TEST_REPORTING_STORY_H

#include "fixture_query.h"
#include "query_ask.h"

#include "proto/reports.h"

enum { INDICATORS = 5, ORGANIZATIONS = 3, EVENTS = 400, DAYS = 260 };

struct reporting_indicator {
    const char *code, *frequency, *due_days;
    enum bb_period_type type;
    int due;
};

extern const struct reporting_indicator reporting_indicators[INDICATORS];
extern const char *const reporting_organizations[ORGANIZATIONS];

struct event {
    bool adopts; /* or reports */
    uint64_t sequence;
    bb_utc time;
    int indicator, organization;
    uint32_t from_day, until_day; /* of an adoption */
    struct bb_period period;      /* of a report */
    int place;
    enum bb_report_state said; /* SILENT: it is withdrawn */
};

struct world {
    struct fixture f;
    struct event event[EVENTS];
    int n;
    uint32_t joined[ORGANIZATIONS], left[ORGANIZATIONS]; /* 0: not said */
    uint32_t first_day, day;                             /* of the story; of today */
    uint64_t retired; /* by this entry the first indicator was, from `retired_day` on */
    uint32_t retired_day;
    bb_utc now;
    uint8_t batch, more;
};

/* The indicators alone. */
void reporting_define(struct world *w);
/* The whole story; it is applied. */
void reporting_tell(struct world *w);

/* When days begin there, after midnight UTC; by the clock's zone. */
extern bb_utc reporting_midnight;

struct question {
    uint64_t sequence; /* 0: the present */
    bb_utc now;
    const char *from, *to;
    uint32_t first_day, end_day;
    bool running, latest;
    int organization;          /* -1: all */
    bool silent;               /* only these */
    uint32_t due_from, due_to; /* 0: whenever */
    bool service;              /* a worker asks: one part an answer */
};

/* What the answer must be, one a line: "indicator organization period state time". */
void reporting_by_hand(const struct world *w, const struct question *q, char *out);

#endif
