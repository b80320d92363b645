/* Metadata as CSV becomes the objects that JSON would have; and files that are none. */
#include "client/formats/metadata/metadata_csv.h"

#include "reader_text.h"

#include "tests/unit/check.h"

#include <stdlib.h>

static const struct {
    const char *what, *section, *in, *out;
} table[] = {
    {"units", "organisationUnits",
     "\"name\",\"uid\",\"code\",\"parent\",\"shortName\"\n\"Root\",\"u1\",,,\"R\"\nA,u2,c,u1\n",
     "organisationUnits "
     "[{\"name\":\"Root\",\"id\":\"u1\"},{\"name\":\"A\",\"id\":\"u2\",\"code\":\"c\",\"parent\":\"u1\"}]"},
    {"elements, with what they leave out", "dataElements",
     "Name,UID,Domain type,Value "
     "Type,aggregationOperator,zero\r\nA,e1,aggregate,bool,none,true\r\n\r\nB,,\r\n",
     "dataElements "
     "[{\"name\":\"A\",\"id\":\"e1\",\"domainType\":\"AGGREGATE\",\"valueType\":\"BOOL\",\"aggregationType\":"
     "\"NONE\"},"
     "{\"name\":\"B\",\"valueType\":\"INTEGER\",\"aggregationType\":\"SUM\"}]"},
    {"indicators", "dataElements",
     "name,uid,numerator,annualized,indicatorType\nA,i1,#{x},TRUE,t\nB,i2,,false",
     "indicators "
     "[{\"name\":\"A\",\"id\":\"i1\",\"numerator\":\"#{x}\",\"annualized\":true,\"indicatorType\":\"t\"},"
     "{\"name\":\"B\",\"id\":\"i2\",\"annualized\":false}]"},
    {"a header alone", "organisationUnits", "name,uid\n", "organisationUnits []"},
    {"a row too wide", "organisationUnits", "name,uid\nA,b\nA,b,c\n",
     "line 3: found 3 columns, expected 2 as in the header"},
    {"an open quote", "organisationUnits", "name,uid\n\"A,b\n",
     "line 2: found a quoted cell without its end, or text behind it, expected a row"},
    {"not UTF-8", "organisationUnits", "name,uid\ncaf\xE9,b\n",
     "line 2: found a name that is no text in UTF-8 of at most 65536 bytes, expected one"},
};

static char *
read_text(const char *section, const char *text)
{
    struct reader_text_memory memory = {bb_bytes_str(text), 5};
    struct bb_metadata *metadata = NULL;
    char error[300] = "", *out = NULL;
    int r = bb_metadata_read_csv(reader_text_feed(&memory), section, &metadata, error, sizeof error);

    if (r == BB_METADATA_BAD)
        return strdup(error);
    assert_int_equal(r, 0);
    for (const char *const *name =
             (const char *const[]){"organisationUnits", "dataElements", "indicators", NULL};
         *name; name++) {
        const json_t *list = bb_metadata_section(metadata, *name);
        char *json = list ? json_dumps(list, JSON_COMPACT) : NULL;
        if (json && asprintf(&out, "%s %s", *name, json) < 0)
            fail();
        free(json);
    }
    bb_metadata_destroy(&metadata);
    return out;
}

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char *out = read_text(table[i].section, table[i].in);
        check_text(out, table[i].out, table[i].what);
        free(out);
    }
}

static const struct {
    const char *head;
    bool is;
} heads[] = {
    {"name,uid\n", true},       {"\"Name\" , \"UID\"\r\n", true},
    {"name,uid", true},         {"name,uid,code\na", true},
    {"name,code,uid\n", false}, {"name\nuid,uid\n", false},
    {"uid,name\n", false},      {"", false},
    {"{\"a\",\"uid\"", true},
};

static void
test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(heads); i++)
        check_int(bb_metadata_is_csv(bb_bytes_str(heads[i].head)), heads[i].is, heads[i].head);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
