/* Rollups: whatever the order in which readings come and go, they are what is there now. */
#include "random_reading.h"

#include "workers/measurement/model/rollup.h"

#include <errno.h>

#define READINGS 40

static const char comment[] = "x";

static bool
equal(const struct bb_rollup *a, const struct bb_rollup *b)
{
    uint8_t in_a[BB_ROLLUP_PACKED], in_b[BB_ROLLUP_PACKED];
    size_t len = bb_rollup_pack(a, in_a);

    return len == bb_rollup_pack(b, in_b) && memcmp(in_a, in_b, len) == 0;
}

static void
check_packing(const struct bb_rollup *rollup)
{
    struct bb_rollup back;
    uint8_t data[BB_ROLLUP_PACKED + 1];
    size_t len = bb_rollup_pack(rollup, data);

    assert_true(len <= BB_ROLLUP_PACKED);
    assert_int_equal(bb_rollup_unpack(bb_bytes(data, len), &back), 0);
    assert_true(equal(rollup, &back));
    data[len] = 0;
    assert_int_equal(bb_rollup_unpack(bb_bytes(data, len + 1), &back), -EBADMSG);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(bb_rollup_unpack(bb_bytes(data, cut), &back), -EBADMSG);
}

/* Readings come and go at random; at each step the rollup is that of the ones that are there. */
static void
test_what_is_there_now(void **state)
{
    struct bb_reading reading[READINGS];
    bool there[READINGS] = {false};
    struct bb_rollup rollup = {0}, empty = {0}, scan;
    uint64_t seed = 11;

    (void)state;
    for (uint32_t i = 0; i < READINGS; i++)
        reading[i] = random_reading(&seed, bb_bytes_str(comment));
    for (int step = 0; step < 3000; step++) {
        uint32_t i = (uint32_t)(draw(&seed) % READINGS);
        int r = there[i] ? bb_rollup_remove(&rollup, &reading[i], i + 1)
                         : bb_rollup_add(&rollup, &reading[i], i + 1);
        assert_int_equal(r, 0);
        there[i] = !there[i];
        if (!there[i])
            reading[i] = random_reading(&seed, bb_bytes_str(comment));
        scan = empty;
        for (uint32_t at = READINGS; at > 0; at--)
            if (there[at - 1])
                assert_int_equal(bb_rollup_add(&scan, &reading[at - 1], at), 0);
        assert_true(equal(&rollup, &scan));
        check_packing(&rollup);
    }
    for (uint32_t i = 0; i < READINGS; i++)
        if (there[i])
            assert_int_equal(bb_rollup_remove(&rollup, &reading[i], i + 1), 0);
    assert_true(equal(&rollup, &empty));
}

static void
test_merge_and_subtract(void **state)
{
    uint64_t seed = 12;

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct bb_rollup a = {0}, b = {0}, all = {0}, before;
        for (uint32_t i = 0; i < 20; i++) {
            struct bb_reading r = random_reading(&seed, bb_bytes_str(comment));
            assert_int_equal(bb_rollup_add(draw(&seed) % 2 ? &a : &b, &r, i), 0);
            assert_int_equal(bb_rollup_add(&all, &r, i), 0);
        }
        before = a;
        assert_int_equal(bb_rollup_merge(&a, &b), 0);
        assert_true(equal(&a, &all));
        assert_int_equal(bb_rollup_subtract(&a, &b), 0);
        assert_true(equal(&a, &before));
    }
}

static void
test_counts(void **state)
{
    static const struct {
        uint32_t flags;
        struct bb_rollup expected; /* counts only */
    } rows[] = {
        {BB_ROW_VALUE, {.ok = 1, .organization = 9}},
        {BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR, {.ok = 1, .parts = 1, .computed = 1, .organization = 9}},
        {BB_ROW_VALUE | BB_ROW_NUMERATOR | BB_ROW_DENOMINATOR, {.ok = 1, .parts = 1, .organization = 9}},
        {BB_ROW_VALUE | BB_ROW_NUMERATOR, {.ok = 1, .organization = 9}},
        {BB_ROW_VALUE | BB_STATE_MISSING << BB_ROW_STATE_SHIFT, {.missing = 1}},
        {BB_STATE_SUPPRESSED << BB_ROW_STATE_SHIFT, {.suppressed = 1}},
        {BB_STATE_NOT_APPLICABLE << BB_ROW_STATE_SHIFT, {.not_applicable = 1}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bb_reading r = {.flags = rows[i].flags};
        struct bb_rollup rollup = {0};
        assert_int_equal(bb_rollup_remove(&rollup, &r, 9), -ERANGE); /* there is none */
        assert_int_equal(bb_rollup_add(&rollup, &r, 9), 0);
        assert_true(equal(&rollup, &rows[i].expected)); /* sums are 0 */
        assert_int_equal(bb_rollup_subtract(&rollup, &rollup), 0);
    }
}

static void
test_withdrawn(void **state)
{
    const struct bb_reading withdrawn = {.flags = BB_ROW_WITHDRAWN};
    struct bb_rollup rollup = {0};

    (void)state;
    assert_true(bb_rollup_is_empty(&rollup));
    assert_int_equal(bb_rollup_add(&rollup, &withdrawn, 9), 0);
    assert_true(bb_rollup_is_empty(&rollup));
    assert_int_equal(bb_rollup_remove(&rollup, &withdrawn, 9), 0);
    for (int s = BB_STATE_OK; s <= BB_STATE_NOT_APPLICABLE; s++) {
        struct bb_reading reading = {.flags = (uint32_t)s << BB_ROW_STATE_SHIFT};
        assert_int_equal(bb_rollup_add(&rollup, &reading, 9), 0);
        assert_false(bb_rollup_is_empty(&rollup));
        assert_int_equal(bb_rollup_remove(&rollup, &reading, 9), 0);
        assert_true(bb_rollup_is_empty(&rollup));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_there_now),
        cmocka_unit_test(test_merge_and_subtract),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_withdrawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
