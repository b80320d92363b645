/* Varints: lengths at the borders, back again, and memcmp order is the order of the numbers. */
#include "runtime/store/varint.h"

#include "tests/unit/folder.h"

static int
compare(uint64_t a, uint64_t b)
{
    uint8_t in_a[BB_VARINT_MAX], in_b[BB_VARINT_MAX];
    size_t len_a = bb_varint_put(in_a, a), len_b = bb_varint_put(in_b, b);
    int c = memcmp(in_a, in_b, len_a < len_b ? len_a : len_b);

    return c ? (c > 0) - (c < 0) : (len_a > len_b) - (len_a < len_b);
}

static void
test_lengths(void **state)
{
    static const struct {
        uint64_t number;
        size_t len;
    } rows[] = {
        {0, 1},          {240, 1},
        {241, 2},        {2287, 2},
        {2288, 3},       {67823, 3},
        {67824, 4},      {(1 << 24) - 1, 4},
        {1 << 24, 5},    {UINT32_MAX, 5},
        {1ull << 32, 6}, {1ull << 40, 7},
        {1ull << 48, 8}, {(1ull << 56) - 1, 8},
        {1ull << 56, 9}, {UINT64_MAX, 9},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t out[BB_VARINT_MAX];
        uint64_t back = ~rows[i].number;
        size_t len = bb_varint_put(out, rows[i].number);

        assert_int_equal(len, rows[i].len);
        assert_int_equal(bb_varint_get(bb_bytes(out, len), &back), len);
        assert_true(back == rows[i].number);
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(bb_varint_get(bb_bytes(out, cut), &back), 0);
    }
}

static void
test_order(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t a = draw_any(&seed), b = i % 3 ? draw_any(&seed) : a + (uint64_t)(i % 5) - 2;
        assert_int_equal(compare(a, b), (a > b) - (a < b));
    }
    for (uint64_t n = 0; n < 70000; n++) /* over the first three borders one by one */
        assert_int_equal(compare(n, n + 1), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
