/* The clock, poll(2) and sched_yield(2) are scripts: looking takes 10 us, and something comes at a moment. */
#include "client/lib/awake.h"

#include "runtime/clock.h"
#include "tests/unit/check.h"

#include <sched.h>

static int64_t now_ns, comes_ns;
static unsigned looks, sleeps, yields;
static int slept_ms;

int64_t __wrap_bb_clock_ns(void);
int __wrap_poll(struct pollfd *items, nfds_t n, int ms);
int __wrap_sched_yield(void);

int64_t
__wrap_bb_clock_ns(void)
{
    return now_ns;
}

int
__wrap_poll(struct pollfd *items, nfds_t n, int ms)
{
    (void)items;
    (void)n;
    if (ms == 0)
        looks++;
    else
        sleeps++;
    if (ms != 0)
        slept_ms = ms;
    now_ns += 10000;
    return now_ns >= comes_ns;
}

int
__wrap_sched_yield(void)
{
    yields++;
    return 0;
}

static int
poll_awake(int64_t comes_us, int ms, unsigned awake_us)
{
    struct pollfd item = {.fd = -1};

    now_ns = 0;
    comes_ns = comes_us * 1000;
    looks = sleeps = yields = 0;
    slept_ms = 0;
    return bb_awake_poll(&item, 1, ms, awake_us);
}

static void
test_at_hand(void **state)
{
    (void)state;
    assert_int_equal(poll_awake(0, -1, 100), 1);
    assert_int_equal(looks, 1);
    assert_int_equal(sleeps + yields, 0);
}

static void
test_soon(void **state)
{
    (void)state;
    assert_int_equal(poll_awake(50, -1, 100), 1);
    assert_int_equal(looks, 5);
    assert_int_equal(yields, 4); /* whoever else wants the processor gets it */
    assert_int_equal(sleeps, 0);
}

static void
test_later(void **state)
{
    (void)state;
    assert_int_equal(poll_awake(1000, 7, 100), 0);
    assert_in_range(looks, 10, 11);
    assert_int_equal(sleeps, 1);
    assert_int_equal(slept_ms, 7);
}

static void
test_asleep_at_once(void **state)
{
    (void)state;
    assert_int_equal(poll_awake(1000, -1, 0), 0);
    assert_int_equal(looks, 0);
    assert_int_equal(slept_ms, -1);
}

static void
test_no_wait(void **state)
{
    (void)state;
    assert_int_equal(poll_awake(50, 0, 100), 0);
    assert_int_equal(looks, 1);
    assert_int_equal(sleeps + yields, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_hand),        cmocka_unit_test(test_soon),    cmocka_unit_test(test_later),
        cmocka_unit_test(test_asleep_at_once), cmocka_unit_test(test_no_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
