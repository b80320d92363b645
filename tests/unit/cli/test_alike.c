/* Warnings that are alike: one each, however they come. */
#include "client/cli/alike.h"

#include "tests/unit/check.h"

#include <stdio.h>

/* In any order of coming; those that are too many are told apart by whoever shows them. */
static void
test_many(void **state)
{
    (void)state;
    struct bb_alikes alikes = {.n = 0};
    char reason[20];
    struct bb_alike one = {.code = "NOT_BEGUN", .field = "period", .reason = reason, .rows = 1};

    for (uint32_t i = 0; i < BB_ALIKE_MOST; i++) {
        snprintf(reason, sizeof reason, "%u", i * 7919 % BB_ALIKE_MOST);
        assert_int_equal(bb_alikes_add(&alikes, &one), BB_ALIKE_NEW);
    }
    for (uint32_t i = 0; i < BB_ALIKE_MOST; i++) {
        snprintf(reason, sizeof reason, "%u", i);
        assert_int_equal(bb_alikes_add(&alikes, &one), 0);
    }
    snprintf(reason, sizeof reason, "%s", "another");
    assert_int_equal(bb_alikes_add(&alikes, &one), BB_ALIKE_FULL);
    one.field = "";
    snprintf(reason, sizeof reason, "%s", "1");
    assert_int_equal(bb_alikes_add(&alikes, &one), BB_ALIKE_FULL);
    for (uint32_t i = 0; i < alikes.n; i++)
        assert_int_equal(alikes.one[i].rows, 2);
    assert_string_equal(alikes.one[1].reason, "7919");
    bb_alikes_release(&alikes);
    assert_int_equal(alikes.n, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
