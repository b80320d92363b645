#include "lives.h"

#define LIVES 25 /* of the process, in a run */
#define SEEDS 300

static bool
passes(const struct lives_kind *kind, uint64_t seed, struct disk_faults faults, uint64_t *ret_records)
{
    struct lives *lives = calloc(1, kind->size);
    bool passed;

    assert_non_null(lives);
    lives->random = seed * 2654435761u + 1;
    folder_make_in_memory(lives->parent);
    snprintf(lives->dir, sizeof lives->dir, "%s/log", lives->parent);
    disk_attach(lives->parent, lives->dir, lives->random, faults);
    for (unsigned i = 0; i < LIVES && !lives->wrong[0]; i++) {
        kind->live(lives);
        disk_restart(draw(&lives->random) % 2);
    }
    disk_detach();
    folder_remove(lives->parent);
    passed = !lives->wrong[0];
    if (!passed && faults.lie == DISK_HONEST)
        print_error("seed %llu: %s\n", (unsigned long long)seed, lives->wrong);
    *ret_records = lives->records;
    free(lives);
    return passed;
}

static void
expect_nothing_lost(const struct lives_kind *kind, struct disk_faults faults)
{
    uint64_t records, all = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        assert_true(passes(kind, seed, faults, &records));
        all += records;
    }
    assert_true(all > (uint64_t)SEEDS * LIVES * 2); /* they did come somewhere */
}

void
test_ended_anywhere(void **state)
{
    expect_nothing_lost(*state, (struct disk_faults){0});
}

void
test_on_a_disk_that_fills_up(void **state)
{
    expect_nothing_lost(*state, (struct disk_faults){.full = 8});
}

void
test_on_a_disk_that_fails(void **state)
{
    expect_nothing_lost(*state, (struct disk_faults){.eio = 16});
}

void
test_a_disk_that_lies_is_found_out(void **state)
{
    static const char *const lies[] = {"", "file", "folder", "parent"};
    uint64_t records;

    for (int lie = DISK_LIES_FILE; lie < DISK_LIES; lie++) {
        struct disk_faults faults = {.lie = (enum disk_lie)lie};
        uint64_t seed = 1;
        while (seed <= SEEDS && passes(*state, seed, faults, &records))
            seed++;
        check(seed <= SEEDS, lies[lie]);
    }
}
