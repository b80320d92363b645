/* Presence: what of a reading tells whether its organization has reported, and when it first did.
 *
 * It stands behind the reading's key in the view `by_organization`, so that who has reported what for a
 * period is one walk over what stands together. Pure. */
#ifndef BB_PRESENCE_H
#define BB_PRESENCE_H

#include "reading.h"

/* On disk; never reused. */
enum bb_presence_kind {
    BB_PRESENCE_VALUE = 1,       /* a value other than zero */
    BB_PRESENCE_ZERO = 2,        /* zero */
    BB_PRESENCE_UNAVAILABLE = 3, /* a state that says that there is no value */
    BB_PRESENCE_WITHDRAWN = 4,   /* as if it were not there */
};

struct bb_presence {
    enum bb_presence_kind kind;
    uint64_t first; /* sequence of the entry that made its first revision */
};

#define BB_PRESENCE_PACKED (1 + 9)

enum bb_presence_kind bb_presence_of(const struct bb_reading *reading);

/* kind | first */
size_t bb_presence_pack(const struct bb_presence *presence, uint8_t out[static BB_PRESENCE_PACKED]);
/* 0 | -EBADMSG */
int bb_presence_unpack(struct bb_bytes in, struct bb_presence *ret_presence);

#endif
