/* Pauses stay within their bounds for every attempt and every draw. */
#include "client/lib/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint32_t draws[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
#define DRAWS (sizeof draws / sizeof *draws)

static void
reconnecting_takes_a_fifth_of_a_second_to_half_a_minute(void **state)
{
    (void)state;
    for (unsigned attempt = 0; attempt < 200; attempt++)
        for (size_t i = 0; i < DRAWS; i++) {
            uint32_t ms = bb_backoff_reconnect_ms(attempt, draws[i]);
            assert_in_range(ms, BB_RECONNECT_MIN_MS, BB_RECONNECT_MAX_MS);
        }
}

static void
reconnecting_doubles_up_to_the_limit(void **state)
{
    (void)state;
    assert_int_equal(bb_backoff_reconnect_ms(0, 0), 200);
    assert_int_equal(bb_backoff_reconnect_ms(0, UINT32_MAX), 400);
    assert_int_equal(bb_backoff_reconnect_ms(1, 0), 400);
    assert_int_equal(bb_backoff_reconnect_ms(3, UINT32_MAX), 3200);
    assert_int_equal(bb_backoff_reconnect_ms(7, 0), 15000);
    assert_int_equal(bb_backoff_reconnect_ms(7, UINT32_MAX), 30000);
    assert_int_equal(bb_backoff_reconnect_ms(1000, UINT32_MAX), 30000);
}

static void
reconnecting_is_spread_over_its_range(void **state)
{
    unsigned buckets[10] = {0};

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint32_t ms = bb_backoff_reconnect_ms(4, (uint32_t)(i * 4294967));
        buckets[(ms - 3200) * 10 / 3201]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(buckets[i], 90, 110);
}

static void
repeating_waits_at_least_as_long_as_it_was_asked_to(void **state)
{
    (void)state;
    for (unsigned attempt = 0; attempt < 50; attempt++)
        for (size_t i = 0; i < DRAWS; i++) {
            assert_in_range(bb_backoff_repeat_ms(attempt, 0, draws[i]), 100, 7500);
            assert_in_range(bb_backoff_repeat_ms(attempt, 20000, draws[i]), 20000, 30000);
        }
    assert_in_range(bb_backoff_repeat_ms(0, 100, UINT32_MAX), 100, 150);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reconnecting_takes_a_fifth_of_a_second_to_half_a_minute),
        cmocka_unit_test(reconnecting_doubles_up_to_the_limit),
        cmocka_unit_test(reconnecting_is_spread_over_its_range),
        cmocka_unit_test(repeating_waits_at_least_as_long_as_it_was_asked_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
