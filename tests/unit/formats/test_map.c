/* Maps that are right, and what is said of those that are wrong. */
#include "client/formats/map/map.h"
#include "client/formats/map/pattern.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <string.h>

static void
check_bytes(struct bb_bytes found, const char *expected)
{
    assert_int_equal(found.len, strlen(expected));
    assert_memory_equal(found.data, expected, found.len);
}

static void
test_whole(void **state)
{
    static const char text[] =
        "{\"title\": \"Absence\", \"format\": \"csv\", \"encoding\": \"windows-1252\","
        " \"dialect\": {\"delimiter\": \";\", \"headerRows\": [4, 5], \"headerFill\": true},"
        " \"fields\": [{\"name\": \"District  Code\", \"type\": \"string\", \"missingValues\": [\"-\"],"
        "               \"strip\": {\"prefix\": \"=\\\"\", \"suffix\": [\"\\\"\"]}},"
        "              {\"name\": \"%\", \"type\": \"number\", \"groupChar\": \"\", \"decimalChar\": \".\", "
        "\"scale\": \"100\"},"
        "              {\"name\": \"Grade\", \"aliases\": {\"03\": \"3\"}, \"constraints\": {\"enum\": "
        "[\"3\"]}}],"
        " \"missingValues\": [\"\", {\"value\": \"*\", \"label\": \"suppressed\"}, {\"value\": \"-\"}],"
        " \"groupChar\": \".\", \"decimalChar\": \",\","
        " \"capture\": [{\"from\": \"title\", \"pattern\": \"([0-9-]+)$\", \"names\": [\"year\"]}],"
        " \"skip\": [{\"column\": \"Grade\", \"empty\": true}, {\"pattern\": \"^Source\"}],"
        " \"ignore\": [\"Notes\", \"\"], \"otherColumns\": \"ignore\", \"known\": [\"place\"],"
        " \"aliases\": {\"organization\": {\"Alpha Inc.\": \"alpha\"}},"
        " \"reading\": {\"period\": \"{year}\", \"disaggregation\": {\"grade\": \"{Grade}\"}},"
        " \"readings\": [{\"indicator\": \"rate\", \"value\": \"{%}\"},"
        "                {\"indicator\": \"count_{kind}\", \"value\": \"{cell}\", \"optional\": true,"
        "                 \"each\": {\"columns\": \"^(.+) Count$\", \"names\": [\"kind\"]}}]}";
    struct bb_map map;
    char error[500] = "";

    (void)state;
    assert_int_equal(bb_map_init(&map), 0);
    if (bb_map_parse(&map, "m", bb_bytes_str(text), error, sizeof error) != 0)
        fail_msg("%s", error);
    assert_int_equal(bb_map_ignore(&map, "place,x  y"), 0);
    assert_int_equal(map.format, BB_FORMAT_CSV);
    assert_int_equal(map.encoding, BB_ENCODING_WINDOWS_1252);
    assert_int_equal(map.dialect.delimiter, ';');
    assert_int_equal(map.dialect.header_row[1], 5);
    assert_int_equal(map.n_fields, 3);
    check_bytes(map.field[0].name, "District Code");
    check_bytes(map.field[0].prefix.item[0], "=\"");
    assert_string_equal(bb_missing_label(&map.field[0].missing, bb_bytes_str("-")), "missing");
    assert_true(map.field[1].numbers.scaled);
    assert_int_equal(map.field[1].numbers.decimal, '.');
    assert_int_equal(map.field[2].numbers.decimal, ','); /* of the whole, which stands behind */
    check_bytes(*bb_aliases_find(&map.field[2].aliases, bb_bytes_str("03")), "3");
    assert_string_equal(bb_missing_label(&map.missing, bb_bytes_str("")), "missing");
    assert_string_equal(bb_missing_label(&map.missing, bb_bytes_str("*")), "suppressed");
    assert_null(bb_missing_label(&map.missing, bb_bytes_str("x")));
    assert_int_equal(map.n_ignored, 4);
    check_bytes(map.ignore[3].name, "x y");
    assert_true(map.ignore[3].by_option && !map.ignore[0].by_option);
    assert_int_equal(map.n_rules, 2);
    assert_true(map.rule[1].said[BB_COLUMN_PERIOD]); /* of every reading */
    assert_true(map.rule[1].optional && !map.rule[0].optional);
    assert_int_equal(map.rule[1].n_dimensions, 1);
    assert_int_equal(map.rule[1].member[BB_COLUMN_INDICATOR].count, 2);
    check_bytes(
        *bb_aliases_find(bb_map_aliases(&map, bb_bytes_str("organization")), bb_bytes_str("Alpha Inc.")),
        "alpha");
    assert_null(bb_map_aliases(&map, bb_bytes_str("place")));
    bb_map_release(&map);
}

static void
test_extends(void **state)
{
    static const char text[] =
        "{\"extends\": \"dhis2\", \"known\": [\"place\"], \"reading\": {\"organization\": \"alpha\"},"
        " \"fields\": [{\"name\": \"categoryOptionCombo\", \"aliases\": {\"x\": \"y\"}}]}";
    struct bb_map map;
    char error[500] = "";

    (void)state;
    assert_int_equal(bb_map_init(&map), 0);
    assert_int_equal(bb_map_parse(&map, "m", bb_bytes_str(text), error, sizeof error), 0);
    check_bytes(map.rule[0].member[BB_COLUMN_ORGANIZATION].text, "alpha");
    check_bytes(map.rule[0].member[BB_COLUMN_INDICATOR].text, "{dataElement}");
    assert_int_equal(map.n_fields, 2); /* said anew, and the other as it was */
    assert_null(bb_aliases_find(&map.field[0].aliases, bb_bytes_str("default")));
    assert_non_null(bb_aliases_find(&map.field[1].aliases, bb_bytes_str("default")));
    bb_map_release(&map);
}

static const struct {
    const char *text;
    const char *said; /* part of the message */
} wrong[] = {
    {"", "line 1"},
    {"{", "line 1"},
    {"{\n\"ignore\": [],\n\"ignore\": []}", "duplicate"},
    {"[]", "found a list, expected an object"},
    {"{\"colums\": {}}", "found \"colums\", expected format, encoding"},
    {"{\"format\": \"xls\"}", "format: found \"xls\", expected csv, fixed, jsonl"},
    {"{\"encoding\": \"latin-1\"}", "encoding: found \"latin-1\", expected utf-8, utf-16 or windows-1252"},
    {"{\"dialect\": {\"delimiter\": \"ab\"}}", "dialect.delimiter: found \"ab\", expected one of"},
    {"{\"dialect\": {\"headerRows\": [5, 4]}}", "dialect.headerRows: found row 4 behind row 5"},
    {"{\"dialect\": {\"headerRows\": [0]}}", "from 1 to"},
    {"{\"reading\": []}", "reading: found a list, expected an object"},
    {"{\"reading\": {\"vlaue\": \"x\"}}", "reading: found \"vlaue\", expected indicator, organization"},
    {"{\"reading\": {\"value\": 1.5}}", "reading.value: found a number, expected a text"},
    {"{\"reading\": {\"value\": \"{a\"}}", "reading.value: found { without }"},
    {"{\"reading\": {\"value\": \"{}\"}}", "reading.value: found {} without a name"},
    {"{\"readings\": []}", "readings: found a list, expected a list of readings"},
    {"{\"readings\": [{\"each\": {}}]}", "readings[1].each: found no \"columns\""},
    {"{\"readings\": [{\"each\": {\"columns\": \"x\", \"names\": [\"a\"]}}]}",
     "found 1 names, expected at most"},
    {"{\"readings\": [{\"each\": {\"columns\": \"(\"}}]}", "expected an extended regular expression"},
    {"{\"missingValues\": \"*\"}", "missingValues: found \"*\", expected a list"},
    {"{\"missingValues\": [1.5]}", "missingValues[1]: found a number, expected a text"},
    {"{\"missingValues\": [{\"label\": \"missing\"}]}", "without \"value\""},
    {"{\"missingValues\": [{\"value\": \"x\", \"label\": \"gone\"}]}",
     "missingValues[1].label: found \"gone\", expected missing, suppressed or not_applicable"},
    {"{\"missingValues\": [{\"value\": \"x\", \"lable\": \"missing\"}]}",
     "found \"lable\", expected value or label"},
    {"{\"groupChar\": 5}", "groupChar: found a number"},
    {"{\"skip\": [{\"pattern\": \"a{256}\"}]}", "with a repeat of more than 255"},
    {"{\"skip\": [{\"pattern\": \"a{99999999999999999999}\"}]}", "with a repeat of more than 255"},
    {"{\"skip\": [{\"pattern\": \"((((a{1,200}){1,200}){1,200}))\"}]}", "come to more than 10000 characters"},
    {"{\"skip\": [{\"pattern\": \"a{200}{200}\"}]}", "come to more than 10000 characters"},
    {"{\"skip\": [{\"pattern\": \"([a[:alpha:]]]{100}[^]{9}]{50}){,70}\"}]}",
     "come to more than 10000 characters"},
    {"{\"skip\": [{\"pattern\": \"((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)\"}]}",
     "come to more than 10000 characters"},
    {"{\"groupChar\": \"0\"}", "groupChar: found \"0\""},
    {"{\"groupChar\": \".\"}", "so is decimalChar"},
    {"{\"groupChar\": \",\", \"decimalChar\": \",\"}", "so is decimalChar"},
    {"{\"decimalChar\": \"x\"}", "decimalChar: found \"x\""},
    {"{\"fields\": {}}", "fields: found an object, expected a list"},
    {"{\"fields\": [{\"type\": \"string\"}]}", "fields[1]: found a field without \"name\""},
    {"{\"fields\": [{\"name\": \"a\"}, {\"name\": \"a \"}]}", "fields: found \"a\" twice"},
    {"{\"fields\": [{\"name\": \"a\", \"from\": 5, \"to\": 2}]}", "found from 5 to 2"},
    {"{\"fields\": [{\"name\": \"a\", \"extract\": \"(a)(b)\"}]}", "has 2 groups"},
    {"{\"fields\": [{\"name\": \"a\", \"scale\": \"0\"}]}",
     "fields[1].scale: found \"0\", expected a number other"},
    {"{\"fields\": [{\"name\": \"a\", \"type\": \"geojson\"}]}", "fields[1].type: found \"geojson\""},
    {"{\"capture\": [{\"from\": \"title\"}]}", "capture[1]: expected \"from\", \"pattern\" and \"names\""},
    {"{\"capture\": [{\"from\": \"titel\", \"pattern\": \"(a)\", \"names\": [\"x\"]}]}",
     "capture[1].from: found \"titel\", expected \"title\", \"fileName\" or columns"},
    {"{\"skip\": [{\"column\": \"a\"}]}", "skip[1]: expected one of \"empty\""},
    {"{\"known\": [\"indicator\"]}", "known: expected [\"place\"]"},
    {"{\"otherColumns\": \"keep\"}", "otherColumns: found \"keep\""},
    {"{\"extends\": \"sdmx\"}", "extends: found \"sdmx\", expected dhis2"},
    {"{\"ignore\": \"a\"}", "ignore: found \"a\", expected a list of columns"},
    {"{\"ignore\": [1.5]}", "ignore[1]: found a number, expected a text"},
    {"{\"aliases\": {\"place\": []}}", "aliases: found a list, expected an object"},
    {"{\"reading\": {\"value\": \"a\\u0000b\"}}", "line 1"},
};

static void
test_wrong(void **state)
{
    struct bb_map map;
    char error[1000] = "";

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(bb_map_init(&map), 0);
        check_int(bb_map_parse(&map, "m.json", bb_bytes_str(wrong[i].text), error, sizeof error), -EINVAL,
                  wrong[i].text);
        if (!strstr(error, wrong[i].said) || strncmp(error, "m.json: ", 8) != 0)
            fail_msg("%s: found \"%s\", expected \"%s\" in it", wrong[i].text, error, wrong[i].said);
        bb_map_release(&map);
    }
    assert_int_equal(bb_map_init(&map), 0);
    assert_int_equal(bb_map_read(&map, "/nonexistent/map.json", error, sizeof error), -ENOENT);
    bb_map_release(&map);
}

/* Patterns that are long, or repeat, and are taken all the same; and one of too many bytes. */
static void
test_pattern_size(void **state)
{
    (void)state;
    static const char *const fine[] = {"a{255}",     "(a{1,20}){1,20}",          "[{256}]",
                                       "a\\{256\\}", "(a|b{200}){40}",           "x{,9}y{3,}",
                                       "[]{300}]+",  "(a+)*([0-9]{4}-[0-9]{2})?"};
    char text[BB_PATTERN_BYTES + 2], error[200];
    struct bb_pattern *pattern;

    for (size_t i = 0; i < COUNT(fine); i++) {
        *error = '\0';
        if (bb_pattern_new(fine[i], &pattern, error, sizeof error) != 0)
            fail_msg("%s: %s", fine[i], error);
        bb_pattern_destroy(&pattern);
    }
    memset(text, 'a', sizeof text);
    text[BB_PATTERN_BYTES] = '\0';
    assert_int_equal(bb_pattern_new(text, &pattern, error, sizeof error), 0);
    bb_pattern_destroy(&pattern);
    text[BB_PATTERN_BYTES] = 'a';
    text[BB_PATTERN_BYTES + 1] = '\0';
    assert_int_equal(bb_pattern_new(text, &pattern, error, sizeof error), -EINVAL);
    assert_string_equal(error, "found a pattern of 1001 bytes, expected at most 1000");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_extends),
                                       cmocka_unit_test(test_wrong), cmocka_unit_test(test_pattern_size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
