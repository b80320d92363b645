/* A worker's loop in a thread of its own, and the broker that the test plays for it: a ROUTER on a unix
 * socket. Nothing sleeps, everybody waits for messages. */
#ifndef BB_TESTS_WORKER_BROKER_H
#define BB_TESTS_WORKER_BROKER_H

#include "worker_owner.h"

#include "runtime/bundle.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PATIENCE 10000 /* ms, for anything that should come */

extern char endpoint[80];
extern void *router;
extern uint8_t peer[BB_ROUTING_ID_BYTES]; /* the worker that was heard last */
extern struct bb_bundle bundle;           /* what it is to be sent */

/* cmocka's, for each test. */
int set_up(void **unused);
int tear_down(void **unused);

/* Again, where one was closed. */
void bind_router(void);

/* What came in one message. */
struct heard {
    unsigned frames;
    unsigned kinds[256];
    unsigned replies, finals, kept, ticked;
    uint32_t parts;
    uint32_t credit[2], credit_bytes[2];
    Bb__Ready *ready;
    Bb__Heartbeat *heartbeat;
    Bb__WorkReply *reply;
    Bb__Fanout *fanout;
};

/* One message, added to what was heard; false when none comes in time. */
bool hear(struct heard *h, int patience);
/* Messages until one holds this kind. */
struct heard hear_kind(enum bb_kind kind);

void send_bundle(void);
void add_work(uint64_t tag, uint32_t method, const char *body);
void send_heartbeat(void);

void start_worker(void);
void raise_signal(uint32_t number);
/* Wait for the worker to end, by itself or because we say so. */
int join_worker(bool stop);

#endif
