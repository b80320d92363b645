/* Following the journal of measurement: what closed batches changed becomes messages (update.h).
 *
 * One request is open at a time. What it brings is written in the same round as how far it goes, so whoever
 * dies in between, nothing is lost and nothing comes twice. A reply of many messages takes several rounds,
 * each of which goes on where the one before ended.
 *
 * Where it is stands in the log: `followed`, everything up to this entry of measurement's journal; and
 * `followed_within`, of the batch that is closed next the indicators up to this one.
 *
 * Owned by the thread of the service; bb_follow_prepare() and what comes after it are parts of its round. */
#ifndef BB_FOLLOW_H
#define BB_FOLLOW_H

#include "caller.h"
#include "communication_core.h"

struct bb_follow;

/* 0 | -ENOMEM */
int bb_follow_new(struct bb_communication *c, const struct bb_caller *caller, struct bb_follow **ret_follow);
void bb_follow_destroy(struct bb_follow **follow);

/* The answer to what was asked. */
void bb_follow_called(struct bb_follow *follow, uint64_t id, const struct bb_call_result *result);

/* Stage what belongs to this round. 0 | <0 as the log says */
int bb_follow_prepare(struct bb_follow *follow);
/* The round is on disk: go on. Returns whether there is more to do at once. */
bool bb_follow_committed(struct bb_follow *follow);
/* The round was not kept. */
void bb_follow_lost(struct bb_follow *follow);

/* When a round is wanted, though nothing comes in. */
bb_mono bb_follow_next(const struct bb_follow *follow);

#endif
