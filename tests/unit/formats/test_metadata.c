/* What data elements, indicators and organisation units become, a line each: "id: column=text|...", or
 * "id! field: why"; and files that are no metadata. */
#include "client/formats/metadata/metadata_indicators.h"
#include "client/formats/metadata/metadata_places.h"

#include "reader_text.h"

#include "tests/unit/check.h"

#include <stdlib.h>

enum what { INDICATORS, PLACES, AGGREGATES };

static void
put(FILE *to, const struct bb_definition *d)
{
    if (d->reason) {
        fprintf(to, "%s! %s: %s\n", d->id, d->field, d->reason);
        return;
    }
    fprintf(to, "%s:%s", d->id, d->left_out ? "~" : "");
    for (size_t i = 0; i < d->n; i++)
        fprintf(to, "%s%s=%s", i ? "|" : " ", d->column[i], d->text[i]);
    fputc('\n', to);
}

static int
take(const struct bb_metadata *metadata, enum what what, struct bb_definitions *list, char *error,
     size_t size)
{
    const struct bb_metadata_names names = {.metadata = metadata};

    if (what == INDICATORS)
        return bb_metadata_indicators(&names, list, error, size);
    return bb_metadata_places(metadata, what == AGGREGATES, list, error, size);
}

/* JSON with single quotes, for reading. To be freed. */
static char *
read_text(const char *text, enum what what)
{
    struct bb_metadata *metadata = NULL;
    struct reader_text_memory memory;
    struct bb_definitions list;
    char *json = strdup(text), *out, error[300] = "";
    size_t size;
    FILE *to = open_memstream(&out, &size);
    int r;

    for (char *at = json; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    memory = (struct reader_text_memory){bb_bytes_str(json), 7};
    bb_definitions_init(&list);
    r = bb_metadata_read(reader_text_feed(&memory), &metadata, error, sizeof error);
    if (r == 0)
        r = take(metadata, what, &list, error, sizeof error);
    for (size_t i = 0; r == 0 && i < list.n; i++)
        put(to, list.item[i]);
    fputs(error, to);
    fclose(to);
    bb_definitions_release(&list);
    bb_metadata_destroy(&metadata);
    free(json);
    return out;
}

static const struct {
    const char *what;
    enum what kind;
    const char *in, *out;
} table[] = {
    {"value types", INDICATORS,
     "{'dataElements':[{'id':'a1','name':' A ','valueType':'NUMBER','description':'d'},"
     "{'id':'a2','name':'A','valueType':'INTEGER'},{'id':'a3','name':'A','valueType':'INTEGER_ZERO_OR_"
     "POSITIVE'},"
     "{'id':'a4','name':'A','valueType':'INTEGER_POSITIVE'},{'id':'a5','name':'A','valueType':'INTEGER_"
     "NEGATIVE'},"
     "{'id':'a6','name':'A','valueType':'PERCENTAGE'},{'id':'a7','name':'A','valueType':'UNIT_INTERVAL'},"
     "{'id':'a8','name':'A','valueType':'BOOLEAN'},{'id':'a9','name':'A','valueType':'TRUE_ONLY'},"
     "{'id':'b1','name':'A','valueType':'TEXT'},{'id':'b2','name':'A'}]}",
     "a1: code=a1|name=A|definition=d\n"
     "a2: code=a2|name=A|decimals=0\n"
     "a3: code=a3|name=A|minimum=0|decimals=0\n"
     "a4: code=a4|name=A|minimum=1|decimals=0\n"
     "a5: code=a5|name=A|maximum=-1|decimals=0\n"
     "a6: code=a6|name=A|unit=percent|minimum=0|maximum=100\n"
     "a7: code=a7|name=A|minimum=0|maximum=1\n"
     "a8: code=a8|name=A|unit=boolean|minimum=0|maximum=1|decimals=0\n"
     "a9: code=a9|name=A|unit=boolean|minimum=1|maximum=1|decimals=0\n"
     "b1! valueType: found 'TEXT', expected a type of numbers or truth values (NUMBER, INTEGER, PERCENTAGE, "
     "BOOLEAN, "
     "...), which readings are\n"
     "b2! valueType: found '', expected a type of numbers or truth values (NUMBER, INTEGER, PERCENTAGE, "
     "BOOLEAN, "
     "...), which readings are\n"},
    {"aggregation types", INDICATORS,
     "{'dataElements':[{'id':'a1','name':'A','valueType':'INTEGER','aggregationType':'SUM'},"
     "{'id':'a2','name':'A','valueType':'INTEGER','aggregationType':'AVERAGE_SUM_ORG_UNIT'},"
     "{'id':'a3','name':'A','valueType':'NUMBER','aggregationType':'LAST_AVERAGE_ORG_UNIT'},"
     "{'id':'a4','name':'A','valueType':'NUMBER','aggregationType':'NONE'},"
     "{'id':'a5','name':'A','valueType':'NUMBER','aggregationType':'MAX'}]}",
     "a1: code=a1|name=A|organization_aggregation=sum|time_aggregation=sum|decimals=0\n"
     "a2: code=a2|name=A|organization_aggregation=sum|time_aggregation=average\n"
     "a3: code=a3|name=A|organization_aggregation=average|time_aggregation=last\n"
     "a4: code=a4|name=A\n"
     "a5! aggregationType: found 'MAX', expected one that adds up, averages or takes the last (SUM, AVERAGE, "
     "LAST, "
     "...)\n"},
    {"how often, where data sets agree", INDICATORS,
     "{'dataElements':[{'id':'a','name':'A','valueType':'NUMBER'},{'id':'b','name':'B','valueType':'NUMBER'},"
     "{'id':'c','name':'C','valueType':'NUMBER'},{'id':'d','name':'D','valueType':'NUMBER'}],"
     "'dataSets':[{'periodType':'Monthly','dataSetElements':[{'dataElement':{'id':'a'}},{'dataElement':{'id':"
     "'b'}}]},"
     "{'periodType':'FinancialApril','dataSetElements':[{'dataElement':'b'},{'dataElement':'c'},{}]},"
     "{'periodType':'BiWeekly','dataSetElements':[{'dataElement':'d'}]},"
     "{'periodType':'Monthly','dataSetElements':[{'dataElement':'a'},{'dataElement':'b'}]}]}",
     "a: code=a|name=A|frequency=monthly\nb: code=b|name=B\nc: code=c|name=C|frequency=fiscal_april\n"
     "d: code=d|name=D\n"},
    {"what elements lack", INDICATORS,
     "{'dataElements':[{'name':'A','valueType':'NUMBER'},{'id':'a b','name':'A','valueType':'NUMBER'},"
     "{'id':'c','name':' "
     "','valueType':'NUMBER'},{'id':'d','name':'D','valueType':'NUMBER','domainType':'TRACKER'},7]}",
     "A! id: found no id, expected one: see --id-scheme\n"
     "a b! id: found the id 'a b', expected letters, digits, '_', '.' and '-', at most 128\n"
     "c! name: found nothing, expected a name\n"
     "d! domainType: found 'TRACKER', expected AGGREGATE: readings are counts, not events\n"
     "number 5! id: found no id, expected one: see --id-scheme\n"},
    {"indicators, behind what they need", INDICATORS,
     "{'indicatorTypes':[{'id':'t1','factor':100},{'id':'t2','factor':0.5}],"
     "'indicators':[{'id':'i1','name':'I','indicatorType':{'id':'t1'},'numerator':'N{i2}+N{gone}','"
     "denominator':' 1 ',"
     "'numeratorDescription':'n','denominatorDescription':'d','decimals':2},"
     "{'id':'i2','name':'J','indicatorType':{'id':'t2'},'numerator':'#{a.HllvX50cXC0}','denominator':'N{i3}'}"
     ","
     "{'id':'i3','name':'K','indicatorType':{'factor':1000},'numerator':'#{a}','annualized':true}]}",
     "i3:~ code=i3|name=K|numerator_expression=#{a}|factor=1000\n"
     "i2: code=i2|name=J|numerator_expression=#{a}|denominator_expression=#{i3}|factor=0.5\n"
     "i1: "
     "code=i1|name=I|numerator_expression=#{i2}+#{gone}|denominator_expression=1|numerator=n|denominator=d|"
     "factor=100|unit=percent\n"},
    {"indicators that need each other come all the same", INDICATORS,
     "{'indicators':[{'id':'i1','name':'I','indicatorType':{'factor':1},'numerator':'N{i2}'},"
     "{'id':'i2','name':'J','indicatorType':{'factor':1},'numerator':'N{i1}'}]}",
     "i1: code=i1|name=I|numerator_expression=#{i2}|factor=1\ni2: "
     "code=i2|name=J|numerator_expression=#{i1}|factor=1\n"},
    {"placeholders", INDICATORS,
     "{'indicators':[{'id':'i1','name':'I','indicatorType':{'factor':1},'numerator':' -1','denominator':'1'},"
     "{'id':'i2','name':'I','indicatorType':{'factor':1},'numerator':'#{a}','denominator':'-1'},"
     "{'id':'i3','name':'I','indicatorType':{'factor':1},'denominator':'1'},"
     "{'id':'i4','name':'I','indicatorType':{'id':'t'},'numerator':'#{a}'}]}",
     "i1! numerator: found '-1', expected data elements, as in #{ID}: a number alone holds the place of data "
     "that is "
     "not there\n"
     "i2! denominator: found '-1', expected data elements, as in #{ID}: a number alone holds the place of "
     "data that "
     "is not there\n"
     "i3! numerator: found nothing, expected an expression of data elements\n"
     "i4! indicatorType: found none that the file has, expected it with its factor (indicatorTypes)\n"},
    {"units, parents first", PLACES,
     "{'organisationUnits':[{'id':'u3','name':'Clinic','code':'C3','parent':{'id':'u2'}},"
     "{'id':'u2','name':'Bo','parent':{'id':'u1','code':'x'}},{'id':'u1','name':' Country "
     "','code':'Country'},"
     "{'id':'u4','code':'C4','name':'Clinic','parent':'elsewhere'},{'id':'u5'},{'id':'u6','name':'Six','code'"
     ":'a|b'}]}",
     "u1: name=Country|alias=u1\n"
     "u4: name=Clinic (C4)|parent=elsewhere|alias=u4|C4\n"
     "u5! name: found nothing, expected a name\n"
     "u6! code: found '|' in it, expected none\n"
     "u2: name=Bo|parent=Country|alias=u2\n"
     "u3: name=Clinic (C3)|parent=Bo|alias=u3|C3\n"},
    {"units that hold what is in them", AGGREGATES,
     "{'organisationUnits':[{'id':'u1','name':'A'},{'id':'u2','name':'B','parent':{'id':'u1'}}]}",
     "u1: name=A|alias=u1|aggregate=yes\nu2: name=B|parent=A|alias=u2\n"},
    {"units that go round", PLACES,
     "{'organisationUnits':[{'id':'u1','name':'A','parent':'u2'},{'id':'u2','name':'B','parent':'u1'}]}",
     "u1: name=A|parent=B|alias=u1\nu2: name=B|parent=A|alias=u2\n"},
    {"no indicators", INDICATORS, "{'organisationUnits':[]}",
     "found neither dataElements nor indicators, expected metadata of DHIS2 with them"},
    {"no units", PLACES, "{'dataElements':[]}",
     "found no organisationUnits, expected metadata of DHIS2 with them"},
    {"a list", PLACES, "[]", "line 1: found a list, expected an object: metadata of DHIS2"},
    {"cut off", PLACES, "{\n 'a': [1, 2,",
     "line 2, column 12: found the end of the file, expected the rest of a JSON object"},
    {"a key twice", PLACES, "{'a':1,\n'a':2}",
     "line 2, column 3: found the key 'a' (to byte 11) for the second time"},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char *out = read_text(table[i].in, table[i].kind);
        if (strncmp(out, table[i].out, strlen(table[i].out)) != 0 ||
            (strchr(table[i].out, '\n') && strcmp(out, table[i].out) != 0))
            fail_msg("%s: found\n%s\nexpected\n%s", table[i].what, out, table[i].out);
        free(out);
    }
}

static ssize_t
read_blanks(void *self, uint8_t *to, size_t size)
{
    (void)self;
    memset(to, ' ', size);
    return (ssize_t)size;
}

static void
test_too_much(void **state)
{
    struct bb_metadata *metadata = NULL;
    char error[200];
    (void)state;
    assert_int_equal(bb_metadata_read((struct bb_feed){read_blanks, NULL}, &metadata, error, sizeof error),
                     BB_METADATA_BAD);
    assert_string_equal(error,
                        "found more than 64 MiB of metadata, expected at most that: export fewer objects");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_too_much)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
