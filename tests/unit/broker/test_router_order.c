/* The router in every order where order should not matter, and through long random lives. */
#include "router_fixture.h"

#include <string.h>

/* Every order of what may end a request: it ends exactly once, whatever came first. */

enum ending { END_REPLY, END_CANCEL, END_WORKER, END_CONN, END_DEADLINE, ENDINGS };

static void
apply_ending(struct world *w, struct bb_conn *conn, enum ending ending)
{
    switch (ending) {
    case END_REPLY:
        world_reply_part(w, w->tags[0], 0, true, 1);
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
    struct world *w = world_new();
    unsigned ends;

    if (!queued)
        world_ready(w, &worker_a, 10, 1000);
    world_request(w, &w->alpha, 1, "x");
    for (int i = 0; i < ENDINGS; i++)
        apply_ending(w, &w->alpha, order[i]);
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
        struct world *w;

        if (((1u << step[0]) | (1u << step[1]) | (1u << step[2]) | (1u << step[3])) != 15)
            continue;
        w = world_new();
        for (int i = 0; i < 4; i++) {
            if (step[i] == 0)
                world_request(w, &w->alpha, 1, "x");
            else if (step[i] == 1)
                world_request(w, &w->beta, 1, "y");
            else if (step[i] == 2)
                world_ready(w, &worker_a, 2, 1000);
            else
                bb_router_cancel(w->router, &w->alpha, 9); /* not there: changes nothing */
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
        world_ready(w, next_random(seed) % 2 ? &worker_a : &worker_b, next_random(seed) % 8,
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
        world_reply_part(w, tag, next_random(seed) % 2, next_random(seed) % 2, next_random(seed) % 300);
        return;
    default:
        world_request_in(w, now, conn, id, next_random(seed) % 2 ? SUBMIT : TREND,
                         "0123456789" + next_random(seed) % 10, 1 + next_random(seed) % 300);
        return;
    }
}

static void
a_long_random_life(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 20; round++) {
        struct world *w = world_new();
        struct bb_conn conns[] = {world_conn("a", 1), world_conn("a", 1), world_conn("b", 2),
                                  world_conn("c", 3)};
        uint64_t seed = round;

        for (bb_mono now = 0; now < 20000; now++) {
            struct bb_router_load load;
            uint64_t open = 0;

            random_step(w, conns, 4, now, &seed);
            world_forget(w);
            for (int i = 0; i < 4; i++)
                open += conns[i].outstanding;
            load = bb_router_load(w->router, MEAS);
            assert_int_equal(load.queued + load.in_flight, open);
            assert_true(load.queued <= 2 * world_limits.lane_messages &&
                        load.queued_bytes <= 2 * world_limits.lane_bytes);
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
        cmocka_unit_test(ends_once_in_every_order),
        cmocka_unit_test(starts_in_every_order),
        cmocka_unit_test(a_long_random_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
