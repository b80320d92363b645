/* The pace of a fan-out: room while little is on its way, a word when there is room again, no waiting for who
 * does not read, and how long the next group is gathered. */
#include "broker/pace.h"

#include "tests/unit/check.h"

#include <poll.h>

static struct bb_pace pace;

static int
open_pace(void **state)
{
    (void)state;
    return bb_pace_open(&pace);
}

static int
close_pace(void **state)
{
    (void)state;
    bb_pace_close(&pace);
    return 0;
}

static bool
is_woken(void)
{
    struct pollfd item = {.fd = pace.wake_fd, .events = POLLIN};

    return poll(&item, 1, 0) == 1;
}

static void
test_room(void **state)
{
    (void)state;
    assert_true(bb_pace_has_room(&pace, 1));
    bb_pace_leaves(&pace, BB_PACE_MOST);
    assert_true(bb_pace_has_room(&pace, 1));
    bb_pace_arrived(&pace, 1, 100);
    bb_pace_leaves(&pace, 103);
    assert_false(is_woken()); /* nobody asked */
    assert_false(bb_pace_has_room(&pace, 2));
    assert_int_equal(bb_pace_deadline(&pace), 2 + BB_PACE_STALL_MS);
    bb_pace_arrived(&pace, 3, 2);
    assert_false(is_woken());
    assert_false(bb_pace_has_room(&pace, 5));
    assert_int_equal(bb_pace_deadline(&pace), 2 + BB_PACE_STALL_MS); /* since it was first wanted */
    bb_pace_arrived(&pace, 6, 1);
    assert_true(is_woken());
    bb_pace_woken(&pace);
    bb_pace_arrived(&pace, 6, 1);
    assert_false(is_woken()); /* once */
    assert_true(bb_pace_has_room(&pace, 7));
    assert_true(bb_pace_deadline(&pace) == BB_NEVER);
}

/* What does not arrive is forgiven, as much of it as there is, until it does. */
static void
test_who_does_not_read_is_not_waited_for(void **state)
{
    (void)state;
    bb_pace_leaves(&pace, 1000);
    assert_false(bb_pace_has_room(&pace, 10));
    assert_false(bb_pace_has_room(&pace, 10 + BB_PACE_STALL_MS - 1));
    assert_true(bb_pace_has_room(&pace, 10 + BB_PACE_STALL_MS));
    bb_pace_leaves(&pace, BB_PACE_MOST);
    assert_true(bb_pace_has_room(&pace, 31));
    bb_pace_leaves(&pace, 1);
    assert_false(bb_pace_has_room(&pace, 31));
    bb_pace_arrived(&pace, 32, 1);
    assert_true(is_woken());
    bb_pace_woken(&pace);
    assert_true(bb_pace_has_room(&pace, 32));

    bb_pace_arrived(&pace, 33, 1000 + BB_PACE_MOST); /* all of it, after all */
    assert_true(bb_pace_has_room(&pace, 33));
    bb_pace_leaves(&pace, BB_PACE_MOST + 1);
    assert_false(bb_pace_has_room(&pace, 33));
    bb_pace_forget(&pace);
    assert_true(bb_pace_deadline(&pace) == BB_NEVER);
}

/* A group to many sessions, from 1000 until `took` later, and then the next one. */
static void
test_hold(void **state)
{
    static const struct {
        const char *what;
        bb_mono took, after; /* its beginning */
        size_t sessions;
        bb_mono expected;
    } table[] = {
        {"took nothing", 0, 1, 10000, 0},
        {"at the same time", 0, 0, 10000, 0},
        {"a moment: three times", 1, 2, 10000, 3},
        {"at the end of what is close", 1, 4, 10000, 3},
        {"no more", 1, 5, 10000, 0},
        {"a little longer", 3, 3, 10000, 9},
        {"the least", 4, 4, 10000, 12},
        {"still the least", 48, 100, 10000, 12},
        {"a quarter", 64, 100, 10000, 16},
        {"the most", 80, 100, 10000, 20},
        {"no more than that", 400, 1600, 10000, 20},
        {"long ago", 400, 1601, 10000, 0},
        {"to a few: no longer than they may take", 400, 8, 25, 6},
        {"to a few, long ago for them", 400, 9, 25, 0},
        {"to so few that it is nothing", 400, 1, 12, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        bb_pace_begin(&pace, 1000);
        bb_pace_leaves(&pace, 5);
        bb_pace_arrived(&pace, 1000, 4);
        bb_pace_arrived(&pace, 1000 + table[i].took, 1);
        bb_pace_arrived(&pace, 9000, 0); /* who lags */
        check_int(bb_pace_hold(&pace, 1000 + table[i].after, table[i].sessions), table[i].expected,
                  table[i].what);
    }
}

/* While it is not known how long the last one takes, the one before it counts. */
static void
test_hold_behind_one_that_is_not_done(void **state)
{
    (void)state;
    bb_pace_begin(&pace, 1000);
    bb_pace_leaves(&pace, 1);
    bb_pace_arrived(&pace, 1002, 1);
    assert_int_equal(bb_pace_hold(&pace, 1003, 1000), 6);
    bb_pace_begin(&pace, 1009);
    assert_int_equal(bb_pace_hold(&pace, 1010, 1000), 6); /* nothing has arrived since it began */
    bb_pace_leaves(&pace, 2);
    bb_pace_arrived(&pace, 1010, 1);
    assert_int_equal(bb_pace_hold(&pace, 1011, 1000), 6);
    bb_pace_arrived(&pace, 1012, 1);
    assert_int_equal(bb_pace_hold(&pace, 1012, 1000), 9);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_pace, close_pace)
    const struct CMUnitTest tests[] = {
        T(test_room),
        T(test_who_does_not_read_is_not_waited_for),
        T(test_hold),
        T(test_hold_behind_one_that_is_not_done),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
