/* Who was let in and has not spoken: counted until it speaks, or until its time is over. */
#include "broker/silent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LIFETIME 10000

static void
counts_until_they_speak(void **state)
{
    struct bb_silent silent;

    (void)state;
    bb_silent_init(&silent, LIFETIME);
    assert_int_equal(bb_silent_of(&silent, 0, 3), 0);
    bb_silent_spoke(&silent, 0, 3, 0); /* the operators' socket asks nobody */
    for (int i = 0; i < 5; i++)
        assert_int_equal(bb_silent_accepted(&silent, i, 3), 0);
    assert_int_equal(bb_silent_accepted(&silent, 5, 70), 0);
    assert_int_equal(bb_silent_of(&silent, 5, 3), 5);
    assert_int_equal(bb_silent_of(&silent, 5, 70), 1);
    assert_int_equal(bb_silent_of(&silent, 5, 4), 0);
    bb_silent_spoke(&silent, 6, 3, 0);
    bb_silent_spoke(&silent, 6, 3, 0);
    assert_int_equal(bb_silent_of(&silent, 6, 3), 3);
    assert_int_equal(bb_silent_of(&silent, 6, 70), 1);
    bb_silent_release(&silent);
}

static void
ends_with_their_time(void **state)
{
    struct bb_silent silent;

    (void)state;
    bb_silent_init(&silent, LIFETIME);
    for (int i = 0; i < 4; i++)
        bb_silent_accepted(&silent, 1000 * i, 1);
    bb_silent_spoke(&silent, 3500, 1, 1999); /* the third one, then */
    assert_int_equal(bb_silent_of(&silent, LIFETIME - 1, 1), 3);
    assert_int_equal(bb_silent_of(&silent, LIFETIME, 1), 2);
    assert_int_equal(bb_silent_of(&silent, LIFETIME + 1000, 1), 1);
    assert_int_equal(bb_silent_of(&silent, LIFETIME + 2000, 1), 1);
    assert_int_equal(bb_silent_of(&silent, LIFETIME + 3000, 1), 0);
    bb_silent_spoke(&silent, LIFETIME + 3000, 1, 3000); /* too late */
    assert_int_equal(bb_silent_of(&silent, LIFETIME + 3000, 1), 0);
    bb_silent_release(&silent);
}

/* Those who speak, over and over, take nothing off those who do not; and are not counted for them. */
static void
who_speaks_is_not_taken_for_who_is_silent(void **state)
{
    struct bb_silent silent;

    (void)state;
    bb_silent_init(&silent, LIFETIME);
    for (bb_mono now = 0; now < 3 * LIFETIME; now += 10) {
        bb_silent_accepted(&silent, now, 1);
        if (now % 1000 != 500) /* one of a hundred never does */
            bb_silent_spoke(&silent, now + 2, 1, now - 3);
        assert_in_range(bb_silent_of(&silent, now + 2, 1), now >= LIFETIME ? LIFETIME / 1000 - 1 : 0,
                        LIFETIME / 1000 + 12);
    }
    bb_silent_release(&silent);
}

/* Far more than the ring begins with, round and round. */
static void
many_come_and_go(void **state)
{
    struct bb_silent silent;

    (void)state;
    bb_silent_init(&silent, LIFETIME);
    for (bb_mono now = 0; now < 10 * LIFETIME; now += 7) {
        assert_int_equal(bb_silent_accepted(&silent, now, (uint32_t)(now % 5)), 0);
        if (now % 2)
            bb_silent_spoke(&silent, now, (uint32_t)(now % 5), now);
    }
    assert_in_range(silent.count, LIFETIME / 7 - 1, LIFETIME / 7 + 1);
    assert_in_range(bb_silent_of(&silent, 10 * LIFETIME, 2), LIFETIME / 70 - 2, LIFETIME / 70 + 5);
    for (uint32_t number = 0; number < 5; number++)
        assert_int_equal(bb_silent_of(&silent, 11 * LIFETIME + 7, number), 0);
    bb_silent_release(&silent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_until_they_speak),
        cmocka_unit_test(ends_with_their_time),
        cmocka_unit_test(who_speaks_is_not_taken_for_who_is_silent),
        cmocka_unit_test(many_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
