/* The limit: indicators that the caller's organization takes part in, where it does not in all of them.
 *
 * Any other is for its members as if it were not there: what names it is refused as an unknown one is, and
 * what goes over all of them leaves it out. What is computed may be seen where it is itself in the list. As
 * the directory says it at present, whatever moment is asked about; found by the first step, and then the
 * query's. Staff and services have none. */
#ifndef BB_QUERY_LIMIT_H
#define BB_QUERY_LIMIT_H

#include "core.h"
#include "walk.h"

/* Once its organization is known. 0 | <0 */
int bb_query_limit_find(struct bb_query *query, struct bb_query_step *step);
/* As if it had not been. */
void bb_query_limit_forget(struct bb_query *query);

/* Is this indicator there for the caller? */
bool bb_query_takes_part(const struct bb_query *query, uint32_t indicator);

/* The indicator that a request names; refuses what is not there for the caller. 0 | 1 | <0 */
int bb_query_find_indicator(struct bb_query *query, struct bb_query_step *step, const char *text,
                            uint32_t *ret_id);

/* The indicators of a walk that nobody named one for: any, or those of the limit. Borrowed from the query. */
struct bb_wanted bb_query_indicators_wanted(const struct bb_query *query);

#endif
