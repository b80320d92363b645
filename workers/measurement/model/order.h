/* Putting the changes of a generation in the order of their keys, quickly.
 *
 * Pure. A radix sort over the first 16 bytes of the key (passes whose byte is the same everywhere are
 * skipped), then the few runs that agree in these are sorted by the rest. Stable: changes of one key stay in
 * the order of the journal.
 */
#ifndef BB_ORDER_H
#define BB_ORDER_H

#include "proto/bytes.h"

struct bb_sortable {
    uint64_t high, low; /* the first 16 bytes of the key, big-endian, padded with zeros */
    const uint8_t *key;
    uint32_t number; /* of the change */
    uint8_t len;
};

/* key must live as long as the item. */
struct bb_sortable bb_sortable(struct bb_bytes key, uint32_t number);

/* items and scratch have n elements; the result is in items. */
void bb_order(struct bb_sortable *items, struct bb_sortable *scratch, size_t n);

#endif
