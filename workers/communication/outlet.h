/* Where deliveries go: the worker's session with the broker, or a test. As in runtime/worker.h. */
#ifndef BB_OUTLET_H
#define BB_OUTLET_H

#include "proto/bytes.h"
#include "proto/envelope.h"

struct bb_outlet {
    /* One frame to many sessions, its body without the field `subscription`. */
    void (*fanout)(void *self, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions, size_t n);
    /* Bytes that the broker has not taken in. */
    size_t (*backlog)(void *self);
    void *self;
};

#endif
