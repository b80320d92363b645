/* Inside of following: what its files share. Only follow*.c include this.
 *
 * follow.c goes through the journal and fills the reply, follow_change.c says of one indicator what a batch
 * changed. */
#ifndef BB_FOLLOW_CORE_H
#define BB_FOLLOW_CORE_H

#include "digest.h"
#include "follow.h"

#include "workers/measurement/store/closed.h"

struct bb_following {
    const struct bb_follow *follow;
    struct bb_query_failure *failure;
    struct bb_closed closed;
    uint64_t position;       /* of the views */
    const char *indicator;   /* of the batch in hand: from behind this one on */
    struct bb_arena arena;   /* the reply */
    struct bb_arena scratch; /* one indicator of it */
    struct bb_buffer codes;  /* given */
    struct bb_buffer told;   /* what the batch in hand tells them */
    Bb__FollowReply reply;
    size_t batch_size;
    size_t bytes; /* of the reply so far, about */
    bool full;
};

enum { BB_FOLLOW_E_NOTHING = 16 };

/* What the batch that was digested changed of indicator number i, until the scratch arena is reset. 0 |
 * BB_FOLLOW_E_NOTHING | -ENOMEM | -EBADMSG | -ECANCELED */
int bb_follow_describe(struct bb_following *f, struct bb_digest *digest, uint32_t i, uint64_t sequence,
                       Bb__IndicatorChange **ret_change);

/* NULL: out of memory */
char *bb_follow_text(struct bb_arena *arena, const char *text);

#endif
