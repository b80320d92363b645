/* A router in fake time with what stands around it: three organizations' connections, two workers, and
 * actions that are recorded as text. A mistake is a failed assertion. */
#ifndef BB_TESTS_ROUTER_FIXTURE_H
#define BB_TESTS_ROUTER_FIXTURE_H

#include "broker/router.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SUBMIT BB_METHOD_SUBMIT
#define TREND  BB_METHOD_TREND
#define MEAS   BB_SERVICE_MEASUREMENT

struct world {
    struct bb_router *router;
    struct bb_conn alpha, beta, gamma; /* of the organizations 1, 2 and 3 */
    char log[1 << 16];
    size_t len;
    uint64_t tags[4096]; /* of the works, in the order they were handed over */
    size_t n_tags;
    uint32_t timeout_ms; /* of the last work */
    uint32_t code;       /* of the last error */
};

/* Their addresses are the workers; they are "a" and "b" in the log. */
extern char worker_a, worker_b;

/* Small ones, which every world has. */
extern const struct bb_router_limits world_limits;

struct world *world_new(void);
/* Everything has ended, and nothing stays charged. */
void world_end(struct world *w);

/* A world for one test, as its state; it ends with the test. */
int world_setup(void **state);
int world_teardown(void **state);

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* One more connection. */
struct bb_conn world_conn(const char *organization, uint32_t number);

/* Forget the log. */
void world_forget(struct world *w);
/* The log is this text; forget it. */
void world_expect(struct world *w, const char *log);

void world_request_in(struct world *w, bb_mono now, struct bb_conn *conn, uint64_t id, uint32_t method,
                      const char *body, uint32_t timeout_ms);
/* A submission at time 0, with a second for its answer. */
void world_request(struct world *w, struct bb_conn *conn, uint64_t id, const char *body);

/* The worker is ready at time 0, with so much credit in each lane. */
void world_ready(struct world *w, void *worker, uint64_t messages, uint64_t bytes);

enum bb_router_outcome world_reply_part(struct world *w, uint64_t tag, uint32_t part, bool final,
                                        size_t bytes);
/* The whole answer to the nth work. */
void world_answer(struct world *w, size_t nth);

#endif
