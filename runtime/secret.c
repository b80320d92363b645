/* libsodium's own pages, with guards around them: mlock(2) and MADV_DONTDUMP are done there. */
#include "secret.h"

#include <sodium.h>
#include <string.h>
#include <sys/resource.h>

void *
bb_secret_alloc(size_t size)
{
    void *secret = sodium_init() < 0 ? NULL : sodium_malloc(size);

    if (secret)
        memset(secret, 0, size);
    return secret;
}

void
bb_secret_free(void *secret)
{
    sodium_free(secret);
}

void
bb_secret_no_core(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
}
