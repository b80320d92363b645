/* The router: tables and fake time. */
#include "broker/router.h"

#include "router_fixture.h"

static void
hands_over_at_once_and_answers(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 10, 1000);
    world_request(w, &w->alpha, 7, "x");
    world_expect(w, "work a alpha x\n");
    assert_int_equal(w->alpha.outstanding, 1);
    assert_int_equal(bb_router_load(w->router, MEAS).in_flight, 1);
    world_answer(w, 0);
    world_expect(w, "reply alpha 7 part 0 final\n");
    assert_int_equal(w->alpha.outstanding, 0);
    assert_int_equal(world_reply_part(w, w->tags[0], 0, true, 1), BB_ROUTER_E_STALE);
    world_expect(w, "");
}

static void
waits_for_a_worker_and_for_credit(void **state)
{
    struct world *w = *state;

    world_request(w, &w->alpha, 1, "one");
    world_request(w, &w->alpha, 2, "two");
    world_request(w, &w->alpha, 3, "three");
    world_expect(w, "");
    assert_int_equal(bb_router_load(w->router, MEAS).queued_bytes, 11);
    world_ready(w, &worker_a, 1, 1000);
    world_expect(w, "work a alpha one\n");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_QUERY, (struct bb_router_credit){5, 5});
    world_expect(w, ""); /* the other lane's */
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){1, 0});
    world_expect(w, "work a alpha two\n");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){1, 0});
    world_expect(w, "work a alpha three\n");
    for (size_t i = 0; i < 3; i++)
        world_answer(w, i);
}

static void
credit_in_bytes_may_go_below_zero_by_one_body(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 10, 3);
    world_request(w, &w->alpha, 1, "12345");
    world_expect(w, "work a alpha 12345\n"); /* 3 - 5 = -2 */
    world_request(w, &w->alpha, 2, "x");
    world_expect(w, "");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){0, 2});
    world_expect(w, ""); /* 0 */
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){0, 1});
    world_expect(w, "work a alpha x\n");
    world_answer(w, 0);
    world_answer(w, 1);
}

static void
credit_without_end_does_not_overflow(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, UINT64_MAX, UINT64_MAX);
    for (int i = 0; i < 3; i++)
        bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND,
                                (struct bb_router_credit){UINT64_MAX, UINT64_MAX});
    world_request(w, &w->alpha, 1, "x");
    world_expect(w, "work a alpha x\n");
    world_answer(w, 0);
}

static void
organizations_take_turns(void **state)
{
    struct world *w = *state;

    world_request(w, &w->alpha, 1, "1");
    world_request(w, &w->alpha, 2, "2");
    world_request(w, &w->alpha, 3, "3");
    world_request(w, &w->beta, 1, "1");
    world_request(w, &w->beta, 2, "2");
    world_request(w, &w->gamma, 1, "1");
    world_ready(w, &worker_a, 100, 1000);
    world_expect(
        w, "work a alpha 1\nwork a beta 1\nwork a gamma 1\nwork a alpha 2\nwork a beta 2\nwork a alpha 3\n");
    for (size_t i = 0; i < 6; i++)
        world_answer(w, i);
}

static void
a_newcomer_does_not_overtake_who_waits(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 1, 1000);
    world_request(w, &w->alpha, 1, "1");
    world_request(w, &w->alpha, 2, "2");
    world_request(w, &w->alpha, 3, "3");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){2, 0});
    world_expect(w, "work a alpha 1\nwork a alpha 2\nwork a alpha 3\n");
    for (size_t i = 0; i < 3; i++)
        world_answer(w, i);
}

static void
queues_have_limits(void **state)
{
    struct world *w = *state;

    for (uint64_t id = 1; id <= 4; id++)
        world_request(w, &w->alpha, id, "1");
    world_expect(w, "error alpha 4 OVERLOADED\n"); /* its share in messages */
    world_request_in(w, 0, &w->alpha, 5, TREND, "1", 1000);
    world_expect(w, ""); /* another lane has its own queue */
    world_request(w, &w->beta, 1, "123456789012345678901234567890");
    world_request(w, &w->beta, 2, "1");
    world_expect(w, "error beta 2 OVERLOADED\n"); /* its share in bytes */
    world_request(w, &w->gamma, 1, "1234567890123456789012345678");
    world_expect(w, "error gamma 1 OVERLOADED\n"); /* the lane in bytes: 3 + 30 + 28 */
    world_request(w, &w->gamma, 2, "1");
    world_request(w, &w->gamma, 3, "1");
    world_request(w, &w->gamma, 4, "1");
    world_expect(w, "error gamma 4 OVERLOADED\n"); /* the lane in messages */
    assert_int_equal(bb_router_counters(w->router)->errors[BB_ERROR_OVERLOADED], 4);
    bb_router_conn_gone(w->router, &w->alpha);
    world_request(w, &w->gamma, 5, "1");
    world_expect(w, ""); /* there is room again */
    bb_router_conn_gone(w->router, &w->beta);
    bb_router_conn_gone(w->router, &w->gamma);
}

static void
a_connection_has_a_limit_of_open_requests(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 100, 1000);
    for (uint64_t id = 1; id <= 8; id++)
        world_request(w, &w->alpha, id, "1");
    world_forget(w);
    world_request(w, &w->alpha, 9, "1");
    world_expect(w, "error alpha 9 OVERLOADED\n");
    world_request(w, &w->alpha, 3, "1");
    world_expect(w, "error alpha 3 STATE\n"); /* open already */
    world_answer(w, 2);
    world_forget(w);
    world_request(w, &w->alpha, 3, "1");
    world_expect(w, "work a alpha 1\n");
    bb_router_stop(w->router);
    assert_int_equal(w->code, BB_ERROR_UNAVAILABLE);
}

static void
windows(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 100, 1000);
    world_request(w, &w->alpha, 1, "x"); /* window 100 */
    world_forget(w);
    assert_int_equal(world_reply_part(w, w->tags[0], 0, false, 99), BB_ROUTER_OK);
    assert_int_equal(world_reply_part(w, w->tags[0], 1, false, 50), BB_ROUTER_OK); /* overshoots by 49 */
    bb_router_pull(w->router, &w->alpha, 1, 49);
    bb_router_pull(w->router, &w->alpha, 1, 1);
    assert_int_equal(world_reply_part(w, w->tags[0], 2, false, 1), BB_ROUTER_OK);
    world_expect(w, "reply alpha 1 part 0\nreply alpha 1 part 1\npull 49\npull 1\nreply alpha 1 part 2\n");
    assert_int_equal(world_reply_part(w, w->tags[0], 3, true, 0), BB_ROUTER_OK); /* nothing needs no window */
    world_expect(w, "reply alpha 1 part 3 final\n");
    bb_router_pull(w->router, &w->alpha, 1, 49); /* crossed the last part */
    world_expect(w, "");
}

static void
a_window_has_a_largest_size(void **state)
{
    struct world *w = *state;

    world_request(w, &w->alpha, 1, "x");
    for (int i = 0; i < 3; i++)
        bb_router_pull(w->router, &w->alpha, 1, UINT32_MAX); /* waiting: it goes with the work */
    world_expect(w, "");
    world_ready(w, &worker_a, 100, 1000);
    bb_router_pull(w->router, &w->alpha, 1, 1);
    world_expect(w, "work a alpha x\n");
    assert_int_equal(world_reply_part(w, w->tags[0], 0, false, 1000), BB_ROUTER_OK);
    world_forget(w);
    bb_router_pull(w->router, &w->alpha, 1, UINT32_MAX);
    world_expect(w, "pull 1000\n");
    bb_router_cancel(w->router, &w->alpha, 1);
    world_expect(w, "cancel\nerror alpha 1 CANCELLED\n");
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
        struct world *w = world_new();

        print_message("%s\n", table[i].what);
        world_ready(w, &worker_a, 100, 1000);
        world_request(w, &w->alpha, 1, "x");
        assert_int_equal(world_reply_part(w, w->tags[0], 0, false, table[i].spent ? 100 : 1), BB_ROUTER_OK);
        world_forget(w);
        assert_int_equal(world_reply_part(w, w->tags[0], table[i].part, true, table[i].bytes),
                         BB_ROUTER_E_BROKEN);
        world_expect(w, "cancel\nerror alpha 1 INTERNAL\n");
        world_end(w);
    }
}

static void
deadlines(void **state)
{
    struct world *w = *state;

    world_request_in(w, 1000, &w->alpha, 1, SUBMIT, "1", 500);
    world_request_in(w, 1000, &w->alpha, 2, SUBMIT, "2", 100);
    world_request_in(w, 1000, &w->alpha, 3, SUBMIT, "3", 0); /* the default */
    world_request_in(w, 1000, &w->alpha, 4, TREND, "4", UINT32_MAX);
    assert_int_equal(bb_router_deadline(w->router), 1100);
    bb_router_expire(w->router, 1099);
    world_expect(w, "");
    bb_router_expire(w->router, 1100);
    world_expect(w, "error alpha 2 TIMEOUT\n");
    assert_int_equal(bb_router_deadline(w->router), 1500);
    bb_router_worker_ready(w->router, 1200, MEAS, &worker_a,
                           (const struct bb_router_credit[]){{100, 1000}, {100, 1000}});
    world_expect(w, "work a alpha 1\nwork a alpha 3\nwork a alpha 4\n"); /* 2 is never done later */
    assert_int_equal(w->timeout_ms, BB_LIMIT_TIMEOUT_MS - 200);
    bb_router_expire(w->router, 1500);
    world_expect(w, "cancel\nerror alpha 1 TIMEOUT\n");
    assert_int_equal(bb_router_deadline(w->router), 1000 + BB_LIMIT_TIMEOUT_DEFAULT_MS);
    bb_router_expire(w->router, 1000 + BB_LIMIT_TIMEOUT_MS);
    world_expect(w, "cancel\nerror alpha 3 TIMEOUT\ncancel\nerror alpha 4 TIMEOUT\n");
}

static void
a_worker_that_goes_fails_what_it_has(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 1, 1000);
    world_request(w, &w->alpha, 1, "1");
    world_request(w, &w->alpha, 2, "2");
    world_forget(w);
    bb_router_worker_gone(w->router, MEAS);
    world_expect(w, "error alpha 1 UNAVAILABLE\n");
    world_ready(w, &worker_b, 1, 1000);
    world_expect(w, "work b alpha 2\n");
    assert_int_equal(world_reply_part(w, w->tags[0], 0, true, 1), BB_ROUTER_E_STALE);
    world_answer(w, 1);
}

static void
a_new_worker_takes_the_place_of_the_old_one(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 10, 1000);
    world_request(w, &w->alpha, 1, "1");
    world_forget(w);
    world_ready(w, &worker_a, 10, 1000); /* the same one again */
    world_expect(w, "");
    world_ready(w, &worker_b, 10, 1000);
    world_expect(w, "error alpha 1 UNAVAILABLE\n");
    world_request(w, &w->alpha, 2, "2");
    world_expect(w, "work b alpha 2\n");
    world_answer(w, 1);
}

static void
a_draining_worker_gets_nothing_new(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 10, 1000);
    world_request(w, &w->alpha, 1, "1");
    bb_router_worker_drain(w->router, MEAS);
    world_request(w, &w->alpha, 2, "2");
    bb_router_worker_credit(w->router, 0, MEAS, BB_LANE_COMMAND, (struct bb_router_credit){1, 1});
    world_answer(w, 0);
    world_expect(w, "work a alpha 1\nreply alpha 1 part 0 final\n");
    world_ready(w, &worker_a, 10, 1000);
    world_expect(w, "work a alpha 2\n");
    world_answer(w, 1);
}

static void
errors_of_the_worker_are_passed_on(void **state)
{
    struct world *w = *state;

    world_ready(w, &worker_a, 10, 1000);
    world_request(w, &w->alpha, 1, "1");
    bb_router_work_reply(w->router, MEAS,
                         &(struct bb_router_work_reply){
                             .tag = w->tags[0], .final = false, .code = BB_ERROR_CONFLICT, .message = "x"});
    world_expect(w, "work a alpha 1\nerror alpha 1 CONFLICT\n");
    world_request(w, &w->alpha, 2, "1");
    assert_int_equal(bb_router_work_reply(w->router, BB_SERVICE_BROKER,
                                          &(struct bb_router_work_reply){.tag = w->tags[1], .final = true}),
                     BB_ROUTER_E_STALE); /* another service's tag */
    world_answer(w, 1);
}

static void
two_connections_may_use_the_same_ids(void **state)
{
    struct world *w = *state;
    struct bb_conn b = world_conn("alpha", 1);

    world_ready(w, &worker_a, 10, 1000);
    world_request(w, &w->alpha, 1, "a");
    world_request(w, &b, 1, "b");
    bb_router_cancel(w->router, &b, 1);
    bb_router_cancel(w->router, &b, 1);
    world_expect(w, "work a alpha a\nwork a alpha b\ncancel\nerror alpha 1 CANCELLED\n");
    assert_int_equal(w->alpha.outstanding, 1);
    bb_router_conn_gone(w->router, &w->alpha);
    world_expect(w, "cancel\n");
}

/* One that wants its answer in one part, as workers do, gets INTERNAL for another part. */
static void
a_single_answer(void **state)
{
    struct world *w = *state;
    const struct bb_router_request request = {
        .id = 7, .method = SUBMIT, .window_bytes = 1000, .single = true};

    world_ready(w, &worker_a, 10, 1000);
    bb_router_request(w->router, 0, &w->alpha, &request);
    bb_router_request(w->router, 0, &w->beta, &request);
    world_forget(w);
    assert_int_equal(world_reply_part(w, w->tags[0], 0, false, 3), BB_ROUTER_E_BROKEN);
    assert_int_equal(w->code, BB_ERROR_INTERNAL);
    assert_int_equal(world_reply_part(w, w->tags[1], 0, true, 3), BB_ROUTER_OK);
    assert_int_equal(w->alpha.outstanding + w->beta.outstanding, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(hands_over_at_once_and_answers),
        WORLD_TEST(waits_for_a_worker_and_for_credit),
        WORLD_TEST(credit_in_bytes_may_go_below_zero_by_one_body),
        WORLD_TEST(credit_without_end_does_not_overflow),
        WORLD_TEST(organizations_take_turns),
        WORLD_TEST(a_newcomer_does_not_overtake_who_waits),
        WORLD_TEST(queues_have_limits),
        WORLD_TEST(a_connection_has_a_limit_of_open_requests),
        WORLD_TEST(windows),
        WORLD_TEST(a_window_has_a_largest_size),
        cmocka_unit_test(parts_that_break_the_rules),
        WORLD_TEST(deadlines),
        WORLD_TEST(a_worker_that_goes_fails_what_it_has),
        WORLD_TEST(a_new_worker_takes_the_place_of_the_old_one),
        WORLD_TEST(a_draining_worker_gets_nothing_new),
        WORLD_TEST(errors_of_the_worker_are_passed_on),
        WORLD_TEST(a_single_answer),
        WORLD_TEST(two_connections_may_use_the_same_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
