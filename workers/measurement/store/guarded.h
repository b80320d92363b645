/* Guarded: are values of an indicator small numbers that are hidden (suppress_below), or computed from such?
 *
 * What it is computed from is that of the snapshot's moment, what is protected that of the present. Any
 * thread, with a snapshot of its own. */
#ifndef BB_GUARDED_H
#define BB_GUARDED_H

#include "snapshot.h"

#include "proto/arena.h"

/* arena: for definitions; it is reset. 0 | -ENOMEM | -EBADMSG */
int bb_is_guarded(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_arena *arena,
                  bool *ret_guarded);

#endif
