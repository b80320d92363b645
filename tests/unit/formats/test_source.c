/* Files in, rows to send out: headers, maps, missing values, separators, and what is refused before it is
 * sent. A row is written down as "number:field=text,field=text"; a refused one as "number!CODE field:
 * reason". */
#include "client/formats/source.h"

#include "proto/rows.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int
file_of(const char *data, size_t len)
{
    int fd = memfd_create("source", MFD_CLOEXEC);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void
put_record(FILE *to, const struct bb_source_row *record)
{
    static const char letters[BB_COLUMNS + 1] = "iolgpvndsc";
    if (record->code) {
        fprintf(to, "%d!%s %s: %s\n", (int)record->number, bb_row_code_name(record->code),
                bb_field_name(record->field), record->reason);
        return;
    }
    fprintf(to, "%d:", (int)record->number);
    for (int i = 0; i < BB_COLUMNS; i++)
        if (record->row.field[i].data && (record->row.field[i].len || i == BB_COLUMN_COMMENT))
            fprintf(to, "%c=%.*s ", letters[i], (int)record->row.field[i].len, record->row.field[i].data);
    fputc('\n', to);
}

static char *
rows_of(const char *input, size_t len, enum bb_format format, const char *map_text)
{
    char error[2000] = "";
    struct bb_map map;
    struct bb_source *source;
    struct bb_source_row record;
    char *out = NULL;
    size_t out_len;
    FILE *to = open_memstream(&out, &out_len);
    assert_int_equal(bb_map_init(&map), 0);
    if (map_text)
        assert_int_equal(bb_map_parse(&map, "map", bb_bytes_str(map_text), error, sizeof error), 0);
    int fd = file_of(input, len ? len : strlen(input));
    const struct bb_source_options options = {.file = "", .format = format, .map = &map, .mapped = map_text};
    int r = bb_source_new(bb_feed_fd(&fd), &options, &source, error, sizeof error);
    if (r < 0) {
        fprintf(to, "error: %s", error);
    } else {
        while ((r = bb_source_next(source, &record)) == 0)
            put_record(to, &record);
        assert_int_equal(r, BB_SOURCE_END);
        bb_source_destroy(&source);
    }
    fclose(to);
    close(fd);
    bb_map_release(&map);
    return out;
}

static const struct {
    const char *what, *input, *map, *expected;
} headers[] = {
    {"empty", "", NULL, "error: the file is empty; expected a header such as indicator,place,period,value"},
    {"only lines", "\n\n", NULL,
     "error: the file is empty; expected a header such as indicator,place,period,value"},
    {"UTF-16 cut short", "\xFF\xFEi", NULL,
     "error: line 1, byte 3: found a single byte at the end of the file, expected UTF-16"},
    {"no header", "\na,2018,5\n", NULL,
     "error: line 2: there is no header: found \"a\", \"2018\", \"5\", expected names of columns: indicator, "
     "organization, place, disaggregation, period, value, numerator, denominator, status, comment; what "
     "other systems write "
     "needs a map: backbone map suggest FILE"},
    {"unknown", "indicator,Period,value,x\n", NULL,
     "error: line 1: unknown column \"Period\" (column 2), \"x\" (column 4); known are indicator, "
     "organization, place, "
     "disaggregation, period, value, numerator, denominator, status, comment; leave columns out with "
     "--ignore NAME,..., "
     "or say in a map (--map) what they are; written otherwise than expected: \"Period\" for period"},
    {"gzip", "\x1F\x8B\x08", NULL,
     "error: found a compressed file (gzip), expected text: zcat FILE | backbone ... -"},
    {"twice", "indicator,period,value,value\n", NULL,
     "error: line 1: columns 3 and 4 are both \"value\": say which one as a field with \"column\", or join "
     "the rows of the header (headerRows, headerFill)"},
    {"no period", "indicator,value\n", NULL,
     "error: there is no column \"period\"; needed are indicator, period and value (or numerator and "
     "denominator, or "
     "status), as columns or by the reading of --map"},
    {"no indicator", "period,value\n", NULL,
     "error: there is no column \"indicator\"; needed are indicator, period and value (or numerator and "
     "denominator, or "
     "status), as columns or by the reading of --map"},
    {"a numerator alone", "indicator,period,numerator\n", NULL,
     "error: there is no column \"value\"; needed are indicator, period and value (or numerator and "
     "denominator, or "
     "status), as columns or by the reading of --map"},
    {"parts will do", "indicator,period,numerator,denominator\na,2018,1,2\n", NULL,
     "1:i=a p=2018 n=1 d=2 \n"},
    {"a status will do", "indicator,period,status\na,2018,missing\n", NULL, "1:i=a p=2018 s=missing \n"},
    {"no rows", "indicator,period,value\n", NULL, ""},
    {"comments around the header", "# a\nindicator,period,value\n# b\na,2018,1\n",
     "{\"dialect\": {\"commentChar\": \"#\"}}", "1:i=a p=2018 v=1 \n"},
    {"comments among the rows of the header", "T 2018\n#,,\nindi,val\n# x\ncator,ue\na,1\n",
     "{\"dialect\": {\"commentChar\": \"#\", \"headerRows\": [3, 5], \"headerJoin\": \"\"}, "
     "\"capture\": [{\"from\": \"title\", \"pattern\": \"([0-9]+)\", \"names\": [\"y\"]}], "
     "\"reading\": {\"indicator\": \"{indicator}\", \"value\": \"{value}\", \"period\": \"{y}\"}}",
     "1:i=a p=2018 v=1 \n"},
    {"a header that looks like a comment", "#a\n#i,p\nx,1\n",
     "{\"dialect\": {\"commentChar\": \"#\", \"headerRows\": [2]}, \"reading\": {\"indicator\": \"{#i}\", "
     "\"value\": \"{p}\", \"period\": \"2018\"}}",
     "1:i=x p=2018 v=1 \n"},
    {"comments without a header", "# a\na,1\n# b\nb,2\n",
     "{\"dialect\": {\"commentChar\": \"#\", \"header\": false}, \"fields\": [{\"name\": \"indicator\"}, "
     "{\"name\": \"value\"}], \"reading\": {\"period\": \"2018\"}}",
     "1:i=a p=2018 v=1 \n2:i=b p=2018 v=2 \n"},
    {"annotations", "row,indicator,period,value,code,field,reason\n7,a,2018,5,X,y,z\n", NULL,
     "1:i=a p=2018 v=5 \n"},
    {"a map's column is not there", "indicator,period,value\n", "{\"reading\": {\"value\": \"{Count}\"}}",
     "error: line 1: the map speaks of a column \"Count\", which the file does not have"},
    {"a mapped column beside the field", "indicator,period,value,Count\n",
     "{\"reading\": {\"value\": \"{Count}\"}}",
     "error: line 1: unknown column \"value\" (column 3); known are indicator, organization, place, "
     "disaggregation, period, value, numerator, denominator, status, comment; leave columns out with "
     "--ignore "
     "NAME,..., or say in a map (--map) what they are"},
    {"unless that is ignored", "indicator,period,value,Count\na,2018,5,6\n",
     "{\"reading\": {\"value\": \"{Count}\"}, \"ignore\": [\"value\"]}", "1:i=a p=2018 v=6 \n"},
    {"a column of that name twice", "indicator,period,%,%\na,2018,5,6\n",
     "{\"reading\": {\"value\": \"{%}\"}}",
     "error: line 1: columns 3 and 4 are both \"%\": say which one as a field with \"column\", or join the "
     "rows "
     "of the header (headerRows, headerFill)"},
    {"which one", "indicator,period,%,%\na,2018,5,6\n",
     "{\"fields\": [{\"name\": \"rate\", \"column\": 4}], \"reading\": {\"value\": \"{rate}\"}, \"ignore\": "
     "[\"%\"]}",
     "1:i=a p=2018 v=6 \n"},
    {"constants", "value\n5\n",
     "{\"reading\": {\"period\": \"2018\", \"indicator\": \"a\", \"place\": \"x y\"}}",
     "1:i=a l=x y p=2018 v=5 \n"},
    {"delimiter", "indicator;period;value\na;2018;1,5\n",
     "{\"dialect\": {\"delimiter\": \";\"}, \"decimalChar\": \",\"}", "1:i=a p=2018 v=1.5 \n"},
    {"a field that is described is a member by its name all the same",
     "indicator,period,value\na,2018,\"1,500\"\n",
     "{\"fields\": [{\"name\": \"value\", \"groupChar\": \",\"}]}", "1:i=a p=2018 v=1500 \n"},
    {"the first of two mistakes is told", "indicator,period,numerator,denominator\na,2018,\"1,2\",\"3,4\"\n",
     "{\"groupChar\": \",\"}",
     "1!BAD_NUMBER numerator: found '1,2', expected a number with '.' as decimal mark and ',' between groups "
     "of three "
     "digits\n"},
    {"unless it is ignored", "indicator,period,value,Count\na,2018,5,6\n",
     "{\"fields\": [{\"name\": \"value\"}], \"ignore\": [\"value\"], \"reading\": {\"numerator\": "
     "\"{Count}\", "
     "\"denominator\": \"10\"}}",
     "1:i=a p=2018 n=6 d=10 \n"},
};

static void
test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        char *found = rows_of(headers[i].input, 0, BB_FORMAT_CSV, headers[i].map);
        check_text(found, headers[i].expected, headers[i].what);
        free(found);
    }
}

#define HEAD "indicator,period,value,numerator,denominator,status,comment\n"

static const struct {
    const char *what, *row, *map, *expected;
} rows[] = {
    {"as it is", "a, 2018 ,\" 5 \",,,, c d \n", NULL, "1:i=a p=2018 v=5 c=c d \n"},
    {"text stays", "a,2018,abc,,,,\n", NULL, "1:i=a p=2018 v=abc \n"},
    {"too few", "a,2018,5\n", NULL, "1!BAD_ROW : found 3 columns, expected 7 as in the header\n"},
    {"empty ones behind", "a,2018,5,,,,,,\n", NULL, "1:i=a p=2018 v=5 \n"},
    {"nothing at all", ",,,,,,\na,2018,5,,,,\n", NULL, "2:i=a p=2018 v=5 \n"},
    {"too many", "a,2018,5,,,,,x\n", NULL, "1!BAD_ROW : found 8 columns, expected 7 as in the header\n"},
    {"quote", "\"a\"b,2018,5,,,,\na,2018,5,,,,\n", NULL,
     "1!BAD_ROW : found text behind a closing quote in line 2, expected the next column (a quote within "
     "quotes is "
     "written twice)\n2:i=a p=2018 v=5 \n"},
    {"open quote", "a,2018,5,,,,\n\"a,2018\n", NULL,
     "1:i=a p=2018 v=5 \n2!BAD_ROW : found the end of the file within quotes, expected a closing quote; the "
     "row starts "
     "in line 3\n"},
    /* separators */
    {"thousands", "a,2018,\"-25,909.5\",\"1,234,567\",999,,\n", "{\"groupChar\": \",\"}",
     "1:i=a p=2018 v=-25909.5 n=1234567 d=999 \n"},
    {"without them", "a,2018,25909,,,,\n", "{\"groupChar\": \",\"}", "1:i=a p=2018 v=25909 \n"},
    {"a group of one", "a,2018,\"2,5\",,,,\n", "{\"groupChar\": \",\"}",
     "1!BAD_NUMBER value: found '2,5', expected a number with '.' as decimal mark and ',' between "
     "groups of three "
     "digits\n"},
    {"a first group of four", "a,2018,\"2500,500\",,,,\n", "{\"groupChar\": \",\"}",
     "1!BAD_NUMBER value: found '2500,500', expected a number with '.' as decimal mark and ',' between "
     "groups of "
     "three digits\n"},
    {"behind the point", "a,2018,\"1.500,500\",,,,\n", "{\"groupChar\": \",\"}",
     "1!BAD_NUMBER value: found '1.500,500', expected a number with '.' as decimal mark and ',' between "
     "groups "
     "of three digits\n"},
    {"a leading point", "a,2018,.204,,,,\n", "{\"groupChar\": \",\"}", "1:i=a p=2018 v=.204 \n"},
    {"decimal comma", "a,2018,\"12,5\",,,,\n", "{\"decimalChar\": \",\"}", "1:i=a p=2018 v=12.5 \n"},
    {"a point then", "a,2018,12.5,,,,\n", "{\"decimalChar\": \",\"}",
     "1!BAD_NUMBER value: found '12.5', expected a number with ',' as decimal mark\n"},
    {"both", "a,2018,\"1.234,5\",,,,\n", "{\"decimalChar\": \",\", \"groupChar\": \".\"}",
     "1:i=a p=2018 v=1234.5 \n"},
    {"both, a wrong group", "a,2018,12.5,,,,\n", "{\"decimalChar\": \",\", \"groupChar\": \".\"}",
     "1!BAD_NUMBER value: found '12.5', expected a number with ',' as decimal mark and '.' between "
     "groups of three "
     "digits\n"},
    {"a no-break space",
     "a,2018,1\xC2\xA0"
     "234,,,,\n",
     "{\"groupChar\": \"\\u00a0\"}", "1:i=a p=2018 v=1234 \n"},
    {"an apostrophe", "a,2018,1'234,,,,\n", "{\"groupChar\": \"'\"}", "1:i=a p=2018 v=1234 \n"},
    /* missing values */
    {"a value", "a,2018,*,,,,\n", "{\"missingValues\": [{\"value\": \"*\", \"label\": \"suppressed\"}]}",
     "1:i=a p=2018 s=suppressed \n"},
    {"a status wins", "a,2018,*,,,not_applicable,\n",
     "{\"missingValues\": [{\"value\": \"*\", \"label\": \"suppressed\"}]}",
     "1:i=a p=2018 s=not_applicable \n"},
    {"a part of a value", "a,2018,5,*,,,\n",
     "{\"missingValues\": [{\"value\": \"*\", \"label\": \"suppressed\"}]}", "1:i=a p=2018 v=5 \n"},
    {"a part that is needed", "a,2018,,3,*,,\n",
     "{\"missingValues\": [{\"value\": \"*\", \"label\": \"suppressed\"}]}",
     "1:i=a p=2018 n=3 s=suppressed \n"},
    {"a value beside its parts", "a,2018,*,3,4,,\n",
     "{\"missingValues\": [{\"value\": \"*\", \"label\": \"suppressed\"}]}",
     "1:i=a p=2018 n=3 d=4 s=suppressed \n"},
    {"empty means missing", "a,2018,,,,,\n", "{\"missingValues\": [\"\"]}", "1:i=a p=2018 s=missing \n"},
    {"but not beside parts", "a,2018,,3,4,,\n", "{\"missingValues\": [\"\"]}", "1:i=a p=2018 n=3 d=4 \n"},
    {"before separators", "a,2018,\"-9,9\",,,,\n", "{\"missingValues\": [\"-9,9\"], \"groupChar\": \",\"}",
     "1:i=a p=2018 s=missing \n"},
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char input[500];
        snprintf(input, sizeof input, "%s%s", HEAD, rows[i].row);
        char *found = rows_of(input, 0, BB_FORMAT_CSV, rows[i].map);
        check_text(found, rows[i].expected, rows[i].what);
        free(found);
    }
}

static void
test_overlong(void **state)
{
    (void)state;
    const size_t n = 10u << 20;
    char *data = malloc(n + 200);
    size_t at = (size_t)sprintf(data, "indicator,period,value,comment\na,2018,1,");
    memset(data + at, 'x', n);
    sprintf(data + at + n, "\nb,2018,2,\n");
    char *found = rows_of(data, 0, BB_FORMAT_CSV, NULL);
    assert_string_equal(
        found, "1!TOO_LONG comment: found 10485760 bytes, expected at most 2000\n2:i=b p=2018 v=2 \n");
    free(found);
    at = (size_t)sprintf(data, "indicator,period,value,place\na,2018,");
    memset(data + at, '1', 70000);
    data[at + 70000] = ',';
    memset(data + at + 70001, 'x', 80000);
    data[at + 150001] = '\0';
    found = rows_of(data, 0, BB_FORMAT_CSV, NULL);
    assert_string_equal(found, "1!TOO_LONG place: found 80000 bytes, expected at most 300\n");
    free(found);
    at = (size_t)sprintf(data, "{\"comment\": \"");
    memset(data + at, 'x', n);
    sprintf(data + at + n, "\"}\n{\"indicator\": \"b\"}\n");
    found = rows_of(data, 0, BB_FORMAT_JSONL, NULL);
    assert_string_equal(found,
                        "1!TOO_LONG : found a line of 10485775 bytes, expected at most 262144\n2:i=b \n");
    free(found);
    free(data);
}

static const struct {
    const char *what, *input, *map, *expected;
} lines[] = {
    {"empty", "", NULL, "error: the file is empty; expected a JSON object in each line"},
    {"UTF-16 cut short", "\xFE\xFF{", NULL,
     "error: line 1, byte 3: found a single byte at the end of the file, expected UTF-16"},
    {"only empty lines", "\n\n", NULL, ""},
    {"fields", "{\"indicator\": \"a\", \"period\": 2018, \"value\": 12.50}", NULL, "1:i=a p=2018 v=12.50 \n"},
    {"line ends", "\xEF\xBB\xBF{\"indicator\":\"a\"}\r\n\r\n{\"indicator\":\"b\"}\r{\"indicator\":\"c\"}\n",
     NULL, "1:i=a \n2:i=b \n3:i=c \n"},
    {"exact numbers",
     "{\"value\":0.12345678901234567890, \"numerator\":123456789012345678901234567890 "
     ",\"denominator\":-1E+400}",
     NULL, "1:v=0.12345678901234567890 n=123456789012345678901234567890 d=-1E+400 \n"},
    {"numbers in texts", "{\"comment\": \"in 2018, {\\\"a\\\": 5}\", \"value\": \"1.5\"}", NULL,
     "1:v=1.5 c=in 2018, {\"a\": 5} \n"},
    {"null and empty", "{\"comment\": \"\", \"place\": null, \"value\": 1}", NULL, "1:v=1 c= \n"},
    {"nested in an ignored key", "{\"x\": {\"y\": [1, {\"z\": \"}\"}]}, \"value\": 7}",
     "{\"ignore\": [\"x\"]}", "1:v=7 \n"},
    {"plain numbers whatever the map says", "{\"value\": 1.5, \"numerator\": \"1,5\"}",
     "{\"decimalChar\": \",\"}", "1:v=1.5 n=1.5 \n"},
    {"annotations", "{\"value\": 1, \"row\": 3, \"code\": \"X\", \"field\": \"\", \"reason\": \"y\"}", NULL,
     "1:v=1 \n"},
    {"columns and constants", "{\"Count\": 1}",
     "{\"reading\": {\"value\": \"{Count}\", \"period\": \"2018\"}}", "1:p=2018 v=1 \n"},
    {"unknown key", "{\"vlaue\": 1}\n{\"value\": 2}", NULL,
     "1!BAD_ROW : found the key 'vlaue', expected a field, or a key that --ignore or --map names\n2:v=2 "
     "\n"},
    {"a key that the map has no use for", "{\"Count\": 1, \"value\": 2}",
     "{\"reading\": {\"value\": \"{Count}\"}}",
     "1!BAD_ROW : found the key 'value', expected a field, or a key that --ignore or --map names\n"},
    {"a truth is for who knows the indicator", "{\"value\": true}", NULL, "1:v=true \n"},
    {"a truth elsewhere", "{\"place\": true}", NULL,
     "1!BAD_TEXT place: found true, expected a text or a number\n"},
    {"a list", "{\"place\": [\"a\"]}", NULL, "1!BAD_TEXT place: found a list, expected a text or a number\n"},
    {"no object", "[1]\n5\n", NULL,
     "1!BAD_ROW : found a list, expected a JSON object\n2!BAD_ROW : found a number, expected a JSON "
     "object\n"},
};

static void
test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        char *found = rows_of(lines[i].input, 0, BB_FORMAT_JSONL, lines[i].map);
        check_text(found, lines[i].expected, lines[i].what);
        free(found);
    }
}

/* Lines that are no JSON: each is refused, the next one read. The words: test_json_words.c. */
static void
test_broken_lines(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "{",
        "{\"value\": 01}",
        "{\"value\": 1.}",
        "{\"value\": .5}",
        "{\"value\": +1}",
        "{\"value\": NaN}",
        "{\"value\": 1 2}",
        "{\"value\": 1, \"value\": 2}",
        "{\"place\": \"\xE9\"}",
        "{\"place\": \"\\u0000\"}",
        "{\"place\": \"\x01\"}",
        "{\"value\": 1}}",
        "{\"value\": \"1}",
        "}{",
        "\"",
        "{\"value\": 1e}",
        "{\"a\":\"\\",
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        char input[200];
        snprintf(input, sizeof input, "%s\n{\"value\": 9}\n", broken[i]);
        char *found = rows_of(input, 0, BB_FORMAT_JSONL, NULL);
        if (strncmp(found, "1!BAD_ROW : found ", 18) != 0 || !strstr(found, ", expected ") ||
            !strstr(found, "\n2:v=9 \n"))
            fail_msg("%s: found %s", broken[i], found);
        free(found);
    }
    char *found = rows_of("{\"place\": \"a\0b\"}\n{\"value\": 9}\n", 31, BB_FORMAT_JSONL, NULL);
    assert_non_null(strstr(found, "2:v=9 \n"));
    free(found);
}

static ssize_t
one_byte(void *self, uint8_t *to, size_t size)
{
    struct bb_bytes *left = self;

    if (left->len == 0 || size == 0)
        return 0;
    *to = *left->data;
    *left = bb_bytes(left->data + 1, left->len - 1);
    return 1;
}

/* A pipe gives what it has: lines one by one, or all at once. */
static void
the_format_is_the_same_however_the_bytes_come(void **state)
{
    static const struct {
        const char *text;
        enum bb_format format;
    } table[] = {
        {"\n\nindicator,period,value\nx,2019,1\n", BB_FORMAT_CSV},
        {"{\"indicator\": \"x\"}\n{\"dataElement\": \"x\"}\n", BB_FORMAT_JSONL},
        {"{\"indicator\": \"}{\"}\r\n{\"dataValues\": []}\n", BB_FORMAT_JSONL},
        {"{\n  \"dataValues\": [\n  ]\n}\n", BB_FORMAT_DHIS2_JSON},
        {"{\"dataSet\": {\"id\": \"x\"}\n, \"dataValues\": []}\n", BB_FORMAT_DHIS2_JSON},
        {"[\n{\"dataElement\": \"x\"}\n]\n", BB_FORMAT_DHIS2_JSON},
        {"<?xml version=\"1.0\"?>\n<adx xmlns=\"urn:ihe:qrph:adx:2015\">\n</adx>\n", BB_FORMAT_ADX},
    };
    char error[2000];
    struct bb_map map;

    (void)state;
    assert_int_equal(bb_map_init(&map), 0);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct bb_source_options options = {.file = "", .map = &map};
        struct bb_bytes left = bb_bytes_str(table[i].text);
        int fd = file_of(table[i].text, left.len);
        struct bb_source *whole, *pieces;

        assert_int_equal(bb_source_new(bb_feed_fd(&fd), &options, &whole, error, sizeof error), 0);
        assert_int_equal(
            bb_source_new((struct bb_feed){one_byte, &left}, &options, &pieces, error, sizeof error), 0);
        assert_int_equal(bb_source_format(whole), table[i].format);
        assert_int_equal(bb_source_format(pieces), table[i].format);
        bb_source_destroy(&whole);
        bb_source_destroy(&pieces);
        close(fd);
    }
    bb_map_release(&map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_the_same_however_the_bytes_come),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_overlong),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_broken_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
