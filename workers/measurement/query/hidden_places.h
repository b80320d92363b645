/* Which places are aggregates, and what they lie in: of those of a table, and of all above them.
 *
 * It is what is registered at the snapshot's position, whatever moment is asked for. A place lies in what its
 * parent is the name of; a name that leads to no place yet is remembered, as it may come to. */
#ifndef BB_HIDDEN_PLACES_H
#define BB_HIDDEN_PLACES_H

#include "workers/measurement/model/suppress.h"
#include "workers/measurement/store/changes.h"
#include "workers/measurement/store/snapshot.h"

struct bb_hidden_place {
    uint32_t id, above; /* 0: it lies in none */
    bool aggregate;
};

struct bb_hidden_places {
    struct bb_hidden_place *place; /* by id */
    uint32_t n;
    char **missing; /* names of parents */
    uint32_t n_missing;
    bool any_missing; /* there are more than are remembered */
};

/* Of the places of these readings, which stand by place. Their `aggregate` is filled in.
 * 0 | -ENOMEM | -EBADMSG */
int bb_hidden_places_read(struct bb_snapshot *snapshot, struct bb_suppress_reading *reading, size_t n,
                          struct bb_hidden_places *ret_places);
void bb_hidden_places_release(struct bb_hidden_places *places);

size_t bb_hidden_places_bytes(const struct bb_hidden_places *places);

/* Are they still so? As of the snapshot's position; they were read at `position`, before it or after it.
 * False also where it is not known. */
bool bb_hidden_places_hold(const struct bb_hidden_places *places, struct bb_changes *changes,
                           struct bb_snapshot *snapshot, uint64_t position);

#endif
