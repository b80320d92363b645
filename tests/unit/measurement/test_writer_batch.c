/* Batches through the writer: sent again, with a key twice, atomic, and never finished. */
#include "fixture.h"

#include "tests/unit/check.h"

#include "proto/errors.h"

static void
test_repeats_get_the_first_reply(void **state)
{
    static const char *const rows[] = {"count|a|||2026|5", "count|a|||2027|x=|", "rate|a|||2026|1|1|3"};
    static const char *const other[] = {"count|a|||2026|6"};
    struct fixture *f = *state;
    struct fixture_submission how = {.batch = 7};
    uint64_t sequence;

    fixture_submit_rows(f, how, (const char *const[]){rows[0], rows[2]}, 2);
    sequence = f->reply->sequence;
    assert_false(f->reply->duplicate);
    for (int i = 0; i < 4; i++) {
        if (i == 1)
            fixture_apply(f);
        else if (i == 2)
            fixture_reopen(f);
        fixture_submit_rows(f, how, (const char *const[]){rows[0], rows[2]}, 2);
        assert_true(f->reply->duplicate);
        assert_int_equal(f->reply->sequence, sequence);
        assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
        assert_int_equal(fixture_warned(f, 1), BB_ROW_CODE_VALUE_DISAGREES);
        fixture_submit_rows(f, how, other, 1);
        assert_int_equal(f->failure, BB_ERROR_CONFLICT);
        fixture_submit_rows(f, (struct fixture_submission){.batch = 7, .organization = "a"},
                            (const char *const[]){rows[0], rows[2]}, 2);
        assert_int_equal(f->failure, BB_ERROR_CONFLICT);
    }
    assert_int_equal(bb_journal_head(f->journal).sequence, sequence);
}

static void
test_repeat_within_one_group(void **state)
{
    struct fixture *f = *state;
    struct bb_rowset *set;
    unsigned before;

    bb_rowset_new(&set);
    fixture_row(set, "count|a|||2026|5");
    before = f->answers;
    fixture_stage(f, (struct fixture_submission){.batch = 9}, set);
    assert_int_equal(f->answers, before); /* nothing is answered before the commit */
    fixture_stage(f, (struct fixture_submission){.batch = 9}, set);
    assert_int_equal(bb_writer_commit(f->writer), 0);
    assert_int_equal(f->answers, before + 2);
    fixture_submit(f, (struct fixture_submission){.batch = 9}, set);
    assert_true(f->reply->duplicate);
    bb_rowset_destroy(&set);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_one_key_twice_in_a_batch(void **state)
{
    static const char *const first[] = {"count|a|||2026|5", "count|a|||2026|5.00", "count|a|||2026|6"};
    static const char *const second[] = {"count|a|||2026|5", "count|a|||2026|7", "count|a|||2027|1"};

    for (int apply = 0; apply < 2; apply++)
        for (int stored = 0; stored < 2; stored++) { /* also where the batch finds the value stored already */
            struct fixture f;
            fixture_open(&f);
            if (stored)
                fixture_submit_one(&f, 1, first[0]);
            fixture_submit_rows(&f, (struct fixture_submission){.batch = 2, .more = true}, first, 3);
            assert_int_equal(fixture_outcome(&f, 0), stored ? BB_OUTCOME_UNCHANGED : BB_OUTCOME_CREATED);
            assert_int_equal(fixture_outcome(&f, 1), BB_OUTCOME_UNCHANGED);
            assert_int_equal(fixture_rejected(&f, 2), BB_ROW_CODE_DUPLICATE_KEY);
            if (apply)
                fixture_apply(&f);
            fixture_submit_rows(&f, (struct fixture_submission){.batch = 2, .index = 1}, second, 3);
            assert_int_equal(fixture_outcome(&f, 0), BB_OUTCOME_UNCHANGED);
            assert_int_equal(fixture_rejected(&f, 1), BB_ROW_CODE_DUPLICATE_KEY);
            assert_int_equal(fixture_outcome(&f, 2), BB_OUTCOME_CREATED);
            fixture_submit_one(&f, 3, "count|a|||2026|7"); /* another batch corrects it */
            assert_int_equal(fixture_outcome(&f, 0), BB_OUTCOME_UPDATED);
            assert_int_equal(fixture_verify(&f), 0);
            fixture_close(&f);
        }
    (void)state;
}

static void
test_atomic(void **state)
{
    static const char *const bad[] = {"count|a|New place|new=one|2026|5", "count|a|||2026-13|6"};
    static const char *const good[] = {"count|a|New place|new=one|2026|5", "count|a|||2026-12|6"};
    struct fixture *f = *state;
    struct fixture_submission how = {.batch = 3, .atomic = true};
    uint64_t head = bb_journal_head(f->journal).sequence;

    fixture_submit_rows(f, how, bad, 2);
    assert_true(f->reply->aborted);
    assert_int_equal(f->reply->sequence, 0);
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_REJECTED);
    assert_int_equal(fixture_rejected(f, 0), 0);
    assert_int_equal(fixture_rejected(f, 1), BB_ROW_CODE_BAD_PERIOD);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    fixture_submit_rows(f, how, good, 2); /* it was not journalled: judged afresh */
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_outcome(f, 1), BB_OUTCOME_CREATED);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 4, .atomic = true, .more = true}, good, 2);
    assert_int_equal(f->failure, BB_ERROR_INVALID);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_unfinished_batches_are_closed(void **state)
{
    struct fixture *f = *state;
    const struct fixture_submission first = {.batch = 1, .more = true},
                                    second = {.batch = 1, .index = 1, .more = true},
                                    last = {.batch = 1, .index = 2};
    static const char *const rows[] = {"count|a|||2026|5"}, *const more[] = {"count|a|||2027|6"},
                             *const other[] = {"count|a|||2026|7"};
    uint64_t head;

    fixture_submit_rows(f, first, rows, 1);
    head = bb_journal_head(f->journal).sequence;
    fixture_pass(599);
    fixture_tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    fixture_reopen(f); /* the ten minutes begin again */
    fixture_pass(599);
    fixture_tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    fixture_pass(2);
    fixture_tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    fixture_tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1); /* once */
    fixture_apply(f);
    fixture_submit_rows(f, second, more, 1); /* a partner who comes back goes on where it was */
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    fixture_submit_rows(f, first, rows, 1);
    assert_true(f->reply->duplicate);
    fixture_submit_rows(f, last, other, 1); /* the same key as before the close, in the same batch */
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_DUPLICATE_KEY);
    head = bb_journal_head(f->journal).sequence;
    fixture_submit_rows(f, last, more, 1);
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UNCHANGED);
    fixture_pass(6); /* its last submission came: it is closed soon */
    fixture_tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 2);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_an_organization_has_a_share_of_unfinished_batches(void **state)
{
    struct fixture_submission closed = {.organization = "a", .batch = 1, .batch_more = 200, .more = true};
    struct fixture *f = *state;
    struct bb_rowset *set;

    bb_rowset_new(&set);
    fixture_row(set, "count||||2026|5");
    fixture_submit(f, closed, set);
    fixture_pass(601);
    fixture_tick(f);
    for (uint32_t i = 0; i <= BB_OPEN_BATCHES_OF_ONE; i++) {
        struct fixture_submission how = {
            .organization = "a", .batch = (uint8_t)i, .batch_more = (uint8_t)(i / 256), .more = true};
        fixture_submit(f, how, set);
        assert_int_equal(f->failure, i < BB_OPEN_BATCHES_OF_ONE ? 0 : BB_ERROR_OVERLOADED);
    }
    fixture_submit(f, (struct fixture_submission){.organization = "a", .batch = 3, .index = 1, .more = true},
                   set);
    assert_int_equal(f->failure, 0); /* one that is open goes on */
    closed.index = 1;
    fixture_submit(f, closed, set);
    assert_int_equal(f->failure, BB_ERROR_OVERLOADED); /* one that was closed needs a place again */
    fixture_submit(
        f, (struct fixture_submission){.organization = "b", .batch = 9, .batch_more = 9, .more = true}, set);
    assert_int_equal(f->failure, 0);
    bb_rowset_destroy(&set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_repeats_get_the_first_reply, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_repeat_within_one_group, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_one_key_twice_in_a_batch),
        cmocka_unit_test_setup_teardown(test_atomic, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_unfinished_batches_are_closed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_an_organization_has_a_share_of_unfinished_batches, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
