/* When what has gathered goes to the views, and how much may gather.
 *
 * A query waits for about one transaction of the views, so one should stay near half a second. How many rows
 * that is follows from how long the last ones took: in the order of the store a million rows go in a second,
 * scattered ones a tenth of that. Above the bound commands are to wait in the broker. Pure: time comes in. */
#ifndef BB_PACE_H
#define BB_PACE_H

#include "runtime/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct bb_pace {
    size_t most_rows, most_bytes; /* what may wait, however fast it would go */
    size_t bound;                 /* rows that may wait now */
    bb_mono pending_since;        /* when the oldest thing that waits came; 0 nothing waits */
    bb_mono last_command;         /* when a command came last */
    size_t given_rows;            /* to the applier, last */
    bb_mono given_at;
};

struct bb_pace bb_pace(size_t most_rows, size_t most_bytes);

/* A command came. */
void bb_pace_command(struct bb_pace *pace, bb_mono now);

/* Nothing waits. */
void bb_pace_nothing(struct bb_pace *pace);

/* Something waits, of so many rows, while the applier is idle. wanted: by a query. Should it go now? */
bool bb_pace_due(struct bb_pace *pace, bb_mono now, size_t rows, bool wanted);

/* When to ask again, if nothing else happens. */
bb_mono bb_pace_next(const struct bb_pace *pace, bb_mono now);

/* What waited went to the applier; it is in the views. */
void bb_pace_given(struct bb_pace *pace, bb_mono now, size_t rows);
void bb_pace_applied(struct bb_pace *pace, bb_mono now);

/* Must commands wait in the broker? */
bool bb_pace_full(const struct bb_pace *pace, size_t rows, size_t bytes);

#endif
