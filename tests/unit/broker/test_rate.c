/* Token buckets: what they give, when, and that a rate holds over any stretch of time. */
#include "broker/rate.h"

#include "tests/unit/check.h"

#include <stdlib.h>

static void
gives_its_burst_and_then_its_rate(void **state)
{
    const struct bb_rate rate = {.per_second = 10, .burst = 4};
    struct bb_bucket bucket;

    (void)state;
    bb_bucket_fill(&bucket, &rate, 1000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(bb_bucket_take(&bucket, &rate, 1000, 1), 0);
    assert_int_equal(bb_bucket_take(&bucket, &rate, 1000, 1), 1); /* a thousandth is something */
    assert_int_equal(bb_bucket_take(&bucket, &rate, 1001, 1), 0); /* on credit */
    assert_int_equal(bb_bucket_take(&bucket, &rate, 1001, 1), 100);
    assert_int_equal(bb_bucket_take(&bucket, &rate, 1100, 1), 1);
    assert_int_equal(bb_bucket_take(&bucket, &rate, 1101, 1), 0);
    assert_int_equal(bb_bucket_wait_for(&bucket, &rate, 1101, 4), 499);
    assert_int_equal(bb_bucket_wait_for(&bucket, &rate, 1101, 400),
                     499); /* more than the burst never comes */
    assert_int_equal(bb_bucket_wait_for(&bucket, &rate, 1600, 4), 0);
    assert_int_equal(bb_bucket_take(&bucket, &rate, 1000000, 1), 0); /* a long pause brings the burst only */
    assert_int_equal(bb_bucket_wait_for(&bucket, &rate, 1000000, 4), 100);
}

static void
what_is_dear_is_paid_off(void **state)
{
    const struct bb_rate rate = {.per_second = 1000, .burst = 4000};
    struct bb_bucket bucket;

    (void)state;
    bb_bucket_fill(&bucket, &rate, 0);
    assert_int_equal(bb_bucket_take(&bucket, &rate, 0, 10000), 0); /* more than the burst, once */
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 0), 6001);
    bb_bucket_charge(&bucket, &rate, 0, 1000);
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 0), 7001);
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 7000), 1);
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 7001), 0);
}

static void
time_that_goes_back_brings_nothing(void **state)
{
    const struct bb_rate rate = {.per_second = 1, .burst = 1};
    struct bb_bucket bucket;

    (void)state;
    bb_bucket_fill(&bucket, &rate, 5000);
    assert_int_equal(bb_bucket_take(&bucket, &rate, 5000, 1), 0);
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 1000), 1);
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 5000), 1);
    assert_int_equal(bb_bucket_wait(&bucket, &rate, 5001), 0);
}

/* The largest rates that a configuration may name, and a century. */
static void
nothing_overflows(void **state)
{
    const struct bb_rate large = {.per_second = UINT64_C(1) << 40, .burst = UINT64_C(1) << 42};
    const struct bb_rate small = {.per_second = 1, .burst = UINT64_C(1) << 42};
    const bb_mono century = INT64_C(100) * 365 * 86400 * 1000;
    struct bb_bucket bucket;

    (void)state;
    bb_bucket_fill(&bucket, &large, 0);
    bb_bucket_charge(&bucket, &large, 0, UINT64_C(1) << 42);
    assert_int_equal(bb_bucket_wait(&bucket, &large, 0), 1);
    assert_int_equal(bb_bucket_wait_for(&bucket, &large, century, UINT64_C(1) << 42), 0);
    bb_bucket_fill(&bucket, &small, 0);
    bb_bucket_charge(&bucket, &small, 0, UINT64_C(1) << 42);
    assert_int_equal(bb_bucket_wait_for(&bucket, &small, 0, UINT64_C(1) << 42), UINT32_MAX);
    assert_int_equal(bb_bucket_wait(&bucket, &small, century), 0);
}

/* However the times and costs fall: never more than the burst, the rate and one cost in any stretch; and who
 * comes when it was told to is given. */
static void
the_rate_holds_at_random(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < FEWER(400); round++) {
        const struct bb_rate rate = {1 + (uint64_t)rand_r(&seed) % 5000, 1 + (uint64_t)rand_r(&seed) % 20000};
        uint64_t most = 1 + (uint64_t)rand_r(&seed) % 300, given = 0;
        struct bb_bucket bucket;
        bb_mono now = 0;

        bb_bucket_fill(&bucket, &rate, 0);
        for (int i = 0; i < 1000; i++) {
            uint64_t cost = 1 + (uint64_t)rand_r(&seed) % most;
            uint32_t wait;

            now += rand_r(&seed) % 8 == 0 ? rand_r(&seed) % 50 : 0;
            wait = bb_bucket_take(&bucket, &rate, now, cost);
            if (wait && rand_r(&seed) % 2) {
                assert_int_not_equal(bb_bucket_wait(&bucket, &rate, now + wait - 1), 0);
                now += wait;
                wait = bb_bucket_take(&bucket, &rate, now, cost);
                assert_int_equal(wait, 0);
            }
            given += wait ? 0 : cost;
            assert_true(given <= rate.burst + (uint64_t)now * rate.per_second / 1000 + 1 + most);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_its_burst_and_then_its_rate),  cmocka_unit_test(what_is_dear_is_paid_off),
        cmocka_unit_test(time_that_goes_back_brings_nothing), cmocka_unit_test(nothing_overflows),
        cmocka_unit_test(the_rate_holds_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
