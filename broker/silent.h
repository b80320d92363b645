/* Who was let in and has not spoken: how many of each organization.
 *
 * libzmq asks for a verdict on a key and does not say for which connection, and the key of a connection is
 * not known before its first message. So an acceptance counts as a silent connection until a connection of
 * its organization that is not younger speaks for the first time, or until `lifetime_ms` are over, by when
 * the broker has cut off who is still silent. One that went away without a word counts until then too: the
 * number is not below the truth.
 *
 * Opens nothing, sends nothing. Single-threaded. */
#ifndef BB_BROKER_SILENT_H
#define BB_BROKER_SILENT_H

#include "runtime/clock.h"

#include <stddef.h>
#include <stdint.h>

struct bb_silent {
    struct bb_silent_entry *ring; /* oldest first */
    size_t size, head, count;
    uint32_t *counts; /* by number of the organization */
    uint32_t n_counts;
    int64_t lifetime_ms;
};

void bb_silent_init(struct bb_silent *silent, int64_t lifetime_ms);
void bb_silent_release(struct bb_silent *silent);

/* How many there are of this organization now. */
uint32_t bb_silent_of(struct bb_silent *silent, bb_mono now, uint32_t number);
/* A key of the organization is let in. 0 | -ENOMEM: it is not counted */
int bb_silent_accepted(struct bb_silent *silent, bb_mono now, uint32_t number);
/* A connection of the organization has sent its first message; it began at `since`. */
void bb_silent_spoke(struct bb_silent *silent, bb_mono now, uint32_t number, bb_mono since);

#endif
