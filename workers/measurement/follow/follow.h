/* Following: what the batches changed that were closed behind a place in the journal (measurement.follow).
 *
 * A batch is closed by an entry of its own, or, if it is of one submission, by that submission. What it
 * changed is found again from the entries and the views (digest.h), so a repeat gives the same, whoever died
 * in between; a batch that was opened again and closed again tells only what came since it was closed before.
 * For values that were corrected it says who had been given the old one (given.h). A reply is never larger
 * than a frame: what has no room comes with the next one, if need be from the middle of a batch.
 *
 * One thread at a time for a record of what was given. */
#ifndef BB_FOLLOW_H
#define BB_FOLLOW_H

#include "workers/measurement/query/query.h"

#include <stdatomic.h>

struct bb_follow {
    const struct bb_query_context *context; /* bytes: memory for one digest, 0 the usual */
    const atomic_bool *stop;                /* NULL, or: give up */
    uint64_t after;                         /* of the request */
    const char *indicator;                  /* ... or NULL */
    size_t reply_bytes;                     /* largest reply; 0 the usual */
};

struct bb_followed {
    uint64_t sequence; /* what the reply says */
    bool found;        /* it has a batch, or goes on within one */
    bool within;       /* the indicator of the request is still to be named: its batch was not met */
};

/* The packed FollowReply, as far as the views are. out: emptied first.
 * 0 | 1 `failure` says why not | -ECANCELED stopped | <0 the store cannot be read */
int bb_follow(const struct bb_follow *follow, struct bb_buffer *out, struct bb_followed *ret_followed,
              struct bb_query_failure *failure);

#endif
