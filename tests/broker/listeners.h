/* Subscriptions from both ends: clients that subscribe, and a worker of the communication service that the
 * test plays. */
#ifndef BB_TESTS_BROKER_LISTENERS_H
#define BB_TESTS_BROKER_LISTENERS_H

#include "one_broker.h"

/* A worker of the communication service, ready. */
void open_communication(struct raw *worker);
void subscribe(struct raw *client, uint64_t subscription, const char *name);
void acknowledge(struct raw *client, uint64_t subscription, uint64_t sequence);
void unsubscribe(struct raw *client, uint64_t subscription);
/* The worker is told of this organization's session; returns its number. */
uint64_t expect_up(struct raw *worker, const char *organization);
void expect_down(struct raw *worker, uint64_t session);
void expect_ack(struct raw *worker, uint64_t session, uint64_t sequence);
/* SUBSCRIBE, and the worker is told; returns the session. */
uint64_t join(struct raw *client, struct raw *worker, uint64_t subscription, const char *organization);
void fanout(struct raw *worker, enum bb_kind kind, struct bb_bytes body, const uint64_t *sessions, size_t n);
/* A DELIVER of one message with this text. */
void deliver(struct raw *worker, const char *text, const uint64_t *sessions, size_t n);
void expect_delivery(struct raw *client, uint64_t subscription, const char *text);
/* The subscription ends with this error. */
void expect_refusal(struct raw *client, uint64_t subscription, uint32_t code);

#endif
