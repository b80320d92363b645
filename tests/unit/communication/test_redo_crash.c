/* The file of what is to be done again on a disk that loses what was not synced: it is ended at any system
 * call, goes on from the page cache or from any state that a power cut may leave, and again. What was
 * acknowledged, or was served after an end, is there; of the record in hand all or nothing. And disks that
 * lie about a sync are found out. */
#include "workers/communication/redo.h"

#include "tests/unit/store/lives.h"

#include <errno.h>

#define BYTES 8192
#define CALLS 30 /* system calls at most in a life */

struct run {
    struct lives lives; /* first */
    struct bb_redo *redo;
    uint64_t generation;
    uint64_t last;  /* records of this generation that were acknowledged or served */
    bool in_hand;   /* one more may be there */
    uint64_t found; /* by this replay */
    bool has_store;
    uint8_t store[BB_REDO_STORE];
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
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "record %llu is another",
                 (unsigned long long)run->found);
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
        run->lives.records++;
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
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "refused");
    if (r != 0)
        return false;
    if (run->found != run->last && !(run->in_hand && run->found == run->last + 1))
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "%llu records, expected %llu",
                 (unsigned long long)run->found, (unsigned long long)run->last);
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
live(struct lives *lives)
{
    struct run *run = (struct run *)lives;
    char error[256] = "";
    int r;

    if (access(lives->dir, F_OK) != 0)
        assert_int_equal(mkdir(lives->dir, 0700), 0);
    disk_die_after(1 + (unsigned)(draw(&run->lives.random) % CALLS));
    r = bb_redo_open(run->lives.dir, BYTES, false, &run->redo, error, sizeof error);
    if (r == -EBADMSG)
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "refused: %.200s", error);
    if (r != 0)
        return;
    if (bb_redo_mark(run->redo)->generation - run->generation > 1 ||
        (run->has_store && memcmp(bb_redo_mark(run->redo)->store, run->store, BB_REDO_STORE) != 0))
        snprintf(run->lives.wrong, sizeof run->lives.wrong, "the mark is another");
    memcpy(run->store, bb_redo_mark(run->redo)->store, BB_REDO_STORE);
    run->has_store = true;
    if (replay(run))
        while (!run->lives.wrong[0]) {
            r = append(run);
            if (r == BB_REDO_E_FULL) { /* the store is committed */
                if (bb_redo_expect(run->redo, run->generation + 1) != 0)
                    break;
                bb_redo_begin(run->redo, ++run->generation);
                run->last = 0;
            } else if ((r != 0 && r != -ENOSPC) || draw(&run->lives.random) % 32 == 0) {
                break;
            }
        }
    bb_redo_close(&run->redo);
}

int
main(void)
{
    static struct lives_kind redo = {.size = sizeof(struct run), .live = live};
    const struct CMUnitTest tests[] = {LIVES_TESTS(&redo)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
