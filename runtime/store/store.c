/* The growth lock is held for reading by every open transaction and for writing by bb_store_grow() and
 * bb_store_trim(): LMDB lets the map be changed under an open read transaction and then crashes on its
 * pointers. */
#include "store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define CHECKSUM    4
#define MAX_READERS 126

#define MAX_DATABASES 16

struct bb_store {
    MDB_env *env;
    pthread_rwlock_t growth;
    struct bb_store_config config; /* dir is ours */
    char *database[MAX_DATABASES]; /* names, in the order in which they were opened */
    MDB_dbi dbi[MAX_DATABASES];
    unsigned n_databases;
};

int
bb_store_error(int code)
{
    switch (code) {
    case 0:
        return 0;
    case MDB_NOTFOUND:
        return BB_STORE_E_NOT_FOUND;
    case MDB_KEYEXIST:
        return BB_STORE_E_EXISTS;
    case MDB_MAP_FULL:
        return BB_STORE_E_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_BAD_TXN:
        return -EBADMSG;
    case MDB_READERS_FULL:
        return -EAGAIN;
    case EDQUOT:
        return -ENOSPC;
    default:
        return code > 0 ? -code : -EINVAL;
    }
}

/* LMDB opens a file that lost its tail, and reading it is SIGBUS. */
static int
check_length(MDB_env *env, const char *dir, char *error, size_t size)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    int fd, r = mdb_env_info(env, &info);

    if (r == 0)
        r = mdb_env_stat(env, &stat);
    if (r == 0)
        r = mdb_env_get_fd(env, &fd);
    if (r != 0)
        return bb_store_error(r);
    if (fstat(fd, &file) < 0)
        return -errno;
    uint64_t bytes = (info.me_last_pgno + 1) * stat.ms_psize;
    if (info.me_last_txnid > 0 && (uint64_t)file.st_size < bytes) {
        snprintf(error, size, "%s/data.mdb is truncated: %lld bytes, its pages take %llu", dir,
                 (long long)file.st_size, (unsigned long long)bytes);
        return -EBADMSG;
    }
    return 0;
}

static int
open_environment(MDB_env *env, const struct bb_store_config *config, char *error, size_t size)
{
    unsigned flags = MDB_NOTLS | (config->scratch ? MDB_NOSYNC : 0u) | (config->read_only ? MDB_RDONLY : 0u) |
                     (config->look ? MDB_NOLOCK : 0u);
    int r;

    if (!config->read_only && mkdir(config->dir, 0700) < 0 && errno != EEXIST) {
        r = -errno;
        snprintf(error, size, "%s: %s", config->dir, strerror(-r));
        return r;
    }
    r = mdb_env_set_mapsize(env, config->map_bytes);
    if (r == 0)
        r = mdb_env_set_maxdbs(env, config->databases);
    if (r == 0)
        r = mdb_env_set_maxreaders(env, MAX_READERS);
    if (r == 0)
        r = mdb_env_open(env, config->dir, flags, 0600);
    if (r != 0) {
        snprintf(error, size, "%s: %s", config->dir, mdb_strerror(r));
        return bb_store_error(r);
    }
    return check_length(env, config->dir, error, size);
}

/* Create and open store->env. On failure there is none. */
static int
open_store(struct bb_store *store, char *error, size_t size)
{
    int r = bb_store_error(mdb_env_create(&store->env));

    if (r == 0)
        r = open_environment(store->env, &store->config, error, size);
    if (r != 0 && store->env) {
        mdb_env_close(store->env);
        store->env = NULL;
    }
    return r;
}

int
bb_store_open(const struct bb_store_config *config, struct bb_store **ret_store, char *error, size_t size)
{
    struct bb_store *store = calloc(1, sizeof *store);
    int r;

    if (!store)
        return -ENOMEM;
    pthread_rwlock_init(&store->growth, NULL);
    store->config = *config;
    store->config.dir = strdup(config->dir);
    r = store->config.dir ? open_store(store, error, size) : -ENOMEM;
    if (r != 0) {
        bb_store_close(&store);
        return r;
    }
    bb_store_reap(store);
    *ret_store = store;
    return 0;
}

void
bb_store_close(struct bb_store **store_pointer)
{
    struct bb_store *store = *store_pointer;

    if (!store)
        return;
    if (store->env)
        mdb_env_close(store->env);
    pthread_rwlock_destroy(&store->growth);
    for (unsigned i = 0; i < store->n_databases; i++)
        free(store->database[i]);
    free((char *)(uintptr_t)store->config.dir);
    free(store);
    *store_pointer = NULL;
}

/* Open the first n databases that we know. The growth lock is held, or nobody else is there yet. */
static int
open_databases(struct bb_store *store, unsigned first, unsigned n)
{
    bool create = !store->config.read_only;
    MDB_txn *txn;
    int r = bb_store_error(mdb_txn_begin(store->env, NULL, create ? 0 : MDB_RDONLY, &txn));

    if (r != 0)
        return r;
    for (unsigned i = first; r == 0 && i < n; i++)
        r = bb_store_error(mdb_dbi_open(txn, store->database[i], create ? MDB_CREATE : 0, &store->dbi[i]));
    if (r == 0)
        return bb_store_error(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    return r;
}

int
bb_store_database(struct bb_store *store, const char *name, MDB_dbi *ret_dbi)
{
    unsigned i = store->n_databases;
    int r;

    if (i == MAX_DATABASES || !(store->database[i] = strdup(name)))
        return -ENOMEM;
    store->n_databases++;
    pthread_rwlock_rdlock(&store->growth);
    r = open_databases(store, i, i + 1);
    pthread_rwlock_unlock(&store->growth);
    if (r == 0)
        *ret_dbi = store->dbi[i];
    return r;
}

int
bb_store_begin(struct bb_store *store, bool write, MDB_txn **ret_txn)
{
    int r = -EBADMSG; /* a trim could not open it again: LMDB would follow the pointer */

    pthread_rwlock_rdlock(&store->growth);
    if (store->env)
        r = bb_store_error(mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, ret_txn));
    if (r != 0)
        pthread_rwlock_unlock(&store->growth);
    return r;
}

/* A write that came out short is EIO to LMDB, as a failed one is (mdb_page_flush). Only the failed one sets
 * errno; the short one is what a disk does that fills up in the middle of it. */
int
bb_store_commit(struct bb_store *store, MDB_txn **txn)
{
    int r;

    errno = 0;
    r = bb_store_error(mdb_txn_commit(*txn));
    if (r == -EIO && errno != EIO)
        r = -ENOSPC;
    *txn = NULL;
    pthread_rwlock_unlock(&store->growth);
    return r;
}

void
bb_store_abort(struct bb_store *store, MDB_txn **txn)
{
    if (!*txn)
        return;
    mdb_txn_abort(*txn);
    *txn = NULL;
    pthread_rwlock_unlock(&store->growth);
}

int
bb_store_grow(struct bb_store *store)
{
    MDB_envinfo info;
    int r;

    pthread_rwlock_wrlock(&store->growth);
    r = mdb_env_info(store->env, &info);
    if (r == 0)
        r = mdb_env_set_mapsize(store->env, info.me_mapsize * 2);
    pthread_rwlock_unlock(&store->growth);
    return bb_store_error(r);
}

/* LMDB gives handles by the order of opening; should it ever not, the store must not be used. */
static int
open_again(struct bb_store *store)
{
    MDB_dbi before[MAX_DATABASES];
    char error[256];
    int r;

    memcpy(before, store->dbi, sizeof before);
    r = open_store(store, error, sizeof error);
    if (r == 0)
        r = open_databases(store, 0, store->n_databases);
    if (r == 0 && memcmp(before, store->dbi, store->n_databases * sizeof *before) != 0)
        r = -EBADMSG;
    if (r != 0 && store->env) {
        mdb_env_close(store->env);
        store->env = NULL;
    }
    return r > 0 ? -EBADMSG : r;
}

int
bb_store_trim(struct bb_store *store)
{
    MDB_envinfo info;
    int r;

    if (pthread_rwlock_trywrlock(&store->growth) != 0)
        return -EBUSY;
    r = bb_store_error(mdb_env_info(store->env, &info));
    if (r == 0) {
        store->config.map_bytes = info.me_mapsize; /* it may have grown */
        mdb_env_close(store->env);
        store->env = NULL;
        r = open_again(store);
    }
    pthread_rwlock_unlock(&store->growth);
    return r;
}

void
bb_store_reap(struct bb_store *store)
{
    int dead;

    mdb_reader_check(store->env, &dead);
}

static int
count_free_pages(MDB_txn *txn, uint64_t *ret_pages)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t pages = 0;
    int r = mdb_cursor_open(txn, 0, &cursor); /* database 0 is the free list: a count, then page numbers */

    if (r != 0)
        return bb_store_error(r);
    while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        size_t count;
        memcpy(&count, value.mv_data, sizeof count);
        pages += count;
    }
    mdb_cursor_close(cursor);
    *ret_pages = pages;
    return r == MDB_NOTFOUND ? 0 : bb_store_error(r);
}

int
bb_store_usage(struct bb_store *store, uint64_t *ret_used_bytes, uint64_t *ret_free_pages)
{
    MDB_txn *txn;
    MDB_envinfo info;
    MDB_stat stat;
    uint64_t free_pages = 0;
    int r = bb_store_begin(store, false, &txn);

    if (r != 0)
        return r;
    r = bb_store_error(mdb_env_info(store->env, &info));
    if (r == 0)
        r = bb_store_error(mdb_env_stat(store->env, &stat));
    if (r == 0)
        r = count_free_pages(txn, &free_pages);
    bb_store_abort(store, &txn);
    if (r == 0) {
        *ret_used_bytes = (info.me_last_pgno + 1 - free_pages) * stat.ms_psize;
        *ret_free_pages = free_pages;
    }
    return r;
}

int
bb_store_map(struct bb_store *store, uint64_t *ret_used_bytes, uint64_t *ret_map_bytes)
{
    MDB_envinfo info;
    MDB_stat stat;
    int r = bb_store_error(mdb_env_info(store->env, &info));

    if (r == 0)
        r = bb_store_error(mdb_env_stat(store->env, &stat));
    if (r == 0) {
        *ret_used_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
        *ret_map_bytes = info.me_mapsize;
    }
    return r;
}

int
bb_store_room(struct bb_store *store, uint64_t *ret_bytes)
{
    struct statvfs system;
    int fd, r = bb_store_error(mdb_env_get_fd(store->env, &fd));

    if (r != 0)
        return r;
    if (fstatvfs(fd, &system) < 0)
        return -errno;
    *ret_bytes = (uint64_t)system.f_bavail * system.f_frsize;
    return 0;
}

/* Records */

static uint32_t
checksum(const void *key, size_t key_len, const void *payload, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(payload, len, XXH3_64bits(key, key_len));
}

static int
verify(MDB_val key, MDB_val value, struct bb_bytes *ret_payload)
{
    const uint8_t *data = value.mv_data;
    size_t len = value.mv_size - CHECKSUM;

    if (value.mv_size < CHECKSUM || bb_get_u32(data + len) != checksum(key.mv_data, key.mv_size, data, len))
        return -EBADMSG;
    *ret_payload = bb_bytes(data, len);
    return 0;
}

static MDB_val
as_val(struct bb_bytes bytes)
{
    return (MDB_val){.mv_data = (void *)(uintptr_t)bytes.data, .mv_size = bytes.len};
}

static void
fill(MDB_val reserved, struct bb_bytes key, struct bb_bytes payload)
{
    uint8_t *data = reserved.mv_data;

    if (payload.len)
        memcpy(data, payload.data, payload.len);
    bb_put_u32(data + payload.len, checksum(key.data, key.len, payload.data, payload.len));
}

static int
give(MDB_val k, MDB_val v, struct bb_bytes *ret_key, struct bb_bytes *ret_payload)
{
    int r = verify(k, v, ret_payload);

    if (r == 0)
        *ret_key = bb_bytes(k.mv_data, k.mv_size);
    return r;
}

int
bb_store_get(MDB_txn *txn, MDB_dbi dbi, struct bb_bytes key, struct bb_bytes *ret_payload)
{
    MDB_val k = as_val(key), v;
    int r = mdb_get(txn, dbi, &k, &v);

    return r == 0 ? verify(k, v, ret_payload) : bb_store_error(r);
}

int
bb_store_put(MDB_txn *txn, MDB_dbi dbi, struct bb_bytes key, struct bb_bytes payload, unsigned flags)
{
    MDB_val k = as_val(key), v = {.mv_size = payload.len + CHECKSUM};
    int r = mdb_put(txn, dbi, &k, &v, flags | MDB_RESERVE);

    if (r == 0)
        fill(v, key, payload);
    return bb_store_error(r);
}

int
bb_store_delete(MDB_txn *txn, MDB_dbi dbi, struct bb_bytes key)
{
    MDB_val k = as_val(key);

    return bb_store_error(mdb_del(txn, dbi, &k, NULL));
}

int
bb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **ret_cursor)
{
    return bb_store_error(mdb_cursor_open(txn, dbi, ret_cursor));
}

int
bb_cursor_get(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes *ret_payload)
{
    MDB_val k = as_val(key), v;
    int r = mdb_cursor_get(cursor, &k, &v, MDB_SET_KEY);

    return r == 0 ? verify(k, v, ret_payload) : bb_store_error(r);
}

int
bb_cursor_put(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes payload, unsigned flags)
{
    MDB_val k = as_val(key), v = {.mv_size = payload.len + CHECKSUM};
    int r = mdb_cursor_put(cursor, &k, &v, flags | MDB_RESERVE);

    if (r == 0)
        fill(v, key, payload);
    return bb_store_error(r);
}

int
bb_cursor_move(MDB_cursor *cursor, MDB_cursor_op op, struct bb_bytes *ret_key, struct bb_bytes *ret_payload)
{
    MDB_val k, v;
    int r = mdb_cursor_get(cursor, &k, &v, op);

    return r == 0 ? give(k, v, ret_key, ret_payload) : bb_store_error(r);
}

int
bb_cursor_seek(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes *ret_key,
               struct bb_bytes *ret_payload)
{
    MDB_val k = as_val(key), v;
    int r = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);

    return r == 0 ? give(k, v, ret_key, ret_payload) : bb_store_error(r);
}

int
bb_cursor_seek_key(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes *ret_key)
{
    MDB_val k = as_val(key), v;
    int r = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);

    if (r == 0)
        *ret_key = bb_bytes(k.mv_data, k.mv_size);
    return bb_store_error(r);
}
