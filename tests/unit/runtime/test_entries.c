/* Entries of rows: differences add up, indexes are checked. */
#include "runtime/entries.h"

#include "tests/unit/check.h"

#include <errno.h>

static void
check_row(const struct bb_entry_times *times, uint32_t row, uint64_t sequence, uint64_t time_us)
{
    assert_int_equal(times->sequence[bb_entry_of(times, row)], sequence);
    assert_int_equal(times->time_us[bb_entry_of(times, row)], time_us);
}

static void
test_rows(void **state)
{
    const int64_t sequence[] = {1000, -600, 200}, time_us[] = {5000000, -10, 3};
    const uint32_t index[] = {2, 0, 1, 1};
    struct bb_entries entries = {3, 3, sequence, time_us, 4, index};
    struct bb_entry_times times;
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, 1 << 16);
    assert_int_equal(bb_entries_read(&entries, 4, &arena, &times), 0);
    check_row(&times, 0, 600, 4999993);
    check_row(&times, 1, 1000, 5000000);
    check_row(&times, 2, 400, 4999990);
    check_row(&times, 3, 400, 4999990);
    entries.n_entry = 0; /* all the first */
    assert_int_equal(bb_entries_read(&entries, 2, &arena, &times), 0);
    check_row(&times, 1, 1000, 5000000);
    entries.n_sequence = entries.n_time_us = 0; /* not said */
    assert_int_equal(bb_entries_read(&entries, 2, &arena, &times), 0);
    assert_null(times.sequence);
    bb_arena_release(&arena);
}

static void
test_malformed(void **state)
{
    static const int64_t zeros[1000];
    const int64_t number[] = {1, 1, 1};
    const uint32_t index[] = {0, 2, 3};
    static const struct {
        size_t n_sequence, n_time_us, n_entry;
        uint32_t count;
        int r;
    } cases[] = {
        {3, 3, 2, 2, 0},        {3, 3, 3, 3, -EBADMSG}, /* an index above */
        {2, 2, 2, 2, -EBADMSG},                         /* likewise */
        {3, 2, 2, 2, -EBADMSG}, {0, 0, 1, 1, -EBADMSG}, {3, 3, 2, 3, -EBADMSG},
        {3, 3, 1, 0, -EBADMSG}, {3, 3, 2, 2, 0},
    };
    struct bb_entry_times times;
    struct bb_arena arena;

    (void)state;
    bb_arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bb_entries entries = {
            cases[i].n_sequence, cases[i].n_time_us, number, number, cases[i].n_entry, index};
        assert_int_equal(bb_entries_read(&entries, cases[i].count, &arena, &times), cases[i].r);
    }
    bb_arena_release(&arena);
    bb_arena_init(&arena, 64);
    const struct bb_entries many = {1000, 1000, zeros, zeros, 0, NULL};
    assert_int_equal(bb_entries_read(&many, 1000, &arena, &times), -EMSGSIZE);
    bb_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
