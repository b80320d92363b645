/* An LMDB environment: opening it safely, transactions, records with checksums, growth.
 *
 * Every record is its payload and a checksum of four bytes over key and payload, verified whenever it is
 * read: LMDB itself would serve a flipped bit as a value. The file is refused when it is shorter than its own
 * page count says, or it would end in SIGBUS. One process opens an environment once. MDB_NOTLS: a read
 * transaction belongs to whoever holds it, one thread at a time. WRITEMAP, NOSYNC and NOMETASYNC are never
 * used on data that is kept; a scratch environment (a dry run's memory) does not sync at all.
 *
 * Growth: a write that finds the map full returns BB_STORE_E_FULL; the owner of the write transaction aborts
 * it, calls bb_store_grow(), which waits until no transaction is open, and does its work again. */
#ifndef BB_STORE_H
#define BB_STORE_H

#include "proto/bytes.h"

#include <lmdb.h>

struct bb_store;

enum bb_store_outcome {
    BB_STORE_E_NOT_FOUND = 1,
    BB_STORE_E_FULL = 2,   /* the map is full: abort, bb_store_grow(), again */
    BB_STORE_E_EXISTS = 3, /* a put with BB_PUT_NEW */
};

struct bb_store_config {
    const char *dir;  /* made with mode 0700 if it is not there */
    size_t map_bytes; /* address space reserved; the file takes what it needs */
    unsigned databases;
    bool scratch; /* no sync: for data that nobody misses after a crash */
    bool read_only;
    bool look; /* with read_only: make no file of locks, for one short look; whoever writes goes on */
};

/* 0 | -EBADMSG a truncated or foreign file | -errno. `error` gets a sentence for the log. */
int bb_store_open(const struct bb_store_config *config, struct bb_store **ret_store, char *error,
                  size_t size);
void bb_store_close(struct bb_store **store);

/* Open a named database, made if it is not there (unless read-only). */
int bb_store_database(struct bb_store *store, const char *name, MDB_dbi *ret_dbi);

/* Transactions. 0 | -EBADMSG also when a trim failed | -ENOSPC, -EIO ...: translated from LMDB. A commit that
 * fails has released the transaction. */
int bb_store_begin(struct bb_store *store, bool write, MDB_txn **ret_txn);
int bb_store_commit(struct bb_store *store, MDB_txn **txn);
void bb_store_abort(struct bb_store *store, MDB_txn **txn);

/* Double the map. No transaction of this thread may be open. 0 | -errno */
int bb_store_grow(struct bb_store *store);

/* Give back what large transactions have left in memory: LMDB keeps the buffer of every page that it ever
 * changed in one transaction, as long as the environment is open. So it is closed and opened again; handles
 * of databases stay what they are. 0 | -EBUSY a transaction is open: later | <0 the store is not usable any
 * more */
int bb_store_trim(struct bb_store *store);

/* Free the slots of readers that died. */
void bb_store_reap(struct bb_store *store);

/* Bytes of pages in use, and pages on the free list, as of the last commit. */
int bb_store_usage(struct bb_store *store, uint64_t *ret_used_bytes, uint64_t *ret_free_pages);

/* Records.
 * get: ret_payload is borrowed until the transaction ends or writes. 0 | BB_STORE_E_NOT_FOUND | -EBADMSG
 * damaged. */
int bb_store_get(MDB_txn *txn, MDB_dbi dbi, struct bb_bytes key, struct bb_bytes *ret_payload);

#define BB_PUT_APPEND MDB_APPEND      /* the key is above every other one */
#define BB_PUT_NEW    MDB_NOOVERWRITE /* the key must not be there */
int bb_store_put(MDB_txn *txn, MDB_dbi dbi, struct bb_bytes key, struct bb_bytes payload, unsigned flags);
int bb_store_delete(MDB_txn *txn, MDB_dbi dbi, struct bb_bytes key);

/* The same by cursor, for runs of keys in order: LMDB then mostly stays on its page. */
int bb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **ret_cursor);
int bb_cursor_get(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes *ret_payload);
int bb_cursor_put(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes payload, unsigned flags);
/* op: MDB_FIRST, MDB_LAST, MDB_NEXT, MDB_PREV. */
int bb_cursor_move(MDB_cursor *cursor, MDB_cursor_op op, struct bb_bytes *ret_key,
                   struct bb_bytes *ret_payload);
/* The first record at or above the key. */
int bb_cursor_seek(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes *ret_key,
                   struct bb_bytes *ret_payload);

/* The same, its key only: the record may be damaged. */
int bb_cursor_seek_key(MDB_cursor *cursor, struct bb_bytes key, struct bb_bytes *ret_key);

/* Bytes of the map that pages take, free ones too, as of the last commit; and bytes of the map. */
int bb_store_map(struct bb_store *store, uint64_t *ret_used_bytes, uint64_t *ret_map_bytes);

/* Bytes that the file system of the environment has left for us. 0 | -errno */
int bb_store_room(struct bb_store *store, uint64_t *ret_bytes);

/* A code of LMDB as ours. */
int bb_store_error(int code);

#endif
