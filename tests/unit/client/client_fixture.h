/* A client and a broker in a thread, which knows its key. */
#ifndef BB_TESTS_CLIENT_FIXTURE_H
#define BB_TESTS_CLIENT_FIXTURE_H

#include "fake_broker.h"

#include "client/lib/backbone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct client_fixture {
    struct fake_broker broker;
    struct bb_keypair keys;
    struct bb_client *client;
    struct bb_submission *submission;
};

/* Neither of them has begun. */
void client_fixture_open(struct client_fixture *f);
void client_fixture_close(struct client_fixture *f);

/* The same before and after a test, whose state it is. */
int client_setup(void **state);
int client_teardown(void **state);

/* Those of f->client, once the broker has begun. */
struct bb_client_options client_options(const struct client_fixture *f);
/* Begin, the broker first. */
void client_start(struct client_fixture *f);

/* So many rows, each of another place. */
void client_fill(struct bb_submission *submission, uint32_t index, int rows);

/* How submissions ended. */
struct client_answers {
    int outcomes, ends, ok;
    int last_result;
    uint32_t rows, created;
};

void client_note_outcomes(void *self_answers, const struct bb_outcomes *outcomes);
void client_note_end(void *self_answers, const struct bb_problem *end, uint64_t sequence);

#endif
