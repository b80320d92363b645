/* Counts of one indicator and period: how many were expected to report and have, and how many readings were
 * corrected. */
#ifndef BB_QUERY_COUNTS_H
#define BB_QUERY_COUNTS_H

#include "query_duties.h"

/* Put the duties into the order in which they are counted: by indicator. */
void bb_count_order(struct bb_duties *duties);

/* Organizations of which the indicator was expected, and those of them that are not silent.
 * duties: in that order.
 * looked: grows by the records that this took. 0 | -EBADMSG */
int bb_count_reports(struct bb_query_step *step, const struct bb_duties *duties, uint32_t indicator,
                     struct bb_period period, uint32_t *ret_expected, uint32_t *ret_reported,
                     uint64_t *looked);

/* Readings with more than one revision. 0 | -EBADMSG */
int bb_count_corrected(struct bb_query_step *step, uint32_t indicator, struct bb_period period,
                       uint32_t *ret_corrected, uint64_t *looked);

#endif
