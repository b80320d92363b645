/* malloc_trim(3) takes about 4 ms for the 200 MB that 2,000 connections leave behind, and holds the heap of
 * libzmq's thread meanwhile. So it waits until a crowd has gone; where connections come and go all the time
 * it comes seldom. */
#include "trim.h"

void
bb_trim_closed(struct bb_trim *trim, bb_mono now)
{
    if (trim->closed == 0)
        trim->first = now;
    trim->last = now;
    if (trim->closed < UINT32_MAX)
        trim->closed++;
}

bool
bb_trim_is_due(struct bb_trim *trim, bb_mono now)
{
    if (trim->closed < BB_TRIM_CLOSED)
        return false;
    if (now - trim->last < BB_TRIM_QUIET_MS && now - trim->first < BB_TRIM_LATE_MS)
        return false;
    trim->closed = 0;
    return true;
}
