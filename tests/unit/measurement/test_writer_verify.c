/* --verify on stores that were written by the writer: it is content with them, and finds what was changed
 * behind its back. */
#include "fixture.h"

#include "tests/unit/check.h"

#include "journal.pb-c.h"

#include <string.h>

/* --verify must be able to fail: a record of a view that is not what the journal says is found. */
static void
test_verify_finds_differences(void **state)
{
    struct fixture *f = *state;
    static const enum bb_view views[] = {BB_VIEW_READING, BB_VIEW_ROLLUP, BB_VIEW_BY_ORGANIZATION,
                                         BB_VIEW_NAME};

    fixture_submit_one(f, 1, "count|a|||2026|5");
    fixture_apply(f);
    for (size_t i = 0; i < COUNT(views); i++) {
        struct bb_bytes key, payload;
        uint8_t copy[64], changed[512];
        size_t len, key_len;
        MDB_cursor *cursor;
        MDB_txn *txn;

        assert_int_equal(bb_store_begin(f->views.store, true, &txn), 0);
        assert_int_equal(bb_cursor_open(txn, f->views.dbi[views[i]], &cursor), 0);
        assert_int_equal(bb_cursor_move(cursor, MDB_FIRST, &key, &payload), 0);
        memcpy(copy, key.data, key_len = key.len);
        memcpy(changed, payload.data, len = payload.len);
        changed[len] = 1;
        assert_int_equal(
            bb_store_put(txn, f->views.dbi[views[i]], bb_bytes(copy, key_len), bb_bytes(changed, len + 1), 0),
            0);
        assert_int_equal(bb_store_commit(f->views.store, &txn), 0);
        assert_int_not_equal(fixture_verify(f), 0);
        assert_int_equal(bb_store_begin(f->views.store, true, &txn), 0);
        assert_int_equal(
            bb_store_put(txn, f->views.dbi[views[i]], bb_bytes(copy, key_len), bb_bytes(changed, len), 0), 0);
        assert_int_equal(bb_store_commit(f->views.store, &txn), 0);
        assert_int_equal(fixture_verify(f), 0);
    }
}

#define HEADER (1 + 1 + 8 + 2 * BB_HASH_BYTES) /* of a journal record, before the body */

static void
forge_previous(const struct bb_buffer *record, struct bb_buffer *forged)
{
    bb_buffer_append(forged, record->data, record->len);
    forged->data[10] ^= 1;
}

/* The submission says that its row was updated, when it was created. */
static void
forge_outcome(const struct bb_buffer *record, struct bb_buffer *forged)
{
    struct bb_bytes body = bb_bytes(record->data + HEADER, record->len - HEADER);
    Bb__EntrySubmission *entry = bb__entry_submission__unpack(NULL, body.len, body.data);

    assert_non_null(entry);
    entry->outcomes.data[0] = BB_OUTCOME_UPDATED;
    bb_buffer_append(forged, record->data, HEADER);
    bb__entry_submission__pack(entry, bb_buffer_extend(forged, bb__entry_submission__get_packed_size(entry)));
    bb__entry_submission__free_unpacked(entry, NULL);
}

/* An entry that nobody could have written: the chain or its own outcomes give it away. The views were made
 * from the entry before it was forged, and do not depend on what is. */
static void
test_verify_finds_forged_entries(void **state)
{
    static void (*const forge[])(const struct bb_buffer *, struct bb_buffer *) = {forge_previous,
                                                                                  forge_outcome};

    (void)state;
    for (size_t i = 0; i < COUNT(forge); i++) {
        struct fixture f;
        fixture_open(&f);
        fixture_submit_one(&f, 1, "count|a|||2026|5");
        uint64_t sequence = f.reply->sequence;
        fixture_submit_one(&f, 2, "count|a|||2027|5"); /* the views stand at an entry that is sound */
        fixture_apply(&f);
        assert_int_equal(fixture_verify(&f), 0);
        fixture_forge(&f, sequence, forge[i]);
        assert_int_not_equal(fixture_verify(&f), 0);
        fixture_close(&f);
    }
}

static void
test_verify_finds_a_missing_revision(void **state)
{
    struct fixture *f = *state;
    struct bb_bytes key, payload;
    MDB_cursor *cursor;
    MDB_txn *txn;

    fixture_submit_one(f, 1, "count|a|||2026|5");
    fixture_submit_one(f, 2, "count|a|||2026|6");
    fixture_apply(f);
    assert_int_equal(fixture_verify(f), 0);
    assert_int_equal(bb_store_begin(f->views.store, true, &txn), 0);
    assert_int_equal(bb_cursor_open(txn, f->views.dbi[BB_VIEW_REVISION], &cursor), 0);
    assert_int_equal(bb_cursor_move(cursor, MDB_FIRST, &key, &payload), 0);
    assert_int_equal(bb_store_delete(txn, f->views.dbi[BB_VIEW_REVISION], key), 0);
    assert_int_equal(bb_store_commit(f->views.store, &txn), 0);
    assert_int_not_equal(fixture_verify(f), 0);
}

static uint64_t
withdrawn(struct fixture *f)
{
    uint64_t n;
    MDB_txn *txn;

    assert_int_equal(bb_store_begin(f->views.store, false, &txn), 0);
    assert_int_equal(bb_views_withdrawn(&f->views, txn, &n), 0);
    bb_store_abort(f->views.store, &txn);
    return n;
}

static void
withdraw(struct fixture *f, uint8_t batch, const char *row)
{
    fixture_submit_rows(f, (struct fixture_submission){.batch = batch, .reason = BB_REASON_OTHER}, &row, 1);
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UPDATED);
}

/* How many readings are withdrawn is counted as they come and go, within a generation and across. */
static void
test_verify_counts_withdrawn(void **state)
{
    struct fixture *f = *state;
    MDB_txn *txn;

    fixture_submit_one(f, 1, "count|a|||2026|5");
    withdraw(f, 2, "count|a|||2026||||withdrawn");
    fixture_submit_one(f, 3, "count|a|||2027|5");
    fixture_apply(f);
    assert_int_equal(withdrawn(f), 1);
    withdraw(f, 4, "count|a|||2027||||withdrawn");
    fixture_apply(f);
    assert_int_equal(withdrawn(f), 2);
    fixture_submit_one(f, 5, "count|a|||2026|6");
    withdraw(f, 6, "count|a|||2026||||withdrawn");
    fixture_submit_one(f, 7, "count|a|||2026|7");
    fixture_apply(f);
    assert_int_equal(withdrawn(f), 1);
    assert_int_equal(fixture_verify(f), 0);
    fixture_submit_one(f, 8, "count|a|||2027|8");
    fixture_apply(f);
    assert_int_equal(withdrawn(f), 0);
    assert_int_equal(fixture_verify(f), 0); /* which applies all of it at once */
    assert_int_equal(bb_store_begin(f->views.store, true, &txn), 0);
    assert_int_equal(bb_views_set_withdrawn(&f->views, txn, 2), 0);
    assert_int_equal(bb_store_commit(f->views.store, &txn), 0);
    assert_int_not_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verify_finds_differences, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_verify_finds_forged_entries),
        cmocka_unit_test_setup_teardown(test_verify_counts_withdrawn, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_verify_finds_a_missing_revision, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
