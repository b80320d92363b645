/* A map from short byte strings to numbers, in memory: names that are looked up often, or are not stored yet.
 *
 * Keys are copied. Entries are numbered in the order in which they came, so that a map can be cut back to an
 * earlier length when a submission is rolled back. */
#ifndef BB_MAP_H
#define BB_MAP_H

#include "proto/bytes.h"

struct bb_map_entry {
    uint8_t *key;
    uint32_t key_len;
    uint64_t value;
};

struct bb_map {
    struct bb_map_entry *entry;
    uint32_t count, size;
    uint32_t *slot; /* 0 free, else number of the entry plus 1 */
    uint32_t n_slot;
};

void bb_map_release(struct bb_map *map);

/* NULL when it is not there. Valid until the next change. */
struct bb_map_entry *bb_map_find(const struct bb_map *map, struct bb_bytes key);

/* Set; an entry that is there keeps its number. 0 | -ENOMEM */
int bb_map_set(struct bb_map *map, struct bb_bytes key, uint64_t value);

/* Forget all entries from number `count` on. */
void bb_map_cut(struct bb_map *map, uint32_t count);

#endif
