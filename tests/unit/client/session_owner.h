/* An owner of a subscription, beside a session without a socket: it writes down what it is told. */
#ifndef BB_TESTS_SESSION_OWNER_H
#define BB_TESTS_SESSION_OWNER_H

#include "session_fixture.h"

struct owner {
    struct bb_listener core;
    struct fixture *f;
    uint64_t got[64];
    bool redelivered[64];
    size_t n;
    char events[512];
    bool acks;  /* at once, from within */
    bool close; /* with the first message */
    int refuse; /* what message() says */
    bool gone;
    bool hears; /* gaps, in their place */
};

void owner_subscribe(struct fixture *f, struct owner *o);
/* Connect, and open its subscription at this position, with nothing to send. */
void owner_open(struct fixture *f, struct owner *o, uint64_t position);

/* The connection is lost, and there is another one. */
void session_reconnect(struct fixture *f);
/* And its subscription is open again at this position. */
void owner_reopen(struct fixture *f, const struct owner *o, uint64_t position, uint64_t head);

#endif
