/* Entries: which entry of the journal made each row of an answer, and when, in the shape in which the parts
 * of readings.list and readings.history say it (proto/measurement.proto).
 *
 * Many rows come from few entries: those stand once, each as its difference from the one before, and a row
 * has the index of its own. */
#ifndef BB_ENTRIES_H
#define BB_ENTRIES_H

#include "proto/arena.h"

#include <stdint.h>

/* As the message has them. */
struct bb_entries {
    size_t n_sequence, n_time_us;
    const int64_t *sequence, *time_us; /* differences, the first from 0 */
    size_t n_entry;
    const uint32_t *entry; /* of each row; none: all have the first */
};

/* Added up. */
struct bb_entry_times {
    const uint64_t *sequence, *time_us; /* by entry; NULL: there are none */
    const uint32_t *entry;              /* of each row; NULL: all have the first */
};

/* For `count` rows; in the arena, and borrowed from the entries. 0 | -EBADMSG they do not fit | -EMSGSIZE no
 * room */
int bb_entries_read(const struct bb_entries *entries, uint32_t count, struct bb_arena *arena,
                    struct bb_entry_times *ret_times);

/* Where a row's sequence and time are. */
static inline uint32_t
bb_entry_of(const struct bb_entry_times *times, uint32_t row)
{
    return times->entry ? times->entry[row] : 0;
}

#endif
