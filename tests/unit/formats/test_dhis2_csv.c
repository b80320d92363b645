/* Values of DHIS2 in CSV: whole, and a few bytes at a time. How records are written down: reader_text.h. */
#include "client/formats/read/dhis2_csv.h"

#include "reader_text.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static struct bb_reader
open_table(struct reader_text_memory *memory, struct bb_spool *spool)
{
    struct bb_reader reader;
    const struct bb_table_head *head;
    assert_int_equal(bb_dhis2_csv_reader(reader_text_feed(memory), ',', spool, &reader, &head), 0);
    return reader;
}

static char *
records_of(struct bb_bytes text, size_t piece)
{
    struct bb_reader reader = open_table(&(struct reader_text_memory){text, piece}, NULL);
    return reader_text(&reader);
}

static const struct {
    const char *what, *input, *expected;
} cases[] = {
    {"nothing", "", "end"},
    {"a header alone", "dataelement,period\n", "end"},
    {"a header",
     "\"dataelement\",\"period\",\"orgunit\",\"categoryoptioncombo\",\"attributeoptioncombo\",\"value\","
     "\"storedby\","
     "\"timestamp\",\"comment\",\"followup\",\"deleted\"\n"
     "\"a\",\"201201\",\"o\",\"\",\"\",\"10001\",\"john\",\"2012-01-01\",\"comment\",\"false\"\n",
     "2: "
     "dataElement=a|period=201201|orgUnit=o|value=10001|storedBy="
     "john|"
     "lastUpdated=2012-01-01|comment=comment|followup=false\nend"},
    {"another order, other letters, short names",
     "value,Org unit,CATOPTCOMBO,attroptcombo,Data_Element,lastupdated,row\n1,o,c,d,e,f,7\n",
     "2: "
     "value=1|orgUnit=o|categoryOptionCombo=c|attributeOptionCombo=d|dataElement=e|lastUpdated=f|row=7\nend"},
    {"columns that are not DHIS2's", "dataelement,value,Colour,\nx,1,red,y\n",
     "2: dataElement=x|value=1|Colour=red|=y\nend"},
    {"no header",
     "\"a\",\"201201\",\"o\",\"\",\"\",\"1\",\"john\",\"2012-01-01\",\"comment\",\"false\"\nb,2012\n",
     "1: "
     "dataElement=a|period=201201|orgUnit=o|value=1|storedBy=john|"
     "lastUpdated=2012-01-01|comment=comment|followup=false\n2: dataElement=b|period=2012\nend"},
    {"one word is no header", "a,2012,o,,,value,john\n",
     "1: "
     "dataElement=a|period=2012|orgUnit=o|value=value|storedBy="
     "john\n"
     "end"},
    {"more cells than columns", "dataelement,value\na,1,2\nb,2\n",
     "2: !0 found 3 columns, expected at most 2 as in the header\n3: dataElement=b|value=2\nend"},
    {"empty ones behind them", "dataelement,value\na,1,,\nb,2,,x\n",
     "2: dataElement=a|value=1\n3: !0 found 4 columns, expected at most 2 as in the header\nend"},
    {"more than DHIS2 has", "1,2,3,4,5,6,7,8,9,10,11,12\n",
     "1: !0 found 12 columns, expected at most 11\nend"},
    {"quotes", "dataelement,value\n\"a\"b,1\nc,\"2\nd\"\ne,\"f\n",
     "2: !0 found text behind a closing quote in line 2, expected the next column (a quote within quotes is "
     "written "
     "twice)\n3: dataElement=c|value=2\nd\n5: !0 found the end of the file within quotes, expected a closing "
     "quote; "
     "the row starts in line 5\nend"},
    {"a column twice", "\ndataelement,value,VALUE\n1,2,3\n",
     "bad: line 2: found columns 2 and 3 that are both \"value\", expected it once"},
    {"two names for one", "dataelement,lastupdated,timestamp\n1,2,3\n",
     "bad: line 1: found columns 2 and 3 that are both \"lastUpdated\", expected it once"},
    {"a header with misplaced quotes", "dataelement,period,\"value\"x\n",
     "bad: line 1: found a header with misplaced quotes, expected names of columns"},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t piece = 0; piece < 6; piece++) {
            char *found = records_of(bb_bytes_str(cases[i].input), piece);
            check_text(found, cases[i].expected, cases[i].what);
            free(found);
        }
}

/* What a file of refused rows is made of: the text of rows as it is, and a header whether there is one or
 * not. */
static void
test_texts(void **state)
{
    static const char header[] = "\"dataelement\",value,x\r\n",
                      rows[] = "a,1.50,\"x\n\"\"y\"\"\"\nb,,\nc,\"2\"x\nd\n";
    static const char in_order[] =
        "dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value,"
        "storedby,lastupdated,comment,followup,deleted\n";
    char input[200];
    struct bb_spool *spool;
    struct bb_reader reader;
    const struct bb_table_head *head;
    (void)state;
    assert_int_equal(bb_spool_new(&spool), 0);
    for (int with = 0; with < 2; with++) {
        const char *expected = with ? header : in_order;
        snprintf(input, sizeof input, "%s%s", with ? header : "", rows);
        struct reader_text_memory memory = {bb_bytes_str(input), 3};
        assert_int_equal(bb_dhis2_csv_reader(reader_text_feed(&memory), ',', spool, &reader, &head), 0);
        check_int(head->count, with ? 3 : 11, "columns");
        assert_true(bb_bytes_equal(head->header, bb_bytes_str(expected)));
        char *raws = reader_raws(&reader, spool);
        check_text(raws, "a,1.50,\"x\n\"\"y\"\"\"\n\nb,,\n\nc,\"2\"x\n\nd\n\n", "texts");
        free(raws);
    }
    bb_spool_destroy(&spool);
}

static void
test_monsters(void **state)
{
    const size_t n = 10u << 20;
    char *data = malloc(n + 200);
    (void)state;
    size_t len = (size_t)sprintf(data, "dataelement,value\na,");
    memset(data + len, 'x', n);
    strcpy(data + len + n, "\nb,1\n");
    char *found = records_of(bb_bytes_str(data), 0);
    check_text(found, "2: dataElement=a|value=<10485760>\n3: dataElement=b|value=1\nend", "a cell");
    free(found);
    memset(data + len, ',', n);
    found = records_of(bb_bytes_str(data), 0);
    check_text(
        found,
        "2: !0 found 10485762 columns, expected at most 2 as in the header\n3: dataElement=b|value=1\nend",
        "a row");
    free(found);
    free(data);
}

static void
test_header_limits(void **state)
{
    char *data = NULL;
    size_t len;
    FILE *to = open_memstream(&data, &len);
    (void)state;
    fputs("dataelement,value", to);
    for (int i = 0; i < 100000; i++)
        fprintf(to, ",c%d", i);
    fclose(to);
    char *found = records_of(bb_bytes(data, len), 0);
    check_text(found, "bad: line 1: found 100002 columns, expected at most 512", "columns");
    free(found);
    free(data);
    to = open_memstream(&data, &len);
    fprintf(to, "dataelement,value,%01025d\n", 1);
    fclose(to);
    found = records_of(bb_bytes(data, len), 0);
    check_text(found, "bad: line 1: found a name of 1025 bytes in column 3, expected at most 1024", "a name");
    free(found);
    free(data);
}

/* What is kept of the header is bounded, too. */
static void
test_long_header(void **state)
{
    const size_t n = 2u << 20;
    char *data = malloc(n + 100);
    struct bb_spool *spool;
    (void)state;
    size_t len = (size_t)sprintf(data, "dataelement,");
    memset(data + len, ' ', n);
    strcpy(data + len + n, "value\na,1\n");
    assert_int_equal(bb_spool_new(&spool), 0);
    struct bb_reader reader = open_table(&(struct reader_text_memory){bb_bytes_str(data), 0}, spool);
    char *found = reader_text(&reader);
    check_text(found, "bad: line 1: found a header of more than 1048576 bytes, expected names", "kept");
    free(found);
    found = records_of(bb_bytes_str(data), 0);
    check_text(found, "2: dataElement=a|value=1\nend", "not kept");
    free(found);
    bb_spool_destroy(&spool);
    free(data);
}

/* Cut anywhere, a table is rows up to there: each one told, sound or broken. */
static void
test_truncated(void **state)
{
    static const char input[] = "dataelement,value,comment\na,1,\"x, \"\"y\"\"\"\nb,2,z\n";
    (void)state;
    for (size_t len = strlen("dataelement,value,comment\n"); len < sizeof input; len++) {
        char *found = records_of(bb_bytes(input, len), len % 4);
        size_t n = strlen(found);
        if (n < 3 || strcmp(found + n - 3, "end") != 0)
            fail_msg("%zu bytes: %s", len, found);
        free(found);
    }
}

static ssize_t
fail_to_read(void *self, uint8_t *to, size_t size)
{
    (void)self;
    (void)to;
    (void)size;
    return -5;
}

static void
test_read_error(void **state)
{
    struct bb_reader reader;
    struct bb_cells cells;
    const struct bb_table_head *head;
    (void)state;
    assert_int_equal(bb_dhis2_csv_reader((struct bb_feed){fail_to_read, NULL}, ',', NULL, &reader, &head), 0);
    assert_int_equal(bb_reader_next(&reader, &cells), -5);
    bb_reader_destroy(&reader);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_texts),
        cmocka_unit_test(test_monsters),    cmocka_unit_test(test_header_limits),
        cmocka_unit_test(test_long_header), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_read_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
