/* Rows and cells of a sample. A grid is written down with '|' between cells and a line for each row, empty
 * ones too. */
#include "client/formats/suggest/grid.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
written(const struct bb_grid *grid)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    for (uint32_t i = 0; i < grid->count; i++) {
        for (uint32_t c = 0; c < grid->row[i].count; c++)
            fprintf(to, "%s%.*s", c ? "|" : "", (int)grid->row[i].cell[c].len,
                    (const char *)grid->row[i].cell[c].data);
        fputc('\n', to);
    }
    fclose(to);
    return out;
}

static const struct {
    const char *what, *text, *expected;
    bool cut;
    char delimiter;
} cases[] = {
    {"nothing", "", "", false, ','},
    {"rows", "a,b\nc,d\n", "a|b\nc|d\n", false, ','},
    {"no line end", "a,b\nc,d", "a|b\nc|d\n", false, ','},
    {"a sample ends within a row", "a,b\nc,d", "a|b\n", true, ','},
    {"a sample ends behind a row", "a,b\nc,d\n", "a|b\nc|d\n", true, ','},
    {"a sample ends within quotes", "a,b\n\"c\nd", "a|b\n", true, ','},
    {"empty rows count", "a\n\n\r\nb,c\n", "a\n\n\nb|c\n", false, ','},
    {"ends of lines", "a\rb\r\nc\nd", "a\nb\nc\nd\n", false, ','},
    {"quotes", "\"a,b\",\"c \"\"d\"\"\",e\"f\n", "a,b|c \"d\"|e\"f\n", false, ','},
    {"a code for spreadsheets", "\"=\"\"2850013\"\"\",1\n", "=\"2850013\"|1\n", false, ','},
    {"a line end in quotes", "\"Total\nnumber\",b\nc,d\n", "Total\nnumber|b\nc|d\n", false, ','},
    {"blanks", " a ,\tb c \n", "a|b c\n", false, ','},
    {"empty cells", ",,x,\n", "||x|\n", false, ','},
    {"semicolons", "a;b,c\n", "a|b,c\n", false, ';'},
};

static void
test_delimited(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_grid grid;
        assert_int_equal(
            bb_grid_delimited(&grid, bb_bytes_str(cases[i].text), !cases[i].cut, cases[i].delimiter), 0);
        char *found = written(&grid);
        check_text(found, cases[i].expected, cases[i].what);
        free(found);
        bb_grid_release(&grid);
    }
}

#define TABLE                                                                                                \
    "             Counties, 2010\n"                                                                          \
    "\n"                                                                                                     \
    "               Labor\n"                                                                                 \
    "Code  Name     Force   Rate\n"                                                                          \
    "01    St. John  1,234   8.9\n"                                                                          \
    "02    Z\xC3\xBCrich   65,432  10.0\n"                                                                   \
    "03    Ui           2   0.1\n"                                                                           \
    "SOURCE: here\n"

static void
test_fixed(void **state)
{
    (void)state;
    struct bb_grid_column column[BB_GRID_WIDTH];
    struct bb_grid grid;
    struct bb_bytes text = bb_bytes_str(TABLE);
    char name[100];

    assert_int_equal(bb_grid_columns(text, column), 4);
    assert_int_equal(bb_grid_fixed(&grid, text, true, column, 4), 0);
    char *found = written(&grid);
    assert_string_equal(found, "|C|ounties,|2010\n\n||Labor|\nCode|Name|Force|Rate\n01|St. John|1,234|8.9\n"
                               "02|Z\xC3\xBCrich|65,432|10.0\n03|Ui|2|0.1\nSOUR|CE: here||\n");
    free(found);
    bb_grid_release(&grid);
    bb_grid_stacked(text, 2, 4, column, 4, 2, name, sizeof name);
    assert_string_equal(name, "Labor Force");
    assert_int_equal(bb_grid_stacked(text, 2, 4, column, 4, 1, name, 4), 0);
}

static void
test_not_fixed(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "one line 1\n", "a,b,1\nc,d,2\ne,f,3\n",
                                        "words and 1 number\nother words, and 22 more\nwhat 3 else\n"};
    struct bb_grid_column column[BB_GRID_WIDTH];

    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(bb_grid_columns(bb_bytes_str(texts[i]), column), 0);
}

/* A line of 100,000 columns, and more cells than a grid holds. */
static void
test_limits(void **state)
{
    (void)state;
    const size_t columns = 100000, rows = 1000;
    char *text = malloc(columns + 600 * rows);
    struct bb_grid grid;

    memset(text, ',', columns);
    text[columns] = '\n';
    for (size_t i = 0; i < rows; i++) {
        memset(text + columns + 1 + i * 500, ',', 499);
        text[columns + 1 + i * 500 + 499] = '\n';
    }
    assert_int_equal(bb_grid_delimited(&grid, bb_bytes(text, columns + 1 + rows * 500), true, ','), 0);
    assert_int_equal(grid.row[0].count, BB_GRID_WIDTH);
    assert_true(grid.cells <= BB_GRID_CELLS);
    assert_true(grid.count > 400);
    bb_grid_release(&grid);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delimited),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_not_fixed),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
