/* Every rendering of the same rows; numbers keep their digits, hostile text does no harm. */
#include "client/cli/output.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CODE, VALUE, OK, WHEN, ALIAS, SPARK, COLUMNS };

static const struct bb_output_column columns[COLUMNS] = {
    [CODE] = {"code", "CODE", 0},
    [VALUE] = {"value", "VALUE", BB_OUTPUT_RIGHT},
    [OK] = {"ok", NULL, 0},
    [WHEN] = {"time", "WHEN", 0},
    [ALIAS] = {"alias", "ALIASES", BB_OUTPUT_LIST},
    [SPARK] = {"spark", "", BB_OUTPUT_TABLE_ONLY},
};

static void
two_rows(struct bb_output *o)
{
    bb_output_text(o, CODE, "grade3, \"reading\"");
    bb_output_number(o, VALUE, "32.73000000000000000001");
    bb_output_bool(o, OK, true);
    bb_output_time(o, WHEN, 1788789780123456);
    bb_output_item(o, ALIAS, "a");
    bb_output_item(o, ALIAS, "b|c");
    bb_output_text(o, SPARK, "▁█");
    bb_output_row(o);
    bb_output_text(o, CODE, "zwei");
    bb_output_list(o, ALIAS);
    bb_output_row(o);
}

static char *
render(enum bb_output_format format, bool color, unsigned flags, void (*fill)(struct bb_output *))
{
    struct bb_output *output;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_int_equal(bb_output_new(to, format, color, columns, COLUMNS, flags, &output), 0);
    if (fill)
        fill(output);
    assert_int_equal(bb_output_finish(output), 0);
    bb_output_destroy(&output);
    fclose(to);
    return text;
}

static void
check(enum bb_output_format format, unsigned flags, void (*fill)(struct bb_output *), const char *expected)
{
    char *text = render(format, false, flags, fill);

    assert_string_equal(text, expected);
    free(text);
}

static void
json_is_an_array_with_exact_numbers(void **state)
{
    (void)state;
    check(BB_OUTPUT_JSON, 0, two_rows,
          "[\n"
          "{\"code\":\"grade3, \\\"reading\\\"\",\"value\":32.73000000000000000001,\"ok\":true,"
          "\"time\":\"2026-09-07T14:03:00.123456Z\",\"alias\":[\"a\",\"b|c\"]},\n"
          "{\"code\":\"zwei\",\"value\":null,\"ok\":null,\"time\":null,\"alias\":[]}\n"
          "]\n");
    check(BB_OUTPUT_JSON, 0, NULL, "[]\n");
}

static void
raw_json(struct bb_output *o)
{
    bb_output_json(o, CODE, "[{\"a\":1.50}]");
    bb_output_row(o);
    bb_output_json(o, CODE, NULL);
    bb_output_row(o);
}

static void
json_within_is_left_as_it_is(void **state)
{
    (void)state;
    check(BB_OUTPUT_JSONL, 0, raw_json,
          "{\"code\":[{\"a\":1.50}],\"value\":null,\"ok\":null,\"time\":null,\"alias\":null}\n"
          "{\"code\":null,\"value\":null,\"ok\":null,\"time\":null,\"alias\":null}\n");
    check(BB_OUTPUT_CSV, 0, raw_json, "code,value,ok,time,alias\n\"[{\"\"a\"\":1.50}]\",,,,\n,,,,\n");
}

static void
jsonl_is_an_object_a_line(void **state)
{
    char *text = render(BB_OUTPUT_JSONL, false, 0, two_rows);

    (void)state;
    assert_int_equal(strncmp(text, "{\"code\":\"grade3", 15), 0);
    assert_non_null(strstr(text, "}\n{\"code\":\"zwei\""));
    free(text);
}

static void
csv_quotes_what_needs_it(void **state)
{
    (void)state;
    check(BB_OUTPUT_CSV, 0, two_rows,
          "code,value,ok,time,alias\n"
          "\"grade3, \"\"reading\"\"\",32.73000000000000000001,true,2026-09-07T14:03:00.123456Z,a|b|c\n"
          "zwei,,,,\n");
    check(BB_OUTPUT_CSV, 0, NULL, "code,value,ok,time,alias\n");
}

static void
a_table_is_for_people(void **state)
{
    char *text = render(BB_OUTPUT_TABLE, false, 0, two_rows);

    (void)state;
    assert_non_null(strstr(text, "CODE"));
    assert_non_null(strstr(text, "2026-09-07T14:03:00Z"));
    assert_non_null(strstr(text, "a, b|c"));
    assert_non_null(strstr(text, "yes"));
    assert_non_null(strstr(text, "▁█"));
    assert_null(strchr(text, '\033'));
    free(text);
}

static void
one_line(struct bb_output *o)
{
    bb_output_text(o, CODE, "x");
    bb_output_mark(o, CODE, BB_MARK_GOOD);
    bb_output_row(o);
}

static void
an_object_is_not_an_array(void **state)
{
    (void)state;
    check(BB_OUTPUT_JSON, BB_OUTPUT_OBJECT, one_line,
          "{\"code\":\"x\",\"value\":null,\"ok\":null,\"time\":null,\"alias\":null}\n");
}

static void
colours_come_only_when_asked_for(void **state)
{
    char *text = render(BB_OUTPUT_TABLE, true, 0, one_line);

    (void)state;
    assert_non_null(strstr(text, "\033[32m"));
    free(text);
    text = render(BB_OUTPUT_CSV, true, 0, one_line);
    assert_null(strchr(text, '\033'));
    free(text);
}

static void
hostile(struct bb_output *o)
{
    bb_output_text(o, CODE, "\033[31mred\a\nline \xFF \xC3\xA9");
    bb_output_row(o);
}

static void
hostile_text_does_nothing_to_a_terminal_or_a_parser(void **state)
{
    char *text = render(BB_OUTPUT_TABLE, false, 0, hostile);

    (void)state;
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\a'));
    free(text);
    text = render(BB_OUTPUT_JSONL, false, 0, hostile);
    assert_non_null(strstr(text, "\\u001b[31mred\\u0007\\nline \xEF\xBF\xBD \xC3\xA9"));
    free(text);
}

static void
only_plain_decimals_are_json_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        {"0", true},    {"-1", true},   {"10.50", true}, {"1e5", true},   {"1.5E-3", true},
        {"", false},    {"-", false},   {"+5", false},   {".5", false},   {"5.", false},
        {"007", false}, {"1e", false},  {"nan", false},  {"0x10", false}, {"1 ", false},
        {"1,5", false}, {"--1", false}, {"-0.0", true},  {"00", false},   {"12345678901234567890.5", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (bb_json_is_number(cases[i].text) != cases[i].is)
            fail_msg("%s", cases[i].text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_an_array_with_exact_numbers),
        cmocka_unit_test(json_within_is_left_as_it_is),
        cmocka_unit_test(jsonl_is_an_object_a_line),
        cmocka_unit_test(csv_quotes_what_needs_it),
        cmocka_unit_test(a_table_is_for_people),
        cmocka_unit_test(an_object_is_not_an_array),
        cmocka_unit_test(colours_come_only_when_asked_for),
        cmocka_unit_test(hostile_text_does_nothing_to_a_terminal_or_a_parser),
        cmocka_unit_test(only_plain_decimals_are_json_numbers),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
