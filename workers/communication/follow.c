/*
 *               due, place read         answered                  all of it written
 *     RESTING ------------------> ASKING --------> WRITING ---------------------------> RESTING
 *        ^                           |                | the round was not kept
 *        +--- an error: later -------+----------------+
 *
 * The place is read from the log when it is not known: at the start, and after a round that was not kept. A
 * round that fills the map is not a fault: the same comes again. Without room on the disk nothing is asked;
 * messages of members are refused then, too. */
#include "follow.h"

#include "post.h"
#include "reviewed.h"
#include "update.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "runtime/faults.h"
#include "runtime/log.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS      30000  /* for a batch */
#define TIMEOUT_MS   600000 /* for the answer: a batch may be very large */
#define RETRY_MS     200    /* measurement is away */
#define LATER_MS     5000   /* ... or says that it cannot */
#define ROUND        1000u  /* messages of a round, about */
#define DECODE_BYTES ((size_t)16 << 20)
#define APART_MS     100 /* of the fault follow-apart */

enum state { RESTING, ASKING, WRITING };

struct place {
    uint64_t sequence;
    char within[BB_LIMIT_CODE_BYTES + 1]; /* "" at the beginning of the next batch */
};

struct bb_follow {
    struct bb_communication *c;
    struct bb_caller caller;
    enum state state;
    uint64_t call; /* number of the last one */
    bb_mono next;  /* RESTING: not before */
    bool known;    /* the place is */
    struct place place, staged;
    struct bb_arena arena; /* the reply */
    Bb__FollowReply *reply;
    size_t batch, indicator;               /* of the reply, to be written next */
    size_t staged_batch, staged_indicator; /* ... when this round is on disk */
    bool apart; /* fault follow-apart: the place is on disk, the messages are not */
};

int
bb_follow_new(struct bb_communication *c, const struct bb_caller *caller, struct bb_follow **ret_follow)
{
    struct bb_follow *follow = calloc(1, sizeof *follow);

    if (!follow)
        return -ENOMEM;
    follow->c = c;
    follow->caller = *caller;
    bb_arena_init(&follow->arena, DECODE_BYTES);
    *ret_follow = follow;
    return 0;
}

void
bb_follow_destroy(struct bb_follow **follow_pointer)
{
    struct bb_follow *follow = *follow_pointer;

    if (!follow)
        return;
    bb_arena_release(&follow->arena);
    free(follow);
    *follow_pointer = NULL;
}

static void
rest(struct bb_follow *follow, bb_mono ms)
{
    follow->state = RESTING;
    follow->next = follow->c->mono + ms;
    follow->reply = NULL;
    bb_arena_release(&follow->arena);
    bb_arena_init(&follow->arena, DECODE_BYTES);
}

/* The place */

static int
read_place(struct bb_follow *follow)
{
    struct place place = {.within = ""};
    struct bb_bytes within;
    int r = bb_msglog_number(follow->c->log, "followed", &place.sequence);

    if (r == 0)
        r = bb_msglog_get(follow->c->log, BB_LOG_META, bb_bytes_str("followed_within"), &within);
    if (r == 0 && within.len < sizeof place.within)
        memcpy(place.within, within.data, within.len);
    else if (r == 0)
        r = -EBADMSG;
    if (r < 0)
        return r;
    follow->place = place;
    follow->known = true;
    return 0;
}

static int
write_place(struct bb_follow *follow, const struct place *place)
{
    struct bb_bytes key = bb_bytes_str("followed_within");
    int r = bb_msglog_set_number(follow->c->log, "followed", place->sequence);

    if (r != 0)
        return r;
    return *place->within ? bb_msglog_put(follow->c->log, BB_LOG_META, key, bb_bytes_str(place->within))
                          : bb_msglog_delete(follow->c->log, BB_LOG_META, key);
}

static void
set_place(struct place *place, uint64_t sequence, const char *within)
{
    place->sequence = sequence;
    snprintf(place->within, sizeof place->within, "%s", within ? within : "");
}

/* Asking */

static void
ask(struct bb_follow *follow)
{
    Bb__FollowQuery query = BB__FOLLOW_QUERY__INIT;
    uint8_t body[64 + BB_LIMIT_CODE_BYTES];

    if (!bb_post_may(follow->c)) {
        rest(follow, LATER_MS);
        return;
    }
    query.after = follow->place.sequence;
    query.has_wait_ms = true;
    query.wait_ms = WAIT_MS;
    query.indicator = *follow->place.within ? follow->place.within : NULL;
    if (follow->caller.call(follow->caller.self, ++follow->call, BB_METHOD_MEASUREMENT_FOLLOW, TIMEOUT_MS,
                            bb_bytes(body, bb__follow_query__pack(&query, body))) == 0)
        follow->state = ASKING;
    else
        rest(follow, RETRY_MS);
}

static void
take_error(struct bb_follow *follow, const struct bb_call_result *result)
{
    static struct bb_log_limit limit = BB_LOG_LIMIT(1);
    bool passes = bb_error_retryable(result->code);

    if (!passes && bb_log_allow(&limit))
        bb_error("measurement cannot be followed behind entry %llu: %s: %.*s",
                 (unsigned long long)follow->place.sequence, bb_error_name(result->code),
                 (int)result->message.len, (const char *)result->message.data);
    rest(follow, passes ? RETRY_MS : LATER_MS);
}

void
bb_follow_called(struct bb_follow *follow, uint64_t id, const struct bb_call_result *result)
{
    if (follow->state != ASKING || id != follow->call)
        return;
    if (result->code != 0) {
        take_error(follow, result);
        return;
    }
    follow->batch = follow->indicator = 0;
    follow->apart = false;
    if (bb_unpack(bb__follow_reply, result->body, &follow->arena, &follow->reply) != 0 ||
        follow->reply->sequence < follow->place.sequence) {
        bb_error("the answer of measurement.follow cannot be read");
        rest(follow, LATER_MS);
        return;
    }
    follow->state = WRITING;
}

/* Writing */

/* Where a follower is that has written all up to the indicator that was staged last. */
static void
stage_place(struct bb_follow *follow)
{
    const Bb__FollowReply *reply = follow->reply;

    if (follow->staged_batch == reply->n_batch) {
        set_place(&follow->staged, reply->sequence, reply->indicator);
    } else if (follow->staged_indicator > 0) {
        const Bb__ClosedBatch *batch = reply->batch[follow->staged_batch];
        set_place(&follow->staged, batch->sequence - 1,
                  batch->indicator[follow->staged_indicator - 1]->indicator);
    } else if (follow->staged_batch > 0) {
        set_place(&follow->staged, reply->batch[follow->staged_batch - 1]->sequence, NULL);
    }
}

/* Updates and restatements of some indicators, the next ones. */
static int
stage_messages(struct bb_follow *follow)
{
    const Bb__FollowReply *reply = follow->reply;
    size_t count = 0;
    int r = 0;

    while (r == 0 && count < ROUND && follow->staged_batch < reply->n_batch) {
        const Bb__ClosedBatch *batch = reply->batch[follow->staged_batch];
        if (follow->staged_indicator < batch->n_indicator) {
            r = bb_update_write(follow->c, batch, batch->indicator[follow->staged_indicator++], &count);
        } else {
            if (batch->review)
                r = bb_reviewed_write(follow->c, batch, &count);
            follow->staged_batch++;
            follow->staged_indicator = 0;
        }
    }
    return r;
}

/* Test builds only: the place goes first, in a round of its own. */
static int
stage_apart(struct bb_follow *follow)
{
    if (follow->apart && follow->c->mono < follow->next)
        return 0;
    if (follow->apart)
        return stage_messages(follow);
    set_place(&follow->staged, follow->reply->sequence, follow->reply->indicator);
    follow->apart = true;
    follow->next = follow->c->mono + APART_MS;
    return write_place(follow, &follow->staged);
}

static int
stage(struct bb_follow *follow)
{
    int r;

    follow->staged = follow->place;
    follow->staged_batch = follow->batch;
    follow->staged_indicator = follow->indicator;
    if (bb_fault("follow-apart"))
        return stage_apart(follow);
    r = stage_messages(follow);
    if (r == 0)
        stage_place(follow);
    if (r == 0 && (follow->staged.sequence != follow->place.sequence ||
                   strcmp(follow->staged.within, follow->place.within) != 0))
        r = write_place(follow, &follow->staged);
    return r;
}

int
bb_follow_prepare(struct bb_follow *follow)
{
    if (follow->state == WRITING)
        return stage(follow);
    return follow->known ? 0 : read_place(follow);
}

bool
bb_follow_committed(struct bb_follow *follow)
{
    if (follow->state == WRITING) {
        follow->place = follow->staged;
        follow->batch = follow->staged_batch;
        follow->indicator = follow->staged_indicator;
        if (follow->batch < follow->reply->n_batch)
            return true;
        rest(follow, 0);
    }
    if (follow->state == RESTING && follow->known && follow->c->mono >= follow->next)
        ask(follow);
    return false;
}

void
bb_follow_lost(struct bb_follow *follow)
{
    follow->known = false;
    if (follow->state == WRITING)
        rest(follow, RETRY_MS);
}

bb_mono
bb_follow_next(const struct bb_follow *follow)
{
    return follow->state == RESTING ? follow->next : BB_NEVER;
}
