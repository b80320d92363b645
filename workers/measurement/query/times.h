/* Times: when entries of the journal were made, of those that answers speak of again and again.
 *
 * An entry never changes, and reading one means to check all of it, which may be much more than its time. In
 * memory, bounded; what is not here is read. Any thread. */
#ifndef BB_TIMES_H
#define BB_TIMES_H

#include "runtime/clock.h"

#include <stdbool.h>

struct bb_times;

/* 0 | -ENOMEM */
int bb_times_new(struct bb_times **ret_times);
void bb_times_destroy(struct bb_times **times);

bool bb_times_find(struct bb_times *times, uint64_t sequence, bb_utc *ret_time);
void bb_times_keep(struct bb_times *times, uint64_t sequence, bb_utc time);

#endif
