/* Names of cells: each once, in the order in which they come, and an end to how many. */
#include "client/formats/read/names.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>

static void
test_order(void **state)
{
    static struct bb_names names;
    (void)state;
    bb_names_init(&names);
    assert_int_equal(bb_names_find(&names, bb_bytes_str("period")), -1);
    assert_int_equal(bb_names_intern(&names, bb_bytes_str("period")), 0);
    assert_int_equal(bb_names_intern(&names, bb_bytes_str("")), 1);
    assert_int_equal(bb_names_intern(&names, bb_bytes_str("Period")), 2);
    assert_int_equal(bb_names_intern(&names, bb_bytes_str("period")), 0);
    assert_int_equal(bb_names_find(&names, bb_bytes_str("Period")), 2);
    assert_int_equal(names.count, 3);
    bb_names_release(&names);
}

static void
test_full(void **state)
{
    static struct bb_names names;
    static const uint8_t text[BB_NAME_BYTES + 1];
    (void)state;
    bb_names_init(&names);
    assert_int_equal(bb_names_intern(&names, bb_bytes(text, sizeof text)), -E2BIG);
    assert_int_equal(bb_names_intern(&names, bb_bytes(text, sizeof text - 1)), 0);
    for (int i = 1; i < (int)BB_CELLS_MAX; i++) {
        char name[24];
        snprintf(name, sizeof name, "column %d", i);
        assert_int_equal(bb_names_intern(&names, bb_bytes_str(name)), i);
    }
    assert_int_equal(bb_names_intern(&names, bb_bytes_str("one more")), -E2BIG);
    assert_int_equal(bb_names_intern(&names, bb_bytes_str("column 300")), 300);
    assert_int_equal(bb_names_find(&names, bb_bytes_str("one more")), -1);
    bb_names_release(&names);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
