/* One: the one point of an indicator for one period, as a trend gives it, and the periods before; or that of
 * one organization, as a trend by organization does.
 *
 * A trend walks from the first period on. Who wants the last points looks for them from the end: each step
 * back costs two seeks, whatever lies between. */
#ifndef BB_QUERY_ONE_H
#define BB_QUERY_ONE_H

#include "computed.h"

/* What is asked for, and by whom. */
struct bb_one {
    struct bb_query *query;
    struct bb_arena *texts; /* where points go */
    bool past;              /* asked as of an earlier moment */
    uint32_t organization;  /* whose; 0: of all together */
    uint64_t looked;        /* records, for the caller to set back */
};

/* ret_point: NULL: nothing that counts was reported. ret_ambiguous: values by several dimensions, and no
 * total, of the indicator or of one that it is computed from; then the point has neither value nor counts.
 * 0 | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_one_point(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
                 const struct bb_indicator *rules, struct bb_period period, Bb__TrendPoint **ret_point,
                 bool *ret_ambiguous);

/* Reports that were expected for the point, and those of them that have come (cover.h).
 * 0 | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_one_reports(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
                   const struct bb_indicator *rules, struct bb_period period, uint32_t *ret_expected,
                   uint32_t *ret_reported);

/* Has the organization agreed to report it, or what it is computed from, so that it is expected of it on this
 * day? 0 | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_one_has_agreed(struct bb_one *one, struct bb_query_step *step, uint32_t indicator,
                      const struct bb_indicator *rules, uint32_t day, bool *ret_agreed);

/* The period of the store that is listed before this one, whatever was reported for it.
 * 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_one_before(struct bb_one *one, struct bb_query_step *step, struct bb_period period,
                  struct bb_period *ret_before);

#endif
