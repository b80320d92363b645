/* Suspects: of several batches, beside a plain table. */
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/write/suspects.h"

#include <stdio.h>

#define BATCHES 6
#define UNITS   40

static void
name(unsigned batch, uint8_t id[static 16])
{
    memset(id, 7, 16);
    id[15] = (uint8_t)batch;
}

static void
test_random(void **state)
{
    struct bb_suspects suspects = {0};
    static bool plain[BATCHES][UNITS];
    uint64_t seed = 5;
    uint8_t id[16];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        unsigned b = (unsigned)(draw(&seed) % BATCHES), u = (unsigned)(draw(&seed) % UNITS), n = 0, all = 0;
        const struct bb_map *units;
        char key[16];

        name(b, id);
        snprintf(key, sizeof key, "unit %u", u);
        if (draw(&seed) % 30 == 0) {
            bb_suspects_drop(&suspects, id);
            memset(plain[b], 0, sizeof plain[b]);
        } else {
            assert_int_equal(bb_suspects_add(&suspects, id, bb_bytes_str(key)), 0);
            plain[b][u] = true;
        }
        units = bb_suspects_of(&suspects, id);
        for (unsigned k = 0; k < UNITS; k++) {
            snprintf(key, sizeof key, "unit %u", k);
            n += plain[b][k];
            assert_int_equal(units && bb_map_find(units, bb_bytes_str(key)), plain[b][k]);
        }
        assert_int_equal(units ? units->count : 0, n);
        for (unsigned k = 0; k < BATCHES * UNITS; k++)
            all += plain[k / UNITS][k % UNITS];
        assert_int_equal(suspects.units, all);
    }
    bb_suspects_release(&suspects);
}

static void
test_they_are_bounded(void **state)
{
    struct bb_suspects suspects = {0};
    uint8_t id[16];
    char key[16];

    (void)state;
    for (unsigned i = 0; i < BB_SUSPECTS_MAX + 100; i++) {
        name(i % 3, id);
        snprintf(key, sizeof key, "%u", i);
        assert_int_equal(bb_suspects_add(&suspects, id, bb_bytes_str(key)), 0);
    }
    assert_int_equal(suspects.units, BB_SUSPECTS_MAX);
    name(1, id);
    bb_suspects_drop(&suspects, id);
    assert_null(bb_suspects_of(&suspects, id));
    assert_int_equal(bb_suspects_add(&suspects, id, bb_bytes_str("again")), 0);
    assert_int_equal(bb_suspects_of(&suspects, id)->count, 1);
    bb_suspects_release(&suspects);
    assert_int_equal(suspects.units, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_they_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
