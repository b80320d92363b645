/* Commands through the writer, the applier and a restart, without threads and sockets. */
#include "fixture.h"

#include "proto/errors.h"
#include "runtime/store/varint.h"
#include "workers/measurement/rollup.h"

#include "journal.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
setup(void **state)
{
    struct fixture *f = malloc(sizeof *f);

    fixture_open(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

static void
submit_one(struct fixture *f, uint8_t batch, const char *row)
{
    fixture_submit_rows(f, (struct fixture_submission){.batch = batch}, &row, 1);
}

/* Each row alone: what becomes of it. */
static void
test_row_rules(void **state)
{
    static const struct {
        const char *row;
        uint32_t rejected, warned;
    } cases[] = {
        {"count|a|||2026|5", 0, 0},
        {"count|a|||2026|5||", 0, 0},
        {"nothing|a|||2026|5", BB_ROW_CODE_UNKNOWN_INDICATOR, 0},
        {"|a|||2026|5", BB_ROW_CODE_UNKNOWN_INDICATOR, 0},
        {"count|nobody|||2026|5", BB_ROW_CODE_UNKNOWN_ORGANIZATION, 0},
        {"count|Organization A|||2026|6", 0, 0},
        {"count|a|||2026-13|5", BB_ROW_CODE_BAD_PERIOD, 0},
        {"count|a||||5", BB_ROW_CODE_BAD_PERIOD, 0},
        {"count|a|||2026-W53|5", 0, 0},
        {"count|a|||2025-W53|5", BB_ROW_CODE_BAD_PERIOD, 0},
        {"count|a|||2026-02-30|5", BB_ROW_CODE_BAD_PERIOD, 0},
        {"count|a||race|2026|5", BB_ROW_CODE_BAD_DISAGGREGATION, 0},
        {"count|a||race=|2026|5", BB_ROW_CODE_BAD_DISAGGREGATION, 0},
        {"count|a||race=x;race=y|2026|5", BB_ROW_CODE_BAD_DISAGGREGATION, 0},
        {"count|a| Hartford|x|2026|5", BB_ROW_CODE_BAD_PLACE, 0},
        {"count|a|||2026|", BB_ROW_CODE_NO_VALUE, 0},
        {"count|a|||2026||5|", BB_ROW_CODE_MISSING_DENOMINATOR, 0},
        {"count|a|||2026|||5", BB_ROW_CODE_NO_VALUE, 0},
        {"count|a|||2026||5|0", BB_ROW_CODE_BAD_DENOMINATOR, 0},
        {"count|a|||2026||5|-2", BB_ROW_CODE_BAD_DENOMINATOR, 0},
        {"count|a|||2026||||missing", 0, 0},
        {"count|a|||2026|4|||suppressed", 0, BB_ROW_CODE_VALUE_IGNORED},
        {"rate|a|||2026|-1", BB_ROW_CODE_BELOW_MINIMUM, 0},
        {"rate|a|||2026|100.1", BB_ROW_CODE_ABOVE_MAXIMUM, 0},
        {"rate|a|||2026||3|2", BB_ROW_CODE_ABOVE_MAXIMUM, 0},
        {"rate|a|||2026|33.3|1|3", 0, 0},
        {"rate|a|||2026|33.4|1|3", 0, BB_ROW_CODE_VALUE_DISAGREES},
        {"rate|a|||2026||1|3", 0, 0},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        submit_one(f, (uint8_t)(i + 1), cases[i].row);
        if (fixture_rejected(f, 0) != cases[i].rejected || fixture_warned(f, 0) != cases[i].warned)
            fail_msg("%s: rejected %s, warned %s", cases[i].row, bb_row_code_name(fixture_rejected(f, 0)),
                     bb_row_code_name(fixture_warned(f, 0)));
        assert_int_equal(fixture_outcome(f, 0) == BB_OUTCOME_REJECTED, cases[i].rejected != 0);
        assert_int_equal(f->reply->sequence == 0, cases[i].rejected != 0);
    }
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_outcomes_follow_what_is_there(void **state)
{
    static const struct {
        const char *row;
        uint8_t outcome;
    } steps[] = {
        {"count|a|Hartford||2026-Q3|5", BB_OUTCOME_CREATED},
        {"count|a|Hartford||2026Q3|5.0", BB_OUTCOME_UNCHANGED}, /* another spelling of period and value */
        {"count|a|Hartford||2026-07-01/P3M|6", BB_OUTCOME_UPDATED},
        {"count|a|Hartford||2026-Q3|6|||ok|seen", BB_OUTCOME_UPDATED}, /* a comment */
        {"count|a|Hartford||2026-Q3|6", BB_OUTCOME_UNCHANGED},         /* absent: the old one stays */
        {"count|a|Hartford||2026-Q3||||missing", BB_OUTCOME_UPDATED},
        {"count|a|Hartford||2026-Q3||||suppressed", BB_OUTCOME_UPDATED},
        {"count|b|Hartford||2026-Q3|6", BB_OUTCOME_CREATED},
        {"count|a|Hartford|b=2;a=1|2026-Q3|6", BB_OUTCOME_CREATED},
        {"count|a|Hartford|a=1,b=2|2026-Q3|6", BB_OUTCOME_UNCHANGED}, /* sorted, and with a comma */
        {"year|a|||2011-12|6", BB_OUTCOME_CREATED},
        {"year|a|||2011/2012|6", BB_OUTCOME_UNCHANGED}, /* by its frequency, 2011-12 is the school year */
        {"count|a|||2011-12|6", BB_OUTCOME_CREATED},
        {"count|a|||201112|6", BB_OUTCOME_UNCHANGED}, /* and here the month */
    };

    for (int applied = 0; applied < 3; applied++) { /* never applied; after each; restarted after each */
        struct fixture f;
        fixture_open(&f);
        for (size_t i = 0; i < COUNT(steps); i++) {
            submit_one(&f, (uint8_t)(i + 1), steps[i].row);
            if (fixture_outcome(&f, 0) != steps[i].outcome)
                fail_msg("%s: %s", steps[i].row, bb_outcome_name(fixture_outcome(&f, 0)));
            if (applied == 1)
                fixture_apply(&f);
            else if (applied == 2)
                fixture_reopen(&f);
        }
        assert_int_equal(fixture_verify(&f), 0);
        fixture_close(&f);
    }
    (void)state;
}

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
                submit_one(&f, 1, first[0]);
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
            submit_one(&f, 3, "count|a|||2026|7"); /* another batch corrects it */
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
test_who_may_write(void **state)
{
    struct fixture *f = *state;
    struct fixture_submission how = {.batch = 1, .organization = "a"};
    static const char *const rows[] = {"count||||2026|5", "count|a|||2026|5", "count|b|||2026|5",
                                       "count|Organization A|||2026-01|5"};

    fixture_submit_rows(f, how, rows, 4);
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_outcome(f, 1), BB_OUTCOME_UNCHANGED);
    assert_int_equal(fixture_rejected(f, 2), BB_ROW_CODE_NOT_YOURS);
    assert_int_equal(fixture_outcome(f, 3), BB_OUTCOME_CREATED);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 2, .organization = "stranger"}, rows, 1);
    assert_int_equal(f->failure, BB_ERROR_UNAVAILABLE);
}

static void
test_malformed_submissions(void **state)
{
    struct fixture *f = *state;
    struct bb_work work = {.tag = 1,
                           .method = 32,
                           .role = BB__ROLE__ROLE_STAFF,
                           .organization = bb_bytes_str("backbone"),
                           .member = bb_bytes_str("main")};
    static const uint8_t garbage[] = {0xFF, 0x01, 0x02};

    work.body = bb_bytes(garbage, sizeof garbage);
    assert_int_equal(bb_writer_command(f->writer, &work), 0);
    assert_int_equal(f->failure, BB_ERROR_MALFORMED);
    assert_int_equal(bb_writer_commit(f->writer), 0);
}

/* Definitions: versions, names, aliases. */
static void
test_indicator_versions(void **state)
{
    struct fixture *f = *state;
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list[] = {&indicator};

    indicator.code = (char *)(uintptr_t) "new";
    indicator.name = (char *)(uintptr_t) "A new one";
    for (int i = 0; i < 4; i++) {
        static const uint32_t expected[] = {BB_OUTCOME_CREATED, BB_OUTCOME_UNCHANGED, BB_OUTCOME_UPDATED,
                                            BB_OUTCOME_UNCHANGED};
        indicator.unit = (char *)(uintptr_t)(i < 2 ? "people" : "persons");
        fixture_define(f, list, 1);
        assert_int_equal(f->defined->item[0]->outcome, expected[i]);
        if (i == 1)
            fixture_apply(f);
    }
    submit_one(f, 1, "A new one|a|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    indicator.code = (char *)(uintptr_t) "other"; /* a name may be shared: then it names neither */
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_CREATED);
    submit_one(f, 2, "A new one|a|||2026|5");
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_UNKNOWN_INDICATOR);
    submit_one(f, 3, "other|a|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    indicator.decimals = (char *)(uintptr_t) "99";
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_BAD_VALUE);
    assert_string_equal(f->defined->item[0]->field, "decimals");
    assert_int_equal(fixture_verify(f), 0);
}

/* 60 aliases, the same 60 with one twice, and others: never more than 64 in all. */
static void
test_aliases_of_a_place_are_limited(void **state)
{
    struct fixture *f = *state;
    static char text[130][16];
    char *alias[65];
    Bb__Place place = BB__PLACE__INIT, *list[] = {&place};
    static const struct {
        size_t first, n, outcome;
    } steps[] = {
        {0, 65, BB_OUTCOME_REJECTED},  {0, 60, BB_OUTCOME_CREATED}, {0, 60, BB_OUTCOME_UPDATED},
        {60, 60, BB_OUTCOME_REJECTED}, {58, 6, BB_OUTCOME_UPDATED}, {64, 1, BB_OUTCOME_REJECTED},
        {0, 64, BB_OUTCOME_UNCHANGED},
    };

    for (size_t i = 0; i < COUNT(text); i++)
        snprintf(text[i], sizeof text[i], "alias-%zu", i);
    place.name = (char *)(uintptr_t) "New Haven";
    place.alias = alias;
    for (size_t i = 0; i < COUNT(steps); i++) {
        for (size_t j = 0; j < steps[i].n; j++)
            alias[j] = text[steps[i].first + j];
        if (steps[i].outcome == BB_OUTCOME_CREATED)
            alias[steps[i].n - 1] = alias[0]; /* twice is once */
        place.alias = alias;
        place.n_alias = steps[i].n;
        fixture_places(f, list, 1);
        assert_int_equal(f->defined->item[0]->outcome, steps[i].outcome);
        if (steps[i].outcome == BB_OUTCOME_REJECTED)
            assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_TOO_LONG);
    }
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_places_adopt_unregistered_names(void **state)
{
    struct fixture *f = *state;
    char *alias[] = {(char *)(uintptr_t) "NH", (char *)(uintptr_t) "Elm City"};
    Bb__Place place = BB__PLACE__INIT, *list[] = {&place};

    submit_one(f, 1, "count|a|NH||2026|5");
    place.name = (char *)(uintptr_t) "New Haven";
    place.alias = alias;
    place.n_alias = 2;
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_CREATED);
    submit_one(f, 2, "count|a|New Haven||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UNCHANGED); /* the reading under NH is New Haven's */
    submit_one(f, 3, "count|a|Elm City||2026|6");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UPDATED);
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UNCHANGED);
    place.name = (char *)(uintptr_t) "Elm City";
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_NAME_TAKEN);
    place.name = (char *)(uintptr_t) "Elsewhere";
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_NAME_TAKEN);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_directory(void **state)
{
    struct fixture *f = *state;
    uint64_t head = bb_journal_head(f->journal).sequence;
    Bb__Organization organization = BB__ORGANIZATION__INIT, *list[] = {&organization};

    organization.code = (char *)(uintptr_t) "d";
    organization.name = (char *)(uintptr_t) "Organization D";
    organization.role = BB__ROLE__ROLE_PARTNER;
    fixture_directory(f, list, 1, false);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    fixture_directory(f, list, 1, false); /* known already: nothing is journalled */
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    submit_one(f, 1, "count|Organization D|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    organization.name = (char *)(uintptr_t) "Organization Dee";
    fixture_directory(f, list, 1, false);
    submit_one(f, 2, "count|Organization D|||2026|5"); /* a name that was given up leads to nobody */
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_UNKNOWN_ORGANIZATION);
    submit_one(f, 3, "count|Organization Dee|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UNCHANGED);
    head = bb_journal_head(f->journal).sequence;
    fixture_directory(f, list, 1, true); /* whole: a, b, c and backbone have left */
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    fixture_directory(f, list, 1, true);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    assert_int_equal(fixture_verify(f), 0);
}

/* Batches that nobody finishes. */

static void
tick(struct fixture *f)
{
    bb_writer_tick(f->writer, 0);
    assert_int_equal(bb_writer_commit(f->writer), 0);
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
    tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    fixture_reopen(f); /* the ten minutes begin again */
    fixture_pass(599);
    tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    fixture_pass(2);
    tick(f);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    tick(f);
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
    tick(f);
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
    tick(f);
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
    tick(f);
}

/* A random history against a model that is as plain as can be. */

#define KEYS 24

struct model {
    bool there;
    int value; /* -1 missing */
    int batch; /* that named it last */
};

static void
random_row(char row[static 64], int *ret_key, int *ret_value)
{
    int key = rand() % KEYS, value = rand() % 5 - 1;
    static const char *const places[] = {"", "P", "Q"}, *const periods[] = {"2025", "2026-01"};

    snprintf(row, 64, "count|%c|%s|%s|%s|", 'a' + key % 2, places[key / 2 % 3], key / 6 % 2 ? "x=1" : "",
             periods[key / 12]);
    if (value >= 0)
        snprintf(row + strlen(row), 64 - strlen(row), "%d", value);
    else
        strcat(row, "|||missing");
    *ret_key = key;
    *ret_value = value;
}

static uint8_t
model_step(struct model *m, int value, int batch)
{
    if (!m->there) {
        *m = (struct model){.there = true, .value = value, .batch = batch};
        return BB_OUTCOME_CREATED;
    }
    if (m->value == value) {
        m->batch = batch;
        return BB_OUTCOME_UNCHANGED;
    }
    if (m->batch == batch)
        return BB_OUTCOME_REJECTED;
    m->value = value;
    m->batch = batch;
    return BB_OUTCOME_UPDATED;
}

static void
random_submission(struct fixture *f, struct model *model, int batch, uint32_t index, bool more)
{
    uint8_t expected[32];
    struct bb_rowset *set;
    int n = 1 + rand() % 12, key, value;
    char row[64];

    bb_rowset_new(&set);
    for (int i = 0; i < n; i++) {
        random_row(row, &key, &value);
        fixture_row(set, row);
        expected[i] = model_step(&model[key], value, batch);
    }
    fixture_submit(f, (struct fixture_submission){.batch = (uint8_t)batch, .index = index, .more = more},
                   set);
    for (int i = 0; i < n; i++)
        assert_int_equal(fixture_outcome(f, (uint32_t)i), expected[i]);
    bb_rowset_destroy(&set);
}

static void
test_random_history(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 8; seed++) {
        struct model model[KEYS] = {0};
        struct fixture f;
        srand(seed);
        fixture_open(&f);
        for (int batch = 1; batch <= 60; batch++) {
            int parts = 1 + rand() % 3;
            for (int part = 0; part < parts; part++) {
                random_submission(&f, model, batch, (uint32_t)part, part + 1 < parts);
                if (rand() % 3 == 0)
                    fixture_apply(&f);
                if (rand() % 8 == 0)
                    fixture_reopen(&f);
            }
        }
        assert_int_equal(fixture_verify(&f), 0);
        fixture_close(&f);
    }
}

/* --verify must be able to fail: a record of a view that is not what the journal says is found. */
static void
test_verify_finds_differences(void **state)
{
    struct fixture *f = *state;
    static const enum bb_view views[] = {BB_VIEW_READING, BB_VIEW_ROLLUP, BB_VIEW_BY_ORGANIZATION,
                                         BB_VIEW_NAME};

    submit_one(f, 1, "count|a|||2026|5");
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

#define HEADER (1 + 1 + 8 + BB_HASH_BYTES) /* of a journal record, before the body */

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
        submit_one(&f, 1, "count|a|||2026|5");
        uint64_t sequence = f.reply->sequence;
        submit_one(&f, 2, "count|a|||2027|5"); /* the views stand at an entry that is sound */
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

    submit_one(f, 1, "count|a|||2026|5");
    submit_one(f, 2, "count|a|||2026|6");
    fixture_apply(f);
    assert_int_equal(fixture_verify(f), 0);
    assert_int_equal(bb_store_begin(f->views.store, true, &txn), 0);
    assert_int_equal(bb_cursor_open(txn, f->views.dbi[BB_VIEW_REVISION], &cursor), 0);
    assert_int_equal(bb_cursor_move(cursor, MDB_FIRST, &key, &payload), 0);
    assert_int_equal(bb_store_delete(txn, f->views.dbi[BB_VIEW_REVISION], key), 0);
    assert_int_equal(bb_store_commit(f->views.store, &txn), 0);
    assert_int_not_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_rules, setup, teardown),
        cmocka_unit_test(test_outcomes_follow_what_is_there),
        cmocka_unit_test_setup_teardown(test_repeats_get_the_first_reply, setup, teardown),
        cmocka_unit_test_setup_teardown(test_repeat_within_one_group, setup, teardown),
        cmocka_unit_test(test_one_key_twice_in_a_batch),
        cmocka_unit_test_setup_teardown(test_atomic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dry_run_equals_the_real_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dry_run_of_a_batch_that_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_submissions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_indicator_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aliases_of_a_place_are_limited, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places_adopt_unregistered_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unfinished_batches_are_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_organization_has_a_share_of_unfinished_batches, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_dry_runs_that_nobody_goes_on_with, setup, teardown),
        cmocka_unit_test(test_random_history),
        cmocka_unit_test_setup_teardown(test_verify_finds_differences, setup, teardown),
        cmocka_unit_test(test_verify_finds_forged_entries),
        cmocka_unit_test_setup_teardown(test_verify_finds_a_missing_revision, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
