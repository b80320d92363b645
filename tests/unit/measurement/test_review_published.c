/* Indicators of which only what is approved is published. */
#include "review_words.h"

#include "proto/methods.h"
#include "workers/measurement/model/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const struct fixture_question asked = review_question(who, BB_METHOD_TREND, &request.base, 1);

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
    const struct fixture_question asked = review_question(who, BB_METHOD_TREND, &request.base, 1);

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
    const struct fixture_question asked = review_question(who, BB_METHOD_READINGS_LIST, &request.base, 1);

    request.as_of = fixture_as_of(&as_of, sequence);
    return fixture_ask_text(f, &asked, &bb__readings_part__descriptor, add_readings, said);
}

/* Of organization a's reading. */
static const char *
history(struct fixture *f, const char *who)
{
    static char said[FIXTURE_TEXT];
    Bb__HistoryQuery request = BB__HISTORY_QUERY__INIT;
    const struct fixture_question asked = review_question(who, BB_METHOD_READINGS_HISTORY, &request.base, 1);

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

    review_submit(f, "a", "count||||2026-06|1", false);
    review_submit(f, "a", "count||||2026-06|2", false);
    review_submit(f, "b", "count||||2026-06|10", false);
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
    review_say(f, "a", "submit - 2026-06 - -");
    submitted = bb_journal_head(f->journal).sequence;
    assert_string_equal(readings(f, "b", 0), "b=10,");
    review_say(f, NULL, "approve a 2026-06 - -");
    approved = bb_journal_head(f->journal).sequence;
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 2 1,");
    assert_string_equal(trend(f, NULL, "organization", 0), "2026-06 a 2 1,");
    assert_string_equal(readings(f, "b", 0), "a=2,b=10,");
    assert_string_equal(history(f, "b"), "2,");
    /* a correction keeps it approved */
    assert_string_equal(review_submit(f, "a", "count||||2026-06|3", true), "updated");
    assert_string_equal(history(f, "b"), "2,3,");
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 3 1,");
    review_say(f, "b", "submit - 2026-06 - -");
    review_say(f, NULL, "approve b 2026-06 - -");
    review_say(f, NULL, "lock b 2026-06 - -");
    assert_string_equal(trend(f, NULL, NULL, 0), "2026-06 13 2,");
    assert_string_equal(trend(f, NULL, NULL, approved), "2026-06 2 1,");
    assert_string_equal(trend(f, NULL, NULL, submitted), "");
    assert_string_equal(readings(f, "b", submitted), "b=10,");
    review_say(f, NULL, "return a 2026-06 again -");
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
            review_submit(f, NULL, words, true);
            value[o][p] = n;
        } else {
            static const char *const actions[] = {"submit", "approve", "return", "approve"};
            static const int becomes[4][4] = {{1, 1, 2, 3}, {0, 3, 2, 3}, {0, 2, 2, 2}, {0, 3, 2, 3}};
            int action = rand() % 4;
            snprintf(words, sizeof words, "%s %s 2026-0%d %s -", actions[action], who[o], p + 1,
                     action == 2 ? "again" : "-");
            review_say(f, NULL, words);
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
        cmocka_unit_test_setup_teardown(test_published, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_published_at_random, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
