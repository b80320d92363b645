/* The applier: a thread that brings generations into the views, one at a time.
 *
 * The writer's thread gives it a generation and is told through `wake` when it is in the views; until then
 * the generation is only read. When the disk is full the applier tries again every second: what it holds is
 * safe in the journal. */
#ifndef BB_APPLIER_H
#define BB_APPLIER_H

#include "workers/measurement/store/generation.h"

struct bb_applier;

/* Called on the applier's thread. */
struct bb_applier_sink {
    void (*coming)(void *self, const struct bb_generation *generation);  /* it is about to be applied */
    void (*applied)(void *self, const struct bb_generation *generation); /* it is in the views */
    void (*wake)(void *self);                                            /* there is something to collect */
    void *self;
};

/* 0 | -errno */
int bb_applier_new(const struct bb_views *views, const struct bb_applier_sink *sink,
                   struct bb_applier **ret_applier);
/* Waits for the generation in hand, unless it cannot be written. */
void bb_applier_destroy(struct bb_applier **applier);

/* Only when it is idle. The generation stays the caller's, untouched until collected. */
void bb_applier_give(struct bb_applier *applier, const struct bb_generation *generation);

/* 1: the generation given is in the views, and the applier is idle again | 0 not yet | <0 the views cannot be
 * written */
int bb_applier_collect(struct bb_applier *applier);

/* Does it wait for room on the disk? */
bool bb_applier_stuck(struct bb_applier *applier);

#endif
