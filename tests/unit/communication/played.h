/* Another service, as the core of communication sees it: calls that the test answers, one at a time. */
#ifndef BB_TEST_PLAYED_H
#define BB_TEST_PLAYED_H

#include "fixture.h"

#include "workers/communication/caller.h"

struct played_call {
    struct fixture *f;
    uint32_t method; /* the only one that is called */
    /* Decodes the request. */
    void (*read)(void *self, uint64_t id, struct bb_bytes body);
    void *self;
    bool away;      /* calls are refused */
    unsigned calls; /* so many were taken */
    uint64_t id;    /* of the last */
    bool open;      /* it waits for its answer */
};

struct bb_caller played_caller(struct played_call *call);

/* Rounds, until nothing is left to do. Is a call open then? */
bool played_round(struct played_call *call);

/* Answer the call that is open. */
void played_answer(struct played_call *call, const ProtobufCMessage *reply);
void played_answer_with(struct played_call *call, const struct bb_call_result *result);
void played_error(struct played_call *call, uint32_t code);

/* What can happen to who calls: acts on `self` of the call. */
struct played_acts {
    void (*restart)(void *self);
    void (*stage)(void *self);  /* what the next round would keep */
    void (*answer)(void *self); /* the call that is open */
    int64_t pause_s;            /* before a round */
};

/* One thing of it, at random: a restart, a piece of a round, an error, a round that is staged and not kept,
 * an answer. */
void played_happen(struct played_call *call, const struct played_acts *acts, uint64_t *random);

#endif
