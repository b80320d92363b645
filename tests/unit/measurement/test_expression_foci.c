/* The indicators of DHIS2's package for foci of malaria, computed from its values: needs the public data set
 * dhis2/malaria-foci, and is skipped where BB_TEST_DATA does not name the folder that has it.
 *
 * DHIS2 names elements by ids, which are codes here; its default category option combination, which stands
 * for no disaggregation, is left out before the expressions are read. */
#include "tests/unit/folder.h"
#include "workers/measurement/model/expression.h"

#include <jansson.h>

#define DEFAULT_COMBO ".HllvX50cXC0"

struct foci {
    json_t *metadata, *values;
};

static json_t *
load(const char *folder, const char *name)
{
    char path[4096];
    json_error_t error;
    json_t *root;

    snprintf(path, sizeof path, "%s/dhis2/malaria-foci/%s", folder, name);
    root = json_load_file(path, 0, &error);
    if (!root)
        print_message("skipped: %s: %s\n", path, error.text);
    return root;
}

static int
setup(void **state)
{
    static struct foci foci;
    const char *folder = getenv("BB_TEST_DATA");

    if (!folder || !*folder) {
        print_message("skipped: they read dhis2/malaria-foci, and BB_TEST_DATA is not set\n");
        return 0;
    }
    foci.metadata = load(folder, "metadata.json");
    foci.values = load(folder, "dataValues_bulk.json");
    if (foci.metadata && foci.values)
        *state = &foci;
    return 0;
}

static int
teardown(void **state)
{
    struct foci *foci = *state;

    if (foci) {
        json_decref(foci->metadata);
        json_decref(foci->values);
    }
    return 0;
}

static const char *
text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static struct bb_expression *
read_side(const char *side)
{
    struct bb_expression_error error;
    struct bb_expression *e = NULL;
    char text[1024];
    char *combo;

    snprintf(text, sizeof text, "%s", side);
    combo = strstr(text, DEFAULT_COMBO);
    if (combo) {
        assert_int_equal(bb_expression_parse(bb_bytes_str(text), &e, &error), BB_EXPRESSION_E_MALFORMED);
        check(strstr(error.text, "found 'HllvX50cXC0', expected dimension=code"), error.text);
        memmove(combo, combo + strlen(DEFAULT_COMBO), strlen(combo + strlen(DEFAULT_COMBO)) + 1);
    }
    if (bb_expression_parse(bb_bytes_str(text), &e, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    return e;
}

/* All combinations of an element in 2019-12 added up. */
struct context {
    const json_t *values;
    const struct bb_expression_input *inputs;
};

static int
ask(void *pointer, size_t input, struct bb_fraction *ret_value)
{
    const struct context *context = pointer;
    struct bb_sum sum = {{0}};
    bool any = false;
    size_t i;
    json_t *row;

    json_array_foreach(json_object_get(context->values, "dataValues"), i, row)
    {
        struct bb_decimal d;
        if (strcmp(text_of(row, "period"), "201912") == 0 &&
            bb_bytes_equal(bb_bytes_str(text_of(row, "dataElement")), context->inputs[input].indicator) &&
            bb_decimal_parse(bb_bytes_str(text_of(row, "value")), &d) == 0) {
            assert_int_equal(bb_sum_add(&sum, d), 0);
            any = true;
        }
    }
    if (!any)
        return BB_EXPRESSION_E_NO_DATA;
    *ret_value = bb_fraction_of_sum(&sum);
    return 0;
}

static int
evaluate(const struct foci *foci, const char *side, struct bb_fraction *ret_value)
{
    struct bb_expression *e = read_side(side);
    struct context context = {.values = foci->values};
    int r;

    (void)bb_expression_inputs(e, &context.inputs);
    r = bb_expression_evaluate(e, ask, &context, ret_value);
    bb_expression_destroy(&e);
    return r;
}

static const json_t *
find_by_id(const json_t *list, const char *id)
{
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item) if (strcmp(text_of(item, "id"), id) == 0) return item;
    fail_msg("there is no %s", id);
    return NULL;
}

/* Each side of the 19 indicators is read. */
static void
test_read(void **state)
{
    const struct foci *foci = *state;
    size_t i;
    json_t *indicator;

    if (!foci)
        skip();
    assert_int_equal(json_array_size(json_object_get(foci->metadata, "indicators")), 19);
    json_array_foreach(json_object_get(foci->metadata, "indicators"), i, indicator)
    {
        struct bb_expression *above = read_side(text_of(indicator, "numerator"));
        struct bb_expression *below = read_side(text_of(indicator, "denominator"));
        bb_expression_destroy(&above);
        bb_expression_destroy(&below);
    }
}

static void
test_values(void **state)
{
    static const struct {
        const char *indicator, *numerator, *denominator, *value;
    } rows[] = {
        {"K1DkT2kokjD", "1500", "2710", "55.3506"},  {"dKbHt6OB5x1", "617", "620", "99.5161"},
        {"AdyubP1OaxP", "617", "620", "99.5161"},    {"RLxhxT7sO0R", "900", "1", "900.0000"},
        {"npqu6fhBVpe", "247", "1", "247.0000"},     {"rPYLomUceL4", "1180", "1", "1180.0000"},
        {"N8S7Vnntced", "30", "900", "0.0333"},      {"bZojnzkbvrZ", "1300", "1180", "110.1695"},
        {"Uzmk0S9IwWn", "616", "1106", "55.6962"},   {"EEuvMCljxc9", "392", "1106", "35.4430"},
        {"oAJpTsMsRxv", "870", "1210", "71.9008"},   {"QHcjn7FHI2w", "310", "1500", "20.6667"},
        {"sl7EVPFXps8", "1500", "1180", "127.1186"},
    };
    const struct foci *foci = *state;

    if (!foci)
        skip();
    for (size_t i = 0; i < COUNT(rows); i++) {
        const json_t *indicator =
            find_by_id(json_object_get(foci->metadata, "indicators"), rows[i].indicator);
        const json_t *type = find_by_id(json_object_get(foci->metadata, "indicatorTypes"),
                                        text_of(json_object_get(indicator, "indicatorType"), "id"));
        struct bb_decimal factor = {.mantissa = json_integer_value(json_object_get(type, "factor"))};
        struct bb_fraction above, below;
        char out[BB_DECIMAL_TEXT];

        assert_int_equal(evaluate(foci, text_of(indicator, "numerator"), &above), 0);
        assert_int_equal(evaluate(foci, text_of(indicator, "denominator"), &below), 0);
        assert_int_equal(bb_fraction_format((struct bb_decimal){.mantissa = 1}, &above, 0, out), 0);
        check_text(out, rows[i].numerator, rows[i].indicator);
        assert_int_equal(bb_fraction_format((struct bb_decimal){.mantissa = 1}, &below, 0, out), 0);
        check_text(out, rows[i].denominator, rows[i].indicator);
        assert_int_equal(bb_fraction_divide(&above, &below), 0);
        assert_int_equal(bb_fraction_format(factor, &above, 4, out), 0);
        check_text(out, rows[i].value, rows[i].indicator);
    }
}

/* A side without any data has no value. */
static void
test_no_data(void **state)
{
    static const char *const indicators[] = {"SqFthnK8FJY", "bA6kgEyRkg0", "tIWGvDkU6lb"};
    const struct foci *foci = *state;

    if (!foci)
        skip();
    for (size_t i = 0; i < COUNT(indicators); i++) {
        const json_t *indicator = find_by_id(json_object_get(foci->metadata, "indicators"), indicators[i]);
        struct bb_fraction side;
        bool above = evaluate(foci, text_of(indicator, "numerator"), &side) == 0;
        bool below = evaluate(foci, text_of(indicator, "denominator"), &side) == 0;

        check(!above || !below, indicators[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_no_data),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
