/* Receipts say what stands in the journal, the second time as the first; and the chain that is exported is
 * the journal's own, without what is in it. */
#include "fixture_query.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"
#include "tests/unit/check.h"
#include "workers/measurement/store/mark.h"

#include <stdlib.h>

/* The last answer has the receipt of this entry. */
static void
check_receipt(struct fixture *f, uint64_t sequence)
{
    struct bb_journal_reader reader = bb_journal_reader(f->journal);
    uint8_t hash[BB_HASH_BYTES];
    struct bb_entry entry;

    assert_int_equal(bb_journal_read(&reader, sequence, &entry), 0);
    bb_entry_hash(&entry, hash);
    assert_true(f->reply->sequence == sequence);
    assert_non_null(f->reply->receipt);
    assert_true((bb_utc)f->reply->receipt->time_us == entry.time);
    assert_int_equal(f->reply->receipt->hash.len, BB_HASH_BYTES);
    assert_memory_equal(f->reply->receipt->hash.data, hash, BB_HASH_BYTES);
}

static void
test_given_once_and_again(void **state)
{
    static const char *const rows[] = {"count|a|||2026|5", "nothing|a|||2027|6", "count|b|||2026|7"};
    struct fixture *f = *state;
    struct fixture_submission how = {.batch = 1};
    uint64_t sequence;

    fixture_submit_rows(f, how, rows, COUNT(rows));
    sequence = f->reply->sequence;
    assert_true(sequence > 0 && !f->reply->duplicate);
    check_receipt(f, sequence);
    fixture_submit_one(f, 2, "count|c|||2026|5");
    check_receipt(f, sequence + 1);
    fixture_submit_rows(f, how, rows, COUNT(rows));
    assert_true(f->reply->duplicate);
    check_receipt(f, sequence);
    fixture_reopen(f);
    fixture_submit_rows(f, how, rows, COUNT(rows));
    assert_true(f->reply->duplicate);
    check_receipt(f, sequence);
    how.dry_run = true;
    fixture_submit_rows(f, how, rows, COUNT(rows));
    assert_true(f->reply->duplicate && !f->reply->receipt);
}

static void
test_not_given(void **state)
{
    static const char *const bad[] = {"nothing|a|||2026|5"}, *const good[] = {"count|a|||2026|5"};
    struct fixture *f = *state;

    fixture_submit_rows(f, (struct fixture_submission){.batch = 1}, bad, 1);
    assert_true(f->reply->sequence == 0 && !f->reply->receipt);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 2, .dry_run = true}, good, 1);
    assert_true(f->reply->sequence == 0 && !f->reply->receipt);
}

/* All that the answers of one commit say are of their own entries. */
static void
test_one_commit(void **state)
{
    struct fixture *f = *state;
    struct bb_rowset *rows;

    assert_int_equal(bb_rowset_new(&rows), 0);
    for (uint8_t batch = 1; batch < 6; batch++) {
        bb_rowset_reset(rows);
        fixture_row(rows, "count|a|||2026|5");
        fixture_row(rows, batch % 2 ? "count|b|||2026|5" : "nothing|b|||2026|5");
        fixture_stage(f, (struct fixture_submission){.batch = batch}, rows);
    }
    fixture_submit_one(f, 9, "count|c|||2026|5");
    check_receipt(f, bb_journal_head(f->journal).sequence);
    bb_rowset_destroy(&rows);
}

/* --- the chain ------------------------------------------------------------------------------------------ */

/* What has come of the chain is compared with the journal, entry by entry. */
struct chain_check {
    struct bb_journal_reader reader;
    uint64_t from, n;
};

static void
check_links(void *self, const void *message, bool final)
{
    struct chain_check *check = self;
    const Bb__ChainPart *part = message;
    struct bb_chain_link link;
    struct bb_entry entry;

    (void) final;
    assert_true(part->n_type == part->n_time_us && part->body.len == part->n_type * BB_HASH_BYTES);
    for (size_t i = 0; i < part->n_type; i++, check->n++) {
        assert_int_equal(bb_journal_read(&check->reader, part->first + i, &entry), 0);
        assert_true(part->first + i == check->from + check->n);
        bb_entry_link(&entry, &link);
        assert_true(part->type[i] == link.type && (bb_utc)part->time_us[i] == link.time);
        assert_memory_equal(part->previous.data + i * BB_HASH_BYTES, link.previous, BB_HASH_BYTES);
        assert_memory_equal(part->mark.data + i * BB_HASH_BYTES, link.mark, BB_HASH_BYTES);
        assert_memory_equal(part->body.data + i * BB_HASH_BYTES, link.body, BB_HASH_BYTES);
    }
}

/* Ask for the chain in parts of max_bytes. Returns how many entries came. */
static uint64_t
check_chain(struct fixture *f, Bb__Role role, uint64_t from, uint64_t to, size_t max_bytes)
{
    struct chain_check check = {.reader = bb_journal_reader(f->journal), .from = from ? from : 1};
    Bb__ChainQuery request = BB__CHAIN_QUERY__INIT;
    const struct fixture_question question = {.method = BB_METHOD_CHAIN,
                                              .request = &request.base,
                                              .role = role,
                                              .organization = "operator",
                                              .max_bytes = max_bytes};

    request.has_from = from > 0;
    request.from = from;
    request.has_to = to > 0;
    request.to = to;
    assert_int_equal(fixture_ask(f, &question, &bb__chain_part__descriptor, check_links, &check), 0);
    return check.n;
}

static void
test_chain(void **state)
{
    struct fixture *f = *state;
    uint64_t head;

    for (uint8_t batch = 1; batch < 40; batch++)
        fixture_submit_one(f, batch, "count|a|||2026|5");
    fixture_apply(f);
    head = bb_journal_head(f->journal).sequence;
    assert_true(head > 40);
    for (size_t max_bytes = 1; max_bytes < 10000; max_bytes = max_bytes * 3 + 1)
        assert_true(check_chain(f, BB__ROLE__ROLE_OBSERVER, 0, 0, max_bytes) == head);
    assert_true(check_chain(f, BB__ROLE__ROLE_OPERATOR, 5, 9, 1 << 17) == 5);
    assert_true(check_chain(f, BB__ROLE__ROLE_PARTNER, 7, 7, 1 << 17) == 1);
    assert_true(check_chain(f, BB__ROLE__ROLE_STAFF, head, head + 9, 1 << 17) == 1);
    assert_true(check_chain(f, BB__ROLE__ROLE_STAFF, head + 1, 0, 1 << 17) == 0);
}

static void
test_bad_questions(void **state)
{
    struct fixture *f = *state;
    Bb__ChainQuery request = BB__CHAIN_QUERY__INIT;
    struct fixture_question question = {.method = BB_METHOD_CHAIN,
                                        .request = &request.base,
                                        .role = BB__ROLE__ROLE_STAFF,
                                        .organization = "backbone",
                                        .max_bytes = 1000};

    request.has_from = request.has_to = true;
    request.from = 3;
    request.to = 2;
    assert_int_equal(fixture_ask(f, &question, &bb__chain_part__descriptor, check_links, NULL),
                     BB_ERROR_INVALID);
    question.role = BB__ROLE__ROLE_SERVICE;
    assert_int_equal(fixture_ask(f, &question, &bb__chain_part__descriptor, check_links, NULL),
                     BB_ERROR_NOT_ALLOWED);
}

static void
forge_mark(const struct bb_buffer *record, struct bb_buffer *forged)
{
    bb_buffer_append(forged, record->data, record->len);
    forged->data[1 + 1 + 8 + BB_HASH_BYTES] ^= 1;
}

/* The last entry, of which nobody has the hash, neither the next one nor the views: its mark gives it away.
 */
static void
test_verify_finds_a_forged_mark(void **state)
{
    struct fixture *f = *state;

    fixture_submit_one(f, 1, "count|a|||2026|5");
    fixture_apply(f);
    fixture_submit_one(f, 2, "count|a|||2027|5");
    fixture_forge(f, bb_journal_head(f->journal).sequence, forge_mark);
    assert_int_not_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_given_once_and_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_not_given, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_commit, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_chain, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_bad_questions, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_verify_finds_a_forged_mark, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
