#include "pace.h"

#define QUIET_MS   3     /* without commands: the applier may have the disk */
#define OLDEST_MS  500   /* nothing waits longer than this while the applier is idle */
#define MUCH_ROWS  50000 /* worth a transaction of its own */
#define APPLY_MS   500   /* what a transaction of the views should take at most */
#define LEAST_ROWS 10000 /* smaller ones cost several times as much a row */

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct bb_pace
bb_pace(size_t most_rows, size_t most_bytes)
{
    return (struct bb_pace){.most_rows = most_rows, .most_bytes = most_bytes, .bound = most_rows};
}

void
bb_pace_command(struct bb_pace *pace, bb_mono now)
{
    pace->last_command = now;
}

void
bb_pace_nothing(struct bb_pace *pace)
{
    pace->pending_since = 0;
}

bool
bb_pace_due(struct bb_pace *pace, bb_mono now, size_t rows, bool wanted)
{
    if (!pace->pending_since)
        pace->pending_since = now;
    return wanted || rows >= least(MUCH_ROWS, pace->bound) || now - pace->last_command >= QUIET_MS ||
           now - pace->pending_since >= OLDEST_MS;
}

bb_mono
bb_pace_next(const struct bb_pace *pace, bb_mono now)
{
    bb_mono quiet = pace->last_command + QUIET_MS;

    return quiet > now ? quiet : now + 1;
}

void
bb_pace_given(struct bb_pace *pace, bb_mono now, size_t rows)
{
    pace->pending_since = 0;
    pace->given_at = now;
    pace->given_rows = rows;
}

void
bb_pace_applied(struct bb_pace *pace, bb_mono now)
{
    bb_mono took = now - pace->given_at;
    size_t bound;

    if (pace->given_rows < least(MUCH_ROWS, pace->bound) / 2 && took < APPLY_MS)
        return; /* too little to learn from */
    bound = pace->given_rows * APPLY_MS / (size_t)(took > 0 ? took : 1);
    pace->bound = least(bound > LEAST_ROWS ? bound : LEAST_ROWS, pace->most_rows);
}

bool
bb_pace_full(const struct bb_pace *pace, size_t rows, size_t bytes)
{
    return rows >= pace->bound || bytes >= pace->most_bytes;
}
