#include "backoff.h"

static uint32_t
doubled(uint32_t from, unsigned times, uint32_t most)
{
    while (times-- && from < most)
        from *= 2;
    return from < most ? from : most;
}

/* Uniform enough in [0, span]. */
static uint32_t
jitter(uint32_t span, uint32_t random)
{
    return (uint32_t)(((uint64_t)span + 1) * random >> 32);
}

uint32_t
bb_backoff_reconnect_ms(unsigned attempt, uint32_t random)
{
    uint32_t most = doubled(2 * BB_RECONNECT_MIN_MS, attempt, BB_RECONNECT_MAX_MS);

    return most / 2 + jitter(most - most / 2, random);
}

uint32_t
bb_backoff_repeat_ms(unsigned attempt, uint32_t after_ms, uint32_t random)
{
    uint32_t least = doubled(BB_REPEAT_MIN_MS, attempt, BB_REPEAT_MAX_MS);

    if (least < after_ms)
        least = after_ms;
    return least + jitter(least / 2, random);
}
