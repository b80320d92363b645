/* Rules for names that people and partners choose. */
#ifndef BB_TEXT_H
#define BB_TEXT_H

#include "proto/bytes.h"

/* A code: 1 to 128 letters, digits, '_', '.', '-'; the first a letter or digit. */
bool bb_text_is_code(struct bb_bytes text);

/* A name: 1 to 300 bytes of UTF-8 without control characters, not starting or ending with a blank. */
bool bb_text_is_name(struct bb_bytes text);

/* Peer text for a log line or a message, to stand between double quotes (which the caller writes): control
 * characters, double quotes, backslashes and bytes that are not UTF-8 escaped as \n, \", \x00, \u0085; cut
 * after `max` bytes of output, or what `size` (at least 4) holds, with "...". Always terminated. Returns out.
 */
char *bb_text_quote(struct bb_bytes text, char *out, size_t size, size_t max);

#endif
