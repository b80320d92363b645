/* A walk over messages in the order of the log, forward or back: over all of it, or over those of some
 * channels.
 *
 * It holds where it is and nothing of the store, so it goes on in any later round; what was removed meanwhile
 * is passed over. */
#ifndef BB_WALK_H
#define BB_WALK_H

#include "log.h"

/* The nearest message of a channel, as it was found last. */
struct bb_walk_channel {
    uint32_t number;
    uint64_t next;     /* forward; 0: not looked for, UINT64_MAX: none */
    uint64_t previous; /* back; UINT64_MAX: not looked for, 0: none */
};

struct bb_walk {
    uint64_t position;               /* of the message that was met last */
    struct bb_walk_channel *channel; /* the owner's, who sets only `number`; see bb_walk_over() */
    size_t n;                        /* 0: all of the log */
};

/* Over these channels, from a position on. */
void bb_walk_over(struct bb_walk *walk, struct bb_walk_channel *channel, size_t n, uint64_t position);

/* The first message above the position, or the last one below it, which becomes the position. A message of
 * several of the channels is met once. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_walk_next(struct bb_msglog *log, struct bb_walk *walk, struct bb_record *ret_record);
int bb_walk_previous(struct bb_msglog *log, struct bb_walk *walk, struct bb_record *ret_record);

#endif
