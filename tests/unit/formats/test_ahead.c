/* Looking at the first character takes nothing away from who reads. */
#include "client/formats/ahead.h"

#include "reader_text.h"

#include "tests/unit/check.h"

static const struct {
    const char *what, *in;
    uint8_t first;
} table[] = {
    {"nothing", "", 0},
    {"blanks", " \r\n\t ", 0},
    {"at once", "{}", '{'},
    {"behind blanks", "\n\n  code,name\n", 'c'},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        for (size_t piece = 0; piece < 3; piece++) {
            struct reader_text_memory memory = {bb_bytes_str(table[i].in), piece};
            struct bb_ahead ahead;
            char text[100];
            uint8_t first = 1;
            size_t n = 0;
            ssize_t r;
            bb_ahead_init(&ahead, reader_text_feed(&memory));
            check_int(bb_ahead_first(&ahead, &first), 0, table[i].what);
            check_int(first, table[i].first, table[i].what);
            while ((r = bb_ahead_feed(&ahead).read(&ahead, (uint8_t *)text + n, 3)) > 0)
                n += (size_t)r;
            text[n] = '\0';
            check_text(text, table[i].in, table[i].what);
        }
    }
}

static void
test_blanks_without_end(void **state)
{
    static char blanks[2 * BB_AHEAD_BYTES];
    struct reader_text_memory memory = {bb_bytes(blanks, sizeof blanks), 0};
    struct bb_ahead ahead;
    uint8_t first = 1;
    (void)state;
    memset(blanks, ' ', sizeof blanks);
    bb_ahead_init(&ahead, reader_text_feed(&memory));
    assert_int_equal(bb_ahead_first(&ahead, &first), 0);
    assert_int_equal(first, 0);
    assert_int_equal(memory.left.len, BB_AHEAD_BYTES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_blanks_without_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
