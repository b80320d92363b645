/* Where indicators stand. */
#ifndef BACKBONE_PROGRESS_H
#define BACKBONE_PROGRESS_H

#include "catalogue.h"
#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bb_progress_query {
    const char *const *indicator; /* codes or names; none: all */
    size_t n_indicators;
    const char *period; /* the latest within it; NULL: the latest */
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
    bool for_all;             /* only what everybody who takes part may see: to be announced */
    const char *organization; /* of this one only: a partner of itself; NULL: of all together */
};

/* Where an indicator stands. What is not known, or not to be seen, is NULL. */
struct bb_indicator_progress {
    const struct bb_indicator *indicator; /* as it was, with its baseline */
    const struct bb_point *latest;        /* their `indicator` is the same */
    const struct bb_point *previous;
    const char *change; /* decimal texts: latest - previous */
    const char *change_since_baseline;
    const char *movement; /* "improving", "worsening", "unchanged", "rising", "falling" */
    const char *baseline_period, *baseline_value; /* that changes are counted from */
    const char *target_period, *target_value;     /* of the next target */
    const char *distance;                         /* target - latest */
    bool is_judged;                               /* is it known whether it is on track? */
    bool on_track;     /* not on the worse side of the line from the baseline to the target */
    uint32_t expected; /* organizations, for the latest period */
    uint32_t reported; /* of these */
    bool has_corrected;
    uint32_t corrected; /* readings of the latest period */
    bool ambiguous;     /* latest: values by several dimensions, and no total */
    int64_t time_us;    /* the moment that the answer speaks of */
    /* Of one organization */
    const char *organization; /* code; NULL: of all together */
    bool own_baseline;        /* its figure of that period, not the indicator's baseline */
    bool own_target;          /* one of its own, not of all together */
};

typedef int bb_indicator_progress_fn(void *self, const struct bb_indicator_progress *progress);

/* In the order of the indicators named, or as they were first heard of. */
BB_API int bb_client_progress(struct bb_client *client, const struct bb_progress_query *query,
                              bb_indicator_progress_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
