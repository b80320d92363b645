/* Values of a dataValueSet and of ADX as the reader gives them, whole and byte by byte; every prefix of a
 * file; encodings; the text of a refused row. Files that must not be read: test_xml_bad.c. */
#include "client/formats/read/xml.h"

#include "reader_text.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdlib.h>

#define DXF "xmlns=\"http://dhis2.org/schema/dxf/2.0\""
#define ADX "xmlns=\"urn:ihe:qrph:adx:2015\""

static char *
read_bytes(struct bb_bytes text, size_t piece)
{
    struct reader_text_memory memory = {text, piece};
    struct bb_reader reader;

    assert_int_equal(bb_xml_reader(reader_text_feed(&memory), false, NULL, &reader), 0);
    return reader_text(&reader);
}

static const struct {
    const char *what, *in, *out;
} table[] = {
    {"values with all of their own",
     "<dataValueSet " DXF ">\n<dataValue dataElement=\"a\" period=\"201201\" orgUnit=\"o\" value=\"1\"/>\n"
     "<dataValue dataElement=\"b\" orgUnit='p' period='201202' value='2'\n comment='c &amp; d'></dataValue>\n"
     "</dataValueSet>\n",
     "2: dataElement=a|period=201201|orgUnit=o|value=1\n"
     "3: dataElement=b|period=201202|orgUnit=p|value=2|comment=c & d\nend"},
    {"what the set says holds for all, but for those that say another",
     "<dataValueSet period=\"2012\" orgUnit=\"o\" idScheme=\"code\">"
     "<dataValue dataElement=\"a\" value=\"1\"/><dataValue period=\"2013\" orgUnit=\"\"/></dataValueSet>",
     "1: period=2012|orgUnit=o|idScheme=code|dataElement=a|value=1\n"
     "1: period=2013|orgUnit=o|idScheme=code\nend"},
    {"an empty value is there, an absent one is not",
     "<dataValueSet><dataValue value=\"\" comment=\"\"/><dataValue deleted=\"true\"/></dataValueSet>",
     "1: value=|comment=\n1: deleted=true\nend"},
    {"no values", "<?xml version=\"1.0\"?><!-- none --><dataValueSet/>", "end"},
    {"a document type that declares nothing", "<!DOCTYPE dataValueSet><dataValueSet/>", "end"},
    {"a prefix",
     "<d:dataValueSet xmlns:d=\"http://dhis2.org/schema/dxf/2.0\"><d:dataValue "
     "value=\"1\"/></d:dataValueSet>",
     "1: value=1\nend"},
    {"groups, each with its own",
     "<adx " ADX " exported=\"2015-02-08\">\n<group orgUnit=\"1\" period=\"2015-01-01/P1M\" comment=\"all\">"
     "<dataValue dataElement=\"M\" value=\"3\" sex=\"F\"><annotation>of "
     "<![CDATA[it]]></annotation></dataValue>"
     "</group>\n<group orgUnit=\"2\"><dataValue value=\"4\"/></group></adx>",
     "2: orgUnit=1|period=2015-01-01/P1M|comment=of it|dataElement=M|value=3|sex=F\n"
     "3: orgUnit=2|value=4\nend"},
    {"attributes of another namespace are no cells",
     "<adx " ADX " xmlns:x=\"http://www.w3.org/2001/XMLSchema-instance\" x:schemaLocation=\"a b\">"
     "<group x:nil=\"1\"><dataValue xml:lang=\"en\" value=\"1\"/></group></adx>",
     "1: value=1\nend"},
    {"an attribute goes before an element of its name",
     "<adx " ADX
     "><group><dataValue created=\"1\"><created>2</created><other>3</other></dataValue></group></adx>",
     "1: created=1|other=3\nend"},
    {"two elements of one name",
     "<adx " ADX
     "><group><dataValue value=\"1\"><annotation>a</annotation><annotation>b</annotation></dataValue>"
     "<dataValue value=\"2\"/></group></adx>",
     "1: value=1|comment=a !2 found the same element twice in a value, expected it once\n1: value=2\nend"},
    {"windows-1252",
     "<?xml version='1.0' encoding='windows-1252'?><dataValueSet><dataValue comment='\x80 "
     "\xE9'/></dataValueSet>",
     "1: comment=\u20AC \u00E9\nend"},
    {"ISO-8859-1",
     "<?xml version='1.0' encoding='ISO-8859-1'?><dataValueSet><dataValue comment='\xE9'/></dataValueSet>",
     "1: comment=\u00E9\nend"},
    {"UTF-8 with a mark", "\xEF\xBB\xBF<dataValueSet><dataValue comment='\u00E9'/></dataValueSet>",
     "1: comment=\u00E9\nend"},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        for (size_t piece = 0; piece < 3; piece++) {
            char *out = read_bytes(bb_bytes_str(table[i].in), piece);
            check_text(out, table[i].out, table[i].what);
            free(out);
        }
    }
}

/* What was decoded before is UTF-8, whatever is declared. */
static void
test_decoded(void **state)
{
    static const char text[] =
        "<?xml version='1.0' encoding='UTF-16'?><dataValueSet><dataValue comment='\u00E9'/></dataValueSet>";
    struct reader_text_memory memory = {bb_bytes_str(text), 1};
    struct bb_reader reader;
    (void)state;
    assert_int_equal(bb_xml_reader(reader_text_feed(&memory), true, NULL, &reader), 0);
    char *out = reader_text(&reader);
    assert_string_equal(out, "1: comment=\u00E9\nend");
    free(out);
}

static void
test_utf16(void **state)
{
    static const char text[] = "<dataValueSet><dataValue value='7'/></dataValueSet>";
    uint8_t wide[2 + 2 * sizeof text] = {0xFF, 0xFE};
    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i++)
        wide[2 + 2 * i] = (uint8_t)text[i];
    char *out = read_bytes(bb_bytes(wide, 2 * sizeof text), 1);
    assert_string_equal(out, "1: value=7\nend");
    free(out);
}

/* Up to the last tag a file is cut off, and says where; what was whole before is given. */
static void
test_every_prefix(void **state)
{
    static const char text[] =
        "<?xml version=\"1.0\"?>\n<adx " ADX
        ">\n<group period=\"2015\">\n<dataValue dataElement=\"a\" value=\"1\"/>\n"
        "<dataValue dataElement=\"b\"><annotation>n&#233;e</annotation></dataValue>\n</group>\n</adx>";
    size_t second = (size_t)(strstr(text, "</dataValue>") - text) + strlen("</dataValue>");
    size_t first = (size_t)(strstr(text, "/>") - text) + 2;
    (void)state;
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        char *out = read_bytes(bb_bytes(text, n), n % 2), *bad = strstr(out, "bad: line ");
        check(bad && strstr(bad, ", column ") && strstr(bad, "expected"), out);
        check((strstr(out, "value=1") != NULL) == (n >= first), out);
        check((strstr(out, "comment=n\u00E9e") != NULL) == (n >= second), out);
        free(out);
    }
}

static int
gather(void *self, struct bb_bytes piece)
{
    fwrite(piece.data, 1, piece.len, self);
    return 0;
}

/* The row of a set stands for itself, so that it can be imported again; a long one comes from the spool. */
static void
test_raw(void **state)
{
    static char in[30000], out[30000], long_text[20001];
    char *raw = NULL;
    size_t size;
    FILE *to = open_memstream(&raw, &size);
    struct bb_spool *spool;
    struct bb_reader reader;
    struct bb_cells cells;
    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    snprintf(in, sizeof in,
             "<dataValueSet period='2012'><dataValue value='' comment='\"a\" \\&#10;&#9;\u00E9'/>"
             "<dataValue comment='%s'/></dataValueSet>",
             long_text);
    snprintf(out, sizeof out,
             "{\"period\":\"2012\",\"value\":\"\",\"comment\":\"\\\"a\\\" \\\\\\n\\t\u00E9\"}"
             "{\"period\":\"2012\",\"comment\":\"%s\"}",
             long_text);
    struct reader_text_memory memory = {bb_bytes_str(in), 0};
    assert_int_equal(bb_spool_new(&spool), 0);
    assert_int_equal(bb_xml_reader(reader_text_feed(&memory), false, spool, &reader), 0);
    for (uint64_t i = 1; bb_reader_next(&reader, &cells) == 0; i++) {
        assert_int_equal(cells.number, i);
        assert_int_equal(bb_raw_walk(&cells.raw, spool, gather, to), 0);
    }
    fclose(to);
    assert_string_equal(raw, out);
    free(raw);
    bb_reader_destroy(&reader);
    bb_spool_destroy(&spool);
}

static ssize_t
fail_to_read(void *self, uint8_t *to, size_t size)
{
    (void)self, (void)to, (void)size;
    return -EIO;
}

static void
test_broken_feed(void **state)
{
    struct bb_reader reader;
    struct bb_cells cells;
    (void)state;
    assert_int_equal(bb_xml_reader((struct bb_feed){fail_to_read, NULL}, false, NULL, &reader), 0);
    assert_int_equal(bb_reader_next(&reader, &cells), -EIO);
    assert_int_equal(bb_reader_next(&reader, &cells), -EIO);
    bb_reader_destroy(&reader);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table), cmocka_unit_test(test_decoded),
        cmocka_unit_test(test_utf16), cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_raw),   cmocka_unit_test(test_broken_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
