/* Applying a generation: one write transaction that brings the views to its last entry.
 *
 * Deterministic: nothing but the generation and the views decides what is written. */
#ifndef BB_APPLY_H
#define BB_APPLY_H

#include "workers/measurement/store/generation.h"

/* 0 | -ENOSPC | -EIO | -EBADMSG a damaged record, or a change that does not fit the views: nothing was
 * written. The map grows by itself. */
int bb_apply(const struct bb_views *views, const struct bb_generation *generation);

#endif
