/* What organizations submit, and what staff makes of it. */
#include "fixture_query.h"

#include "proto/methods.h"
#include "tests/unit/check.h"
#include "workers/measurement/model/review.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t batches; /* how many were sent */

/* Who (NULL: staff) sends a row, with or without a reason: the outcome, and the code when it was refused. */
static const char *
submit(struct fixture *f, const char *who, const char *row, bool reasoned)
{
    static char said[128];
    const struct fixture_submission how = {
        .organization = who, .batch = ++batches, .reason = reasoned ? BB_REASON_RECOUNT : BB_REASON_NONE};

    fixture_submit_rows(f, how, &row, 1);
    assert_non_null(f->reply);
    snprintf(said, sizeof said, "%s%s%s", bb_outcome_name(fixture_outcome(f, 0)),
             fixture_rejected(f, 0) ? " " : "", bb_row_code_name(fixture_rejected(f, 0)));
    return said;
}

/* "action organization period comment reason", "-" for what is not said, and then codes. The answer: "error
 * N", or for each "indicator state outcome,". */
static const char *
review(struct fixture *f, const char *who, const char *words)
{
    static char said[1024];
    char copy[256], *field[16], *rest = copy;
    Bb__Review request = BB__REVIEW__INIT;
    size_t n = 0;

    snprintf(copy, sizeof copy, "%s", words);
    while (n < COUNT(field) && (field[n] = strsep(&rest, " "))) {
        if (strcmp(field[n], "-") == 0)
            field[n] = NULL;
        n++;
    }
    assert_true(n >= 5);
    request.action = field[0];
    request.organization = field[1];
    request.period = field[2];
    request.comment = field[3];
    request.reason = field[4];
    request.indicator = &field[5];
    request.n_indicator = n - 5;
    fixture_review(f, who, &request);
    snprintf(said, sizeof said, "error %u", f->failure);
    if (f->failure)
        return said;
    *said = '\0';
    for (size_t i = 0; i < f->reviewed->n_item; i++) {
        const Bb__ReviewOutcome *item = f->reviewed->item[i];
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s %s %s,", item->indicator,
                 item->state ? item->state : "-",
                 item->has_code ? bb_row_code_name(item->code) : bb_outcome_name(item->outcome));
    }
    return said;
}

/* Who asks (NULL: staff), in parts of max_bytes. */
static struct fixture_question
question(const char *who, uint32_t method, const ProtobufCMessage *request, size_t max_bytes)
{
    return (struct fixture_question){.method = method,
                                     .request = request,
                                     .role = who ? BB__ROLE__ROLE_PARTNER : BB__ROLE__ROLE_STAFF,
                                     .organization = who ? who : "backbone",
                                     .max_bytes = max_bytes};
}

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
    const struct fixture_question asked = question(who, BB_METHOD_REVIEW_LIST, &request.base, max_bytes);

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

    assert_string_equal(submit(f, "a", "count||||2026-06|1", false), "created");
    head = bb_journal_head(f->journal).sequence;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(review(f, rows[i].who, rows[i].words), rows[i].expected, rows[i].words);
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

    submit(f, "a", "count||||2026-06|1", false);
    fixture_apply(f);
    submit(f, "a", "rate||||2026-06|5", false);
    submit(f, "b", "count||||2026-06|2", false);
    assert_string_equal(review(f, "a", "submit - 2026-06 - -"),
                        "count submitted updated,rate submitted updated,");
    assert_string_equal(review(f, "a", "submit - 2026-06 - -"),
                        "count submitted unchanged,rate submitted unchanged,");
    assert_string_equal(submit(f, "a", "count||||2026-06|3", false), "updated");
    assert_string_equal(review(f, NULL, "return a 2026-06 again - count"), "count returned updated,");
    returned = bb_journal_head(f->journal).sequence;
    assert_string_equal(review(f, NULL, "approve a 2026-06 - -"),
                        "count returned BAD_VALUE,rate approved updated,");
    assert_string_equal(review(f, "a", "submit - 2026-06 - -"),
                        "count submitted updated,rate approved unchanged,");
    assert_string_equal(review(f, "a", "submit - 2026-06 - - rate"), "rate approved BAD_VALUE,");
    assert_string_equal(review(f, NULL, "approve a 2026-06 well_done -"),
                        "count approved updated,rate approved unchanged,");
    assert_string_equal(review(f, NULL, "lock a 2026-06 - - count"), "count locked updated,");
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
    assert_string_equal(submit(f, "a", "count||||2026-06|4", true), "locked LOCKED");
    assert_string_equal(review(f, NULL, "unlock a 2026-06 - mistake count"), "count approved updated,");
    assert_string_equal(review(f, NULL, "unlock a 2026-06 - mistake count"), "count approved unchanged,");
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
        assert_string_equal(submit(f, "a", ROW("", "1"), false), "created");
        review(f, "a", SAY("submit", "- -"));
        assert_string_equal(review(f, NULL, SAY("approve", "- -")), "count approved updated,");
        if (applied)
            fixture_apply(f);
        assert_string_equal(submit(f, "a", ROW("", "1"), false), "unchanged");
        assert_string_equal(submit(f, "a", ROW("", "2"), false), "rejected NEEDS_REASON");
        assert_string_equal(submit(f, NULL, ROW("", "2"), false), "rejected NEEDS_REASON");
        assert_string_equal(submit(f, "a", ROW("Nowhere", "2"), false), "rejected NEEDS_REASON");
        assert_string_equal(submit(f, "a", ROW("", "2"), true), "updated");
        assert_string_equal(review(f, NULL, SAY("lock", "- -")), "count locked updated,");
        if (applied)
            fixture_apply(f);
        assert_string_equal(submit(f, "a", ROW("", "2"), false), "unchanged");
        assert_string_equal(submit(f, "a", ROW("", "3"), true), "locked LOCKED");
        assert_string_equal(submit(f, NULL, ROW("", "3"), false), "locked LOCKED");
        assert_string_equal(submit(f, "a", ROW("Nowhere", "3"), true), "locked LOCKED");
        assert_string_equal(submit(f, NULL, ROW("Somewhere", "3"), true), "created");
        assert_string_equal(submit(f, NULL, ROW("", "3"), true), "updated");
        /* others are free */
        assert_string_equal(submit(f, "b", ROW("", "3"), false), "rejected NOT_YOURS");
        assert_string_equal(submit(f, "a", "rate||||2026-04|5", false), applied ? "unchanged" : "created");
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

    submit(f, "a", "count||||2026-06|1", false);
    review(f, "a", "submit - 2026-06 - -");
    review(f, NULL, "approve a 2026-06 - -");
    review(f, NULL, "lock a 2026-06 - -");
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
        assert_string_equal(submit(f, "a", "count||||2026-06|1", false), applied ? "updated" : "created");
        assert_string_equal(submit(f, "a", "count||Here||2026-06|1", false),
                            applied ? "unchanged" : "created");
        if (applied)
            fixture_apply(f);
        assert_string_equal(submit(f, "a", "count||||2026-06||||withdrawn", false), "updated");
        if (!applied)
            assert_string_equal(review(f, "a", "submit - 2026-06 - -"), "count submitted updated,");
    }
    before = bb_journal_head(f->journal).sequence;
    assert_string_equal(submit(f, "a", "count||Here||2026-06||||withdrawn", false), "updated");
    assert_string_equal(review(f, "a", "submit - 2026-06 - -"), "error 11");
    fixture_apply(f);
    assert_string_equal(review(f, "a", "submit - 2026-06 - -"), "error 11");
    assert_string_equal(list(f, NULL, NULL, NULL, 0, 1 << 20), "");
    assert_string_equal(list(f, NULL, NULL, NULL, before, 1 << 20), "2026-06 a count submitted,");
    assert_string_equal(submit(f, "a", "count||Never||2026-06||||withdrawn", false), "rejected REVISION");
    assert_string_equal(submit(f, "a", "count||There||2026-07|1", false), "created");
    assert_int_equal(fixture_verify(f), 0);
}

/* Only what is approved is published */

static void
add_points(void *said, const void *message, bool final)
{
    const Bb__TrendReply *reply = message;

    (void) final;
    for (size_t i = 0; i < reply->n_point; i++) {
        const Bb__TrendPoint *point = reply->point[i];
        fixture_append(said, "%s%s%s %s %u,", point->period, point->group ? " " : "",
                       point->group ? point->group : "", point->value ? point->value : "-", point->readings);
    }
}

static const char *
trend(struct fixture *f, const char *who, const char *by, uint64_t sequence)
{
    static char said[FIXTURE_TEXT];
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of;
    const struct fixture_question asked = question(who, BB_METHOD_TREND, &request.base, 1);

    request.indicator = (char *)(uintptr_t) "count";
    request.by = (char *)(uintptr_t)by;
    request.as_of = fixture_as_of(&as_of, sequence);
    return fixture_ask_text(f, &asked, &bb__trend_reply__descriptor, add_points, said);
}

/* How many readings wait for approval, as this caller is told; -1: it is not. */
static void
add_waiting(void *said, const void *message, bool final)
{
    const Bb__TrendReply *reply = message;

    assert_true(!reply->counting || (!final && !reply->has_waiting && reply->n_point == 0));
    *(char *)said = '\0';
    fixture_append(said, "%ld", reply->has_waiting ? (long)reply->waiting : -1L);
}

static long
waiting(struct fixture *f, const char *who, uint64_t sequence)
{
    static char said[FIXTURE_TEXT];
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of;
    const struct fixture_question asked = question(who, BB_METHOD_TREND, &request.base, 1);

    request.indicator = (char *)(uintptr_t) "count";
    request.as_of = fixture_as_of(&as_of, sequence);
    return strtol(fixture_ask_text(f, &asked, &bb__trend_reply__descriptor, add_waiting, said), NULL, 10);
}

/* "organization=value,", or only the values. */
static void
add_rows(char *said, const Bb__Rows *rows, bool whose)
{
    struct bb_rowview view;
    const char *what;

    assert_int_equal(bb_rowview_init(&view, rows, &what), 0);
    for (uint32_t i = 0; i < rows->count; i++) {
        struct bb_rowref ref;
        bb_rowview_get(&view, i, &ref);
        if (whose)
            fixture_append(said, "%.*s=", (int)view.text[ref.organization].len,
                           (const char *)view.text[ref.organization].data);
        fixture_append(said, "%lld,", (long long)ref.value.mantissa);
    }
    bb_rowview_release(&view);
}

static void
add_readings(void *said, const void *message, bool final)
{
    (void) final;
    add_rows(said, ((const Bb__ReadingsPart *)message)->rows, true);
}

static void
add_revisions(void *said, const void *message, bool final)
{
    (void) final;
    add_rows(said, ((const Bb__HistoryPart *)message)->rows, false);
}

/* Of everybody whom the caller may see, as of a sequence. */
static const char *
readings(struct fixture *f, const char *who, uint64_t sequence)
{
    static char said[FIXTURE_TEXT];
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    Bb__AsOf as_of;
    const struct fixture_question asked = question(who, BB_METHOD_READINGS_LIST, &request.base, 1);

    request.as_of = fixture_as_of(&as_of, sequence);
    return fixture_ask_text(f, &asked, &bb__readings_part__descriptor, add_readings, said);
}

/* Of organization a's reading. */
static const char *
history(struct fixture *f, const char *who)
{
    static char said[FIXTURE_TEXT];
    Bb__HistoryQuery request = BB__HISTORY_QUERY__INIT;
    const struct fixture_question asked = question(who, BB_METHOD_READINGS_HISTORY, &request.base, 1);

    request.indicator = (char *)(uintptr_t) "count";
    request.organization = (char *)(uintptr_t) "a";
    request.period = (char *)(uintptr_t) "2026-06";
    return fixture_ask_text(f, &asked, &bb__history_part__descriptor, add_revisions, said);
}

static void
publish(struct fixture *f, const char *what)
{
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list_of_one = &indicator;

    indicator.code = indicator.name = (char *)(uintptr_t) "count";
    indicator.publish = (char *)(uintptr_t)what;
    fixture_define(f, &list_of_one, 1);
    assert_int_equal(f->defined->item[0]->outcome, BB_OUTCOME_UPDATED);
}

/* Organization a shares its line, b does not. */
static void
test_published(void **state)
{
    struct fixture *f = *state;
    uint64_t reported, submitted, approved;

    submit(f, "a", "count||||2026-06|1", false);
    submit(f, "a", "count||||2026-06|2", false);
    submit(f, "b", "count||||2026-06|10", false);
    reported = bb_journal_head(f->journal).sequence;
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 12 2,");
    publish(f, "approved");
    assert_string_equal(trend(f, NULL, NULL, 0), "");
    assert_string_equal(trend(f, "a", NULL, 0), "");
    assert_string_equal(trend(f, NULL, NULL, reported), "2026-06 12 2,");
    assert_string_equal(readings(f, NULL, 0), "a=2,b=10,");
    assert_string_equal(readings(f, "a", 0), "a=2,");
    assert_string_equal(readings(f, "b", 0), "b=10,");
    assert_string_equal(history(f, "b"), "error 11");
    assert_string_equal(history(f, "a"), "1,2,");
    review(f, "a", "submit - 2026-06 - -");
    submitted = bb_journal_head(f->journal).sequence;
    assert_string_equal(readings(f, "b", 0), "b=10,");
    review(f, NULL, "approve a 2026-06 - -");
    approved = bb_journal_head(f->journal).sequence;
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 2 1,");
    assert_string_equal(trend(f, NULL, "organization", 0), "2026-06 a 2 1,");
    assert_string_equal(readings(f, "b", 0), "a=2,b=10,");
    assert_string_equal(history(f, "b"), "2,");
    /* a correction keeps it approved */
    assert_string_equal(submit(f, "a", "count||||2026-06|3", true), "updated");
    assert_string_equal(history(f, "b"), "2,3,");
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 3 1,");
    review(f, "b", "submit - 2026-06 - -");
    review(f, NULL, "approve b 2026-06 - -");
    review(f, NULL, "lock b 2026-06 - -");
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 13 2,");
    assert_string_equal(trend(f, NULL, NULL, approved), "2026-06 2 1,");
    assert_string_equal(trend(f, NULL, NULL, submitted), "");
    assert_string_equal(readings(f, "b", submitted), "b=10,");
    review(f, NULL, "return a 2026-06 again -");
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 10 1,");
    assert_string_equal(history(f, "b"), "error 11");
    publish(f, "reported");
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 13 2,");
    assert_int_equal(fixture_verify(f), 0);
}

/* Random readings, reviews and moments, beside a count of what is approved. */
static void
test_published_at_random(void **state)
{
    enum { ORGANIZATIONS = 3, PERIODS = 4, STEPS = 200 };
    static const char *const who[ORGANIZATIONS] = {"a", "b", "c"};
    static char expected[STEPS][256];
    uint64_t sequence[STEPS];
    long wait[STEPS] = {0}, own[STEPS] = {0};
    struct fixture *f = *state;
    int value[ORGANIZATIONS][PERIODS] = {{0}}, stands[ORGANIZATIONS][PERIODS] = {{0}};
    char words[128];

    publish(f, "approved");
    srand(4);
    for (int step = 0; step < STEPS; step++) {
        int o = rand() % ORGANIZATIONS, p = rand() % PERIODS, what = rand() % 4, n = 1 + rand() % 9;
        if (what < 2) {
            snprintf(words, sizeof words, "count|%s|||2026-0%d|%d", who[o], p + 1, n);
            submit(f, NULL, words, true);
            value[o][p] = n;
        } else {
            static const char *const actions[] = {"submit", "approve", "return", "approve"};
            static const int becomes[4][4] = {{1, 1, 2, 3}, {0, 3, 2, 3}, {0, 2, 2, 2}, {0, 3, 2, 3}};
            int action = rand() % 4;
            snprintf(words, sizeof words, "%s %s 2026-0%d %s -", actions[action], who[o], p + 1,
                     action == 2 ? "again" : "-");
            review(f, NULL, words);
            if (value[o][p])
                stands[o][p] = becomes[action][stands[o][p]];
        }
        for (int q = 0; q < PERIODS; q++) {
            int sum = 0, readings = 0;
            for (int i = 0; i < ORGANIZATIONS; i++)
                wait[step] += value[i][q] && stands[i][q] != BB_REVIEW_APPROVED;
            own[step] += value[0][q] && stands[0][q] != BB_REVIEW_APPROVED;
            for (int i = 0; i < ORGANIZATIONS; i++)
                if (value[i][q] && stands[i][q] == BB_REVIEW_APPROVED) {
                    sum += value[i][q];
                    readings++;
                }
            if (readings)
                snprintf(expected[step] + strlen(expected[step]),
                         sizeof expected[step] - strlen(expected[step]), "2026-0%d %d %d,", q + 1, sum,
                         readings);
        }
        sequence[step] = bb_journal_head(f->journal).sequence;
        assert_string_equal(trend(f, NULL, NULL, 0), expected[step]);
        assert_int_equal(waiting(f, NULL, 0), wait[step]);
        assert_int_equal(waiting(f, "a", 0), own[step]);
        assert_int_equal(waiting(f, "nobody", 0), 0);
    }
    for (int step = 0; step < STEPS; step++) {
        assert_string_equal(trend(f, NULL, NULL, sequence[step]), expected[step]);
        assert_int_equal(waiting(f, NULL, sequence[step]), wait[step]);
        assert_int_equal(waiting(f, "a", sequence[step]), own[step]);
    }
    publish(f, "reported");
    assert_int_equal(waiting(f, NULL, 0), -1);
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
        cmocka_unit_test_setup_teardown(test_published, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_published_at_random, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
