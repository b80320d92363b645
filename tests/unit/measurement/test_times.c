/* Times of entries: what was kept is found, until another entry takes its place. */
#include "tests/unit/check.h"
#include "workers/measurement/query/times.h"

static void
test_times(void **state)
{
    struct bb_times *times;
    bb_utc time = 0;

    (void)state;
    assert_int_equal(bb_times_new(&times), 0);
    assert_false(bb_times_find(times, 7, &time));
    bb_times_keep(times, 7, 700);
    bb_times_keep(times, 8, 800);
    assert_true(bb_times_find(times, 7, &time) && time == 700);
    assert_true(bb_times_find(times, 8, &time) && time == 800);
    for (uint64_t sequence = 9; sequence < 100000; sequence++)
        bb_times_keep(times, sequence, (bb_utc)sequence * 100);
    assert_false(bb_times_find(times, 7, &time));
    assert_true(bb_times_find(times, 99999, &time) && time == 9999900);
    bb_times_destroy(&times);
    assert_null(times);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
