/* How an indicator moves over its periods. */
#ifndef BACKBONE_TREND_H
#define BACKBONE_TREND_H

#include "catalogue.h"
#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bb_trend_query {
    const char *indicator;
    const char *period_from; /* NULL: from the first */
    const char *period_to;
    const char *const *place; /* added up; none: see the manual */
    size_t n_places;
    const char *disaggregation; /* NULL: see the manual; "": the total */
    const char *by;             /* NULL, "place", "organization" or "disaggregation" */
    const char *per;            /* NULL, or "quarter" and the like: of longer periods */
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* Where a series breaks: most readings of a period were reported under another definition than those of the
 * period before. */
struct bb_series_break {
    const char *indicator;    /* code; of a computed one the input's */
    uint32_t version, before; /* that began to say what the period, and the one before, was reported under */
    uint64_t sequence;        /* of the entry that made the later one */
    int64_t time_us;          /* ... and its time */
    const char *const *changed; /* fields of the definition */
    size_t n_changed;
};

struct bb_point {
    const struct bb_indicator *indicator; /* as it was at that sequence; the same for every point */
    const char *period;                   /* canonical */
    const char *group;                    /* of `by`; NULL without */
    const char *value;                    /* decimal text; NULL: none */
    const char *numerator;
    const char *denominator;
    uint32_t organizations;
    uint32_t readings;
    uint32_t without_parts;
    uint32_t periods;          /* with `per`: of the indicator's own periods those that have data, ... */
    uint32_t periods_expected; /* ... of so many; 0: not told */
    bool is_counted;           /* are these known? Of totals of everything only */
    uint32_t expected; /* reports: one an organization, period and reported indicator that it is made of */
    uint32_t reported; /* of these, what has come */
    const struct bb_series_break *breaks;
    size_t n_breaks;
    const char *target_period; /* by organization: the target that comes next, which is the organization's; */
    const char *target_value;  /* NULL: it has none */
    bool withheld; /* not shared, or small numbers could be worked out; beside a value: its parts are */
};

typedef int bb_point_fn(void *self, const struct bb_point *point);

/* What is known before the points. */
struct bb_trend_head {
    const struct bb_indicator *indicator; /* as it was at that sequence */
    bool is_waiting_told; /* only what is approved counts, and the caller may know what is not */
    uint64_t waiting;     /* readings that are not approved; told to a partner: its own */
};
/* Once, before the points (also when there are none). */
typedef void bb_trend_fn(void *self, const struct bb_trend_head *head);

/* head may be NULL. */
BB_API int bb_client_trend(struct bb_client *client, const struct bb_trend_query *query, bb_trend_fn *head,
                           bb_point_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
