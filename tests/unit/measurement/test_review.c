/* What organizations submit, and what staff makes of it. */
#include "review_words.h"

#include "proto/methods.h"
#include "tests/unit/check.h"
#include "workers/measurement/model/review.h"

#include <stdio.h>
#include <string.h>

static void
add_units(void *found, const void *message, bool final)
{
    const Bb__ReviewListReply *reply = message;

    (void) final;
    for (size_t i = 0; i < reply->n_unit; i++) {
        const Bb__ReviewUnit *u = reply->unit[i];
        assert_int_equal(u->has_sequence, strcmp(u->state, "draft") != 0);
        fixture_append(found, "%s %s %s %s%s%s,", u->period, u->organization, u->indicator, u->state,
                       u->comment && *u->comment ? " " : "", u->comment ? u->comment : "");
    }
}

/* submission.list, as of a sequence (0: now). */
static const char *
list(struct fixture *f, const char *who, const char *organization, const char *state, uint64_t sequence,
     size_t max_bytes)
{
    static char found[FIXTURE_TEXT];
    Bb__ReviewList request = BB__REVIEW_LIST__INIT;
    Bb__AsOf as_of;
    const struct fixture_question asked =
        review_question(who, BB_METHOD_REVIEW_LIST, &request.base, max_bytes);

    request.organization = (char *)(uintptr_t)organization;
    request.state = (char *)(uintptr_t)state;
    request.as_of = fixture_as_of(&as_of, sequence);
    return fixture_ask_text(f, &asked, &bb__review_list_reply__descriptor, add_units, found);
}

/* Every action in every state. */
static void
test_transitions(void **state)
{
    static const char *const expected[BB_REVIEW_ACTIONS][BB_REVIEW_STATES] = {
        [BB_REVIEW_SUBMIT] = {"submitted", "same", "submitted", "no", "no"},
        [BB_REVIEW_RETURN] = {"no", "returned", "same", "returned", "no"},
        [BB_REVIEW_APPROVE] = {"no", "approved", "no", "same", "no"},
        [BB_REVIEW_LOCK] = {"no", "no", "no", "locked", "same"},
        [BB_REVIEW_UNLOCK] = {"no", "no", "no", "same", "approved"},
    };
    struct bb_review now = {0}, said = {0};
    enum bb_review_state next;
    const char *words, *found;
    (void)state;

    for (int action = 0; action < (int)BB_REVIEW_ACTIONS; action++)
        for (int from = 0; from < (int)BB_REVIEW_STATES; from++) {
            now.state = (enum bb_review_state)from;
            int r = bb_review_next((enum bb_review_action)action, &now, &said, &next, &words);
            found = r == 0 ? bb_review_state_name(next) : r == BB_REVIEW_E_SAME ? "same" : "no";
            check_text(found, expected[action][from], bb_review_state_name(now.state));
        }
    said.comment = said.reason = bb_bytes_str("other");
    now.state = BB_REVIEW_RETURNED;
    assert_int_equal(bb_review_next(BB_REVIEW_RETURN, &now, &said, &next, &words), 0);
    now.state = BB_REVIEW_APPROVED;
    assert_int_equal(bb_review_next(BB_REVIEW_UNLOCK, &now, &said, &next, &words), BB_REVIEW_E_STATE);
}

static void
test_records(void **state)
{
    static char comment[BB_LIMIT_COMMENT_BYTES];
    const struct bb_review review = {.state = BB_REVIEW_RETURNED,
                                     .comment = bb_bytes((uint8_t *)comment, sizeof comment),
                                     .reason = bb_bytes_str(""),
                                     .member = bb_bytes_str("backbone/main")};
    uint8_t record[BB_REVIEW_PACKED];
    size_t len = bb_review_pack(&review, record);
    struct bb_review read;
    (void)state;

    memset(comment, 'x', sizeof comment);
    len = bb_review_pack(&review, record);
    assert_int_equal(bb_review_unpack(bb_bytes(record, len), &read), 0);
    assert_int_equal(read.state, BB_REVIEW_RETURNED);
    assert_true(bb_bytes_equal(read.comment, review.comment) && read.reason.len == 0 &&
                bb_bytes_equal(read.member, review.member));
    for (size_t cut = 0; cut < len; cut++)
        assert_true(bb_review_unpack(bb_bytes(record, cut), &read) < 0);
    record[0] = BB_REVIEW_DRAFT;
    assert_true(bb_review_unpack(bb_bytes(record, len), &read) < 0);
}

static void
test_what_is_refused(void **state)
{
    static const struct {
        const char *who, *words, *expected;
    } rows[] = {
        {"a", "approve - 2026-06 - -", "error 4"},
        {"a", "return - 2026-06 why -", "error 4"},
        {"a", "submit b 2026-06 - -", "error 4"},
        {NULL, "submit nobody 2026-06 - -", "error 11"},
        {"a", "submit - 2026-05 - -", "error 11"},
        {"a", "submit - soon - -", "error 12"},
        {"a", "burn - 2026-06 - -", "error 12"},
        {"a", "submit - 2026-06 - because", "error 12"},
        {NULL, "return a 2026-06 - -", "error 12"},
        {NULL, "unlock a 2026-06 - -", "error 12"},
        {NULL, "approve a 2026-06 - -", "count draft BAD_VALUE,"},
        {NULL, "approve a 2026-06 - - nothing rate count",
         "nothing - UNKNOWN_INDICATOR,rate - NO_VALUE,count draft BAD_VALUE,"},
    };
    struct fixture *f = *state;
    uint64_t head;

    assert_string_equal(review_submit(f, "a", "count||||2026-06|1", false), "created");
    head = bb_journal_head(f->journal).sequence;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(review_say(f, rows[i].who, rows[i].words), rows[i].expected, rows[i].words);
    assert_int_equal(bb_journal_head(f->journal).sequence, head);
    assert_string_equal(list(f, NULL, NULL, NULL, 0, 1 << 20), "2026-06 a count draft,");
}

/* From the draft to the lock, with and without the views. */
static void
test_the_way(void **state)
{
    struct fixture *f = *state;
    uint64_t returned;
    char whole[4096];

    review_submit(f, "a", "count||||2026-06|1", false);
    fixture_apply(f);
    review_submit(f, "a", "rate||||2026-06|5", false);
    review_submit(f, "b", "count||||2026-06|2", false);
    assert_string_equal(review_say(f, "a", "submit - 2026-06 - -"),
                        "count submitted updated,rate submitted updated,");
    assert_string_equal(review_say(f, "a", "submit - 2026-06 - -"),
                        "count submitted unchanged,rate submitted unchanged,");
    assert_string_equal(review_submit(f, "a", "count||||2026-06|3", false), "updated");
    assert_string_equal(review_say(f, NULL, "return a 2026-06 again - count"), "count returned updated,");
    returned = bb_journal_head(f->journal).sequence;
    assert_string_equal(review_say(f, NULL, "approve a 2026-06 - -"),
                        "count returned BAD_VALUE,rate approved updated,");
    assert_string_equal(review_say(f, "a", "submit - 2026-06 - -"),
                        "count submitted updated,rate approved unchanged,");
    assert_string_equal(review_say(f, "a", "submit - 2026-06 - - rate"), "rate approved BAD_VALUE,");
    assert_string_equal(review_say(f, NULL, "approve a 2026-06 well_done -"),
                        "count approved updated,rate approved unchanged,");
    assert_string_equal(review_say(f, NULL, "lock a 2026-06 - - count"), "count locked updated,");
    snprintf(whole, sizeof whole, "%s", list(f, NULL, NULL, NULL, 0, 1 << 20));
    assert_string_equal(whole, "2026-06 a count locked,2026-06 a rate approved,2026-06 b count draft,");
    assert_string_equal(list(f, NULL, NULL, NULL, 0, 1), whole);
    assert_string_equal(list(f, NULL, NULL, NULL, returned, 1 << 20),
                        "2026-06 a count returned again,2026-06 a rate submitted,2026-06 b count draft,");
    assert_string_equal(list(f, NULL, NULL, "locked", 0, 1 << 20), "2026-06 a count locked,");
    assert_string_equal(list(f, "b", NULL, NULL, 0, 1 << 20), "2026-06 b count draft,");
    assert_string_equal(list(f, "b", "a", NULL, 0, 1 << 20), "error 4");
    assert_string_equal(list(f, NULL, NULL, "burnt", 0, 1 << 20), "error 12");
    /* and after a crash, and a replay */
    fixture_reopen(f);
    assert_string_equal(review_submit(f, "a", "count||||2026-06|4", true), "locked LOCKED");
    assert_string_equal(review_say(f, NULL, "unlock a 2026-06 - mistake count"), "count approved updated,");
    assert_string_equal(review_say(f, NULL, "unlock a 2026-06 - mistake count"), "count approved unchanged,");
    assert_int_equal(fixture_verify(f), 0);
    assert_string_equal(list(f, NULL, NULL, "approved", 0, 1 << 20),
                        "2026-06 a count approved,2026-06 a rate approved,");
}

static void
test_intake(void **state)
{
    struct fixture *f = *state;

    for (int applied = 0; applied < 2; applied++) {
        const char *period = applied ? "2026-06" : "2026-05";
        char row[128], words[128];

#define ROW(place, value) (snprintf(row, sizeof row, "count|a|%s||%s|%s", place, period, value), row)
#define SAY(action, more) (snprintf(words, sizeof words, "%s a %s %s", action, period, more), words)
        assert_string_equal(review_submit(f, "a", ROW("", "1"), false), "created");
        review_say(f, "a", SAY("submit", "- -"));
        assert_string_equal(review_say(f, NULL, SAY("approve", "- -")), "count approved updated,");
        if (applied)
            fixture_apply(f);
        assert_string_equal(review_submit(f, "a", ROW("", "1"), false), "unchanged");
        assert_string_equal(review_submit(f, "a", ROW("", "2"), false), "rejected NEEDS_REASON");
        assert_string_equal(review_submit(f, NULL, ROW("", "2"), false), "rejected NEEDS_REASON");
        assert_string_equal(review_submit(f, "a", ROW("Nowhere", "2"), false), "rejected NEEDS_REASON");
        assert_string_equal(review_submit(f, "a", ROW("", "2"), true), "updated");
        assert_string_equal(review_say(f, NULL, SAY("lock", "- -")), "count locked updated,");
        if (applied)
            fixture_apply(f);
        assert_string_equal(review_submit(f, "a", ROW("", "2"), false), "unchanged");
        assert_string_equal(review_submit(f, "a", ROW("", "3"), true), "locked LOCKED");
        assert_string_equal(review_submit(f, NULL, ROW("", "3"), false), "locked LOCKED");
        assert_string_equal(review_submit(f, "a", ROW("Nowhere", "3"), true), "locked LOCKED");
        assert_string_equal(review_submit(f, NULL, ROW("Somewhere", "3"), true), "created");
        assert_string_equal(review_submit(f, NULL, ROW("", "3"), true), "updated");
        /* others are free */
        assert_string_equal(review_submit(f, "b", ROW("", "3"), false), "rejected NOT_YOURS");
        assert_string_equal(review_submit(f, "a", "rate||||2026-04|5", false),
                            applied ? "unchanged" : "created");
    }
    /* names of refused rows are not there: a replay gives the same ids */
    assert_int_equal(fixture_verify(f), 0);
}

/* Rows of several units in one table, of which some are locked; nothing is told twice. */
static void
test_mixed_table(void **state)
{
    static const char *const rows[] = {"count|a|New||2026-06|1", "count|b|New||2026-06|1",
                                       "count|a|||2026-07|1", "count|a|||2026-06|9"};
    struct fixture *f = *state;

    review_submit(f, "a", "count||||2026-06|1", false);
    review_say(f, "a", "submit - 2026-06 - -");
    review_say(f, NULL, "approve a 2026-06 - -");
    review_say(f, NULL, "lock a 2026-06 - -");
    fixture_submit_rows(f, (struct fixture_submission){.batch = 200}, rows, COUNT(rows));
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_LOCKED);
    assert_int_equal(fixture_outcome(f, 1), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_outcome(f, 2), BB_OUTCOME_CREATED);
    assert_int_equal(fixture_outcome(f, 3), BB_OUTCOME_LOCKED);
    /* the same again has the same answer */
    fixture_submit_rows(f, (struct fixture_submission){.batch = 200}, rows, COUNT(rows));
    assert_true(f->reply->duplicate);
    assert_int_equal(fixture_outcome(f, 3), BB_OUTCOME_LOCKED);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 201, .atomic = true}, rows, COUNT(rows));
    assert_true(f->reply->aborted);
    fixture_submit_rows(f, (struct fixture_submission){.batch = 202, .dry_run = true}, rows, COUNT(rows));
    assert_int_equal(fixture_outcome(f, 0), BB_OUTCOME_LOCKED);
    assert_int_equal(fixture_outcome(f, 1), BB_OUTCOME_UNCHANGED);
    assert_int_equal(fixture_verify(f), 0);
}

/* A unit whose readings are all withdrawn is none; a row that would withdraw what is not there leaves no
 * name. */
static void
test_withdrawn(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    for (int applied = 0; applied < 2; applied++) {
        assert_string_equal(review_submit(f, "a", "count||||2026-06|1", false),
                            applied ? "updated" : "created");
        assert_string_equal(review_submit(f, "a", "count||Here||2026-06|1", false),
                            applied ? "unchanged" : "created");
        if (applied)
            fixture_apply(f);
        assert_string_equal(review_submit(f, "a", "count||||2026-06||||withdrawn", false), "updated");
        if (!applied)
            assert_string_equal(review_say(f, "a", "submit - 2026-06 - -"), "count submitted updated,");
    }
    before = bb_journal_head(f->journal).sequence;
    assert_string_equal(review_submit(f, "a", "count||Here||2026-06||||withdrawn", false), "updated");
    assert_string_equal(review_say(f, "a", "submit - 2026-06 - -"), "error 11");
    fixture_apply(f);
    assert_string_equal(review_say(f, "a", "submit - 2026-06 - -"), "error 11");
    assert_string_equal(list(f, NULL, NULL, NULL, 0, 1 << 20), "");
    assert_string_equal(list(f, NULL, NULL, NULL, before, 1 << 20), "2026-06 a count submitted,");
    assert_string_equal(review_submit(f, "a", "count||Never||2026-06||||withdrawn", false), "unchanged");
    assert_string_equal(review_submit(f, "a", "count||Never||2026-06||||withdrawn||any", false),
                        "rejected REVISION");
    assert_string_equal(review_submit(f, "a", "count||There||2026-07|1", false), "created");
    assert_int_equal(fixture_verify(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_records),
        cmocka_unit_test_setup_teardown(test_what_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_way, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_intake, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_mixed_table, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
