/* Expected reports: what came of what was agreed. */
#ifndef BACKBONE_REPORTING_H
#define BACKBONE_REPORTING_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bb_reporting_query {
    const char *indicator;    /* NULL: all */
    const char *organization; /* NULL: all that you may see: staff all, a partner its own */
    const char *period_from;  /* without a range: the latest period that is over, of each frequency */
    const char *period_to;
    bool running; /* also the period that is not over yet */
    bool silent;  /* only those of which nothing has come */
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* An indicator that was expected of an organization for a period: it has adopted it, and is a member. */
struct bb_report {
    const char *indicator;
    const char *organization;
    const char *period;     /* canonical */
    const char *due;        /* the last day on which it is on time; NULL: there is none */
    const char *state;      /* "silent", "reported", "zero", "unavailable" */
    const char *timeliness; /* "on time", "late", of silent ones "due", "overdue"; "" without a due day */
    int64_t time_us;        /* the moment that the answer speaks of */
};

typedef int bb_report_fn(void *self, const struct bb_report *report);

BB_API int bb_client_reporting(struct bb_client *client, const struct bb_reporting_query *query,
                               bb_report_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
