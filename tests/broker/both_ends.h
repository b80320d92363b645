/* A request's both ends: a partner's connection, and the worker that the test plays. */
#ifndef BB_TESTS_BROKER_BOTH_ENDS_H
#define BB_TESTS_BROKER_BOTH_ENDS_H

#include "one_broker.h"

/* A partner, and a worker with so much credit. */
void open_both(struct raw *client, struct raw *worker, uint32_t messages);
/* The end of a test. */
void close_both(struct raw *client, struct raw *worker);

/* The worker is handed this organization's request; returns its tag. */
uint64_t expect_work(struct raw *worker, const char *organization, const char *body);
/* The worker answers. */
void work_reply(struct raw *worker, uint64_t tag, uint32_t part, bool final, struct bb_bytes body);
/* The client is answered. */
void expect_reply(struct raw *client, uint64_t id, const char *body);

#endif
