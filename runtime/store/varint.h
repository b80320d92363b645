/* Order-preserving varints: the numbers in keys and records of the store.
 *
 * memcmp order of the bytes is the order of the numbers. A number takes 1 byte up to 240, 2 up to 2,287, 3 up
 * to 67,823, 4 to 9 above: the first byte tells the length (the encoding of SQLite 4,
 * src4/doc/trunk/www/varint.wiki). */
#ifndef BB_VARINT_H
#define BB_VARINT_H

#include "proto/bytes.h"

#define BB_VARINT_MAX 9
#define BB_VARINT_ONE 240u /* up to which a number is one byte, itself */

/* Returns the bytes written, 1 to 9. */
size_t bb_varint_put(uint8_t out[static BB_VARINT_MAX], uint64_t v);
/* Returns the bytes read, or 0 when the input is too short. */
size_t bb_varint_get(struct bb_bytes in, uint64_t *ret_v);

#endif
