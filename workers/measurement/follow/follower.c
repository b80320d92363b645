/* A request is in one of the slots from when it comes until its answer is collected. The thread takes one
 * that is due: the views have what it has not looked at yet, or its time is up. The lock covers the slots;
 * while the thread works on one, that slot is busy, and who cancels it only marks it. */
#include "follower.h"

#include "follow.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/log.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum place { FREE, WAITING, BUSY, ANSWERED };

struct ask {
    enum place place;
    uint64_t tag;
    uint64_t after; /* everything up to here was looked at */
    char indicator[BB_LIMIT_CODE_BYTES + 1];
    bb_mono until;
    bool looked; /* once at least */
    bool cancelled;
    uint32_t code; /* of the answer: an error, and message below; 0 body */
    char message[512];
    struct bb_buffer body;
};

struct bb_follower {
    struct bb_query_context context;
    struct bb_follower_sink sink;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool stop;
    struct ask ask[BB_FOLLOWER_WAITING];
    uint64_t applied;
    bool hurry;
};

/* On the thread */

static bool
is_due(const struct bb_follower *follower, const struct ask *ask, bb_mono now)
{
    return ask->place == WAITING &&
           (!ask->looked || ask->after < follower->applied || follower->hurry || now >= ask->until);
}

/* The next that is due, once there is one; NULL to stop. Under the lock. */
static struct ask *
next_ask(struct bb_follower *follower)
{
    while (!atomic_load(&follower->stop)) {
        bb_mono now = bb_clock_mono(), until = BB_NEVER;
        for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++) {
            struct ask *ask = &follower->ask[i];
            if (is_due(follower, ask, now))
                return ask;
            if (ask->place == WAITING && ask->until < until)
                until = ask->until;
        }
        if (until == BB_NEVER) {
            pthread_cond_wait(&follower->changed, &follower->lock);
        } else {
            const struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
            pthread_cond_timedwait(&follower->changed, &follower->lock, &at);
        }
    }
    return NULL;
}

/* Without the lock: the slot is busy, and only its mark of a cancel may change. */
static int
look(struct bb_follower *follower, struct ask *ask, bool *ret_found)
{
    const struct bb_follow follow = {.context = &follower->context,
                                     .stop = &follower->stop,
                                     .after = ask->after,
                                     .indicator = *ask->indicator ? ask->indicator : NULL};
    struct bb_query_failure failure = {.code = BB_ERROR_INTERNAL};
    struct bb_followed followed = {.sequence = ask->after, .within = true};
    int r = bb_follow(&follow, &ask->body, &followed, &failure);

    ask->looked = true;
    ask->after = followed.sequence;
    if (!followed.within)
        *ask->indicator = '\0';
    *ret_found = followed.found;
    ask->code = 0;
    if (r < 0 && r != -ECANCELED)
        bb_error("a batch cannot be told of: %s: %s", strerror(-r), failure.message);
    if (r < 0)
        failure = (struct bb_query_failure){.code = BB_ERROR_INTERNAL,
                                            .message =
                                                "a stored record cannot be read; the operator has been told"};
    if (r != 0) {
        ask->code = failure.code;
        snprintf(ask->message, sizeof ask->message, "%s", failure.message);
    }
    return r;
}

static void *
run(void *argument)
{
    struct bb_follower *follower = argument;
    struct ask *ask;

    pthread_mutex_lock(&follower->lock);
    while ((ask = next_ask(follower))) {
        bool found = false, over = follower->hurry || bb_clock_mono() >= ask->until;
        ask->place = BUSY;
        pthread_mutex_unlock(&follower->lock);
        int r = look(follower, ask, &found);
        pthread_mutex_lock(&follower->lock);
        if (ask->cancelled)
            ask->place = FREE;
        else if (r == 0 && !found && !over)
            ask->place = WAITING;
        else
            ask->place = ANSWERED;
        if (ask->place == ANSWERED)
            follower->sink.wake(follower->sink.self);
    }
    pthread_mutex_unlock(&follower->lock);
    return NULL;
}

/* On the owner's thread */

static int
init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int r = pthread_condattr_init(&attributes);

    if (r != 0)
        return -r;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* as bb_clock_mono() */
    r = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return -r;
}

int
bb_follower_new(const struct bb_query_context *context, const struct bb_follower_sink *sink,
                struct bb_follower **ret_follower)
{
    struct bb_follower *follower = calloc(1, sizeof *follower);
    int r;

    if (!follower)
        return -ENOMEM;
    r = init_condition(&follower->changed);
    if (r != 0) {
        free(follower);
        return r;
    }
    pthread_mutex_init(&follower->lock, NULL);
    follower->context = *context;
    follower->context.bytes = 0; /* of a query */
    follower->sink = *sink;
    for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++)
        bb_buffer_init(&follower->ask[i].body, BB_LIMIT_FRAME_BYTES);
    r = -pthread_create(&follower->thread, NULL, run, follower);
    follower->started = r == 0;
    if (r != 0)
        bb_follower_destroy(&follower);
    else
        *ret_follower = follower;
    return r;
}

void
bb_follower_destroy(struct bb_follower **follower_pointer)
{
    struct bb_follower *follower = *follower_pointer;

    if (!follower)
        return;
    if (follower->started) {
        pthread_mutex_lock(&follower->lock);
        atomic_store(&follower->stop, true);
        pthread_cond_signal(&follower->changed);
        pthread_mutex_unlock(&follower->lock);
        pthread_join(follower->thread, NULL);
    }
    for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++)
        bb_buffer_release(&follower->ask[i].body);
    pthread_cond_destroy(&follower->changed);
    pthread_mutex_destroy(&follower->lock);
    free(follower);
    *follower_pointer = NULL;
}

static struct ask *
free_slot(struct bb_follower *follower)
{
    for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++)
        if (follower->ask[i].place == FREE)
            return &follower->ask[i];
    return NULL;
}

static void
enter(struct bb_follower *follower, struct ask *ask, uint64_t tag, const Bb__FollowQuery *query)
{
    uint32_t wait_ms = query->wait_ms < BB_LIMIT_TIMEOUT_MS ? query->wait_ms : BB_LIMIT_TIMEOUT_MS;

    ask->place = WAITING;
    ask->tag = tag;
    ask->after = query->after;
    snprintf(ask->indicator, sizeof ask->indicator, "%s", query->indicator ? query->indicator : "");
    ask->until = bb_clock_mono() + wait_ms;
    ask->cancelled = ask->looked = false;
    pthread_cond_signal(&follower->changed);
}

void
bb_follower_ask(struct bb_follower *follower, uint64_t tag, struct bb_bytes body)
{
    const struct bb_follower_sink *sink = &follower->sink;
    Bb__FollowQuery *query;
    struct bb_arena arena;
    struct ask *ask;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    if (bb_unpack(bb__follow_query, body, &arena, &query) != 0) {
        sink->fail(sink->self, tag, BB_ERROR_MALFORMED, "the request is not a FollowQuery");
    } else if (query->indicator && strlen(query->indicator) > BB_LIMIT_CODE_BYTES) {
        sink->fail(sink->self, tag, BB_ERROR_INVALID, "indicator: expected a code of an earlier reply");
    } else {
        pthread_mutex_lock(&follower->lock);
        ask = free_slot(follower);
        if (ask)
            enter(follower, ask, tag, query);
        pthread_mutex_unlock(&follower->lock);
        if (!ask)
            sink->fail(sink->self, tag, BB_ERROR_OVERLOADED,
                       "too many requests wait for batches to be closed");
    }
    bb_arena_release(&arena);
}

static void
cancel(struct ask *ask)
{
    if (ask->place == BUSY)
        ask->cancelled = true;
    else
        ask->place = FREE;
}

void
bb_follower_cancel(struct bb_follower *follower, uint64_t tag)
{
    pthread_mutex_lock(&follower->lock);
    for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++)
        if (follower->ask[i].place != FREE && follower->ask[i].tag == tag)
            cancel(&follower->ask[i]);
    pthread_mutex_unlock(&follower->lock);
}

void
bb_follower_cancel_all(struct bb_follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++)
        cancel(&follower->ask[i]);
    pthread_mutex_unlock(&follower->lock);
}

void
bb_follower_hurry(struct bb_follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    follower->hurry = true;
    pthread_cond_signal(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
}

void
bb_follower_applied(struct bb_follower *follower, uint64_t sequence)
{
    pthread_mutex_lock(&follower->lock);
    follower->applied = sequence;
    pthread_cond_signal(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
}

bool
bb_follower_collect(struct bb_follower *follower)
{
    const struct bb_follower_sink *sink = &follower->sink;
    bool any = false;

    pthread_mutex_lock(&follower->lock);
    for (unsigned i = 0; i < BB_FOLLOWER_WAITING; i++) {
        struct ask *ask = &follower->ask[i];
        if (ask->place != ANSWERED)
            continue;
        if (ask->code)
            sink->fail(sink->self, ask->tag, ask->code, ask->message);
        else
            sink->reply(sink->self, ask->tag, bb_buffer_bytes(&ask->body));
        ask->place = FREE;
        any = true;
    }
    pthread_mutex_unlock(&follower->lock);
    return any;
}
