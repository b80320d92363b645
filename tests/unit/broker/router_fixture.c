#include "router_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char worker_a, worker_b;

const struct bb_router_limits world_limits = {
    .lane_messages = 6,
    .lane_bytes = 60,
    .organization_messages = 3,
    .organization_bytes = 30,
    .outstanding = 8,
};

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

struct bb_conn
world_conn(const char *organization, uint32_t number)
{
    return (struct bb_conn){
        .who = {.organization = organization, .member = "main", .role = 3, .number = number}};
}

struct world *
world_new(void)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    assert_int_equal(bb_router_new(&world_limits, &ops, w, &w->router), 0);
    w->alpha = world_conn("alpha", 1);
    w->beta = world_conn("beta", 2);
    w->gamma = world_conn("gamma", 3);
    return w;
}

void
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

int
world_setup(void **state)
{
    *state = world_new();
    return 0;
}

int
world_teardown(void **state)
{
    world_end(*state);
    return 0;
}

void
world_forget(struct world *w)
{
    w->len = 0;
    w->log[0] = '\0';
}

void
world_expect(struct world *w, const char *log)
{
    assert_string_equal(w->log, log);
    world_forget(w);
}

void
world_request_in(struct world *w, bb_mono now, struct bb_conn *conn, uint64_t id, uint32_t method,
                 const char *body, uint32_t timeout_ms)
{
    bb_router_request(w->router, now, conn,
                      &(struct bb_router_request){.id = id,
                                                  .method = method,
                                                  .timeout_ms = timeout_ms,
                                                  .window_bytes = 100,
                                                  .has_body = true,
                                                  .body = bb_bytes_str(body)});
}

void
world_request(struct world *w, struct bb_conn *conn, uint64_t id, const char *body)
{
    world_request_in(w, 0, conn, id, SUBMIT, body, 1000);
}

void
world_ready(struct world *w, void *worker, uint64_t messages, uint64_t bytes)
{
    const struct bb_router_credit credit[BB_LANES] = {{messages, bytes}, {messages, bytes}};

    bb_router_worker_ready(w->router, 0, MEAS, worker, credit);
}

enum bb_router_outcome
world_reply_part(struct world *w, uint64_t tag, uint32_t part, bool final, size_t bytes)
{
    static uint8_t zeros[BB_LIMIT_FRAME_BYTES];

    return bb_router_work_reply(
        w->router, MEAS,
        &(struct bb_router_work_reply){
            .tag = tag, .part = part, .final = final, .has_body = true, .body = bb_bytes(zeros, bytes)});
}

void
world_answer(struct world *w, size_t nth)
{
    assert_int_equal(world_reply_part(w, w->tags[nth], 0, true, 1), BB_ROUTER_OK);
}
