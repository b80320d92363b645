/* What the subscribers of one process have received: each must get every message, in order.
 *
 * Made before the fork, in memory that parent and child share: the parent sets the goal before it publishes,
 * the child counts and says over a pipe when all of its subscribers are there. Which time that was, the child
 * notes itself (the monotonic clock is the same in all processes). A message that is missing, or not what was
 * published, ends the benchmark; one that comes twice is counted and left out. */
#ifndef FANOUT_TALLY_H
#define FANOUT_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fanout_tally;

/* subscribers: of this process, numbered from `first` on. */
struct fanout_tally *fanout_tally_new(unsigned first, unsigned subscribers);
void fanout_tally_destroy(struct fanout_tally **tally);

/* --- in the child --- */

unsigned fanout_tally_first(const struct fanout_tally *tally);
unsigned fanout_tally_subscribers(const struct fanout_tally *tally);
/* All are subscribed; or, in a catch-up, the clock starts. */
void fanout_tally_ready(struct fanout_tally *tally);
/* A message came for a subscriber, 0 to subscribers - 1. */
void fanout_tally_take(struct fanout_tally *tally, unsigned subscriber, const uint8_t *message, size_t len);

/* --- in the parent --- */

/* Right after the fork: its end is the child's alone, so that its death is seen. */
void fanout_tally_forked(struct fanout_tally *tally);
/* Wait until the child is ready; when that was (bench_now_ns). */
uint64_t fanout_tally_wait_ready(struct fanout_tally *tally);
/* From now on: each has to have this many messages, those of all runs counted. */
void fanout_tally_expect(struct fanout_tally *tally, uint64_t messages);
/* Wait until each has them; when the last came (bench_now_ns). */
uint64_t fanout_tally_wait(struct fanout_tally *tally);
/* Messages that came twice, so far. */
uint64_t fanout_tally_repeated(const struct fanout_tally *tally);

#endif
