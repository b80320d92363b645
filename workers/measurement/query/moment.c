/* The moment of an answer, for what depends on the time: what is due, and what is retired. */
#include "core.h"

#include "runtime/clock.h"

int
bb_query_moment(struct bb_query *query, struct bb_query_step *step, const Bb__AsOf *as_of, bb_utc *ret_now)
{
    struct bb_entry entry;
    int r;

    *ret_now = query->context.utc ? query->context.utc() : bb_clock_utc();
    if (as_of && as_of->has_time_us && (bb_utc)as_of->time_us < *ret_now) {
        *ret_now = (bb_utc)as_of->time_us;
    } else if (as_of && as_of->has_sequence && query->sequence > 0) {
        r = bb_snapshot_entry(&step->snapshot, query->sequence, &entry);
        if (r != 0)
            return r;
        *ret_now = entry.time;
    }
    return 0;
}
