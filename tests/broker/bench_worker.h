/* A worker of a measurement: a process of its own that serves until it is killed. */
#ifndef BB_TESTS_BROKER_BENCH_WORKER_H
#define BB_TESTS_BROKER_BENCH_WORKER_H

#include "fixture.h"

#include "runtime/worker.h"

/* What it does where the measurement says nothing else: nothing. For work() there is nothing. */
extern const struct bb_worker_ops bench_idle_ops;

/* Serve with credit for so many messages in each lane. ret_worker: set in the new process, for the ops.
 * Returns its number. */
pid_t bench_worker_start(const struct broker *broker, const char *service, uint32_t messages,
                         const struct bb_worker_ops *ops, void *self, struct bb_worker **ret_worker);
/* Kill it, and wait for its end. */
void bench_worker_stop(pid_t pid);

#endif
