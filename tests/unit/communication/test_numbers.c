/* The map from numbers to numbers, beside an array that knows. */
#include "workers/communication/numbers.h"

#include "tests/unit/check.h"

#include <stdlib.h>

enum { KEYS = 300 };

static void
check_all(const struct bb_numbers *map, const uint32_t *expected, uint64_t stride)
{
    uint32_t count = 0, value;

    for (uint32_t k = 0; k < KEYS; k++) {
        bool there = bb_numbers_get(map, k * stride, &value);
        assert_int_equal(there, expected[k] != 0);
        if (there)
            assert_int_equal(value, expected[k]);
        count += expected[k] != 0;
    }
    assert_int_equal(map->count, count);
}

static void
test_random(void **state)
{
    /* Strides that a careless hash would fold onto few places. */
    static const uint64_t strides[] = {1, 16, 4096, UINT64_C(1) << 32, UINT64_C(0x9E3779B97F4A7C15)};

    (void)state;
    srandom(1);
    for (size_t s = 0; s < COUNT(strides); s++) {
        struct bb_numbers map = {0};
        uint32_t expected[KEYS] = {0};
        assert_false(bb_numbers_get(&map, 1, &expected[1]));
        assert_int_equal(bb_numbers_reserve(&map, KEYS), 0);
        for (unsigned step = 0; step < 20000; step++) {
            uint32_t k = (uint32_t)random() % KEYS;
            expected[k] = random() % 2 ? step + 1 : 0;
            if (expected[k])
                bb_numbers_set(&map, k * strides[s], expected[k]);
            else
                bb_numbers_remove(&map, k * strides[s]);
            if (step % 100 == 0)
                check_all(&map, expected, strides[s]);
        }
        bb_numbers_clear(&map);
        check_all(&map, (uint32_t[KEYS]){0}, strides[s]);
        bb_numbers_release(&map);
    }
}

static void
test_grows(void **state)
{
    struct bb_numbers map = {0};
    uint32_t value;

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(bb_numbers_reserve(&map, i + 1), 0);
        bb_numbers_set(&map, i * 7, i);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        assert_true(bb_numbers_get(&map, i * 7, &value));
        assert_int_equal(value, i);
    }
    bb_numbers_release(&map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
