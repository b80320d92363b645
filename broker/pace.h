/* How fast a fan-out is given to libzmq's threads, and how long it is gathered before.
 *
 * A message costs such a thread ten microseconds and more, whatever is in it, and a thread that has been
 * given something does it before it looks at its sockets again: thousands at once would keep everybody else
 * waiting, workers' heartbeats included. So there is room for more only while no more than BB_PACE_MOST are
 * on their way; the thread that makes room again says so by a descriptor. Peers that do not read are not
 * waited for: after BB_PACE_STALL_MS there is room all the same, and what has not arrived by then is
 * forgiven, until it does.
 *
 * A group that closely follows another one, which kept the threads busy, is held back a little even when
 * nothing is before it; who publishes is answered meanwhile, so more comes to go with it. (To 100 subscribers
 * of one publisher this makes half as much again of it a second.) The first after a pause goes at once.
 *
 * One thread, the broker's; bb_pace_arrived() from any. */
#ifndef BB_BROKER_PACE_H
#define BB_BROKER_PACE_H

#include "runtime/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define BB_PACE_MOST     256 /* messages */
#define BB_PACE_STALL_MS 20

#define BB_PACE_HOLD_LEAST_MS 12
#define BB_PACE_HOLD_MOST_MS  20
#define BB_PACE_TOOK_US       80 /* most that a session counts in what a group took */

struct bb_pace {
    int wake_fd;   /* readable: there is room again */
    int forgiven;  /* of what is on its way, what is not waited for */
    bb_mono waits; /* since when there is no room; 0: there is */
    bb_mono began; /* the last group */
    bb_mono took;  /* from then until all of it had arrived, if that is known, or of the one before */
    /* other threads, too: */
    atomic_int on_way;
    atomic_int wake_at;      /* wake the broker when so many are on their way; -1: no need */
    _Atomic bb_mono done_at; /* nothing was on its way any more */
};

/* 0 | -errno */
int bb_pace_open(struct bb_pace *pace);
void bb_pace_close(struct bb_pace *pace);

/* A group begins to be given out. */
void bb_pace_begin(struct bb_pace *pace, bb_mono now);
/* This is on its way. weight: in messages. */
void bb_pace_leaves(struct bb_pace *pace, int weight);
/* It is not any more. Nothing of it need have been. From any thread. */
void bb_pace_arrived(struct bb_pace *pace, bb_mono now, int weight);

/* May more be given out? If not, wake_fd becomes readable when it may, or it is to be asked again at the
 * deadline. */
bool bb_pace_has_room(struct bb_pace *pace, bb_mono now);
/* BB_NEVER: nobody waits for room. */
bb_mono bb_pace_deadline(const struct bb_pace *pace);
/* wake_fd may be readable: it is not any more. */
void bb_pace_woken(struct bb_pace *pace);
/* Nobody wants room any more. */
void bb_pace_forget(struct bb_pace *pace);

/* How many milliseconds a group for so many sessions is held back, with nothing before it: a quarter of what
 * the last one took, within the two bounds above, but no more than three times what it took; 0 when that
 * began longer ago than four times what it took. */
bb_mono bb_pace_hold(struct bb_pace *pace, bb_mono now, size_t n_sessions);

#endif
