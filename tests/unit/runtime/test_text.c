#include "runtime/text.h"

#include "tests/unit/check.h"

#include <stdio.h>

static const char long_text[] = /* 301 bytes */
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x";

#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                      \
    }

static const struct {
    const char *what;
    struct bb_bytes input;
    bool code, name;
} names[] = {
    {"empty", BYTES(""), false, false},
    {"a letter", BYTES("a"), true, true},
    {"a digit", BYTES("7"), true, true},
    {"a usual code", BYTES("grade3-reading_v2.1"), true, true},
    {"starts with a hyphen", BYTES("-x"), false, true},
    {"starts with an underscore", BYTES("_x"), false, true},
    {"starts with a point", BYTES(".x"), false, true},
    {"a blank inside", BYTES("New Haven"), false, true},
    {"a blank before", BYTES(" New Haven"), false, false},
    {"a blank behind", BYTES("New Haven "), false, false},
    {"a slash", BYTES("a/b"), false, true},
    {"UTF-8", BYTES("Z\xC3\xBCrich"), false, true},
    {"invalid UTF-8", BYTES("Z\xFCrich"), false, false},
    {"NUL", BYTES("a\0b"), false, false},
    {"a newline", BYTES("a\nb"), false, false},
    {"DEL", BYTES("a\x7F"), false, false},
    {"a C1 control", BYTES("a\xC2\x85"), false, false},
    {"U+00A0 is no control", BYTES("a\xC2\xA0z"), false, true},
    {"white space before", BYTES("\xC2\xA0z"), false, false},
    {"white space behind", BYTES("z\xE3\x80\x80"), false, false},
    {"zero width space behind", BYTES("z\xE2\x80\x8B"), false, false},
    {"white space inside", BYTES("a\xE3\x80\x80z"), false, true},
    {"right-to-left override", BYTES("a\xE2\x80\xAEz"), false, false},
    {"isolate", BYTES("a\xE2\x81\xA6z"), false, false},
    {"left-to-right mark", BYTES("\xE2\x80\x8Ez"), false, false},
    {"arabic letter mark", BYTES("a\xD8\x9Cz"), false, false},
    {"line separator", BYTES("a\xE2\x80\xA8z"), false, false},
    {"byte order mark", BYTES("\xEF\xBB\xBFz"), false, false},
    {"zero width joiner, which Indic names need", BYTES("a\xE2\x80\x8Dz"), false, true},
    {"Hebrew is fine", BYTES("\xD7\x97\xD7\x99\xD7\xA4\xD7\x94"), false, true},
    {"four bytes", BYTES("a\xF0\x9F\x8F\xAB"), false, true},
    {"300 bytes", {(const uint8_t *)long_text, 300}, false, true},
    {"301 bytes", {(const uint8_t *)long_text, 301}, false, false},
    {"128 bytes", {(const uint8_t *)long_text, 128}, true, true},
    {"129 bytes", {(const uint8_t *)long_text, 129}, false, true},
};

static void
test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        check_int(bb_text_is_code(names[i].input), names[i].code, names[i].what);
        check_int(bb_text_is_name(names[i].input), names[i].name, names[i].what);
    }
}

static const struct {
    const char *what;
    struct bb_bytes input;
    size_t size, max;
    const char *expected;
} quotes[] = {
    {"empty", BYTES(""), 64, 64, ""},
    {"plain", BYTES("it's plain"), 64, 64, "it's plain"},
    {"quotes", BYTES("a \"b\" \\"), 64, 64, "a \\\"b\\\" \\\\"},
    {"lines", BYTES("a\nb\r\tc"), 64, 64, "a\\nb\\r\\tc"},
    {"NUL and escape", BYTES("\0\x1B[2J"), 64, 64, "\\x00\\x1B[2J"},
    {"C1", BYTES("\xC2\x9B"), 64, 64, "\\u009B"},
    {"UTF-8", BYTES("\xE2\x82\xAC \xF0\x9F\x98\x80"), 64, 64, "\xE2\x82\xAC \xF0\x9F\x98\x80"},
    {"marks of direction", BYTES("a\xE2\x80\xAEz\xD8\x9C"), 64, 64, "a\\u202Ez\\u061C"},
    {"not UTF-8", BYTES("\xFF\xE2\x82"), 64, 64, "\\xFF\\xE2\\x82"},
    {"exactly max", BYTES("12345"), 64, 5, "12345"},
    {"cut at max", BYTES("123456"), 64, 5, "12345..."},
    {"cut between characters", BYTES("1234\xE2\x82\xAC"), 64, 5, "1234..."},
    {"cut before an escape", BYTES("1234\n"), 64, 5, "1234..."},
    {"cut by the size", BYTES("1234567890"), 10, 64, "123456..."},
    {"the smallest size", BYTES("1234567890"), 4, 64, "..."},
};

static void
test_quote(void **state)
{
    char out[64];

    (void)state;
    for (size_t i = 0; i < COUNT(quotes); i++)
        check_text(bb_text_quote(quotes[i].input, out, quotes[i].size, quotes[i].max), quotes[i].expected,
                   quotes[i].what);
}

static void
test_shown(void **state)
{
    static const struct {
        const char *what, *input, *expected;
        size_t read;
    } cases[] = {
        {"a letter", "ab", "a", 1},         {"two bytes", "\xC3\xBCx", "\xC3\xBC", 2},
        {"a line feed", "\nx", "\n", 1},    {"a tab", "\t", "\t", 1},
        {"a quote", "\"", "\"", 1},         {"a backslash", "\\n", "\\", 1},
        {"CR", "\r", "\\x0D", 1},           {"escape", "\033[", "\\x1B", 1},
        {"C1", "\xC2\x9B!", "\\u009B", 2},  {"a turn of direction", "\xE2\x80\xAE!", "\\u202E", 3},
        {"not UTF-8", "\xFFx", "\\xFF", 1}, {"cut off", "\xE2\x80", "\\xE2", 1},
    };
    char piece[8];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(bb_text_shown(bb_bytes_str(cases[i].input), piece) == cases[i].read, cases[i].what);
        check_text(piece, cases[i].expected, cases[i].what);
    }
    assert_int_equal(bb_text_shown(bb_bytes_str(""), piece), 0);
}

static void
test_control(void **state)
{
    static const struct {
        const char *what;
        struct bb_bytes input;
        size_t expected;
    } cases[] = {
        {"empty", BYTES(""), 0},
        {"lines", BYTES("a\n\tb"), 4},
        {"an escape", BYTES("ab\x1B[2J"), 2},
        {"a carriage return", BYTES("a\r\n"), 1},
        {"DEL", BYTES("\x7F"), 0},
        {"C1", BYTES("\xC3\xBC\xC2\x9B"), 2},
        {"U+00A0 is none", BYTES("\xC2\xA0z"), 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_int(bb_text_control(cases[i].input), cases[i].expected, cases[i].what);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_control),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
