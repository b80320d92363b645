/* Memory for secrets: what the kernel says of its pages, and that nothing of it is left. */
#include "runtime/secret.h"

#include "runtime/keyfile.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#ifdef __SANITIZE_ADDRESS__ /* which leaves locking out */
#define LOCKED " dd"
#else
#define LOCKED " lo"
#endif

/* Has the page of this address these two flags (proc(5), VmFlags)? */
static bool
has_flags(const void *address, const char *one, const char *two)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    unsigned long from = 0, to = 0, at = (unsigned long)address;
    bool inside = false, has = false;
    char line[512];

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = from <= at && at < to;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            has = strstr(line, one) && strstr(line, two);
    }
    fclose(file);
    return has;
}

static void
is_locked_and_not_dumped(void **state)
{
    char *secret = bb_secret_alloc(100), *ordinary = malloc(100);
    struct bb_keypair *keys = bb_keypair_alloc();
    struct rlimit locked;

    (void)state;
    assert_true(secret && ordinary && keys);
    for (int i = 0; i < 100; i++)
        assert_int_equal(secret[i], 0);
    assert_int_equal(keys->secret_key[0], 0);
    memset(secret, 'x', 100);
    getrlimit(RLIMIT_MEMLOCK, &locked);
    if (locked.rlim_cur >= 1 << 16) {
        assert_true(has_flags(secret, LOCKED, " dd"));
        assert_true(has_flags(keys, LOCKED, " dd"));
    }
    assert_false(has_flags(ordinary, LOCKED, " dd")); /* the control */
    bb_secret_free(secret);
    bb_secret_free(NULL);
    bb_keypair_free(&keys);
    assert_null(keys);
    free(ordinary);
}

static void
leaves_no_core(void **state)
{
    struct rlimit core = {0, 0};

    (void)state;
    bb_secret_no_core();
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
    assert_int_equal(core.rlim_max, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_locked_and_not_dumped),
        cmocka_unit_test(leaves_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
