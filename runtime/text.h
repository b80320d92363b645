/* Rules for names that people and partners choose. */
#ifndef BB_TEXT_H
#define BB_TEXT_H

#include "proto/bytes.h"

/* A code: 1 to 128 letters, digits, '_', '.', '-'; the first a letter or digit. */
bool bb_text_is_code(struct bb_bytes text);

/* A name: 1 to 300 bytes of UTF-8 that does not start or end with white space, and holds no control character
 * and none that changes the direction or the line of the others (U+061C, U+200E to U+200F, U+2028 to U+202E,
 * U+2066 to U+2069, U+FEFF). */
bool bb_text_is_name(struct bb_bytes text);
/* For who is told that a text is none. */
#define BB_TEXT_CODE_EXPECTED "1 to 128 letters, digits, '_', '.', '-', the first a letter or digit"
#define BB_TEXT_NAME_EXPECTED                                                                                \
    "1 to 300 bytes of UTF-8 without control characters, marks of direction and white space at the ends"

/* For text of several lines: where its first control character other than tab and line feed begins, C1 ones
 * too; text.len when it has none. text: valid UTF-8. */
size_t bb_text_control(struct bb_bytes text);

/* Peer text for a log line or a message, to stand between double quotes (which the caller writes): control
 * characters, double quotes, backslashes, what changes direction or line, and bytes that are not UTF-8
 * escaped as \n, \", \x00, \u0085, \u202E; cut after `max` bytes of output, or what `size` (at least 4)
 * holds, with "...". Always terminated. Returns
 * out. */
char *bb_text_quote(struct bb_bytes text, char *out, size_t size, size_t max);

/* The first character of peer text as a terminal may be given it: as it is, tab and line feed too; or escaped
 * as \x1B, \u0085, \u202E if it is another control character, changes direction or line, or is not UTF-8.
 * Ended by NUL. Returns the bytes read, 0 at the end of the text. */
size_t bb_text_shown(struct bb_bytes text, char piece[static 8]);

#endif
