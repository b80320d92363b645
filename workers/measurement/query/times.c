#include "times.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define SLOTS 16384u /* each has one of the entries whose sequences have the same remainder */

struct bb_times {
    pthread_mutex_t lock;
    struct {
        uint64_t sequence; /* 0: none */
        bb_utc time;
    } slot[SLOTS];
};

int
bb_times_new(struct bb_times **ret_times)
{
    struct bb_times *times = calloc(1, sizeof *times);

    if (!times)
        return -ENOMEM;
    pthread_mutex_init(&times->lock, NULL);
    *ret_times = times;
    return 0;
}

void
bb_times_destroy(struct bb_times **times_pointer)
{
    struct bb_times *times = *times_pointer;

    if (!times)
        return;
    pthread_mutex_destroy(&times->lock);
    free(times);
    *times_pointer = NULL;
}

bool
bb_times_find(struct bb_times *times, uint64_t sequence, bb_utc *ret_time)
{
    bool found;

    pthread_mutex_lock(&times->lock);
    found = times->slot[sequence % SLOTS].sequence == sequence;
    if (found)
        *ret_time = times->slot[sequence % SLOTS].time;
    pthread_mutex_unlock(&times->lock);
    return found;
}

void
bb_times_keep(struct bb_times *times, uint64_t sequence, bb_utc time)
{
    pthread_mutex_lock(&times->lock);
    times->slot[sequence % SLOTS].sequence = sequence;
    times->slot[sequence % SLOTS].time = time;
    pthread_mutex_unlock(&times->lock);
}
