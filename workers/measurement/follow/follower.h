/* The follower: a thread that answers measurement.follow, beside the readers.
 *
 * A request waits until a batch is closed behind the place that it names, or until its time is up; then it is
 * told how far was looked. Few may wait at a time, since there is one service that follows. All functions are
 * for the owner's thread; answers come back through bb_follower_collect(), and `wake` says that there are
 * some. */
#ifndef BB_FOLLOWER_H
#define BB_FOLLOWER_H

#include "runtime/clock.h"
#include "workers/measurement/query/query.h"

/* Requests that may wait at a time. */
#define BB_FOLLOWER_WAITING 4u

struct bb_follower;

struct bb_follower_sink {
    void (*reply)(void *self, uint64_t tag, struct bb_bytes body);
    void (*fail)(void *self, uint64_t tag, uint32_t code, const char *message);
    void (*wake)(void *self); /* on the follower's thread */
    void *self;
};

/* 0 | -errno */
int bb_follower_new(const struct bb_query_context *context, const struct bb_follower_sink *sink,
                    struct bb_follower **ret_follower);
void bb_follower_destroy(struct bb_follower **follower);

/* Take a request: the packed FollowQuery as it came. */
void bb_follower_ask(struct bb_follower *follower, uint64_t tag, struct bb_bytes body);
void bb_follower_cancel(struct bb_follower *follower, uint64_t tag);
void bb_follower_cancel_all(struct bb_follower *follower);

/* Nobody waits any longer: what is there is told. */
void bb_follower_hurry(struct bb_follower *follower);

/* The views have reached this sequence. */
void bb_follower_applied(struct bb_follower *follower, uint64_t sequence);

/* Give answers to the sink. Were there any? */
bool bb_follower_collect(struct bb_follower *follower);

#endif
