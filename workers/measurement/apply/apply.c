/* The changes are sorted by key; those of one key form a run. Of a run the views get the last record, the
 * superseded ones become revisions, and the cell's rollup loses what stood before and gains what stands now.
 * Rollups are gathered over all runs of a cell before the record is touched; they stand indicator first, so
 * each is looked for by itself. Keys above everything in a view are appended, which fills pages whole: with
 * period-first keys that is the common case. */
#include "apply.h"

#include "runtime/store/varint.h"
#include "workers/measurement/model/order.h"
#include "workers/measurement/model/rollup.h"

#include <errno.h>
#include <stdlib.h>

/* A cursor that knows the greatest key of its view. */
struct writer {
    MDB_cursor *cursor;
    uint8_t last[BB_REVISION_KEY];
    size_t last_len;
};

struct applying {
    const struct bb_views *views;
    const struct bb_generation *generation;
    MDB_txn *txn;
    struct writer reading, revision, by_organization, rollup;
    struct bb_sortable *order, *scratch;
    /* Records of by_organization, to be sorted in their turn. */
    struct bb_sortable *noted;
    struct note {
        uint8_t key[BB_READING_KEY];
        uint32_t change; /* whose record it is */
    } * note;
    uint32_t n_noted;
    uint64_t withdrawn; /* readings that are, by so many more; modulo 2^64 */
    /* The cell in hand: the beginning of its readings' keys, one of them, what was taken away and added */
    struct bb_bytes cell;
    struct bb_reading_key in_cell;
    struct bb_rollup removed, added;
};

static int
open_writer(struct applying *a, enum bb_view view, struct writer *writer)
{
    struct bb_bytes key, payload;
    int r = bb_cursor_open(a->txn, a->views->dbi[view], &writer->cursor);

    if (r != 0)
        return r;
    writer->last_len = 0;
    r = bb_cursor_move(writer->cursor, MDB_LAST, &key, &payload);
    if (r == 0 && key.len > sizeof writer->last)
        return -EBADMSG;
    if (r == 0) {
        memcpy(writer->last, key.data, key.len);
        writer->last_len = key.len;
    }
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

static bool
above(const struct writer *writer, struct bb_bytes key)
{
    size_t n = key.len < writer->last_len ? key.len : writer->last_len;
    int c = memcmp(key.data, writer->last, n);

    return c > 0 || (c == 0 && key.len > writer->last_len);
}

static int
put(struct writer *writer, struct bb_bytes key, struct bb_bytes payload)
{
    bool append = above(writer, key);
    int r = bb_cursor_put(writer->cursor, key, payload, append ? BB_PUT_APPEND : 0);

    if (append) {
        memcpy(writer->last, key.data, key.len);
        writer->last_len = key.len;
    }
    return r;
}

static int
get(struct writer *writer, struct bb_bytes key, struct bb_bytes *ret_payload)
{
    return above(writer, key) ? BB_STORE_E_NOT_FOUND : bb_cursor_get(writer->cursor, key, ret_payload);
}

/* Rollups */

static int
flush_cell(struct applying *a)
{
    uint8_t data[BB_READING_KEY], packed[BB_ROLLUP_PACKED];
    struct bb_bytes key, payload;
    struct bb_rollup rollup = {0};
    int r;

    if (a->cell.len == 0)
        return 0;
    key = bb_bytes(data, bb_cell_key_pack(&a->in_cell, data));
    r = get(&a->rollup, key, &payload);
    if (r == 0)
        r = bb_rollup_unpack(payload, &rollup);
    if (r < 0)
        return r;
    r = bb_rollup_merge(&rollup, &a->added);
    if (r == 0)
        r = bb_rollup_subtract(&rollup, &a->removed);
    if (r == 0)
        r = put(&a->rollup, key, bb_bytes(packed, bb_rollup_pack(&rollup, packed)));
    a->cell = bb_bytes(NULL, 0);
    a->added = a->removed = (struct bb_rollup){0};
    return r;
}

static int
enter_cell(struct applying *a, struct bb_bytes cell, const struct bb_reading_key *key)
{
    int r = 0;

    if (!bb_bytes_equal(a->cell, cell)) {
        r = flush_cell(a);
        a->cell = cell;
        a->in_cell = *key;
    }
    return r;
}

/* by: of withdrawn readings, 1 or -1 */
static int
count_reading(struct applying *a, struct bb_rollup *rollup, uint64_t by, struct bb_bytes record,
              const struct bb_reading_key *key)
{
    struct bb_reading reading;
    int r = bb_reading_unpack(record, &reading);

    if (r != 0)
        return r;
    if (reading.flags & BB_ROW_WITHDRAWN)
        a->withdrawn += by;
    return bb_rollup_add(rollup, &reading, key->organization);
}

/* Readings */

/* What stands under this key before the run, copied: the cursor moves. */
static int
old_record(struct applying *a, const struct bb_change *first, uint8_t *copy, struct bb_bytes *ret_record)
{
    struct bb_bytes record;
    int r;

    *ret_record = bb_bytes(NULL, 0);
    if (first->kind == BB_CHANGE_CREATED)
        return 0;
    r = get(&a->reading, bb_change_key(first), &record);
    if (r != 0 || record.len > BB_READING_PACKED)
        return r > 0 ? -EBADMSG : r;
    memcpy(copy, record.data, record.len);
    *ret_record = bb_bytes(copy, record.len);
    return 0;
}

static int
put_revision(struct applying *a, struct bb_bytes key, struct bb_bytes superseded)
{
    uint8_t data[BB_REVISION_KEY];
    struct bb_reading reading;
    int r = bb_reading_unpack(superseded, &reading);

    if (r != 0)
        return r;
    memcpy(data, key.data, key.len);
    return put(&a->revision, bb_bytes(data, key.len + bb_varint_put(data + key.len, reading.sequence)),
               superseded);
}

/* The record is to stand in by_organization too. */
static void
note(struct applying *a, const struct bb_reading_key *key, uint32_t change)
{
    struct note *note = &a->note[a->n_noted];

    note->change = change;
    a->noted[a->n_noted] =
        bb_sortable(bb_bytes(note->key, bb_organization_key_pack(key, note->key)), a->n_noted);
    a->n_noted++;
}

/* All changes of one key, n of them. */
static int
apply_run(struct applying *a, const struct bb_sortable *run, size_t n)
{
    const struct bb_change *changes = a->generation->change, *first = &changes[run[0].number],
                           *last = &changes[run[n - 1].number];
    struct bb_bytes key = bb_change_key(first), before, standing;
    uint8_t copy[BB_READING_PACKED];
    struct bb_reading_key parsed;
    int r = bb_reading_key_unpack(key, &parsed);

    if (r == 0)
        r = enter_cell(a, bb_bytes(key.data, first->cell_len), &parsed);
    if (r == 0)
        r = old_record(a, first, copy, &before);
    standing = before;
    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct bb_change *change = &changes[run[i].number];
        if (change->kind == BB_CHANGE_UPDATED)
            r = put_revision(a, key, standing);
        standing = bb_change_record(change);
    }
    if (r == 0 && before.data)
        r = count_reading(a, &a->removed, UINT64_MAX, before, &parsed);
    if (r == 0)
        r = count_reading(a, &a->added, 1, standing, &parsed);
    if (r == 0)
        r = put(&a->reading, key, bb_change_record(last));
    if (r == 0)
        note(a, &parsed, run[n - 1].number);
    return r;
}

static int
apply_changes(struct applying *a)
{
    uint32_t n = a->generation->n_change;
    int r = 0;

    for (uint32_t i = 0; i < n; i++)
        a->order[i] = bb_sortable(bb_change_key(&a->generation->change[i]), i);
    bb_order(a->order, a->scratch, n);
    for (uint32_t i = 0, end; r == 0 && i < n; i = end) {
        struct bb_bytes key = bb_bytes(a->order[i].key, a->order[i].len);
        for (end = i + 1; end < n && bb_bytes_equal(bb_bytes(a->order[end].key, a->order[end].len), key);
             end++)
            ;
        r = apply_run(a, a->order + i, end - i);
    }
    return r == 0 ? flush_cell(a) : r;
}

static int
apply_noted(struct applying *a)
{
    int r = 0;

    bb_order(a->noted, a->scratch, a->n_noted);
    for (uint32_t i = 0; r == 0 && i < a->n_noted; i++) {
        uint32_t change = a->note[a->noted[i].number].change;
        r = put(&a->by_organization, bb_bytes(a->noted[i].key, a->noted[i].len),
                bb_change_record(&a->generation->change[change]));
    }
    return r;
}

static int
apply_puts(struct applying *a)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < a->generation->n_put; i++) {
        const struct bb_put *p = &a->generation->put[i];
        MDB_dbi dbi = a->views->dbi[p->view];
        r = p->gone ? bb_store_delete(a->txn, dbi, p->key) : bb_store_put(a->txn, dbi, p->key, p->payload, 0);
        if (p->gone && r == BB_STORE_E_NOT_FOUND)
            r = 0;
    }
    return r;
}

static int
apply_withdrawn(struct applying *a)
{
    uint64_t withdrawn;
    int r = a->withdrawn ? bb_views_withdrawn(a->views, a->txn, &withdrawn) : 0;

    return r == 0 && a->withdrawn ? bb_views_set_withdrawn(a->views, a->txn, withdrawn + a->withdrawn) : r;
}

static int
run_transaction(struct applying *a)
{
    int r = bb_store_begin(a->views->store, true, &a->txn);

    if (r != 0)
        return r;
    a->n_noted = 0;
    a->withdrawn = 0;
    a->cell = bb_bytes(NULL, 0);
    a->added = a->removed = (struct bb_rollup){0};
    r = open_writer(a, BB_VIEW_READING, &a->reading);
    if (r == 0)
        r = open_writer(a, BB_VIEW_REVISION, &a->revision);
    if (r == 0)
        r = open_writer(a, BB_VIEW_BY_ORGANIZATION, &a->by_organization);
    if (r == 0)
        r = open_writer(a, BB_VIEW_ROLLUP, &a->rollup);
    if (r == 0)
        r = apply_changes(a);
    if (r == 0)
        r = apply_noted(a);
    if (r == 0)
        r = apply_puts(a);
    if (r == 0)
        r = apply_withdrawn(a);
    if (r == 0)
        r = bb_views_set_position(a->views, a->txn, &a->generation->last);
    if (r == 0)
        return bb_store_commit(a->views->store, &a->txn); /* closes the cursors of a write transaction */
    bb_store_abort(a->views->store, &a->txn);
    return r;
}

int
bb_apply(const struct bb_views *views, const struct bb_generation *generation)
{
    struct applying a = {.views = views, .generation = generation};
    size_t n = generation->n_change + 1;
    int r = -ENOMEM;

    a.order = malloc(n * sizeof *a.order);
    a.scratch = malloc(n * sizeof *a.scratch);
    a.noted = malloc(n * sizeof *a.noted);
    a.note = malloc(n * sizeof *a.note);
    if (a.order && a.scratch && a.noted && a.note) {
        while ((r = run_transaction(&a)) == BB_STORE_E_FULL)
            if (bb_store_grow(views->store) != 0)
                break;
    }
    free(a.order);
    free(a.scratch);
    free(a.noted);
    free(a.note);
    return r == BB_STORE_E_FULL ? -ENOSPC : r > 0 ? -EBADMSG : r;
}
