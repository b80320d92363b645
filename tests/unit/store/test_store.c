/* The store: checksums, truncated files, growth and trimming beside readers, dead readers, commits that fail.
 */
#include "runtime/store/store.h"

#include "tests/unit/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct fixture {
    char dir[FOLDER_BYTES];
    char error[256];
    struct bb_store *store;
    MDB_dbi dbi;
};

static void
open_store(struct fixture *f, size_t map_bytes)
{
    struct bb_store_config config = {.dir = f->dir, .map_bytes = map_bytes, .databases = 2};

    assert_int_equal(bb_store_open(&config, &f->store, f->error, sizeof f->error), 0);
    assert_int_equal(bb_store_database(f->store, "a", &f->dbi), 0);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    folder_make(f->dir);
    open_store(f, (size_t)1 << 20);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bb_store_close(&f->store);
    folder_remove(f->dir);
    free(f);
    return 0;
}

static struct bb_bytes
key_of(uint32_t number, uint8_t key[static 4])
{
    bb_put_u32(key, number);
    return bb_bytes(key, 4);
}

static void
put_text(struct fixture *f, const char *key, const char *text)
{
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->store, true, &txn), 0);
    assert_int_equal(bb_store_put(txn, f->dbi, bb_bytes_str(key), bb_bytes_str(text), 0), 0);
    assert_int_equal(bb_store_commit(f->store, &txn), 0);
}

static int
get(struct fixture *f, const char *key)
{
    struct bb_bytes payload;
    MDB_txn *txn;
    int r;

    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    r = bb_store_get(txn, f->dbi, bb_bytes_str(key), &payload);
    bb_store_abort(f->store, &txn);
    return r;
}

/* What LMDB has under this key, checksum and all. */
static size_t
get_raw(struct fixture *f, const char *key, uint8_t out[static 64])
{
    MDB_val k = {.mv_data = (void *)(uintptr_t)key, .mv_size = strlen(key)}, v;
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    assert_int_equal(mdb_get(txn, f->dbi, &k, &v), 0);
    assert_true(v.mv_size <= 64);
    memcpy(out, v.mv_data, v.mv_size);
    bb_store_abort(f->store, &txn);
    return v.mv_size;
}

static void
put_raw(struct fixture *f, const char *key, const uint8_t *data, size_t len)
{
    MDB_val k = {.mv_data = (void *)(uintptr_t)key, .mv_size = strlen(key)};
    MDB_val v = {.mv_data = (void *)(uintptr_t)data, .mv_size = len};
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->store, true, &txn), 0);
    assert_int_equal(mdb_put(txn, f->dbi, &k, &v, 0), 0);
    assert_int_equal(bb_store_commit(f->store, &txn), 0);
}

static void
test_records(void **state)
{
    struct fixture *f = *state;
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    MDB_txn *txn;

    put_text(f, "b", "two");
    put_text(f, "a", "");
    assert_int_equal(bb_store_begin(f->store, true, &txn), 0);
    assert_int_equal(bb_store_get(txn, f->dbi, bb_bytes_str("b"), &payload), 0);
    assert_true(bb_bytes_equal(payload, bb_bytes_str("two")));
    assert_int_equal(bb_store_get(txn, f->dbi, bb_bytes_str("a"), &payload), 0);
    assert_int_equal(payload.len, 0);
    assert_int_equal(bb_store_get(txn, f->dbi, bb_bytes_str("c"), &payload), BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_store_put(txn, f->dbi, bb_bytes_str("b"), bb_bytes_str("x"), BB_PUT_NEW),
                     BB_STORE_E_EXISTS);
    assert_int_equal(bb_store_put(txn, f->dbi, bb_bytes_str("c"), bb_bytes_str("three"), BB_PUT_APPEND), 0);
    assert_int_equal(bb_cursor_open(txn, f->dbi, &cursor), 0);
    assert_int_equal(bb_cursor_seek(cursor, bb_bytes_str("aa"), &key, &payload), 0);
    assert_true(bb_bytes_equal(key, bb_bytes_str("b")) && bb_bytes_equal(payload, bb_bytes_str("two")));
    assert_int_equal(bb_cursor_move(cursor, MDB_NEXT, &key, &payload), 0);
    assert_true(bb_bytes_equal(key, bb_bytes_str("c")) && bb_bytes_equal(payload, bb_bytes_str("three")));
    assert_int_equal(bb_cursor_move(cursor, MDB_NEXT, &key, &payload), BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_cursor_seek(cursor, bb_bytes_str("d"), &key, &payload), BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_store_delete(txn, f->dbi, bb_bytes_str("b")), 0);
    assert_int_equal(bb_store_delete(txn, f->dbi, bb_bytes_str("b")), BB_STORE_E_NOT_FOUND);
    bb_store_abort(f->store, &txn);
    assert_int_equal(get(f, "b"), 0); /* it was all undone */
    assert_int_equal(get(f, "c"), BB_STORE_E_NOT_FOUND);
}

static void
test_each_flipped_bit_is_found(void **state)
{
    struct fixture *f = *state;
    uint8_t raw[64];
    size_t len;

    put_text(f, "key", "a reading's record");
    len = get_raw(f, "key", raw);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        put_raw(f, "key", raw, len);
        assert_int_equal(get(f, "key"), -EBADMSG);
        raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    put_raw(f, "key", raw, len);
    assert_int_equal(get(f, "key"), 0);
}

static void
test_records_belong_to_their_keys(void **state)
{
    struct fixture *f = *state;
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    MDB_txn *txn;
    uint8_t raw[64];
    size_t len;

    put_text(f, "one", "text");
    len = get_raw(f, "one", raw);
    put_raw(f, "two", raw, len); /* sound, but somebody else's */
    assert_int_equal(get(f, "two"), -EBADMSG);
    for (size_t cut = 0; cut < len; cut++) {
        put_raw(f, "two", raw, cut);
        assert_int_equal(get(f, "two"), -EBADMSG);
    }
    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    assert_int_equal(bb_cursor_open(txn, f->dbi, &cursor), 0);
    assert_int_equal(bb_cursor_get(cursor, bb_bytes_str("one"), &payload), 0);
    assert_int_equal(bb_cursor_get(cursor, bb_bytes_str("two"), &payload), -EBADMSG);
    assert_int_equal(bb_cursor_seek(cursor, bb_bytes_str("onf"), &key, &payload), -EBADMSG);
    assert_int_equal(bb_cursor_seek_key(cursor, bb_bytes_str("onf"), &key), 0);
    assert_true(bb_bytes_equal(key, bb_bytes_str("two")));
    assert_int_equal(bb_cursor_seek_key(cursor, bb_bytes_str("twp"), &key), BB_STORE_E_NOT_FOUND);
    assert_int_equal(bb_cursor_move(cursor, MDB_LAST, &key, &payload), -EBADMSG);
    mdb_cursor_close(cursor);
    bb_store_abort(f->store, &txn);
}

static void
test_files_that_are_not_whole(void **state)
{
    struct fixture *f = *state;
    struct bb_store_config config = {.dir = f->dir, .map_bytes = (size_t)1 << 20, .databases = 2};
    char file[128], missing[128];
    struct stat stat_;
    int fd;

    put_text(f, "key", "text");
    bb_store_close(&f->store);
    snprintf(file, sizeof file, "%s/data.mdb", f->dir);
    assert_int_equal(stat(file, &stat_), 0);
    for (off_t size = stat_.st_size - 1; size > 8192; size -= 4096) {
        assert_int_equal(truncate(file, size), 0);
        assert_int_equal(bb_store_open(&config, &f->store, f->error, sizeof f->error), -EBADMSG);
        assert_non_null(strstr(f->error, "data.mdb is truncated"));
        assert_null(f->store);
    }
    fd = open(file, O_WRONLY | O_TRUNC);
    assert_int_equal(pwrite(fd, "this is not a store", 19, 8192), 19);
    close(fd);
    assert_int_equal(bb_store_open(&config, &f->store, f->error, sizeof f->error), -EBADMSG);

    snprintf(missing, sizeof missing, "%s/missing", f->dir);
    config.dir = missing;
    config.read_only = true;
    assert_int_equal(bb_store_open(&config, &f->store, f->error, sizeof f->error), -ENOENT);
    assert_int_equal(access(missing, F_OK), -1);
}

/* Readers beside growth and trimming */

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
            r = bb_store_put(txn, f->dbi, key_of(i, key), bb_bytes(payload, sizeof payload), BB_PUT_APPEND);
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

    put_text(f, "key", "text");
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
    open_store(f, (size_t)1 << 20);
    assert_int_equal(get(f, "key"), 0);
}

static void
test_trim(void **state)
{
    struct fixture *f = *state;
    MDB_dbi other;
    MDB_txn *txn;
    uint64_t before, after, free_pages;

    assert_int_equal(bb_store_database(f->store, "b", &other), 0);
    put_text(f, "key", "text");
    assert_int_equal(bb_store_grow(f->store), 0);
    assert_int_equal(bb_store_usage(f->store, &before, &free_pages), 0);
    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    assert_int_equal(bb_store_trim(f->store), -EBUSY);
    bb_store_abort(f->store, &txn);
    assert_int_equal(bb_store_trim(f->store), 0);
    assert_int_equal(get(f, "key"), 0);
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
        open_store(&child, (size_t)1 << 20);
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

    put_text(f, "key", "text");
    bb_store_close(&f->store); /* an environment does not go over fork */
    pid = start_reader(f);
    open_store(f, (size_t)1 << 20);
    alone = reader_lines(f);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(reader_lines(f), alone); /* it is dead, and its slot is taken */
    bb_store_reap(f->store);
    assert_int_equal(reader_lines(f), alone - 1);
}

/* Commits that fail */

static void
test_a_write_that_comes_out_short_is_want_of_room(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, limit;
    struct stat file;
    uint8_t *large = calloc(1, 100000);
    char path[128];
    MDB_txn *txn;

    put_text(f, "key", "text");
    snprintf(path, sizeof path, "%s/data.mdb", f->dir);
    assert_int_equal(stat(path, &file), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)file.st_size + 10000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(bb_store_begin(f->store, true, &txn), 0);
    assert_int_equal(bb_store_put(txn, f->dbi, bb_bytes_str("large"), bb_bytes(large, 100000), 0), 0);
    assert_int_equal(bb_store_commit(f->store, &txn), -ENOSPC);
    assert_null(txn);
    assert_int_equal(get(f, "key"), 0); /* what was there is there, and the same handle goes on */
    assert_int_equal(get(f, "large"), BB_STORE_E_NOT_FOUND);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    put_text(f, "large", "text");
    assert_int_equal(get(f, "large"), 0);
    free(large);
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

static void
test_codes_of_lmdb(void **state)
{
    static const struct {
        int code, expected;
    } rows[] = {{0, 0},
                {MDB_NOTFOUND, BB_STORE_E_NOT_FOUND},
                {MDB_KEYEXIST, BB_STORE_E_EXISTS},
                {MDB_MAP_FULL, BB_STORE_E_FULL},
                {MDB_CORRUPTED, -EBADMSG},
                {MDB_PANIC, -EBADMSG},
                {MDB_READERS_FULL, -EAGAIN},
                {ENOSPC, -ENOSPC},
                {EDQUOT, -ENOSPC},
                {EIO, -EIO},
                {MDB_BAD_VALSIZE, -EINVAL}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(bb_store_error(rows[i].code), rows[i].expected);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_records),
        TEST(test_each_flipped_bit_is_found),
        TEST(test_records_belong_to_their_keys),
        TEST(test_files_that_are_not_whole),
        TEST(test_growth_and_trimming_beside_readers),
        TEST(test_trim),
        TEST(test_a_trim_that_fails_is_no_crash),
        TEST(test_slots_of_the_dead_are_freed),
        TEST(test_a_write_that_comes_out_short_is_want_of_room),
        TEST(test_usage_and_room),
        cmocka_unit_test(test_codes_of_lmdb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
