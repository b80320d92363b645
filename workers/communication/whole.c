/* The store is looked at before the file in front of it: so, while somebody writes, that is ahead at most,
 * and by as many generations as went by. Then it is looked at again. */
#include "whole.h"

#include "redo.h"

#include "runtime/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOOKS     3
#define MAP_BYTES ((size_t)1 << 20) /* what the file says counts, when it is more */
#define HELP      "restore both data.mdb and redo from one backup, or move both away to begin again with message 1"

/* What data.mdb says of itself. */
struct found {
    bool has_store; /* not before its first start was over */
    uint8_t store[BB_REDO_STORE];
    uint64_t generation, head;
};

static int
read_number(MDB_txn *txn, MDB_dbi meta, const char *name, uint64_t *ret_value)
{
    struct bb_bytes payload;
    int r = bb_store_get(txn, meta, bb_bytes_str(name), &payload);

    if (r == 0 && payload.len != 8)
        return -EBADMSG;
    if (r == 0)
        *ret_value = bb_get_u64(payload.data);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static int
read_found(MDB_txn *txn, MDB_dbi meta, struct found *ret_found)
{
    struct bb_bytes store;
    int r = bb_store_get(txn, meta, bb_bytes_str(BB_WHOLE_STORE), &store);

    if (r == 0 && store.len != BB_REDO_STORE)
        return -EBADMSG;
    ret_found->has_store = r == 0;
    if (r == 0)
        memcpy(ret_found->store, store.data, BB_REDO_STORE);
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        r = read_number(txn, meta, BB_WHOLE_GENERATION, &ret_found->generation);
    return r == 0 ? read_number(txn, meta, BB_WHOLE_HEAD, &ret_found->head) : r;
}

static int
look_into(struct bb_store *store, struct found *ret_found)
{
    MDB_txn *txn;
    MDB_dbi meta;
    int r = bb_store_database(store, "meta", &meta);

    if (r == BB_STORE_E_NOT_FOUND) /* its first start ended early */
        return 0;
    if (r == 0)
        r = bb_store_begin(store, false, &txn);
    if (r != 0)
        return r;
    r = read_found(txn, meta, ret_found);
    bb_store_abort(store, &txn);
    return r;
}

static int
look_at_store(const char *dir, struct found *ret_found, char *error, size_t size)
{
    struct bb_store_config config = {
        .dir = dir, .map_bytes = MAP_BYTES, .databases = 16, .read_only = true, .look = true};
    struct bb_store *store = NULL;
    char why[512] = "damaged";
    int r = bb_store_open(&config, &store, why, sizeof why);

    *ret_found = (struct found){0};
    if (r == 0)
        r = look_into(store, ret_found);
    bb_store_close(&store);
    if (r != 0)
        snprintf(error, size,
                 "%s/data.mdb: found something else (%s), expected the store of the messages; " HELP, dir,
                 why);
    return r > 0 ? -EBADMSG : r;
}

/* Both are there. */
static int
compare(const char *dir, const struct found *found, const struct bb_redo_mark *mark, char *error, size_t size)
{
    unsigned long long at = found->generation, marked = mark->generation;

    if (found->has_store ? memcmp(found->store, mark->store, BB_REDO_STORE) != 0
                         : at + marked + mark->begun > 0)
        snprintf(error, size,
                 "%s/redo: found the file of another store than data.mdb, expected its own; " HELP, dir);
    else if (marked < at)
        snprintf(error, size,
                 "%s/redo: found generation %llu, expected %llu, as data.mdb says: it is older than "
                 "data.mdb; " HELP,
                 dir, marked, at);
    else if (marked > at + 1 || (marked == at + 1 && mark->begun))
        snprintf(
            error, size,
            "%s/data.mdb: found generation %llu, expected %llu, as redo says: it is older than redo; " HELP,
            dir, at, marked);
    else
        return 0;
    return -EBADMSG;
}

/* Size of a file, -1 when it is not there. */
static int64_t
size_of(const char *dir, const char *name)
{
    char path[4096];
    struct stat stat;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return lstat(path, &stat) == 0 ? (int64_t)stat.st_size : -1;
}

static int
look(const char *dir, char *error, size_t size)
{
    int64_t data = size_of(dir, "data.mdb"), redo = size_of(dir, "redo");
    struct bb_redo_mark mark;
    struct found found;
    int r;

    if (data <= 0 && redo < 0)
        return 0;
    if (data <= 0) {
        snprintf(error, size, "%s/data.mdb: found %s beside redo, expected the store of the messages; " HELP,
                 dir, data < 0 ? "none" : "an empty file");
        return -EBADMSG;
    }
    r = look_at_store(dir, &found, error, size);
    if (r != 0)
        return r;
    if (redo >= 0) {
        r = bb_redo_look(dir, BB_REDO_BYTES, &mark, error, size);
        return r == 0 ? compare(dir, &found, &mark, error, size) : r;
    }
    if (!found.has_store && found.generation == 0 && found.head == 0)
        return 0;
    snprintf(error, size,
             "%s/redo: found none, expected the one of generation %llu, as data.mdb says, with what came "
             "last; " HELP,
             dir, (unsigned long long)found.generation);
    return -EBADMSG;
}

int
bb_whole_check(const char *dir, char *error, size_t size)
{
    int r = -EBADMSG;

    for (int i = 0; r == -EBADMSG && i < LOOKS; i++)
        r = look(dir, error, size);
    return r;
}
