#include "store_fixture.h"

#include <stdlib.h>

void
store_open(struct fixture *f, size_t map_bytes)
{
    struct bb_store_config config = {.dir = f->dir, .map_bytes = map_bytes, .databases = 2};

    assert_int_equal(bb_store_open(&config, &f->store, f->error, sizeof f->error), 0);
    assert_int_equal(bb_store_database(f->store, "a", &f->dbi), 0);
}

int
store_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    folder_make(f->dir);
    store_open(f, (size_t)1 << 20);
    *state = f;
    return 0;
}

int
store_teardown(void **state)
{
    struct fixture *f = *state;

    bb_store_close(&f->store);
    folder_remove(f->dir);
    free(f);
    return 0;
}

struct bb_bytes
store_key(uint32_t number, uint8_t key[static 4])
{
    bb_put_u32(key, number);
    return bb_bytes(key, 4);
}

void
store_put_text(struct fixture *f, const char *key, const char *text)
{
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->store, true, &txn), 0);
    assert_int_equal(bb_store_put(txn, f->dbi, bb_bytes_str(key), bb_bytes_str(text), 0), 0);
    assert_int_equal(bb_store_commit(f->store, &txn), 0);
}

int
store_get(struct fixture *f, const char *key)
{
    struct bb_bytes payload;
    MDB_txn *txn;
    int r;

    assert_int_equal(bb_store_begin(f->store, false, &txn), 0);
    r = bb_store_get(txn, f->dbi, bb_bytes_str(key), &payload);
    bb_store_abort(f->store, &txn);
    return r;
}
