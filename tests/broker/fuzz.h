/* Peers of every kind, who do what comes into a random generator's head to one real broker, and what must
 * hold all the same.
 *
 * fuzz_clients.c plays clients (staff, a partner, operators, strangers), fuzz_workers.c the workers,
 * fuzz_broker.c chooses what happens next. All in one thread: after each step everybody looks at what came.
 *
 * Who may hear what is told by marks. A request for a service begins with the mark of the connection that
 * sent it and its id; the worker that is played begins each answer with the mark of its request; so a client
 * knows an answer to somebody else. Marks of sessions and deliveries likewise. */
#ifndef BB_TESTS_BROKER_FUZZ_H
#define BB_TESTS_BROKER_FUZZ_H

#include "fixture.h"

#include "proto/limits.h"

#include "runtime/clock.h"
#include "tests/support/any_message.h"

#include "communication.pb-c.h"
#include "journal.pb-c.h"
#include "measurement.pb-c.h"

#define FUZZ_PEERS   10
#define FUZZ_ASKS    200
#define FUZZ_SERIALS 200000
#define FUZZ_SLACK   10000 /* ms behind its deadline in which a request must have ended */

enum fuzz_who {
    FUZZ_GOOD, /* behaves; the first peer and nobody else */
    FUZZ_STAFF,
    FUZZ_PARTNER,
    FUZZ_OPERATOR,
    FUZZ_UNKNOWN_KEY,  /* from here on: strangers, who hear nothing */
    FUZZ_PLAIN,        /* without CURVE */
    FUZZ_WRONG_SERVER, /* with the key of another server */
    FUZZ_WHO,
};

/* libzmq does not read a connection whose routing id is taken; when that has sent more than RCVHWM messages
 * and hangs up, libzmq keeps it for ever. Nothing that the broker can do ends it, so ours stay below. */
#define FUZZ_BORROWED_ACTS 3

#define FUZZ_MARK 16

struct fuzz_mark {
    uint32_t serial; /* of the connection; 0: everybody's */
    uint64_t id;
};

struct fuzz_ask {
    uint64_t id;
    unsigned ends; /* that are still to come: more than one where the id was used twice */
    bool marked;
    bb_mono deadline;
};

struct fuzz_peer {
    struct raw raw;
    enum fuzz_who who;
    uint32_t serial;
    uint64_t next_id;
    uint64_t pong; /* token of a PING that is out, or 0 */
    bb_mono pong_by;
    struct fuzz_ask ask[FUZZ_ASKS];
    size_t n_asks;
    bool open, greeted;
    bool muted;          /* it does not read */
    bool borrowed;       /* its routing id is, or was, somebody else's, or is none */
    unsigned acts;       /* what it has done */
    uint32_t subscribed; /* bits: numbers of subscriptions that it has asked for */
};

#define FUZZ_WORK 300

struct fuzz_work {
    uint64_t tag;
    struct fuzz_mark mark;
    bool marked;
    uint32_t part;
};

struct fuzz_session {
    uint64_t session;
    uint32_t serial; /* of who has it */
};

struct fuzz_worker {
    struct raw raw;
    enum bb_service service;
    bool open;
    struct fuzz_work work[FUZZ_WORK];
    size_t n_work;
    struct fuzz_session session[64];
    size_t n_sessions;
    uint64_t call[BB_LIMIT_CALLS], next_call;
    size_t n_calls;
    bb_mono beat; /* when it said something last */
};

struct fuzz {
    struct broker broker;
    struct any any; /* what happens */
    bool control;   /* the broker has a fault, to be found */
    bb_mono now;
    uint64_t steps, replies, errors, deliveries, works, ends_of_connections;
    uint32_t serial;
    uint8_t who_of[FUZZ_SERIALS];
    struct bb_keypair stranger;
    struct fuzz_peer peer[FUZZ_PEERS];
    struct fuzz_worker worker[2];
    uint8_t left_id[4][BB_ROUTING_ID_BYTES]; /* of connections that ended */
};

/* What must not be. Does not return. */
void fuzz_fail(struct fuzz *fuzz, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

void fuzz_put_mark(struct bb_buffer *to, struct fuzz_mark mark);
/* False: there is none. */
bool fuzz_get_mark(struct bb_bytes body, struct fuzz_mark *ret_mark);

/* Send without waiting. False: it was not sent. */
bool fuzz_send_bytes(struct raw *raw, struct bb_bytes bytes, bool more);
bool fuzz_send(struct raw *raw, enum bb_kind kind, const ProtobufCMessage *message);
/* A frame of this kind whose message is made by chance; or bytes that are none. */
void fuzz_send_any(struct fuzz *fuzz, struct raw *raw, uint32_t kind, unsigned faults);
void fuzz_send_garbage(struct fuzz *fuzz, struct raw *raw);

void fuzz_peer_open(struct fuzz *fuzz, struct fuzz_peer *peer, enum fuzz_who who);
void fuzz_peer_close(struct fuzz *fuzz, struct fuzz_peer *peer);
/* One of the things that a peer does. */
void fuzz_peer_act(struct fuzz *fuzz, struct fuzz_peer *peer);
/* A sound request for a service, or (method below 32) for the broker. */
void fuzz_peer_ask(struct fuzz *fuzz, struct fuzz_peer *peer, uint32_t method, uint32_t timeout_ms);
void fuzz_peer_ping(struct fuzz *fuzz, struct fuzz_peer *peer);
void fuzz_peer_mute(struct fuzz *fuzz, struct fuzz_peer *peer, bool mute);
/* Take what came, and see whether anything is overdue. */
void fuzz_peer_hear(struct fuzz *fuzz, struct fuzz_peer *peer);

void fuzz_worker_open(struct fuzz *fuzz, struct fuzz_worker *worker);
void fuzz_worker_close(struct fuzz_worker *worker);
void fuzz_worker_act(struct fuzz *fuzz, struct fuzz_worker *worker);
void fuzz_worker_hear(struct fuzz *fuzz, struct fuzz_worker *worker);

#endif
