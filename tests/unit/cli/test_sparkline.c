#include "client/cli/progress.h"
#include "client/cli/sparkline.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

static void
test_bars(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *values[10];
        size_t n;
        const char *bars;
    } cases[] = {
        {"nothing", {NULL}, 0, ""},
        {"only gaps", {NULL, NULL}, 2, ""},
        {"one", {"5"}, 1, "▄"},
        {"equal, spelled differently", {"5", "5.0"}, 2, "▄▄"},
        {"every step", {"0", "1", "2", "3", "4", "5", "6", "7"}, 8, "▁▂▃▄▅▆▇█"},
        {"negative", {"-7", "0", "7"}, 3, "▁▅█"},
        {"a gap", {"1", NULL, "2"}, 3, "▁ █"},
        {"no number", {"1", "nan", "2"}, 3, "▁ █"},
        {"far apart", {"0.000001", "1000000000000000000000000000"}, 2, "▁█"},
        {"close together", {"30.7", "32.7", "31.2"}, 3, "▁█▃"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[BB_SPARKLINE_TEXT];
        check_text(bb_sparkline(cases[i].values, cases[i].n, out), cases[i].bars, cases[i].what);
    }
}

static void
test_many(void **state)
{
    (void)state;
    const char *values[1000];
    char out[BB_SPARKLINE_TEXT];
    for (size_t i = 0; i < 1000; i++)
        values[i] = i < 500 ? "1" : "2";
    bb_sparkline(values, 1000, out);
    assert_int_equal(strlen(out), BB_SPARKLINE_BARS * 3);
    assert_int_equal(strncmp(out, "▁", 3), 0);
    assert_int_equal(strncmp(out + 29 * 3, "▁█", 6), 0);
}

static void
test_progress(void **state)
{
    (void)state;
    static const struct {
        uint64_t done, total;
        const char *bar;
    } cases[] = {
        {0, 100, "[>         ]   0%"},
        {50, 100, "[=====>    ]  50%"},
        {100, 100, "[==========] 100%"},
        {200, 100, "[==========] 100%"},
        {UINT64_MAX, UINT64_MAX, "[==========] 100%"},
        {5, 0, "[==========] 100%"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char bar[18];
        bb_progress_bar(cases[i].done, cases[i].total, 17, bar);
        assert_string_equal(bar, cases[i].bar);
    }
}

static void
test_line_fits(void **state)
{
    (void)state;
    static const struct {
        unsigned columns;
        uint64_t total;
        const char *line;
    } cases[] = {
        {80, 100, "[=============>               ]  47% 1234 rows, 567 a second"},
        {80, 0, "1234 rows, 567 a second"},
        {60, 100, "[=============>              ]  47% 1234 rows, 567 a second"},
        {40, 100, "[===>    ]  47% 1234 rows, 567 a second"},
        {36, 100, "1234 rows, 567 a second"},
        {24, 100, "1234 rows, 567 a second"},
        {10, 100, "1234 rows"},
        {1, 100, ""},
        {0, 100, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[BB_PROGRESS_LINE];
        bb_progress_line(47, cases[i].total, 1234, 567, cases[i].columns, line);
        assert_string_equal(line, cases[i].line);
    }
    for (unsigned columns = 0; columns < 200; columns++) {
        char line[BB_PROGRESS_LINE];
        bb_progress_line(UINT64_MAX - 1, UINT64_MAX, UINT64_MAX, 1e30, columns, line);
        assert_true(strlen(line) < (columns ? columns : 1));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_line_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
