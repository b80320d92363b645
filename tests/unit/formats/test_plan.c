/* What a map makes of a file: readings, or refused with a reason. Each case is one that went wrong somewhere.
 */
#include "client/formats/source.h"

#include "tests/unit/check.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void
put_row(FILE *to, const struct bb_source_row *row)
{
    static const char letters[BB_COLUMNS] = "iogdpvnmsc"; /* organization o, place g, group d ... */

    if (row->code) {
        fprintf(to, "%d!%s %s: %s|", (int)row->number, bb_row_code_name(row->code), bb_field_name(row->field),
                row->reason);
        return;
    }
    fprintf(to, "%d:", (int)row->number);
    for (int i = 0; i < BB_COLUMNS; i++)
        if (row->row.field[i].len)
            fprintf(to, "%c=%.*s ", letters[i], (int)row->row.field[i].len, row->row.field[i].data);
    fputc('|', to);
}

/* All rows of a file, or why it cannot be opened. To be freed. */
static char *
rows_of(const char *file, const char *input, enum bb_format format, const char *text)
{
    char error[2000] = "", *out = NULL;
    size_t len;
    struct bb_map map;
    struct bb_source *source;
    struct bb_source_row row;
    const struct bb_source_options options = {.file = file, .format = format, .map = &map, .mapped = text};
    FILE *to = open_memstream(&out, &len);
    int fd = memfd_create("plan", MFD_CLOEXEC), r;

    assert_int_equal(write(fd, input, strlen(input)), (ssize_t)strlen(input));
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(bb_map_init(&map), 0);
    if (text && bb_map_parse(&map, "map", bb_bytes_str(text), error, sizeof error) != 0)
        fail_msg("%s", error);
    r = bb_source_new(bb_feed_fd(&fd), &options, &source, error, sizeof error);
    if (r < 0)
        fprintf(to, "error: %s", error);
    for (; r == 0 && (r = bb_source_next(source, &row)) == 0;)
        put_row(to, &row);
    if (r == -EILSEQ && source)
        fprintf(to, "broken: %s", bb_source_error(source));
    bb_source_destroy(&source);
    bb_map_release(&map);
    fclose(to);
    close(fd);
    return out;
}

#define DIMENSIONS                                                                                           \
    "{\"missingValues\": [{\"value\": \"N/A\", \"label\": \"not_applicable\"}],"                             \
    " \"reading\": {\"indicator\": \"a\", \"disaggregation\": {\"race\": \"{race}\"}}"

static const struct {
    const char *what, *input, *map, *expected;
} csv[] = {
    {"a field that is described is taken by its own name",
     "indicator,place,period,value,status\na,New London,1951,6,suppressed\n",
     "{\"fields\": [{\"name\": \"place\", \"aliases\": {\"New London\": \"NewLondon\"}}, {\"name\": "
     "\"status\"}]}",
     "1:i=a g=NewLondon p=1951 v=6 s=suppressed |"},
    {"a group that is called as a missing value is no total",
     "race,period,value\nN/A,1926,1\nwhite,1926,N/A\n", DIMENSIONS "}",
     "1:i=a d=race=N/A p=1926 v=1 |2:i=a d=race=white p=1926 s=not_applicable |"},
    {"unless its field says so", "race,period,value\nN/A,1926,1\n",
     DIMENSIONS ", \"fields\": [{\"name\": \"race\", \"missingValues\": [\"N/A\"]}]}", "1:i=a p=1926 v=1 |"},
    {"a place that is called so", "indicator,place,period,value\na,-,1926,1\n",
     "{\"missingValues\": [\"-\"]}", "1:i=a g=- p=1926 v=1 |"},
    {"a condition on a column that is not there", "indicator,period,value,Deleted\na,1926,1,\n",
     "{\"withdraw\": [{\"column\": \"Kept\", \"empty\": true}], \"ignore\": [\"Deleted\"]}",
     "error: line 1: the map speaks of a column \"Kept\", which the file does not have"},
    {"a field that is not there", "indicator,period,value\na,1926,1\n",
     "{\"fields\": [{\"name\": \"Valu\", \"groupChar\": \",\"}]}",
     "error: line 1: the map speaks of a column \"Valu\", which the file does not have"},
    {"unless it may", "indicator,period,value\na,1926,1\n",
     "{\"fields\": [{\"name\": \"Valu\", \"optional\": true}], \"skip\": [{\"column\": \"Valu\", "
     "\"pattern\": \"x\"}]}",
     "1:i=a p=1926 v=1 |"},
    {"aliases of nothing", "indicator,period,value\na,1926,1\n", "{\"aliases\": {\"plce\": {\"x\": \"y\"}}}",
     "error: line 1: the map speaks of a column \"plce\", which the file does not have"},
    {"a period without its month", "indicator,Year,Month,value\na,2019,3,1\na,2019,,2\na,,3,4\n",
     "{\"reading\": {\"period\": \"{Year}-{Month:2}\"}}",
     "1:i=a p=2019-03 v=1 |"
     "2!BAD_PERIOD period: found '2019-', for a part of \"{Year}-{Month:2}\" is empty, expected all of it|"
     "3!BAD_PERIOD period: found '-03', for a part of \"{Year}-{Month:2}\" is empty, expected all of it|"},
    {"a part that is written says more than a value that is empty",
     "indicator,period,value,numerator,denominator\na,1961,,*,10\n",
     "{\"missingValues\": [{\"value\": \"*\", \"label\": \"suppressed\"}, \"\"]}",
     "1:i=a p=1961 m=10 s=suppressed |"},
    {"a row to be skipped need not be whole", "indicator,period,value\na,1961,1\nSource: somebody\n",
     "{\"skip\": [{\"column\": \"indicator\", \"pattern\": \"^Source\"}]}", "1:i=a p=1961 v=1 |"},
    {"conditions see a cell as the map takes it",
     "place,indicator,period,value\n\"=\"\"Total\"\"\",a,1961,1\n",
     "{\"fields\": [{\"name\": \"place\", \"strip\": {\"prefix\": \"=\\\"\", \"suffix\": \"\\\"\"}}],"
     " \"skip\": [{\"column\": \"place\", \"pattern\": \"^Total$\"}]}",
     ""},
    {"a fraction to percent, exactly", "indicator,period,value\na,1961,0.1234567890123456789\n",
     "{\"fields\": [{\"name\": \"value\", \"scale\": \"100\"}]}", "1:i=a p=1961 v=12.34567890123456789 |"},
    {"one column an indicator", "place,period,deaths,births\nx,1961,1,2\n",
     "{\"readings\": [{\"each\": {\"columns\": \"^(deaths|births)$\"}, \"indicator\": \"{column}\", "
     "\"value\": "
     "\"{cell}\"}]}",
     "1:i=deaths g=x p=1961 v=1 |1:i=births g=x p=1961 v=2 |"},
    {"one column a period", "place,1961,1962\nx,1,2\n",
     "{\"readings\": [{\"each\": {\"columns\": \"^[0-9]{4}$\"}, \"indicator\": \"a\", \"period\": "
     "\"{column}\", "
     "\"value\": \"{cell}\"}]}",
     "1:i=a g=x p=1961 v=1 |1:i=a g=x p=1962 v=2 |"},
    {"one column a group", "place,period,men,women\nx,1961,1,2\n",
     "{\"readings\": [{\"each\": {\"columns\": \"^(wo)?men$\"}, \"indicator\": \"a\", \"disaggregation\": "
     "{\"sex\": "
     "\"{column}\"}, \"value\": \"{cell}\"}], \"aliases\": {\"column\": {\"men\": \"m\", \"women\": \"f\"}}}",
     "1:i=a g=x d=sex=m p=1961 v=1 |1:i=a g=x d=sex=f p=1961 v=2 |"},
    {"the file's name and its titles", "Report 7\nAll of 1961\nplace;value\nx;1\n",
     "{\"dialect\": {\"delimiter\": \";\", \"headerRows\": [3]}, \"capture\": ["
     "{\"from\": \"title\", \"pattern\": \"of ([0-9]{4})$\", \"names\": [\"year\"]},"
     "{\"from\": \"fileName\", \"pattern\": \"^([a-z]+)-\", \"names\": [\"what\"]}],"
     " \"reading\": {\"indicator\": \"{what}\", \"period\": \"{year}\"}}",
     "1:i=births g=x p=1961 v=1 |"},
};

static void
test_csv(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(csv); i++) {
        char *found = rows_of("births-x.csv", csv[i].input, BB_FORMAT_CSV, csv[i].map);
        check_text(found, csv[i].expected, csv[i].what);
        free(found);
    }
}

static const struct {
    const char *what, *input;
    enum bb_format format;
    const char *expected;
} objects[] = {
    {"a key with a blank is refused, and nothing after it is",
     "{\"indicator\":\"a\",\"place\":\"A\",\"period\":\"1900\",\"value\":1}\n"
     "{\"indicator\":\"a\",\"place \":\"B\",\"period\":\"1900\",\"value\":1}\n"
     "{\"indicator\":\"a\",\"place\":\"C\",\"period\":\"1900\",\"value\":1}\n",
     BB_FORMAT_JSONL,
     "1:i=a g=A p=1900 v=1 |"
     "2!BAD_ROW : found the key 'place ', expected a field, or a key that --ignore or --map names|"
     "3:i=a g=C p=1900 v=1 |"},
    {"what DHIS2 does not have is no group",
     "{\"dataValues\":[{\"dataElement\":\"a\",\"period\":\"1920\",\"orgUnit\":\"U\",\"value\":\"1\","
     "\"coment\":\"x\"},"
     "{\"dataElement\":\"a\",\"period\":\"1920\",\"orgUnit\":\"U\",\"value\":\"1\"}]}",
     BB_FORMAT_DHIS2_JSON,
     "1!BAD_ROW : found the key 'coment', expected a field, or a key that --ignore or --map names|"
     "2:i=a g=U p=1920 v=1 |"},
    {"categories of ADX are",
     "<adx xmlns='urn:ihe:qrph:adx:2015'><group orgUnit='U' period='2020-01-01/P1M'>"
     "<dataValue dataElement='a' sex='M' value='1'/></group></adx>",
     BB_FORMAT_ANY, "1:i=a g=U d=sex=M p=2020-01-01/P1M v=1 |"},
};

static void
test_objects(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(objects); i++) {
        char *found = rows_of("", objects[i].input, objects[i].format, NULL);
        check_text(found, objects[i].expected, objects[i].what);
        free(found);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_csv), cmocka_unit_test(test_objects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
