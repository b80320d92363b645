/* Clients that are no libzmq socket (tests/support/curve.h): cheap enough for thousands, and free to do what
 * a socket would not. */
#ifndef BB_TESTS_BROKER_LEAN_H
#define BB_TESTS_BROKER_LEAN_H

#include "fixture.h"

#include "tests/support/curve.h"

/* Connect with these keys. user: what it claims to be, or NULL. */
struct curve *lean_connect(const struct broker *broker, const struct bb_keypair *keys, const char *user);
/* The same; identity: what it claims besides its keys. */
struct curve *lean_connect_as(const struct broker *broker, const struct bb_keypair *keys,
                              struct curve_identity identity);

void lean_say(struct curve *curve, enum bb_kind kind, const ProtobufCMessage *message);
void lean_hello(struct curve *curve);
/* The only subscription of the connection, number 1. */
void lean_subscribe(struct curve *curve, const char *name);
/* Answer this PING. */
void lean_pong(struct curve *curve, const struct bb_frame *ping);

#endif
