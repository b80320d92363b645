/* The file of what is to be done again on a disk that loses what was not synced: it is ended at any system
 * call, goes on from the page cache or from any state that a power cut may leave, and again. What was
 * acknowledged, or was served after an end, is there; of the record in hand all or nothing. And disks that
 * lie about a sync are found out. */
#include "workers/communication/redo.h"

#include "tests/unit/folder.h"
#include "tests/unit/store/disk.h"

#include <errno.h>

#define BYTES 8192
#define LIVES 25 /* of the process, in a run */
#define CALLS 30 /* system calls at most in a life */
#define SEEDS 300

struct run {
    char parent[FOLDER_BYTES], dir[FOLDER_BYTES + 16];
    struct bb_redo *redo;
    uint64_t random, generation;
    uint64_t last;    /* records of this generation that were acknowledged or served */
    bool in_hand;     /* one more may be there */
    uint64_t found;   /* by this replay */
    uint64_t records; /* in all */
    bool has_store;
    uint8_t store[BB_REDO_STORE];
    char wrong[512];
};

/* A record says its generation and number, and is of a length that follows from them. */
static size_t
make(uint64_t generation, uint64_t number, uint8_t out[static 600])
{
    uint64_t random = generation * 7919 + number * 104729 + 1;
    size_t len = 16 + draw(&random) % 500;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)draw(&random);
    return len;
}

static int
apply(void *self, struct bb_bytes said)
{
    struct run *run = self;
    uint8_t expected[600];
    size_t len = make(run->generation, run->found, expected);

    if (!bb_bytes_equal(said, bb_bytes(expected, len)))
        snprintf(run->wrong, sizeof run->wrong, "record %llu is another", (unsigned long long)run->found);
    run->found++;
    return 0;
}

static int
append(struct run *run)
{
    struct bb_buffer record;
    uint8_t said[600];
    int r;

    bb_buffer_init(&record, SIZE_MAX);
    bb_buffer_extend(&record, BB_REDO_HEAD);
    bb_buffer_append(&record, said, make(run->generation, run->last, said));
    run->in_hand = true;
    r = bb_redo_append(run->redo, &record);
    bb_buffer_release(&record);
    if (r == 0) {
        run->last++;
        run->records++;
    }
    if (r == 0 || r == BB_REDO_E_FULL)
        run->in_hand = false; /* without room it may be there, if that could not be undone either */
    return r;
}

static bool
replay(struct run *run)
{
    int r;

    run->found = 0;
    r = bb_redo_replay(run->redo, run->generation, apply, run);
    if (r == -EBADMSG)
        snprintf(run->wrong, sizeof run->wrong, "refused");
    if (r != 0)
        return false;
    if (run->found != run->last && !(run->in_hand && run->found == run->last + 1))
        snprintf(run->wrong, sizeof run->wrong, "%llu records, expected %llu", (unsigned long long)run->found,
                 (unsigned long long)run->last);
    if (bb_redo_secure(run->redo) != 0) {
        run->in_hand = run->in_hand || run->found > run->last;
        return false;
    }
    run->last = run->found;
    run->in_hand = false;
    return true;
}

/* One process, from its start to its end. */
static void
live(struct run *run)
{
    char error[256] = "";
    int r;

    disk_die_after(1 + (unsigned)(draw(&run->random) % CALLS));
    r = bb_redo_open(run->dir, BYTES, false, &run->redo, error, sizeof error);
    if (r == -EBADMSG)
        snprintf(run->wrong, sizeof run->wrong, "refused: %.200s", error);
    if (r != 0)
        return;
    if (bb_redo_mark(run->redo)->generation - run->generation > 1 ||
        (run->has_store && memcmp(bb_redo_mark(run->redo)->store, run->store, BB_REDO_STORE) != 0))
        snprintf(run->wrong, sizeof run->wrong, "the mark is another");
    memcpy(run->store, bb_redo_mark(run->redo)->store, BB_REDO_STORE);
    run->has_store = true;
    if (replay(run))
        while (!run->wrong[0]) {
            r = append(run);
            if (r == BB_REDO_E_FULL) { /* the store is committed */
                if (bb_redo_expect(run->redo, run->generation + 1) != 0)
                    break;
                bb_redo_begin(run->redo, ++run->generation);
                run->last = 0;
            } else if ((r != 0 && r != -ENOSPC) || draw(&run->random) % 32 == 0) {
                break;
            }
        }
    bb_redo_close(&run->redo);
}

static bool
passes(uint64_t seed, struct disk_faults faults, uint64_t *ret_records)
{
    struct run run = {.random = seed * 2654435761u + 1};

    folder_make_in_memory(run.parent);
    snprintf(run.dir, sizeof run.dir, "%s/log", run.parent);
    disk_attach(run.parent, run.dir, run.random, faults);
    for (unsigned i = 0; i < LIVES && !run.wrong[0]; i++) {
        if (access(run.dir, F_OK) != 0)
            assert_int_equal(mkdir(run.dir, 0700), 0);
        live(&run);
        disk_restart(draw(&run.random) % 2);
    }
    disk_detach();
    folder_remove(run.parent);
    if (run.wrong[0] && faults.lie == DISK_HONEST)
        print_error("seed %llu: %s\n", (unsigned long long)seed, run.wrong);
    *ret_records = run.records;
    return !run.wrong[0];
}

static void
expect_nothing_lost(struct disk_faults faults)
{
    uint64_t records, all = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        assert_true(passes(seed, faults, &records));
        all += records;
    }
    assert_true(all > (uint64_t)SEEDS * LIVES * 2); /* they did come somewhere */
}

static void
test_ended_anywhere(void **state)
{
    (void)state;
    expect_nothing_lost((struct disk_faults){0});
}

static void
test_on_a_disk_that_fills_up(void **state)
{
    (void)state;
    expect_nothing_lost((struct disk_faults){.full = 8});
}

static void
test_on_a_disk_that_fails(void **state)
{
    (void)state;
    expect_nothing_lost((struct disk_faults){.eio = 16});
}

static void
test_a_disk_that_lies_is_found_out(void **state)
{
    uint64_t records;

    (void)state;
    for (int lie = DISK_LIES_FILE; lie < DISK_LIES; lie++) {
        uint64_t seed = 1;
        while (seed <= SEEDS && passes(seed, (struct disk_faults){.lie = (enum disk_lie)lie}, &records))
            seed++;
        check(seed <= SEEDS, ((const char *[]){"", "file", "folder", "parent"})[lie]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ended_anywhere),
        cmocka_unit_test(test_on_a_disk_that_fills_up),
        cmocka_unit_test(test_on_a_disk_that_fails),
        cmocka_unit_test(test_a_disk_that_lies_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
