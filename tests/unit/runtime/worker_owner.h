/* The worker's owner, as tests of its loop play it. */
#ifndef BB_TESTS_WORKER_OWNER_H
#define BB_TESTS_WORKER_OWNER_H

#include "runtime/worker.h"

#include <pthread.h>
#include <stdatomic.h>

#define CREDIT     600u
#define FLUSH_FAIL 76

/* Commands wait for flush(), as in a group commit; queries are answered at once, or by tick() after a wake-up
 * when their body says "later"; "parts" asks for many large parts, "keep" for no answer, "fail" for a failed
 * flush, "call" for a call. A subscriber gets a SUBSCRIBED, and a DELIVER for each ACK. */
struct owner {
    struct bb_worker *worker;
    uint64_t waiting[CREDIT];
    unsigned n_waiting;
    uint64_t later[CREDIT];
    pthread_t wakers[CREDIT]; /* of these */
    unsigned n_later;
    bool fail;
    atomic_uint flushes, resets, pulls, cancels, directories, ticks;
    atomic_uint downs, answered, lost; /* lost: calls that ended before the reset that goes with them */
    pthread_t thread;
    int result;
};

extern struct owner owner;
extern const struct bb_worker_ops owner_ops;

/* Forget what is to be answered later, when those who wake the worker for it are done: before it ends. */
void owner_forget_later(void);

#endif
