/* Inside the record of what was given: what given.c (the store, and what is put into it) and given_whom.c
 * (who was given something) share. Nobody else includes this. */
#ifndef BB_GIVEN_CORE_H
#define BB_GIVEN_CORE_H

#include "given.h"

#include "proto/limits.h"
#include "runtime/store/store.h"

#include <pthread.h>

#define BB_GIVEN_KEY   (2 * BB_LIMIT_CODE_BYTES + 2)
#define BB_GIVEN_LINES 1 /* behind the organization in a key */

struct bb_given_record {
    uint32_t first_day, end_day;
    uint64_t sequence;
};

struct bb_given {
    struct bb_store *store;
    MDB_dbi records, shown, meta;
    uint64_t begun; /* the last entry when the record was begun */
    pthread_rwlock_t frontier_lock;
    uint64_t frontier;
    struct bb_changes *changes;
    pthread_mutex_t lock; /* of what follows */
    int failed;
};

/* Whose record it is. */
struct bb_given_owner {
    struct bb_bytes indicator, organization;
    bool lines;
};

/* The key, in `out`. Without an organization: what the keys of the indicator's records begin with. */
struct bb_bytes bb_given_key(const struct bb_given_owner *owner, uint8_t out[static BB_GIVEN_KEY]);
/* 0 | -EBADMSG */
int bb_given_unpack(struct bb_bytes in, struct bb_given_record *ret_record);

/* Make the record hold this as well. 0 | <0, BB_STORE_E_FULL */
int bb_given_widen(struct bb_given *given, MDB_txn *txn, const struct bb_given_owner *owner,
                   struct bb_given_record by);

/* Was the organization shown lines of the other one? 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_given_was_shown(struct bb_given *given, MDB_txn *txn, struct bb_bytes organization,
                       struct bb_bytes other);
int bb_given_note_shown(struct bb_given *given, MDB_txn *txn, struct bb_bytes organization,
                        struct bb_bytes other);

/* A write transaction, again with a larger map where it is full. 0 | -ENOSPC | <0, which stays */
int bb_given_write(struct bb_given *given, int (*write)(struct bb_given *, MDB_txn *, const void *),
                   const void *what);

#endif
