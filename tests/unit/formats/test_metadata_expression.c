/* Expressions of DHIS2 as they are defined here, by each scheme. */
#include "client/formats/metadata/metadata_expression.h"

#include "reader_text.h"

#include "tests/unit/check.h"

static const char file[] =
    "{'dataElements':[{'id':'aaaaaaaaaa1','code':'DE_1','name':'Tested < 24 hrs'},"
    "{'id':'aaaaaaaaaa2','code':'DE.2','name':'Tested > 24 hrs'},{'id':'aaaaaaaaaa3','name':'3 (%)'},"
    "{'id':'aaaaaaaaaa4','code':'BOTH'}],"
    "'indicators':[{'id':'iiiiiiiiii1','code':'IN_1','name':'Rate'},{'id':'iiiiiiiiii4','code':'BOTH'}],"
    "'constants':[{'id':'cccccccccc1','value':7},{'id':'cccccccccc2','value':-0.25}],"
    "'categoryOptionCombos':[{'id':'oooooooooo1','code':'M','name':'male'},{'id':'oooooooooo2','name':'"
    "default'},"
    "{'id':'oooooooooo3','name':'a;b'}],"
    "'categoryCombos':[{'categoryOptionCombos':[{'id':'oooooooooo4','name':'default'}]}]}";

static const struct {
    const char *what, *in;
    enum bb_id_scheme scheme;
    const char *out; /* or the start of what is wrong */
    int n_inputs;
} table[] = {
    {"a total", "#{aaaaaaaaaa1}", BB_ID_UID, "#{aaaaaaaaaa1}", 1},
    {"blanks stay, but for those in braces", " #{ aaaaaaaaaa1 }\r +\n#{x} ", BB_ID_UID,
     " #{aaaaaaaaaa1}\r +\n#{x} ", 2},
    {"one combination", "#{aaaaaaaaaa1.oooooooooo1}*2", BB_ID_UID,
     "#{aaaaaaaaaa1.categoryOptionCombo=oooooooooo1}*2", 1},
    {"all of them", "#{aaaaaaaaaa1.*}", BB_ID_UID, "#{aaaaaaaaaa1}", 1},
    {"the default of every DHIS2", "#{aaaaaaaaaa1.HllvX50cXC0}", BB_ID_UID, "#{aaaaaaaaaa1}", 1},
    {"the default of the file", "#{aaaaaaaaaa1.oooooooooo2}", BB_ID_UID, "#{aaaaaaaaaa1}", 1},
    {"the default within a categoryCombo", "#{aaaaaaaaaa1.oooooooooo4.oooooooooo4}", BB_ID_UID,
     "#{aaaaaaaaaa1}", 1},
    {"the default that is asked for", "#{aaaaaaaaaa1.ooooooooo99}", BB_ID_UID, "#{aaaaaaaaaa1}", 1},
    {"two combinations", "#{a.b.c}", BB_ID_UID, "#{a.attributeOptionCombo=c;categoryOptionCombo=b}", 1},
    {"the second alone", "#{a.*.c}", BB_ID_UID, "#{a.attributeOptionCombo=c}", 1},
    {"an indicator", "N{iiiiiiiiii1}/#{a}", BB_ID_UID, "#{iiiiiiiiii1}/#{a}", 2},
    {"a constant", "#{a}*C{cccccccccc1}-C{cccccccccc2}", BB_ID_UID, "#{a}*(7)-(-0.25)", 1},
    {"a number alone", "-1", BB_ID_UID, "-1", 0},
    {"what is not known stays", "R{x.REPORTING_RATE}+C{nowhere}+[days]", BB_ID_UID,
     "R{x.REPORTING_RATE}+C{nowhere}+[days]", 30},
    {"a group of elements stays", "#{deGroup:x}+#{a", BB_ID_UID, "#{deGroup:x}+#{a", 10},
    {"our own form stays", "#{a.sex=f}", BB_ID_UID, "#{a.sex=f}", 7},
    {"nothing", "", BB_ID_UID, "", 0},
    {"by code", "#{aaaaaaaaaa1}+#{aaaaaaaaaa2.oooooooooo1}", BB_ID_CODE,
     "#{DE_1}+#{'DE.2'.categoryOptionCombo=M}", 2},
    {"by name", "#{aaaaaaaaaa3}+N{iiiiiiiiii1}", BB_ID_NAME, "#{3}+#{Rate}", 2},
    {"names that become one code", "#{aaaaaaaaaa2}/#{aaaaaaaaaa1}", BB_ID_NAME,
     "#{Tested_24_hrs_aaaaaaaaaa2}/#{Tested_24_hrs_aaaaaaaaaa1}", 2},
    {"by code, of an element without", "#{aaaaaaaaaa3}", BB_ID_CODE,
     "of 'aaaaaaaaaa3': found no code, expected one: see --id-scheme", -1},
    {"by code, of an element that is not there", "#{zzz}", BB_ID_CODE,
     "found 'zzz', expected an object of dataElements that is in the file, to know its code", -1},
    {"by code, of an indicator that shares it", "N{iiiiiiiiii4}", BB_ID_CODE,
     "found 'iiiiiiiiii4', whose code 'BOTH' is that of a data element too, expected its own", -1},
    {"by code, of a combination without", "#{aaaaaaaaaa1.oooooooooo3}", BB_ID_CODE,
     "found 'oooooooooo3', expected one of categoryOptionCombos that is in the file with its code", -1},
    {"by name, of a combination that cannot be written", "#{aaaaaaaaaa1.oooooooooo3}", BB_ID_NAME,
     "found 'a;b' for the combination 'oooooooooo3', expected a text without", -1},
};

/* JSON with single quotes, for reading. */
static struct bb_metadata *
metadata_of(const char *text)
{
    static char json[2048];
    struct reader_text_memory memory;
    struct bb_metadata *metadata;
    char error[200];
    size_t n = 0;

    for (; text[n]; n++)
        json[n] = text[n] == '\'' ? '"' : text[n];
    memory = (struct reader_text_memory){bb_bytes(json, n), 100};
    assert_int_equal(bb_metadata_read(reader_text_feed(&memory), &metadata, error, sizeof error), 0);
    return metadata;
}

static void
test_table(void **state)
{
    struct bb_metadata *metadata = metadata_of(file);
    struct bb_metadata_expression expression;
    (void)state;
    bb_metadata_expression_init(&expression);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bb_metadata_names names = {metadata, table[i].scheme, "ooooooooo99", NULL};
        char text[200];
        assert_int_equal(bb_metadata_names_count(&names), 0);
        int r = bb_metadata_expression_read(&names, table[i].in, &expression);
        snprintf(text, sizeof text, "%.*s", (int)expression.text.len, (const char *)expression.text.data);
        check_int(r, table[i].n_inputs < 0 ? BB_METADATA_BAD : 0, table[i].what);
        if (r == 0) {
            check_text(text, table[i].out, table[i].what);
            check((expression.n_inputs > 0) == (table[i].n_inputs > 0), table[i].what);
        } else if (strncmp(expression.wrong, table[i].out, strlen(table[i].out)) != 0) {
            fail_msg("%s: found \"%s\"", table[i].what, expression.wrong);
        }
        json_decref(names.codes);
    }
    bb_metadata_expression_release(&expression);
    bb_metadata_destroy(&metadata);
}

static void
test_indicators(void **state)
{
    static const char text[] = "N{a} + #{N} + N{ b } * N{} - N{c";
    char id[64];
    size_t at = 0;
    (void)state;
    assert_true(bb_metadata_expression_indicator(text, &at, id));
    assert_string_equal(id, "a");
    assert_true(bb_metadata_expression_indicator(text, &at, id));
    assert_string_equal(id, "b");
    assert_false(bb_metadata_expression_indicator(text, &at, id));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_indicators)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
