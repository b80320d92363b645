/* One generation in hand, guarded by the lock: given (generation set), done (it is in the views), collected
 * (NULL again). The writer's thread sets it and takes it away, this thread only sets `done` or `error`;
 * between give and collect both read it and nobody writes.
 *
 * A generation is one transaction, with the position in it: after a kill the views are before it or behind
 * it, and the next start goes on from there. Want of room is waited out, since the journal has everything;
 * any other failure is for an operator, and is kept (`error`), so that every collect tells it again. At the
 * end of the program the generation in hand is finished, unless it waits for room: then it is left to the
 * next start. */
#include "applier.h"

#include "apply.h"

#include "runtime/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct bb_applier {
    const struct bb_views *views;
    struct bb_applier_sink sink;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct bb_generation *generation; /* in hand; NULL idle */
    bool done;                              /* it is in the views */
    bool stuck;                             /* it waits for room on the disk */
    bool stop;
    int error;
};

/* Apply, again and again while the disk is full. 0 | <0 */
static int
apply_until_room(struct bb_applier *applier, const struct bb_generation *generation)
{
    static struct bb_log_limit limit = BB_LOG_LIMIT(1);
    int r;

    while ((r = bb_apply(applier->views, generation)) == -ENOSPC) {
        struct timespec until;
        bool stop;
        if (bb_log_allow(&limit))
            bb_error("no room on the disk for the views: trying again every second");
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_mutex_lock(&applier->lock);
        if (!applier->stuck)
            applier->sink.wake(applier->sink.self);
        applier->stuck = true;
        if (!applier->stop)
            pthread_cond_timedwait(&applier->changed, &applier->lock, &until);
        stop = applier->stop;
        pthread_mutex_unlock(&applier->lock);
        if (stop)
            break;
    }
    return r;
}

static void *
run(void *argument)
{
    struct bb_applier *applier = argument;

    pthread_mutex_lock(&applier->lock);
    for (;;) {
        while (!applier->stop && (!applier->generation || applier->done || applier->error))
            pthread_cond_wait(&applier->changed, &applier->lock);
        if (!applier->generation || applier->done || applier->error)
            break;
        const struct bb_generation *generation = applier->generation;
        pthread_mutex_unlock(&applier->lock);
        applier->sink.coming(applier->sink.self, generation);
        int r = apply_until_room(applier, generation);
        if (r == 0)
            applier->sink.applied(applier->sink.self, generation);
        pthread_mutex_lock(&applier->lock);
        applier->stuck = false;
        applier->done = r == 0;
        applier->error = r;
        applier->sink.wake(applier->sink.self);
    }
    pthread_mutex_unlock(&applier->lock);
    return NULL;
}

int
bb_applier_new(const struct bb_views *views, const struct bb_applier_sink *sink,
               struct bb_applier **ret_applier)
{
    struct bb_applier *applier = calloc(1, sizeof *applier);
    int r;

    if (!applier)
        return -ENOMEM;
    applier->views = views;
    applier->sink = *sink;
    pthread_mutex_init(&applier->lock, NULL);
    pthread_cond_init(&applier->changed, NULL);
    r = -pthread_create(&applier->thread, NULL, run, applier);
    applier->started = r == 0;
    if (r != 0)
        bb_applier_destroy(&applier);
    else
        *ret_applier = applier;
    return r;
}

void
bb_applier_destroy(struct bb_applier **applier_pointer)
{
    struct bb_applier *applier = *applier_pointer;

    if (!applier)
        return;
    if (applier->started) {
        pthread_mutex_lock(&applier->lock);
        applier->stop = true;
        pthread_cond_signal(&applier->changed);
        pthread_mutex_unlock(&applier->lock);
        pthread_join(applier->thread, NULL);
    }
    pthread_cond_destroy(&applier->changed);
    pthread_mutex_destroy(&applier->lock);
    free(applier);
    *applier_pointer = NULL;
}

void
bb_applier_give(struct bb_applier *applier, const struct bb_generation *generation)
{
    pthread_mutex_lock(&applier->lock);
    applier->generation = generation;
    applier->done = false;
    pthread_cond_signal(&applier->changed);
    pthread_mutex_unlock(&applier->lock);
}

int
bb_applier_collect(struct bb_applier *applier)
{
    int r;

    pthread_mutex_lock(&applier->lock);
    r = applier->error ? applier->error : applier->generation && applier->done;
    if (r == 1)
        applier->generation = NULL;
    pthread_mutex_unlock(&applier->lock);
    return r;
}

bool
bb_applier_stuck(struct bb_applier *applier)
{
    bool stuck;

    pthread_mutex_lock(&applier->lock);
    stuck = applier->stuck;
    pthread_mutex_unlock(&applier->lock);
    return stuck;
}
