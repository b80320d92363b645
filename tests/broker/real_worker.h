/* A real worker, of a broker that the test starts or plays. BB_TEST_WORKERS names a folder with others, those
 * with faults (runtime/faults.h): backbone-measurement-faulty. Its log goes where the broker's goes, and it
 * does not outlive the test. */
#ifndef BB_TESTS_BROKER_REAL_WORKER_H
#define BB_TESTS_BROKER_REAL_WORKER_H

#include <sys/types.h>

struct real_worker {
    pid_t pid; /* 0: none */
};

/* service: "measurement"; its state is a folder of that name in `folder`. socket: where the broker is. It
 * need not be ready when this returns: what it is asked waits. */
void real_worker_start(struct real_worker *worker, const char *service, const char *folder,
                       const char *socket);
/* SIGTERM; the exit code must be 0. */
void real_worker_stop(struct real_worker *worker);
/* For teardown after a failure. */
void real_worker_abandon(struct real_worker *worker);

#endif
