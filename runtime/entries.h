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

/* Of each of `count` rows its sequence and time, in the arena; NULL when there are no entries.
 * 0 | -EBADMSG they do not fit | -EMSGSIZE no room */
int bb_entries_rows(const struct bb_entries *entries, uint32_t count, struct bb_arena *arena,
                    const uint64_t **ret_sequence, const uint64_t **ret_time_us);

#endif
