/* The table of cursors, and what becomes of those that nobody uses. */
#include "workers/communication/cursor.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t
add(struct bb_cursors *cursors, uint32_t organization, const char *name)
{
    struct bb_bytes all = bb_bytes_str("all");
    struct bb_filter *filter;
    uint32_t number;

    assert_int_equal(bb_filter_new(&all, 1, &filter), 0);
    assert_int_equal(bb_cursors_add(cursors, organization, bb_bytes_str(name), filter, &number), 0);
    return number;
}

static void
test_names(void **state)
{
    struct bb_cursors cursors;
    uint32_t a, b, c;

    (void)state;
    bb_cursors_init(&cursors);
    assert_int_equal(bb_cursors_find(&cursors, 7, bb_bytes_str("x")), BB_NO_CURSOR);
    a = add(&cursors, 7, "x");
    b = add(&cursors, 7, "y");
    c = add(&cursors, 0, "x");
    assert_int_equal(bb_cursors_find(&cursors, 7, bb_bytes_str("x")), a);
    assert_int_equal(bb_cursors_find(&cursors, 7, bb_bytes_str("y")), b);
    assert_int_equal(bb_cursors_find(&cursors, 0, bb_bytes_str("x")), c);
    assert_int_equal(bb_cursors_find(&cursors, 3, bb_bytes_str("x")), BB_NO_CURSOR);
    assert_int_equal(bb_cursors_of(&cursors, 7), 2);
    bb_cursors_remove(&cursors, a);
    assert_false(bb_cursors_is(&cursors, a));
    assert_int_equal(bb_cursors_find(&cursors, 7, bb_bytes_str("x")), BB_NO_CURSOR);
    assert_int_equal(bb_cursors_find(&cursors, 7, bb_bytes_str("y")), b);
    assert_int_equal(cursors.count, 2);
    bb_cursors_release(&cursors);
}

static void
test_many(void **state)
{
    struct bb_cursors cursors;
    uint32_t number[1000];
    char name[16];

    (void)state;
    bb_cursors_init(&cursors);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "c%u", i % 50);
        number[i] = add(&cursors, i / 50, name);
    }
    for (uint32_t i = 0; i < 1000; i += 3)
        bb_cursors_remove(&cursors, number[i]);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "c%u", i % 50);
        assert_int_equal(bb_cursors_find(&cursors, i / 50, bb_bytes_str(name)),
                         i % 3 == 0 ? BB_NO_CURSOR : number[i]);
    }
    bb_cursors_release(&cursors);
}

static void
test_late(void **state)
{
    struct bb_cursors cursors;
    uint32_t number[4];

    (void)state;
    bb_cursors_init(&cursors);
    assert_int_equal(bb_cursors_latest(&cursors), BB_NO_CURSOR);
    for (uint32_t i = 0; i < 4; i++) {
        number[i] = add(&cursors, i, "x");
        bb_cursors_late(&cursors, number[i], i);
    }
    bb_cursors_late(&cursors, number[0], 9); /* it is already */
    assert_int_equal(bb_cursors_latest(&cursors), number[0]);
    bb_cursors_on_time(&cursors, number[1]);
    bb_cursors_remove(&cursors, number[0]);
    assert_int_equal(bb_cursors_latest(&cursors), number[2]);
    bb_cursors_late(&cursors, number[1], 10);
    bb_cursors_on_time(&cursors, number[2]);
    bb_cursors_on_time(&cursors, number[3]);
    assert_int_equal(bb_cursors_latest(&cursors), number[1]);
    bb_cursors_on_time(&cursors, number[1]);
    assert_int_equal(bb_cursors_latest(&cursors), BB_NO_CURSOR);
    bb_cursors_release(&cursors);
}

static void
test_fate(void **state)
{
    static const struct {
        const char *what;
        bb_utc used, expired, now;
        uint64_t session;
        enum bb_cursor_fate expected;
    } rows[] = {
        {"in use", 0, 0, 5000, 1, BB_CURSOR_STAYS},
        {"used lately", 1000, 0, 1099, 0, BB_CURSOR_STAYS},
        {"idle", 1000, 0, 1100, 0, BB_CURSOR_EXPIRES},
        {"put aside", 1000, 1100, 1999, 0, BB_CURSOR_STAYS},
        {"forgotten", 1000, 1100, 2000, 0, BB_CURSOR_ENDS},
        {"the clock went back", 1000, 0, 10, 0, BB_CURSOR_STAYS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_cursor cursor = {
            .used = rows[i].used, .expired = rows[i].expired, .session = rows[i].session};
        check_int(bb_cursor_fate(&cursor, rows[i].now, 100), rows[i].expected, rows[i].what);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
