/* Dependents: which indicators are computed from which, as it was at any moment.
 *
 * The head knows that of the present only (dependencies.h). Whoever looks what an entry changed needs to know
 * what was computed from it then, so the view `dependent` has, for an input and what is computed from it by
 * its own expressions, each entry that began this, and each that ended it. */
#ifndef BB_DEPENDENTS_H
#define BB_DEPENDENTS_H

#include "generation.h"
#include "snapshot.h"

#include "workers/measurement/model/ids.h"

/* By this entry the indicator is computed from `now`; until then it was from `before`. Goes to the
 * generation. 0 | -ENOMEM */
int bb_dependents_put(struct bb_generation *filling, uint32_t indicator, const struct bb_ids *before,
                      const struct bb_ids *now, uint64_t sequence);

/* What is computed from this indicator as of the snapshot, or from what is, in the order of their ids.
 * dependents: emptied first. 0 | -ENOMEM | -EBADMSG */
int bb_dependents_find(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_ids *dependents);

#endif
