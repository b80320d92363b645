/* Token buckets: so much a second, and so much at once after a pause. A pure core; time is an argument.
 *
 * A bucket gives as long as something is in it, so it may fall below zero by one cost, as the credit of a
 * lane may: what is dear passes as often as what is cheap, and the rate holds all the same. Amounts are
 * whole; what a millisecond brings may be a part of one.
 *
 * No locks: who shares a bucket between threads has one. */
#ifndef BB_BROKER_RATE_H
#define BB_BROKER_RATE_H

#include "runtime/clock.h"

/* per_second and burst are from 1 to 2^42. */
struct bb_rate {
    uint64_t per_second;
    uint64_t burst; /* what a full bucket has */
};

struct bb_bucket {
    int64_t level; /* thousandths, at that time */
    bb_mono at;
};

void bb_bucket_fill(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now);

/* Milliseconds until it gives again; 0: it does now. */
uint32_t bb_bucket_wait(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now);
/* The same, until there is so much in it (at most the burst). */
uint32_t bb_bucket_wait_for(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now,
                            uint64_t amount);

/* Take the cost, whatever is in it. */
void bb_bucket_charge(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now, uint64_t cost);

/* Take the cost if it gives now. 0 | milliseconds to wait, and nothing was taken */
uint32_t bb_bucket_take(struct bb_bucket *bucket, const struct bb_rate *rate, bb_mono now, uint64_t cost);

#endif
