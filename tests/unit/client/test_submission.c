/* What goes into a submission: rows that cannot travel, and as many as fit. */
#include "client_fixture.h"

#include "proto/limits.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void
rows_that_cannot_travel_are_refused_with_found_and_expected(void **state)
{
    static char huge[10 << 20];
    struct client_fixture *f = *state;
    struct bb_note note;
    const struct {
        const char *what;
        enum bb_column column;
        struct bb_text text;
        const char *code, *field;
    } cases[] = {
        {"no indicator", BB_COLUMN_INDICATOR, bb_text(""), "UNKNOWN_INDICATOR", "indicator"},
        {"no period", BB_COLUMN_PERIOD, bb_text(NULL), "BAD_PERIOD", "period"},
        {"a word for a number", BB_COLUMN_VALUE, bb_text("many"), "BAD_NUMBER", "value"},
        {"nan", BB_COLUMN_NUMERATOR, bb_text("nan"), "BAD_NUMBER", "numerator"},
        {"hex", BB_COLUMN_DENOMINATOR, bb_text("0x10"), "BAD_NUMBER", "denominator"},
        {"too many digits", BB_COLUMN_VALUE, bb_text("12345678901234567890123456789012345"), "BAD_NUMBER",
         "value"},
        {"a strange status", BB_COLUMN_STATUS, bb_text("gone"), "BAD_STATUS", "status"},
        {"invalid UTF-8", BB_COLUMN_PLACE, bb_text("\xC3("), "BAD_TEXT", "place"},
        {"NUL", BB_COLUMN_ORGANIZATION, {"a\0b", 3}, "BAD_TEXT", "organization"},
        {"ten megabytes", BB_COLUMN_COMMENT, {huge, sizeof huge}, "TOO_LONG", "comment"},
        {"a long disaggregation", BB_COLUMN_DISAGGREGATION, {huge, 301}, "TOO_LONG", "disaggregation"},
    };

    memset(huge, 'x', sizeof huge);
    bb_submission_begin(f->submission, (const uint8_t[BB_BATCH_ID]){0}, 0, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_row_text row = {.field = {
                                      [BB_COLUMN_INDICATOR] = bb_text("i"),
                                      [BB_COLUMN_PERIOD] = bb_text("2020"),
                                      [BB_COLUMN_VALUE] = bb_text("1"),
                                  }};
        row.field[cases[i].column] = cases[i].text;
        assert_int_equal(bb_submission_add(f->submission, &row, &note), BB_ADD_REFUSED);
        if (strcmp(note.code_name, cases[i].code) != 0 || strcmp(note.field, cases[i].field) != 0 ||
            !strstr(note.text, "found") || !strstr(note.text, "expected") || strlen(note.text) > 300)
            fail_msg("%s: %s %s %s", cases[i].what, note.code_name, note.field, note.text);
    }
    assert_int_equal(bb_submission_count(f->submission), 0);
}

static void
a_full_submission_says_so_and_still_fits(void **state)
{
    struct client_fixture *f = *state;
    struct client_answers answers = {0};
    char comment[2000];
    uint32_t rows = 0;
    int r;

    client_start(f);
    bb_submission_begin(f->submission, (const uint8_t[BB_BATCH_ID]){7}, 0, 0);
    do { /* long texts: bytes are the limit */
        memset(comment, 'c', sizeof comment);
        snprintf(comment, 12, "%u", rows);
        comment[strlen(comment)] = 'c';
        const struct bb_row_text row = {.field = {
                                            [BB_COLUMN_INDICATOR] = bb_text("i"),
                                            [BB_COLUMN_PERIOD] = bb_text("2020"),
                                            [BB_COLUMN_VALUE] = bb_text("123456789012345678901234567890.1"),
                                            [BB_COLUMN_COMMENT] = {comment, sizeof comment},
                                        }};
        r = bb_submission_add(f->submission, &row, NULL);
        rows += r == 0;
    } while (r == 0);
    assert_int_equal(r, BB_ADD_FULL);
    assert_in_range(rows, 60, 99);
    assert_int_equal(bb_client_submit(f->client, f->submission, client_note_outcomes, NULL, &answers), BB_OK);
    assert_int_equal(answers.rows, rows);
    client_fill(f->submission, 1, BB_LIMIT_SUBMISSION_ROWS < 5000 ? 1 : 5000); /* short ones: thousands fit */
    assert_int_equal(bb_client_submit(f->client, f->submission, client_note_outcomes, NULL, &answers), BB_OK);
}

static void
nothing_is_not_sent(void **state)
{
    struct client_fixture *f = *state;

    client_start(f);
    bb_submission_begin(f->submission, (const uint8_t[BB_BATCH_ID]){7}, 0, 0);
    assert_int_equal(bb_client_submit(f->client, f->submission, NULL, NULL, NULL), -EINVAL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(rows_that_cannot_travel_are_refused_with_found_and_expected),
        T(a_full_submission_says_so_and_still_fits),
        T(nothing_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
