/* What a pattern comes to when its repeats are copied (pattern.h). Pure. */
#ifndef BB_FORMATS_PATTERN_SIZE_H
#define BB_FORMATS_PATTERN_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* Is it within BB_PATTERN_BYTES, BB_PATTERN_REPEAT and BB_PATTERN_PARTS? Otherwise what is wrong at error:
 * "found ..., expected ...". Whether it is a pattern at all, regcomp(3) says. */
bool bb_pattern_is_small(const char *text, char *error, size_t size);

#endif
