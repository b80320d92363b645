/* What was said of a unit, as of a moment. */
#ifndef BB_QUERY_REVIEW_H
#define BB_QUERY_REVIEW_H

#include "workers/measurement/model/reading.h"
#include "workers/measurement/model/review.h"
#include "workers/measurement/store/snapshot.h"

/* As of the snapshot's sequence. ret_sequence: of the entry that said so; 0: nothing was said, and it is a
 * draft. Texts are borrowed from the snapshot. 0 | -EBADMSG | -errno */
int bb_snapshot_review(struct bb_snapshot *snapshot, const struct bb_review_unit *unit,
                       struct bb_review *ret_review, uint64_t *ret_sequence);

/* Is the unit of this reading approved, or locked, as of the snapshot's sequence? 0 | <0 */
int bb_snapshot_is_approved(struct bb_snapshot *snapshot, const struct bb_reading_key *key,
                            bool *ret_approved);

#endif
