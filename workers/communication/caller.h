/* How other services are asked: the worker's session with the broker (bb_worker_call(), runtime/worker.h), or
 * a test. */
#ifndef BB_CALLER_H
#define BB_CALLER_H

#include "proto/bytes.h"

struct bb_caller {
    /* 0 | <0 not now */
    int (*call)(void *self, uint64_t id, uint32_t method, uint32_t timeout_ms, struct bb_bytes body);
    void *self;
};

#endif
