/* One group in hand: IDLE, GIVEN by the writer's thread, DONE by this one, IDLE again when collected. Drafts,
 * positions and result belong to this thread while the group is GIVEN and to the writer's otherwise, so the
 * lock guards the place alone and is not held while the disk works.
 *
 * A writer that sleeps in collect is woken by the condition; one that goes on with its loop by `wake`: never
 * by both, for each wake-up of the loop is a round for nothing. A failed append is a result like another: the
 * writer decides what becomes of it. A group that was given is appended, also when the program ends. */
#include "committer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum place { IDLE, GIVEN, DONE };

struct bb_committer {
    struct bb_journal *journal;
    void (*wake)(void *self);
    void *self;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum place place; /* of the group in hand */
    bool stop;
    bool awaited; /* somebody sleeps until it is done: no need to wake the loop */
    uint64_t expected;
    bb_utc now;
    const struct bb_draft *drafts;
    size_t n;
    struct bb_position *positions;
    int result;
};

static void *
run(void *argument)
{
    struct bb_committer *c = argument;

    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->stop && c->place != GIVEN)
            pthread_cond_wait(&c->changed, &c->lock);
        if (c->place != GIVEN)
            break;
        pthread_mutex_unlock(&c->lock);
        int r = bb_journal_append(c->journal, c->expected, c->now, c->drafts, c->n, c->positions);
        pthread_mutex_lock(&c->lock);
        c->result = r;
        c->place = DONE;
        if (c->awaited)
            pthread_cond_broadcast(&c->changed);
        else
            c->wake(c->self);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

int
bb_committer_new(struct bb_journal *journal, void (*wake)(void *self), void *self,
                 struct bb_committer **ret_committer)
{
    struct bb_committer *c = calloc(1, sizeof *c);
    int r;

    if (!c)
        return -ENOMEM;
    c->journal = journal;
    c->wake = wake;
    c->self = self;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    r = -pthread_create(&c->thread, NULL, run, c);
    c->started = r == 0;
    if (r != 0)
        bb_committer_destroy(&c);
    else
        *ret_committer = c;
    return r;
}

void
bb_committer_destroy(struct bb_committer **committer)
{
    struct bb_committer *c = *committer;

    if (!c)
        return;
    if (c->started) {
        pthread_mutex_lock(&c->lock);
        c->stop = true;
        pthread_cond_broadcast(&c->changed);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->thread, NULL);
    }
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *committer = NULL;
}

void
bb_committer_give(struct bb_committer *c, uint64_t expected, bb_utc now, const struct bb_draft *drafts,
                  size_t n, struct bb_position *positions)
{
    pthread_mutex_lock(&c->lock);
    c->expected = expected;
    c->now = now;
    c->drafts = drafts;
    c->n = n;
    c->positions = positions;
    c->place = GIVEN;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

bool
bb_committer_collect(struct bb_committer *c, bool wait, int *ret_result)
{
    bool done;

    pthread_mutex_lock(&c->lock);
    c->awaited = wait;
    while (wait && c->place == GIVEN)
        pthread_cond_wait(&c->changed, &c->lock);
    c->awaited = false;
    done = c->place == DONE;
    if (done) {
        *ret_result = c->result;
        c->place = IDLE;
    }
    pthread_mutex_unlock(&c->lock);
    return done;
}
