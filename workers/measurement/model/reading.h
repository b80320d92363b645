/* A reading as the store keeps it: its key and its record.
 *
 * Pure: packing and unpacking. A record is the whole current state of a reading; a superseded one is kept as
 * it was, in the view `revision`. Values are kept as written; a value that follows from its parts is not kept
 * at all. */
#ifndef BB_READING_H
#define BB_READING_H

#include "runtime/decimal.h"
#include "runtime/period.h"

#include "proto/rows.h"

struct bb_reading_key {
    struct bb_period period;
    uint32_t indicator;
    uint32_t place;          /* 0: the total */
    uint32_t disaggregation; /* 0: the total */
    uint32_t organization;
};

#define BB_READING_KEY  26                   /* most bytes of a packed key: 6 + 4 x 5 */
#define BB_REVISION_KEY (BB_READING_KEY + 9) /* and a sequence */

/* period | indicator | place | disaggregation | organization. What stands before the organization is the same
 * for all readings of a cell; its length comes at ret_cell unless that is NULL. Returns the length. */
size_t bb_reading_key_pack(const struct bb_reading_key *key, uint8_t out[static BB_READING_KEY],
                           size_t *ret_cell);
/* 0 | -EBADMSG */
int bb_reading_key_unpack(struct bb_bytes in, struct bb_reading_key *ret_key);

/* period | organization | indicator | place | disaggregation. */
size_t bb_organization_key_pack(const struct bb_reading_key *key, uint8_t out[static BB_READING_KEY]);
int bb_organization_key_unpack(struct bb_bytes in, struct bb_reading_key *ret_key);

/* Of a cell's rollup: indicator | period | place | disaggregation; organization is set to 0. */
size_t bb_cell_key_pack(const struct bb_reading_key *key, uint8_t out[static BB_READING_KEY]);
int bb_cell_key_unpack(struct bb_bytes in, struct bb_reading_key *ret_key);

/* One that was withdrawn is a revision as well, which counts nowhere. */
struct bb_reading {
    uint32_t flags;    /* BB_ROW_VALUE, _NUMERATOR, _DENOMINATOR, _COMMENT, _WITHDRAWN, and the state */
    uint32_t revision; /* 1 for the first */
    uint64_t sequence; /* of the entry that made this revision */
    uint64_t first;    /* ... and the first one: with revision 1 the same */
    uint64_t batch;    /* sequence of the first entry of the batch that named this reading last */
    struct bb_decimal value;
    struct bb_decimal numerator;
    struct bb_decimal denominator;
    struct bb_bytes comment; /* borrowed from the record */
};

static inline bool
bb_reading_withdrawn(const struct bb_reading *reading)
{
    return reading->flags & BB_ROW_WITHDRAWN;
}

/* Numerator and denominator. */
static inline bool
bb_reading_has_parts(const struct bb_reading *reading)
{
    return (reading->flags & BB_ROW_NUMERATOR) && (reading->flags & BB_ROW_DENOMINATOR);
}

#define BB_READING_PACKED (1 + 4 * 9 + 3 * BB_DECIMAL_PACKED + 2000) /* most bytes of a record */

/* flags | revision | sequence | from revision 2 on: sequence - first | batch - sequence (zigzag) | value |
 * numerator | denominator | comment */
size_t bb_reading_pack(const struct bb_reading *reading, uint8_t out[static BB_READING_PACKED]);
/* 0 | -EBADMSG */
int bb_reading_unpack(struct bb_bytes in, struct bb_reading *ret_reading);

/* Do both say the same: state, value and parts by number, comment? Spelling, revision and batch do not count.
 */
bool bb_reading_same(const struct bb_reading *a, const struct bb_reading *b);

#endif
