/* Effort: how much may be done for one table, counted in steps of two or three nanoseconds each.
 *
 * What it takes to find what has to be hidden grows with the square of the readings and faster, where they
 * are meant to make it so. Steps are counted, never time: the same readings end the same way everywhere. */
#ifndef BB_SUPPRESS_EFFORT_H
#define BB_SUPPRESS_EFFORT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define BB_EFFORT_STEPS 150000000u

struct bb_effort {
    uint64_t spent;
};

static inline void
bb_effort_spend(struct bb_effort *effort, uint64_t steps)
{
    effort->spent += steps;
}

/* 0 | -EDQUOT that was too much */
static inline int
bb_effort_left(const struct bb_effort *effort)
{
    return effort->spent > BB_EFFORT_STEPS ? -EDQUOT : 0;
}

#endif
