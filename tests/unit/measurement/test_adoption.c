/* What organizations agree to report, and indicators that are retired. */
#include "fixture_query.h"

#include "proto/methods.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

/* One adoption of `organization`'s, as "indicator organization version from until", "-" for what is not said.
 * The outcome: "created", or why not: "CODE column". */
static const char *
adopt(struct fixture *f, const char *who, const char *words)
{
    static char said[128];
    char field[5][64], *text[5];
    Bb__Adoption adoption = BB__ADOPTION__INIT, *list = &adoption;

    assert_int_equal(
        sscanf(words, "%63s %63s %63s %63s %63s", field[0], field[1], field[2], field[3], field[4]), 5);
    for (int i = 0; i < 5; i++)
        text[i] = strcmp(field[i], "-") == 0 ? NULL : field[i];
    adoption.indicator = text[0];
    adoption.organization = text[1];
    adoption.has_version = text[2] != NULL;
    adoption.version = text[2] ? (uint32_t)atoi(text[2]) : 0;
    adoption.from = text[3];
    adoption.until = text[4];
    fixture_adopt(f, who, &list, 1);
    snprintf(said, sizeof said, "%s", bb_outcome_name(f->defined->item[0]->outcome));
    if (f->defined->item[0]->has_code)
        snprintf(said, sizeof said, "%s %s", bb_row_code_name(f->defined->item[0]->code),
                 f->defined->item[0]->field);
    return said;
}

static void
add_adoptions(void *found, const void *message, bool final)
{
    const Bb__AdoptionListReply *reply = message;

    (void) final;
    for (size_t i = 0; i < reply->n_adoption; i++) {
        const Bb__Adoption *a = reply->adoption[i];
        assert_true(a->has_sequence && a->has_time_us && a->member);
        fixture_append(found, "%s %s %u %s %s,", a->indicator, a->organization, a->version, a->from,
                       a->until ? a->until : "-");
    }
}

/* adoption.list as of a sequence (0: now): "indicator organization version from until,", in parts of
 * max_bytes. */
static const char *
list(struct fixture *f, const char *indicator, const char *organization, uint64_t sequence, size_t max_bytes)
{
    static char found[FIXTURE_TEXT];
    Bb__AdoptionList request = BB__ADOPTION_LIST__INIT;
    Bb__AsOf as_of;

    request.indicator = (char *)(uintptr_t)indicator;
    request.organization = (char *)(uintptr_t)organization;
    request.as_of = fixture_as_of(&as_of, sequence);
    return fixture_ask_text(f,
                            &(struct fixture_question){.method = BB_METHOD_ADOPTION_LIST,
                                                       .request = &request.base,
                                                       .role = BB__ROLE__ROLE_OBSERVER,
                                                       .organization = "c",
                                                       .max_bytes = max_bytes},
                            &bb__adoption_list_reply__descriptor, add_adoptions, found);
}

static void
test_what_is_refused(void **state)
{
    static const struct {
        const char *who, *words, *expected;
    } rows[] = {
        {"a", "nothing - - - -", "UNKNOWN_INDICATOR indicator"},
        {"a", "count b - - -", "NOT_YOURS organization"},
        {NULL, "count nobody - - -", "UNKNOWN_ORGANIZATION organization"},
        {"a", "count - 2 - -", "BAD_VALUE version"},
        {"a", "count - 0 - -", "BAD_VALUE version"},
        {"a", "count - - 2026-02-30 -", "BAD_VALUE from"},
        {"a", "count - - 2026 -", "BAD_VALUE from"},
        {"a", "count - - 2026-07-01 2026-06-30", "BAD_VALUE until"},
        {"a", "count - - - soon", "BAD_VALUE until"},
    };
    struct fixture *f = *state;
    uint64_t head = bb_journal_head(f->journal).sequence;

    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(adopt(f, rows[i].who, rows[i].words), rows[i].expected, rows[i].words);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    assert_string_equal(list(f, NULL, NULL, 0, 1 << 20), "");
}

static void
test_what_holds(void **state)
{
    struct fixture *f = *state;
    Bb__Indicator changed = BB__INDICATOR__INIT, *list_of_one = &changed;

    assert_string_equal(adopt(f, "a", "count - - 2026-01-01 -"), "created");
    assert_string_equal(adopt(f, "a", "count - - - -"), "unchanged");
    assert_string_equal(adopt(f, NULL, "rate Organization_B - - -"), "UNKNOWN_ORGANIZATION organization");
    assert_string_equal(adopt(f, NULL, "count b 1 2026-03-01 2027-03-01"), "created");
    changed.code = changed.name = (char *)(uintptr_t) "count";
    changed.definition = (char *)(uintptr_t) "Counted otherwise";
    fixture_define(f, &list_of_one, 1);
    /* it agrees to the new definition, since when it did */
    assert_string_equal(adopt(f, "a", "count - - - -"), "updated");
    assert_string_equal(list(f, NULL, NULL, 0, 1 << 20),
                        "count a 2 2026-01-01 -,count b 1 2026-03-01 2027-03-01,");
    assert_string_equal(list(f, NULL, "a", 0, 1 << 20), "count a 2 2026-01-01 -,");
    assert_string_equal(list(f, "rate", NULL, 0, 1 << 20), "");
    assert_string_equal(list(f, "nothing", NULL, 0, 1 << 20), "error 11");
    /* and withdraws */
    assert_string_equal(adopt(f, "a", "count - - - 2026-06-30"), "updated");
    assert_string_equal(list(f, "count", "a", 0, 1 << 20), "count a 2 2026-01-01 2026-06-30,");
}

/* Any moment can be asked; parts of any size say the same. */
static void
test_moments(void **state)
{
    struct fixture *f = *state;
    uint64_t before = bb_journal_head(f->journal).sequence, first, second;
    char whole[4096];

    adopt(f, "a", "count - - 2026-01-01 -");
    first = bb_journal_head(f->journal).sequence;
    adopt(f, "a", "count - - 2026-02-01 -");
    second = bb_journal_head(f->journal).sequence;
    adopt(f, "b", "rate - - 2026-03-01 -");
    adopt(f, "c", "year - - 2026-04-01 -");
    assert_string_equal(list(f, NULL, NULL, before, 1 << 20), "");
    assert_string_equal(list(f, NULL, NULL, first, 1 << 20), "count a 1 2026-01-01 -,");
    assert_string_equal(list(f, NULL, NULL, second, 1 << 20), "count a 1 2026-02-01 -,");
    snprintf(whole, sizeof whole, "%s", list(f, NULL, NULL, 0, 1 << 20));
    assert_string_equal(whole, "count a 1 2026-02-01 -,rate b 1 2026-03-01 -,year c 1 2026-04-01 -,");
    assert_string_equal(list(f, NULL, NULL, 0, 1), whole);
}

/* After a crash, and after the views were made again from the journal, it is the same. */
static void
test_replay(void **state)
{
    struct fixture *f = *state;

    adopt(f, "a", "count - - 2026-01-01 -");
    fixture_apply(f);
    adopt(f, "b", "count - - 2026-01-01 -");
    fixture_reopen(f);
    assert_string_equal(adopt(f, "a", "count - - 2026-01-01 -"), "unchanged");
    assert_string_equal(adopt(f, "b", "count - - 2026-01-01 -"), "unchanged");
    assert_int_equal(fixture_verify(f), 0);
    assert_string_equal(list(f, NULL, NULL, 0, 1 << 20), "count a 1 2026-01-01 -,count b 1 2026-01-01 -,");
}

static const char *
retire(struct fixture *f, const char *code, const char *from, bool undo)
{
    static char said[128];
    Bb__IndicatorRetire request = BB__INDICATOR_RETIRE__INIT;

    request.code = (char *)(uintptr_t)code;
    request.from = (char *)(uintptr_t)from;
    request.has_undo = request.undo = undo;
    fixture_retire(f, &request);
    snprintf(said, sizeof said, "%s %s", bb_outcome_name(f->defined->item[0]->outcome),
             f->defined->item[0]->has_code ? f->defined->item[0]->field : "");
    return said;
}

static uint32_t
submit(struct fixture *f, const char *row)
{
    static uint8_t batch = 100;

    fixture_submit_one(f, ++batch, row);
    return fixture_rejected(f, 0);
}

static void
test_retired(void **state)
{
    Bb__Indicator again = BB__INDICATOR__INIT, *list_of_one = &again;
    struct fixture *f = *state;

    assert_string_equal(retire(f, "nothing", NULL, false), "rejected code");
    assert_string_equal(retire(f, "count", "soon", false), "rejected from");
    assert_string_equal(retire(f, "count", "2026-07-01", false), "updated ");
    assert_string_equal(retire(f, "count", "2026-07-01", false), "unchanged ");
    assert_int_equal(submit(f, "count|a|||2026-06|1"), 0);
    assert_int_equal(submit(f, "count|a|||2026|1"), 0); /* it began before */
    assert_int_equal(submit(f, "count|a|||2026-07|1"), BB_ROW_CODE_RETIRED);
    assert_int_equal(submit(f, "rate|a|||2026-07|1"), 0);
    /* a definition says nothing of it */
    again.code = again.name = (char *)(uintptr_t) "count";
    fixture_define(f, &list_of_one, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UNCHANGED);
    assert_int_equal(submit(f, "count|a|||2026-07|1"), BB_ROW_CODE_RETIRED);
    fixture_apply(f);
    fixture_reopen(f);
    assert_int_equal(submit(f, "count|a|||2026-07|1"), BB_ROW_CODE_RETIRED);
    assert_string_equal(retire(f, "count", NULL, true), "updated ");
    assert_int_equal(submit(f, "count|a|||2026-07|1"), 0);
    assert_int_equal(fixture_verify(f), 0);
}

static void
test_targets_name_organizations(void **state)
{
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list_of_one = &indicator;
    struct fixture *f = *state;

    indicator.code = indicator.name = (char *)(uintptr_t) "aim";
    indicator.targets = (char *)(uintptr_t) "2026=5; a@2026=7; nobody@2026=8";
    fixture_define(f, &list_of_one, 1);
    assert_int_equal(f->defined->item[0]->code, BB_ROW_CODE_UNKNOWN_ORGANIZATION);
    assert_string_equal(f->defined->item[0]->field, "targets");
    indicator.targets = (char *)(uintptr_t) "2026=5; a@2026=7";
    fixture_define(f, &list_of_one, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_CREATED);
    indicator.targets = (char *)(uintptr_t) "2026=6; a@2026=7";
    fixture_define(f, &list_of_one, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UPDATED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_holds, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_moments, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_replay, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_retired, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_targets_name_organizations, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
