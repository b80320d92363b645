/* Documents through the scanner: whole, a few bytes at a time, and as a line in memory, which must not make a
 * difference. What it gives is written down as { } [ ] k:KEY "TEXT #NUMBER ?BOOLEAN ~ with blanks between,
 * and <n> for a text of n bytes that was too long. */
#include "client/formats/text/json.h"

#include "reader_text.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put_token(FILE *to, const struct bb_json_token *token)
{
    static const char marks[] = {[BB_JSON_TEXT] = '"',
                                 [BB_JSON_NUMBER] = '#',
                                 [BB_JSON_BOOLEAN] = '?',
                                 [BB_JSON_NULL] = '~',
                                 [BB_JSON_KEY] = ':'};
    if (strchr("{}[]", token->kind)) {
        fprintf(to, "%c ", token->kind);
        return;
    }
    fputc(marks[token->kind], to);
    if (token->kind == BB_JSON_NULL)
        ;
    else if (token->text.data)
        fwrite(token->text.data, 1, token->text.len, to);
    else
        fprintf(to, "<%zu>", token->text.len);
    fputc(' ', to);
}

static char *
drain(struct bb_json *json)
{
    char *out = NULL, said[400];
    size_t len;
    struct bb_json_token token;
    int r;
    FILE *to = open_memstream(&out, &len);
    while ((r = bb_json_next(json, &token)) == 0)
        put_token(to, &token);
    if (r == BB_JSON_BAD) {
        bb_json_say(json, said, sizeof said);
        fputs(said, to);
        assert_int_equal(bb_json_next(json, &token), BB_JSON_BAD);
    } else {
        assert_int_equal(r, BB_JSON_END);
        assert_int_equal(bb_json_next(json, &token), BB_JSON_END);
    }
    fclose(to);
    return out;
}

static char *
scan(struct bb_bytes text, size_t step)
{
    struct reader_text_memory memory = {.left = text, .piece = step};
    struct bb_json json;
    assert_int_equal(bb_json_open(&json, reader_text_feed(&memory), "an object"), 0);
    char *found = drain(&json);
    bb_json_release(&json);
    return found;
}

static const struct {
    const char *text, *expected;
} sound[] = {
    {"", ""},
    {" \n\t\r ", ""},
    {"{}", "{ } "},
    {"[]", "[ ] "},
    {"{\"a\":1}", "{ :a #1 } "},
    {" { \"a\" : [ 1 , 2 ] , \"b\" : { } } ", "{ :a [ #1 #2 ] :b { } } "},
    {"[true,false,null,\"\"]", "[ ?true ?false ~ \" ] "},
    {"[-0,0.5,-1.25e+10,1E400,12345678901234567890123]",
     "[ #-0 #0.5 #-1.25e+10 #1E400 #12345678901234567890123 ] "},
    {"\"abc\"", "\"abc "},
    {"12", "#12 "},
    {"{\"a\":1}\n{\"b\":2}\n\n{}", "{ :a #1 } { :b #2 } { } "},
    {"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[ \"\"\\/\b\f\n\r\t ] "},
    {"[\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"]", "[ \"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 ] "},
    {"[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 \x7F\"]", "[ \"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 \x7F ] "},
    {"[\"a long text, with one escape near its end: \\n\"]",
     "[ \"a long text, with one escape near its end: \n ] "},
    {"{\"\\u0061\": \"x\", \"\": 1}", "{ :a \"x : #1 } "},
    {"{\"a\":1,\"a\":2}", "{ :a #1 :a #2 } "}, /* for the caller to see */
};

static void
test_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sound); i++)
        for (size_t step = 0; step < 10; step++) {
            char *found = scan(bb_bytes_str(sound[i].text), step);
            check_text(found, sound[i].expected, sound[i].text);
            free(found);
        }
}

#define A_VALUE "a text, a number, true, false, null, an object or a list"

static const struct {
    const char *text, *expected;
} broken[] = {
    {"{", "line 1, column 2: found the end of the file, expected a key in double quotes, or '}'"},
    {"{\"a\"", "line 1, column 5: found the end of the file, expected ':'"},
    {"{\"a\":", "line 1, column 6: found the end of the file, expected " A_VALUE},
    {"{\"a\":1", "line 1, column 7: found the end of the file, expected ',' or '}'"},
    {"[1,\n", "line 2, column 1: found the end of the file, expected " A_VALUE},
    {"[1 2]", "line 1, column 4: found '2', expected ',' or ']'"},
    {"[1,]", "line 1, column 4: found ']', expected " A_VALUE},
    {"{\"a\":1,}", "line 1, column 8: found '}', expected a key in double quotes"},
    {"{1:2}", "line 1, column 2: found '1', expected a key in double quotes, or '}'"},
    {"{\"a\" 1}", "line 1, column 6: found '1', expected ':'"},
    {"{\"a\":1 \"b\":2}", "line 1, column 8: found a text, expected ',' or '}'"},
    {"[1}", "line 1, column 3: found '}', expected ',' or ']'"},
    {"]", "line 1, column 1: found ']', expected an object"},
    {"[01]", "line 1, column 2: found '01', expected a number such as 12.5"},
    {"[-]", "line 1, column 2: found '-', expected a number such as 12.5"},
    {"[1.]", "line 1, column 2: found '1.', expected a number such as 12.5"},
    {"[1e]", "line 1, column 2: found '1e', expected a number such as 12.5"},
    {"[1e+]", "line 1, column 2: found '1e+', expected a number such as 12.5"},
    {"[.5]", "line 1, column 2: found '.5', expected a value, or ']'"},
    {"[+1]", "line 1, column 2: found '+1', expected a value, or ']'"},
    {"[0x10]", "line 1, column 2: found '0x10', expected a number such as 12.5"},
    {"[NaN]", "line 1, column 2: found 'NaN', expected a value, or ']'"},
    {"[True]", "line 1, column 2: found 'True', expected a value, or ']'"},
    {"hello", "line 1, column 1: found 'hello', expected an object"},
    {"['a']", "line 1, column 2: found ''', expected a value, or ']'"},
    {"[1] // no", "line 1, column 5: found '/', expected an object"},
    {"{\n  \"a\": 1,\r\n\r  \"b\": x}", "line 4, column 8: found 'x', expected " A_VALUE},
    {"[\"a", "line 1, column 4: found the end of the file, expected a closing quote"},
    {"[\"a\nb\"]", "line 1, column 4: found the end of the line within a text, expected a closing quote"},
    {"[\"a\tb\"]",
     "line 1, column 4: found the control character 0x09 within a text, expected it as an escape"},
    {"[\"a\\qb\"]", "line 1, column 5: found 'q', expected one of \" \\ / b f n r t u behind a backslash"},
    {"[\"\\", "line 1, column 4: found the end of the file, expected a closing quote"},
    {"[\"\\u00g0\"]", "line 1, column 7: found 'g', expected four hexadecimal digits behind \\u"},
    {"[\"\\u00", "line 1, column 7: found the end of the file, expected a closing quote"},
    {"[\"\\u0000\"]", "line 1, column 8: found \\u0000, expected a text without NUL"},
    {"[\"\\uD83D\"]",
     "line 1, column 9: found \\uD83D, expected a pair of surrogates, such as \\uD83D\\uDE00"},
    {"[\"\\uD83Dx\"]",
     "line 1, column 9: found \\uD83D, expected a pair of surrogates, such as \\uD83D\\uDE00"},
    {"[\"\\uD83D\\n\"]",
     "line 1, column 10: found \\uD83D, expected a pair of surrogates, such as \\uD83D\\uDE00"},
    {"[\"\\uD83D\\u0041\"]",
     "line 1, column 14: found \\uD83D, expected a pair of surrogates, such as \\uD83D\\uDE00"},
    {"[\"\\uDE00\"]",
     "line 1, column 8: found \\uDE00, expected a pair of surrogates, such as \\uD83D\\uDE00"},
    {"[\"caf\xE9\"]", "line 1, column 6: found the byte 0xE9 that is not UTF-8, expected a text in UTF-8"},
    {"[\"\xFF\"]", "line 1, column 3: found the byte 0xFF that is not UTF-8, expected a text in UTF-8"},
    {"[\"a\x80\"]", "line 1, column 4: found the byte 0x80 that is not UTF-8, expected a text in UTF-8"},
    {"[\"\xC0\x80\"]", "line 1, column 3: found the byte 0xC0 that is not UTF-8, expected a text in UTF-8"},
    {"[\"\xE0\x9F\xBF\"]",
     "line 1, column 3: found the byte 0xE0 that is not UTF-8, expected a text in UTF-8"},
    {"[\"\xED\xA0\x80\"]",
     "line 1, column 3: found the byte 0xED that is not UTF-8, expected a text in UTF-8"},
    {"[\"\xF4\x90\x80\x80\"]",
     "line 1, column 3: found the byte 0xF4 that is not UTF-8, expected a text in UTF-8"},
    {"[\"\xF8\x88\x80\x80\"]",
     "line 1, column 3: found the byte 0xF8 that is not UTF-8, expected a text in UTF-8"},
    {"\xC3\xA9", "line 1, column 1: found the byte 0xC3, expected an object"},
    {"\xEF\xBB\xBF[1]", "line 1, column 1: found the byte 0xEF, expected an object"}, /* decode.h drops it */
};

/* How a document ends: behind what was understood of it. */
static const char *
last(const char *found, const char *expected)
{
    size_t n = strlen(found), m = strlen(expected);
    return n > m ? found + n - m : found;
}

static void
test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++)
        for (size_t step = 0; step < 10; step++) {
            char *found = scan(bb_bytes_str(broken[i].text), step);
            check_text(last(found, broken[i].expected), broken[i].expected, broken[i].text);
            free(found);
        }
}

static void
test_nul(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *expected;
    } nul[] = {
        {"\0", 1, "line 1, column 1: found the byte 0x00, expected an object"},
        {"[\0]", 3, "line 1, column 2: found the byte 0x00, expected a value, or ']'"},
        {"[\"\0\"]", 5,
         "line 1, column 3: found the control character 0x00 within a text, expected it as an escape"},
        {"[\"\\\0\"]", 6,
         "line 1, column 4: found the byte 0x00, expected one of \" \\ / b f n r t u behind a backslash"},
        {"{\0\"\0", 4, "line 1, column 2: found the byte 0x00, expected a key in double quotes, or '}'"},
    };
    for (size_t i = 0; i < COUNT(nul); i++) {
        char *found = scan(bb_bytes(nul[i].text, nul[i].len), i);
        check_text(last(found, nul[i].expected), nul[i].expected, "NUL");
        free(found);
    }
}

/* One value, and what is said of it by who knows the line. */
static void
test_line(void **state)
{
    static const struct {
        const char *text, *expected;
    } lines[] = {
        {"{\"a\": 1} ", "{ :a #1 } "},
        {"{\"a\": 1", "found the end of the line, expected ',' or '}'"},
        {"", "found the end of the line, expected an object"},
        {"{\"a\": \"x", "found the end of the line, expected a closing quote"},
        {"{\"a\": 1} x", "found 'x' in column 10, expected nothing behind the value"},
        {"{} {}", "found '{' in column 4, expected nothing behind the value"},
        {"nope", "found 'nope' in column 1, expected an object"},
        {"{\"a\": tru", "found 'tru' in column 7, expected " A_VALUE},
    };
    struct bb_json json;
    struct bb_json_token token;
    char said[400];
    (void)state;
    bb_json_init(&json, "an object");
    for (size_t i = 0; i < COUNT(lines); i++) {
        char *found = NULL;
        size_t len;
        int r;
        FILE *to = open_memstream(&found, &len);
        bb_json_line(&json, bb_bytes_str(lines[i].text));
        while ((r = bb_json_next(&json, &token)) == 0)
            put_token(to, &token);
        if (r == BB_JSON_BAD) {
            rewind(to);
            bb_json_say_in_line(&json, said, sizeof said);
            fputs(said, to);
        }
        fclose(to);
        check_text(found, lines[i].expected, lines[i].text);
        free(found);
    }
    bb_json_release(&json);
}

static void
test_positions(void **state)
{
    static const char text[] = "{\"a\":\n\r\n  [true,\r\n\r \"b\"]}";
    static const unsigned expected[][2] = {{1, 1}, {1, 2}, {3, 3}, {3, 4}, {5, 2}, {5, 5}, {5, 6}};
    (void)state;
    for (size_t step = 0; step < 10; step++) {
        struct reader_text_memory memory = {.left = bb_bytes_str(text), .piece = step};
        struct bb_json json;
        struct bb_json_token token;
        assert_int_equal(bb_json_open(&json, reader_text_feed(&memory), "an object"), 0);
        for (size_t i = 0; i < COUNT(expected); i++) {
            assert_int_equal(bb_json_next(&json, &token), 0);
            check_int(token.line, expected[i][0], "line");
            check_int(token.column, expected[i][1], "column");
        }
        assert_int_equal(bb_json_next(&json, &token), BB_JSON_END);
        assert_int_equal(bb_json_position(&json), sizeof text - 1);
        bb_json_release(&json);
    }
}

/* Sixty-four in each other, and one more; a hundred thousand take no more. */
static void
test_depth(void **state)
{
    static char text[200001];
    (void)state;
    for (size_t depth = 63; depth < 66; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        char *found = scan(bb_bytes_str(text), 7);
        if (depth <= BB_JSON_DEPTH)
            check_int(strlen(found), 4 * depth, "brackets");
        else
            check(strstr(found, "line 1, column 65: found more than 64 objects and lists in each other, "
                                "expected at most 64") != NULL,
                  found);
        free(found);
    }
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 5 == 0 ? '{' : "{\"a\":"[i % 5];
    char *found = scan(bb_bytes_str(text), 0);
    assert_non_null(strstr(found, "column 321: found more than 64"));
    free(found);
}

/* Texts around the length that is kept, over the end of blocks, with and without escapes. */
static void
test_long(void **state)
{
    static const size_t lengths[] = {1, 7, 65535, 65536, 65537, 262140, 262144, 10u << 20u, (10u << 20u) + 3};
    char *text = malloc((10u << 20) + 100);
    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (int escaped = 0; escaped < 2; escaped++) {
            size_t n = lengths[i];
            char head[40], expected[60];
            text[0] = '"';
            memset(text + 1, 'x', n);
            sprintf(text + 1 + n, "%s\" \"\xC3\xA9\"", escaped ? "\\u00e9" : "");
            char *found = scan(bb_bytes_str(text), 0);
            n += escaped ? 2 : 0;
            snprintf(expected, sizeof expected, "\"<%zu> \"\xC3\xA9 ", n);
            snprintf(head, sizeof head, "%zu", n);
            if (n <= BB_JSON_TEXT_BYTES)
                check_int(strlen(found), n + 6, head);
            else
                check_text(found, expected, head);
            free(found);
        }
    memset(text, '1', 10u << 20);
    text[10u << 20] = '\0';
    char *found = scan(bb_bytes_str(text), 0);
    assert_non_null(strstr(found, "found more than 65536 digits or letters, expected a number"));
    free(found);
    free(text);
}

/* Wrong bytes are found in a text that is not kept, too. */
static void
test_long_and_wrong(void **state)
{
    size_t n = 1u << 20;
    char *text = malloc(n + 10);
    (void)state;
    text[0] = '"';
    for (size_t i = 1; i < n; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    memcpy(text + n - 1, "\xC3\xA9\xC3\"\0", 5);
    char *found = scan(bb_bytes(text, n + 3), 0);
    assert_string_equal(
        found, "line 1, column 1048578: found the byte 0xC3 that is not UTF-8, expected a text in UTF-8");
    free(found);
    memcpy(text + n - 1, "\xC3\xA9\"", 3);
    found = scan(bb_bytes(text, n + 2), 1000);
    assert_string_equal(found, "\"<1048576> ");
    free(found);
    free(text);
}

static void
test_skip(void **state)
{
    struct reader_text_memory memory = {
        .left = bb_bytes_str("[{\"a\": [1, {\"]\": \"}\"}], \"b\": []}, \"c\", {}]"), .piece = 3};
    struct bb_json json;
    struct bb_json_token token;
    (void)state;
    assert_int_equal(bb_json_open(&json, reader_text_feed(&memory), "a list"), 0);
    assert_int_equal(bb_json_next(&json, &token), 0);
    assert_int_equal(bb_json_next(&json, &token), 0);
    check_text(bb_json_words(&token), "an object", "words");
    assert_int_equal(bb_json_skip(&json, &token), 0);
    assert_int_equal(bb_json_next(&json, &token), 0);
    check_text(bb_json_words(&token), "a text", "words");
    assert_int_equal(bb_json_skip(&json, &token), 0);
    assert_int_equal(bb_json_next(&json, &token), 0);
    assert_int_equal(bb_json_skip(&json, &token), 0);
    assert_int_equal(bb_json_next(&json, &token), 0);
    assert_int_equal(token.kind, BB_JSON_LIST_END);
    assert_int_equal(bb_json_next(&json, &token), BB_JSON_END);
    bb_json_release(&json);
}

static void
see(void *self, struct bb_bytes piece)
{
    fwrite(piece.data, 1, piece.len, self);
}

static void
test_tap(void **state)
{
    static const char text[] = " [1, {\"a\": \"x\\ny\", \"b\": [2]} , 3]";
    (void)state;
    for (size_t step = 0; step < 10; step++) {
        struct reader_text_memory memory = {.left = bb_bytes_str(text), .piece = step};
        struct bb_json json;
        struct bb_json_token token;
        char *seen = NULL;
        size_t len;
        FILE *to = open_memstream(&seen, &len);
        assert_int_equal(bb_json_open(&json, reader_text_feed(&memory), "a list"), 0);
        for (int i = 0; i < 2; i++)
            assert_int_equal(bb_json_next(&json, &token), 0);
        bb_json_tap_open(&json, (struct bb_json_tap){see, to});
        assert_int_equal(bb_json_next(&json, &token), 0);
        assert_int_equal(bb_json_skip(&json, &token), 0);
        bb_json_tap_flush(&json);
        bb_json_tap_shut(&json);
        while (bb_json_next(&json, &token) == 0)
            ;
        fclose(to);
        check_text(seen, ", {\"a\": \"x\\ny\", \"b\": [2]}", "seen");
        free(seen);
        bb_json_release(&json);
    }
}

/* Sound documents end only where they end: each of their beginnings is told to be one, and where. */
static void
test_truncated(void **state)
{
    static const char text[] =
        "{\"a\": [1.5e3, -2, true, null, \"\\u00e9\\\\ \xE2\x82\xAC\"],\n \"b\": {\"c\": false}}";
    (void)state;
    for (size_t len = 1; len < sizeof text - 1; len++) {
        char *found = scan(bb_bytes(text, len), len % 4);
        if (!strstr(found, ": found ") || !strstr(found, ", expected "))
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
    struct bb_json json;
    struct bb_json_token token;
    (void)state;
    assert_int_equal(bb_json_open(&json, (struct bb_feed){fail_to_read, NULL}, "a list"), 0);
    assert_int_equal(bb_json_next(&json, &token), -5);
    bb_json_release(&json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),     cmocka_unit_test(test_broken),
        cmocka_unit_test(test_nul),       cmocka_unit_test(test_line),
        cmocka_unit_test(test_positions), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_long),      cmocka_unit_test(test_long_and_wrong),
        cmocka_unit_test(test_skip),      cmocka_unit_test(test_tap),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_read_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
