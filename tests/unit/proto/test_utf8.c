#include "proto/utf8.h"

#include "tests/unit/check.h"

#include <stdbool.h>

#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                      \
    }

static const struct {
    const char *what;
    struct bb_bytes input;
    size_t prefix; /* valid bytes at the start */
} texts[] = {
    {"empty", BYTES(""), 0},
    {"ASCII", BYTES("backbone"), 8},
    {"ASCII of nine", BYTES("backbones"), 9},
    {"DEL and controls", BYTES("\x01\x1F\x7F"), 3},
    {"NUL", BYTES("\0"), 0},
    {"NUL behind ASCII", BYTES("ab\0cd"), 2},
    {"two bytes", BYTES("Z\xC3\xBCrich"), 7},
    {"three bytes", BYTES("\xE2\x82\xAC"), 3},
    {"four bytes", BYTES("\xF0\x9F\x98\x80"), 4},
    {"the first of two", BYTES("\xC2\x80"), 2},
    {"the first of three", BYTES("\xE0\xA0\x80"), 3},
    {"the first of four", BYTES("\xF0\x90\x80\x80"), 4},
    {"U+D7FF", BYTES("\xED\x9F\xBF"), 3},
    {"U+E000", BYTES("\xEE\x80\x80"), 3},
    {"U+FFFF", BYTES("\xEF\xBF\xBF"), 3},
    {"U+10FFFF", BYTES("\xF4\x8F\xBF\xBF"), 4},
    {"U+110000", BYTES("\xF4\x90\x80\x80"), 0},
    {"F5", BYTES("\xF5\x80\x80\x80"), 0},
    {"a surrogate", BYTES("\xED\xA0\x80"), 0},
    {"the last surrogate", BYTES("\xED\xBF\xBF"), 0},
    {"overlong NUL", BYTES("\xC0\x80"), 0},
    {"overlong in two", BYTES("\xC1\xBF"), 0},
    {"overlong in three", BYTES("\xE0\x9F\xBF"), 0},
    {"overlong in four", BYTES("\xF0\x8F\xBF\xBF"), 0},
    {"a continuation alone", BYTES("a\x80"), 1},
    {"cut after the first of two", BYTES("a\xC3"), 1},
    {"cut after the second of three", BYTES("a\xE2\x82"), 1},
    {"cut after the third of four", BYTES("a\xF0\x9F\x98"), 1},
    {"a letter where a continuation should be", BYTES("a\xE2\x82z"), 1},
    {"FE", BYTES("\xFE"), 0},
    {"Latin-1", BYTES("Z\xFCrich"), 1},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        check_int(bb_utf8_prefix(texts[i].input), texts[i].prefix, texts[i].what);
        check_int(bb_utf8_is_text(texts[i].input), texts[i].prefix == texts[i].input.len, texts[i].what);
    }
}

/* A decoder as RFC 3629 describes it: take the bits, then ask whether they needed so many bytes. */
static bool
slow_is_one_character(const uint8_t *p, size_t n)
{
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    size_t want = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    uint32_t c = want == 1 ? p[0] : p[0] & (0x7Fu >> want);

    if (want != n)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return false;
        c = c << 6 | (p[i] & 0x3F);
    }
    return c >= least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

/* Every sequence of up to three bytes, and of four with all first, second and third bytes. */
static void
test_every_sequence(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1u << 24; i++) {
        uint8_t p[4] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 0x80 | (i & 0x3F)};
        size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

        if (bb_utf8_is_text(bb_bytes(p, n)) != slow_is_one_character(p, n))
            fail_msg("%02X %02X %02X %02X, %zu bytes", p[0], p[1], p[2], p[3], n);
    }
}

/* Eight bytes are looked at together; a bad one is found wherever it stands. */
static void
test_every_position(void **state)
{
    static const uint8_t bad[] = {0x00, 0x80, 0xBF, 0xC0, 0xFF};
    uint8_t text[40];

    (void)state;
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < COUNT(bad); i++) {
                memset(text, at % 2 ? 0x01 : 0x7F, sizeof text);
                assert_true(bb_utf8_is_text(bb_bytes(text, len)));
                text[at] = bad[i];
                assert_int_equal(bb_utf8_prefix(bb_bytes(text, len)), at);
            }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_every_sequence),
        cmocka_unit_test(test_every_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
