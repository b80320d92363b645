/* Changes: what may have changed an indicator last, never earlier than what did; and which days, never fewer.
 */
#include "tests/unit/check.h"
#include "workers/measurement/model/review.h"
#include "workers/measurement/store/changes.h"
#include "workers/measurement/store/names.h"

#include <stdlib.h>
#include <string.h>

static void
change(struct bb_generation *generation, enum bb_change_kind kind, uint32_t indicator, uint32_t day)
{
    const struct bb_reading_key key = {
        .period = {.day = day, .type = BB_PERIOD_DAY}, .indicator = indicator, .organization = 1};
    uint8_t data[BB_READING_KEY];
    size_t cell, len = bb_reading_key_pack(&key, data, &cell);

    assert_int_equal(bb_generation_change(generation, kind, bb_bytes(data, len), cell, bb_bytes("", 0)), 0);
}

/* A generation of so many entries that changes these indicators. */
static void
apply(struct bb_changes *changes, uint64_t last, uint64_t entries, const uint32_t *indicators, size_t n)
{
    struct bb_generation generation = {.last = {.sequence = last}, .entries = entries};

    for (size_t i = 0; i < n; i++)
        change(&generation, BB_CHANGE_CREATED, indicators[i], 1);
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

/* One that changes these days of an indicator. */
static void
apply_days(struct bb_changes *changes, uint64_t last, uint32_t indicator, const uint32_t *days, size_t n)
{
    struct bb_generation generation = {.last = {.sequence = last}, .entries = 1};

    for (size_t i = 0; i < n; i++)
        change(&generation, BB_CHANGE_UPDATED, indicator, days[i]);
    bb_changes_applied(changes, &generation);
    bb_generation_release(&generation);
}

static void
check_days(struct bb_changes *changes, uint64_t after, uint64_t sequence, uint32_t first, uint32_t end)
{
    struct bb_changed_days days = bb_changes_days(changes, 7, after, sequence);

    assert_int_equal(days.first_day, first);
    assert_int_equal(days.end_day, end);
}

static void
test_days(void **state)
{
    struct bb_changes changes;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    check_days(&changes, 10, 10, 0, 0);
    check_days(&changes, 9, 10, 0, BB_PERIOD_NO_END); /* before the start nothing is known */
    check_days(&changes, 10, 11, 0, BB_PERIOD_NO_END);
    apply_days(&changes, 11, 7, (const uint32_t[]){300, 310}, 2);
    apply_days(&changes, 12, 8, (const uint32_t[]){900}, 1);
    apply_days(&changes, 13, 7, (const uint32_t[]){100}, 1);
    check_days(&changes, 10, 11, 300, 311);
    check_days(&changes, 11, 12, 0, 0);
    check_days(&changes, 11, 13, 100, 101);
    check_days(&changes, 10, 13, 100, 311);
    check_days(&changes, 13, 14, 0, BB_PERIOD_NO_END);
    apply_days(&changes, 15, 7, (const uint32_t[]){50}, 1); /* 14 was brought in by somebody else */
    check_days(&changes, 13, 15, 0, BB_PERIOD_NO_END);
    check_days(&changes, 14, 15, 50, 51);
    bb_changes_release(&changes);
}

/* What comes again and again is one span at the end, and what is far from it stays apart. */
static void
test_far_apart(void **state)
{
    struct bb_changes changes;
    uint64_t sequence = 0;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 0), 0);
    for (uint32_t i = 0; i < 100; i++)
        apply_days(&changes, ++sequence, 7, (const uint32_t[]){5000}, 1);
    apply_days(&changes, ++sequence, 7, (const uint32_t[]){10}, 1);
    for (uint32_t i = 0; i < 100; i++)
        apply_days(&changes, ++sequence, 7, (const uint32_t[]){5000 + i / 30}, 1);
    check_days(&changes, 101, sequence, 5000, 5004);
    check_days(&changes, 100, sequence, 10, 5004);
    check_days(&changes, 0, 100, 5000, 5001);
    bb_changes_release(&changes);
}

static bool
touch(struct bb_changes *changes, uint32_t indicator, uint32_t first, uint32_t end, uint64_t after,
      uint64_t sequence)
{
    return bb_changes_touch(changes, indicator, (struct bb_changed_days){first, end}, after, sequence);
}

static void
test_touch(void **state)
{
    struct bb_changes changes;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    assert_false(touch(&changes, 7, 0, 400, 10, 10));
    assert_true(touch(&changes, 7, 0, 400, 9, 10)); /* before the start nothing is known */
    assert_true(touch(&changes, 7, 0, 400, 10, 11));
    apply_days(&changes, 11, 7, (const uint32_t[]){300, 310}, 2);
    apply_days(&changes, 12, 8, (const uint32_t[]){300}, 1);
    assert_true(touch(&changes, 7, 310, 400, 10, 12));
    assert_false(touch(&changes, 7, 311, 400, 10, 12));
    assert_false(touch(&changes, 7, 0, 300, 10, 12));
    assert_false(touch(&changes, 7, 0, 400, 11, 12));
    assert_true(touch(&changes, 8, 0, 400, 11, 12));
    assert_false(touch(&changes, 9, 0, 400, 10, 12));
    assert_true(touch(&changes, 0, 0, 1, 10, 12)); /* of any, whatever its days */
    assert_false(touch(&changes, 0, 0, 1, 12, 12));
    bb_changes_release(&changes);
}

/* Before the applier has it; and what came behind it is told before the applier begins. */
static void
test_tell(void **state)
{
    struct bb_generation first = {.last = {.sequence = 12}, .entries = 2};
    struct bb_generation second = {.last = {.sequence = 14}, .entries = 1};
    struct bb_changes changes;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    change(&first, BB_CHANGE_CREATED, 7, 300);
    assert_int_equal(bb_changes_tell(&changes, &first), 12);
    assert_true(touch(&changes, 7, 300, 301, 10, 12));
    assert_false(touch(&changes, 7, 301, 400, 10, 12));
    assert_int_equal(bb_changes_tell(&changes, &second), 12); /* 13 is not told */
    assert_true(touch(&changes, 8, 0, 400, 12, 14));
    first.last.sequence = 13;
    first.entries = 3;
    change(&first, BB_CHANGE_CREATED, 7, 500);
    assert_int_equal(bb_changes_tell(&changes, &first), 13);
    assert_int_equal(bb_changes_tell(&changes, &second), 14);
    bb_changes_coming(&changes, &first);
    assert_true(touch(&changes, 7, 500, 501, 12, 14));
    assert_false(touch(&changes, 7, 501, 600, 12, 14));
    assert_false(touch(&changes, 8, 0, 400, 12, 14));
    bb_changes_applied(&changes, &first);
    assert_false(touch(&changes, 8, 0, 400, 12, 14));
    assert_int_equal(bb_changes_last(&changes, 7, 13), 13);
    bb_generation_release(&first);
    bb_generation_release(&second);
    bb_changes_release(&changes);
}

/* Much came, period by period, and more comes: what is known of before is hardly ever taken for changed. */
static void
test_what_was_before(void **state)
{
    struct bb_changes changes;
    uint64_t sequence = 0, known;
    unsigned again = 0;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 0), 0);
    for (uint32_t day = 1000; day < 2000; day++)
        apply_days(&changes, ++sequence, 7, &day, 1);
    known = sequence;
    for (uint32_t day = 2000; day < 5000; day++) {
        apply_days(&changes, ++sequence, 7, &day, 1);
        assert_true(touch(&changes, 7, 0, day + 1, sequence - 1, sequence));
        if (touch(&changes, 7, 0, 2000, known, sequence)) {
            known = sequence;
            again++;
        }
    }
    assert_in_range(again, 0, 10);
    apply_days(&changes, ++sequence, 7, &(const uint32_t){1500}, 1);
    assert_false(touch(&changes, 7, 0, 1500, sequence - 1, sequence));
    assert_true(touch(&changes, 7, 1500, 1501, sequence - 1, sequence));
    bb_changes_release(&changes);
}

/* Whoever sees what is being applied finds its days; what did not see it is not changed by it. */
static void
test_coming(void **state)
{
    struct bb_generation generation = {.last = {.sequence = 12}, .entries = 1};
    const struct bb_reading_key key = {
        .period = {.day = 90, .type = BB_PERIOD_DAY}, .indicator = 7, .organization = 1};
    struct bb_changes changes;
    uint8_t data[BB_READING_KEY];
    size_t cell, len = bb_reading_key_pack(&key, data, &cell);

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    apply_days(&changes, 11, 7, (const uint32_t[]){300}, 1);
    assert_int_equal(
        bb_generation_change(&generation, BB_CHANGE_CREATED, bb_bytes(data, len), cell, bb_bytes("", 0)), 0);
    bb_changes_coming(&changes, &generation);
    check_days(&changes, 10, 11, 300, 301);
    check_days(&changes, 11, 12, 90, 91);
    assert_int_equal(bb_changes_last(&changes, 7, 11), 11);
    assert_int_equal(bb_changes_last(&changes, 7, 12), 12);
    assert_int_equal(bb_changes_last(&changes, 8, 11), 10);
    assert_int_equal(bb_changes_last(&changes, 8, 12), 12);
    bb_changes_applied(&changes, &generation);
    bb_generation_release(&generation);
    check_days(&changes, 11, 12, 90, 91);
    assert_int_equal(bb_changes_last(&changes, 7, 12), 12);
    assert_int_equal(bb_changes_last(&changes, 8, 12), 10);
    bb_changes_release(&changes);
}

/* A review is a change of the days, and none of the readings. */
static void
test_puts(void **state)
{
    const struct bb_review_unit unit = {
        .organization = 3, .indicator = 7, .period = {.day = 40, .type = BB_PERIOD_DAY}};
    struct bb_generation generation = {.last = {.sequence = 11}, .entries = 1};
    struct bb_changes changes;
    uint8_t key[BB_REVIEW_KEY];

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    assert_int_equal(bb_generation_put(&generation, BB_VIEW_REVIEW,
                                       bb_bytes(key, bb_review_key_pack(&unit, 11, key)), bb_bytes("", 0)),
                     0);
    bb_changes_applied(&changes, &generation);
    bb_generation_release(&generation);
    check_days(&changes, 10, 11, 40, 41);
    assert_int_equal(bb_changes_last(&changes, 7, 11), 10);
    assert_int_equal(bb_changes_put(&changes, BB_VIEW_REVIEW, 11), 11);
    assert_int_equal(bb_changes_put(&changes, BB_VIEW_ADOPTION, 11), 10);
    assert_int_equal(bb_changes_put(&changes, BB_VIEW_ADOPTION, 12), 12);
    bb_changes_release(&changes);
}

static void
describe_place(struct bb_changes *changes, uint64_t sequence, uint32_t place, bool details)
{
    struct bb_generation generation = {.last = {.sequence = sequence}, .entries = 1};
    const char *record = details ? "\1nmore" : "\1n";
    uint8_t key[BB_OBJECT_KEY];

    assert_int_equal(bb_generation_put(&generation, BB_VIEW_OBJECT,
                                       bb_bytes(key, bb_object_key(BB_OBJECT_PLACE, place, key)),
                                       bb_bytes_str(record)),
                     0);
    bb_changes_applied(changes, &generation);
    bb_generation_release(&generation);
}

/* Which places were described: also those with ids of which none is kept by itself. */
static void
test_places(void **state)
{
    static const uint32_t some[] = {3, 9}, other[] = {4}, far[] = {2000000};
    struct bb_changes changes;

    (void)state;
    assert_int_equal(bb_changes_init(&changes, 10), 0);
    assert_true(bb_changes_places(&changes, some, 2, 9, 10)); /* before the start nothing is known */
    assert_true(bb_changes_places(&changes, some, 2, 10, 11));
    assert_false(bb_changes_places(&changes, some, 2, 10, 10));
    describe_place(&changes, 11, 9, true);
    assert_true(bb_changes_places(&changes, some, 2, 10, 11));
    assert_false(bb_changes_places(&changes, other, 1, 10, 11));
    assert_false(bb_changes_places(&changes, some, 2, 11, 11));
    describe_place(&changes, 12, 4, false); /* its name only */
    assert_false(bb_changes_places(&changes, other, 1, 10, 12));
    assert_false(bb_changes_places(&changes, some, 2, 11, 12));
    describe_place(&changes, 13, 9, true);
    assert_true(bb_changes_places(&changes, some, 2, 11, 12)); /* described again since: it is not known */
    assert_false(bb_changes_places(&changes, far, 1, 10, 13));
    describe_place(&changes, 14, 3000000, true);
    assert_true(bb_changes_places(&changes, far, 1, 13, 14));
    assert_false(bb_changes_places(&changes, some, 2, 13, 14));
    bb_changes_release(&changes);
}

#define HISTORY 300u

/* Of all that was changed between any two entries no day is left out, and what is told is near it. */
static void
test_random_days(void **state)
{
    struct bb_changes changes;
    uint32_t day[HISTORY + 1] = {0};

    (void)state;
    srand(7);
    assert_int_equal(bb_changes_init(&changes, 0), 0);
    for (uint64_t sequence = 1; sequence <= HISTORY; sequence++) {
        uint32_t indicator = rand() % 4 ? 7 : 8;
        uint32_t changed = 1 + (uint32_t)(rand() % 5 ? sequence / 10 : (uint64_t)rand() % 1000);
        day[sequence] = indicator == 7 ? changed : 0;
        apply_days(&changes, sequence, indicator, &changed, 1);
        for (uint64_t after = 0; after < sequence; after++) {
            struct bb_changed_days days = bb_changes_days(&changes, 7, after, sequence);
            for (uint64_t i = after + 1; i <= sequence; i++)
                assert_true(day[i] == 0 ||
                            bb_changed_days_meet(days, (struct bb_period){day[i], BB_PERIOD_DAY, 0}));
            assert_true(days.end_day <= 1001);
        }
        if (day[sequence])
            check_days(&changes, sequence - 1, sequence, day[sequence], day[sequence] + 1);
    }
    bb_changes_release(&changes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),     cmocka_unit_test(test_days),
        cmocka_unit_test(test_touch),       cmocka_unit_test(test_what_was_before),
        cmocka_unit_test(test_far_apart),   cmocka_unit_test(test_coming),
        cmocka_unit_test(test_puts),        cmocka_unit_test(test_places),
        cmocka_unit_test(test_random_days), cmocka_unit_test(test_tell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
