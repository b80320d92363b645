/* From a file through chunks and answers to counts and messages; and where files are cut. */
#include "tally_fixture.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
test_messages(void **state)
{
    (void)state;
    char data[4000] = "indicator,period,value\n\n";
    for (int i = 0; i < 23; i++)
        strcat(data, "x,2018,1\n");
    struct bb_tally tally;
    free(tally_import(data, strlen(data), BB_FORMAT_CSV, NULL, &tally));
    const char *first =
        "f: row 1 (line 3), period: found \"Q5\", expected a period [BAD_PERIOD]\nf: row 2 (line 4), ";
    assert_int_equal(strncmp(tally_said, first, strlen(first)), 0);
    assert_null(strstr(tally_said, "row 21"));
    assert_non_null(strstr(tally_said, "f: and 3 more refused rows\n"));
}

/* One chunk after the other, all of whose rows are taken, with these warnings. */
static void
warn(struct tally_file *f, struct bb_tally *tally, const struct bb_note *warning, size_t n)
{
    uint8_t outcome[100];
    struct bb_outcomes outcomes = {
        .outcome = outcome, .rows = (uint32_t)f->chunk.n_sent, .warning = warning, .n_warnings = n};

    memset(outcome, BB_CREATED, sizeof outcome);
    assert_int_equal(bb_chunk_answer(&f->chunk, &outcomes), 0);
    bb_tally_chunk(tally, &f->chunk);
    bb_chunk_reset(&f->chunk);
}

/* What is told of many rows is told once, at the end, whatever the chunks. */
static void
test_alike(void **state)
{
    (void)state;
    const char *data = "indicator,period,value\na,9998,1\na,9998,1\nb,9998,1\na,9998,1\nb,9997,1\n";
    const uint32_t code = BB_ROW_CODE_NOT_BEGUN;
    const struct bb_note first[] = {{0, code, "NOT_BEGUN", "period", "of a", 2},
                                    {1, BB_ROW_CODE_JUMP, "JUMP", "value", "far", 0},
                                    {2, code, "NOT_BEGUN", "period", "of b", 1}},
                         second[] = {{0, code, "NOT_BEGUN", "period", "of a", 1},
                                     {0, BB_ROW_CODE_JUMP, "JUMP", "value", "far", 0},
                                     {1, code, "NOT_BEGUN", "period", "of b", 1000}};
    struct tally_file f;
    struct bb_tally tally = {.file = "f", .say = tally_say};
    char name[] = "/tmp/test_tally.XXXXXX";
    char *out;
    size_t len;

    close(mkstemp(name));
    tally_said[0] = '\0';
    tally_open(&f, data, strlen(data), BB_FORMAT_CSV, NULL, true);
    assert_int_equal(bb_rejects_new(name, f.source, f.spool, &tally.warnings_file), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tally_read(&f), 0);
    warn(&f, &tally, first, COUNT(first));
    while (tally_read(&f) == 0)
        ;
    warn(&f, &tally, second, COUNT(second));
    bb_tally_finish(&tally);
    assert_int_equal(tally.warnings, 4);
    assert_string_equal(tally_said, "f: row 2 (line 3), value: warning: far [JUMP]\n"
                                    "f: row 4 (line 5), value: warning: far [JUMP]\n"
                                    "f: row 1 (line 2), period: warning: of a [NOT_BEGUN], of 3 rows\n"
                                    "f: row 3 (line 4), period: warning: of b [NOT_BEGUN], of 1001 rows\n");
    assert_int_equal(bb_rejects_finish(tally.warnings_file, true), 0);
    bb_rejects_destroy(&tally.warnings_file);
    tally_close(&f);
    out = tally_contents(name, &len);
    assert_string_equal(out, "indicator,period,value,row,code,field,reason\n"
                             "a,9998,1,1,NOT_BEGUN,period,\"of a\"\na,9998,1,2,JUMP,value,far\n"
                             "b,9998,1,3,NOT_BEGUN,period,\"of b\"\na,9998,1,4,JUMP,value,far\n");
    free(out);
    unlink(name);
}

/* All or none: who was good is told so, and who was bad keeps its reason. */
static void
test_abort(void **state)
{
    (void)state;
    const char *data = "indicator,period,value\na,2018,1\nb,2018\nc,2018,1\n";
    struct tally_file f;
    struct bb_tally tally = {.file = "f", .say = tally_say};
    uint8_t outcome[2] = {BB_REJECTED, BB_REJECTED};
    struct bb_outcomes outcomes = {.outcome = outcome, .rows = 2, .aborted = true};
    tally_said[0] = '\0';
    tally_open(&f, data, strlen(data), BB_FORMAT_CSV, NULL, false);
    while (tally_read(&f) == 0)
        ;
    assert_int_equal(bb_chunk_answer(&f.chunk, &outcomes), 0);
    bb_tally_chunk(&tally, &f.chunk);
    bb_tally_finish(&tally);
    assert_int_equal(tally.rejected, 3);
    assert_int_equal(tally.atomic, 2);
    assert_string_equal(tally_said,
                        "f: row 2 (line 3): found 2 columns, expected 3 as in the header [BAD_ROW]\n"
                        "f: 2 good rows were not taken either: --atomic takes all rows or none\n");
    tally_close(&f);
}

/* An answer about other rows than were asked is none. */
static void
test_foreign_answer(void **state)
{
    (void)state;
    const char *data = "indicator,period,value\na,2018,1\n";
    struct tally_file f;
    uint8_t outcome[2] = {BB_CREATED, BB_CREATED};
    struct bb_note note = {1, BB_ROW_CODE_BAD_ROW, "BAD_ROW", "", "", 0};
    struct bb_outcomes more = {.outcome = outcome, .rows = 2};
    struct bb_outcomes beyond = {.outcome = outcome, .rows = 1, .rejected = &note, .n_rejected = 1};
    tally_open(&f, data, strlen(data), BB_FORMAT_CSV, NULL, false);
    assert_int_equal(tally_read(&f), 0);
    assert_int_equal(bb_chunk_answer(&f.chunk, &more), -EBADMSG);
    assert_int_equal(bb_chunk_answer(&f.chunk, &beyond), -EBADMSG);
    tally_close(&f);
}

/* The rows at which a file is cut, as a list of numbers. */
static void
cuts(const char *data, size_t len, bool keep, char *out, size_t size)
{
    struct tally_file f;
    size_t at = 0;
    tally_open(&f, data, len, BB_FORMAT_CSV, NULL, keep);
    while (tally_read(&f) == 0) {
        if (!bb_chunk_is_full(&f.chunk))
            continue;
        at += (size_t)snprintf(out + at, size - at, "%zu/%zu ", f.chunk.n_sent, f.chunk.n_rows);
        bb_chunk_reset(&f.chunk);
    }
    snprintf(out + at, size - at, "%zu/%zu", f.chunk.n_sent, f.chunk.n_rows);
    tally_close(&f);
}

static void
test_cuts(void **state)
{
    (void)state;
    char *data = NULL;
    size_t len;
    FILE *to = open_memstream(&data, &len);
    fputs("indicator,period,value,comment\n", to);
    for (int i = 0; i < 2500; i++)
        fprintf(to, i % 5 ? "a,2018,%d,\n" : "a,2018\n", i);
    for (int i = 0; i < 100; i++)
        fprintf(to, "a,2018,%d,%01500d\n", i, 0);
    fclose(to);
    char first[500], second[500];
    cuts(data, len, false, first, sizeof first);
    cuts(data, len, true, second, sizeof second);
    assert_string_equal(first, "800/1000 800/1000 466/566 34/34");
    assert_string_equal(second, first);
    free(data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),       cmocka_unit_test(test_alike), cmocka_unit_test(test_abort),
        cmocka_unit_test(test_foreign_answer), cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
