/* Periods in spellings that are none of ours: which text is in which, and which is in none. */
#include "client/formats/suggest/spelling.h"

#include "tests/unit/check.h"

#include <string.h>

static struct bb_spellings *spellings;

/* What the first spelling is called that the text has; "": none. */
static const char *
spelling_of(const char *text)
{
    for (unsigned i = 0; i < BB_SPELLINGS; i++)
        if (bb_spelling_is(spellings, i, bb_bytes_str(text)))
            return bb_spelling(i)->what;
    return "";
}

static void
test_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what;
    } texts[] = {
        {"2019/09/15", "year/month/day"},
        {"15.9.2019", "day.month.year"},
        {"15/9/2019", "day/month/year"},
        {"05-09-2019", "day/month/year"},
        {"9/15/2019", "month/day/year"},
        {"13/13/2019", ""},
        {"32/1/2019", ""},
        {"15/9/19", ""},
        {"15/9/0019", ""},
        {"09/2019", "month/year"},
        {"13/2019", ""},
        {"Q3 2019", "quarter and year"},
        {"Q3/2019", "quarter and year"},
        {"Q5 2019", ""},
        {"2019 Q3", "year and quarter"},
        {"Sep 2019", "a month's name and year"},
        {"Sept. 2019", "a month's name and year"},
        {"September-2019", "a month's name and year"},
        {"Sap 2019", ""},
        {"in Sep 2019", ""},
        {"2019-09", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check_text(spelling_of(texts[i].text), texts[i].what, texts[i].text);
}

static void
test_find(void **state)
{
    (void)state;
    struct bb_bytes found;
    const struct bb_bytes title = bb_bytes_str("Report for September 2026, final");
    unsigned months = BB_SPELLINGS - 1;

    assert_true(bb_spelling(months)->months);
    assert_true(bb_spelling_find(spellings, months, title, &found));
    assert_true(bb_bytes_equal(found, bb_bytes_str("September 2026")));
    assert_false(bb_spelling_find(spellings, 0, title, &found));
    assert_false(bb_spelling_find(spellings, months, bb_bytes_str("March 9999"), &found));
}

static void
test_months(void **state)
{
    (void)state;
    static const char *const are[] = {"Jan", "January", "Sept.", "Dec"}, *const none[] = {"",        "Ja",
                                                                                          "jan",     "Jan 5",
                                                                                          "JANUARY", "Month",
                                                                                          "an|Feb"};
    json_t *aliases = bb_month_aliases();

    for (size_t i = 0; i < COUNT(are); i++)
        check(bb_spelling_is_month(bb_bytes_str(are[i])), are[i]);
    for (size_t i = 0; i < COUNT(none); i++)
        check(!bb_spelling_is_month(bb_bytes_str(none[i])), none[i]);
    assert_int_equal(json_object_size(aliases), 12);
    assert_string_equal(json_string_value(json_object_get(aliases, "Dec")), "12");
    json_decref(aliases);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_months),
    };
    assert_int_equal(bb_spellings_new(&spellings), 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bb_spellings_destroy(&spellings);
    return failed;
}
