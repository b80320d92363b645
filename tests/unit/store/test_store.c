/* The store: checksums, truncated files, commits that fail. */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

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

    store_put_text(f, "b", "two");
    store_put_text(f, "a", "");
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
    assert_int_equal(store_get(f, "b"), 0); /* it was all undone */
    assert_int_equal(store_get(f, "c"), BB_STORE_E_NOT_FOUND);
}

static void
test_each_flipped_bit_is_found(void **state)
{
    struct fixture *f = *state;
    uint8_t raw[64];
    size_t len;

    store_put_text(f, "key", "a reading's record");
    len = get_raw(f, "key", raw);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        put_raw(f, "key", raw, len);
        assert_int_equal(store_get(f, "key"), -EBADMSG);
        raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    put_raw(f, "key", raw, len);
    assert_int_equal(store_get(f, "key"), 0);
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

    store_put_text(f, "one", "text");
    len = get_raw(f, "one", raw);
    put_raw(f, "two", raw, len); /* sound, but somebody else's */
    assert_int_equal(store_get(f, "two"), -EBADMSG);
    for (size_t cut = 0; cut < len; cut++) {
        put_raw(f, "two", raw, cut);
        assert_int_equal(store_get(f, "two"), -EBADMSG);
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

    store_put_text(f, "key", "text");
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

    store_put_text(f, "key", "text");
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
    assert_int_equal(store_get(f, "key"), 0); /* what was there is there, and the same handle goes on */
    assert_int_equal(store_get(f, "large"), BB_STORE_E_NOT_FOUND);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    store_put_text(f, "large", "text");
    assert_int_equal(store_get(f, "large"), 0);
    free(large);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_records),
        TEST(test_each_flipped_bit_is_found),
        TEST(test_records_belong_to_their_keys),
        TEST(test_files_that_are_not_whole),
        TEST(test_a_write_that_comes_out_short_is_want_of_room),
        cmocka_unit_test(test_codes_of_lmdb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
