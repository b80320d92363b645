/* Files that are no XML, no values, or made to hurt: each ends with the place and what was expected there,
 * and what endless ones make the reader keep is bounded. */
#include "client/formats/read/xml.h"

#include "reader_text.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <sys/resource.h>

#define ENTITY "found an entity declaration, expected none"
#define SET    "<dataValueSet>\n"
#define ADX    "<adx xmlns=\"urn:ihe:qrph:adx:2015\">"

static const struct {
    const char *what, *in, *out;
} table[] = {
    {"nothing", "", "line 1, column 1: found the end of the file, expected <dataValueSet> of http"},
    {"no XML", "dataElement,period\n", "line 1, column 1: found what is no XML, expected"},
    {"another root", "\n <html/>", "line 2, column 2: found <html>, expected <dataValueSet> of http"},
    {"another namespace", "<dataValueSet xmlns=\"urn:x\"/>",
     "line 1, column 1: found <dataValueSet> of urn:x, expected <dataValueSet> of http"},
    {"ADX without its namespace", "<adx/>", "line 1, column 1: found <adx>, expected <dataValueSet> of http"},
    {"another element", SET "<value/>", "line 2, column 1: found <value>, expected <dataValue>"},
    {"a value outside of a group", ADX "<dataValue/></adx>",
     "line 1, column 36: found <dataValue>, expected <group>"},
    {"an element of elsewhere in a value", SET "<dataValue><x xmlns=\"urn:x\"/></dataValue></dataValueSet>",
     "line 2, column 12: found <x> of urn:x, expected <annotation> or </dataValue>"},
    {"an element in an annotation",
     SET "<dataValue><annotation>a<b/></annotation></dataValue></dataValueSet>",
     "line 2, column 25: found <b>, expected the text of an element within <dataValue>"},
    {"text between values", SET "<dataValue/>x</dataValueSet>",
     "line 2, column 13: found text, 'x', expected <dataValue>"},
    {"text in a value", SET "<dataValue>5</dataValue></dataValueSet>",
     "line 2, column 12: found text, '5', expected </dataValue>"},
    {"an entity", "<!DOCTYPE dataValueSet [\n<!ENTITY a \"b\">]><dataValueSet/>",
     "line 2, column 12: " ENTITY},
    {"laughs",
     "<!DOCTYPE d [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;\">]><dataValueSet "
     "comment=\"&c;\"/>",
     ENTITY},
    {"an external entity",
     "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><dataValueSet><dataValue/>&x;</dataValueSet>",
     ENTITY},
    {"a parameter entity", "<!DOCTYPE d [<!ENTITY % p SYSTEM \"http://localhost/p\"> %p;]><dataValueSet/>",
     ENTITY},
    {"an unparsed entity", "<!DOCTYPE d [<!ENTITY p SYSTEM \"p\" NDATA gif>]><dataValueSet/>", ENTITY},
    {"a reference to a parameter entity", "<!DOCTYPE d [ %p; ]><dataValueSet/>",
     "line 1, column 15: found a reference to an entity, expected none"},
    {"a document type from outside",
     "<!DOCTYPE dataValueSet SYSTEM \"http://localhost/d.dtd\"><dataValueSet/>",
     "found a document type from outside of the file, expected none"},
    {"a public one", "<!DOCTYPE html PUBLIC \"-//W3C\" \"http://localhost/d.dtd\"><dataValueSet/>",
     "found a document type from outside of the file, expected none"},
    {"attributes by declaration", "<!DOCTYPE d [<!ATTLIST dataValue value CDATA \"5\">]><dataValueSet/>",
     "found an attribute declaration, expected none"},
    {"an element declaration", "<!DOCTYPE d [<!ELEMENT dataValueSet (dataValue*)>]><dataValueSet/>",
     "found an element declaration, expected none"},
    {"a notation", "<!DOCTYPE d [<!NOTATION gif PUBLIC \"gif\">]><dataValueSet/>",
     "found a notation declaration, expected none"},
    {"an entity that is not there", SET "<dataValue comment=\"&nbsp;\"/>",
     "line 2, column 1: found an entity that nobody declared, expected &amp;"},
    {"unbalanced", SET "<dataValue></dataValueSet>",
     "line 2, column 14: found the end of another element, expected that of the last one"},
    {"an open quote", SET "<dataValue value=\"5/>\n<dataValue value=\"6\"/></dataValueSet>",
     "found what is no XML"},
    {"an attribute without a quote", SET "<dataValue value=5/></dataValueSet>",
     "line 2, column 18: found what is no XML"},
    {"an attribute twice", SET "<dataValue value=\"5\" value=\"6\"/></dataValueSet>",
     "line 2, column 22: found an attribute twice in a tag, expected it once"},
    {"an attribute twice by two prefixes", "<dataValueSet xmlns:a=\"u\" xmlns:b=\"u\" a:c=\"1\" b:c=\"2\"/>",
     "found an attribute twice in a tag, expected it once"},
    {"a prefix that is not declared", "<a:dataValueSet/>",
     "line 1, column 1: found a prefix that is not declared"},
    {"two roots", "<dataValueSet/><dataValueSet/>", "line 1, column 16: found more behind the root element"},
    {"not UTF-8", SET "<dataValue comment=\"caf\xE9\"/></dataValueSet>",
     "line 2, column 24: found what is no XML in the encoding of the file, expected well-formed XML"},
    {"NUL", SET "<dataValue comment=\"&#0;\"/>",
     "line 2, column 21: found the number of a character that does not exist"},
    {"a byte that windows-1252 does not have",
     "<?xml version='1.0' encoding='windows-1252'?><dataValueSet><dataValue comment='\x81'/></dataValueSet>",
     "column 80: found what is no XML in the encoding"},
    {"an encoding that is not known", "<?xml version='1.0' encoding='EBCDIC-US'?><dataValueSet/>",
     "line 1, column 31: found an encoding that is not known, expected UTF-8, UTF-16"},
    {"UTF-16 that is none", "<?xml version='1.0' encoding='UTF-16'?><dataValueSet/>",
     "found another encoding than the file declares"},
};

static char *
read_feed(struct bb_feed feed)
{
    struct bb_reader reader;

    assert_int_equal(bb_xml_reader(feed, false, NULL, &reader), 0);
    return reader_text(&reader);
}

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        for (size_t piece = 0; piece < 2; piece++) {
            struct reader_text_memory memory = {bb_bytes_str(table[i].in), piece};
            char *out = read_feed(reader_text_feed(&memory)), *bad = strstr(out, "bad: line ");
            if (!bad || !strstr(bad, table[i].out))
                fail_msg("%s: found \"%s\", expected \"%s\"", table[i].what, out, table[i].out);
            free(out);
        }
    }
}

/* --- without end ---------------------------------------------------------------------------------------- */

/* head, `times` units (# is the number of each), tail. */
struct endless {
    const char *head, *unit, *tail;
    size_t times;
    size_t at;
    char now[256];
    const char *left;
};

static void
put_unit(struct endless *e)
{
    char *to = e->now;

    for (const char *from = e->unit; *from; from++) {
        if (*from == '#')
            to += sprintf(to, "%zu", e->at);
        else
            *to++ = *from;
    }
    *to = '\0';
    e->at++;
    e->left = e->now;
}

static ssize_t
read_endless(void *self, uint8_t *to, size_t size)
{
    struct endless *e = self;
    size_t n = 0;

    while (n < size) {
        if (*e->left) {
            to[n++] = (uint8_t)*e->left++;
        } else if (e->at < e->times) {
            put_unit(e);
        } else if (e->at++ == e->times) {
            e->left = e->tail;
        } else {
            break;
        }
    }
    return (ssize_t)n;
}

/* The most that this process ever had; 0 where a sanitizer keeps what was freed. */
static long
memory_kib(void)
{
    struct rusage usage;
#ifdef __SANITIZE_ADDRESS__
    return 0;
#endif

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

#define X64       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define A_MILLION ((size_t)1000000)

static const struct {
    const char *what, *head, *unit, *tail;
    size_t times;
    const char *out; /* how it ends */
} endless[] = {
    {"depth", SET, "<a>", "", A_MILLION, "line 2, column 1: found <a>, expected <dataValue>"},
    {"depth within a value", SET "<dataValue>", "<a>", "", A_MILLION,
     "column 15: found <a>, expected the text of an element within <dataValue>"},
    {"an attribute", SET "<dataValue comment=\"", X64, "\"/></dataValueSet>", A_MILLION,
     "found a tag or comment of more than 524288 bytes, expected fewer"},
    {"an attribute within a tag's limit", SET "<dataValue comment=\"", X64, "\"/></dataValueSet>", 2000,
     "line 2, column 1: found an attribute 'comment' of more than 65536 bytes, expected fewer"},
    {"100,000 attributes", SET "<dataValue", " attribute#=\"\"", "/></dataValueSet>", 100000,
     "found a tag or comment of more than 524288 bytes, expected fewer"},
    {"attributes within a tag's limit", SET "<dataValue", " attribute#=\"\"", "/></dataValueSet>", 2000,
     "found more than 512 names, or one of more than 1024 bytes, expected fewer"},
    {"names, a value each", SET, "<dataValue attribute#=\"\"/>", "</dataValueSet>", A_MILLION,
     "found more than 512 names, or one of more than 1024 bytes, expected fewer"},
    {"names of elements", SET, "<dataValue><e#/></dataValue>", "</dataValueSet>", A_MILLION,
     "found more than 512 names, or one of more than 1024 bytes, expected fewer"},
    {"names that are no cells", SET, "<dataValue xml:a#=\"\"/>", "</dataValueSet>", A_MILLION,
     "found more than 512 names, or one of more than 1024 bytes, expected fewer"},
    {"prefixes", SET, "<dataValue xmlns:a#=\"urn:x\"/>", "</dataValueSet>", A_MILLION,
     "found more than 512 names, or one of more than 1024 bytes, expected fewer"},
    {"the name of an attribute", SET "<dataValue ", X64, "=\"\"/>", 100,
     "found more than 512 names, or one of more than 1024 bytes, expected fewer"},
    {"the name of an element", "<", X64, "", A_MILLION, "found a tag or comment of more than 524288 bytes"},
    {"an annotation", ADX "<group><dataValue><annotation>", X64, "</annotation></dataValue></group></adx>",
     A_MILLION, "found an element of more than 65536 bytes, expected fewer"},
    {"an annotation that is passed over", ADX "<group><dataValue comment=\"\"><annotation>", X64 "\n", "",
     A_MILLION, "found an element of more than 65536 bytes, expected fewer"},
    {"a value", ADX "<group><dataValue>", "<a#>" X64 X64 X64 "</a#>", "</dataValue></group></adx>", 500,
     "end"},
    {"a comment", "<!--", X64, "-->", A_MILLION, "found a tag or comment of more than 524288 bytes"},
    {"an instruction", "<?a ", X64, "?>", A_MILLION, "found a tag or comment of more than 524288 bytes"},
    {"comments", SET, "<!-- -->", "</dataValueSet>", A_MILLION, "end"},
    {"blanks in front", "", "                \n", "<dataValueSet/>", A_MILLION, "end"},
    {"blanks on one line", "", "                ", "<dataValueSet/>", A_MILLION, "end"},
    {"blanks between values", SET, "                ", "</dataValueSet>", A_MILLION, "end"},
    {"text", SET, X64, "", A_MILLION, "found text, 'xxxx"},
    {"a section of text", ADX "<group><dataValue><annotation><![CDATA[", X64, "", A_MILLION,
     "found an element of more than 65536 bytes, expected fewer"},
    {"a document type", "<!DOCTYPE ", X64, "", A_MILLION, "found a tag or comment of more than 524288 bytes"},
    {"a document type that goes on", "<!DOCTYPE d [", "<?a b?> <!-- -->", "]><dataValueSet/>", A_MILLION,
     "end"},
    {"an entity", "<!DOCTYPE d [<!ENTITY a \"", X64, "\">]>", A_MILLION,
     "found a tag or comment of more than 524288 bytes"},
    {"namespaces", "<dataValueSet xmlns:a=\"", X64, "\"/>", A_MILLION,
     "found a tag or comment of more than 524288"},
};

static void
test_endless(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(endless); i++) {
        struct endless e = {endless[i].head, endless[i].unit, endless[i].tail, endless[i].times, 0, "",
                            endless[i].head};
        char *out = read_feed((struct bb_feed){read_endless, &e});
        const char *end = strrchr(out, '\n') ? strrchr(out, '\n') + 1 : out;
        if (!strstr(end, endless[i].out))
            fail_msg("%s: found \"%.200s\", expected \"%s\"", endless[i].what, end, endless[i].out);
        free(out);
    }
    assert_in_range(memory_kib(), 0, 24 << 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_endless)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
