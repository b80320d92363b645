/* The router: tables, fake time, and every order where order should not matter. Its actions are recorded as
 * text. */
#include "broker/router.h"

#include "proto/errors.h"
#include "proto/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SUBMIT BB_METHOD_SUBMIT
#define TREND  BB_METHOD_TREND
#define MEAS   BB_SERVICE_MEASUREMENT

struct world {
    struct bb_router *router;
    char log[1 << 16];
    size_t len;
    uint64_t tags[4096]; /* of the works, in the order they were handed over */
    size_t n_tags;
    uint32_t timeout_ms; /* of the last work */
    uint32_t code;       /* of the last error */
};

static char worker_a, worker_b;

static void
say(struct world *w, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (w->len < sizeof w->log - 1)
        w->len += (size_t)vsnprintf(w->log + w->len, sizeof w->log - w->len, format, arguments);
    va_end(arguments);
}

static void
on_work(void *self, void *worker, const struct bb_router_work *work)
{
    struct world *w = self;

    w->tags[w->n_tags++ % 4096] = work->tag;
    w->timeout_ms = work->timeout_ms;
    say(w, "work %c %s %.*s\n", worker == &worker_a ? 'a' : 'b', work->who->organization, (int)work->body.len,
        work->body.data ? (const char *)work->body.data : "");
}

static void
on_work_pull(void *self, void *worker, uint64_t tag, uint32_t bytes)
{
    (void)worker;
    (void)tag;
    say(self, "pull %u\n", bytes);
}

static void
on_work_cancel(void *self, void *worker, uint64_t tag)
{
    (void)worker;
    (void)tag;
    say(self, "cancel\n");
}

static void
on_reply(void *self, struct bb_conn *conn, const struct bb_router_reply *reply)
{
    say(self, "reply %s %lu part %u%s\n", conn->who.organization, (unsigned long)reply->id, reply->part,
        reply->final ? " final" : "");
}

static void
on_error(void *self, struct bb_conn *conn, const struct bb_router_error *error)
{
    struct world *w = self;

    w->code = error->code;
    say(w, "error %s %lu %s\n", conn->who.organization, (unsigned long)error->id, bb_error_name(error->code));
}

static const struct bb_router_ops ops = {on_work, on_work_pull, on_work_cancel, on_reply, on_error};

static const struct bb_router_limits small = {
    .lane_messages = 6,
    .lane_bytes = 60,
    .organization_messages = 3,
    .organization_bytes = 30,
    .outstanding = 8,
};

static struct world *
world_new(const struct bb_router_limits *limits)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    assert_int_equal(bb_router_new(limits, &ops, w, &w->router), 0);
    return w;
}

/* Everything has ended, and nothing stays charged. */
static void
world_end(struct world *w)
{
    struct bb_router_load load = bb_router_load(w->router, MEAS);

    assert_int_equal(load.queued, 0);
    assert_int_equal(load.queued_bytes, 0);
    assert_int_equal(load.in_flight, 0);
    for (uint32_t number = 0; number < 8; number++)
        for (int lane = 0; lane < BB_LANES; lane++) {
            load = bb_router_organization_load(w->router, MEAS, (enum bb_lane)lane, number);
            assert_int_equal(load.queued, 0);
            assert_int_equal(load.queued_bytes, 0);
        }
    assert_int_equal(bb_router_deadline(w->router), BB_NEVER);
    bb_router_destroy(&w->router);
    free(w);
}

static struct bb_conn
conn_of(const char *organization, uint32_t number)
{
    return (struct bb_conn){
        .who = {.organization = organization, .member = "main", .role = 3, .number = number}};
}

static void
forget(struct world *w)
{
    w->len = 0;
    w->log[0] = '\0';
}

static void
expect(struct world *w, const char *log)
{
    assert_string_equal(w->log, log);
    forget(w);
}

static void
request_in(struct world *w, bb_mono now, struct bb_conn *conn, uint64_t id, uint32_t method, const char *body,
           uint32_t timeout_ms)
{
    bb_router_request(w->router, now, conn,
                      &(struct bb_router_request){.id = id,
                                                  .method = method,
                                                  .timeout_ms = timeout_ms,
                                                  .window_bytes = 100,
                                                  .has_body = true,
                                                  .body = bb_bytes_str(body)});
}

static void
request(struct world *w, struct bb_conn *conn, uint64_t id, const char *body)
{
    request_in(w, 0, conn, id, SUBMIT, body, 1000);
}

static void
ready(struct world *w, void *worker, uint64_t messages, uint64_t bytes)
{
    const struct bb_router_credit credit[BB_LANES] = {{messages, bytes}, {messages, bytes}};

    bb_router_worker_ready(w->router, 0, MEAS, worker, credit);
}

static enum bb_router_outcome
reply_part(struct world *w, uint64_t tag, uint32_t part, bool final, size_t bytes)
{
    static uint8_t zeros[BB_LIMIT_FRAME_BYTES];

    return bb_router_work_reply(
        w->router, MEAS,
        &(struct bb_router_work_reply){
            .tag = tag, .part = part, .final = final, .has_body = true, .body = bb_bytes(zeros, bytes)});
}

static void
answer(struct world *w, size_t nth)
{
    assert_int_equal(reply_part(w, w->tags[nth], 0, true, 1), BB_ROUTER_OK);
}

static void
hands_over_at_once_and_answers(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn c = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 10, 1000);
    request(w, &c, 7, "x");
    expect(w, "work a alpha x\n");
    assert_int_equal(c.outstanding, 1);
    assert_int_equal(bb_router_load(w->router, MEAS).in_flight, 1);
    answer(w, 0);
    expect(w, "reply alpha 7 part 0 final\n");
    assert_int_equal(c.outstanding, 0);
    assert_int_equal(reply_part(w, w->tags[0], 0, true, 1), BB_ROUTER_E_STALE);
    expect(w, "");
    world_end(w);
}

static void
waits_for_a_worker_and_for_credit(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn c = conn_of("alpha", 1);

    (void)state;
    request(w, &c, 1, "one");
    request(w, &c, 2, "two");
    request(w, &c, 3, "three");
    expect(w, "");
    assert_int_equal(bb_router_load(w->router, MEAS).queued_bytes, 11);
    ready(w, &worker_a, 1, 1000);
    expect(w, "work a alpha one\n");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_QUERY, (struct bb_router_credit){5, 5});
    expect(w, ""); /* the other lane's */
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){1, 0});
    expect(w, "work a alpha two\n");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){1, 0});
    expect(w, "work a alpha three\n");
    for (size_t i = 0; i < 3; i++)
        answer(w, i);
    world_end(w);
}

static void
credit_in_bytes_may_go_below_zero_by_one_body(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn c = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 10, 3);
    request(w, &c, 1, "12345");
    expect(w, "work a alpha 12345\n"); /* 3 - 5 = -2 */
    request(w, &c, 2, "x");
    expect(w, "");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){0, 2});
    expect(w, ""); /* 0 */
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){0, 1});
    expect(w, "work a alpha x\n");
    answer(w, 0);
    answer(w, 1);
    world_end(w);
}

static void
credit_without_end_does_not_overflow(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn c = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, UINT64_MAX, UINT64_MAX);
    for (int i = 0; i < 3; i++)
        bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND,
                                (struct bb_router_credit){UINT64_MAX, UINT64_MAX});
    request(w, &c, 1, "x");
    expect(w, "work a alpha x\n");
    answer(w, 0);
    world_end(w);
}

static void
organizations_take_turns(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1), b = conn_of("beta", 2), c = conn_of("gamma", 3);

    (void)state;
    request(w, &a, 1, "1");
    request(w, &a, 2, "2");
    request(w, &a, 3, "3");
    request(w, &b, 1, "1");
    request(w, &b, 2, "2");
    request(w, &c, 1, "1");
    ready(w, &worker_a, 100, 1000);
    expect(w,
           "work a alpha 1\nwork a beta 1\nwork a gamma 1\nwork a alpha 2\nwork a beta 2\nwork a alpha 3\n");
    for (size_t i = 0; i < 6; i++)
        answer(w, i);
    world_end(w);
}

static void
a_newcomer_does_not_overtake_who_waits(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 1, 1000);
    request(w, &a, 1, "1");
    request(w, &a, 2, "2");
    request(w, &a, 3, "3");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){2, 0});
    expect(w, "work a alpha 1\nwork a alpha 2\nwork a alpha 3\n");
    for (size_t i = 0; i < 3; i++)
        answer(w, i);
    world_end(w);
}

static void
queues_have_limits(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1), b = conn_of("beta", 2), c = conn_of("gamma", 3);

    (void)state;
    for (uint64_t id = 1; id <= 4; id++)
        request(w, &a, id, "1");
    expect(w, "error alpha 4 OVERLOADED\n"); /* its share in messages */
    request_in(w, 0, &a, 5, TREND, "1", 1000);
    expect(w, ""); /* another lane has its own queue */
    request(w, &b, 1, "123456789012345678901234567890");
    request(w, &b, 2, "1");
    expect(w, "error beta 2 OVERLOADED\n"); /* its share in bytes */
    request(w, &c, 1, "1234567890123456789012345678");
    expect(w, "error gamma 1 OVERLOADED\n"); /* the lane in bytes: 3 + 30 + 28 */
    request(w, &c, 2, "1");
    request(w, &c, 3, "1");
    request(w, &c, 4, "1");
    expect(w, "error gamma 4 OVERLOADED\n"); /* the lane in messages */
    assert_int_equal(bb_router_counters(w->router)->errors[BB_ERROR_OVERLOADED], 4);
    bb_router_conn_gone(w->router, &a);
    request(w, &c, 5, "1");
    expect(w, ""); /* there is room again */
    bb_router_conn_gone(w->router, &b);
    bb_router_conn_gone(w->router, &c);
    world_end(w);
}

static void
a_connection_has_a_limit_of_open_requests(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 100, 1000);
    for (uint64_t id = 1; id <= 8; id++)
        request(w, &a, id, "1");
    forget(w);
    request(w, &a, 9, "1");
    expect(w, "error alpha 9 OVERLOADED\n");
    request(w, &a, 3, "1");
    expect(w, "error alpha 3 STATE\n"); /* open already */
    answer(w, 2);
    forget(w);
    request(w, &a, 3, "1");
    expect(w, "work a alpha 1\n");
    bb_router_stop(w->router);
    assert_int_equal(w->code, BB_ERROR_UNAVAILABLE);
    world_end(w);
}

static void
windows(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 100, 1000);
    request(w, &a, 1, "x"); /* window 100 */
    forget(w);
    assert_int_equal(reply_part(w, w->tags[0], 0, false, 99), BB_ROUTER_OK);
    assert_int_equal(reply_part(w, w->tags[0], 1, false, 50), BB_ROUTER_OK); /* overshoots by 49 */
    bb_router_pull(w->router, &a, 1, 49);
    bb_router_pull(w->router, &a, 1, 1);
    assert_int_equal(reply_part(w, w->tags[0], 2, false, 1), BB_ROUTER_OK);
    expect(w, "reply alpha 1 part 0\nreply alpha 1 part 1\npull 49\npull 1\nreply alpha 1 part 2\n");
    assert_int_equal(reply_part(w, w->tags[0], 3, true, 0), BB_ROUTER_OK); /* nothing needs no window */
    expect(w, "reply alpha 1 part 3 final\n");
    bb_router_pull(w->router, &a, 1, 49); /* crossed the last part */
    expect(w, "");
    world_end(w);
}

static void
a_window_has_a_largest_size(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    request(w, &a, 1, "x");
    for (int i = 0; i < 3; i++)
        bb_router_pull(w->router, &a, 1, UINT32_MAX); /* waiting: it goes with the work */
    expect(w, "");
    ready(w, &worker_a, 100, 1000);
    bb_router_pull(w->router, &a, 1, 1);
    expect(w, "work a alpha x\n");
    assert_int_equal(reply_part(w, w->tags[0], 0, false, 1000), BB_ROUTER_OK);
    forget(w);
    bb_router_pull(w->router, &a, 1, UINT32_MAX);
    expect(w, "pull 1000\n");
    bb_router_cancel(w->router, &a, 1);
    expect(w, "cancel\nerror alpha 1 CANCELLED\n");
    world_end(w);
}

static void
parts_that_break_the_rules(void **state)
{
    static const struct {
        const char *what;
        uint32_t part;
        size_t bytes;
        bool spent; /* the window */
    } table[] = {
        {"without a window", 1, 1, true},
        {"out of order", 2, 1, false},
        {"again", 0, 1, false},
        {"too large", 1, BB_LIMIT_FRAME_BYTES, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct world *w = world_new(&small);
        struct bb_conn a = conn_of("alpha", 1);

        print_message("%s\n", table[i].what);
        ready(w, &worker_a, 100, 1000);
        request(w, &a, 1, "x");
        assert_int_equal(reply_part(w, w->tags[0], 0, false, table[i].spent ? 100 : 1), BB_ROUTER_OK);
        forget(w);
        assert_int_equal(reply_part(w, w->tags[0], table[i].part, true, table[i].bytes), BB_ROUTER_E_BROKEN);
        expect(w, "cancel\nerror alpha 1 INTERNAL\n");
        world_end(w);
    }
}

static void
deadlines(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    request_in(w, 1000, &a, 1, SUBMIT, "1", 500);
    request_in(w, 1000, &a, 2, SUBMIT, "2", 100);
    request_in(w, 1000, &a, 3, SUBMIT, "3", 0); /* the default */
    request_in(w, 1000, &a, 4, TREND, "4", UINT32_MAX);
    assert_int_equal(bb_router_deadline(w->router), 1100);
    bb_router_expire(w->router, 1099);
    expect(w, "");
    bb_router_expire(w->router, 1100);
    expect(w, "error alpha 2 TIMEOUT\n");
    assert_int_equal(bb_router_deadline(w->router), 1500);
    bb_router_worker_ready(w->router, 1200, MEAS, &worker_a,
                           (const struct bb_router_credit[]){{100, 1000}, {100, 1000}});
    expect(w, "work a alpha 1\nwork a alpha 3\nwork a alpha 4\n"); /* 2 is never done later */
    assert_int_equal(w->timeout_ms, BB_LIMIT_TIMEOUT_MS - 200);
    bb_router_expire(w->router, 1500);
    expect(w, "cancel\nerror alpha 1 TIMEOUT\n");
    assert_int_equal(bb_router_deadline(w->router), 1000 + BB_LIMIT_TIMEOUT_DEFAULT_MS);
    bb_router_expire(w->router, 1000 + BB_LIMIT_TIMEOUT_MS);
    expect(w, "cancel\nerror alpha 3 TIMEOUT\ncancel\nerror alpha 4 TIMEOUT\n");
    world_end(w);
}

static void
a_worker_that_goes_fails_what_it_has(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 1, 1000);
    request(w, &a, 1, "1");
    request(w, &a, 2, "2");
    forget(w);
    bb_router_worker_gone(w->router, MEAS);
    expect(w, "error alpha 1 UNAVAILABLE\n");
    ready(w, &worker_b, 1, 1000);
    expect(w, "work b alpha 2\n");
    assert_int_equal(reply_part(w, w->tags[0], 0, true, 1), BB_ROUTER_E_STALE);
    answer(w, 1);
    world_end(w);
}

static void
a_new_worker_takes_the_place_of_the_old_one(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 10, 1000);
    request(w, &a, 1, "1");
    forget(w);
    ready(w, &worker_a, 10, 1000); /* the same one again */
    expect(w, "");
    ready(w, &worker_b, 10, 1000);
    expect(w, "error alpha 1 UNAVAILABLE\n");
    request(w, &a, 2, "2");
    expect(w, "work b alpha 2\n");
    answer(w, 1);
    world_end(w);
}

static void
a_draining_worker_gets_nothing_new(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 10, 1000);
    request(w, &a, 1, "1");
    bb_router_worker_drain(w->router, MEAS);
    request(w, &a, 2, "2");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){1, 1});
    answer(w, 0);
    expect(w, "work a alpha 1\nreply alpha 1 part 0 final\n");
    ready(w, &worker_a, 10, 1000);
    expect(w, "work a alpha 2\n");
    answer(w, 1);
    world_end(w);
}

static void
errors_of_the_worker_are_passed_on(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 10, 1000);
    request(w, &a, 1, "1");
    bb_router_work_reply(w->router, MEAS,
                         &(struct bb_router_work_reply){
                             .tag = w->tags[0], .final = false, .code = BB_ERROR_CONFLICT, .message = "x"});
    expect(w, "work a alpha 1\nerror alpha 1 CONFLICT\n");
    request(w, &a, 2, "1");
    assert_int_equal(bb_router_work_reply(w->router, BB_SERVICE_BROKER,
                                          &(struct bb_router_work_reply){.tag = w->tags[1], .final = true}),
                     BB_ROUTER_E_STALE); /* another service's tag */
    answer(w, 1);
    world_end(w);
}

static void
two_connections_may_use_the_same_ids(void **state)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1), b = conn_of("alpha", 1);

    (void)state;
    ready(w, &worker_a, 10, 1000);
    request(w, &a, 1, "a");
    request(w, &b, 1, "b");
    bb_router_cancel(w->router, &b, 1);
    bb_router_cancel(w->router, &b, 1);
    expect(w, "work a alpha a\nwork a alpha b\ncancel\nerror alpha 1 CANCELLED\n");
    assert_int_equal(a.outstanding, 1);
    bb_router_conn_gone(w->router, &a);
    expect(w, "cancel\n");
    world_end(w);
}

/* Every order of what may end a request: it ends exactly once, whatever came first. */

enum ending { END_REPLY, END_CANCEL, END_WORKER, END_CONN, END_DEADLINE, ENDINGS };

static void
apply_ending(struct world *w, struct bb_conn *conn, enum ending ending)
{
    switch (ending) {
    case END_REPLY:
        reply_part(w, w->tags[0], 0, true, 1);
        return;
    case END_CANCEL:
        bb_router_cancel(w->router, conn, 1);
        return;
    case END_WORKER:
        bb_router_worker_gone(w->router, MEAS);
        return;
    case END_CONN:
        bb_router_conn_gone(w->router, conn);
        return;
    default:
        bb_router_expire(w->router, 1000);
        return;
    }
}

static unsigned
occurrences(const char *text, const char *what)
{
    unsigned n = 0;

    while ((text = strstr(text, what))) {
        n++;
        text++;
    }
    return n;
}

static void
try_endings(const enum ending *order, bool queued)
{
    struct world *w = world_new(&small);
    struct bb_conn a = conn_of("alpha", 1);
    unsigned ends;

    if (!queued)
        ready(w, &worker_a, 10, 1000);
    request(w, &a, 1, "x");
    for (int i = 0; i < ENDINGS; i++)
        apply_ending(w, &a, order[i]);
    ends = occurrences(w->log, "final") + occurrences(w->log, "error");
    assert_true(ends <= 1);
    assert_int_equal(ends, order[0] == END_CONN || (queued && ends == 0) ? 0 : 1);
    assert_true(occurrences(w->log, "cancel\n") <= 1);
    world_end(w);
}

static unsigned
permute(enum ending *order, int n, bool queued)
{
    unsigned tried = 0;

    if (n == 1) {
        try_endings(order, queued);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        enum ending last;

        tried += permute(order, n - 1, queued);
        last = order[n - 1];
        order[n - 1] = order[n % 2 ? 0 : i];
        order[n % 2 ? 0 : i] = last;
    }
    return tried;
}

static void
ends_once_in_every_order(void **state)
{
    enum ending order[ENDINGS] = {END_REPLY, END_CANCEL, END_WORKER, END_CONN, END_DEADLINE};

    (void)state;
    assert_int_equal(permute(order, ENDINGS, false), 120);
    assert_int_equal(permute(order, ENDINGS, true), 120);
}

/* Every order of two requests, a worker and credit: both are handed over at the end. */

static void
starts_in_every_order(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        unsigned step[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
        struct bb_conn a = conn_of("alpha", 1), b = conn_of("beta", 2);
        struct world *w;

        if (((1u << step[0]) | (1u << step[1]) | (1u << step[2]) | (1u << step[3])) != 15)
            continue;
        w = world_new(&small);
        for (int i = 0; i < 4; i++) {
            if (step[i] == 0)
                request(w, &a, 1, "x");
            else if (step[i] == 1)
                request(w, &b, 1, "y");
            else if (step[i] == 2)
                ready(w, &worker_a, 2, 1000);
            else
                bb_router_cancel(w->router, &a, 9); /* not there: changes nothing */
        }
        assert_int_equal(w->n_tags, 2);
        assert_int_equal(occurrences(w->log, "work a alpha x\n"), 1);
        assert_int_equal(occurrences(w->log, "work a beta y\n"), 1);
        bb_router_stop(w->router);
        world_end(w);
    }
}

/* A long random life: no request ends twice, the accounts are those of a plain count, nothing stays. */

static uint32_t
next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void
random_step(struct world *w, struct bb_conn *conns, size_t n_conns, bb_mono now, uint64_t *seed)
{
    struct bb_conn *conn = &conns[next_random(seed) % n_conns];
    uint64_t id = next_random(seed) % 16;
    uint64_t tag = w->n_tags ? w->tags[next_random(seed) % (w->n_tags < 4096 ? w->n_tags : 4096)] : 0;

    switch (next_random(seed) % 16) {
    case 0:
        bb_router_cancel(w->router, conn, id);
        return;
    case 1:
        bb_router_conn_gone(w->router, conn);
        return;
    case 2:
        bb_router_worker_gone(w->router, MEAS);
        return;
    case 3:
    case 4:
        ready(w, next_random(seed) % 2 ? &worker_a : &worker_b, next_random(seed) % 8,
              next_random(seed) % 64);
        return;
    case 5:
    case 6:
        bb_router_worker_credit(w->router, now, MEAS, next_random(seed) % 2,
                                (struct bb_router_credit){next_random(seed) % 4, next_random(seed) % 32});
        return;
    case 7:
        bb_router_pull(w->router, conn, id, next_random(seed));
        return;
    case 8:
        bb_router_expire(w->router, now);
        return;
    case 9:
    case 10:
    case 11:
        reply_part(w, tag, next_random(seed) % 2, next_random(seed) % 2, next_random(seed) % 300);
        return;
    default:
        request_in(w, now, conn, id, next_random(seed) % 2 ? SUBMIT : TREND,
                   "0123456789" + next_random(seed) % 10, 1 + next_random(seed) % 300);
        return;
    }
}

static void
a_long_random_life(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 20; round++) {
        struct world *w = world_new(&small);
        struct bb_conn conns[] = {conn_of("a", 1), conn_of("a", 1), conn_of("b", 2), conn_of("c", 3)};
        uint64_t seed = round;

        for (bb_mono now = 0; now < 20000; now++) {
            struct bb_router_load load;
            uint64_t open = 0;

            random_step(w, conns, 4, now, &seed);
            forget(w);
            for (int i = 0; i < 4; i++)
                open += conns[i].outstanding;
            load = bb_router_load(w->router, MEAS);
            assert_int_equal(load.queued + load.in_flight, open);
            assert_true(load.queued <= 2 * small.lane_messages && load.queued_bytes <= 2 * small.lane_bytes);
            assert_true((bb_router_deadline(w->router) == BB_NEVER) == (open == 0));
        }
        for (int i = 0; i < 4; i++)
            bb_router_conn_gone(w->router, &conns[i]);
        world_end(w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_over_at_once_and_answers),
        cmocka_unit_test(waits_for_a_worker_and_for_credit),
        cmocka_unit_test(credit_in_bytes_may_go_below_zero_by_one_body),
        cmocka_unit_test(credit_without_end_does_not_overflow),
        cmocka_unit_test(organizations_take_turns),
        cmocka_unit_test(a_newcomer_does_not_overtake_who_waits),
        cmocka_unit_test(queues_have_limits),
        cmocka_unit_test(a_connection_has_a_limit_of_open_requests),
        cmocka_unit_test(windows),
        cmocka_unit_test(a_window_has_a_largest_size),
        cmocka_unit_test(parts_that_break_the_rules),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(a_worker_that_goes_fails_what_it_has),
        cmocka_unit_test(a_new_worker_takes_the_place_of_the_old_one),
        cmocka_unit_test(a_draining_worker_gets_nothing_new),
        cmocka_unit_test(errors_of_the_worker_are_passed_on),
        cmocka_unit_test(two_connections_may_use_the_same_ids),
        cmocka_unit_test(ends_once_in_every_order),
        cmocka_unit_test(starts_in_every_order),
        cmocka_unit_test(a_long_random_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
