/* Definitions through the writer: versions, names, aliases, places, and the directory of organizations. */
#include "fixture.h"

#include "tests/unit/check.h"

#include <stdio.h>

static void
test_indicator_versions(void **state)
{
    struct fixture *f = *state;
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list[] = {&indicator};

    indicator.code = (char *)(uintptr_t) "new";
    indicator.name = (char *)(uintptr_t) "A new one";
    for (int i = 0; i < 4; i++) {
        static const uint32_t expected[] = {BB_OUTCOME_CREATED, BB_OUTCOME_UNCHANGED, BB_OUTCOME_UPDATED,
                                            BB_OUTCOME_UNCHANGED};
        indicator.unit = (char *)(uintptr_t)(i < 2 ? "people" : "persons");
        fixture_define(f, list, 1);
        assert_int_equal(f->defined->item[0]->outcome, expected[i]);
        if (i == 1)
            fixture_apply(f);
    }
    fixture_submit_one(f, 1, "A new one|a|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    indicator.code = (char *)(uintptr_t) "other"; /* a name may be shared: then it names neither */
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_CREATED);
    fixture_submit_one(f, 2, "A new one|a|||2026|5");
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_UNKNOWN_INDICATOR);
    fixture_submit_one(f, 3, "other|a|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    indicator.decimals = (char *)(uintptr_t) "99";
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_BAD_VALUE);
    assert_string_equal(f->defined->item[0]->field, "decimals");
    assert_int_equal(fixture_verify(f), 0);
}

/* A definition is a whole: what it leaves out of the one before is told. */
static void
test_what_a_definition_drops_is_told(void **state)
{
    struct fixture *f = *state;
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list[] = {&indicator};

    indicator.code = (char *)(uintptr_t) "new";
    indicator.name = (char *)(uintptr_t) "A new one";
    indicator.decimals = indicator.minimum = (char *)(uintptr_t) "1";
    indicator.frequency = (char *)(uintptr_t) "yearly";
    indicator.suppress_below = (char *)(uintptr_t) "5";
    fixture_define(f, list, 1);
    assert_false(f->defined->item[0]->has_code);
    indicator.name = (char *)(uintptr_t) "A newer one";
    indicator.suppress_below = (char *)(uintptr_t) "0"; /* said, not left out */
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UPDATED);
    assert_false(f->defined->item[0]->has_code);
    indicator.decimals = indicator.frequency = NULL;
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UPDATED);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_DROPPED);
    assert_string_equal(f->defined->item[0]->field, "decimals");
    assert_non_null(strstr(f->defined->item[0]->text, "version 3 of new is without decimals, frequency:"));
    fixture_define(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UNCHANGED);
    assert_false(f->defined->item[0]->has_code);
    assert_int_equal(fixture_verify(f), 0);
}

/* 60 aliases, the same 60 with one twice, and others: never more than 64 in all. */
static void
test_aliases_of_a_place_are_limited(void **state)
{
    struct fixture *f = *state;
    static char text[130][16];
    char *alias[65];
    Bb__Place place = BB__PLACE__INIT, *list[] = {&place};
    static const struct {
        size_t first, n, outcome;
    } steps[] = {
        {0, 65, BB_OUTCOME_REJECTED},  {0, 60, BB_OUTCOME_CREATED}, {0, 60, BB_OUTCOME_UPDATED},
        {60, 60, BB_OUTCOME_REJECTED}, {58, 6, BB_OUTCOME_UPDATED}, {64, 1, BB_OUTCOME_REJECTED},
        {0, 64, BB_OUTCOME_UNCHANGED},
    };

    for (size_t i = 0; i < COUNT(text); i++)
        snprintf(text[i], sizeof text[i], "alias-%zu", i);
    place.name = (char *)(uintptr_t) "New Haven";
    place.alias = alias;
    for (size_t i = 0; i < COUNT(steps); i++) {
        for (size_t j = 0; j < steps[i].n; j++)
            alias[j] = text[steps[i].first + j];
        if (steps[i].outcome == BB_OUTCOME_CREATED)
            alias[steps[i].n - 1] = alias[0]; /* twice is once */
        place.alias = alias;
        place.n_alias = steps[i].n;
        fixture_places(f, list, 1);
        assert_int_equal(f->defined->item[0]->outcome, steps[i].outcome);
        if (steps[i].outcome == BB_OUTCOME_REJECTED)
            assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_TOO_LONG);
    }
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_places_adopt_unregistered_names(void **state)
{
    struct fixture *f = *state;
    char *alias[] = {(char *)(uintptr_t) "NH", (char *)(uintptr_t) "Elm City"};
    Bb__Place place = BB__PLACE__INIT, *list[] = {&place};

    fixture_submit_one(f, 1, "count|a|NH||2026|5");
    place.name = (char *)(uintptr_t) "New Haven";
    place.alias = alias;
    place.n_alias = 2;
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_CREATED);
    fixture_submit_one(f, 2, "count|a|New Haven||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UNCHANGED); /* the reading under NH is New Haven's */
    fixture_submit_one(f, 3, "count|a|Elm City||2026|6");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UPDATED);
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UNCHANGED);
    place.name = (char *)(uintptr_t) "Elm City";
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_NAME_TAKEN);
    place.name = (char *)(uintptr_t) "Elsewhere";
    fixture_places(f, list, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_NAME_TAKEN);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_directory(void **state)
{
    struct fixture *f = *state;
    uint64_t head = bb_journal_head(f->journal).sequence;
    Bb__Organization organization = BB__ORGANIZATION__INIT, *list[] = {&organization};

    organization.code = (char *)(uintptr_t) "d";
    organization.name = (char *)(uintptr_t) "Organization D";
    organization.role = BB__ROLE__ROLE_PARTNER;
    fixture_directory(f, list, 1, false);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    fixture_directory(f, list, 1, false); /* known already: nothing is journalled */
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    fixture_submit_one(f, 1, "count|Organization D|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_CREATED);
    organization.name = (char *)(uintptr_t) "Organization Dee";
    fixture_directory(f, list, 1, false);
    fixture_submit_one(f, 2, "count|Organization D|||2026|5"); /* a name that was given up leads to nobody */
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_UNKNOWN_ORGANIZATION);
    fixture_submit_one(f, 3, "count|Organization Dee|||2026|5");
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UNCHANGED);
    head = bb_journal_head(f->journal).sequence;
    fixture_directory(f, list, 1, true); /* whole: a, b, c and backbone have left */
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    fixture_directory(f, list, 1, true);
    assert_int_equal(bb_journal_head(f->journal).sequence, head + 1);
    assert_int_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_indicator_versions, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_a_definition_drops_is_told, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_aliases_of_a_place_are_limited, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_places_adopt_unregistered_names, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_directory, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
