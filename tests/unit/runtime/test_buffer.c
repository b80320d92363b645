#include "runtime/buffer.h"

#include "tests/unit/check.h"

#include <errno.h>

static void
test_append(void **state)
{
    struct bb_buffer b;

    (void)state;
    bb_buffer_init(&b, 1 << 20);
    assert_int_equal(bb_buffer_bytes(&b).len, 0);
    for (unsigned i = 0; i < 100000; i++)
        bb_buffer_byte(&b, (uint8_t)i);
    bb_buffer_append(&b, "abc", 3);
    bb_buffer_append(&b, NULL, 0);
    assert_int_equal(b.error, 0);
    assert_int_equal(b.len, 100003);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], (uint8_t)i);
    assert_memory_equal(b.data + 100000, "abc", 3);
    bb_buffer_release(&b);
    bb_buffer_release(&b);
}

static void
test_limit(void **state)
{
    struct bb_buffer b;

    (void)state;
    bb_buffer_init(&b, 4);
    bb_buffer_append(&b, "abc", 3);
    assert_null(bb_buffer_extend(&b, 2));
    assert_int_equal(b.error, -EMSGSIZE);
    bb_buffer_byte(&b, 'd'); /* would fit, but the error sticks */
    bb_buffer_printf(&b, "d");
    assert_int_equal(b.len, 3);
    bb_buffer_reset(&b);
    assert_int_equal(b.error, 0);
    bb_buffer_append(&b, "abcd", 4);
    assert_int_equal(b.error, 0);
    assert_true(bb_bytes_equal(bb_buffer_bytes(&b), bb_bytes_str("abcd")));
    assert_non_null(bb_buffer_extend(&b, 0));
    assert_null(bb_buffer_extend(&b, SIZE_MAX));
    assert_int_equal(b.error, -EMSGSIZE);
    bb_buffer_release(&b);
}

static void
test_no_limit(void **state)
{
    struct bb_buffer b;

    (void)state;
    bb_buffer_init(&b, SIZE_MAX);
    bb_buffer_append(&b, "abc", 3);
    assert_null(bb_buffer_extend(&b, SIZE_MAX - 1)); /* the sum of the sizes does not fit */
    assert_int_equal(b.error, -EMSGSIZE);
    assert_int_equal(b.len, 3);
    bb_buffer_release(&b);
}

static void
test_printf(void **state)
{
    struct bb_buffer b;
    char longer[1000];

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    bb_buffer_init(&b, 1010);
    bb_buffer_printf(&b, "%d %s|", 42, "forty-two");
    assert_true(bb_bytes_equal(bb_buffer_bytes(&b), bb_bytes_str("42 forty-two|")));
    bb_buffer_printf(&b, "%s", longer);
    assert_int_equal(b.error, -EMSGSIZE);
    assert_int_equal(b.len, 13);
    bb_buffer_reset(&b);
    bb_buffer_printf(&b, "%s", longer);
    bb_buffer_printf(&b, "0123456789"); /* exactly the limit */
    bb_buffer_printf(&b, "%s", "");
    assert_int_equal(b.error, 0);
    assert_int_equal(b.len, 1009);
    bb_buffer_release(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_printf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
