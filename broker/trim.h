/* When to give free memory back to the system.
 *
 * A connection takes some 40 kB of libzmq's, on the heap of libzmq's thread. What is freed there stays with
 * the process: glibc gives back only the end of such a heap, by itself, and one small block that lives keeps
 * all below it. Without this, one burst of connections is paid for until the process ends.
 *
 * A decision only: told of connections that end, and asked now and then. */
#ifndef BB_BROKER_TRIM_H
#define BB_BROKER_TRIM_H

#include "runtime/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define BB_TRIM_CLOSED   64u   /* connections that are worth it */
#define BB_TRIM_QUIET_MS 300   /* after the last of them */
#define BB_TRIM_LATE_MS  10000 /* or, when it is never quiet, after the first */

/* Zero it. */
struct bb_trim {
    uint32_t closed; /* since the last time */
    bb_mono first, last;
};

/* A connection has ended. */
void bb_trim_closed(struct bb_trim *trim, bb_mono now);
/* Is it time? When it is, it counts as done. */
bool bb_trim_is_due(struct bb_trim *trim, bb_mono now);

#endif
