/* Reviews: the notices of what was said of reports.
 *
 * When staff returns, approves, locks or unlocks what an organization reported for a period, that
 * organization is told on its channel, with the comment. An id follows from the entry, so whoever writes the
 * same again finds it written. */
#ifndef BB_REVIEWED_H
#define BB_REVIEWED_H

#include "communication_core.h"

#include "measurement.pb-c.h"

/* Append, in this round, the notice of a batch that is a review; none where the organization takes no part
 * any more. ret_count: grows by the messages appended. 0 | <0 */
int bb_reviewed_write(struct bb_communication *c, const Bb__ClosedBatch *batch, size_t *ret_count);

#endif
