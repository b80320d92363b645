/* A client without a socket: the test gives its session the frames that a broker would send. And a table of
 * questions with their answers, and what callers make of them. */
#ifndef BB_TESTS_ANSWERS_FIXTURE_H
#define BB_TESTS_ANSWERS_FIXTURE_H

#include "client/lib/client.h"

#include "measurement.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define FRAME_BYTES 8192

struct answer_case {
    const char *what;
    int (*ask)(struct bb_client *client);
    size_t (*answer)(uint8_t *to); /* FRAME_BYTES */
    const char *expected;          /* what the callbacks said */
};

extern FILE *said; /* what the callbacks saw */
extern struct bb_client *asker;

/* "end OK  at 12", for every question's done(). */
void say_end(void *self, const struct bb_problem *end, uint64_t sequence);
/* The text, or "null". */
const char *or_null(const char *text);

/* An indicator as answers have it, and its line as callbacks write it down. */
void answers_indicator(Bb__Indicator *ret_indicator);
void say_indicator_head(const struct bb_indicator *indicator);

/* Of a test. */
int answers_setup(void **state);
int answers_teardown(void **state);

/* The id of the request that is sent now; everything that is to be sent is taken and dropped. */
uint64_t answers_send(void);
/* Give the session a reply with this body. What it says. */
int answers_give(uint64_t id, const uint8_t *body, size_t len);
/* Damage what is in FRAME_BYTES. Its new length. */
size_t answers_spoil(uint8_t *body, size_t len, uint32_t *random);

/* Tests of a table of cases, which ends with {0}. */
void every_answer_reaches_the_caller(void **state);
/* A request ends exactly once whatever the answer is, and nothing is read beyond it (the suite runs under
 * AddressSanitizer as well). */
void broken_answers_do_no_harm(void **state);
/* Likewise if the frame around it is broken. */
void broken_frames_do_no_harm(void **state);

#define ANSWERS_TEST(test, cases, setup, teardown)                                                           \
    cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, (void *)(uintptr_t)(cases))
#define ANSWERS_TESTS(cases, setup, teardown)                                                                \
    ANSWERS_TEST(every_answer_reaches_the_caller, cases, setup, teardown),                                   \
        ANSWERS_TEST(broken_answers_do_no_harm, cases, setup, teardown),                                     \
        ANSWERS_TEST(broken_frames_do_no_harm, cases, setup, teardown)

#endif
