/* Files of refused rows: what stands in them, and that they go in again, of each format. */
#include "tally_fixture.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REASON "BAD_PERIOD,period,\"found \"\"Q5\"\", expected a period\"\n"

static const struct {
    const char *what;
    const char *input;
    size_t len;
    const char *map;
    const char *rejects;
    unsigned rows, created, rejected, warnings, missing, suppressed;
} csv[] = {
    {"nothing refused",
     "indicator,period,value,status\na,2018,1,\nw,2018,,missing\nb,2018,,suppressed\nb,2018,,not_"
     "applicable\n",
     0, NULL, "", 4, 4, 0, 1, 2, 1},
    {"as it was", "\xEF\xBB\xBFindicator , period,value\r\n x , \"2018\",\"1\"\"\"\r\na,2018,1\r\n", 0, NULL,
     "indicator , period,value,row,code,field,reason\n x , \"2018\",\"1\"\"\",1," REASON, 2, 1, 1, 0, 0, 0},
    {"CR, newline in quotes", "indicator,period,value,comment\rx,2018,1,\"a\rb,\"\r", 0, NULL,
     "indicator,period,value,comment,row,code,field,reason\nx,2018,1,\"a\rb,\",1," REASON, 1, 0, 1, 0, 0, 0},
    {"no newline at the end", "indicator,period,value\nx,2018,1", 0, NULL,
     "indicator,period,value,row,code,field,reason\nx,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"a second time", "indicator,period,row,code,field,reason,value\nx,2018,77,A,\"b,\"\"c\",\"d\n\",1\n", 0,
     NULL, "indicator,period,value,row,code,field,reason\nx,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"a first column of notes", "row,indicator,period,value\n77,x,2018,1\n", 0, NULL,
     "indicator,period,value,row,code,field,reason\nx,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"too few columns", "indicator,period,value,place\nx,2018\n", 0, NULL,
     "indicator,period,value,place,row,code,field,reason\n"
     "x,2018,1,BAD_ROW,,\"found 2 columns, expected 4 as in the header\"\n",
     1, 0, 1, 0, 0, 0},
    {"too many columns", "indicator,period,value\nx,2018,1,2\n", 0, NULL,
     "indicator,period,value,row,code,field,reason\n"
     "x,2018,1,2,1,BAD_ROW,,\"found 4 columns, expected 3 as in the header\"\n",
     1, 0, 1, 0, 0, 0},
    {"no header", "x,2018,1\nx,2018\nx,2018,1,\n", 0, HEADERLESS,
     "x,2018,1,1," REASON "x,2018,2,BAD_ROW,,\"found 2 columns, expected 3 as in the first row\"\n"
     "x,2018,1,3," REASON,
     3, 0, 3, 0, 0, 0},
    {"comments above", "# a, b\nindicator,period,value\n#x,2018\nx,2018,1\n", 0,
     "{\"dialect\": {\"commentChar\": \"#\"}}",
     "# a, b\nindicator,period,value,row,code,field,reason\nx,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"a quote inside", "indicator,period,value\nx 5\" pipe,2018,1\n", 0, NULL,
     "indicator,period,value,row,code,field,reason\nx 5\" pipe,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"an open quote is closed", "indicator,period,value\n\"x,2018\n", 0, NULL,
     "indicator,period,value,row,code,field,reason\n\"x,2018\n\"...,1,BAD_ROW,,\"found the end of the file "
     "within quotes, "
     "expected a closing quote; the row starts in line 2\"\n",
     1, 0, 1, 0, 0, 0},
    {"bytes that are no text", "indicator,period,value\nx\xE9,2018,1\n", 0, NULL,
     "indicator,period,value,row,code,field,reason\nx\xE9,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"a code of its own", "code,period,value\nx,2018,1\n", 0, "{\"reading\": {\"indicator\": \"{code}\"}}",
     "code,period,value,row,code,field,reason\nx,2018,1,1," REASON, 1, 0, 1, 0, 0, 0},
    {"semicolons", "indicator;period;value\nx;2018;1\n", 0, "{\"dialect\": {\"delimiter\": \";\"}}",
     "indicator;period;value;row;code;field;reason\nx;2018;1;1;BAD_PERIOD;period;\"found \"\"Q5\"\", "
     "expected a period\"\n",
     1, 0, 1, 0, 0, 0},
};

static void
test_csv(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(csv); i++) {
        struct bb_tally tally;
        char *found = tally_import(csv[i].input, csv[i].len ? csv[i].len : strlen(csv[i].input),
                                   BB_FORMAT_CSV, csv[i].map, &tally);
        check_text(found, csv[i].rejects, csv[i].what);
        check_int(tally.rows, csv[i].rows, csv[i].what);
        check_int(tally.created, csv[i].created, csv[i].what);
        check_int(tally.rejected, csv[i].rejected, csv[i].what);
        check_int(tally.warnings, csv[i].warnings, csv[i].what);
        check_int(tally.missing, csv[i].missing, csv[i].what);
        check_int(tally.suppressed, csv[i].suppressed, csv[i].what);
        if (csv[i].rejected &&
            !strstr(found, "\"...")) { /* what came out goes in again, and comes out the same */
            char *again = tally_import(found, strlen(found), BB_FORMAT_CSV, csv[i].map, &tally);
            check_text(again, found, csv[i].what);
            free(again);
        }
        free(found);
    }
}

/* --- text of fixed width, and other encodings: what came out goes in again --------------------------------
 */

#define NAMED                                                                                                \
    "\"fields\": [{\"name\": \"indicator\", \"from\": 1, \"to\": 4}, "                                       \
    "{\"name\": \"period\", \"from\": 5, \"to\": 8}, {\"name\": \"value\", \"from\": 9, \"to\": 30}]"
#define WIDE_MAP                                                                                             \
    "{\"dialect\": {\"header\": false}, \"reading\": {\"period\": \"2018\"}, \"fields\": [{\"name\": "       \
    "\"indicator\", "                                                                                        \
    "\"from\": 1, \"to\": 1}, {\"name\": \"value\", \"from\": 9, \"to\": 9, "                                \
    "\"constraints\": {\"enum\": [\"1\"]}}]}"
#define FIXED_MAP   "{\"dialect\": {\"header\": false}, " NAMED "}"
#define BYTES(text) text, sizeof text - 1
#define NOTE        ", BAD_PERIOD, period: found \"Q5\", expected a period\n"

/* The file of refused rows of a file; and that of the file of refused rows, which is the same. */
static void
check_again(const char *what, const char *input, size_t len, enum bb_format format, const char *map,
            const char *expected)
{
    struct bb_tally tally;
    char *out = tally_import(input, len, format, map, &tally);
    char *again = tally_import(out, strlen(out), format, map, &tally);

    check_text(out, expected, what);
    check_text(again, expected, what);
    free(out);
    free(again);
}

/* The value that is read of a line which is too short for its field. */
static void
check_value(const char *line, const char *value)
{
    char text[100];
    struct tally_file f;
    struct bb_source_row row;

    tally_open(&f, line, strlen(line), BB_FORMAT_FIXED, FIXED_MAP, true);
    assert_int_equal(bb_source_next(f.source, &row), 0);
    snprintf(text, sizeof text, "%.*s", (int)row.row.field[BB_COLUMN_VALUE].len,
             row.row.field[BB_COLUMN_VALUE].data);
    check_text(text, value, line);
    tally_close(&f);
}

static void
test_fixed(void **state)
{
    (void)state;
    const char *lines = "x   2018\r\nx   20181\na   20182\n";
    char *longer = malloc(20000), *expected = malloc(20100);

    check_again("notes", lines, strlen(lines), BB_FORMAT_FIXED, FIXED_MAP,
                "x   2018\t# row 1" NOTE "x   20181\t# row 2" NOTE);
    check_value("a   2018\t# row 12, NO_VALUE, value: found nothing\n", "");
    check_value("a   20185\t# row 12, BAD_ROW: found nothing\n", "5");
    check_value("a   20185 # row 12, BAD_ROW: a\n", "5 # row 12, BAD_ROW: a");
    check_value("a   20185\t# row 12, GOOD: a\n", "5\t# row 12, GOOD: a");
    check_value("a   20185\t# row , BAD_ROW: a\n", "5\t# row , BAD_ROW: a");
    memset(longer, 'y', 20000);
    memcpy(longer, "a   2018", 8);
    longer[19999] = '\0';
    snprintf(expected, 20100, "%s\t# row 1, BAD_VALUE, value: found 'y', expected '1'\n", longer);
    check_again("a line in the spool", longer, strlen(longer), BB_FORMAT_FIXED, WIDE_MAP, expected);
    free(longer);
    free(expected);
}

#define MARK "\xEF\xBB\xBF"
#define WIDE                                                                                                 \
    "i\0n\0d\0i\0c\0a\0t\0o\0r\0,\0p\0e\0r\0i\0o\0d\0,\0v\0a\0l\0u\0e\0\n\0x\0\xF6\0,\0"                     \
    "2\0,\0"                                                                                                 \
    "1\0"

/* They have no other way to say that they are UTF-8 than the mark. */
static void
test_encodings(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum bb_format format;
        const char *map;
        const char *input;
        size_t len;
        const char *expected;
    } files[] = {
        {"windows-1252", BB_FORMAT_CSV, "{\"encoding\": \"windows-1252\"}",
         BYTES("indicator,period,value\nx\xF6,2,1\n"),
         MARK "indicator,period,value,row,code,field,reason\nx\xC3\xB6,2,1,1," REASON},
        {"utf-16 as the map says", BB_FORMAT_CSV, "{\"encoding\": \"utf-16\"}", BYTES(WIDE),
         MARK "indicator,period,value,row,code,field,reason\nx\xC3\xB6,2,1,1," REASON},
        {"fixed, windows-1252", BB_FORMAT_FIXED,
         "{\"encoding\": \"windows-1252\", \"dialect\": {\"headerRows\": [1]}, " NAMED "}",
         BYTES("\xD6\nx\xF6  20181\n"), MARK "\xC3\x96\nx\xC3\xB6  20181\t# row 1" NOTE},
        {"fixed, utf-16", BB_FORMAT_FIXED, "{\"encoding\": \"utf-16\", " NAMED "}",
         BYTES("x\0\xF6\0 \0 \0"
               "2\0"
               "0\0"
               "1\0"
               "8\0"
               "1\0"),
         MARK "x\xC3\xB6  20181\t# row 1" NOTE},
        {"utf-8", BB_FORMAT_CSV, "{\"encoding\": \"utf-8\"}",
         BYTES(MARK "indicator,period,value\nx\xC3\xB6,2,1\n"),
         "indicator,period,value,row,code,field,reason\nx\xC3\xB6,2,1,1," REASON},
    };

    for (size_t i = 0; i < COUNT(files); i++)
        check_again(files[i].what, files[i].input, files[i].len, files[i].format, files[i].map,
                    files[i].expected);
}

static void
test_jsonl(void **state)
{
    (void)state;
    struct bb_tally tally;
    const char *input = "{\"indicator\": \"x\", \"value\":1.50e3 ,\"row\": 7, \"period\":\"2018\"}\n"
                        "nonsense \"\xE9\n{\"indicator\": \"a\"}\n{\"vlaue\": 1e999}\n";
    char *found = tally_import(input, strlen(input), BB_FORMAT_JSONL, NULL, &tally);
    const char *first = "{\"indicator\": \"x\", \"value\": 1.50e3, \"period\": \"2018\", \"row\": 1, "
                        "\"code\": \"BAD_PERIOD\", "
                        "\"field\": \"period\", \"reason\": \"found \\\"Q5\\\", expected a period\"}\n";
    if (strncmp(found, first, strlen(first)) != 0)
        fail_msg("found %s", found);
    assert_non_null(
        strstr(found, "\n{\"line\": \"nonsense \\\"\xEF\xBF\xBD\", \"row\": 2, \"code\": \"BAD_ROW\""));
    assert_non_null(strstr(found, "\n{\"vlaue\": 1e999, \"row\": 4, \"code\": \"BAD_ROW\", \"field\": \"\", "
                                  "\"reason\": \"found the key"));
    assert_int_equal(tally.rejected, 3);
    free(found);
}

static void
test_jsonl_own_code(void **state)
{
    (void)state;
    struct bb_tally tally;
    const char *input = "{\"code\": \"x\"}\n", *map = "{\"reading\": {\"indicator\": \"{code}\"}}";
    char *found = tally_import(input, strlen(input), BB_FORMAT_JSONL, map, &tally);
    assert_string_equal(found, "{\"code\": \"x\", \"row\": 1, \"field\": \"period\", "
                               "\"reason\": \"found \\\"Q5\\\", expected a period\"}\n");
    free(found);
}

/* A row of ten megabytes comes back whole. */
static void
test_long_row(void **state)
{
    (void)state;
    const size_t n = 600000;
    char *data = malloc(n + 200);
    size_t at = (size_t)sprintf(data, "indicator,period,value\na,2018,1\n");
    size_t start = at;
    at += (size_t)sprintf(data + at, "b,2018,");
    memset(data + at, 'y', n);
    data[at + n] = '\n';
    size_t len = at + n + 1;
    struct bb_tally tally;
    char *found = tally_import(data, len, BB_FORMAT_CSV, NULL, &tally);
    assert_int_equal(tally.created, 1);
    assert_int_equal(tally.rejected, 1);
    char *row = strchr(found, '\n') + 1;
    assert_memory_equal(row, data + start, len - start - 1);
    assert_int_equal(strncmp(row + (len - start - 1), ",2,TOO_LONG,value,", 18), 0);
    free(found);
    free(data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),   cmocka_unit_test(test_fixed),          cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_jsonl), cmocka_unit_test(test_jsonl_own_code), cmocka_unit_test(test_long_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
