/* Waiting: how many readings of what a trend asks for are not approved yet, where only what is approved
 * counts.
 *
 * Backbone staff is told of all of them, a partner of its own, and an observer of none. Readings of the same
 * places, disaggregation and periods as are asked for, whether they would count beside others or not. */
#ifndef BB_QUERY_WAITING_H
#define BB_QUERY_WAITING_H

#include "series.h"

/* Zeroed memory may be released. */
struct bb_waiting {
    struct bb_query *query;
    const struct bb_series_scope *scope;
    uint32_t *indicator; /* those that publish what is approved */
    uint32_t n, at;
    bool begun; /* the walk over the one at hand is */
    struct bb_walk walk;
    uint64_t count;
};

/* inputs: reported indicators that the trend is made from. scope: borrowed. 0 | -ENOMEM | -EDQUOT | -EBADMSG
 */
int bb_waiting_begin(struct bb_waiting *waiting, struct bb_query *query, struct bb_query_step *step,
                     const struct bb_series_scope *scope, const uint32_t *inputs, size_t n);
void bb_waiting_release(struct bb_waiting *waiting);

/* Is there anything to be told to this caller? */
bool bb_waiting_is_told(const struct bb_waiting *waiting);

/* Count on, as many records as a step may look at. 0 done | BB_WALK_E_PAUSED | <0 */
int bb_waiting_count(struct bb_waiting *waiting, struct bb_query_step *step);

#endif
