/* What a key uses: shared by its connections, remembered for a while, bounded; and who is refused, and who is
 * sent away. */
#include "broker/usage.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#define LIFETIME 10000

static struct bb_usages usages;

static void
start(uint64_t requests, uint64_t bytes)
{
    bb_usages_init(&usages, requests, bytes, LIFETIME, 7);
}

static int
teardown(void **state)
{
    (void)state;
    bb_usages_release(&usages);
    return 0;
}

static enum bb_usage_verdict
judge(struct bb_usage *usage, bb_mono now, size_t bytes, bool asks)
{
    uint32_t wait = 0;

    return bb_usage_judge(&usages, usage, now, bytes, asks, &wait);
}

static void
a_key_has_one_whatever_its_connections(void **state)
{
    struct bb_usage *usage, *other;

    (void)state;
    start(2, 1 << 20);
    usage = bb_usages_of(&usages, 0, "alpha");
    other = bb_usages_of(&usages, 0, "beta");
    assert_ptr_not_equal(usage, other);
    assert_int_not_equal(usage->number, other->number);
    bb_usages_enter(&usages, usage);
    bb_usages_enter(&usages, usage);
    assert_int_equal(usage->connections, 2);
    for (int i = 0; i < 8; i++)
        assert_int_equal(judge(usage, 0, 10, true), BB_USAGE_GOES_ON);
    bb_usages_leave(&usages, 0, usage);
    bb_usages_leave(&usages, 0, usage);
    assert_ptr_equal(bb_usages_of(&usages, 5, "alpha"), usage); /* it came back, and has used up its own */
    assert_int_equal(judge(usage, 0, 10, true), BB_USAGE_REQUESTS);
    assert_int_equal(judge(other, 0, 10, true), BB_USAGE_GOES_ON);
}

static void
who_is_away_is_forgotten_in_time(void **state)
{
    struct bb_usage *stays;
    uint32_t number;

    (void)state;
    start(1, 1 << 20);
    stays = bb_usages_of(&usages, 0, "stays");
    bb_usages_enter(&usages, stays);
    number = bb_usages_of(&usages, 0, "goes")->number;
    bb_usages_of(&usages, LIFETIME, "looks");
    assert_int_equal(usages.count, 3);
    assert_int_equal(bb_usages_of(&usages, LIFETIME + 1, "comes")->number, number); /* given out again */
    assert_int_equal(usages.count, 3);
    bb_usages_of(&usages, LIFETIME + 5, "looks"); /* who is asked for is about to come */
    bb_usages_of(&usages, 2 * LIFETIME + 4, "new");
    assert_int_equal(usages.count, 3); /* stays, looks, new */
    assert_ptr_equal(bb_usages_of(&usages, 9 * LIFETIME, "stays"), stays);
    assert_int_equal(stays->connections, 1);
}

static void
the_table_is_bounded(void **state)
{
    char key[BB_KEY_TEXT];
    struct bb_usage *stays;

    (void)state;
    start(1, 1 << 20);
    stays = bb_usages_of(&usages, 0, "stays");
    bb_usages_enter(&usages, stays);
    for (unsigned i = 0; i < 3 * BB_USAGE_IDLE_MOST; i++) {
        snprintf(key, sizeof key, "key %u", i);
        assert_non_null(bb_usages_of(&usages, 0, key));
    }
    assert_in_range(usages.count, 2, BB_USAGE_IDLE_MOST + 2);
    assert_in_range(usages.n_numbers, 2, BB_USAGE_IDLE_MOST + 2);
    assert_ptr_equal(bb_usages_of(&usages, 0, "stays"), stays);
}

static void
says_when_to_come_again(void **state)
{
    struct bb_usage *usage;
    uint32_t wait = 0;

    (void)state;
    start(1000, 1 << 20);
    usage = bb_usages_of(&usages, 0, "alpha");
    for (int i = 0; i < 4 * 4; i++) /* four seconds' worth */
        assert_int_equal(judge(usage, 0, (256 << 10) - BB_USAGE_FRAME_BYTES, true), BB_USAGE_GOES_ON);
    assert_int_equal(bb_usage_judge(&usages, usage, 0, 100, true, &wait), BB_USAGE_BYTES);
    assert_int_equal(wait, 1);
    assert_int_equal(judge(usage, 1, (256 << 10), true), BB_USAGE_GOES_ON);
    assert_int_equal(bb_usage_judge(&usages, usage, 1, 100, true, &wait), BB_USAGE_BYTES);
    assert_in_range(wait, 248, 251);
    assert_int_equal(judge(usage, 1 + wait, 100, true), BB_USAGE_GOES_ON);
}

/* What goes on must go on, for as long as nobody makes a flood of it. */
static void
what_cannot_be_refused_is_excess(void **state)
{
    struct bb_usage *usage;
    uint32_t wait = 0;
    unsigned n = 0;

    (void)state;
    start(1000, 1 << 20);
    usage = bb_usages_of(&usages, 0, "alpha");
    while (judge(usage, 0, 8, true) == BB_USAGE_GOES_ON)
        assert_int_equal(judge(usage, 0, 8, false), BB_USAGE_GOES_ON);
    assert_int_equal(judge(usage, 0, 8, true), BB_USAGE_REQUESTS);
    while (bb_usage_judge(&usages, usage, 0, 8, false, &wait) == BB_USAGE_GOES_ON)
        n++;
    /* what was left of its bytes, and then the excess */
    assert_in_range(n, (4 << 20) / (8 + BB_USAGE_FRAME_BYTES), (8 << 20) / (8 + BB_USAGE_FRAME_BYTES));
    assert_in_range(wait, 2000, 2001); /* until half of it is there again */
    assert_int_equal(judge(usage, 0, 8, true), BB_USAGE_EXCESS);
    assert_int_equal(judge(usage, wait, 8, false), BB_USAGE_GOES_ON);
}

/* Who obeys is never sent away: the largest requests, as many as a connection may have open, each again when
 * it was told to. */
static void
who_comes_when_told_gets_through(void **state)
{
    enum { OPEN = 1024 };
    static bb_mono at[OPEN];
    struct bb_usage *usage;
    unsigned passed = 0, refused = 0;
    bb_mono now;

    (void)state;
    start(100, 1 << 20);
    usage = bb_usages_of(&usages, 0, "alpha");
    for (now = 0; passed < 20 * OPEN; now++) {
        for (uint32_t i = 0; i < OPEN; i++) {
            uint32_t wait = 0;
            enum bb_usage_verdict verdict;

            if (at[i] > now)
                continue;
            verdict = bb_usage_judge(&usages, usage, now, 1 << 10, true, &wait);
            assert_int_not_equal(verdict, BB_USAGE_EXCESS);
            passed += verdict == BB_USAGE_GOES_ON;
            refused += verdict != BB_USAGE_GOES_ON;
            at[i] = now + (verdict == BB_USAGE_GOES_ON ? 1 : wait + 1000 + (i * 7919) % 1000);
        }
    }
    print_message("%u passed and %u refused in %ld ms\n", passed, refused, (long)now);
    assert_in_range(now, (20 * OPEN - 400) * 10 - 1000,
                    (20 * OPEN - 400) * 10 * 5 / 4); /* the rate, all of it */
}

int
main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        T(a_key_has_one_whatever_its_connections),
        T(who_is_away_is_forgotten_in_time),
        T(the_table_is_bounded),
        T(says_when_to_come_again),
        T(what_cannot_be_refused_is_excess),
        T(who_comes_when_told_gets_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
