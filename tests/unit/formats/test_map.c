/* Maps that are right, and what is said of those that are wrong. */
#include "client/formats/map.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <string.h>

static void
test_whole(void **state)
{
    (void)state;
    struct bb_map map;
    char error[500];
    const char *text =
        "{\"columns\": {\"Student Count\": \"value\", \"District\": \"organization\"},"
        " \"constants\": {\"indicator\": \"absence\", \"period\": 2018},"
        " \"missingValues\": [\"\", {\"value\": \"*\", \"label\": \"suppressed\"}, {\"value\": \"-\"}],"
        " \"thousandsSeparator\": \".\", \"decimalComma\": true, \"delimiter\": \";\","
        " \"ignore\": [\"District Code\", \"\"]}";
    bb_map_init(&map);
    assert_int_equal(bb_map_parse(&map, "m", bb_bytes_str(text), error, sizeof error), 0);
    assert_int_equal(bb_map_ignore(&map, "place,x y"), 0);
    static const struct {
        const char *name;
        int meaning;
    } names[] = {
        {"Student Count", BB_COLUMN_VALUE},
        {"District", BB_COLUMN_ORGANIZATION},
        {"numerator", BB_COLUMN_NUMERATOR},
        {"District Code", BB_MEANS_NOTHING},
        {"", BB_MEANS_NOTHING},
        {"place", BB_MEANS_NOTHING},
        {"x y", BB_MEANS_NOTHING},
        {"row", BB_MEANS_ANNOTATION},
        {"code", BB_MEANS_ANNOTATION},
        {"field", BB_MEANS_ANNOTATION},
        {"reason", BB_MEANS_ANNOTATION},
        {"district", BB_MEANS_UNKNOWN},
        {"Value", BB_MEANS_UNKNOWN},
        {"value ", BB_MEANS_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(names); i++)
        check_int(bb_map_meaning(&map, bb_bytes_str(names[i].name)), names[i].meaning, names[i].name);
    assert_string_equal(map.constant[BB_COLUMN_PERIOD], "2018");
    assert_string_equal(map.missing[0].label, "missing");
    assert_string_equal(map.missing[1].label, "suppressed");
    assert_string_equal(map.missing[2].label, "missing");
    assert_string_equal(map.thousands, ".");
    assert_true(map.decimal_comma);
    assert_int_equal(map.delimiter, ';');
    bb_map_release(&map);
}

static void
test_labels_as_object(void **state)
{
    (void)state;
    struct bb_map map;
    char error[500];
    bb_map_init(&map);
    assert_int_equal(
        bb_map_parse(
            &map, "m",
            bb_bytes_str("{\"missingValues\": {\"-9999\": \"suppressed\", \"-6666\": \"not_applicable\"}}"),
            error, sizeof error),
        0);
    assert_int_equal(map.n_missing, 2);
    assert_string_equal(map.missing[1].text, "-6666");
    assert_string_equal(map.missing[1].label, "not_applicable");
    bb_map_release(&map);
}

static const struct {
    const char *text;
    const char *said; /* part of the message */
} wrong[] = {
    {"", "line 1"},
    {"{", "line 1"},
    {"{\n\"columns\": {},\n\"columns\": {}}", "duplicate"},
    {"[]", "found a list, expected an object"},
    {"{\"colums\": {}}", "found \"colums\", expected columns, constants"},
    {"{\"columns\": []}", "\"columns\": found a list, expected an object"},
    {"{\"columns\": {\"A\": \"vlaue\"}}",
     "\"A\": found \"vlaue\", expected a field: indicator, organization"},
    {"{\"columns\": {\"A\": 5}}", "\"A\": found a number, expected a field"},
    {"{\"columns\": {\"A\": \"value\", \"B\": \"value\"}}", "\"A\" and \"B\" are both \"value\""},
    {"{\"constants\": {\"A\": \"x\"}}", "\"A\" is no field"},
    {"{\"constants\": {\"value\": 1.5}}", "found a number, expected a text"},
    {"{\"constants\": {\"value\": \"1\"}, \"columns\": {\"A\": \"value\"}}", "\"value\" is given twice"},
    {"{\"missingValues\": \"*\"}", "expected a list"},
    {"{\"missingValues\": [5]}", "found a number, expected a text"},
    {"{\"missingValues\": [{\"label\": \"missing\"}]}", "without \"value\""},
    {"{\"missingValues\": [{\"value\": \"x\", \"label\": \"gone\"}]}",
     "found label \"gone\", expected missing, suppressed or not_applicable"},
    {"{\"missingValues\": {\"x\": \"ok\"}}", "found label \"ok\""},
    {"{\"missingValues\": [{\"value\": \"x\", \"lable\": \"missing\"}]}", "found key \"lable\""},
    {"{\"thousandsSeparator\": 5}", "found a number"},
    {"{\"thousandsSeparator\": \"0\"}", "found \"0\""},
    {"{\"thousandsSeparator\": \".\"}", "so is the decimal mark"},
    {"{\"thousandsSeparator\": \",\", \"decimalComma\": true}", "so is the decimal mark"},
    {"{\"decimalComma\": \"yes\"}", "expected true or false"},
    {"{\"delimiter\": \"ab\"}", "\"delimiter\""},
    {"{\"ignore\": \"a\"}", "expected a list of columns"},
    {"{\"ignore\": [1]}", "expected a text"},
    {"{\"constants\": {\"value\": \"a\\u0000b\"}}", "line 1"},
};

static void
test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct bb_map map;
        char error[500] = "";
        bb_map_init(&map);
        check_int(bb_map_parse(&map, "m.json", bb_bytes_str(wrong[i].text), error, sizeof error), -EINVAL,
                  wrong[i].text);
        if (!strstr(error, wrong[i].said) || strncmp(error, "m.json: ", 8) != 0)
            fail_msg("%s: found \"%s\", expected \"%s\" in it", wrong[i].text, error, wrong[i].said);
        bb_map_release(&map);
    }
    struct bb_map map;
    char error[100];
    bb_map_init(&map);
    assert_int_equal(bb_map_read(&map, "/nonexistent/map.json", error, sizeof error), -ENOENT);
    bb_map_release(&map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_labels_as_object),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
