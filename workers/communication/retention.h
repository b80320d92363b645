/* How long messages are kept: by age and by number, for each channel.
 *
 * The rules are the configuration's: what holds for every channel, and exceptions for channels and patterns,
 * of which the first that selects a channel decides. Trimming goes on a little in each round that has time
 * for it. */
#ifndef BB_RETENTION_H
#define BB_RETENTION_H

#include "communication_core.h"

/* Remove some of what is not kept any more, in this round; and some records of deliveries of what is gone.
 * ret_more: there is more to remove. 0 | <0 */
int bb_retention_run(struct bb_communication *c, bool *ret_more);

#endif
