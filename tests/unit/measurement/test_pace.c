/* When the views are written, and how much may wait for them. */
#include "tests/unit/check.h"
#include "workers/measurement/write/pace.h"

#define ROWS  200000
#define BYTES 1000000

static void
test_when_it_goes(void **state)
{
    struct bb_pace pace = bb_pace(ROWS, BYTES);

    (void)state;
    bb_pace_command(&pace, 1000);
    assert_false(bb_pace_due(&pace, 1000, 10, false));
    assert_false(bb_pace_due(&pace, 1002, 10, false));
    assert_int_equal(bb_pace_next(&pace, 1002), 1003);
    assert_true(bb_pace_due(&pace, 1003, 10, false)); /* no command for 3 ms */
    bb_pace_command(&pace, 1003);
    assert_false(bb_pace_due(&pace, 1004, 49999, false));
    assert_true(bb_pace_due(&pace, 1004, 50000, false)); /* enough rows */
    assert_true(bb_pace_due(&pace, 1004, 10, true));     /* a query waits */
    bb_pace_command(&pace, 1499);
    assert_false(bb_pace_due(&pace, 1499, 10, false));
    bb_pace_command(&pace, 1500);
    assert_true(bb_pace_due(&pace, 1500, 10, false)); /* the oldest waits since 1000 */
    assert_int_equal(bb_pace_next(&pace, 1600), 1601);
}

static void
test_waiting_begins_anew(void **state)
{
    struct bb_pace pace = bb_pace(ROWS, BYTES);

    (void)state;
    bb_pace_command(&pace, 1000);
    assert_false(bb_pace_due(&pace, 1000, 10, false));
    bb_pace_given(&pace, 1000, 10);
    assert_int_equal(pace.pending_since, 0);
    bb_pace_command(&pace, 2000);
    assert_false(bb_pace_due(&pace, 2000, 10, false));
    bb_pace_nothing(&pace);
    bb_pace_command(&pace, 3000);
    assert_false(bb_pace_due(&pace, 3000, 10, false));
    bb_pace_command(&pace, 3500);
    assert_true(bb_pace_due(&pace, 3500, 10, false));
}

/* A small bound must not make it wait for rows that may not come. */
static void
test_a_small_bound(void **state)
{
    struct bb_pace pace = bb_pace(1000, BYTES);

    (void)state;
    bb_pace_command(&pace, 1);
    assert_false(bb_pace_due(&pace, 1, 999, false));
    assert_true(bb_pace_due(&pace, 1, 1000, false));
    assert_false(bb_pace_full(&pace, 999, BYTES - 1));
    assert_true(bb_pace_full(&pace, 1000, 0));
    assert_true(bb_pace_full(&pace, 0, BYTES));
}

static void
test_the_bound_is_learnt(void **state)
{
    static const struct {
        size_t rows;
        bb_mono took;
        size_t bound;
    } steps[] = {
        {100000, 100, ROWS},   /* a million a second: as many as may be */
        {100000, 1000, 50000}, /* 100 thousand a second */
        {24999, 499, 50000},   /* too little to learn from */
        {25000, 100, 125000},  /* faster again */
        {100, 500, 10000},     /* a stall: never less than is worth a transaction */
        {4999, 10, 10000},     /* too little of the little that may wait */
        {5000, 50, 50000},     /* the stall is over */
        {50000, 0, ROWS},      /* not measurable */
    };
    struct bb_pace pace = bb_pace(ROWS, BYTES);

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        bb_pace_given(&pace, 5000, steps[i].rows);
        bb_pace_applied(&pace, 5000 + steps[i].took);
        check_int((long)pace.bound, (long)steps[i].bound, "bound");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when_it_goes),
        cmocka_unit_test(test_waiting_begins_anew),
        cmocka_unit_test(test_a_small_bound),
        cmocka_unit_test(test_the_bound_is_learnt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
