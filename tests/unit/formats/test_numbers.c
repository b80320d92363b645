/* Numbers as files write them: what each becomes, or "" where it is refused. */
#include "client/formats/map/numbers.h"

#include "tests/unit/check.h"

#include <string.h>

static const struct {
    const char *text, *group;
    char decimal;
    const char *expected;
} cases[] = {
    /* units */
    {"95%", "", '.', "95"},
    {"5 %", "", '.', "5"},
    {"5\xC2\xA0%", "", '.', "5"},
    {"5\xE2\x80\xAF%", "", '.', "5"},
    {"3 \xE2\x80\xB0", "", '.', "3"},
    {"21.5\xC2\xB0", "", '.', "21.5"},
    {"21.5 \xC2\xB0"
     "C",
     "", '.', "21.5"},
    {"EUR 95", "", '.', "95"},
    {"EUR95", "", '.', "95"},
    {"eur 95", "", '.', ""},
    {"95 EUR", "", '.', "95"},
    {"$1,200", ",", '.', "1200"},
    {"US$ 5", "", '.', "5"},
    {"\xE2\x82\xAC 1.234,5", ".", ',', "1234.5"},
    {"12.5 kg", "", '.', "12.5"},
    {"12kg", "", '.', "12"},
    {"7 Students", "", '.', "7"},
    {"7 Sch\xC3\xBCler", "", '.', "7"},
    {"1 234,5 %", " ", ',', "1234.5"},
    {".5 %", "", '.', ".5"},
    {"1.5e-3", "", '.', "1.5e-3"},
    /* signs */
    {"-5%", "", '.', "-5"},
    {"\xE2\x88\x92"
     "5 %",
     "", '.', "-5"},
    {"- 7 %", "", '.', "-7"},
    {"-7", "", '.', "-7"},
    {"- 7", "", '.', "-7"},
    {"-$5", "", '.', "-5"},
    {"$ -5", "", '.', "-5"},
    {"EUR \xE2\x88\x92"
     "1,5",
     "", ',', "-1.5"},
    {"+5 %", "", '.', "+5"},
    {"--5 %", "", '.', ""},
    {"-$-5", "", '.', ""},
    /* other numbers than they seem */
    {"(5) %", "", '.', ""},
    {"(5)", "", '.', ""},
    {"(5%)", "", '.', ""},
    {"5-", "", '.', ""},
    {"5 -", "", '.', ""},
    {"5\xE2\x88\x92", "", '.', ""},
    {"<5%", "", '.', ""},
    {"< 5", "", '.', ""},
    {">= 95", "", '.', ""},
    {"\xE2\x89\xA4"
     "5 %",
     "", '.', ""},
    {"\xE2\x89\xA5 5", "", '.', ""},
    {"~5 %", "", '.', ""},
    {"\xC2\xB1"
     "5",
     "", '.', ""},
    {"1,5K", "", ',', ""},
    {"1.5 k", "", '.', ""},
    {"5M", "", '.', ""},
    {"5m", "", '.', ""},
    {"5 m", "", '.', "5"},
    {"5MM", "", '.', ""},
    {"5 million", "", '.', ""},
    {"$5bn", "", '.', ""},
    {"5 or more", "", '.', ""},
    {"under 5", "", '.', ""},
    {"ca. 5 %", "", '.', ""},
    {"5 e", "", '.', ""},
    {"5*", "", '.', ""},
    {"5 of 10", "", '.', ""},
    {"5 % 6", "", '.', ""},
    {"Q1", "", '.', ""},
    {"2-3 %", "", '.', ""},
    {"1 234 %", "", '.', ""},
    {"5 ", "", '.', "5"},
    {"%", "", '.', ""},
    {"-", "", '.', ""},
    {"", "", '.', ""},
    {"EUR", "", '.', ""},
    {"2,5 %", ",", '.', ""},
};

static void
test_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bb_numbers numbers = {.decimal = cases[i].decimal, .with_units = true};
        char to[BB_NUMBER_BYTES + 1];
        size_t len = 0;
        strcpy(numbers.group, cases[i].group);
        if (!bb_numbers_read(&numbers, false, bb_bytes_str(cases[i].text), to, &len))
            len = 0;
        to[len] = '\0';
        check_text(to, cases[i].expected, cases[i].text);
    }
}

/* Without units around them they are refused as they stand, not as they were rewritten. */
static void
test_no_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {"5 %",
                                        "abc",
                                        "1,2,3",
                                        "",
                                        "-",
                                        "\xE2\x88\x92"
                                        "5"};
    const struct bb_numbers comma = {.decimal = ','};
    char to[BB_NUMBER_BYTES];
    size_t len;

    for (size_t i = 0; i < COUNT(texts); i++)
        check(!bb_numbers_read(&comma, false, bb_bytes_str(texts[i]), to, &len), texts[i]);
}

/* A text of any length is no number, and its end is not overstepped. */
static void
test_long(void **state)
{
    (void)state;
    const struct bb_numbers numbers = {.decimal = '.', .with_units = true};
    char text[400], to[BB_NUMBER_BYTES];
    size_t len;

    for (size_t n = 0; n < sizeof text; n++) {
        memset(text, '5', n);
        assert_int_equal(bb_numbers_read(&numbers, false, bb_bytes(text, n), to, &len),
                         n > 0 && n < BB_NUMBER_BYTES);
        memset(text, ' ', n);
        if (n)
            text[n - 1] = '5';
        assert_int_equal(bb_numbers_read(&numbers, false, bb_bytes(text, n), to, &len), n > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
