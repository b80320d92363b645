/* Since: what is another for the caller than it was at an earlier moment.
 *
 * Who has what was told him then, and takes the rows that are told now, has what he would be told now: a
 * reading is told when its present revision was made behind that moment, and as withdrawn when it has ceased
 * to be there. Of others' readings, where only what is approved is told, it counts when it began to be told,
 * or ceased to. Definitions, and who shares a line, are those of the moment that the answer speaks of. */
#ifndef BB_QUERY_SINCE_H
#define BB_QUERY_SINCE_H

#include "core.h"
#include "workers/measurement/model/reading.h"

struct bb_since {
    bool asked;
    uint64_t sequence;
};

/* asked: of the request, or NULL. 0 | 1 refused: it is behind the moment asked for | <0 */
int bb_since_find(struct bb_query *query, struct bb_query_step *step, const Bb__AsOf *asked,
                  struct bb_since *ret_since);

/* Is this reading, of an organization whose line the caller may see, to be told? reading: as it is at the
 * snapshot's sequence, be it withdrawn; becomes what is told of it. 0 | <0 */
int bb_since_judge(struct bb_query *query, struct bb_query_step *step, const struct bb_since *since,
                   const struct bb_reading_key *key, struct bb_reading *reading, bool *ret_told);

#endif
