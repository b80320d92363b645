/* Updates and restatements: the messages that follow from what a batch changed.
 *
 * For each indicator one `update` on its channel; and where values were corrected one `notice` on the channel
 * of each organization that had been given an old one, or that follows the indicator. A notice has the values
 * that its recipient may read, and of others who changed which periods. Ids follow from the batch, so whoever
 * writes the same again finds it written. */
#ifndef BB_UPDATE_H
#define BB_UPDATE_H

#include "communication_core.h"

#include "measurement.pb-c.h"

/* Append, in this round, what follows from the change of one indicator. The arena of the service is used.
 * ret_count: grows by the messages appended. 0 | <0 */
int bb_update_write(struct bb_communication *c, const Bb__ClosedBatch *batch,
                    const Bb__IndicatorChange *change, size_t *ret_count);

#endif
