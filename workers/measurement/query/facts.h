/* Facts of coverage (coverage.h), worked out from the store as of the query's sequence. */
#ifndef BB_QUERY_FACTS_H
#define BB_QUERY_FACTS_H

#include "core.h"
#include "coverage.h"

/* Duties and epochs of the indicator, and no facts. 0 | -ENOMEM | -EDQUOT | -EBADMSG */
int bb_facts_agreement(struct bb_query *query, struct bb_query_step *step, uint32_t indicator,
                       struct bb_covered **ret_covered);

/* looked: grows by the records that this took. 0 | -ENOMEM | -EBADMSG */
int bb_facts_of_period(struct bb_query_step *step, const struct bb_covered *covered, struct bb_period period,
                       struct bb_covered_fact *ret_fact, uint64_t *looked);

#endif
