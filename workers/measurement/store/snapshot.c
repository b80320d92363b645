/* As of a sequence: the record in `reading` is the newest revision. When it is younger than the moment asked
 * for, the revisions that it superseded stand in `revision` under the reading's key and their own sequence,
 * so the one that was current is the last one not above that moment. */
#include "snapshot.h"

#include "runtime/store/varint.h"

#include <errno.h>
#include <stdio.h>

int
bb_snapshot_begin(struct bb_snapshot *snapshot, const struct bb_query_context *context,
                  struct bb_query_failure *failure)
{
    struct bb_position position;
    int r;

    *snapshot = (struct bb_snapshot){.context = context, .failure = failure};
    r = bb_store_begin(context->views->store, false, &snapshot->txn);
    if (r != 0)
        return r;
    r = bb_views_position(context->views, snapshot->txn, &position);
    if (r == -EBADMSG)
        bb_snapshot_damaged(snapshot, BB_VIEW_META, bb_bytes_str("position"));
    if (r != 0)
        bb_snapshot_end(snapshot);
    else
        snapshot->position = position.sequence;
    return r;
}

void
bb_snapshot_end(struct bb_snapshot *snapshot)
{
    for (int i = 0; i < BB_VIEWS; i++)
        if (snapshot->cursor[i])
            mdb_cursor_close(snapshot->cursor[i]);
    bb_store_abort(snapshot->context->views->store, &snapshot->txn);
    *snapshot = (struct bb_snapshot){.context = snapshot->context};
}

int
bb_snapshot_damaged(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes key)
{
    char hex[2 * 64 + 1] = "";

    for (size_t i = 0; i < key.len && i < 64; i++)
        snprintf(hex + 2 * i, 3, "%02x", key.data[i]);
    snprintf(snapshot->failure->message, sizeof snapshot->failure->message,
             "view '%s': the record with the key %s is damaged", bb_view_name(view), hex);
    return -EBADMSG;
}

/* The key of the record that failed its check, where the cursor still stands on it; else the one asked for.
 */
static int
damaged_under(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes asked)
{
    MDB_val k = {.mv_size = asked.len, .mv_data = (void *)(uintptr_t)asked.data}, v;

    if (mdb_cursor_get(snapshot->cursor[view], &k, &v, MDB_GET_CURRENT) != 0)
        return bb_snapshot_damaged(snapshot, view, asked);
    return bb_snapshot_damaged(snapshot, view, bb_bytes(k.mv_data, k.mv_size));
}

static int
open_cursor(struct bb_snapshot *snapshot, enum bb_view view)
{
    if (snapshot->cursor[view])
        return 0;
    return bb_cursor_open(snapshot->txn, snapshot->context->views->dbi[view], &snapshot->cursor[view]);
}

int
bb_snapshot_get(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes key,
                struct bb_bytes *ret_payload)
{
    int r = open_cursor(snapshot, view);

    if (r == 0)
        r = bb_cursor_get(snapshot->cursor[view], key, ret_payload);
    return r == -EBADMSG ? bb_snapshot_damaged(snapshot, view, key) : r;
}

int
bb_snapshot_seek(struct bb_snapshot *snapshot, enum bb_view view, struct bb_bytes key,
                 struct bb_bytes *ret_key, struct bb_bytes *ret_payload)
{
    int r = open_cursor(snapshot, view);

    if (r == 0)
        r = bb_cursor_seek(snapshot->cursor[view], key, ret_key, ret_payload);
    return r == -EBADMSG ? damaged_under(snapshot, view, key) : r;
}

int
bb_snapshot_move(struct bb_snapshot *snapshot, enum bb_view view, MDB_cursor_op op, struct bb_bytes *ret_key,
                 struct bb_bytes *ret_payload)
{
    int r = open_cursor(snapshot, view);

    if (r == 0)
        r = bb_cursor_move(snapshot->cursor[view], op, ret_key, ret_payload);
    return r == -EBADMSG ? damaged_under(snapshot, view, bb_bytes(NULL, 0)) : r;
}

static bool
starts_with(struct bb_bytes key, struct bb_bytes prefix)
{
    return key.len > prefix.len && memcmp(key.data, prefix.data, prefix.len) == 0;
}

/* The last revision of this reading that is not above the snapshot's sequence. */
static int
find_revision(struct bb_snapshot *snapshot, struct bb_bytes reading, struct bb_reading *ret_reading)
{
    uint8_t data[BB_REVISION_KEY];
    struct bb_bytes key, record;
    size_t len = reading.len;
    int r;

    if (len > BB_READING_KEY)
        return bb_snapshot_damaged(snapshot, BB_VIEW_READING, reading);
    memcpy(data, reading.data, len);
    len += bb_varint_put(data + len, snapshot->sequence + 1);
    r = bb_snapshot_seek(snapshot, BB_VIEW_REVISION, bb_bytes(data, len), &key, &record);
    if (r == 0 || r == BB_STORE_E_NOT_FOUND)
        r = bb_snapshot_move(snapshot, BB_VIEW_REVISION, r == 0 ? MDB_PREV : MDB_LAST, &key, &record);
    if (r != 0)
        return r;
    if (!starts_with(key, reading))
        return BB_STORE_E_NOT_FOUND;
    r = bb_reading_unpack(record, ret_reading);
    return r == 0 ? 0 : bb_snapshot_damaged(snapshot, BB_VIEW_REVISION, key);
}

int
bb_snapshot_revision(struct bb_snapshot *snapshot, struct bb_bytes key, struct bb_bytes record,
                     struct bb_reading *ret_reading)
{
    if (bb_reading_unpack(record, ret_reading) != 0)
        return bb_snapshot_damaged(snapshot, BB_VIEW_READING, key);
    return ret_reading->sequence > snapshot->sequence ? find_revision(snapshot, key, ret_reading) : 0;
}

int
bb_snapshot_reading(struct bb_snapshot *snapshot, struct bb_bytes key, struct bb_bytes record,
                    struct bb_reading *ret_reading)
{
    int r = bb_snapshot_revision(snapshot, key, record, ret_reading);

    return r == 0 && bb_reading_withdrawn(ret_reading) ? BB_STORE_E_NOT_FOUND : r;
}

int
bb_snapshot_indexed(struct bb_snapshot *snapshot, const struct bb_reading_key *key, struct bb_bytes record,
                    struct bb_reading *ret_reading)
{
    uint8_t data[BB_READING_KEY];

    if (bb_reading_unpack(record, ret_reading) != 0)
        return bb_snapshot_damaged(snapshot, BB_VIEW_BY_ORGANIZATION,
                                   bb_bytes(data, bb_organization_key_pack(key, data)));
    if (ret_reading->first > snapshot->sequence)
        return BB_STORE_E_NOT_FOUND;
    if (ret_reading->sequence <= snapshot->sequence)
        return 0;
    return find_revision(snapshot, bb_bytes(data, bb_reading_key_pack(key, data, NULL)), ret_reading);
}

/* Not before it is needed: most queries look at the views alone. */
static struct bb_journal_reader *
journal_of(struct bb_snapshot *snapshot)
{
    if (!snapshot->journal.log.log)
        snapshot->journal = bb_journal_reader(snapshot->context->journal);
    return &snapshot->journal;
}

static int
journal_damaged(struct bb_snapshot *snapshot, uint64_t sequence)
{
    snprintf(snapshot->failure->message, sizeof snapshot->failure->message,
             "journal: entry %llu is damaged or missing", (unsigned long long)sequence);
    return -EBADMSG;
}

int
bb_snapshot_entry(struct bb_snapshot *snapshot, uint64_t sequence, struct bb_entry *ret_entry)
{
    int r = bb_journal_read(journal_of(snapshot), sequence, ret_entry);

    return r == BB_JOURNAL_E_NOT_FOUND || r == -EBADMSG ? journal_damaged(snapshot, sequence) : r;
}

int
bb_snapshot_sequence_at(struct bb_snapshot *snapshot, bb_utc time, uint64_t *ret_sequence)
{
    int r = bb_journal_sequence_at(journal_of(snapshot), time, ret_sequence);

    return r > 0 || r == -EBADMSG ? journal_damaged(snapshot, 0) : r;
}
