/* A broker that is only as real as the client needs: a CURVE ROUTER and a ZAP handler in a thread, which
 * answers HELLO with WELCOME, submissions with "created" for every row, and PING with PONG; which has one log
 * of messages and one cursor in it; and which can misbehave. */
#ifndef FAKE_BROKER_H
#define FAKE_BROKER_H

#include "runtime/keyfile.h"

#include <stdatomic.h>
#include <stdint.h>

struct fake_broker {
    /* set before fake_broker_start() */
    struct bb_keypair keys;
    char allowed[BB_KEY_TEXT];  /* the only key that may in */
    int port;                   /* 0: any; filled in */
    atomic_int swallow;         /* so many requests are taken and never answered; then the socket is closed */
    atomic_int busy;            /* so many requests get ERROR OVERLOADED */
    bool bomb;                  /* other requests get what is small here and large in memory */
    bool record;                /* keep the bodies of submissions */
    size_t fill;                /* answer submissions in frames of exactly so many bytes; 0: as they are */
    atomic_uint_fast64_t head;  /* messages 1 to this are in the log */
    atomic_uint_fast64_t acked; /* the cursor */
    atomic_uint_fast64_t superseded; /* this message is, by one whose id begins with 2; 0: none is */

    char endpoint[64];
    atomic_uint acks; /* ACKs received */
    atomic_uint unsubscribed;
    atomic_uint messages;    /* ZeroMQ messages received */
    atomic_uint requests;    /* REQUESTs received */
    atomic_uint connections; /* HELLOs received */
    atomic_uint refused;
    uint8_t *body[64];  /* of the first submissions, in the order in which they came */
    uint8_t id[64][17]; /* of who said HELLO first, and so on */
    size_t len[64];
    atomic_uint bodies;

    void *zmq, *control;
    uint64_t thread;
};

void fake_broker_start(struct fake_broker *broker);
/* As if it had been killed. The counters stay, and it may be started again (on the same port). */
void fake_broker_stop(struct fake_broker *broker);
/* So many more messages are in the log. */
void fake_broker_publish(struct fake_broker *broker, unsigned n);
void fake_broker_release(struct fake_broker *broker);

#endif
