/* Counts of one indicator and period: how many readings were corrected. */
#ifndef BB_QUERY_COUNTS_H
#define BB_QUERY_COUNTS_H

#include "core.h"

/* Readings with more than one revision, of one organization; 0: of all. 0 | -EBADMSG */
int bb_count_corrected(struct bb_query_step *step, uint32_t indicator, uint32_t organization,
                       struct bb_period period, uint32_t *ret_corrected, uint64_t *looked);

#endif
