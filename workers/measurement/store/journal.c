/* A record: version (1 byte) | type (1) | time (8) | hash of the entry before (32) | mark (32) | body. Its
 * number in the log is the sequence, which the hash covers as well, so an entry cannot change its place. */
#include "journal.h"

#include "runtime/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define RECORD_VERSION 2
#define PREVIOUS       (1 + 1 + 8)
#define MARK           (PREVIOUS + BB_HASH_BYTES)
#define HEADER         (MARK + BB_HASH_BYTES)

struct bb_journal {
    struct bb_appendlog *log;
    struct bb_position head;
};

_Static_assert(BB_HASH_BYTES == BB_CHAIN_HASH, "the hash of an entry is one of the chain");
_Static_assert((int)BB_ENTRY_SUBMISSION == BB_CHAIN_SUBMISSION, "receipts are given for submissions");

void
bb_entry_link(const struct bb_entry *entry, struct bb_chain_link *ret_link)
{
    *ret_link = (struct bb_chain_link){
        .sequence = entry->sequence, .time = entry->time, .type = (uint8_t)entry->type};
    memcpy(ret_link->previous, entry->previous, BB_HASH_BYTES);
    memcpy(ret_link->mark, entry->mark, BB_HASH_BYTES);
    bb_chain_digest(entry->body, ret_link->body);
}

void
bb_entry_hash(const struct bb_entry *entry, uint8_t out[static BB_HASH_BYTES])
{
    struct bb_chain_link link;

    bb_entry_link(entry, &link);
    bb_chain_hash(&link, out);
}

static int
parse(uint64_t sequence, struct bb_bytes record, struct bb_entry *ret_entry)
{
    if (record.len < HEADER || record.data[0] != RECORD_VERSION)
        return -EBADMSG;
    ret_entry->sequence = sequence;
    ret_entry->type = record.data[1];
    ret_entry->time = (bb_utc)bb_get_u64(record.data + 2);
    memcpy(ret_entry->previous, record.data + PREVIOUS, BB_HASH_BYTES);
    memcpy(ret_entry->mark, record.data + MARK, BB_HASH_BYTES);
    ret_entry->body = bb_bytes(record.data + HEADER, record.len - HEADER);
    return 0;
}

static int
read_head(struct bb_journal *journal)
{
    struct bb_journal_reader reader = bb_journal_reader(journal);
    struct bb_entry entry;
    int r = bb_journal_read(&reader, bb_appendlog_last(journal->log), &entry);

    if (r == 0) {
        journal->head = (struct bb_position){.sequence = entry.sequence, .time = entry.time};
        bb_entry_hash(&entry, journal->head.hash);
    }
    return r == BB_JOURNAL_E_NOT_FOUND ? 0 : r;
}

int
bb_journal_open(const char *dir, struct bb_journal **ret_journal, char *error, size_t size)
{
    struct bb_appendlog_config config = {.dir = dir, .no_sync = bb_fault("nosync")};
    struct bb_journal *journal = calloc(1, sizeof *journal);
    int r;

    if (!journal)
        return -ENOMEM;
    r = bb_appendlog_open(&config, &journal->log, error, size);
    if (r == 0) {
        r = read_head(journal);
        if (r != 0)
            snprintf(error, size, "%s: cannot read its last entry", dir);
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
    bb_appendlog_close(&journal->log);
    free(journal);
    *journal_pointer = NULL;
}

struct bb_position
bb_journal_head(const struct bb_journal *journal)
{
    return journal->head;
}

/* Add the entry after this position to the group, and move the position on. */
static int
add(struct bb_journal *journal, bb_utc now, const struct bb_draft *draft, struct bb_position *at)
{
    struct bb_entry entry = {.type = draft->type, .body = draft->body};
    size_t len = HEADER + draft->body.len;
    uint8_t *to = bb_appendlog_add(journal->log, len);

    if (!to)
        return -ENOMEM;
    to[0] = RECORD_VERSION;
    to[1] = (uint8_t)draft->type;
    at->sequence++;
    at->time = now > at->time ? now : at->time;
    entry.sequence = at->sequence;
    entry.time = at->time;
    memcpy(entry.previous, at->hash, BB_HASH_BYTES);
    memcpy(entry.mark, draft->mark, BB_HASH_BYTES);
    bb_put_u64(to + 2, (uint64_t)entry.time);
    memcpy(to + PREVIOUS, entry.previous, BB_HASH_BYTES);
    memcpy(to + MARK, entry.mark, BB_HASH_BYTES);
    if (draft->body.len > 0)
        memcpy(to + HEADER, draft->body.data, draft->body.len);
    bb_entry_hash(&entry, at->hash);
    return 0;
}

int
bb_journal_append(struct bb_journal *journal, uint64_t expected, bb_utc now, const struct bb_draft *drafts,
                  size_t n, struct bb_position *ret_positions)
{
    struct bb_position at = journal->head;
    int r = 0;

    if (expected != at.sequence)
        return BB_JOURNAL_E_MOVED;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = add(journal, now, &drafts[i], &at);
        ret_positions[i] = at;
    }
    if (r == 0)
        r = bb_appendlog_commit(journal->log);
    else
        bb_appendlog_discard(journal->log);
    if (r == 0)
        journal->head = at;
    return r;
}

struct bb_journal_reader
bb_journal_reader(const struct bb_journal *journal)
{
    return (struct bb_journal_reader){.log = bb_appendlog_reader(journal->log)};
}

int
bb_journal_read(struct bb_journal_reader *reader, uint64_t sequence, struct bb_entry *ret_entry)
{
    struct bb_bytes record;
    int r = bb_appendlog_read(&reader->log, sequence, &record);

    if (r == BB_APPENDLOG_E_NOT_FOUND)
        return BB_JOURNAL_E_NOT_FOUND;
    return r == 0 ? parse(sequence, record, ret_entry) : r;
}

int
bb_journal_sequence_at(struct bb_journal_reader *reader, bb_utc t, uint64_t *ret_sequence)
{
    uint64_t low = 0, high = reader->log.last; /* low: its time is not after t; high + 1: its time is */
    int r = 0;

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

void
bb_journal_trim(struct bb_journal *journal)
{
    bb_appendlog_trim(journal->log);
}

uint64_t
bb_journal_bytes(const struct bb_journal *journal)
{
    return bb_appendlog_bytes(journal->log);
}

int
bb_journal_room(const struct bb_journal *journal, uint64_t *ret_bytes)
{
    return bb_appendlog_room(journal->log, ret_bytes);
}
