/* A map from numbers to small numbers: sessions by the broker's number, cohorts by position.
 *
 * Open addressing, removal without tombstones, no allocation but when it grows. Any key but UINT64_MAX. */
#ifndef BB_NUMBERS_H
#define BB_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct bb_numbers {
    struct bb_numbers_entry {
        uint64_t key;
        uint32_t value;
    } * entry;
    uint32_t count, size; /* size: a power of 2, or 0 */
};

void bb_numbers_release(struct bb_numbers *map);
/* Empty; what was reserved stays. */
void bb_numbers_clear(struct bb_numbers *map);

/* Room for so many entries in all: up to there, set cannot fail. 0 | -ENOMEM */
int bb_numbers_reserve(struct bb_numbers *map, uint32_t entries);

/* Within what was reserved. An entry that is there gets the new value. */
void bb_numbers_set(struct bb_numbers *map, uint64_t key, uint32_t value);

bool bb_numbers_get(const struct bb_numbers *map, uint64_t key, uint32_t *ret_value);
void bb_numbers_remove(struct bb_numbers *map, uint64_t key);

#endif
