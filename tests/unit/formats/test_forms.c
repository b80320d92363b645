/* The forms in which readings are written, text by text. */
#include "client/formats/write/datapackage.h"
#include "client/formats/write/dhis2.h"
#include "client/formats/write/put.h"

#include "proto/rows.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

/* What readings of all kinds become. */
struct sample {
    struct bb_reading reading;
    struct bb_form_indicator indicator;
    const char *text[4]; /* csv, jsonl, dhis2-json, dhis2-csv */
};

#define TEXT(text)                                                                                           \
    {                                                                                                        \
        (text), sizeof(text) - 1                                                                             \
    }
#define ABOUT(p) .indicator = TEXT("reach"), .organization = TEXT("alpha"), .period = TEXT(p)

static const struct sample samples[] = {
    {{ABOUT("2026-09"), .value = "12.50"},
     {.boolean = false},
     {"reach,alpha,,,2026-09,12.50,,,,\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\",\"period\":\"2026-09\",\"value\":12.50}\n",
      "{\"dataElement\":\"reach\",\"period\":\"202609\",\"orgUnit\":\"\",\"value\":\"12.50\","
      "\"organization\":\"alpha\"}",
      "reach,202609,,,,12.50,,,,,,alpha,,,,\n"}},
    {{ABOUT("2018/2019"), .place = TEXT("North, \"the\" far"), .disaggregation = TEXT("age=1;sex=f"),
      .value = "25.0", .numerator = "1", .denominator = "4", .computed = true},
     {.boolean = false},
     {"reach,alpha,\"North, \"\"the\"\" far\",age=1;sex=f,2018/2019,,1,4,,\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\",\"place\":\"North, \\\"the\\\" far\","
      "\"disaggregation\":\"age=1;sex=f\",\"period\":\"2018/2019\",\"numerator\":1,\"denominator\":4}\n",
      "{\"dataElement\":\"reach\",\"period\":\"2018July\",\"orgUnit\":\"North, \\\"the\\\" far\","
      "\"categoryOptionCombo\":\"age=1;sex=f\",\"value\":\"25.0\",\"organization\":\"alpha\","
      "\"numerator\":\"1\",\"denominator\":\"4\",\"computed\":true}",
      "reach,2018July,\"North, \"\"the\"\" far\",age=1;sex=f,,25.0,,,,,,alpha,1,4,,true\n"}},
    {{ABOUT("2026"), .value = "1", .comment = TEXT("two\nlines\tand \\ \x7f ü ")},
     {.boolean = true},
     {"reach,alpha,,,2026,true,,,,\"two\nlines\tand \\ \x7f ü \"\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\",\"period\":\"2026\",\"value\":true,"
      "\"comment\":\"two\\nlines\\tand \\\\ \\u007f ü \"}\n",
      "{\"dataElement\":\"reach\",\"period\":\"2026\",\"orgUnit\":\"\",\"value\":\"true\","
      "\"comment\":\"two\\nlines\\tand \\\\ \\u007f ü \",\"organization\":\"alpha\"}",
      "reach,2026,,,,true,,,\"two\nlines\tand \\ \x7f ü \",,,alpha,,,,\n"}},
    {{ABOUT("2011-12"), .value = "0", .revision = 2, .disaggregation = TEXT("categoryOptionCombo=abc")},
     {.boolean = true, .frequency = BB_PERIOD_FISCAL_JULY},
     {"reach,alpha,,categoryOptionCombo=abc,2011-M12,false,,,,\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\","
      "\"disaggregation\":\"categoryOptionCombo=abc\",\"period\":\"2011-M12\",\"value\":false,"
      "\"comment\":\"\"}\n",
      "{\"dataElement\":\"reach\",\"period\":\"201112\",\"orgUnit\":\"\","
      "\"categoryOptionCombo\":\"abc\",\"value\":\"false\",\"organization\":\"alpha\"}",
      "reach,201112,,abc,,false,,,,,,alpha,,,,\n"}},
    {{ABOUT("2026-W09"), .state = BB_READING_SUPPRESSED, .denominator = "9"},
     {.boolean = true},
     {"reach,alpha,,,2026-W09,,,9,suppressed,\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\",\"period\":\"2026-W09\",\"denominator\":9,"
      "\"status\":\"suppressed\"}\n",
      "{\"dataElement\":\"reach\",\"period\":\"2026W9\",\"orgUnit\":\"\",\"organization\":\"alpha\","
      "\"denominator\":\"9\",\"status\":\"suppressed\"}",
      "reach,2026W9,,,,,,,,,,alpha,,9,suppressed,\n"}},
    {{ABOUT("2016/2020"), .state = BB_READING_WITHDRAWN, .revision = 3},
     {.boolean = false},
     {"reach,alpha,,,2016/2020,,,,withdrawn,\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\",\"period\":\"2016/2020\","
      "\"status\":\"withdrawn\"}\n",
      "{\"dataElement\":\"reach\",\"period\":\"2016-01-01/P5Y\",\"orgUnit\":\"\",\"deleted\":true,"
      "\"organization\":\"alpha\"}",
      "reach,2016-01-01/P5Y,,,,,,,,,true,alpha,,,,\n"}},
    {{ABOUT("2026"), .value = "2"},
     {.boolean = true}, /* neither true nor false */
     {"reach,alpha,,,2026,2,,,,\n",
      "{\"indicator\":\"reach\",\"organization\":\"alpha\",\"period\":\"2026\",\"value\":2}\n",
      "{\"dataElement\":\"reach\",\"period\":\"2026\",\"orgUnit\":\"\",\"value\":\"2\","
      "\"organization\":\"alpha\"}",
      "reach,2026,,,,2,,,,,,alpha,,,,\n"}},
};

#define N_SAMPLES (sizeof samples / sizeof samples[0])

static struct bb_reading
reading_of(const struct sample *sample)
{
    struct bb_reading reading = sample->reading;

    reading.status = bb_state_name((enum bb_state)reading.state);
    return reading;
}

static const char *
text_of(struct bb_buffer *out)
{
    bb_buffer_byte(out, '\0');
    assert_int_equal(out->error, 0);
    return (const char *)out->data;
}

static void
check_form(const struct bb_form *form, size_t at, const char *before, const char *between, const char *behind)
{
    struct bb_buffer written, expected;

    bb_buffer_init(&written, SIZE_MAX);
    bb_buffer_init(&expected, SIZE_MAX);
    form->begin(&written);
    bb_buffer_printf(&expected, "%s", before);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct bb_reading reading = reading_of(&samples[i]);
        form->reading(&written, &reading, &samples[i].indicator, i == 0);
        bb_buffer_printf(&expected, "%s%s", i ? between : "", samples[i].text[at]);
    }
    form->end(&written);
    bb_buffer_printf(&expected, "%s", behind);
    check_text(text_of(&written), text_of(&expected), form->name);
    bb_buffer_release(&written);
    bb_buffer_release(&expected);
}

static void
test_forms(void **state)
{
    (void)state;
    check_form(
        &bb_form_csv, 0,
        "indicator,organization,place,disaggregation,period,value,numerator,denominator,status,comment\n", "",
        "");
    check_form(&bb_form_jsonl, 1, "", "", "");
    check_form(&bb_form_dhis2_json, 2, "{\"dataValues\":[\n", ",\n", "\n]}\n");
    check_form(&bb_form_dhis2_csv, 3,
               "dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value,storedby,"
               "lastupdated,comment,followup,deleted,organization,numerator,denominator,status,computed\n",
               "", "");
}

static void
test_nothing(void **state)
{
    struct bb_buffer out;

    (void)state;
    bb_buffer_init(&out, SIZE_MAX);
    bb_form_dhis2_json.begin(&out);
    bb_form_dhis2_json.end(&out);
    check_text(text_of(&out), "{\"dataValues\":[\n]}\n", "no reading");
    bb_buffer_release(&out);
}

static void
test_names(void **state)
{
    (void)state;
    assert_ptr_equal(bb_form_by_name("csv"), &bb_form_csv);
    assert_ptr_equal(bb_form_by_name("dhis2-json"), &bb_form_dhis2_json);
    assert_null(bb_form_by_name("xml"));
    assert_ptr_equal(bb_form_by_file("some.where/readings.jsonl"), &bb_form_jsonl);
    assert_ptr_equal(bb_form_by_file("a.csv"), &bb_form_csv);
    assert_null(bb_form_by_file("some.where/readings"));
    assert_null(bb_form_by_file("csv"));
}

/* Every type of period is read as it was. */
static void
test_periods(void **state)
{
    static const struct {
        const char *canonical, *spelled;
    } table[] = {
        {"2019", "2019"},
        {"0007", "0007"},
        {"2019-12", "201912"},
        {"2012-Q2", "2012Q2"},
        {"2012-S1", "2012S1"},
        {"2012-W09", "2012W9"},
        {"2015-W53", "2015W53"},
        {"2012-04-07", "20120407"},
        {"2012April", "2012April"},
        {"2012/2013", "2012July"},
        {"2012Oct", "2012Oct"},
        {"2016/2020", "2016-01-01/P5Y"},
        {"1001/1999", "1001-01-01/P999Y"},
        {"1000/1999", "1000/1999"},
        {"2001/2100", "2001-01-01/P100Y"},
    };
    static const enum bb_period_type hints[] = {0, BB_PERIOD_FISCAL_JULY, BB_PERIOD_MONTH};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bb_period period, again;
        char text[BB_DHIS2_PERIOD];
        assert_int_equal(bb_period_parse(bb_bytes_str(table[i].canonical), 0, &period), 0);
        assert_int_equal(bb_dhis2_period(period, text), strlen(table[i].spelled));
        check_text(text, table[i].spelled, table[i].canonical);
        for (size_t j = 0; j < sizeof hints / sizeof hints[0]; j++) {
            assert_int_equal(bb_period_parse(bb_bytes_str(text), hints[j], &again), 0);
            assert_true(bb_period_same(period, again));
        }
    }
}

/* Every month of two centuries, read by what its indicator says. */
static void
test_ambiguous_months(void **state)
{
    static const enum bb_period_type hints[] = {0, BB_PERIOD_FISCAL_JULY, BB_PERIOD_FISCAL_APRIL,
                                                BB_PERIOD_QUARTER};

    (void)state;
    for (int year = 1990; year < 2110; year++)
        for (int month = 1; month <= 12; month++)
            for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
                char canonical[BB_PERIOD_TEXT + 16], text[BB_PERIOD_TEXT];
                struct bb_form_indicator indicator = {.frequency = hints[i]};
                struct bb_reading reading = {.status = "ok"};
                struct bb_period period, again;

                snprintf(canonical, sizeof canonical, "%04d-%02d", year, month);
                reading.period = bb_text(canonical);
                assert_int_equal(bb_period_parse(bb_bytes_str(canonical), 0, &period), 0);
                assert_int_equal(
                    bb_period_parse(bb_form_period(&reading, &indicator, text), hints[i], &again), 0);
                assert_true(bb_period_same(period, again));
            }
}

static void
test_combinations(void **state)
{
    static const struct {
        const char *disaggregation, *category, *attribute;
    } table[] = {
        {"", "", ""},
        {"sex=f", "sex=f", ""},
        {"categoryOptionCombo=abc", "abc", ""},
        {"attributeOptionCombo=xyz", "", "xyz"},
        {"attributeOptionCombo=xyz;categoryOptionCombo=abc", "abc", "xyz"},
        {"attributeOptionCombo=xyz;sex=f", "sex=f", "xyz"},
        {"attributeOptionCombo=xyz;categoryOptionCombo=abc;sex=f", "categoryOptionCombo=abc;sex=f", "xyz"},
        {"categoryOptionCombo=abc;sex=f", "categoryOptionCombo=abc;sex=f", ""},
        {"age=1;attributeOptionCombo=xyz", "age=1;attributeOptionCombo=xyz", ""},
        {"categoryOptionCombo=a=b", "categoryOptionCombo=a=b", ""},
        {"attributeOptionCombo=a=b;sex=f", "attributeOptionCombo=a=b;sex=f", ""},
        {"categoryOptionCombos=abc", "categoryOptionCombos=abc", ""},
        {"categoryOptionCombo=HllvX50cXC0", "categoryOptionCombo=HllvX50cXC0", ""},
        {"attributeOptionCombo=default;sex=f", "attributeOptionCombo=default;sex=f", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bb_bytes category, attribute;
        bb_dhis2_combinations(bb_bytes_str(table[i].disaggregation), &category, &attribute);
        check(bb_bytes_equal(category, bb_bytes_str(table[i].category)), table[i].disaggregation);
        check(bb_bytes_equal(attribute, bb_bytes_str(table[i].attribute)), table[i].disaggregation);
    }
}

/* --- data packages ----------------------------------------------------------------------------------------
 */

static void
check_package(const struct bb_package *package, const char *expected)
{
    struct bb_buffer out;

    bb_buffer_init(&out, SIZE_MAX);
    bb_package_write(package, &out);
    check_text(text_of(&out), expected, package->path);
    bb_buffer_release(&out);
}

static void
test_package(void **state)
{
    static const struct bb_readings_query all = {.indicator = NULL},
                                          some = {.indicator = "reach", .place = "", .since_sequence = 7};

    (void)state;
    check_package(&(struct bb_package){.path = "All Readings.json",
                                       .form = &bb_form_dhis2_json,
                                       .bytes = 12,
                                       .rows = 3,
                                       .sha256 = "abc",
                                       .created_us = 1,
                                       .sequence = 9,
                                       .query = &all},
                  "{\n"
                  "  \"name\": \"all-readings\",\n"
                  "  \"title\": \"Readings\",\n"
                  "  \"profile\": \"data-package\",\n"
                  "  \"created\": \"1970-01-01T00:00:00.000001Z\",\n"
                  "  \"backbone\": {\n"
                  "    \"format\": \"dhis2-json\",\n"
                  "    \"sequence\": 9,\n"
                  "    \"readings\": 3,\n"
                  "    \"withdrawn\": 0,\n"
                  "    \"withheld\": 0,\n"
                  "    \"query\": {\n"
                  "    }\n"
                  "  },\n"
                  "  \"resources\": [\n"
                  "    {\n"
                  "      \"name\": \"all-readings\",\n"
                  "      \"profile\": \"data-resource\",\n"
                  "      \"path\": \"All Readings.json\",\n"
                  "      \"format\": \"json\",\n"
                  "      \"mediatype\": \"application/json\",\n"
                  "      \"encoding\": \"utf-8\",\n"
                  "      \"bytes\": 12,\n"
                  "      \"hash\": \"sha256:abc\",\n"
                  "      \"rows\": 3\n"
                  "    }\n"
                  "  ]\n"
                  "}\n");
    check_package(
        &(struct bb_package){
            .path = "a.csv",
            .form =
                &(const struct bb_form){
                    .name = "csv",
                    .format = "csv",
                    .mediatype = "text/csv",
                    .field = (const struct bb_form_field[]){{"period", "string", true, true},
                                                            {"value", "number", false, false},
                                                            {NULL, NULL, false, false}}},
            .booleans = true,
            .rows = 5,
            .withdrawn = 2,
            .withheld = 1,
            .sequence = 9,
            .query = &some},
        "{\n"
        "  \"name\": \"a\",\n"
        "  \"title\": \"Readings that have changed\",\n"
        "  \"profile\": \"tabular-data-package\",\n"
        "  \"created\": \"1970-01-01T00:00:00.000000Z\",\n"
        "  \"backbone\": {\n"
        "    \"format\": \"csv\",\n"
        "    \"sequence\": 9,\n"
        "    \"readings\": 3,\n"
        "    \"withdrawn\": 2,\n"
        "    \"withheld\": 1,\n"
        "    \"query\": {\n"
        "      \"indicator\": \"reach\",\n"
        "      \"place\": \"\",\n"
        "      \"since_sequence\": 7\n"
        "    }\n"
        "  },\n"
        "  \"resources\": [\n"
        "    {\n"
        "      \"name\": \"a\",\n"
        "      \"profile\": \"tabular-data-resource\",\n"
        "      \"path\": \"a.csv\",\n"
        "      \"format\": \"csv\",\n"
        "      \"mediatype\": \"text/csv\",\n"
        "      \"encoding\": \"utf-8\",\n"
        "      \"bytes\": 0,\n"
        "      \"hash\": \"sha256:\",\n"
        "      \"rows\": 5,\n"
        "      \"schema\": {\n"
        "        \"fields\": [\n"
        "          {\n"
        "            \"name\": \"period\",\n"
        "            \"type\": \"string\",\n"
        "            \"constraints\": {\n"
        "              \"required\": true\n"
        "            }\n"
        "          },\n"
        "          {\n"
        "            \"name\": \"value\",\n"
        "            \"type\": \"any\"\n"
        "          }\n"
        "        ],\n"
        "        \"missingValues\": [\"\"],\n"
        "        \"primaryKey\": [\n"
        "          \"period\"\n"
        "        ]\n"
        "      }\n"
        "    }\n"
        "  ]\n"
        "}\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_ambiguous_months),
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_package),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
