/* Memory for secrets: of pages of its own, locked so that it is never swapped out, left out of core dumps,
 * and wiped when it is freed.
 *
 * Locked as far as the system allows (RLIMIT_MEMLOCK): where it does not, everything else holds. What
 * libraries copy of a secret is theirs: libzmq keeps the keys of a socket in ordinary memory. */
#ifndef BB_SECRET_H
#define BB_SECRET_H

#include <stddef.h>

/* Zeroed. NULL: no memory. Any thread. */
void *bb_secret_alloc(size_t size);
/* Wiped and freed; NULL is nothing. */
void bb_secret_free(void *secret);

/* This process leaves no core behind, whatever it is that ends it. */
void bb_secret_no_core(void);

#endif
