/* Commands through the writer, the applier and a restart, without threads and sockets: what becomes of rows,
 * and who may write them. */
#include "fixture.h"

#include "tests/unit/check.h"

#include "proto/errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        {"rate|a|||2026|33|||", 0, BB_ROW_CODE_WITHOUT_PARTS},
        {"rate|a|||2026|34|||", 0, 0}, /* it has none any more */
        {"rate|a|||2026||1|3", 0, 0},
        {"rate|a|||2026||||missing", 0, 0},
        {"count|a|||2025||1|3", 0, 0},
        {"count|a|||2025|5", 0, 0}, /* no ratio */
        {"count|a|||9998-12|5", 0, BB_ROW_CODE_NOT_BEGUN},
        {"count|a|||9998-12|5", 0, 0}, /* unchanged: nothing new to say */
        {"count|a|||9998-12|6", 0, BB_ROW_CODE_NOT_BEGUN},
        {"year|a|||2011/2012|5", 0, 0},
        {"year|a|||2011|5", 0, BB_ROW_CODE_OTHER_FREQUENCY}, /* a school year was meant */
        {"year|a|||2011|5", 0, 0},
        {"year|a|||2011-09|5", 0, BB_ROW_CODE_OTHER_FREQUENCY},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        fixture_submit_one(f, (uint8_t)(i + 1), cases[i].row);
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
            fixture_submit_one(&f, (uint8_t)(i + 1), steps[i].row);
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

/* Told once for each indicator and period, of how many rows. */
static void
test_not_begun(void **state)
{
    static const char *const rows[] = {
        "count|a|||9998-12|5",      "rate|a|||9998-12|5",  "count|b|||999812|5",
        "count|nobody|||9998-12|5", "count|a|||9998-11|5", "count|a|Hartford||9998-12|1",
        "count|a|||2026-01|5",      "rate|b|||9998-12|5",  "count|c|||9998-12||||missing"};
    static const struct {
        uint32_t row, rows;
        const char *text;
    } told[] = {
        {0, 4, "found '9998-12', expected of 'count' a period that has begun: this one begins on 9998-12-01"},
        {1, 2, "found '9998-12', expected of 'rate' a period that has begun: this one begins on 9998-12-01"},
        {4, 1, "found '9998-11', expected of 'count' a period that has begun: this one begins on 9998-11-01"},
    };
    struct fixture *f = *state;

    fixture_submit_rows(f, (struct fixture_submission){.batch = 1}, rows, COUNT(rows));
    assert_int_equal(f->reply->n_warning, COUNT(told));
    for (size_t i = 0; i < COUNT(told); i++) {
        const Bb__RowNote *note = f->reply->warning[i];
        assert_int_equal(note->code, BB_ROW_CODE_NOT_BEGUN);
        assert_int_equal(note->row, told[i].row);
        assert_true(note->has_rows);
        assert_int_equal(note->rows, told[i].rows);
        assert_string_equal(note->text, told[i].text);
    }
    fixture_submit_rows(f, (struct fixture_submission){.batch = 2}, rows, COUNT(rows)); /* no news */
    assert_int_equal(f->reply->n_warning, 0);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_rules, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_outcomes_follow_what_is_there),
        cmocka_unit_test_setup_teardown(test_not_begun, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_who_may_write, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_malformed_submissions, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_random_history),
    };

    fixture_pass(INT64_C(20) * 366 * 86400); /* what these report of has begun */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
