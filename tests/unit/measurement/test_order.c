/* The order of changes: against qsort, on keys of all lengths with much in common. */
#include "tests/unit/folder.h"
#include "workers/measurement/model/order.h"

#define ITEMS 3000

static int
by_key(const void *a_pointer, const void *b_pointer)
{
    const struct bb_sortable *a = a_pointer, *b = b_pointer;
    int c = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);

    if (c == 0)
        c = a->len - b->len;
    return c ? c : (a->number > b->number) - (a->number < b->number);
}

/* kinds: how many different bytes; shared: bytes that all keys begin with. */
static void
check_order(uint64_t *seed, size_t n, unsigned kinds, size_t shared, size_t most)
{
    static struct bb_sortable items[ITEMS], expected[ITEMS], scratch[ITEMS];
    static uint8_t keys[ITEMS][32];

    for (size_t i = 0; i < n; i++) {
        size_t len = shared + draw(seed) % (most - shared + 1);
        for (size_t at = 0; at < len; at++)
            keys[i][at] = (uint8_t)(at < shared ? 7 : draw(seed) % kinds);
        expected[i] = items[i] = bb_sortable(bb_bytes(keys[i], len), (uint32_t)i);
    }
    qsort(expected, n, sizeof expected[0], by_key);
    bb_order(items, scratch, n);
    for (size_t i = 0; i < n; i++)
        if (items[i].number != expected[i].number)
            fail_msg("%zu items of %u kinds of bytes: number %u at %zu, expected %u", n, kinds,
                     items[i].number, i, expected[i].number);
}

static void
test_against_qsort(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int round = 0; round < 300; round++)
        check_order(&seed, draw(&seed) % (round < 280 ? 100 : ITEMS), 1 + (unsigned)(draw(&seed) % 256),
                    draw(&seed) % 20, 20 + draw(&seed) % 12);
    for (int round = 0; round < 100; round++) /* many equal keys, many ties in the first 16 bytes */
        check_order(&seed, 200, 2, 15, 18);
}

static void
test_orders_that_are_there(void **state)
{
    struct bb_sortable items[ITEMS], scratch[ITEMS];
    uint8_t keys[ITEMS][4];

    (void)state;
    bb_order(items, scratch, 0);
    for (int down = 0; down < 2; down++) {
        for (uint32_t i = 0; i < ITEMS; i++) {
            bb_put_u32(keys[i], down ? ITEMS - i : i);
            items[i] = bb_sortable(bb_bytes(keys[i], 4), i);
        }
        bb_order(items, scratch, ITEMS);
        for (uint32_t i = 0; i < ITEMS; i++)
            assert_int_equal(items[i].number, down ? ITEMS - 1 - i : i);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_qsort),
        cmocka_unit_test(test_orders_that_are_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
