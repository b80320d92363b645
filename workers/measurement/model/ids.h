/* Sets of ids, in memory, for the length of a query. */
#ifndef BB_IDS_H
#define BB_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Members are numbered in the order in which they came, so that arrays can stand beside them. */
struct bb_ids {
    uint32_t *id;
    uint32_t count, size;
    uint32_t *slot; /* 0 free, else number plus 1 */
    uint32_t n_slot;
};

void bb_ids_release(struct bb_ids *ids);
/* Empty again, the memory kept. */
void bb_ids_reset(struct bb_ids *ids);

/* ret_number: its number, new or not; may be NULL. 0 | -ENOMEM */
int bb_ids_add(struct bb_ids *ids, uint32_t id, uint32_t *ret_number);

/* Is it a member? ret_number: its number. */
bool bb_ids_find(const struct bb_ids *ids, uint32_t id, uint32_t *ret_number);

/* In ascending order, for bb_wanted; their numbers are no longer good and nothing may be added. */
void bb_ids_sort(struct bb_ids *ids);

#endif
