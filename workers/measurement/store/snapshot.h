/* A snapshot: the views as one step of a query sees them, and readings as of the query's sequence.
 *
 * Holds a read transaction on the views, and one on the journal once it is needed. What it gives is borrowed
 * until it ends. Every function returns -EBADMSG for a damaged record, after writing its view and key into
 * the failure. */
#ifndef BB_SNAPSHOT_H
#define BB_SNAPSHOT_H

#include "context.h"

#include "workers/measurement/model/reading.h"

struct bb_snapshot {
    const struct bb_query_context *context;
    uint64_t sequence; /* the moment asked for; set by whoever begins */
    uint64_t position; /* where the views are, never before it */
    MDB_txn *txn;
    MDB_cursor *cursor[BB_VIEWS]; /* opened when first used */
    struct bb_journal_reader journal;
    struct bb_query_failure *failure;
};

/* 0 | -errno */
int bb_snapshot_begin(struct bb_snapshot *snapshot, const struct bb_query_context *context,
                      struct bb_query_failure *failure);
void bb_snapshot_end(struct bb_snapshot *snapshot);

/* Say in the failure that this record is damaged. Returns -EBADMSG. */
int bb_snapshot_damaged(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes key);

/* By the cursor that the snapshot has for each view. 0 | BB_STORE_E_NOT_FOUND | <0 */
int bb_snapshot_get(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes key,
                    struct bb_bytes *ret_payload);
int bb_snapshot_seek(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes key,
                     struct bb_bytes *ret_key, struct bb_bytes *ret_payload);
int bb_snapshot_move(struct bb_snapshot *snapshot, enum bb_view view, MDB_cursor_op op,
                     struct bb_bytes *ret_key, struct bb_bytes *ret_payload);

/* A reading as it was at the snapshot's sequence.
 * key, record: as the view `reading` has them now. ret_reading: unspecified unless 0.
 * 0 | BB_STORE_E_NOT_FOUND it did not exist yet, or had been withdrawn | <0 */
int bb_snapshot_reading(struct bb_snapshot *snapshot, struct bb_bytes key, struct bb_bytes record,
                        struct bb_reading *ret_reading);

/* The same, of one that had been withdrawn as well. */
int bb_snapshot_revision(struct bb_snapshot *snapshot, struct bb_bytes key, struct bb_bytes record,
                         struct bb_reading *ret_reading);

/* The same of a record of the view `by_organization`; key: unpacked. */
int bb_snapshot_indexed(struct bb_snapshot *snapshot, const struct bb_reading_key *key,
                        struct bb_bytes record, struct bb_reading *ret_reading);

/* An entry of the journal. 0 | -EBADMSG damaged, or not there */
int bb_snapshot_entry(struct bb_snapshot *snapshot, uint64_t sequence, struct bb_entry *ret_entry);

/* The sequence that the journal was at at this time. */
int bb_snapshot_sequence_at(struct bb_snapshot *snapshot, bb_utc time, uint64_t *ret_sequence);

#endif
