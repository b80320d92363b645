/* An item of progress: what follows from its figures, as texts. */
#ifndef BB_QUERY_PROGRESS_STAND_H
#define BB_QUERY_PROGRESS_STAND_H

#include "proto/arena.h"
#include "workers/measurement/model/standing.h"

/* Fill in changes, movement, baseline, target, distance and track. texts: where they go. bytes: grows by
 * about as many as they are. 0 | -ENOMEM | -EDQUOT */
int bb_progress_stand(Bb__Progress *item, const struct bb_standing_input *input, struct bb_arena *texts,
                      size_t *bytes);

#endif
