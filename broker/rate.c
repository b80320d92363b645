/* Thousandths, so that a rate of r a second is r thousandths a millisecond, without a rest. The largest burst
 * is 2^42 × 1000 of them, far below 2^63; more time than fills a bucket is never multiplied. */
#include "rate.h"

#define WHOLE 1000

static int64_t
full(const struct bb_rate *rate)
{
    return (int64_t)rate->burst * WHOLE;
}

/* How long `missing` thousandths take, rounded up. */
static int64_t
time_for(int64_t missing, const struct bb_rate *rate)
{
    int64_t each = (int64_t)rate->per_second;

    return missing / each + (missing % each != 0);
}

/* A clock that goes back brings nothing. */
static void
refill(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now)
{
    int64_t missing = full(rate) - bucket->level, passed = now - bucket->at;

    if (passed <= 0)
        return;
    bucket->at = now;
    if (passed >= time_for(missing, rate))
        bucket->level = full(rate);
    else
        bucket->level += passed * (int64_t)rate->per_second;
}

void
bb_bucket_fill(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now)
{
    *bucket = (struct bb_bucket){.level = full(rate), .at = now};
}

/* Until the level is no less than that. */
static uint32_t
wait_until(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now, int64_t level)
{
    int64_t ms;

    refill(bucket, rate, now);
    if (bucket->level >= level)
        return 0;
    ms = time_for(level - bucket->level, rate);
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

uint32_t
bb_bucket_wait(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now)
{
    return wait_until(bucket, rate, now, 1);
}

uint32_t
bb_bucket_wait_for(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now, uint64_t amount)
{
    return wait_until(bucket, rate, now, (int64_t)(amount < rate->burst ? amount : rate->burst) * WHOLE);
}

void
bb_bucket_charge(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now, uint64_t cost)
{
    refill(bucket, rate, now);
    bucket->level -= (int64_t)cost * WHOLE;
}

uint32_t
bb_bucket_take(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now, uint64_t cost)
{
    uint32_t ms = bb_bucket_wait(bucket, rate, now);

    if (ms == 0)
        bb_bucket_charge(bucket, rate, now, cost);
    return ms;
}
