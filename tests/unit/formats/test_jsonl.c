/* Files of JSON lines: whole, and a few bytes at a time. How records are written down:
 * reader_text.h. */
#include "client/formats/read/jsonl.h"

#include "client/formats/read/json_members.h"
#include "proto/rows.h"
#include "reader_text.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

static struct bb_reader
open_lines(struct reader_text_memory *memory, struct bb_spool *spool)
{
    struct bb_reader reader;
    assert_int_equal(bb_jsonl_reader(reader_text_feed(memory), spool, &reader), 0);
    return reader;
}

/* All that the lines hold; however they are broken, the file is read to its end. */
static char *
records_of(struct bb_bytes text, size_t piece)
{
    struct bb_reader reader = open_lines(&(struct reader_text_memory){text, piece}, NULL);
    char *found = reader_text(&reader), *end = strrchr(found, '\n');
    end = end ? end + 1 : found;
    check_text(end, "end", "how it ends");
    *end = '\0';
    return found;
}

static const struct {
    const char *what, *input, *expected;
} cases[] = {
    {"empty", "", ""},
    {"only empty lines", "\n\r\n \t\n\r", ""},
    {"kinds", "{\"a\": \"x\", \"b\": 12.50, \"c\": true, \"d\": null, \"e\": [1, {}], \"f\": {\"g\": \"}\"}}",
     "1: a=x|b=#12.50|c=?true|e=+[1, {}]|f=+{\"g\": \"}\"}\n"},
    {"line ends", "{\"a\":1}\r\n\r\n{\"a\":2}\r{\"a\":3}\n\n{\"a\":4}",
     "1: a=#1\n3: a=#2\n4: a=#3\n6: a=#4\n"},
    {"a lone CR in front of an empty line", "{\"a\":1}\r\r\n{\"a\":2}\n", "1: a=#1\n3: a=#2\n"},
    {"names grow", "{\"a\":1}\n{\"b\":2}\n{\"b\":3,\"a\":4}\n{}\n", "1: a=#1\n2: b=#2\n3: a=#4|b=#3\n4:\n"},
    {"escapes", "{\"\\u0061\":\"\\u00e9\\n\", \"b\": \"\\\"\"}", "1: a=\xC3\xA9\n|b=\"\n"},
    {"empty texts", "{\"\": \"\", \"a\": \"\"}", "1: =|a=\n"},
    {"exact numbers", "{\"a\":0.12345678901234567890, \"b\":-1E+400}",
     "1: a=#0.12345678901234567890|b=#-1E+400\n"},
    {"twice", "{\"value\": 1, \"value\": null}\n{\"value\": 3}",
     "1: value=#1 !0 found the key 'value' for the second time in column 14, expected it once\n2: "
     "value=#3\n"},
    {"twice after null", "{\"value\": null, \"value\": 1}",
     "1: !0 found the key 'value' for the second time in column 17, expected it once\n"},
    {"twice in a nested one is nobody's business", "{\"a\": {\"b\": 1, \"b\": 2}}",
     "1: a=+{\"b\": 1, \"b\": 2}\n"},
    {"no object", "[1]\n5\n\"x\"\nfalse\nnull\n",
     "1: !0 found a list, expected a JSON object\n2: !0 found a number, expected a JSON object\n3: !0 found "
     "a text, expected a JSON object\n4: !0 found false, expected a JSON object\n5: !0 found null, expected "
     "a JSON object\n"},
    {"no JSON", "{\"a\": 1}\nhello\n\n{\"a\": 2}\n",
     "1: a=#1\n2: !0 found 'hello' in column 1, expected a JSON object\n4: a=#2\n"},
    {"cut", "{\"a\": 1\n{\"a\": \"x\n{\"a\": 2}\n",
     "1: a=#1 !0 found the end of the line, expected ',' or '}'\n2: !0 found the end of the line, expected a "
     "closing quote\n3: a=#2\n"},
    {"two in a line", "{\"a\": 1} {\"a\": 2}\n",
     "1: a=#1 !0 found '{' in column 10, expected nothing behind the value\n"},
    {"the first thing that is wrong is told", "{\"a\": 1, \"a\": 2, b}\n",
     "1: a=#1 !0 found the key 'a' for the second time in column 10, expected it once\n"},
    {"not UTF-8", "{\"a\": \"caf\xE9\"}\n{\"a\": 2}\n",
     "1: !0 found the byte 0xE9 that is not UTF-8 in column 11, expected a text in UTF-8\n2: a=#2\n"},
    {"a control character", "{\"a\": \"\x01\"}\n",
     "1: !0 found the control character 0x01 within a text in column 8, expected it as an escape\n"},
    {"NUL", "{\"a\": \"\\u0000\"}\n", "1: !0 found \\u0000 in column 13, expected a text without NUL\n"},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t step = 0; step < 5; step++) {
            char *found = records_of(bb_bytes_str(cases[i].input), step);
            check_text(found, cases[i].expected, cases[i].what);
            free(found);
        }
}

/* Whatever a line is cut to, it is one record, sound or broken, and the next one is read. */
static void
test_truncated(void **state)
{
    static const char line[] = "{\"a\": [1.5e3, true, \"\\u00e9\\\\ \xE2\x82\xAC\"], \"b\": {\"c\": null}}";
    static const char next[] = "\n{\"a\":1}\n";
    (void)state;
    for (size_t len = 1; len < sizeof line; len++) {
        char input[200];
        memcpy(input, line, len);
        memcpy(input + len, next, sizeof next);
        char *found = records_of(bb_bytes_str(input), len % 3);
        const char *next_line = strstr(found, "\n2: a=#1\n"), *wrong = strstr(found, " !0 found ");
        bool sound = len == sizeof line - 1;
        if (!next_line || sound != !wrong || (wrong && wrong > next_line))
            fail_msg("%zu bytes: %s", len, found);
        free(found);
    }
}

/* A NUL, a value of 10 MB, nesting without an end: a message, and the next line. */
static void
test_monsters(void **state)
{
    const size_t n = 10u << 20;
    char *data = malloc(n + 200);
    (void)state;
    size_t len = (size_t)sprintf(data, "{\"a\": \"");
    memset(data + len, 'x', n);
    sprintf(data + len + n, "\"}\n{\"a\":1}\n");
    char *found = records_of(bb_bytes_str(data), 0);
    check_text(found, "1: !0 found a line of 10485769 bytes, expected at most 262144\n2: a=#1\n", "10 MB");
    free(found);
    sprintf(data + len + (100u << 10), "\"}\n{\"a\":1}\n");
    found = records_of(bb_bytes_str(data), 0);
    check_text(found, "1: a=<102400>\n2: a=#1\n", "100 KB");
    free(found);
    memset(data, '[', 100000);
    sprintf(data + 100000, "\n{\"a\":1}\n");
    found = records_of(bb_bytes_str(data), 0);
    check_text(found, "1: !0 found a list, expected a JSON object\n2: a=#1\n", "a deep list");
    free(found);
    memcpy(data, "{\"a\":", 5);
    found = records_of(bb_bytes_str(data), 0);
    check_text(found,
               "1: !0 found more than 64 objects and lists in each other in column 69, expected at most "
               "64\n2: a=#1\n",
               "a deep cell");
    free(found);
    found = records_of(bb_bytes("{\"a\": \"\0\"}\n{\"a\":1}\n", 19), 0);
    check_text(found,
               "1: !0 found the control character 0x00 within a text in column 8, expected it as an "
               "escape\n2: a=#1\n",
               "NUL");
    free(found);
    free(data);
}

/* Names are met until there are 512 of them: who needs no more is read. */
static void
test_many_members(void **state)
{
    static const char *const expected[] = {
        "1: a=#1\n2: k0=#0|k1=#1|",
        "|k510=#510 !0 found the key 'k511' in column 5403, expected at most 512 different keys in a file\n",
        "\n3: a=#2|k510=#3\n4: !0 found the key 'other' in column 2, expected at most 512 different keys in "
        "a file\n",
        "\n5: !0 found the key '0000000000",
        "...' in column 2, expected at most 512 different keys in a file\n",
        "\n6: !0 found a key of 1025 bytes, expected at most 1024\n7: a=#3\n",
    };
    char *data = NULL;
    size_t len;
    FILE *to = open_memstream(&data, &len);
    (void)state;
    fputs("{\"a\": 1}\n{", to);
    for (int i = 0; i < 10000; i++)
        fprintf(to, "%s\"k%d\":%d", i ? "," : "", i, i);
    fputs("}\n{\"a\": 2, \"k510\": 3}\n{\"other\": 1}\n", to);
    fprintf(to, "{\"%01000d\": 1}\n{\"%01025d\": 1}\n{\"a\": 3}\n", 1, 1);
    fclose(to);
    char *found = records_of(bb_bytes(data, len), 0);
    for (size_t i = 0; i < COUNT(expected); i++)
        check(strstr(found, expected[i]) != NULL, expected[i]);
    free(found);
    free(data);
}

/* Lines over the ends of blocks, with every kind of end; and the text of each comes back as it was. */
static void
test_blocks(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    (void)state;
    for (size_t e = 0; e < COUNT(ends); e++) {
        char *data = NULL, *lines = NULL;
        size_t len, lines_len;
        FILE *to = open_memstream(&data, &len), *line = open_memstream(&lines, &lines_len);
        struct bb_spool *spool;
        assert_int_equal(bb_spool_new(&spool), 0);
        for (int i = 0; i < 20000; i++) {
            int width = i % 5000 == 7 ? 30000 : i % 97;
            fprintf(to, "{\"value\": %d, \"comment\": \"%0*d\"}%s", i, width, i, ends[e]);
            fprintf(line, "{\"value\": %d, \"comment\": \"%0*d\"}\n", i, width, i);
        }
        fclose(to);
        fclose(line);
        char *found = records_of(bb_bytes(data, len), 0);
        check(strstr(found, "\n20000: value=#19999|comment=") != NULL, ends[e]);
        check(strchr(found, '!') == NULL, found);
        free(found);
        struct bb_reader reader = open_lines(&(struct reader_text_memory){bb_bytes(data, len), 0}, spool);
        found = reader_raws(&reader, spool);
        check(strcmp(found, lines) == 0, "raw");
        free(found);
        bb_spool_destroy(&spool);
        free(data);
        free(lines);
    }
}

/* Numbers do not count empty lines; broken lines have a code, too. */
static void
test_numbers(void **state)
{
    static const struct {
        uint64_t number, line;
        uint32_t code;
    } expected[] = {{1, 2, 0}, {2, 4, BB_ROW_CODE_BAD_ROW}, {3, 5, BB_ROW_CODE_TOO_LONG}, {4, 6, 0}};
    const size_t n = 300000;
    char *data = malloc(n + 50);
    struct bb_cells cells;
    (void)state;
    size_t len = (size_t)sprintf(data, "\n{\"a\":1}\n\n{\"a\":\n");
    memset(data + len, ' ', n);
    sprintf(data + len + n, "\n{\"a\":2}\n");
    struct bb_reader reader = open_lines(&(struct reader_text_memory){bb_bytes_str(data), 0}, NULL);
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(bb_reader_next(&reader, &cells), 0);
        check_int(cells.number, expected[i].number, "number");
        check_int(cells.line, expected[i].line, "line");
        check_int(cells.code, expected[i].code, "code");
        check_int(cells.column, 0, "the whole");
    }
    assert_int_equal(bb_reader_next(&reader, &cells), BB_READER_END);
    check_int(reader.kind->position(reader.self), strlen(data), "all is read");
    bb_reader_destroy(&reader);
    free(data);
}

static void
test_members(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } objects[] = {
        {"{}", true},
        {" {\"a\": {\"b\": 1, \"b\": 2}, \"b\": []} ", true},
        {"{\"a\": 1, \"a\": 2}", false},
        {"{\"a\": 1, \"\\u0061\": 2}", false},
        {"[]", false},
        {"{", false},
        {"{} {}", false},
        {"", false},
        {NULL, false},
        {"{\"a\": 01}", false},
    };
    static const struct bb_json_member expected[] = {
        {{(const uint8_t *)"\"a\"", 3}, {(const uint8_t *)"{\"b\": [1, \"}\"]}", 15}},
        {{(const uint8_t *)"\"c\\\"\"", 5}, {(const uint8_t *)"-1.50", 5}},
        {{(const uint8_t *)"\"d\"", 3}, {(const uint8_t *)"\"x, \\\\\"", 7}},
    };
    struct bb_json_member member;
    size_t at = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(objects); i++)
        check_int(bb_json_is_object(bb_bytes_str(objects[i].text)), objects[i].is, objects[i].text);
    struct bb_bytes object =
        bb_bytes_str(" { \"a\" : {\"b\": [1, \"}\"]} , \"c\\\"\":-1.50,\"d\":\"x, \\\\\" } ");
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(bb_json_next_member(object, &at, &member));
        assert_true(bb_bytes_equal(member.key, expected[i].key));
        assert_true(bb_bytes_equal(member.value, expected[i].value));
    }
    assert_false(bb_json_next_member(object, &at, &member));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),    cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_monsters), cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_blocks),   cmocka_unit_test(test_members),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
