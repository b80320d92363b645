/* Questions to the store of a fixture, answered part by part, on the thread of the test. */
#ifndef BB_TEST_FIXTURE_QUERY_H
#define BB_TEST_FIXTURE_QUERY_H

#include "fixture.h"

struct fixture_question {
    uint32_t method;
    const ProtobufCMessage *request;
    Bb__Role role;
    const char *organization;
    size_t max_bytes;    /* of a part */
    bb_utc (*utc)(void); /* what the query takes for the time; NULL: it needs none */
};

/* A part of the answer, decoded; valid until it returns. */
typedef void fixture_part_fn(void *self, const void *reply, bool final);

/* 0 | the code of the error with which it failed, after the parts that came before; f->message says why */
uint32_t fixture_ask(struct fixture *f, const struct fixture_question *question,
                     const ProtobufCMessageDescriptor *reply, fixture_part_fn *part, void *self);

/* A clock for queries, which stands where it was put. */
extern bb_utc fixture_query_now;
bb_utc fixture_query_clock(void);

#define FIXTURE_TEXT 4096

/* The same of all that was accepted, with an answer that is a text of FIXTURE_TEXT bytes, to which the parts
 * are appended. Returns it; "error N" */
const char *fixture_ask_text(struct fixture *f, const struct fixture_question *question,
                             const ProtobufCMessageDescriptor *reply, fixture_part_fn *part, char *text);
void fixture_append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For the as_of of a request; sequence 0, now: NULL. */
Bb__AsOf *fixture_as_of(Bb__AsOf *as_of, uint64_t sequence);

#endif
