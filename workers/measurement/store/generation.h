/* A generation: what is journalled and not yet in the views, gathered for the applier to take at once.
 *
 * The writer fills one generation while the applier works on the one before; both are asked, newest first,
 * when an outcome needs the present state of a reading. A generation holds changes of readings (in the order
 * of the journal, with a table from key to the newest change) and other records to put, and remembers the
 * last entry it covers. It belongs to one thread at a time: filling to the writer; while it is applied, both
 * threads only read it. */
#ifndef BB_GENERATION_H
#define BB_GENERATION_H

#include "views.h"

#include "runtime/store/map.h"
#include "workers/measurement/model/reading.h"

enum bb_change_kind {
    BB_CHANGE_CREATED = 1,
    BB_CHANGE_UPDATED = 2,
    BB_CHANGE_TOUCHED = 3, /* the same again, in a batch of several submissions: only its batch is new */
};

/* Key and record stand one behind the other at `data`. */
struct bb_change {
    const uint8_t *data;
    uint16_t key_len;
    uint16_t cell_len; /* of the key: the part that all readings of the cell have */
    uint16_t record_len;
    uint8_t kind;
    uint32_t before; /* number + 1 of the change of the same key before this one in the generation; 0 none */
};

/* By key: where its newest change is. */
struct bb_change_slot {
    uint32_t hash;
    uint32_t number; /* plus 1 */
};

/* A record for another view: put, or deleted when its payload is absent. */
struct bb_put {
    uint8_t view; /* enum bb_view */
    bool gone;    /* to be deleted */
    struct bb_bytes key;
    struct bb_bytes payload;
};

struct bb_block;

struct bb_generation {
    struct bb_block *blocks; /* bytes of keys and records */
    size_t bytes;
    struct bb_change *change;
    uint32_t n_change, change_size;
    struct bb_change_slot *slot;
    uint32_t n_slot, used_slots;
    struct bb_put *put;
    uint32_t n_put, put_size;
    struct bb_position last; /* the last entry covered */
    uint64_t entries;
    uint32_t told_changes, told_puts; /* so many were told (changes.h) */
};

void bb_generation_release(struct bb_generation *generation);

static inline bool
bb_generation_empty(const struct bb_generation *generation)
{
    return generation->entries == 0;
}

static inline struct bb_bytes
bb_change_key(const struct bb_change *change)
{
    return bb_bytes(change->data, change->key_len);
}

static inline struct bb_bytes
bb_change_record(const struct bb_change *change)
{
    return bb_bytes(change->data + change->key_len, change->record_len);
}

/* The newest change of this key, or NULL. */
const struct bb_change *bb_generation_find(const struct bb_generation *generation, struct bb_bytes key);

/* 0 | -ENOMEM */
int bb_generation_change(struct bb_generation *generation, enum bb_change_kind kind, struct bb_bytes key,
                         size_t cell_len, struct bb_bytes record);
/* Key and payload are copied; payload.data NULL deletes. 0 | -ENOMEM */
int bb_generation_put(struct bb_generation *generation, enum bb_view view, struct bb_bytes key,
                      struct bb_bytes payload);

/* Undo: back to an earlier state. */
struct bb_generation_mark {
    uint32_t n_change, n_put;
    const struct bb_block *block;
    size_t used, bytes;
};
struct bb_generation_mark bb_generation_mark(const struct bb_generation *generation);
void bb_generation_rollback(struct bb_generation *generation, struct bb_generation_mark mark);

#endif
