/* Extended regular expressions of POSIX, on texts that need no NUL. The C library copies what is repeated, as
 * often as it may be, and so a short pattern may take all memory: what it comes to is bounded. */
#ifndef BB_FORMATS_PATTERN_H
#define BB_FORMATS_PATTERN_H

#include "proto/bytes.h"

#define BB_PATTERN_GROUPS 9u
#define BB_PATTERN_BYTES  1000u
#define BB_PATTERN_REPEAT 255u   /* of a part: {255} */
#define BB_PATTERN_PARTS  10000u /* characters and sets, each as often as repeats copy it */

struct bb_pattern;

/* 0 | -ENOMEM | -EINVAL and what is wrong at error */
int bb_pattern_new(const char *text, struct bb_pattern **ret_pattern, char *error, size_t size);
void bb_pattern_destroy(struct bb_pattern **pattern);

const char *bb_pattern_text(const struct bb_pattern *pattern);
size_t bb_pattern_groups(const struct bb_pattern *pattern); /* how many it has, without the whole */

/* Does it match anywhere? group: the texts of its groups, the whole first, borrowed; what took no part is
 * empty. NULL: they are not wanted. */
bool bb_pattern_match(const struct bb_pattern *pattern, struct bb_bytes text,
                      struct bb_bytes group[BB_PATTERN_GROUPS + 1]);

#endif
