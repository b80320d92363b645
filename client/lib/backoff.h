/* How long to wait before trying again: twice as long each time, with jitter, so that a thousand clients
 * whose broker restarts do not come back in one instant. Pure; randomness is an argument. */
#ifndef BB_BACKOFF_H
#define BB_BACKOFF_H

#include <stdint.h>

#define BB_RECONNECT_MIN_MS 200u
#define BB_RECONNECT_MAX_MS 30000u
#define BB_REPEAT_MIN_MS    100u
#define BB_REPEAT_MAX_MS    5000u

/* Pause before connection attempt number `attempt` + 1 (0: the first failure): uniform in [u/2, u], where u
 * is 400 ms doubled `attempt` times and at most 30 s. random: any 32 bits. */
uint32_t bb_backoff_reconnect_ms(unsigned attempt, uint32_t random);

/* Pause before a request that got a retryable error is sent again. after_ms: what the error asked for, 0: it
 * did not. Never shorter than that; up to half as long again by jitter; doubled with each attempt up to 5 s.
 */
uint32_t bb_backoff_repeat_ms(unsigned attempt, uint32_t after_ms, uint32_t random);

#endif
