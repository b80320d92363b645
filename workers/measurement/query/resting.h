/* Resting: memory that queries keep between two steps, all of them together. Only what is on a thread may
 * take memory worth mentioning (readers.h), so of what is half done there is only so much. Any thread. */
#ifndef BB_QUERY_RESTING_H
#define BB_QUERY_RESTING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define BB_RESTING_BYTES ((size_t)64 << 20)

struct bb_resting {
    size_t most;
    atomic_size_t bytes;
};

/* False: there is no room for so many more. resting may be NULL: then there is. */
bool bb_resting_take(struct bb_resting *resting, size_t bytes);
void bb_resting_give(struct bb_resting *resting, size_t bytes);

#endif
