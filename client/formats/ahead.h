/* A feed whose first bytes can be looked at before anybody reads them: what a file is, when nobody says. */
#ifndef BB_FORMATS_AHEAD_H
#define BB_FORMATS_AHEAD_H

#include "feed.h"

#include "proto/bytes.h"

#define BB_AHEAD_BYTES 4096u

struct bb_ahead {
    struct bb_feed from;
    uint8_t block[BB_AHEAD_BYTES];
    size_t at, end;
};

/* from: its memory is the caller's. */
void bb_ahead_init(struct bb_ahead *ahead, struct bb_feed from);
/* The feed to read from: all that `from` has. Valid as long as `ahead` stays where it is. */
struct bb_feed bb_ahead_feed(struct bb_ahead *ahead);

/* The first character that is no blank, within the first BB_AHEAD_BYTES; 0: there is none. To be called
 * before anything is read. 0 | -errno of the feed */
int bb_ahead_first(struct bb_ahead *ahead, uint8_t *ret_first);

#endif
