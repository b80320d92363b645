/* Staying awake: whoever waits for an answer that mostly comes at once looks for it a while before it sleeps.
 *
 * To wake a thread on a processor that sleeps takes longer than most of what is done for a short question,
 * and costs more, above all on virtual machines. With the client that waits awake, those between it and the
 * answer find a processor awake: a question there and back takes less time, and no more of the processors in
 * all (docs/PERFORMANCE.md). Whoever else wants the processor gets it (sched_yield(2)). */
#ifndef BB_AWAKE_H
#define BB_AWAKE_H

#include <poll.h>

/* poll(2); before it sleeps, up to awake_us microseconds are spent looking. ms: 0 does not wait, -1 for ever
 */
int bb_awake_poll(struct pollfd *items, nfds_t n, int ms, unsigned awake_us);

#endif
