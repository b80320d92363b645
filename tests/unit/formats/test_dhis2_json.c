/* Values of DHIS2 in JSON: whole, and a few bytes at a time. How records are written down: reader_text.h. */
#include "client/formats/read/dhis2_json.h"

#include "proto/rows.h"
#include "reader_text.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static struct bb_reader
open_values(struct reader_text_memory *memory, struct bb_spool *spool)
{
    struct bb_reader reader;
    assert_int_equal(bb_dhis2_json_reader(reader_text_feed(memory), spool, &reader), 0);
    return reader;
}

static char *
records_of(struct bb_bytes text, size_t piece)
{
    struct bb_reader reader = open_values(&(struct reader_text_memory){text, piece}, NULL);
    return reader_text(&reader);
}

static char *
raws_of(struct bb_bytes text, size_t piece)
{
    struct bb_spool *spool;
    assert_int_equal(bb_spool_new(&spool), 0);
    struct bb_reader reader = open_values(&(struct reader_text_memory){text, piece}, spool);
    char *raws = reader_raws(&reader, spool);
    bb_spool_destroy(&spool);
    return raws;
}

#define SECOND_TIME(key, line, column)                                                                       \
    "found the key '" key "' for the second time in line " line ", column " column ", expected it once"

static const struct {
    const char *what, *input, *expected;
} cases[] = {
    {"nothing", "", "end"},
    {"an empty object", "{}", "end"},
    {"no values", "{\"dataSet\": \"s\", \"period\": \"2019\", \"dataValues\": []}", "end"},
    {"no list of them", "{\"dataSet\": \"s\", \"period\": \"2019\"}", "end"},
    {"null for it", "{\"dataValues\": null, \"x\": 1}", "end"},
    {"values that say all themselves",
     "{\"dataValues\": [\n {\"dataElement\": \"a\", \"period\": \"201901\", \"orgUnit\": \"o\", \"value\": "
     "\"1\"},\n"
     " {\"orgUnit\": \"p\", \"dataElement\": \"b\", \"period\": 201902, \"value\": 2.50, \"followup\": "
     "false}]}",
     "2: period=201901|orgUnit=o|dataElement=a|value=1\n"
     "3: period=#201902|orgUnit=p|dataElement=b|value=#2.50|followup=?false\nend"},
    {"what the set says",
     "{\"dataSet\":\"s\",\"completedDate\":\"2019-06-05\",\"period\":\"2019\",\"orgUnit\":\"o\","
     "\"attributeOptionCombo\":\"c\",\"orgUnitIdScheme\":\"code\",\"dryRun\":true,\n"
     "\"dataValues\":[{\"value\":1},{\"period\":\"2018\",\"value\":2},{\"orgUnit\":\"\",\"period\":null}]}",
     "2: period=2019|orgUnit=o|attributeOptionCombo=c|dataSet=s|completeDate=2019-06-05|orgUnitIdScheme=code|"
     "dryRun=?true|value=#1\n"
     "2: period=2018|orgUnit=o|attributeOptionCombo=c|dataSet=s|completeDate=2019-06-05|orgUnitIdScheme=code|"
     "dryRun=?true|value=#2\n"
     "2: period=2019|orgUnit=o|attributeOptionCombo=c|dataSet=s|completeDate=2019-06-05|orgUnitIdScheme=code|"
     "dryRun=?true\nend"},
    {"a list that the set says",
     "{\"attributeCategoryOptions\": [\n  \"a b\",\r\n\t\"c\"\n],\n\"dataValues\":[{\"value\":1}]}",
     "5: attributeCategoryOptions=+[\"a b\",\"c\"]|value=#1\nend"},
    {"members of the set that are passed over",
     "{\"info\": {\"dataValues\": [{\"a\": [1]}]}, \"note\": \"x\", \"dataValues\":[{\"value\":1}], "
     "\"more\": "
     "[[{}]], \"info\": 2}",
     "1: value=#1\nend"},
    {"null and absent", "{\"dataValues\":[{\"value\":null,\"comment\":null},{}]}", "1:\n1:\nend"},
    {"a nested cell", "{\"dataValues\":[{\"value\":{\"a\":\n   [1, 2]}}]}", "1: value=+{\"a\":[1, 2]}\nend"},
    {"values that are none", "{\"dataValues\":[1, \"x\", null, [2, [3]], {\"value\": 4}]}",
     "1: !0 found a number, expected an object with a value\n1: !0 found a text, expected an object with a "
     "value\n1: !0 found null, expected an object with a value\n1: !0 found a list, expected an object with "
     "a "
     "value\n1: value=#4\nend"},
    {"a key twice", "{\"dataValues\":[{\"value\":1,\n \"value\":2},{\"value\":3}]}",
     "1: value=#1 !0 " SECOND_TIME("value", "2", "2") "\n2: value=#3\nend"},
    {"a key twice in front of the values", "{\"period\":1,\"period\":2,\n\"dataValues\":[{\"value\":1}]}",
     "bad: line 2, column 1: in the set before \"dataValues\": " SECOND_TIME("period", "1", "13")},
    {"a key twice around the values", "{\"dataSet\":1,\"dataValues\":[{\"value\":1}],\n\"dataSet\":2}",
     "1: dataSet=#1|value=#1\nbad: line 2, column 1: found the key \"dataSet\" for the second time, expected "
     "it "
     "once"},
    {"values twice", "{\"dataValues\":[{\"value\":1}],\n\"dataValues\":[]}",
     "1: value=#1\nbad: line 2, column 1: found the key \"dataValues\" for the second time, expected it "
     "once"},
    {"a period behind that a value lacks",
     "{\"dataValues\":[{\"period\":1,\"value\":1},{\"value\":2}],\n \"period\":2}",
     "1: period=#1|value=#1\n1: value=#2\nbad: line 2, column 2: found \"period\" behind \"dataValues\", "
     "expected "
     "it in front"},
    {"that none lacks", "{\"dataValues\":[{\"period\":1,\"value\":1}],\"period\":2}",
     "1: period=#1|value=#1\nend"},
    {"that is null", "{\"dataValues\":[{\"value\":1}],\"orgUnit\":null}", "1: value=#1\nend"},
    {"a scheme behind", "{\"dataValues\":[{\"value\":1}],\"idScheme\":\"code\"}",
     "1: value=#1\nbad: line 1, column 29: found \"idScheme\" behind \"dataValues\", expected it in front"},
    {"what values do without, behind",
     "{\"dataValues\":[{\"value\":1}],\"completedDate\":1,\"dataSet\":\"s\"}", "1: value=#1\nend"},
    {"a set behind a set",
     "{\"period\":1,\"dataValues\":[{\"value\":1}]}\n{\"dataValues\":[{\"value\":2}]}{\"orgUnit\":\"o\","
     "\"dataValues\":[{"
     "\"value\":3}]}",
     "1: period=#1|value=#1\n2: value=#2\n2: orgUnit=o|value=#3\nend"},
    {"a line each",
     "{\"dataElement\":\"a\",\"period\":\"2019\",\"value\":\"1\"}\n{\"value\":\"2\",\"row\":7,\"code\":\"X\"}"
     "\n\n"
     "{\"value\":1,\"value\":2}\n{\"completedDate\":\"x\",\"value\":[]}",
     "1: period=2019|dataElement=a|value=1\n2: value=2|row=#7|code=X\n4: value=#1 !0 " SECOND_TIME(
         "value", "4", "12") "\n5: value=+[]|completeDate=x\nend"},
    {"a list", "[]", "bad: line 1, column 1: found a list, expected an object with \"dataValues\""},
    {"no JSON", "dataElement,period\n",
     "bad: line 1, column 1: found 'dataElement', expected an object with \"dataValues\""},
    {"metadata", "{\"system\":{},\n\"indicators\":[{\"id\":1}]}",
     "bad: line 1, column 1: found metadata of DHIS2 (\"indicators\"), expected values; metadata is for "
     "backbone "
     "indicator define, and backbone place import"},
    {"XML", "<dataValueSet/>", "bad: line 1, column 1: found '<', expected an object with \"dataValues\""},
    {"no list of values", "{\"dataValues\":{\"value\":1}}",
     "bad: line 1, column 15: found an object as \"dataValues\", expected a list"},
    {"broken", "{\"dataValues\":[{\"value\":1},\n{\"value\":1 2}]}",
     "1: value=#1\nbad: line 2, column 12: found '2', expected ',' or '}'"},
    {"not UTF-8", "{\"dataValues\":[{\"value\":1},{\"value\":\"\xE9\"}]}",
     "1: value=#1\nbad: line 1, column 38: found the byte 0xE9 that is not UTF-8, expected a text in UTF-8"},
    {"a byte order mark", "\xEF\xBB\xBF{}",
     "bad: line 1, column 1: found the byte 0xEF, expected an object with "
     "\"dataValues\""},
    {"gzip", "\x1F\x8B\x08",
     "bad: line 1, column 1: found the byte 0x1F, expected an object with \"dataValues\""},
    {"zip", "PK\x03\x04", "bad: line 1, column 1: found 'PK', expected an object with \"dataValues\""},
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

/* The text of a value is one line, says what its set said, and is read again as the same cells. */
static const struct {
    const char *what, *input, *expected;
} texts[] = {
    {"alone", "{\"dataValues\":[{\"value\":1} , {\"value\": \"a, b\"}]}",
     "{\"value\":1}\n{\"value\": \"a, b\"}\n"},
    {"indented",
     "{\n  \"dataSet\": \"s\",\n  \"dataValues\": [\n    {\n      \"value\": \"1 \\n 2\",\n      \"x\": [\n "
     "1,\r\n  "
     "2 ]\n    }, {\n } ]}",
     "{\"value\": \"1 \\n 2\",\"x\": [1,2 ],\"dataSet\":\"s\"}\n{\"dataSet\":\"s\"}\n"},
    {"of the set, unless it is the value's",
     "{\"period\":2019,\"orgUnit\":\"\\u00e9\\\"\",\"completedDate\":\"d\",\"dataValues\":[{\"period\":"
     "\"2018\"},{}]}",
     "{\"period\":\"2018\",\"orgUnit\":\"\xC3\xA9\\\"\",\"completeDate\":\"d\"}\n"
     "{\"period\":2019,\"orgUnit\":\"\xC3\xA9\\\"\",\"completeDate\":\"d\"}\n"},
    {"never twice", "{\"period\":2019,\"dataValues\":[{\"period\":null,\n\"value\":\"\",\"comment\":null}]}",
     "{\"period\":2019,\"value\":\"\"}\n"},
    {"a key twice as it was", "{\"dataSet\":1,\"dataValues\":[{\"value\":1,\n  \"value\":2}]}",
     "{\"value\":1,\"value\":2,\"dataSet\":1}\n"},
    {"blanks alone", "{\"dataSet\":1,\"period\":2,\"dataValues\":[{ \t}]}",
     "{ \t\"period\":2,\"dataSet\":1}\n"},
    {"no object", "{\"dataSet\":1,\"dataValues\":[12,[1,\n 2]]}", "12\n[1,2]\n"},
    {"lines", " {\"value\":1}\n\n{\"value\":2}", "{\"value\":1}\n{\"value\":2}\n"},
};

static void
test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t piece = 0; piece < 6; piece++) {
            char *found = raws_of(bb_bytes_str(texts[i].input), piece);
            check_text(found, texts[i].expected, texts[i].what);
            free(found);
        }
}

static void
test_again(void **state)
{
    static const char input[] = "{\"dataSet\":\"s\",\n\"period\":\"2019\",\"attributeCategoryOptions\":["
                                "\"a\",\n \"b\"],\"dataValues\":[\n"
                                " {\"value\":1.50,\"comment\":\"\\n\\u00e9\"},\n "
                                "{\"period\":\"2018\",\"value\":true},\n {\"value\":\"x\",\n"
                                "  \"nested\":{\"a\":[1]}}]}";
    (void)state;
    char *raws = raws_of(bb_bytes_str(input), 0), *again = raws_of(bb_bytes_str(raws), 3);
    check_text(again, raws, "again");
    char *found = records_of(bb_bytes_str(raws), 0);
    check_text(
        found,
        "1: period=2019|value=#1.50|comment=\n\xC3\xA9|dataSet=s|attributeCategoryOptions=+[\"a\",\"b\"]\n"
        "2: period=2018|value=?true|dataSet=s|attributeCategoryOptions=+[\"a\",\"b\"]\n"
        "3: period=2019|value=x|dataSet=s|attributeCategoryOptions=+[\"a\",\"b\"]|nested=+{\"a\":[1]}\nend",
        "cells");
    free(found);
    free(raws);
    free(again);
}

/* Whatever it is cut to, records come as long as they are whole, and then what is missing is told. */
static void
test_truncated(void **state)
{
    static const char input[] =
        "{\"period\":\"2019\",\"x\":[{\"y\":null}],\"dataValues\":[{\"value\":1.5,\"c\":\"\\u00e9\\\\\"},\n"
        "{\"value\":true,\"n\":[1]}],\"orgUnit\":null}";
    (void)state;
    for (size_t len = 1; len < sizeof input - 1; len++)
        for (size_t piece = 0; piece < 3; piece++) {
            char *found = records_of(bb_bytes(input, len), piece);
            const char *bad = strstr(found, "bad: line ");
            if (!bad || !strstr(bad, ": found ") || !strstr(bad, ", expected "))
                fail_msg("%zu bytes: %s", len, found);
            check_int(strstr(found, "1: period=2019|value=#1.5") != NULL,
                      len >= (size_t)(strchr(input, '\n') - input) - 1, "the first value");
            free(found);
        }
}

static void
append_many(FILE *to, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        fputs(text, to);
}

/* Monsters, before and behind something sound. */
static void
test_monsters(void **state)
{
    static const struct {
        const char *what, *before, *many, *behind;
        size_t n;
        const char *expected; /* part of it */
    } monsters[] = {
        {"a cell of 10 MB", "{\"dataValues\":[{\"comment\":\"", "x", "\",\"value\":1},{\"value\":2}]}",
         10u << 20, "1: comment=<10485760>|value=#1\n1: value=#2\nend"},
        {"a nested cell of 10 MB", "{\"dataValues\":[{\"comment\":[", "1,", "2],\"value\":1},{\"value\":2}]}",
         5u << 20, "1: comment=<10485763>|value=#1\n1: value=#2\nend"},
        {"what is passed over of 10 MB", "{\"x\":[", "1,",
         "2],\"dataSet\":\"s\",\"dataValues\":[{\"value\":2}]}", 5u << 20, "1: dataSet=s|value=#2\nend"},
        {"a period of 100 KB", "{\"period\":\"", "2", "\",\"dataValues\":[{\"value\":2}]}", 100000,
         "bad: line 1, column 100014: in the set before \"dataValues\": found \"period\" of 100000 bytes, "
         "expected "
         "at most 65536"},
        {"a key of 10 MB", "{\"dataValues\":[{\"", "x", "\":1,\"value\":1},{\"value\":2}]}", 10u << 20,
         "1: value=#1 !0 found a key of 10485760 bytes, expected at most 1024\n1: value=#2\nend"},
        {"a number of 10 MB", "{\"dataValues\":[{\"value\":", "1", "}]}", 10u << 20,
         "found more than 65536 digits or letters, expected a number"},
        {"depth", "{\"dataValues\":[{\"value\":1},{\"value\":", "[", "1", 100000,
         "1: value=#1\nbad: line 1, column 98: found more than 64 objects and lists in each other, expected "
         "at "
         "most 64"},
        {"depth in what is passed over", "{\"dataValues\":[{\"value\":1}],\"x\":", "{\"a\":", "1", 100000,
         "1: value=#1\nbad: line 1, column 348: found more than 64 objects and lists in each other, expected "
         "at "
         "most 64"},
        {"blanks", "{\"dataValues\":[{\"value\":1}", "\n    ", ",{\"value\":2}]}", 1u << 20,
         "1: value=#1\n1048577: value=#2\nend"},
        {"a text without an end", "{\"dataValues\":[{\"value\":1},{\"value\":\"", "x", "", 10u << 20,
         "1: value=#1\nbad: line 1, column 10485798: found the end of the file, expected a closing quote"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(monsters); i++) {
        char *data = NULL;
        size_t len;
        FILE *to = open_memstream(&data, &len);
        fputs(monsters[i].before, to);
        append_many(to, monsters[i].n, monsters[i].many);
        fputs(monsters[i].behind, to);
        fclose(to);
        char *found = records_of(bb_bytes(data, len), 0);
        if (!strstr(found, monsters[i].expected))
            fail_msg("%s: found %.500s", monsters[i].what, found);
        free(found);
        free(raws_of(bb_bytes(data, len), 0));
        free(data);
    }
}

static void
test_many_members(void **state)
{
    char *data = NULL;
    size_t len;
    FILE *to = open_memstream(&data, &len);
    (void)state;
    fputs("{\"dataValues\":[{\"value\":1},\n{", to);
    for (int i = 0; i < 100000; i++)
        fprintf(to, "\"k%d\":%d,", i, i);
    fputs("\"value\":1},\n{\"value\":2,\"k0\":3},{\"value\":2,\"other\":3}]}", to);
    fclose(to);
    char *found = records_of(bb_bytes(data, len), 0);
    static const char *const expected[] = {
        "1: value=#1\n2: value=#1|k0=#0|",
        "|k507=#507 !0 found the key 'k508' in line 2, column ",
        ", expected at most 512 different keys in a file\n3: value=#2|k0=#3\n3: value=#2 !0 found the key "
        "'other' "
        "in line 3, column ",
    };
    for (size_t i = 0; i < COUNT(expected); i++)
        check(strstr(found, expected[i]) != NULL, expected[i]);
    free(found);
    free(data);
}

/* Values over the ends of blocks come as they are, in cells and as text. */
static void
test_blocks(void **state)
{
    char *data = NULL, *lines = NULL;
    size_t len, lines_len;
    struct bb_cells cells;
    FILE *to = open_memstream(&data, &len), *line = open_memstream(&lines, &lines_len);
    const int n = 30000;
    (void)state;
    fputs("{\"orgUnit\":\"o\",\"dataValues\":[", to);
    for (int i = 0; i < n; i++) {
        int width = i % 7000 == 5 ? 30000 : i % 89;
        fprintf(to, "%s\n  {\n    \"value\": %d,\n    \"comment\": \"%0*d\"\n  }", i ? "," : "", i, width, i);
        fprintf(line, "{\"value\": %d,\"comment\": \"%0*d\",\"orgUnit\":\"o\"}\n", i, width, i);
    }
    fputs("]}", to);
    fclose(to);
    fclose(line);
    char *raws = raws_of(bb_bytes(data, len), 0);
    check(strcmp(raws, lines) == 0, "texts");
    struct bb_reader reader = open_values(&(struct reader_text_memory){bb_bytes(data, len), 0}, NULL);
    for (int i = 0; i < n; i++) {
        char value[20];
        assert_int_equal(bb_reader_next(&reader, &cells), 0);
        snprintf(value, sizeof value, "%d", i);
        check_int(cells.number, i + 1, "number");
        check_int(cells.line, 2 + 4 * i, "line");
        check_int(cells.count, 5, "names");
        assert_true(bb_bytes_equal(cells.cell[1].text, bb_bytes_str("o")));
        assert_true(bb_bytes_equal(cells.cell[3].text, bb_bytes_str(value)));
    }
    assert_int_equal(bb_reader_next(&reader, &cells), BB_READER_END);
    check_int(reader.kind->position(reader.self), len, "all is read");
    bb_reader_destroy(&reader);
    free(raws);
    free(lines);
    free(data);
}

/* A value that is broken has a code; what is wrong with the file stays so. */
static void
test_codes(void **state)
{
    struct bb_cells cells;
    (void)state;
    struct bb_reader reader = open_values(
        &(struct reader_text_memory){bb_bytes_str("{\"dataValues\":[{\"a\":1,\"a\":2},5],\"idScheme\":1}"),
                                     0},
        NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bb_reader_next(&reader, &cells), 0);
        check_int(cells.code, BB_ROW_CODE_BAD_ROW, "code");
        check_int(cells.column, 0, "the whole");
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bb_reader_next(&reader, &cells), BB_READER_BAD);
        assert_non_null(strstr(bb_reader_error(&reader), "found \"idScheme\" behind"));
    }
    bb_reader_destroy(&reader);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),    cmocka_unit_test(test_texts),
        cmocka_unit_test(test_again),    cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_monsters), cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_blocks),   cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
