/* Dry runs through the writer: they answer what the real run would, and leave nothing behind. */
#include "fixture.h"

#include "tests/unit/check.h"

#include "proto/errors.h"

static void
test_dry_run_equals_the_real_run(void **state)
{
    static const char *const parts[2][4] = {
        {"count|a|P1|d=1|2026|5", "count|a|P1|d=1|2026|5", "count|a|P1|d=1|2026|6",
         "count|a|P2||2026||||missing"},
        {"count|a|P1|d=1|2026|5", "count|a|P1|d=1|2026|7", "count|a|P2||2026|8", "rate|a|P3||2026|1|1|3"},
    };
    struct fixture *f = *state;
    uint8_t outcomes[2][4];
    uint64_t head = bb_journal_head(f->journal).sequence;

    for (int round = 0; round < 2; round++) /* the first is dry */
        for (int part = 0; part < 2; part++) {
            struct fixture_submission how = {
                .batch = 5, .index = (uint32_t)part, .more = part == 0, .dry_run = round == 0};
            fixture_submit_rows(f, how, parts[part], 4);
            for (uint32_t row = 0; row < 4; row++)
                if (round == 0)
                    outcomes[part][row] = fixture_outcome(f, row);
                else
                    assert_int_equal(fixture_outcome(f, row), outcomes[part][row]);
            if (round == 0) { /* sent again, a dry submission gets its answer again */
                fixture_submit_rows(f, how, parts[part], 4);
                assert_int_equal(fixture_outcome(f, 0), outcomes[part][0]);
                assert_int_equal(bb_journal_head(f->journal).sequence, head);
            }
        }
    assert_int_equal(outcomes[1][1], BB_OUTCOME_REJECTED);
    assert_int_equal(fixture_verify(f), 0);
}

/* A dry run under the id of a batch that was begun: what going on with it would answer. */
static void
test_dry_run_of_a_batch_that_goes_on(void **state)
{
    static const char *const parts[2][2] = {{"count|a|P1||2026|5", "count|a|P2||2026|5"},
                                            {"count|a|P1||2026|6", "count|a|P3||2026|5"}};
    static const char *const other[1] = {"count|a|P9||2026|5"};
    struct fixture_submission first = {.batch = 9, .index = 0, .more = true};
    struct fixture_submission dry_first = {.batch = 9, .index = 0, .more = true, .dry_run = true};
    struct fixture_submission second = {.batch = 9, .index = 1};
    struct fixture_submission dry_second = {.batch = 9, .index = 1, .dry_run = true};
    struct fixture *f = *state;
    uint64_t head;

    fixture_submit_rows(f, first, parts[0], 2);
    head = bb_journal_head(f->journal).sequence;
    fixture_submit_rows(f, dry_first, parts[0], 2);
    assert_true(f->reply->duplicate);
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    fixture_submit_rows(f, dry_second, parts[1], 2);
    assert_false(f->reply->duplicate);
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_DUPLICATE_KEY);
    assert_int_equal(fixture_outcome(f, 1), BB_OUTCOME_CREATED);
    fixture_submit_rows(f, dry_first, other, 1);
    assert_int_equal(f->failure, BB_ERROR_CONFLICT);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);

    fixture_submit_rows(f, second, parts[1], 2);
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_DUPLICATE_KEY);
    assert_int_equal(fixture_outcome(f, 1), BB_OUTCOME_CREATED);
    fixture_submit_rows(f, dry_second, parts[1], 2);
    assert_true(f->reply->duplicate);
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_DUPLICATE_KEY);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_dry_runs_that_nobody_goes_on_with(void **state)
{
    static const char *const rows[] = {"count||||2026|5"};
    struct fixture *f = *state;
    struct fixture_submission how = {.organization = "a", .batch = 1, .more = true, .dry_run = true};

    fixture_submit_rows(f, how, rows, 1);
    assert_int_equal(f->failure, 0);
    how.batch = 2;
    fixture_submit_rows(f, how, rows, 1);
    assert_int_equal(f->failure, BB_ERROR_OVERLOADED); /* its share is one of two */
    how.more = false;
    fixture_submit_rows(f, how, rows, 1); /* one submission alone needs no room */
    assert_int_equal(f->failure, 0);
    how = (struct fixture_submission){.organization = "b", .batch = 3, .more = true, .dry_run = true};
    fixture_submit_rows(f, how, rows, 1);
    assert_int_equal(f->failure, 0);
    fixture_pass(11); /* stale ones make room */
    how = (struct fixture_submission){.organization = "c", .batch = 4, .more = true, .dry_run = true};
    fixture_submit_rows(f, how, rows, 1);
    assert_int_equal(f->failure, 0);
    how = (struct fixture_submission){.organization = "a", .batch = 1, .index = 1, .dry_run = true};
    fixture_submit_rows(f, how, rows, 1); /* the oldest went: what it would answer now would be wrong */
    assert_int_equal(f->failure, BB_ERROR_INVALID);
    fixture_pass(601);
    fixture_tick(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dry_run_equals_the_real_run, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_dry_run_of_a_batch_that_goes_on, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_dry_runs_that_nobody_goes_on_with, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
