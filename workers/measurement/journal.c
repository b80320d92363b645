/* A record: version (1 byte) | type (1) | time (8) | hash of the entry before (32) | body. Its key is the
 * sequence (8). The hash covers sequence and record, so an entry cannot change its place. */
#include "journal.h"

#include "runtime/faults.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define RECORD_VERSION 1
#define HEADER         (1 + 1 + 8 + BB_HASH_BYTES)

struct bb_journal {
    struct bb_store *store;
    MDB_dbi entries;
    struct bb_position head;
    uint8_t *record; /* scratch for one record */
    size_t size;
};

static void
hash_record(uint64_t sequence, struct bb_bytes record, uint8_t out[static BB_HASH_BYTES])
{
    crypto_generichash_state state;
    uint8_t key[8];

    bb_put_u64(key, sequence);
    crypto_generichash_init(&state, NULL, 0, BB_HASH_BYTES);
    crypto_generichash_update(&state, key, sizeof key);
    crypto_generichash_update(&state, record.data, record.len);
    crypto_generichash_final(&state, out, BB_HASH_BYTES);
}

void
bb_entry_hash(const struct bb_entry *entry, uint8_t out[static BB_HASH_BYTES])
{
    hash_record(entry->sequence, entry->raw, out);
}

static int
parse(uint64_t sequence, struct bb_bytes record, struct bb_entry *ret_entry)
{
    if (record.len < HEADER || record.data[0] != RECORD_VERSION)
        return -EBADMSG;
    ret_entry->sequence = sequence;
    ret_entry->type = record.data[1];
    ret_entry->time = (bb_utc)bb_get_u64(record.data + 2);
    memcpy(ret_entry->previous, record.data + 10, BB_HASH_BYTES);
    ret_entry->body = bb_bytes(record.data + HEADER, record.len - HEADER);
    ret_entry->raw = record;
    return 0;
}

static int
read_head(struct bb_journal *journal)
{
    struct bb_bytes key, record;
    struct bb_entry entry;
    MDB_cursor *cursor;
    MDB_txn *txn;
    int r = bb_store_begin(journal->store, false, &txn);

    if (r != 0)
        return r;
    r = bb_cursor_open(txn, journal->entries, &cursor);
    if (r == 0) {
        r = bb_cursor_move(cursor, MDB_LAST, &key, &record);
        if (r == 0)
            r = key.len == 8 ? parse(bb_get_u64(key.data), record, &entry) : -EBADMSG;
        if (r == 0) {
            journal->head = (struct bb_position){.sequence = entry.sequence, .time = entry.time};
            bb_entry_hash(&entry, journal->head.hash);
        }
        mdb_cursor_close(cursor);
    }
    bb_store_abort(journal->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_journal_open(const char *dir, size_t map_bytes, struct bb_journal **ret_journal, char *error, size_t size)
{
    struct bb_store_config config = {
        .dir = dir, .map_bytes = map_bytes, .databases = 1, .scratch = bb_fault("nosync")};
    struct bb_journal *journal = calloc(1, sizeof *journal);
    int r;

    if (!journal)
        return -ENOMEM;
    r = bb_store_open(&config, &journal->store, error, size);
    if (r == 0) {
        snprintf(error, size, "%s: cannot read its last entry", dir);
        r = bb_store_database(journal->store, "entry", &journal->entries);
        if (r == 0)
            r = read_head(journal);
    }
    if (r != 0) {
        bb_journal_close(&journal);
        return r;
    }
    *ret_journal = journal;
    return 0;
}

void
bb_journal_close(struct bb_journal **journal_pointer)
{
    struct bb_journal *journal = *journal_pointer;

    if (!journal)
        return;
    bb_store_close(&journal->store);
    free(journal->record);
    free(journal);
    *journal_pointer = NULL;
}

struct bb_position
bb_journal_head(const struct bb_journal *journal)
{
    return journal->head;
}

static int
build_record(struct bb_journal *journal, const struct bb_position *before, bb_utc time,
             const struct bb_draft *draft, struct bb_bytes *ret_record)
{
    size_t len = HEADER + draft->body.len;
    uint8_t *to;

    if (journal->size < len) {
        uint8_t *grown = realloc(journal->record, len);
        if (!grown)
            return -ENOMEM;
        journal->record = grown;
        journal->size = len;
    }
    to = journal->record;
    to[0] = RECORD_VERSION;
    to[1] = (uint8_t)draft->type;
    bb_put_u64(to + 2, (uint64_t)time);
    memcpy(to + 10, before->hash, BB_HASH_BYTES);
    memcpy(to + HEADER, draft->body.data, draft->body.len);
    *ret_record = bb_bytes(to, len);
    return 0;
}

static int
append_all(struct bb_journal *journal, MDB_txn *txn, bb_utc now, const struct bb_draft *drafts, size_t n,
           struct bb_position *ret_positions)
{
    struct bb_position at = journal->head;

    for (size_t i = 0; i < n; i++) {
        bb_utc time = now > at.time ? now : at.time;
        struct bb_bytes record;
        uint8_t key[8];
        int r = build_record(journal, &at, time, &drafts[i], &record);

        if (r != 0)
            return r;
        at.sequence++;
        at.time = time;
        hash_record(at.sequence, record, at.hash);
        bb_put_u64(key, at.sequence);
        r = bb_store_put(txn, journal->entries, bb_bytes(key, sizeof key), record, BB_PUT_APPEND);
        if (r != 0)
            return r;
        ret_positions[i] = at;
    }
    return 0;
}

int
bb_journal_append(struct bb_journal *journal, uint64_t expected, bb_utc now, const struct bb_draft *drafts,
                  size_t n, struct bb_position *ret_positions)
{
    int r;

    if (expected != journal->head.sequence)
        return BB_JOURNAL_E_MOVED;
    do {
        MDB_txn *txn;
        r = bb_store_begin(journal->store, true, &txn);
        if (r != 0)
            return r;
        r = append_all(journal, txn, now, drafts, n, ret_positions);
        if (r == 0)
            r = bb_store_commit(journal->store, &txn);
        bb_store_abort(journal->store, &txn);
        if (r == BB_STORE_E_FULL && bb_store_grow(journal->store) != 0)
            return -ENOSPC;
    } while (r == BB_STORE_E_FULL);
    if (r == 0 && n > 0)
        journal->head = ret_positions[n - 1];
    return r > 0 ? -EIO : r;
}

int
bb_journal_reader_begin(struct bb_journal *journal, struct bb_journal_reader *ret_reader)
{
    ret_reader->journal = journal;
    return bb_store_begin(journal->store, false, &ret_reader->txn);
}

void
bb_journal_reader_end(struct bb_journal_reader *reader)
{
    bb_store_abort(reader->journal->store, &reader->txn);
}

int
bb_journal_read(const struct bb_journal_reader *reader, uint64_t sequence, struct bb_entry *ret_entry)
{
    struct bb_bytes record;
    uint8_t key[8];
    int r;

    bb_put_u64(key, sequence);
    r = bb_store_get(reader->txn, reader->journal->entries, bb_bytes(key, sizeof key), &record);
    if (r == BB_STORE_E_NOT_FOUND)
        return BB_JOURNAL_E_NOT_FOUND;
    return r == 0 ? parse(sequence, record, ret_entry) : r;
}

static int
last_sequence(const struct bb_journal_reader *reader, uint64_t *ret_sequence)
{
    struct bb_bytes key, record;
    MDB_cursor *cursor;
    int r = bb_cursor_open(reader->txn, reader->journal->entries, &cursor);

    if (r != 0)
        return r;
    *ret_sequence = 0;
    r = bb_cursor_move(cursor, MDB_LAST, &key, &record);
    if (r == 0)
        *ret_sequence = bb_get_u64(key.data);
    mdb_cursor_close(cursor);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

int
bb_journal_sequence_at(const struct bb_journal_reader *reader, bb_utc t, uint64_t *ret_sequence)
{
    uint64_t low = 0, high; /* low: its time is not after t; high + 1: its time is */
    int r = last_sequence(reader, &high);

    while (r == 0 && low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        struct bb_entry entry;
        r = bb_journal_read(reader, middle, &entry);
        if (r == 0 && entry.time <= t)
            low = middle;
        else
            high = middle - 1;
    }
    if (r == 0)
        *ret_sequence = low;
    return r;
}

int
bb_journal_trim(struct bb_journal *journal)
{
    return bb_store_trim(journal->store);
}

int
bb_journal_usage(struct bb_journal *journal, uint64_t *ret_used_bytes, uint64_t *ret_free_pages)
{
    return bb_store_usage(journal->store, ret_used_bytes, ret_free_pages);
}

int
bb_journal_room(struct bb_journal *journal, uint64_t *ret_bytes)
{
    return bb_store_room(journal->store, ret_bytes);
}
