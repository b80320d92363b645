/* A set of codes, fixed when it is made: the indicators that an organization takes part in. */
#ifndef BB_CODES_H
#define BB_CODES_H

#include "proto/bytes.h"

struct bb_codes;

/* Copies the texts, each of which may come several times. n 0: NULL, which is every code there is. 0 |
 * -ENOMEM */
int bb_codes_new(char *const *text, size_t n, struct bb_codes **ret_codes);
void bb_codes_destroy(struct bb_codes **codes);

/* NULL has them all. */
bool bb_codes_has(const struct bb_codes *codes, struct bb_bytes code);

/* In order, each once. 0 of NULL. */
size_t bb_codes_count(const struct bb_codes *codes);
/* Valid as long as the set. number: below the count. */
const char *bb_codes_at(const struct bb_codes *codes, size_t number);

#endif
