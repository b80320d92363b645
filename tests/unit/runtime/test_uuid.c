#include "runtime/uuid.h"

#include "runtime/clock.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_new(void **state)
{
    uint8_t a[BB_UUID_BYTES], b[BB_UUID_BYTES];
    uint64_t before = (uint64_t)(bb_clock_utc() / 1000), after, stamp;

    (void)state;
    bb_uuid_new(a);
    bb_uuid_new(b);
    after = (uint64_t)(bb_clock_utc() / 1000);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(a[6] >> 4, 7);
    assert_int_equal(a[8] >> 6, 2);
    stamp = bb_get_u64(a) >> 16;
    assert_true(stamp >= before && stamp <= after);
}

/* What follows from something follows from it always, and cannot be taken for one that was drawn. */
static void
test_shape(void **state)
{
    static const uint8_t shaped[BB_UUID_BYTES] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0x8F, 0xFF,
                                                  0xBF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    uint8_t id[BB_UUID_BYTES];

    (void)state;
    memset(id, 0xFF, sizeof id);
    assert_false(bb_uuid_is_shaped(id)); /* of another variant, whose versions are others */
    bb_uuid_shape(id, UINT64_C(0x0123456789AB));
    assert_memory_equal(id, shaped, sizeof id);
    bb_uuid_shape(id, UINT64_C(0x0123456789AB));
    assert_memory_equal(id, shaped, sizeof id);
    assert_true(bb_uuid_is_shaped(id));
    id[8] = 0xCF;
    assert_false(bb_uuid_is_shaped(id));
    for (int i = 0; i < 1000; i++) {
        bb_uuid_new(id);
        assert_false(bb_uuid_is_shaped(id));
    }
}

static int
compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, BB_UUID_BYTES);
}

/* More than randomness is fetched for at a time: no two are equal. */
static void
test_many(void **state)
{
    static uint8_t ids[1000][BB_UUID_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++)
        bb_uuid_new(ids[i]);
    qsort(ids, COUNT(ids), sizeof ids[0], compare_ids);
    for (size_t i = 1; i < COUNT(ids); i++)
        assert_memory_not_equal(ids[i - 1], ids[i], sizeof ids[i]);
}

/* What a process has fetched is not used by its children as well. The first six bytes are the time. */
static void
test_fork(void **state)
{
    uint8_t child[2][BB_UUID_BYTES], parent[BB_UUID_BYTES];
    int ends[2], status;

    (void)state;
    bb_uuid_new(parent); /* there is a pool */
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            bb_uuid_new(parent);
            _exit(write(ends[1], parent, sizeof parent) == sizeof parent ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(read(ends[0], child[i], BB_UUID_BYTES), BB_UUID_BYTES);
    }
    bb_uuid_new(parent);
    assert_memory_not_equal(child[0] + 6, child[1] + 6, BB_UUID_BYTES - 6);
    assert_memory_not_equal(child[0] + 6, parent + 6, BB_UUID_BYTES - 6);
    close(ends[0]);
    close(ends[1]);
}

static const struct {
    const char *what;
    const char *input;
    const char *expected; /* NULL: refused */
} texts[] = {
    {"RFC 9562, A.6", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
    {"lower case", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
    {"nil", "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
    {"empty", "", NULL},
    {"without hyphens", "017f22e279b07cc398c4dc0c0c07398f", NULL},
    {"a hyphen elsewhere", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f", NULL},
    {"a hyphen more", "017f22e2-79b0-7cc3-98c4-dc0c0c07398-", NULL},
    {"not hex", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", NULL},
    {"'@', which has the bits of a letter", "017f22e2-79b0-7cc3-98c4-dc0c0c07398@", NULL},
    {"too short", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", NULL},
    {"too long", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", NULL},
    {"in braces", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f}", NULL},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t uuid[BB_UUID_BYTES] = {0xAA};
        char text[BB_UUID_TEXT];
        int r = bb_uuid_parse(bb_bytes_str(texts[i].input), uuid);

        if (!texts[i].expected) {
            check_int(r, -EINVAL, texts[i].what);
            check_int(uuid[0], 0xAA, texts[i].what);
            continue;
        }
        check_int(r, 0, texts[i].what);
        bb_uuid_format(uuid, text);
        check_text(text, texts[i].expected, texts[i].what);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),  cmocka_unit_test(test_shape), cmocka_unit_test(test_many),
        cmocka_unit_test(test_fork), cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
