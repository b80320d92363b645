/* The store: growth and trimming beside readers, and readers that are dead. */
#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

struct reader {
    struct fixture *f;
    atomic_uint least; /* records that are committed */
    atomic_bool stop;
    atomic_uint scans;
};

static unsigned
scan(struct fixture *f)
{
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    MDB_txn *txn;
    unsigned n = 0;
    int r;

    if (bb_store_begin(f->store, false, &txn) != 0 || bb_cursor_open(txn, f->dbi, &cursor) != 0)
        return UINT32_MAX;
    while ((r = bb_cursor_move(cursor, MDB_NEXT, &key, &payload)) == 0 && bb_get_u32(key.data) == n &&
           payload.len == 500)
        n++;
    mdb_cursor_close(cursor);
    bb_store_abort(f->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? n : UINT32_MAX;
}

static void *
read_on(void *argument)
{
    struct reader *reader = argument;

    while (!atomic_load(&reader->stop)) {
        unsigned least = atomic_load(&reader->least), n = scan(reader->f);
        if (n < least || n == UINT32_MAX)
            return "a reader saw less than was committed";
        atomic_fetch_add(&reader->scans, 1);
    }
    return NULL;
}

static void
append(struct fixture *f, struct reader *reader, unsigned from, unsigned n, unsigned *ret_grown)
{
    uint8_t payload[500] = {0}, key[4];
    MDB_txn *txn;
    int r;

    do {
        assert_int_equal(bb_store_begin(f->store, true, &txn), 0);
        r = 0;
        for (unsigned i = from; r == 0 && i < from + n; i++)
            r = bb_store_put(txn, f->dbi, store_key(i, key), bb_bytes(payload, sizeof payload),
                             BB_PUT_APPEND);
        if (r == 0)
            r = bb_store_commit(f->store, &txn);
        bb_store_abort(f->store, &txn);
        if (r == BB_STORE_E_FULL) {
            assert_int_equal(bb_store_grow(f->store), 0);
            ++*ret_grown;
        }
    } while (r == BB_STORE_E_FULL);
    assert_int_equal(r, 0);
    atomic_store(&reader->least, from + n);
}

static void
test_growth_and_trimming_beside_readers(void **state)
{
    struct fixture *f = *state;
    struct reader reader = {.f = f};
    pthread_t thread[2];
    unsigned grown = 0, trimmed = 0;
    void *problem;

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, &reader), 0);
    for (unsigned i = 0; i < 160; i++) {
        append(f, &reader, i * 100, 100, &grown);
        int r = bb_store_trim(f->store);
        assert_true(r == 0 || r == -EBUSY);
        trimmed += r == 0;
    }
    atomic_store(&reader.stop, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(thread[i], &problem), 0);
        if (problem)
            fail_msg("%s", (char *)problem);
    }
    assert_true(grown >= 3); /* 1 MiB to 8 and more */
    while (trimmed == 0 && bb_store_trim(f->store) == 0)
        trimmed++;
    assert_int_equal(scan(f), 16000);
}

/* Whoever comes after a trim that could not open the store again is told so. */
static void
test_a_trim_that_fails_is_no_crash(void **state)
{
    struct fixture *f = *state;
    char aside[FOLDER_BYTES + 8];
    uint64_t bytes, pages;
    MDB_txn *txn = NULL;
    FILE *file;

    store_put_text(f, "key", "text");
    snprintf(aside, sizeof aside, "%s.aside", f->dir);
    assert_int_equal(rename(f->dir, aside), 0);
    file = fopen(f->dir, "w"); /* not a folder */
    assert_non_null(file);
    fclose(file);
    assert_true(bb_store_trim(f->store) < 0);
    assert_int_equal(bb_store_begin(f->store, false, &txn), -EBADMSG);
    assert_int_equal(bb_store_begin(f->store, true, &txn), -EBADMSG);
    assert_null(txn);
    assert_int_equal(bb_store_usage(f->store, &bytes, &pages), -EBADMSG);
    assert_true(bb_store_room(f->store, &bytes) < 0);
    assert_true(bb_store_grow(f->store) < 0);
    assert_true(bb_store_trim(f->store) < 0);
    bb_store_reap(f->store);
    bb_store_close(&f->store);
    assert_int_equal(unlink(f->dir), 0);
    assert_int_equal(rename(aside, f->dir), 0);
    store_open(f, (size_t)1 << 20);
    assert_int_equal(store_get(f, "key"), 0);
}

static void
test_trim(void **state)
{
    struct fixture *f = *state;
    MDB_dbi other;
    MDB_txn *txn;
    uint64_t before, after, free_pages;

    assert_int_equal(bb_store_database(f->store, "b", &other), 0);
    store_put_text(f, "key", "text");
    assert_int_equal(bb_store_grow(f->store), 0);
    assert_int_equal(bb_store_usage(f->store, &before, &free_pages), 0);
    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    assert_int_equal(bb_store_trim(f->store), -EBUSY);
    bb_store_abort(f->store, &txn);
    assert_int_equal(bb_store_trim(f->store), 0);
    assert_int_equal(store_get(f, "key"), 0);
    assert_int_equal(bb_store_usage(f->store, &after, &free_pages), 0);
    assert_true(after >= before);
    assert_int_equal(bb_store_begin(f->store, true, &txn), 0); /* both handles are what they were */
    assert_int_equal(bb_store_put(txn, other, bb_bytes_str("key"), bb_bytes_str("other"), BB_PUT_NEW), 0);
    assert_int_equal(bb_store_put(txn, f->dbi, bb_bytes_str("key"), bb_bytes_str("x"), BB_PUT_NEW),
                     BB_STORE_E_EXISTS);
    assert_int_equal(bb_store_commit(f->store, &txn), 0);
}

/* Dead readers */

static int
count_line(const char *line, void *argument)
{
    unsigned *lines = argument;

    ++*lines;
    return line ? 0 : -1;
}

static unsigned
reader_lines(struct fixture *f)
{
    unsigned lines = 0;
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    mdb_reader_list(mdb_txn_env(txn), count_line, &lines);
    bb_store_abort(f->store, &txn);
    return lines;
}

/* A process that reads the store for ever; this end of the pipe tells when it does. */
static pid_t
start_reader(struct fixture *f)
{
    int pipes[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        struct fixture child = {.error = ""};
        MDB_txn *txn;
        memcpy(child.dir, f->dir, sizeof child.dir);
        store_open(&child, (size_t)1 << 20);
        if (bb_store_begin(child.store, false, &txn) != 0 || write(pipes[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    close(pipes[1]);
    return pid;
}

static void
test_slots_of_the_dead_are_freed(void **state)
{
    struct fixture *f = *state;
    unsigned alone;
    pid_t pid;

    store_put_text(f, "key", "text");
    bb_store_close(&f->store); /* an environment does not go over fork */
    pid = start_reader(f);
    store_open(f, (size_t)1 << 20);
    alone = reader_lines(f);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(reader_lines(f), alone); /* it is dead, and its slot is taken */
    bb_store_reap(f->store);
    assert_int_equal(reader_lines(f), alone - 1);
}

static void
test_usage_and_room(void **state)
{
    struct fixture *f = *state;
    uint64_t used, free_pages, later, room;
    unsigned grown = 0;
    struct reader nobody = {.f = f};

    assert_int_equal(bb_store_usage(f->store, &used, &free_pages), 0);
    append(f, &nobody, 0, 1000, &grown);
    assert_int_equal(bb_store_usage(f->store, &later, &free_pages), 0);
    assert_true(later >= used + 500000);
    assert_int_equal(bb_store_room(f->store, &room), 0);
    assert_true(room > 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_growth_and_trimming_beside_readers),
        TEST(test_a_trim_that_fails_is_no_crash),
        TEST(test_trim),
        TEST(test_slots_of_the_dead_are_freed),
        TEST(test_usage_and_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
