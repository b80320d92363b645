/* Encodings: what each becomes in UTF-8, however its bytes arrive, and which one it is said to be; what is no
 * text is refused with the place where, and with what to do instead. */
#include "client/formats/text/decode.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A feed that gives at most `step` bytes, and its first ones up to `first`, at once. */
struct script {
    const char *data;
    size_t len, at, first, step;
};

static ssize_t
read_script(void *self, uint8_t *to, size_t size)
{
    struct script *script = self;
    size_t n = script->at < script->first ? script->first - script->at : script->step;
    if (n > size)
        n = size;
    if (n > script->len - script->at)
        n = script->len - script->at;
    if (n)
        memcpy(to, script->data + script->at, n);
    script->at += n;
    return (ssize_t)n;
}

/* All of it in UTF-8, then "!" and the error if there was one. */
static char *
decoded(struct script script, enum bb_encoding encoding, size_t size, size_t *ret_len,
        enum bb_encoding *ret_encoding)
{
    char *out = NULL;
    FILE *to = open_memstream(&out, ret_len);
    uint8_t block[4096];
    struct bb_decode *decode;
    assert_int_equal(bb_decode_new((struct bb_feed){read_script, &script}, encoding, &decode), 0);
    assert_int_equal(bb_decode_encoding(decode), encoding);
    const struct bb_feed feed = bb_decode_feed(decode);
    ssize_t n;
    while ((n = feed.read(feed.self, block, size)) > 0)
        fwrite(block, 1, (size_t)n, to);
    assert_int_equal(feed.read(feed.self, block, size), n);
    if (n < 0) {
        assert_int_equal(n, -EILSEQ);
        fprintf(to, "!%s", bb_decode_error(decode));
    }
    fclose(to);
    *ret_encoding = bb_decode_encoding(decode);
    bb_decode_destroy(&decode);
    return out;
}

#define AUTO    BB_ENCODING_AUTO
#define UTF8    BB_ENCODING_UTF8
#define UTF16   BB_ENCODING_UTF16
#define WINDOWS BB_ENCODING_WINDOWS_1252
#define T(text)                                                                                              \
    {                                                                                                        \
        (text), sizeof(text) - 1, 0, 0, 0                                                                    \
    }

static const struct {
    const char *what;
    enum bb_encoding given;
    struct script input;
    enum bb_encoding found;
    struct script expected;
} cases[] = {
    {"nothing", AUTO, T(""), UTF8, T("")},
    {"a letter", AUTO, T("a"), UTF8, T("a")},
    {"UTF-8", AUTO, T("place\nZ\xC3\xBCrich\n"), UTF8, T("place\nZ\xC3\xBCrich\n")},
    {"not UTF-8 passes, to be told where it is used", AUTO, T("Z\xFCrich, Gen\xE8ve"), UTF8,
     T("Z\xFCrich, Gen\xE8ve")},
    {"NUL passes", AUTO, T("a,\0b\n"), UTF8, T("a,\0b\n")},
    {"UTF-8 with its mark", AUTO, T("\xEF\xBB\xBFplace"), UTF8, T("place")},
    {"a mark alone", AUTO, T("\xEF\xBB\xBF"), UTF8, T("")},
    {"a mark cut short", AUTO, T("\xEF\xBB"), UTF8, T("\xEF\xBB")},
    {"only the first mark", AUTO, T("\xEF\xBB\xBF\xEF\xBB\xBFx"), UTF8, T("\xEF\xBB\xBFx")},
    {"UTF-16 little endian", AUTO, T("\xFF\xFEp\0l\0\xE9\0\n\0"), UTF16, T("pl\xC3\xA9\n")},
    {"UTF-16 big endian", AUTO, T("\xFE\xFF\0p\0l\0\xE9\0\n"), UTF16, T("pl\xC3\xA9\n")},
    {"its mark alone", AUTO, T("\xFE\xFF"), UTF16, T("")},
    {"without a mark, little endian", AUTO, T("p\0l\0\xAC\x20"), UTF16, T("pl\xE2\x82\xAC")},
    {"without a mark, big endian", AUTO, T("\0p\0l\x20\xAC"), UTF16, T("pl\xE2\x82\xAC")},
    {"one NUL does not make it UTF-16", AUTO, T("p\0lx"), UTF8, T("p\0lx")},
    {"as it was said", UTF16, T("\xAC\x20\xAC\x20"), UTF16, T("\xE2\x82\xAC\xE2\x82\xAC")},
    {"the mark has the last word", UTF16, T("\xFE\xFF\x20\xAC"), UTF16, T("\xE2\x82\xAC")},
    {"... over UTF-8", UTF8, T("\xFF\xFEp\0l\0"), UTF16, T("pl")},
    {"... over Windows-1252", WINDOWS, T("\xEF\xBB\xBFZ\xC3\xBCrich"), UTF8, T("Z\xC3\xBCrich")},
    {"nothing is guessed when it was said", UTF8, T("p\0l\0"), UTF8, T("p\0l\0")},
    {"ends of the ranges", UTF16, T("\x7F\0\x80\0\xFF\x07\0\x08\xFF\xD7\0\xE0\xFF\xFF"), UTF16,
     T("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF")},
    {"pairs", UTF16, T("\0\xD8\0\xDC\x3D\xD8\x00\xDE\xFF\xDB\xFF\xDFx\0"), UTF16,
     T("\xF0\x90\x80\x80\xF0\x9F\x98\x80\xF4\x8F\xBF\xBFx")},
    {"a pair, big endian", AUTO, T("\xFE\xFF\xD8\x3D\xDE\0"), UTF16, T("\xF0\x9F\x98\x80")},
    {"a first half alone", UTF16, T("a\0\n\0b\0\x3D\xD8x\0"), UTF16,
     T("a\nb!line 2, byte 7: found 0xD83D, half of a character, without its other half, expected UTF-16")},
    {"a second half alone", AUTO, T("\xFF\xFE\r\0\n\0\r\0\x00\xDEx\0"), UTF16,
     T("\r\n\r!line 3, byte 9: found 0xDE00, half of a character, without its other half, expected UTF-16")},
    {"a first half at the end", UTF16, T("a\0\x3D\xD8"), UTF16,
     T("a!line 1, byte 3: found 0xD83D, half of a character, without its other half, expected UTF-16")},
    {"an odd byte at the end", AUTO, T("\xFF\xFE\x61\0b"), UTF16,
     T("a!line 1, byte 5: found a single byte at the end of the file, expected UTF-16")},
    {"a first half and an odd byte", UTF16, T("a\0\x3D\xD8x"), UTF16,
     T("a!line 1, byte 5: found a single byte at the end of the file, expected UTF-16")},
    {"Windows-1252", WINDOWS, T("Z\xFCrich \x80 5 \x96 \x93x\x94\n"), WINDOWS,
     T("Z\xC3\xBCrich \xE2\x82\xAC 5 \xE2\x80\x93 \xE2\x80\x9Cx\xE2\x80\x9D\n")},
    {"UTF-32", AUTO, T("\xFF\xFE\0\0p\0\0\0"), AUTO,
     T("!found UTF-32, expected UTF-8: save it as CSV UTF-8")},
    {"UTF-32, big endian", AUTO, T("\0\0\xFE\xFF\0\0\0p"), AUTO,
     T("!found UTF-32, expected UTF-8: save it as CSV UTF-8")},
    {"gzip", AUTO, T("\x1F\x8B\x08\0\0\0\0\0\0\x03"), AUTO,
     T("!found a compressed file (gzip), expected text: zcat FILE | backbone ... -")},
    {"gzip, cut short", WINDOWS, T("\x1F\x8B\x08"), WINDOWS,
     T("!found a compressed file (gzip), expected text: zcat FILE | backbone ... -")},
};

static void
check_case(size_t i, size_t first, size_t step, size_t size)
{
    char what[200];
    size_t len;
    enum bb_encoding found;
    struct script input = cases[i].input;
    snprintf(what, sizeof what, "%s (%zu, %zu, %zu)", cases[i].what, first, step, size);
    input.first = first;
    input.step = step;
    char *out = decoded(input, cases[i].given, size, &len, &found);
    check_int(found, cases[i].found, what);
    check_text(out, cases[i].expected.data, what);
    check_int(len, cases[i].expected.len, what);
    check(memcmp(out, cases[i].expected.data, len) == 0, what);
    free(out);
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t first = 0; first <= cases[i].input.len; first++)
            check_case(i, first, SIZE_MAX / 2, 4096);
        for (size_t size = 1; size <= 5; size++)
            check_case(i, 0, 1, size);
    }
}

/* What the WHATWG has for the bytes that are no Latin-1. */
static const char *const windows[32] = {
    "\u20AC",   "\xC2\x81", "\u201A", "\u0192", "\u201E", "\u2026",   "\u2020", "\u2021",
    "\u02C6",   "\u2030",   "\u0160", "\u2039", "\u0152", "\xC2\x8D", "\u017D", "\xC2\x8F",
    "\xC2\x90", "\u2018",   "\u2019", "\u201C", "\u201D", "\u2022",   "\u2013", "\u2014",
    "\u02DC",   "\u2122",   "\u0161", "\u203A", "\u0153", "\xC2\x9D", "\u017E", "\u0178",
};

static void
test_every_byte_of_windows_1252(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char input[3] = {'x', (char)c, 'y'};
        char expected[8] = {'x'}, *at = expected + 1;
        if (c < 0x80)
            *at++ = (char)c;
        else if (c < 0xA0)
            at += sprintf(at, "%s", windows[c - 0x80]);
        else
            at += sprintf(at, "%c%c", 0xC0 | c >> 6, 0x80 | (c & 0x3F));
        *at++ = 'y';
        size_t len;
        enum bb_encoding found;
        char *out = decoded((struct script){input, 3, 0, 0, 1}, WINDOWS, 4096, &len, &found);
        assert_int_equal(len, at - expected);
        assert_memory_equal(out, expected, len);
        free(out);
    }
}

/* More than every block there is. */
static void
test_much(void **state)
{
    (void)state;
    enum { UNITS = 300000 };
    char *input = malloc(2 * UNITS), *expected = malloc(3 * UNITS + 1), *at = expected;
    for (size_t i = 0; i < UNITS; i++) {
        memcpy(input + 2 * i, i % 3 ? "a" : "\xAC\x20", 2);
        at += sprintf(at, "%s", i % 3 ? "a" : "\xE2\x82\xAC");
    }
    size_t len;
    enum bb_encoding found;
    char *out = decoded((struct script){input, 2 * UNITS, 0, 0, 4097}, UTF16, 1000, &len, &found);
    assert_int_equal(len, at - expected);
    assert_memory_equal(out, expected, len);
    free(out);
    input[2 * UNITS - 2] = 0;
    input[2 * UNITS - 1] = (char)0xD8;
    out = decoded((struct script){input, 2 * UNITS, 0, 0, 60000}, UTF16, 4096, &len, &found);
    assert_string_equal(out + (at - expected) - 1,
                        "!line 1, byte 599,999: found 0xD800, half of a character, without its other half, "
                        "expected UTF-16");
    free(out);
    free(expected);
    free(input);
}

/* The memory is not ours to copy into: UTF-8 is read by the other feed. */
static void
test_utf8_is_not_copied(void **state)
{
    (void)state;
    struct script script = {"0123456789abcdef", 16, 0, 10, 3};
    uint8_t block[64];
    struct bb_decode *decode;
    assert_int_equal(bb_decode_new((struct bb_feed){read_script, &script}, AUTO, &decode), 0);
    const struct bb_feed feed = bb_decode_feed(decode);
    assert_int_equal(feed.read(feed.self, block, sizeof block), 10);
    assert_int_equal(script.at, 10);
    assert_int_equal(feed.read(feed.self, block, sizeof block), 3);
    assert_int_equal(script.at, 13);
    bb_decode_destroy(&decode);
}

static ssize_t
read_nothing(void *self, uint8_t *to, size_t size)
{
    (void)self, (void)to, (void)size;
    return -EIO;
}

static void
test_errors_pass(void **state)
{
    (void)state;
    uint8_t block[64];
    struct bb_decode *decode;
    assert_int_equal(bb_decode_new((struct bb_feed){read_nothing, NULL}, UTF16, &decode), 0);
    const struct bb_feed feed = bb_decode_feed(decode);
    assert_int_equal(feed.read(feed.self, block, sizeof block), -EIO);
    bb_decode_destroy(&decode);
}

static void
test_names(void **state)
{
    (void)state;
    assert_int_equal(bb_encoding_by_name("UTF-16"), UTF16);
    assert_int_equal(bb_encoding_by_name("utf8"), AUTO);
    for (enum bb_encoding e = UTF8; e <= WINDOWS; e++)
        assert_int_equal(bb_encoding_by_name(bb_encoding_name(e)), e);
    assert_null(bb_encoding_name(AUTO));
    assert_null(bb_encoding_name(WINDOWS + 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_every_byte_of_windows_1252),
        cmocka_unit_test(test_much),        cmocka_unit_test(test_utf8_is_not_copied),
        cmocka_unit_test(test_errors_pass), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
