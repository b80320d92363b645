/* Is this text? UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing above U+10FFFF. */
#ifndef BB_UTF8_H
#define BB_UTF8_H

#include "bytes.h"

/* Length in bytes of the longest prefix that is valid UTF-8 without NUL; equal to text.len when all of it is.
 */
size_t bb_utf8_prefix(struct bb_bytes text);

/* True when the whole of it is valid UTF-8 without NUL. */
bool bb_utf8_is_text(struct bb_bytes text);

#endif
