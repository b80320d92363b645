/* A store of one database in a temporary folder. */
#ifndef BB_TEST_STORE_FIXTURE_H
#define BB_TEST_STORE_FIXTURE_H

#include "runtime/store/store.h"

#include "tests/unit/folder.h"

struct fixture {
    char dir[FOLDER_BYTES];
    char error[256];
    struct bb_store *store;
    MDB_dbi dbi;
};

/* A store of 1 MiB in a folder of its own, before a test; and both are gone behind it. */
int store_setup(void **state);
int store_teardown(void **state);

/* Open it (again). */
void store_open(struct fixture *f, size_t map_bytes);

/* Keys in the order of their numbers. */
struct bb_bytes store_key(uint32_t number, uint8_t key[static 4]);
void store_put_text(struct fixture *f, const char *key, const char *text);
/* What reading it returns. */
int store_get(struct fixture *f, const char *key);

#endif
