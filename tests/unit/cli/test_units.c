/* What the catalogue says of units: by code, by name, and by names that several have. */
#include "client/cli/units.h"

#include "tests/unit/check.h"

#include <string.h>

static unsigned asked;
static int answer;

static const struct bb_indicator catalogue[] = {
    {.code = "nets", .name = "Nets", .unit = "boolean", .frequency = "monthly"},
    {.code = "class", .name = "Class", .unit = "persons", .frequency = "school_year"},
    {.code = "b1", .name = "Both", .unit = "boolean"},
    {.code = "b2", .name = "Both"},
    {.code = "Class", .name = "another", .unit = "boolean"}, /* a code that is a name, too */
    {.code = "odd", .name = "odd", .unit = "Boolean", .frequency = "span"},
};

int __wrap_bb_client_indicators(struct bb_client *client, const struct bb_indicators_query *query,
                                bb_indicator_fn *each, bb_done_fn *done, void *self);

int
__wrap_bb_client_indicators(struct bb_client *client, const struct bb_indicators_query *query,
                            bb_indicator_fn *each, bb_done_fn *done, void *self)
{
    (void)client;
    (void)done;
    asked++;
    assert_null(query->code);
    for (size_t i = 0; i < COUNT(catalogue); i++)
        assert_int_equal(each(self, &catalogue[i]), 0);
    return answer;
}

const struct bb_problem *__wrap_bb_client_problem(const struct bb_client *client);

const struct bb_problem *
__wrap_bb_client_problem(const struct bb_client *client)
{
    static const struct bb_problem problem = {.result = BB_UNREACHABLE, .message = "nobody is there"};

    (void)client;
    return &problem;
}

static void
test_units(void **state)
{
    static const struct {
        const char *indicator;
        bool boolean;
        int frequency;
    } table[] = {
        {"nets", true, BB_PERIOD_MONTH},
        {"Nets", true, BB_PERIOD_MONTH},
        {"class", false, BB_PERIOD_FISCAL_JULY},
        {"Class", true, 0},
        {"Both", false, 0},
        {"b1", true, 0},
        {"b2", false, 0},
        {"another", true, 0},
        {"odd", false, BB_PERIOD_SPAN},
        {"net", false, 0},
        {"netss", false, 0},
        {"", false, 0},
        {"zzz", false, 0},
    };
    struct bb_units *units;

    (void)state;
    asked = 0;
    answer = 0;
    assert_int_equal(bb_units_new(NULL, &units), 0);
    assert_int_equal(bb_units_load(units), 0);
    assert_int_equal(bb_units_load(units), 0);
    assert_int_equal(asked, 1);
    for (size_t i = 0; i < COUNT(table); i++)
        for (size_t j = 0; j < COUNT(table); j++) { /* whatever was asked before */
            struct bb_form_indicator found;
            bb_units_find(units, bb_bytes_str(table[j].indicator));
            found = bb_units_find(units, bb_bytes_str(table[i].indicator));
            check_int(found.boolean, table[i].boolean, table[i].indicator);
            check_int(found.frequency, table[i].frequency, table[i].indicator);
        }
    bb_units_destroy(&units);
    bb_units_destroy(&units);
}

static void
test_no_answer(void **state)
{
    struct bb_units *units;

    (void)state;
    answer = BB_UNREACHABLE;
    assert_int_equal(bb_units_new(NULL, &units), 0);
    assert_int_equal(bb_units_load(units), 69);
    assert_false(bb_units_find(units, bb_bytes_str("nets")).boolean);
    answer = 0;
    assert_int_equal(bb_units_load(units), 0);
    assert_true(bb_units_find(units, bb_bytes_str("nets")).boolean);
    bb_units_destroy(&units);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
