/* From a file through chunks and answers to counts, messages and the file of refused rows; and where files
 * are cut. */
#include "client/cli/tally.h"

#include "client/formats/text/csv_reader.h"

#include "proto/rows.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char said[8192];

static void
say(const char *line)
{
    strncat(said, line, sizeof said - strlen(said) - 2);
    strcat(said, "\n");
}

struct file {
    struct bb_map map;
    struct bb_spool *spool;
    struct bb_source *source;
    struct bb_chunk chunk;
    int fd;
};

static void
open_file(struct file *f, const char *data, size_t len, enum bb_format format, const char *map, bool keep)
{
    char error[1000];
    struct bb_source_options options = {.file = "", .format = format, .map = &f->map, .mapped = map};
    assert_int_equal(bb_map_init(&f->map), 0);
    if (map)
        assert_int_equal(bb_map_parse(&f->map, "map", bb_bytes_str(map), error, sizeof error), 0);
    f->fd = memfd_create("tally", MFD_CLOEXEC);
    assert_int_equal(write(f->fd, data, len), (ssize_t)len);
    lseek(f->fd, 0, SEEK_SET);
    assert_int_equal(bb_spool_new(&f->spool), 0);
    options.spool = keep ? f->spool : NULL;
    assert_int_equal(bb_source_new(bb_feed_fd(&f->fd), &options, &f->source, error, sizeof error), 0);
    bb_chunk_init(&f->chunk, f->spool, keep);
}

static void
close_file(struct file *f)
{
    bb_chunk_release(&f->chunk);
    bb_source_destroy(&f->source);
    bb_spool_destroy(&f->spool);
    bb_map_release(&f->map);
    close(f->fd);
}

static int
read_row(struct file *f)
{
    struct bb_source_row record;
    int r = bb_source_next(f->source, &record);
    if (r == 0 && record.code)
        r = bb_chunk_add_refused(&f->chunk, &record, record.code, bb_field_name(record.field), record.reason);
    else if (r == 0)
        r = bb_chunk_add_sent(&f->chunk, &record);
    return r;
}

static char *
contents(const char *name, size_t *ret_len)
{
    FILE *from = fopen(name, "r");
    char *text = calloc(1, 1u << 20);
    *ret_len = fread(text, 1, (1u << 20) - 1, from);
    fclose(from);
    return text;
}

/* Import a text; the rows whose indicator begins with 'x' are refused by the "service", those with 'w' warned
 * of. Returns what stands in the file of refused rows. */
static char *
import(const char *data, size_t len, enum bb_format format, const char *map, struct bb_tally *tally)
{
    char name[] = "/tmp/test_tally.XXXXXX";
    close(mkstemp(name));
    struct file f;
    struct bb_note refused[100], warned[100];
    uint8_t outcome[100];
    struct bb_outcomes outcomes = {.outcome = outcome, .rejected = refused, .warning = warned};
    open_file(&f, data, len, format, map, true);
    *tally = (struct bb_tally){.file = "f", .say = say};
    said[0] = '\0';
    assert_int_equal(bb_rejects_new(name, f.source, f.spool, &tally->rejects), 0);
    int r;
    while ((r = read_row(&f)) == 0)
        ;
    assert_int_equal(r, BB_SOURCE_END);
    for (size_t i = 0; i < f.chunk.n_sent; i++) {
        /* the indicator is not kept in the chunk: take it from the raw text */
        struct bb_raw raw = bb_chunk_raw(&f.chunk, &f.chunk.row[f.chunk.sent[i]]);
        bool x = raw.text.len && memchr(raw.text.data, 'x', raw.text.len);
        bool w = raw.text.len && memchr(raw.text.data, 'w', raw.text.len);
        struct bb_note note = {(uint32_t)i,
                               BB_ROW_CODE_BAD_PERIOD,
                               "BAD_PERIOD",
                               "period",
                               "found \"Q5\", expected a period",
                               0};
        outcome[i] = x ? BB_REJECTED : BB_CREATED;
        if (x)
            refused[outcomes.n_rejected++] = note;
        if (w)
            warned[outcomes.n_warnings++] = note;
    }
    outcomes.rows = (uint32_t)f.chunk.n_sent;
    assert_int_equal(bb_chunk_answer(&f.chunk, &outcomes), 0);
    bb_tally_chunk(tally, &f.chunk);
    bb_tally_finish(tally);
    assert_int_equal(bb_rejects_finish(tally->rejects, true), 0);
    bb_rejects_destroy(&tally->rejects);
    close_file(&f);
    size_t out_len;
    char *out = contents(name, &out_len);
    unlink(name);
    return out;
}

#define HEADERLESS                                                                                           \
    "{\"dialect\": {\"header\": false}, \"fields\": [{\"name\": \"indicator\"}, {\"name\": \"period\"}, "    \
    "{\"name\": \"value\"}, {\"name\": \"comment\", \"optional\": true}]}"

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
        char *found = import(csv[i].input, csv[i].len ? csv[i].len : strlen(csv[i].input), BB_FORMAT_CSV,
                             csv[i].map, &tally);
        check_text(found, csv[i].rejects, csv[i].what);
        check_int(tally.rows, csv[i].rows, csv[i].what);
        check_int(tally.created, csv[i].created, csv[i].what);
        check_int(tally.rejected, csv[i].rejected, csv[i].what);
        check_int(tally.warnings, csv[i].warnings, csv[i].what);
        check_int(tally.missing, csv[i].missing, csv[i].what);
        check_int(tally.suppressed, csv[i].suppressed, csv[i].what);
        if (csv[i].rejected &&
            !strstr(found, "\"...")) { /* what came out goes in again, and comes out the same */
            char *again = import(found, strlen(found), BB_FORMAT_CSV, csv[i].map, &tally);
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
    char *out = import(input, len, format, map, &tally);
    char *again = import(out, strlen(out), format, map, &tally);

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
    struct file f;
    struct bb_source_row row;

    open_file(&f, line, strlen(line), BB_FORMAT_FIXED, FIXED_MAP, true);
    assert_int_equal(bb_source_next(f.source, &row), 0);
    snprintf(text, sizeof text, "%.*s", (int)row.row.field[BB_COLUMN_VALUE].len,
             row.row.field[BB_COLUMN_VALUE].data);
    check_text(text, value, line);
    close_file(&f);
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
    char *found = import(input, strlen(input), BB_FORMAT_JSONL, NULL, &tally);
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
    char *found = import(input, strlen(input), BB_FORMAT_JSONL, map, &tally);
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
    char *found = import(data, len, BB_FORMAT_CSV, NULL, &tally);
    assert_int_equal(tally.created, 1);
    assert_int_equal(tally.rejected, 1);
    char *row = strchr(found, '\n') + 1;
    assert_memory_equal(row, data + start, len - start - 1);
    assert_int_equal(strncmp(row + (len - start - 1), ",2,TOO_LONG,value,", 18), 0);
    free(found);
    free(data);
}

static void
test_messages(void **state)
{
    (void)state;
    char data[4000] = "indicator,period,value\n\n";
    for (int i = 0; i < 23; i++)
        strcat(data, "x,2018,1\n");
    struct bb_tally tally;
    free(import(data, strlen(data), BB_FORMAT_CSV, NULL, &tally));
    const char *first =
        "f: row 1 (line 3), period: found \"Q5\", expected a period [BAD_PERIOD]\nf: row 2 (line 4), ";
    assert_int_equal(strncmp(said, first, strlen(first)), 0);
    assert_null(strstr(said, "row 21"));
    assert_non_null(strstr(said, "f: and 3 more refused rows\n"));
}

/* One chunk after the other, all of whose rows are taken, with these warnings. */
static void
warn(struct file *f, struct bb_tally *tally, const struct bb_note *warning, size_t n)
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
    struct file f;
    struct bb_tally tally = {.file = "f", .say = say};
    char name[] = "/tmp/test_tally.XXXXXX";
    char *out;
    size_t len;

    close(mkstemp(name));
    said[0] = '\0';
    open_file(&f, data, strlen(data), BB_FORMAT_CSV, NULL, true);
    assert_int_equal(bb_rejects_new(name, f.source, f.spool, &tally.warnings_file), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read_row(&f), 0);
    warn(&f, &tally, first, COUNT(first));
    while (read_row(&f) == 0)
        ;
    warn(&f, &tally, second, COUNT(second));
    bb_tally_finish(&tally);
    assert_int_equal(tally.warnings, 4);
    assert_string_equal(said, "f: row 2 (line 3), value: warning: far [JUMP]\n"
                              "f: row 4 (line 5), value: warning: far [JUMP]\n"
                              "f: row 1 (line 2), period: warning: of a [NOT_BEGUN], of 3 rows\n"
                              "f: row 3 (line 4), period: warning: of b [NOT_BEGUN], of 1001 rows\n");
    assert_int_equal(bb_rejects_finish(tally.warnings_file, true), 0);
    bb_rejects_destroy(&tally.warnings_file);
    close_file(&f);
    out = contents(name, &len);
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
    struct file f;
    struct bb_tally tally = {.file = "f", .say = say};
    uint8_t outcome[2] = {BB_REJECTED, BB_REJECTED};
    struct bb_outcomes outcomes = {.outcome = outcome, .rows = 2, .aborted = true};
    said[0] = '\0';
    open_file(&f, data, strlen(data), BB_FORMAT_CSV, NULL, false);
    while (read_row(&f) == 0)
        ;
    assert_int_equal(bb_chunk_answer(&f.chunk, &outcomes), 0);
    bb_tally_chunk(&tally, &f.chunk);
    bb_tally_finish(&tally);
    assert_int_equal(tally.rejected, 3);
    assert_int_equal(tally.atomic, 2);
    assert_string_equal(said, "f: row 2 (line 3): found 2 columns, expected 3 as in the header [BAD_ROW]\n"
                              "f: 2 good rows were not taken either: --atomic takes all rows or none\n");
    close_file(&f);
}

/* An answer about other rows than were asked is none. */
static void
test_foreign_answer(void **state)
{
    (void)state;
    const char *data = "indicator,period,value\na,2018,1\n";
    struct file f;
    uint8_t outcome[2] = {BB_CREATED, BB_CREATED};
    struct bb_note note = {1, BB_ROW_CODE_BAD_ROW, "BAD_ROW", "", "", 0};
    struct bb_outcomes more = {.outcome = outcome, .rows = 2};
    struct bb_outcomes beyond = {.outcome = outcome, .rows = 1, .rejected = &note, .n_rejected = 1};
    open_file(&f, data, strlen(data), BB_FORMAT_CSV, NULL, false);
    assert_int_equal(read_row(&f), 0);
    assert_int_equal(bb_chunk_answer(&f.chunk, &more), -EBADMSG);
    assert_int_equal(bb_chunk_answer(&f.chunk, &beyond), -EBADMSG);
    close_file(&f);
}

/* The rows at which a file is cut, as a list of numbers. */
static void
cuts(const char *data, size_t len, bool keep, char *out, size_t size)
{
    struct file f;
    size_t at = 0;
    open_file(&f, data, len, BB_FORMAT_CSV, NULL, keep);
    while (read_row(&f) == 0) {
        if (!bb_chunk_is_full(&f.chunk))
            continue;
        at += (size_t)snprintf(out + at, size - at, "%zu/%zu ", f.chunk.n_sent, f.chunk.n_rows);
        bb_chunk_reset(&f.chunk);
    }
    snprintf(out + at, size - at, "%zu/%zu", f.chunk.n_sent, f.chunk.n_rows);
    close_file(&f);
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

/* --- random files: what is written out reads back
 * ----------------------------------------------------------- */

#define RANDOM_COLUMNS 4

static unsigned random_state;

static unsigned
random_below(unsigned n)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % n;
}

#define ROW_END "\2"

/* The cells of every row, each ended by \1; of broken or uneven rows "!"; each row ended by \2. */
static char *
cells_of(const char *data, size_t len, size_t columns)
{
    char *out = NULL;
    size_t out_len;
    FILE *to = open_memstream(&out, &out_len);
    int fd = memfd_create("cells", MFD_CLOEXEC);
    struct bb_csv *reader;
    struct bb_csv_row row;
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(bb_csv_new(bb_feed_fd(&fd), ',', NULL, &reader), 0);
    bb_csv_next(reader, &row);
    while (bb_csv_next(reader, &row) == 0) {
        bool even = !row.problem && row.count == columns, blank = row.count > 0;
        for (size_t i = 0; i < row.count && i < BB_CSV_COLUMNS; i++)
            blank = blank && row.cell[i].len == 0;
        if (blank && !row.problem)
            continue; /* nothing stands in it: it is no row */
        for (size_t i = 0; even && i < RANDOM_COLUMNS; i++)
            fprintf(to, "%.*s\1", (int)row.cell[i].len, (const char *)row.cell[i].data);
        fputs(even ? ROW_END : "!" ROW_END, to);
    }
    bb_csv_destroy(&reader);
    close(fd);
    fclose(to);
    return out;
}

static void
random_row(FILE *to)
{
    static const char *const pieces[] = {"a",  "b",    " ",     "\t", ",",  ",",    ",",
                                         "\"", "\"\"", "\"c\"", "\r", "\n", "\r\n", "\xC3\xA9"};
    static const char *const sound[] = {"a",          "",         " b ",  "\"c,d\"",    "\"e\nf\"",
                                        "\"g\"\"h\"", "i\"j",     "\"\"", "\"k\r\nl\"", " \" m \" ",
                                        "\"\"\"\"",   "\xC3\xA9", "n o"};
    if (random_below(3)) {
        for (int i = 0; i < RANDOM_COLUMNS; i++)
            fprintf(to, "%s%s", i ? "," : "x", sound[random_below(COUNT(sound))]);
    } else {
        for (unsigned i = random_below(12); i; i--)
            fputs(pieces[random_below(COUNT(pieces))], to);
    }
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    fputs(ends[random_below(3)], to);
}

/* Of a sound row the same cells come back. Behind a broken one that was mended, or that spilt into the next,
 * rows can no longer be told apart: the comparison ends. */
static bool
comes_back(const char *before, const char *after)
{
    while (*before && *after) {
        size_t b = strcspn(before, ROW_END) + 1, a = strcspn(after, ROW_END) + 1;
        if (*before != '!' && (a != b || strncmp(before, after, a) != 0))
            return false;
        if (*before == '!' && *after != '!')
            return true;
        before += b;
        after += a;
    }
    return true;
}

/* Refuse every row of a file; what stands in the file of refused rows then. */
static char *
refuse_all(const char *data, size_t len, const char *map, size_t *ret_len)
{
    struct file f;
    struct bb_tally tally = {.file = "f", .say = say};
    char name[] = "/tmp/test_tally.XXXXXX";
    close(mkstemp(name));
    said[0] = '\0';
    open_file(&f, data, len, BB_FORMAT_CSV, map, true);
    assert_int_equal(bb_rejects_new(name, f.source, f.spool, &tally.rejects), 0);
    while (read_row(&f) == 0)
        ;
    assert_int_equal(bb_chunk_abort(&f.chunk), 0);
    bb_tally_chunk(&tally, &f.chunk);
    assert_int_equal(bb_rejects_finish(tally.rejects, true), 0);
    bb_rejects_destroy(&tally.rejects);
    close_file(&f);
    char *out = contents(name, ret_len);
    unlink(name);
    return out;
}

/* What is refused of each row of a file. */
static char *
codes_of(const char *data, size_t len, const char *map)
{
    struct file f;
    struct bb_source_row row;
    char *out = NULL;
    size_t out_len;
    FILE *to = open_memstream(&out, &out_len);

    open_file(&f, data, len, BB_FORMAT_CSV, map, true);
    while (bb_source_next(f.source, &row) == 0)
        fprintf(to, "%d ", (int)row.code);
    close_file(&f);
    fclose(to);
    return out;
}

/* Nobody has corrected anything: what was refused is refused again, and nothing else; and written again the
 * file stays the same. */
static void
check_refused_again(const char *data, size_t len, const char *map, unsigned seed)
{
    size_t first_len, second_len;
    char *first = refuse_all(data, len, map, &first_len);
    char *codes = codes_of(data, len, map), *again = codes_of(first, first_len, map);

    if (strcmp(codes, again) != 0)
        fail_msg("seed %u: %s became %s:\n%s\nbecame\n%s", seed, codes, again, data, first);
    char *second = refuse_all(first, first_len, map, &second_len);
    char *cells = cells_of(first, first_len, RANDOM_COLUMNS + 4);
    char *cells_again = cells_of(second, second_len, RANDOM_COLUMNS + 4);
    check_text(cells_again, cells, first);
    free(first);
    free(second);
    free(codes);
    free(again);
    free(cells);
    free(cells_again);
}

/* How somebody corrects such a file. */
static void
test_corrected(void **state)
{
    (void)state;
#define HEADER "indicator,period,value,row,code,field,reason\n"
#define NOTED  "1,BAD_ROW,,\"found 2 columns, expected 3\""
    static const struct {
        const char *text, *map, *codes;
    } files[] = {
        {HEADER "a,2018," NOTED "\n", NULL, "17 "},
        {HEADER "a,2018," NOTED ",,,\n", NULL, "17 "},
        {HEADER "a,2018,1," NOTED "\n", NULL, "0 "},
        {HEADER "a,2018,1," NOTED ",\n", NULL, "0 "},
        {HEADER "a,2018,1\na,2019\n", NULL, "0 17 "},
        {HEADER "a,2018,1,,,,\n", NULL, "0 "},
        {HEADER "a,2018,1,,mended,,\n", NULL, "0 "},
        {HEADER "\"a\",\"2018\",\"1\",\"BAD_ROW\",\"\",\"found\"\n", NULL, "17 "},
        {"a,2018," NOTED "\na,2018,1," NOTED "\n",
         "{\"dialect\": {\"header\": false}, \"fields\": [{\"name\": \"indicator\"}, {\"name\": \"period\"}, "
         "{\"name\": \"value\"}]}",
         "17 0 "},
    };

    for (size_t i = 0; i < COUNT(files); i++) {
        char *codes = codes_of(files[i].text, strlen(files[i].text), files[i].map);
        check_text(codes, files[i].codes, files[i].text);
        free(codes);
    }
}

static void
test_random(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 3000; seed++) {
        char *data = NULL;
        size_t len, out_len;
        FILE *to = open_memstream(&data, &len);
        random_state = seed;
        fputs("indicator,period,value,comment\n", to);
        for (int i = 0; i < 5; i++)
            random_row(to);
        fclose(to);
        char *out = refuse_all(data, len, NULL, &out_len);
        char *before = cells_of(data, len, RANDOM_COLUMNS);
        char *after = cells_of(out, out_len, RANDOM_COLUMNS + 4);
        if (!comes_back(before, after))
            fail_msg("seed %u:\n%s\nbecame\n%s", seed, data, out);
        check_refused_again(data, len, NULL, seed);
        check_refused_again(data, len, HEADERLESS, seed);
        free(before);
        free(after);
        free(data);
        free(out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_jsonl),
        cmocka_unit_test(test_jsonl_own_code),
        cmocka_unit_test(test_long_row),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_foreign_answer),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_corrected),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
