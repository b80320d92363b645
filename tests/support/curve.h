/* A ZMTP 3.1 connection with CURVE, as little of it as a load generator or a rude client needs: one TCP
 * socket, messages of one frame.
 *
 * Redis is loaded by a client that is a socket, OpenSSL and epoll. Beside it, libzmq in 256 sockets of one
 * process costs more than the server that is to be measured; this is what our side is loaded with where
 * connections are many. Handshake: rfc.zeromq.org/spec/37 (ZMTP 3.1) and /spec/26 (CurveZMQ). Ends the
 * program when something is wrong. */
#ifndef BB_TESTS_CURVE_H
#define BB_TESTS_CURVE_H

#include "proto/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define CURVE_KEY 32

struct curve_identity {
    uint8_t server_public[CURVE_KEY];
    uint8_t public_key[CURVE_KEY], secret_key[CURVE_KEY];
    /* What a socket of libzmq would not do, for who is rude: */
    const char *user;        /* what it claims to be in its metadata (User-Id); NULL: it does not */
    const char *more[8];     /* further properties of its metadata: name, value, ... */
    struct bb_bytes routing; /* its routing id, which may be empty; data NULL: a fresh one */
};

struct curve;

/* Connect to 127.0.0.1 and shake hands; waits for both. */
struct curve *curve_connect(const struct curve_identity *identity, uint16_t port);
void curve_close(struct curve **curve);

int curve_fd(const struct curve *curve);

/* Send one message of one frame. */
void curve_send(struct curve *curve, struct bb_bytes message);

/* Take in what the socket has, and give each message to the function. Waits for nothing. */
void curve_receive(struct curve *curve, void (*message)(void *self, struct bb_bytes message), void *self);

/* The handshake by its parts, for who has many under way at a time, or stops in the middle. Each returns the
 * bytes to send. */

#define CURVE_GREETING 64
#define CURVE_WELCOME  160 /* what WELCOME has behind its name */
#define CURVE_COMMAND  768

struct curve_handshake {
    uint8_t transient_public[CURVE_KEY], transient_secret[CURVE_KEY];
    uint8_t server_transient[CURVE_KEY], cookie[96], shared[CURVE_KEY];
};

void curve_put_greeting(uint8_t to[static CURVE_GREETING]);
void curve_handshake_begin(struct curve_handshake *handshake);
size_t curve_put_hello(const struct curve_handshake *handshake, const struct curve_identity *id,
                       uint8_t to[static CURVE_COMMAND]);
/* False: it is not from the server with that key. */
bool curve_read_welcome(struct curve_handshake *handshake, const struct curve_identity *id,
                        const uint8_t body[static CURVE_WELCOME]);
size_t curve_put_initiate(const struct curve_handshake *handshake, const struct curve_identity *id,
                          uint8_t to[static CURVE_COMMAND]);

#endif
