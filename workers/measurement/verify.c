/* Four proofs, none of which takes the word of the others.
 *
 * The journal is whole: each entry carries the hash of the one before. The views are what it amounts to: the
 * stored ones, brought up to its end first, and the replayed ones are walked side by side, key by key, all
 * databases; the first key at which they part ends that database, since all behind it would differ. The
 * derived views follow from the readings: a scan in key order meets the readings of a cell together, adds
 * them up without bb_rollup_merge() or corrections, and compares the packed sum; the numbers of records show
 * what a scan of the readings cannot meet, a rollup or an index record of no reading.
 *
 * What had to be signed is, by a key that was pinned then (verify_signing.h).
 *
 * Outcomes in an entry are one byte a row, or one for all; replay sees only the rows that were kept, so
 * refusals are passed over. A damaged record is a difference, and the walk goes on with the next database. */
#include "verify.h"

#include "verify_signing.h"

#include "proto/message.h"
#include "runtime/daemon.h"
#include "runtime/state.h"
#include "workers/measurement/model/rollup.h"
#include "workers/measurement/store/mark.h"
#include "workers/measurement/write/replay.h"

#include "journal.pb-c.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define SHOWN 20u /* differences of a kind that are printed */

struct verify {
    int lock; /* of the state folder */
    struct bb_journal *journal;
    struct bb_views stored, replayed;
    struct bb_head head;
    char *dir;                   /* of the replayed views */
    uint8_t hash[BB_HASH_BYTES]; /* of the entry before */
    uint64_t entries, rows, signatures, records, rollups, differences;
    unsigned shown;
};

static void differ(struct verify *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
differ(struct verify *v, const char *format, ...)
{
    va_list arguments;

    v->differences++;
    if (v->shown++ >= SHOWN)
        return;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void
hex(struct bb_bytes key, char out[static 2 * BB_REVISION_KEY + 1])
{
    size_t n = key.len < BB_REVISION_KEY ? key.len : BB_REVISION_KEY;

    for (size_t i = 0; i < n; i++)
        sprintf(out + 2 * i, "%02x", key.data[i]);
    out[2 * n] = '\0';
}

/* Outcomes and the chain, entry by entry */

static uint8_t
outcome_at(const Bb__EntrySubmission *entry, size_t i)
{
    return entry->outcomes.data[entry->outcomes.len == 1 ? 0 : i];
}

/* Replay saw the accepted rows only: compare them with the journalled outcomes that are not refusals. */
static void
compare_outcomes(struct verify *v, uint64_t sequence, const Bb__EntrySubmission *entry,
                 const uint8_t *outcomes, size_t count)
{
    size_t at = 0;

    if (entry->outcomes.len != 1 && entry->outcomes.len != entry->row_count) {
        differ(v, "entry %llu: %zu outcomes for %u rows", (unsigned long long)sequence, entry->outcomes.len,
               entry->row_count);
        return;
    }
    for (uint32_t row = 0; row < entry->row_count; row++) {
        uint8_t journalled = outcome_at(entry, row);
        v->rows++;
        if (!bb_outcome_is_kept(journalled))
            continue;
        if (at >= count || outcomes[at] != journalled)
            differ(v, "entry %llu, row %u: journalled as %s, replayed as %s", (unsigned long long)sequence,
                   row, bb_outcome_name(journalled), at < count ? bb_outcome_name(outcomes[at]) : "nothing");
        at++;
    }
    if (at != count)
        differ(v, "entry %llu: %zu rows kept, %zu outcomes that keep a row", (unsigned long long)sequence,
               count, at);
}

/* r: what became of looking at signatures. */
static int
note_signatures(struct verify *v, const struct bb_entry *entry, int r, unsigned n,
                const struct bb_failure *failure)
{
    v->signatures += n;
    if (r > 0)
        differ(v, "entry %llu: %s", (unsigned long long)entry->sequence, failure->message);
    return r > 0 ? 0 : r;
}

static int
check_submission(struct verify *v, const struct bb_entry *entry, struct bb_arena *arena,
                 const uint8_t *outcomes, size_t count)
{
    Bb__EntrySubmission *submission;
    struct bb_failure failure;
    uint8_t mark[BB_HASH_BYTES];
    bool is_signed = false;
    int r = bb_unpack(bb__entry_submission, entry->body, arena, &submission);

    if (r != 0)
        return r;
    bb_mark(submission, mark);
    if (memcmp(entry->mark, mark, sizeof mark) != 0)
        differ(v, "entry %llu: its mark is not that of its submission", (unsigned long long)entry->sequence);
    compare_outcomes(v, entry->sequence, submission, outcomes, count);
    r = bb_verify_submission(&v->head, submission, &is_signed, &failure);
    return note_signatures(v, entry, r, is_signed, &failure);
}

static int
check_signing_key(struct verify *v, const struct bb_entry *entry, struct bb_arena *arena)
{
    Bb__EntrySigning *said;
    struct bb_failure failure;
    unsigned n = 0;
    int r = bb_unpack(bb__entry_signing, entry->body, arena, &said);

    if (r == 0)
        r = bb_verify_signing_key(&v->head, said, &n, &failure);
    return note_signatures(v, entry, r, n, &failure);
}

static int
check_entry(void *self, const struct bb_entry *entry, const uint8_t *outcomes, size_t count)
{
    struct verify *v = self;
    struct bb_arena arena;
    int r = 0;

    v->entries++;
    if (memcmp(entry->previous, v->hash, BB_HASH_BYTES) != 0)
        differ(v, "entry %llu: the hash of the entry before does not fit",
               (unsigned long long)entry->sequence);
    bb_entry_hash(entry, v->hash);
    bb_arena_init(&arena, (size_t)64 << 20);
    if (entry->type == BB_ENTRY_SUBMISSION)
        r = check_submission(v, entry, &arena, outcomes, count);
    else if (entry->type == BB_ENTRY_SIGNING)
        r = check_signing_key(v, entry, &arena);
    bb_arena_release(&arena);
    return r;
}

/* Records */

static int
compare_view(struct verify *v, enum bb_view view, MDB_txn *stored_txn, MDB_txn *replayed_txn)
{
    MDB_cursor *a = NULL, *b = NULL;
    struct bb_bytes key_a, key_b, in_a, in_b;
    char text[2 * BB_REVISION_KEY + 1];
    int r = bb_cursor_open(stored_txn, v->stored.dbi[view], &a), s;

    if (r == 0)
        r = bb_cursor_open(replayed_txn, v->replayed.dbi[view], &b);
    while (r == 0) {
        r = bb_cursor_move(a, MDB_NEXT, &key_a, &in_a);
        s = bb_cursor_move(b, MDB_NEXT, &key_b, &in_b);
        if (r < 0 || s < 0) {
            differ(v, "%s: a damaged record in the %s", bb_view_name(view), r < 0 ? "store" : "replay");
            break;
        }
        if (r != 0 && s != 0)
            break;
        if (r != s || !bb_bytes_equal(key_a, key_b)) {
            hex(r == 0 ? key_a : key_b, text);
            differ(v, "%s: the store and the replay part at key %s", bb_view_name(view), text);
            break;
        }
        v->records++;
        if (!bb_bytes_equal(in_a, in_b)) {
            hex(key_a, text);
            differ(v, "%s: the record at key %s is not what the journal says", bb_view_name(view), text);
        }
    }
    if (a)
        mdb_cursor_close(a);
    if (b)
        mdb_cursor_close(b);
    return r == BB_STORE_E_NOT_FOUND || r == -EBADMSG ? 0 : r;
}

/* Rollups: readings come in the order of their cells */

struct scan {
    MDB_cursor *readings, *rollups, *index;
    MDB_txn *txn;
    struct bb_rollup sum;
    uint8_t cell[BB_READING_KEY]; /* the beginning of its readings' keys */
    size_t cell_len;
    uint64_t withdrawn;
    struct bb_reading_key in_cell;
};

static void
check_cell(struct verify *v, struct scan *scan)
{
    uint8_t data[BB_READING_KEY], packed[BB_ROLLUP_PACKED];
    struct bb_bytes cell = bb_bytes(data, bb_cell_key_pack(&scan->in_cell, data)), stored;
    char text[2 * BB_REVISION_KEY + 1];

    if (scan->cell_len == 0)
        return;
    v->rollups++;
    hex(cell, text);
    if (bb_cursor_get(scan->rollups, cell, &stored) != 0)
        differ(v, "rollup: none for the readings of cell %s", text);
    else if (!bb_bytes_equal(stored, bb_bytes(packed, bb_rollup_pack(&scan->sum, packed))))
        differ(v, "rollup: cell %s is not the sum of its readings", text);
}

static int
scan_reading(struct verify *v, struct scan *scan, struct bb_bytes key, struct bb_bytes record)
{
    uint8_t data[BB_READING_KEY];
    struct bb_reading_key parsed;
    struct bb_reading reading;
    struct bb_bytes payload;
    size_t cell_len;
    int r = bb_reading_key_unpack(key, &parsed);

    if (r == 0)
        r = bb_reading_unpack(record, &reading);
    if (r != 0)
        return r;
    bb_reading_key_pack(&parsed, data, &cell_len);
    if (cell_len != scan->cell_len || memcmp(data, scan->cell, cell_len) != 0) {
        check_cell(v, scan);
        memcpy(scan->cell, data, cell_len);
        scan->cell_len = cell_len;
        scan->in_cell = parsed;
        scan->sum = (struct bb_rollup){0};
    }
    if (bb_cursor_get(scan->index, bb_bytes(data, bb_organization_key_pack(&parsed, data)), &payload) != 0)
        differ(v, "by_organization: a reading is not in it");
    else if (!bb_bytes_equal(payload, record))
        differ(v, "by_organization: it says of a reading what that is not");
    scan->withdrawn += (reading.flags & BB_ROW_WITHDRAWN) != 0;
    return bb_rollup_add(&scan->sum, &reading, parsed.organization);
}

static int
count_records(MDB_txn *txn, MDB_dbi dbi, uint64_t *ret_count)
{
    MDB_stat stat;
    int r = bb_store_error(mdb_stat(txn, dbi, &stat));

    *ret_count = r == 0 ? stat.ms_entries : 0;
    return r;
}

static int
check_rollups(struct verify *v, MDB_txn *txn)
{
    struct scan scan = {.txn = txn};
    struct bb_bytes key, record;
    uint64_t rollups = 0, readings = 0, indexed = 0, withdrawn = 0, before = v->rollups;
    int r = bb_cursor_open(txn, v->stored.dbi[BB_VIEW_READING], &scan.readings);

    if (r == 0)
        r = bb_cursor_open(txn, v->stored.dbi[BB_VIEW_ROLLUP], &scan.rollups);
    if (r == 0)
        r = bb_cursor_open(txn, v->stored.dbi[BB_VIEW_BY_ORGANIZATION], &scan.index);
    while (r == 0 && (r = bb_cursor_move(scan.readings, MDB_NEXT, &key, &record)) == 0)
        r = scan_reading(v, &scan, key, record);
    if (r == BB_STORE_E_NOT_FOUND) {
        check_cell(v, &scan);
        r = count_records(txn, v->stored.dbi[BB_VIEW_ROLLUP], &rollups);
        if (r == 0)
            r = count_records(txn, v->stored.dbi[BB_VIEW_READING], &readings);
        if (r == 0)
            r = count_records(txn, v->stored.dbi[BB_VIEW_BY_ORGANIZATION], &indexed);
        if (r == 0)
            r = bb_views_withdrawn(&v->stored, txn, &withdrawn);
        if (rollups != v->rollups - before)
            differ(v, "rollup: %llu records for %llu cells", (unsigned long long)rollups,
                   (unsigned long long)(v->rollups - before));
        if (readings != indexed)
            differ(v, "by_organization: %llu records for %llu readings", (unsigned long long)indexed,
                   (unsigned long long)readings);
        if (withdrawn != scan.withdrawn)
            differ(v, "meta: %llu withdrawn readings, counted are %llu", (unsigned long long)withdrawn,
                   (unsigned long long)scan.withdrawn);
    } else if (r == -EBADMSG) {
        differ(v, "reading: a damaged record");
        r = 0;
    }
    MDB_cursor *cursors[] = {scan.readings, scan.rollups, scan.index};
    for (int i = 0; i < 3; i++)
        if (cursors[i])
            mdb_cursor_close(cursors[i]);
    return r;
}

static int
compare_stores(struct verify *v)
{
    MDB_txn *stored = NULL, *replayed = NULL;
    int r = bb_store_begin(v->stored.store, false, &stored);

    if (r == 0)
        r = bb_store_begin(v->replayed.store, false, &replayed);
    for (int view = 0; r == 0 && view < BB_VIEWS; view++)
        r = compare_view(v, (enum bb_view)view, stored, replayed);
    if (r == 0)
        r = check_rollups(v, stored);
    if (replayed)
        bb_store_abort(v->replayed.store, &replayed);
    if (stored)
        bb_store_abort(v->stored.store, &stored);
    return r;
}

/* The whole */

static int
bring_up_to_date(struct verify *v, char *error, size_t size)
{
    struct bb_head head;
    int r = bb_head_init(&head, &v->stored);

    if (r == 0) {
        r = bb_replay_all(&head, v->journal, NULL, error, size);
        bb_head_release(&head);
    }
    return r;
}

static int
open_all(struct verify *v, const struct bb_measurement_config *config, char *error, size_t size)
{
    char path[4096];
    size_t map = (size_t)config->map_bytes;
    int r = bb_state_lock(config->state, "backbone-measurement", &v->lock, error, size);

    snprintf(path, sizeof path, "%s/journal", config->state);
    if (r == 0)
        r = bb_journal_open(path, &v->journal, error, size);
    snprintf(path, sizeof path, "%s/views", config->state);
    if (r == 0)
        r = bb_views_open(&v->stored, path, map, error, size);
    if (r != 0)
        return r;
    if (asprintf(&v->dir, "%s/verify-XXXXXX", config->state) < 0 || !mkdtemp(v->dir)) {
        snprintf(error, size, "%s: %s", config->state, strerror(errno));
        return -errno;
    }
    r = bb_views_open(&v->replayed, v->dir, map, error, size);
    if (r == 0)
        r = bb_head_init(&v->head, &v->replayed);
    return r;
}

static void
close_all(struct verify *v)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[4096];

    bb_head_release(&v->head);
    bb_views_close(&v->replayed);
    bb_views_close(&v->stored);
    bb_journal_close(&v->journal);
    for (size_t i = 0; v->dir && i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", v->dir, files[i]);
        unlink(path);
    }
    if (v->dir)
        rmdir(v->dir);
    free(v->dir);
    if (v->lock >= 0)
        close(v->lock);
}

int
bb_verify_run(const struct bb_measurement_config *config)
{
    struct verify v = {.lock = -1};
    struct bb_replay_observer observer = {.entry = check_entry, .self = &v};
    char error[512] = "out of memory";
    int r = open_all(&v, config, error, sizeof error), code = BB_EX_STORAGE;

    if (r == 0)
        r = bring_up_to_date(&v, error, sizeof error);
    if (r == 0)
        r = bb_replay_all(&v.head, v.journal, &observer, error, sizeof error);
    if (r == 0) {
        snprintf(error, sizeof error, "the views cannot be read");
        r = compare_stores(&v);
    }
    if (r != 0) {
        fprintf(stderr, "%s\n", error);
        code = r == -EBUSY ? EX_UNAVAILABLE : code;
    } else {
        bb_verify_print_pins(&v.head);
        printf("%llu entries, %llu rows, %llu signatures, %llu records, %llu rollups: %llu differences\n",
               (unsigned long long)v.entries, (unsigned long long)v.rows, (unsigned long long)v.signatures,
               (unsigned long long)v.records, (unsigned long long)v.rollups,
               (unsigned long long)v.differences);
        code = v.differences ? EX_DATAERR : EX_OK;
    }
    close_all(&v);
    return code;
}
