/* What single cells look like, and what columns of them. */
#include "client/formats/suggest/look.h"

#include "tests/unit/check.h"

#include <string.h>

#define WHOLE BB_LOOK_WHOLE

static const struct {
    const char *cell;
    enum bb_look_kind kind;
    unsigned marks;
    double number;
} cells[] = {
    {"", BB_LOOK_EMPTY, 0, 0},
    {"12", BB_LOOK_NUMBER, WHOLE, 12},
    {"-12.5", BB_LOOK_NUMBER, 0, -12.5},
    {".204", BB_LOOK_NUMBER, 0, 0.204},
    {"25,713", BB_LOOK_NUMBER, WHOLE | BB_LOOK_GROUPED, 25713},
    {"1,234,567.5", BB_LOOK_NUMBER, BB_LOOK_GROUPED, 1234567.5},
    {"12,5", BB_LOOK_NUMBER, BB_LOOK_COMMA, 12.5},
    {"12,34", BB_LOOK_NUMBER, BB_LOOK_COMMA, 12.34},
    {"1.234,5", BB_LOOK_NUMBER, BB_LOOK_POINTED, 1234.5},
    {"1.234.567", BB_LOOK_NUMBER, WHOLE | BB_LOOK_POINTED, 1234567},
    {"1.234", BB_LOOK_NUMBER, BB_LOOK_THREE, 1.234},
    {"1,2,3", BB_LOOK_TEXT, 0, 0},
    {"1234,567,890", BB_LOOK_TEXT, 0, 0},
    {"1,234,56", BB_LOOK_TEXT, 0, 0},
    {"12%", BB_LOOK_NUMBER, WHOLE | BB_LOOK_UNIT, 12},
    {"12.5 %", BB_LOOK_NUMBER, BB_LOOK_UNIT, 12.5},
    {"$1,200", BB_LOOK_NUMBER, WHOLE | BB_LOOK_UNIT | BB_LOOK_GROUPED, 1200},
    {"%", BB_LOOK_TEXT, 0, 0},
    {"0020011", BB_LOOK_NUMBER, WHOLE | BB_LOOK_ZERO, 20011},
    {"0.5", BB_LOOK_NUMBER, 0, 0.5},
    {"=\"2850013\"", BB_LOOK_TEXT, BB_LOOK_PROTECTED, 0},
    {"Grade   1", BB_LOOK_TEXT, BB_LOOK_BLANKS, 0},
    {"2010", BB_LOOK_NUMBER, WHOLE | BB_LOOK_PERIOD | BB_LOOK_YEAR, 2010},
    {"0210", BB_LOOK_NUMBER, WHOLE | BB_LOOK_ZERO, 210},
    {"2011-12", BB_LOOK_TEXT, BB_LOOK_PERIOD, 0},
    {"2026-Q3", BB_LOOK_TEXT, BB_LOOK_PERIOD, 0},
    {"202609", BB_LOOK_NUMBER, WHOLE | BB_LOOK_PERIOD, 202609},
    {"true", BB_LOOK_BOOLEAN, 0, 0},
    {"No", BB_LOOK_BOOLEAN, 0, 0},
    {"*", BB_LOOK_MISSING, 0, 0},
    {"n/a", BB_LOOK_MISSING, 0, 0},
    {".", BB_LOOK_MISSING, 0, 0},
    {"< 10", BB_LOOK_MISSING, 0, 0},
    {"<5", BB_LOOK_MISSING, 0, 0},
    {"Bridgeport", BB_LOOK_TEXT, 0, 0},
};

static void
test_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cells); i++) {
        struct bb_look_cell found = bb_look_at(bb_bytes_str(cells[i].cell));
        check_int(found.kind, cells[i].kind, cells[i].cell);
        check_int(found.marks, cells[i].marks, cells[i].cell);
        check(found.number == cells[i].number, cells[i].cell);
    }
}

static struct bb_look
look_at(const char *const *column)
{
    struct bb_look look = {0};

    for (; *column; column++)
        bb_look_add(&look, bb_bytes_str(*column));
    bb_look_end(&look);
    return look;
}

#define LOOK(...) look_at((const char *const[]){__VA_ARGS__, NULL})

static void
test_columns(void **state)
{
    (void)state;
    struct bb_look look = LOOK("12", "*", "", "N/A", "*", "1,250");
    assert_true(bb_look_is_number(&look));
    assert_int_equal(look.words, 2);
    assert_int_equal(look.grouped, 1);
    assert_int_equal(look.empty, 1);
    assert_int_equal(look.distinct, 2);
    look = LOOK("12", "Bridgeport");
    assert_false(bb_look_is_number(&look));
    look = LOOK("2010", "2011", "");
    assert_true(bb_look_is_period(&look));
    look = LOOK("2010", "all");
    assert_false(bb_look_is_period(&look));
    look = LOOK("yes", "no", "*");
    assert_true(bb_look_is_boolean(&look));
    look = LOOK("*", "*");
    assert_false(bb_look_is_number(&look));
}

static void
test_separators(void **state)
{
    (void)state;
    static const struct {
        const char *column[4];
        char group, decimal;
    } columns[] = {
        {{"12", "5.5"}, 0, 0},
        {{"1,234", "12.5"}, ',', 0},
        {{"12,5", "7"}, 0, ','},
        {{"12,5", "25,713"}, 0, ','},
        {{"1.234,5", "7"}, '.', ','},
        {{"1.000", "8,9"}, '.', ','},
        {{"1.000", "2.5", "8,9"}, 0, ','},
        {{"1.000", "2.000"}, 0, 0},
        {{"1.234.567"}, '.', ','},
    };
    for (size_t i = 0; i < COUNT(columns); i++) {
        struct bb_look look = look_at(columns[i].column);
        check_int(bb_look_group(&look), columns[i].group, columns[i].column[0]);
        check_int(bb_look_decimal(&look), columns[i].decimal, columns[i].column[0]);
    }
}

/* Negative numbers that stand apart are words; among other negative ones they are numbers. */
static void
test_sentinels(void **state)
{
    (void)state;
    struct bb_look look = LOOK("12", "-9999", "0", "-6666", "-9999");
    assert_int_equal(look.words, 2);
    assert_true(bb_bytes_equal(look.word[0], bb_bytes_str("-9999")));
    assert_true(look.least == 0 && look.most == 12);
    look = LOOK("12", "-9999", "-3.5");
    assert_int_equal(look.words, 0);
    look = LOOK("12", "-5", "0");
    assert_int_equal(look.words, 0);
    look = LOOK("-99", "-99");
    assert_int_equal(look.words, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_separators),
        cmocka_unit_test(test_sentinels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
