/* What is said of JSON that is none, for each thing that jansson complains of. */
#include "client/formats/text/json_words.h"

#include "tests/unit/check.h"

#include <string.h>

static const struct {
    const char *json;
    const char *expected;
} cases[] = {
    {"", "found the end of the line, expected '[' or '{'"},
    {"{", "found the end of the line, expected string or '}'"},
    {"{\"a\": 1", "found the end of the line, expected ',' or '}'"},
    {"{\"a\": [1", "found the end of the line, expected ',' or ']'"},
    {"{\"a\": 1 \"b\": 2}", "found 'b' (to byte 11), expected ',' or '}'"},
    {"{\"a\" 1}", "found '1' (to byte 6), expected ':'"},
    {"{a: 1}", "found 'a' (to byte 2), expected string or '}'"},
    {"{\"a\": 01}", "found '0' (to byte 7), invalid token, expected a JSON object"},
    {"{\"a\": nan}", "found 'nan' (to byte 9), invalid token, expected a JSON object"},
    {"{\"a\": \"\\q\"}", "found '\\\"\\\\q' (to byte 9), invalid escape, expected a JSON object"},
    {"{\"a\": 1} x", "found 'x' (to byte 10), expected nothing behind the object"},
    {"{\"a\": 1, \"a\": 2}", "found the key 'a' (to byte 12) for the second time, expected it once"},
    {"{\"a\": \"\\u0000\"}", "found \\u0000, expected a text without NUL"},
    {"{\"a\": \"\xFF\"}", "found bytes that are not UTF-8 behind byte 7, expected a JSON object in UTF-8"},
};

static void
test_explain(void **state)
{
    char said[400];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_error_t where;
        json_t *root = json_loads(cases[i].json, JSON_REJECT_DUPLICATES, &where);
        assert_null(root);
        bb_json_explain(&where, said, sizeof said);
        check_text(said, cases[i].expected, cases[i].json);
    }
}

/* Any size is enough not to write too far. */
static void
test_small(void **state)
{
    json_error_t where;
    char said[8];

    (void)state;
    assert_null(json_loads("{\"a\": 1 \"b\": 2}", JSON_REJECT_DUPLICATES, &where));
    bb_json_explain(&where, said, sizeof said);
    check_text(said, "found '", "cut");
}

static void
test_kind(void **state)
{
    static const struct {
        const char *json, *expected;
    } kinds[] = {
        {"{}", "an object"}, {"[]", "a list"}, {"\"\"", "a text"}, {"1", "a number"},
        {"1.5", "a number"}, {"true", "true"}, {"false", "false"}, {"null", "null"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        json_t *value = json_loads(kinds[i].json, JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        check_text(bb_json_kind(value), kinds[i].expected, kinds[i].json);
        json_decref(value);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
