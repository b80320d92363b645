/* What the parts of the log share: log.c (rounds, and records of any database), log_messages.c (messages in
 * it), log_record.c (the bytes of one). For these three only. */
#ifndef BB_LOG_CORE_H
#define BB_LOG_CORE_H

#include "log.h"

#include "runtime/buffer.h"

struct bb_redo;

struct bb_msglog {
    struct bb_store *store;
    MDB_dbi dbi[BB_LOG_DATABASES];
    MDB_txn *read;
    MDB_txn *write;         /* since the store was committed last; NULL: nothing has changed */
    struct bb_redo *redo;   /* what committed rounds have put into it */
    uint64_t generation;    /* of the records there; the store says so as well */
    struct bb_buffer round; /* what this round has, as a record */
    bool busy;              /* rounds were committed since bb_msglog_idle() */
    int failed;             /* what had to be done again could not be */
    uint64_t head, committed;
};

/* Room for the bytes of a record, and the record as it is kept. Returns how many bytes it took. */
size_t bb_record_room(const struct bb_record *record);
size_t bb_record_pack(const struct bb_record *record, uint8_t *out);

#endif
