/* The submissions of a batch stand in the view `submission`, with all that came at any time; those between
 * the entry that opened the batch and the one that closed it are meant. Which one opened it says the closing
 * entry. Where it does not (the worker was started again in between, or is younger than the entry) the
 * journal is read backwards to the closing entry before, or to the batch's first submission. */
#include "closed.h"

#include "proto/limits.h"
#include "proto/message.h"
#include "runtime/store/varint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DECODE_BYTES (4 * (size_t)BB_LIMIT_DECODE_BYTES)

void
bb_closed_init(struct bb_closed *closed, const struct bb_query_context *context,
               struct bb_query_failure *failure)
{
    *closed = (struct bb_closed){
        .context = context, .failure = failure, .reader = bb_journal_reader(context->journal)};
    bb_arena_init(&closed->arena, DECODE_BYTES);
}

void
bb_closed_release(struct bb_closed *closed)
{
    bb_arena_release(&closed->arena);
    free(closed->sequence);
}

static int
damaged(struct bb_closed *closed, uint64_t sequence)
{
    snprintf(closed->failure->message, sizeof closed->failure->message,
             "journal: entry %llu is damaged or missing", (unsigned long long)sequence);
    return -EBADMSG;
}

int
bb_closed_entry(struct bb_closed *closed, uint64_t sequence, struct bb_entry *ret_entry)
{
    int r = bb_journal_read(&closed->reader, sequence, ret_entry);

    return r == BB_JOURNAL_E_NOT_FOUND || r == -EBADMSG ? damaged(closed, sequence) : r;
}

int
bb_closed_submission(struct bb_closed *closed, const struct bb_entry *entry,
                     Bb__EntrySubmission **ret_submission)
{
    int r;

    bb_arena_reset(&closed->arena);
    r = entry->type == BB_ENTRY_SUBMISSION
            ? bb_unpack(bb__entry_submission, entry->body, &closed->arena, ret_submission)
            : -EBADMSG;
    if (r == 0 && (*ret_submission)->batch.len != BB_BATCH_BYTES)
        r = -EBADMSG;
    return r == -EBADMSG || r == -EMSGSIZE ? damaged(closed, entry->sequence) : r;
}

static int
add_sequence(struct bb_closed *closed, uint64_t sequence)
{
    if (closed->n == closed->size) {
        size_t size = closed->size ? closed->size * 2 : 16;
        uint64_t *grown = realloc(closed->sequence, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        closed->sequence = grown;
        closed->size = size;
    }
    closed->sequence[closed->n++] = sequence;
    return 0;
}

static int
compare_sequences(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* All submissions of this batch that were journalled before this entry. */
static int
find_submissions(struct bb_closed *closed, const uint8_t *batch, uint64_t before)
{
    struct bb_snapshot snapshot;
    struct bb_bytes key, payload;
    uint64_t value;
    int r = bb_snapshot_begin(&snapshot, closed->context, closed->failure);

    if (r != 0)
        return r;
    r = bb_snapshot_seek(&snapshot, BB_VIEW_SUBMISSION, bb_bytes(batch, BB_BATCH_BYTES), &key, &payload);
    while (r == 0 && key.len > BB_BATCH_BYTES && memcmp(key.data, batch, BB_BATCH_BYTES) == 0) {
        if (bb_varint_get(payload, &value) == 0)
            r = bb_snapshot_damaged(&snapshot, BB_VIEW_SUBMISSION, key);
        else if (value >> 1 < before)
            r = add_sequence(closed, value >> 1);
        if (r == 0)
            r = bb_snapshot_move(&snapshot, BB_VIEW_SUBMISSION, MDB_NEXT, &key, &payload);
    }
    bb_snapshot_end(&snapshot);
    if (closed->n > 0)
        qsort(closed->sequence, closed->n, sizeof *closed->sequence, compare_sequences);
    return r < 0 ? r : 0;
}

/* The entry behind the closing entry before this one, but not before `first`. */
static int
find_opened(struct bb_closed *closed, const uint8_t *batch, uint64_t closing, uint64_t first,
            uint64_t *ret_opened)
{
    Bb__EntryBatchClose *close;
    struct bb_entry entry;
    int r = 0;

    *ret_opened = first;
    for (uint64_t at = closing - 1; r == 0 && at > first; at--) {
        r = bb_closed_entry(closed, at, &entry);
        if (r != 0 || entry.type != BB_ENTRY_BATCH_CLOSE)
            continue;
        bb_arena_reset(&closed->arena);
        r = bb_unpack(bb__entry_batch_close, entry.body, &closed->arena, &close);
        if (r == 0 && close->batch.len == BB_BATCH_BYTES &&
            memcmp(close->batch.data, batch, BB_BATCH_BYTES) == 0) {
            *ret_opened = at + 1;
            break;
        }
    }
    return r;
}

static int
find_entries(struct bb_closed *closed, const struct bb_entry *closing)
{
    uint8_t batch[BB_BATCH_BYTES];
    Bb__EntryBatchClose *close;
    uint64_t opened;
    size_t before = 0;
    int r;

    bb_arena_reset(&closed->arena);
    r = bb_unpack(bb__entry_batch_close, closing->body, &closed->arena, &close);
    if (r != 0 || close->batch.len != BB_BATCH_BYTES)
        return damaged(closed, closing->sequence);
    memcpy(batch, close->batch.data, BB_BATCH_BYTES);
    opened = close->has_opened ? close->opened : 0;
    r = find_submissions(closed, batch, closing->sequence);
    if (r == 0 && opened == 0 && closed->n > 0)
        r = find_opened(closed, batch, closing->sequence, closed->sequence[0], &opened);
    while (before < closed->n && closed->sequence[before] < opened)
        before++;
    closed->n -= before;
    if (closed->n > 0)
        memmove(closed->sequence, closed->sequence + before, closed->n * sizeof *closed->sequence);
    return r;
}

int
bb_closed_find(struct bb_closed *closed, const struct bb_entry *entry)
{
    Bb__EntrySubmission *submission;
    int r;

    closed->n = 0;
    if (entry->type == BB_ENTRY_BATCH_CLOSE)
        return find_entries(closed, entry);
    if (entry->type != BB_ENTRY_SUBMISSION)
        return 0;
    r = bb_closed_submission(closed, entry, &submission);
    if (r == 0 && submission->index == 0 && submission->last)
        r = add_sequence(closed, entry->sequence);
    return r;
}
