#include "awake.h"

#include "runtime/clock.h"

#include <sched.h>

int
bb_awake_poll(struct pollfd *items, nfds_t n, int ms, unsigned awake_us)
{
    int64_t until = bb_clock_ns() + (int64_t)awake_us * 1000;
    int r;

    if (ms == 0 || awake_us == 0)
        return poll(items, n, ms);
    while ((r = poll(items, n, 0)) == 0 && bb_clock_ns() < until)
        sched_yield();
    return r != 0 ? r : poll(items, n, ms);
}
