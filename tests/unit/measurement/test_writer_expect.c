/* What a row expects to be there, and rows that withdraw what is not. */
#include "fixture.h"

#include "tests/unit/check.h"

/* The outcome of a row by itself; of one that is refused 100 and its code. */
static unsigned
outcome_of(struct fixture *f, const char *row)
{
    static uint8_t batch = 100;
    unsigned outcome;

    fixture_submit_rows(f, (struct fixture_submission){.batch = ++batch}, &row, 1);
    assert_non_null(f->reply);
    outcome = fixture_outcome(f, 0);
    return outcome == BB_OUTCOME_REJECTED ? 100 + fixture_rejected(f, 0) : outcome;
}

static void
test_expectations(void **state)
{
    enum { REFUSED = 100 + BB_ROW_CODE_REVISION };
    static const struct {
        const char *row;
        unsigned outcome;
    } steps[] = {
        {"count|a|||2026||||withdrawn", BB_OUTCOME_UNCHANGED},
        {"count|a|||2026||||withdrawn||any", REFUSED},
        {"count|a|||2026||||withdrawn||1", REFUSED},
        {"count|a|||2026||||withdrawn||none", BB_OUTCOME_UNCHANGED},
        {"count|a|||2026|5|||||any", REFUSED},
        {"count|a|||2026|5|||||1", REFUSED},
        {"count|a|||2026|5|||||none", BB_OUTCOME_CREATED},
        {"count|a|||2026|5|||||none", REFUSED},
        {"count|a|||2026|6|||||none", REFUSED},
        {"count|a|||2026|6|||||any", BB_OUTCOME_UPDATED},
        {"count|a|||2026|7|||||1", REFUSED},
        {"count|a|||2026|7|||||2", BB_OUTCOME_UPDATED},
        {"count|a|||2026||||withdrawn||none", REFUSED},
        {"count|a|||2026||||withdrawn|by mistake|3", BB_OUTCOME_UPDATED},
        {"count|a|||2026||||withdrawn", BB_OUTCOME_UNCHANGED},
        {"count|a|||2026||||withdrawn|for another reason", BB_OUTCOME_UNCHANGED},
        {"count|a|||2026||||withdrawn||any", REFUSED},
        {"count|a|||2026||||withdrawn||4", REFUSED},
        {"count|a|||2026|8|||||any", REFUSED},
        {"count|a|||2026|8|||||none", BB_OUTCOME_UPDATED},
        {"count|a|||2026|9|||||5", BB_OUTCOME_UPDATED},
    };

    for (int apply = 0; apply < 2; apply++) {
        struct fixture f;

        fixture_open(&f);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            check_int(outcome_of(&f, steps[i].row), steps[i].outcome, steps[i].row);
            if (apply)
                fixture_apply(&f);
        }
        assert_int_equal(fixture_verify(&f), 0);
        fixture_close(&f);
    }
    (void)state;
}

/* Names that only such rows have are not remembered: not by the store, and not when the journal is replayed.
 */
static void
test_what_nobody_named(void **state)
{
    static const char *const rows[] = {
        "count|a|Nowhere||2026||||withdrawn",
        "count|a||y=2;x=1|2026||||withdrawn",
        "count|a|Elsewhere|x=1;y=2|2026||||withdrawn",
        "count|a||x=1;y=2|2026|3", /* is named now */
        "count|a||y=2;x=1|2026||||withdrawn",
        "count|a|Here||2026||||withdrawn",
        "count|a|Here||2026|4",
        "count|a|Here||2026|4",
    };
    static const unsigned outcomes[] = {BB_OUTCOME_UNCHANGED, BB_OUTCOME_UNCHANGED, BB_OUTCOME_UNCHANGED,
                                        BB_OUTCOME_CREATED,   BB_OUTCOME_REJECTED,  BB_OUTCOME_UNCHANGED,
                                        BB_OUTCOME_CREATED,   BB_OUTCOME_UNCHANGED};

    for (int more = 0; more < 2; more++) {
        struct fixture f;

        fixture_open(&f);
        for (int dry = 1; dry >= 0; dry--) {
            fixture_submit_rows(&f, (struct fixture_submission){.batch = 1, .dry_run = dry, .more = more},
                                rows, 8);
            for (uint32_t i = 0; i < 8; i++)
                check_int(fixture_outcome(&f, i), outcomes[i], rows[i]);
        }
        check_int(outcome_of(&f, "count|b|Nowhere||2026|1"), BB_OUTCOME_CREATED, "named at last");
        fixture_apply(&f);
        fixture_reopen(&f);
        check_int(outcome_of(&f, "count|a|Nowhere||2026||||withdrawn"), BB_OUTCOME_UNCHANGED, "at a place");
        assert_int_equal(fixture_verify(&f), 0);
        fixture_close(&f);
    }
    (void)state;
}

/* Nothing is changed, so it asks for no reason where changes need one. */
static void
test_partners_withdraw_their_own(void **state)
{
    struct fixture *f = *state;
    const char *theirs = "count|b|||2026||||withdrawn", *own = "count|a|||2026||||withdrawn";

    fixture_submit_rows(f, (struct fixture_submission){.batch = 1, .organization = "a"}, &theirs, 1);
    assert_int_equal(fixture_rejected(f, 0), BB_ROW_CODE_NOT_YOURS);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 2, .organization = "a"}, &own, 1);
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_UNCHANGED);
    assert_int_equal(fixture_verify(f), 0);
}

/* Where places are registered, who wants known ones is refused what nobody has named; what is withdrawn was.
 */
static void
test_known_places(void **state)
{
    static const char *const rows[] = {"count|a|North||2026|1", "count|a|Named||2026|1",
                                       "count|a|New||2026|1", "count|a|New||2026||||withdrawn",
                                       "count|a|||2026|1"};
    static const unsigned refused[] = {0, 0, BB_ROW_CODE_BAD_PLACE, 0, 0};
    struct fixture *f = *state;
    Bb__Place north = BB__PLACE__INIT, *all[] = {&north};
    struct fixture_submission how = {.batch = 1, .known_places = true, .dry_run = true};

    fixture_submit_rows(f, how, rows, 3);
    for (uint32_t i = 0; i < 3; i++)
        check_int(fixture_rejected(f, i), 0, rows[i]); /* none is registered */
    north.name = (char *)(uintptr_t) "North";
    fixture_places(f, all, 1);
    check_int(outcome_of(f, "count|b|Named||2026|1"), BB_OUTCOME_CREATED, "with a warning");
    check_int(fixture_warned(f, 0), BB_ROW_CODE_NEW_PLACE, "a warning");
    for (int dry = 1; dry >= 0; dry--) {
        how.dry_run = dry;
        fixture_submit_rows(f, how, rows, 5);
        for (uint32_t i = 0; i < 5; i++)
            check_int(fixture_rejected(f, i), refused[i], rows[i]);
        check_int(fixture_outcome(f, 3), BB_OUTCOME_UNCHANGED, rows[3]);
    }
    check_int(outcome_of(f, "count|b|New||2026|1"), BB_OUTCOME_CREATED, "by who does not ask");
    assert_int_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expectations),
        cmocka_unit_test(test_what_nobody_named),
        cmocka_unit_test_setup_teardown(test_known_places, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_partners_withdraw_their_own, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
