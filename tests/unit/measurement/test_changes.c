/* Changes: what may have changed an indicator last, never earlier than what did. */
#include "workers/measurement/changes.h"

#include "tests/unit/check.h"

#include <string.h>

/* A generation of so many entries that changes these indicators. */
static void
apply(struct bb_changes *changes, uint64_t last, uint64_t entries, const uint32_t *indicators, size_t n)
{
    struct bb_generation generation = {.last = {.sequence = last}, .entries = entries};
    uint8_t data[BB_READING_KEY];
    size_t cell;

    for (size_t i = 0; i < n; i++) {
        const struct bb_reading_key key = {
            .period = {.day = 1, .type = BB_PERIOD_DAY}, .indicator = indicators[i], .organization = 1};
        size_t len = bb_reading_key_pack(&key, data, &cell);
        assert_int_equal(
            bb_generation_change(&generation, BB_CHANGE_CREATED, bb_bytes(data, len), cell, bb_bytes("", 0)),
            0);
    }
    bb_changes_applied(changes, &generation);
    bb_generation_release(&generation);
}

static void
test_changes(void **state)
{
    struct bb_changes changes;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    assert_int_equal(bb_changes_last(&changes, 7, 10), 10); /* before the start nothing is known */
    assert_int_equal(bb_changes_last(&changes, 7, 12), 12); /* nor what is newer than was told */
    apply(&changes, 12, 2, (const uint32_t[]){7}, 1);
    assert_int_equal(bb_changes_last(&changes, 7, 12), 12);
    assert_int_equal(bb_changes_last(&changes, 8, 12), 10);
    assert_int_equal(bb_changes_last(&changes, 500, 12), 10);
    assert_int_equal(bb_changes_last(&changes, 0, 12), 12);
    apply(&changes, 20, 8, (const uint32_t[]){8, 500}, 2);
    apply(&changes, 30, 10, NULL, 0);
    assert_int_equal(bb_changes_last(&changes, 7, 30), 12);
    assert_int_equal(bb_changes_last(&changes, 500, 30), 20);
    assert_int_equal(bb_changes_last(&changes, 500, 15), 15); /* as of an earlier moment it is not known */
    assert_int_equal(bb_changes_last(&changes, 0, 30), 20);
    assert_int_equal(bb_changes_last(&changes, 7, 31), 31);
    apply(&changes, 50, 5, (const uint32_t[]){8}, 1); /* 31 to 45 were brought in by somebody else */
    assert_int_equal(bb_changes_last(&changes, 7, 50), 45);
    assert_int_equal(bb_changes_last(&changes, 8, 50), 50);
    assert_int_equal(bb_changes_last(&changes, 0, 50), 50);
    apply(&changes, 60, 5, NULL, 0);
    assert_int_equal(bb_changes_last(&changes, 0, 60), 55);
    bb_changes_release(&changes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
