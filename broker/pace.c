/* Whoever takes `wake_at` writes to the descriptor, once. It is set before `on_way` is looked at, and looked
 * at after that was made smaller: so either this thread sees that there is room, or the other one that it is
 * to say so. */
#include "pace.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
bb_pace_open(struct bb_pace *pace)
{
    *pace = (struct bb_pace){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .wake_at = -1};
    return pace->wake_fd < 0 ? -errno : 0;
}

void
bb_pace_close(struct bb_pace *pace)
{
    close(pace->wake_fd);
}

void
bb_pace_begin(struct bb_pace *pace, bb_mono now)
{
    pace->began = now;
}

void
bb_pace_leaves(struct bb_pace *pace, int weight)
{
    atomic_fetch_add(&pace->on_way, weight);
}

void
bb_pace_arrived(struct bb_pace *pace, bb_mono now, int weight)
{
    int left;

    if (weight == 0)
        return;
    left = atomic_fetch_sub(&pace->on_way, weight) - weight;
    if (left == 0)
        atomic_store(&pace->done_at, now);
    if (left <= atomic_load(&pace->wake_at) && atomic_exchange(&pace->wake_at, -1) >= 0)
        eventfd_write(pace->wake_fd, 1);
}

bool
bb_pace_has_room(struct bb_pace *pace, bb_mono now)
{
    int on_way = atomic_load(&pace->on_way);

    if (on_way < pace->forgiven)
        pace->forgiven = on_way;
    atomic_store(&pace->wake_at, BB_PACE_MOST + pace->forgiven);
    on_way = atomic_load(&pace->on_way);
    if (on_way > BB_PACE_MOST + pace->forgiven && now >= bb_pace_deadline(pace))
        pace->forgiven = on_way;
    if (on_way <= BB_PACE_MOST + pace->forgiven) {
        atomic_store(&pace->wake_at, -1);
        pace->waits = 0;
        return true;
    }
    if (!pace->waits)
        pace->waits = now;
    return false;
}

bb_mono
bb_pace_deadline(const struct bb_pace *pace)
{
    return pace->waits ? pace->waits + BB_PACE_STALL_MS : BB_NEVER;
}

void
bb_pace_woken(struct bb_pace *pace)
{
    eventfd_t count;

    eventfd_read(pace->wake_fd, &count);
}

void
bb_pace_forget(struct bb_pace *pace)
{
    pace->waits = 0;
}

/* What never arrives, because somebody does not read, tells nothing, and the others must not wait for it: a
 * group takes no longer than so many sessions may. */
bb_mono
bb_pace_hold(struct bb_pace *pace, bb_mono now, size_t n_sessions)
{
    const bb_mono most = (bb_mono)(n_sessions * BB_PACE_TOOK_US / 1000);
    bb_mono took = atomic_load(&pace->done_at) - pace->began, hold;

    if (took >= 0 && atomic_load(&pace->on_way) == 0)
        pace->took = took;
    took = pace->took < most ? pace->took : most;
    if (now - pace->began > 4 * took)
        return 0;
    hold = took / 4 < BB_PACE_HOLD_LEAST_MS  ? BB_PACE_HOLD_LEAST_MS
           : took / 4 > BB_PACE_HOLD_MOST_MS ? BB_PACE_HOLD_MOST_MS
                                             : took / 4;
    return hold < 3 * took ? hold : 3 * took;
}
