/* UUIDs (RFC 9562). Whoever makes one up draws one of version 7: 48 bits of milliseconds, the rest random
 * from libsodium. One that follows from something, so that a service finds again what it wrote, is of
 * version 8. */
#ifndef BB_UUID_H
#define BB_UUID_H

#include "proto/bytes.h"

#define BB_UUID_BYTES 16
#define BB_UUID_TEXT  37

/* From any thread, also after fork(). */
void bb_uuid_new(uint8_t out[static BB_UUID_BYTES]);
/* Make one of version 8 of 16 bytes that follow from something, such as a hash: of this time, the rest as
 * they are but for version and variant. ms: since 1970, below 2^48 */
void bb_uuid_shape(uint8_t id[static BB_UUID_BYTES], uint64_t ms);
/* Is it of version 8? Anybody who knows what it follows from can foretell it, so who takes ids from others
 * takes none of these. */
bool bb_uuid_is_shaped(const uint8_t id[static BB_UUID_BYTES]);
void bb_uuid_format(const uint8_t uuid[static BB_UUID_BYTES], char out[static BB_UUID_TEXT]);
/* Any UUID in its 36-character form, either case. 0 | -EINVAL. */
int bb_uuid_parse(struct bb_bytes text, uint8_t ret_uuid[static BB_UUID_BYTES]);

#endif
