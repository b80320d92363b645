/* A session in fake time and without a socket: the test is the connection and the broker on one side, and the
 * caller on the other. A mistake is a failed assertion. */
#ifndef BB_TESTS_SESSION_FIXTURE_H
#define BB_TESTS_SESSION_FIXTURE_H

#include "client/lib/session.h"

#include "proto/errors.h"
#include "proto/message.h"

#include "wire.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FRAMES 64

/* What left in the last message. id: of a request, or the number of a subscription; body: also the name and
 * the channels of a SUBSCRIBE. */
struct sent {
    int n;
    uint8_t kind[FRAMES];
    uint64_t id[FRAMES];
    uint32_t timeout_ms[FRAMES];
    char body[FRAMES][64];
    uint64_t sequence[FRAMES], messages[FRAMES], bytes[FRAMES]; /* of an ACK; sequence: SUBSCRIBE's from */
};

/* How a request ended: what session_note_end() was told. */
struct ended {
    int times;
    int result;
    uint32_t code;
    char message[256];
};

struct fixture {
    struct bb_session s;
    struct sent sent;
    struct bb_arena arena;
    int parts;
    bool stop;
    bb_mono now;
};

/* A session that is not connected. The test's state is a struct fixture. */
int session_setup(void **state);
int session_teardown(void **state);

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, session_setup, session_teardown)

/* --- the broker's side -------------------------------------------------------------------------------- */

/* Take what is to be sent: how many messages; their frames are in f->sent. */
int session_take(struct fixture *f);

/* Give the session a message; what it says to it. */
int session_give(struct fixture *f, enum bb_kind kind, const ProtobufCMessage *message);

/* Connect, and be welcome. */
void session_connect(struct fixture *f);

/* Part of an answer to the request, of so many bytes. */
void session_reply(struct fixture *f, uint64_t id, uint32_t part, bool final, size_t bytes);
/* retry_after_ms: 0 says nothing. */
void session_error(struct fixture *f, uint64_t id, uint32_t code, bool retryable, uint32_t retry_after_ms);

/* The subscription of this number is open, at this position. */
void session_subscribed(struct fixture *f, uint64_t number, uint64_t position, uint64_t head, bool created);
/* Messages from..to of a subscription, at most 64. redelivered_up_to: 0 says nothing. What the session says.
 */
int session_deliver(struct fixture *f, uint64_t number, uint64_t from, uint64_t to,
                    uint64_t redelivered_up_to);
void session_gap(struct fixture *f, uint64_t number, uint64_t from, uint64_t to);
/* An error that ends a subscription. */
void session_refuse(struct fixture *f, uint64_t number, uint32_t code, bool retryable);

/* --- the caller's side -------------------------------------------------------------------------------- */

/* Begin a request; its parts are counted in f->parts, its end is noted in *ended. */
void session_request(struct fixture *f, const char *body, struct ended *ended);
void session_note_end(void *self, const struct bb_problem *end, uint64_t sequence);
int session_note_part(struct bb_request *request, struct bb_bytes body);

/* Time passes. */
void session_pass(struct fixture *f, bb_mono ms);

#endif
