/* The size that files of this process may have (RLIMIT_FSIZE): it plays the full disk. A write that crosses
 * it comes out short, and the next one fails with EFBIG; who sets it ignores SIGXFSZ. RLIM_INFINITY takes it
 * away. */
#ifndef BB_TESTS_LIMIT_FILES_H
#define BB_TESTS_LIMIT_FILES_H

#include "check.h"

#include <sys/resource.h>

static inline void
limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
