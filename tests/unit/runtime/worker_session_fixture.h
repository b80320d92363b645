/* A worker's session without a socket: what it sends is looked at round by round, what it hears is made here.
 */
#ifndef BB_TESTS_WORKER_SESSION_FIXTURE_H
#define BB_TESTS_WORKER_SESSION_FIXTURE_H

#include "runtime/bundle.h"
#include "runtime/worker_session.h"

#include "proto/arena.h"
#include "proto/limits.h"

#include "wire.pb-c.h"
#include "worker.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CREDIT       8u
#define CREDIT_BYTES 1000u

/* What came out of the session in one round. */
struct seen {
    struct bb_arena arena;
    unsigned messages, frames;
    unsigned kinds[256];
    Bb__Ready *ready;
    Bb__Heartbeat *heartbeat;
    Bb__Credit *credit[BB_LANES];
    Bb__WorkReply *reply[64];
    unsigned replies;
    Bb__Fanout *fanout[64];
    unsigned fanouts;
    Bb__Call *call;
    Bb__CallCancel *call_cancel;
    Bb__Ping *ping;
    Bb__Pong *pong;
};

extern struct seen seen;
extern struct bb_session *session;

/* cmocka's, for each test. */
int make(void **unused);
int unmake(void **unused);

/* Send everything, and look at it. */
void end_round(void);

/* Hand the session a frame. */
int hear(bb_mono now, enum bb_kind kind, const ProtobufCMessage *message, struct bb_session_event *event);
int hear_work(bb_mono now, uint64_t tag, uint32_t method, size_t bytes, struct bb_session_event *event);
int hear_cancel(bb_mono now, uint64_t tag, struct bb_session_event *event);
int hear_heartbeat(bb_mono now, struct bb_session_event *event);

/* A session that has met its broker. */
void open_live(void);

#endif
