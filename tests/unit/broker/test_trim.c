/* When free memory is given back: after many connections, when it is quiet, or at last when it never is. */
#include "broker/trim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
few_are_not_worth_it(void **state)
{
    struct bb_trim trim = {.closed = 0};

    (void)state;
    assert_false(bb_trim_is_due(&trim, 1000000));
    for (unsigned i = 1; i < BB_TRIM_CLOSED; i++)
        bb_trim_closed(&trim, 1000);
    assert_false(bb_trim_is_due(&trim, 1000000));
    bb_trim_closed(&trim, 1000000); /* they add up */
    assert_true(bb_trim_is_due(&trim, 1000000 + BB_TRIM_QUIET_MS));
}

static void
waits_until_it_is_quiet(void **state)
{
    struct bb_trim trim = {.closed = 0};

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        bb_trim_closed(&trim, 1000 + i);
        assert_false(bb_trim_is_due(&trim, 1000 + i));
    }
    assert_false(bb_trim_is_due(&trim, 1999 + BB_TRIM_QUIET_MS - 1));
    assert_true(bb_trim_is_due(&trim, 1999 + BB_TRIM_QUIET_MS));
    assert_false(bb_trim_is_due(&trim, 1000000)); /* once */
}

static void
comes_seldom_when_it_is_never_quiet(void **state)
{
    struct bb_trim trim = {.closed = 0};
    unsigned n = 0;

    (void)state;
    for (bb_mono now = 0; now < 60000; now += 10) {
        bb_trim_closed(&trim, now);
        n += bb_trim_is_due(&trim, now);
    }
    assert_in_range(n, 4, 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_not_worth_it),
        cmocka_unit_test(waits_until_it_is_quiet),
        cmocka_unit_test(comes_seldom_when_it_is_never_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
