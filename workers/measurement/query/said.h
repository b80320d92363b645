/* What an organization has said of an indicator in a period, all places and disaggregations together: from
 * the index by organization, as it was at the query's sequence. */
#ifndef BB_QUERY_SAID_H
#define BB_QUERY_SAID_H

#include "duties.h"

#include "proto/reports.h"

struct bb_said {
    bool value, zero, unavailable;
    uint64_t first; /* sequence of what came first; UINT64_MAX: nothing */
};

enum bb_report_state bb_said_state(const struct bb_said *said);

/* The index at one period. Duties are looked up one after the other, in the order of organizations, then
 * indicators; in another order each needs its own bb_said_index_begin(). */
struct bb_said_index {
    uint8_t prefix[BB_PERIOD_KEY];
    size_t prefix_len;
    struct bb_bytes key, payload;
    struct bb_reading_key parsed;
    bool has; /* there is a record of this period */
};

/* duty: the first that will be looked up. 0 | <0 */
int bb_said_index_begin(struct bb_said_index *index, struct bb_query_step *step, struct bb_period period,
                        const struct bb_duty *duty);
/* looked: grows by the records that this took. 0 | <0 */
int bb_said_gather(struct bb_said_index *index, struct bb_query_step *step, const struct bb_duty *duty,
                   struct bb_said *ret_said, unsigned *looked);

#endif
