/* Following: what closed batches changed. */
#include "follow_fixture.h"

#include "proto/errors.h"
#include "proto/limits.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

static void
expect(struct world *w, uint64_t after, const char *expected)
{
    char *text;

    world_follow(w, after, NULL);
    text = world_text(w);
    assert_string_equal(text, expected);
    free(text);
}

static void
submit(struct world *w, uint8_t batch, uint32_t index, bool more, const char *organization, const char *row)
{
    fixture_submit_rows(&w->store,
                        (struct fixture_submission){
                            .organization = organization, .batch = batch, .index = index, .more = more},
                        &row, 1);
    check_int(w->store.failure, 0, w->store.message);
    world_apply(w);
}

static void
close_batches(struct world *w, int64_t seconds)
{
    fixture_pass(seconds);
    fixture_tick(&w->store);
    world_apply(w);
}

/* One submission with everything in it. */
static void
test_one(void **state)
{
    static const char *const first[] = {
        "count|a|||2026-03|1",   "count|b|||2026-03|2",      "count|a|north|sex=f|2026-01|3",
        "rate|a|||2026-03||1|2", "rate|b|||2026||||missing",
    };
    static const char *const second[] = {
        "count|a|||2026-03|5",   "count|b|||2026-03|2.0", "count|a|north|sex=f|2026-01||||missing",
        "rate|a|||2026-03||3|4", "rate|b|||2026|7",       "nothing|b|||2026|7",
        "count|b|||2026-04|8",
    };
    struct world *w = *state;
    uint64_t at = world_head(w);
    char expected[1024];

    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = 1}, first, COUNT(first));
    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = 2}, second, COUNT(second));
    assert_int_equal(fixture_outcome(&w->store, 1), BB_OUTCOME_UNCHANGED);
    assert_int_equal(fixture_outcome(&w->store, 5), BB_OUTCOME_REJECTED);
    world_apply(w);
    snprintf(expected, sizeof expected,
             "%llu backbone/main\n"
             " count \"count\" organizations=2 created=3 updated=0 corrections=0\n"
             "  a +2 ~0 2: 2026-01 2026-03\n"
             "  b +1 ~0 1: 2026-03\n"
             " rate \"rate\" organizations=2 created=2 updated=0 corrections=0\n"
             "  a +1 ~0 1: 2026-03\n"
             "  b +1 ~0 1: 2026\n"
             "%llu backbone/main\n"
             " count \"count\" organizations=2 created=1 updated=2 corrections=2\n"
             "  a +0 ~2 2: 2026-01 2026-03\n"
             "  b +1 ~0 1: 2026-04\n"
             "  a|||2026-03 1(0)->5(0) of %llu\n"
             "  a|north|sex=f|2026-01 3(0)->-(1) of %llu\n"
             " rate \"rate\" organizations=2 created=0 updated=2 corrections=2\n"
             "  a +0 ~1 1: 2026-03\n"
             "  b +0 ~1 1: 2026\n"
             "  a|||2026-03 50.0(0)->75.0(0) of %llu\n"
             "  b|||2026 -(1)->7(0) of %llu\n",
             (unsigned long long)at + 1, (unsigned long long)at + 2, (unsigned long long)at + 1,
             (unsigned long long)at + 1, (unsigned long long)at + 1, (unsigned long long)at + 1);
    expect(w, 0, expected);
    assert_int_equal(w->reply->sequence, at + 2);
    assert_int_equal(w->reply->head, at + 2);
    expect(w, at + 2, "");
    /* later corrections change nothing of what is told of earlier ones */
    world_submit(w, NULL, "count|a|||2026-03|6");
    w->reply_bytes = 1; /* one indicator at a time */
    world_follow(w, at + 1, "count");
    assert_string_equal(w->reply->batch[0]->indicator[0]->indicator, "rate");
    w->reply_bytes = 0;
    world_restart(w);
    world_follow(w, at + 1, NULL);
    assert_int_equal(w->reply->n_batch, 2);
    assert_string_equal(w->reply->batch[0]->indicator[0]->correction[0]->new_value, "5");
}

/* What the views do not have yet is not told, whatever the journal has. */
static void
test_not_applied(void **state)
{
    static const char *const row = "count|a|||2026-03|1";
    struct world *w = *state;
    uint64_t at = world_head(w);

    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = 1}, &row, 1);
    expect(w, at, "");
    assert_int_equal(w->reply->sequence, at);
    assert_int_equal(w->reply->head, at + 1);
    world_apply(w);
    world_follow(w, at, NULL);
    assert_int_equal(w->reply->n_batch, 1);
}

/* Several submissions are told of when the batch is closed, and what comes after that when it is closed
 * again. */
static void
reopen(struct world *w, bool restarted)
{
    uint64_t at = world_head(w), closed;

    submit(w, 1, 0, true, "a", "count|a|||2026-03|1");
    submit(w, 2, 0, false, "b", "count|b|||2026-03|1");
    submit(w, 1, 1, true, "a", "count|a|||2026-04|1");
    world_follow(w, at, NULL);
    assert_int_equal(w->reply->n_batch, 1); /* the other one */
    assert_int_equal(w->reply->sequence, at + 3);
    if (restarted)
        world_restart(w);
    submit(w, 1, 2, false, "a", "count|a|||2026-05|1");
    close_batches(w, 601);
    world_follow(w, at + 3, NULL);
    closed = world_head(w);
    assert_int_equal(w->reply->n_batch, 1);
    assert_int_equal(w->reply->batch[0]->sequence, closed);
    assert_string_equal(w->reply->batch[0]->organization, "a");
    assert_int_equal(w->reply->batch[0]->indicator[0]->created, 3);

    submit(w, 1, 3, true, "a", "count|a|||2026-03|1"); /* unchanged, but it opens the batch again */
    submit(w, 1, 4, true, "a", "count|a|||2026-06|1");
    if (restarted)
        world_restart(w);
    close_batches(w, 601);
    world_follow(w, closed, NULL);
    assert_int_equal(w->reply->n_batch, 1);
    assert_int_equal(w->reply->batch[0]->indicator[0]->created, 1);
    assert_string_equal(w->reply->batch[0]->indicator[0]->organization[0]->period[0], "2026-06");
    world_follow(w, at + 3, NULL); /* both again */
    assert_int_equal(w->reply->n_batch, 2);
    assert_int_equal(w->reply->batch[0]->indicator[0]->created, 3);
    assert_int_equal(w->reply->batch[1]->indicator[0]->created, 1);

    closed = world_head(w);
    submit(w, 1, 5, true, "a", "count|a|||2026-03|1"); /* opened again for nothing */
    close_batches(w, 601);
    expect(w, closed, "");
    assert_int_equal(w->reply->sequence, world_head(w));
}

static void
test_opened_again(void **state)
{
    reopen(*state, false);
}

/* A worker that was started in between does not know when it was opened, and finds it in the journal. */
static void
test_opened_before_a_restart(void **state)
{
    reopen(*state, true);
}

/* Nothing is left out or told twice when it comes in pieces. */
static void
in_pieces(struct world *w, uint64_t after, uint64_t *ret_created, uint64_t *ret_corrections,
          unsigned *ret_pieces)
{
    char indicator[32] = "", before[32] = "";

    *ret_created = *ret_corrections = 0;
    *ret_pieces = 0;
    while (*indicator || after < world_head(w)) {
        world_follow(w, after, *indicator ? indicator : NULL);
        ++*ret_pieces;
        assert_true(*ret_pieces < 1000);
        for (size_t b = 0; b < w->reply->n_batch; b++)
            for (size_t i = 0; i < w->reply->batch[b]->n_indicator; i++) {
                const Bb__IndicatorChange *change = w->reply->batch[b]->indicator[i];
                if (i > 0 || (b == 0 && *indicator))
                    assert_true(strcmp(before, change->indicator) < 0);
                snprintf(before, sizeof before, "%s", change->indicator);
                *ret_created += change->created;
                *ret_corrections += change->corrections;
            }
        assert_true(w->reply->sequence >= after);
        after = w->reply->sequence;
        snprintf(indicator, sizeof indicator, "%s", w->reply->indicator ? w->reply->indicator : "");
    }
}

enum { INDICATORS = 37, PERIODS = 30 };

static void
put_many(struct world *w, uint8_t batch, const char *value)
{
    Bb__Indicator indicator[INDICATORS], *list[INDICATORS];
    char code[INDICATORS][16], row[64];
    struct bb_rowset *set;

    for (int i = 0; i < INDICATORS; i++) {
        bb__indicator__init(&indicator[i]);
        snprintf(code[i], sizeof code[i], "many-%02d", i);
        indicator[i].code = indicator[i].name = code[i];
        list[i] = &indicator[i];
    }
    fixture_define(&w->store, list, INDICATORS);
    assert_int_equal(bb_rowset_new(&set), 0);
    for (int p = 0; p < PERIODS; p++)
        for (int i = INDICATORS; i > 0; i--) {
            snprintf(row, sizeof row, "many-%02d|a|||2026-01-%02d|%s", i - 1, p + 1, value);
            fixture_row(set, row);
        }
    fixture_submit(&w->store, (struct fixture_submission){.batch = batch}, set);
    bb_rowset_destroy(&set);
    world_apply(w);
}

static void
test_pieces(void **state)
{
    struct world *w = *state;
    uint64_t created, corrections, at = world_head(w);
    unsigned pieces;

    put_many(w, 1, "1");
    world_submit(w, "a", "count|a|||2026-03|1");
    put_many(w, 2, "2");
    for (int narrow = 0; narrow < 2; narrow++) {
        static const size_t sizes[] = {0, 1, 2000, 10000, 40000};
        w->context.bytes = narrow ? 30000 : 0; /* of the digest */
        for (size_t i = 0; i < COUNT(sizes); i++) {
            w->reply_bytes = sizes[i];
            in_pieces(w, at, &created, &corrections, &pieces);
            assert_int_equal(created, INDICATORS * PERIODS + 1);
            assert_int_equal(corrections, INDICATORS * PERIODS);
            check(sizes[i] != 1 || pieces >= 2 * INDICATORS, "one indicator a reply");
            check(narrow || sizes[i] || pieces == 1, "one reply");
            check(!narrow || sizes[i] || pieces > 2, "cut for want of memory");
        }
    }
}

/* Lists are bounded, counts are not. */
static void
test_bounds(void **state)
{
    struct world *w = *state;
    struct bb_rowset *set;
    const Bb__IndicatorChange *change;
    char row[64];

    assert_int_equal(bb_rowset_new(&set), 0);
    for (int round = 0; round < 2; round++) {
        bb_rowset_reset(set);
        for (int i = 0; i < 150; i++) {
            snprintf(row, sizeof row, "count|a|||%d|%d", 1850 + i, round);
            fixture_row(set, row);
        }
        fixture_submit(&w->store, (struct fixture_submission){.batch = (uint8_t)(1 + round)}, set);
        world_apply(w);
    }
    bb_rowset_destroy(&set);
    world_follow(w, world_head(w) - 1, NULL);
    change = w->reply->batch[0]->indicator[0];
    assert_int_equal(change->corrections, 150);
    assert_int_equal(change->n_correction, 100);
    assert_int_equal(change->organization[0]->periods, 150);
    assert_int_equal(change->organization[0]->n_period, 20);
    assert_string_equal(change->organization[0]->period[19], "1869");
    assert_int_equal(change->organization[0]->updated, 150);
    assert_int_equal(change->n_corrected, 1);
    assert_int_equal(change->corrected_organizations, 1);
    assert_int_equal(change->corrected[0]->periods, 150);
    assert_int_equal(change->corrected[0]->n_period, 20);
    assert_int_equal(change->corrected[0]->updated, 150);
    assert_null(change->period);
    assert_null(change->corrected_period);
}

/* Texts of a definition as long as they may be. */
static void
define_at_length(struct world *w, char *text)
{
    Bb__Indicator indicator = BB__INDICATOR__INIT, *list = &indicator;

    indicator.code = indicator.name = (char[]){"long"};
    indicator.definition = indicator.numerator = indicator.denominator = text;
    fixture_define(&w->store, &list, 1);
    world_apply(w);
}

/* Many corrections of figures that are computed, by an indicator that was defined many times. */
static void
test_long_definitions(void **state)
{
    enum { VERSIONS = 40, ROWS = 120 };
    struct world *w = *state;
    const Bb__IndicatorChange *change;
    char text[BB_LIMIT_TEXT_BYTES + 1], row[64];
    struct bb_rowset *set;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < VERSIONS; i++) {
        snprintf(text, 4, "%03d", i);
        text[3] = ' ';
        define_at_length(w, text);
    }
    assert_int_equal(bb_rowset_new(&set), 0);
    for (int round = 1; round <= 2; round++) {
        bb_rowset_reset(set);
        for (int i = 0; i < ROWS; i++) {
            snprintf(row, sizeof row, "long|a|||%d||%d|4", 1850 + i, round);
            fixture_row(set, row);
        }
        fixture_submit(&w->store, (struct fixture_submission){.batch = (uint8_t)round}, set);
        world_apply(w);
    }
    bb_rowset_destroy(&set);
    w->context.bytes = 1; /* of the digest: beside it there is room for one entry's texts */
    world_follow(w, world_head(w) - 1, NULL);
    change = w->reply->batch[0]->indicator[0];
    assert_int_equal(change->corrections, ROWS);
    assert_int_equal(change->n_correction, 100);
    assert_string_equal(change->correction[99]->new_value, "0.500000");
}

/* What was corrected, apart from what was only added or said again; and of whom there is one period only. */
static void
test_corrected(void **state)
{
    static const char *const first[] = {"count|a|||2026-03|1", "count|b|||2026-04|1",
                                        "rate|a|||2026-03||3010|13560"};
    static const char *const second[] = {"count|a|||2026-03|2", "count|a|||2026-05|1", "count|b|||2026-04|1",
                                         "rate|a|||2026-03||3011|13560"};
    struct world *w = *state;
    const Bb__IndicatorChange *count, *rate;
    const Bb__Correction *correction;

    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = 1}, first, COUNT(first));
    fixture_submit_rows(&w->store, (struct fixture_submission){.batch = 2}, second, COUNT(second));
    world_apply(w);
    world_follow(w, world_head(w) - 1, NULL);
    count = w->reply->batch[0]->indicator[0];
    rate = w->reply->batch[0]->indicator[1];
    assert_null(count->period);
    assert_string_equal(count->corrected_period, "2026-03");
    assert_int_equal(count->n_corrected, 1);
    assert_string_equal(count->corrected[0]->organization, "a");
    assert_int_equal(count->corrected[0]->periods, 1);
    assert_int_equal(count->corrected[0]->updated, 1);
    assert_int_equal(count->corrected[0]->created, 0);
    assert_null(count->correction[0]->old_numerator);
    assert_string_equal(rate->period, "2026-03");
    correction = rate->correction[0];
    assert_string_equal(correction->old_value, correction->new_value);
    assert_string_equal(correction->old_numerator, "3010");
    assert_string_equal(correction->new_numerator, "3011");
    assert_string_equal(correction->old_denominator, "13560");
    assert_string_equal(correction->new_denominator, "13560");
}

static void
test_refused(void **state)
{
    struct world *w = *state;
    const struct bb_follow follow = {.context = &w->context, .after = world_head(w) + 1};
    struct bb_query_failure failure;
    struct bb_followed followed;
    struct bb_buffer out;

    bb_buffer_init(&out, SIZE_MAX);
    assert_int_equal(bb_follow(&follow, &out, &followed, &failure), 1);
    assert_int_equal(failure.code, BB_ERROR_INVALID);
    bb_buffer_release(&out);
}

static void
review(struct world *w, const char *who, const char *action, const char *comment, const char *reason)
{
    Bb__Review request = BB__REVIEW__INIT;

    request.action = (char *)(uintptr_t)action;
    request.organization = (char *)(uintptr_t) "a";
    request.period = (char *)(uintptr_t) "2026-03";
    request.comment = (char *)(uintptr_t)comment;
    request.reason = (char *)(uintptr_t)reason;
    fixture_review(&w->store, who, &request);
    check_int(w->store.failure, 0, w->store.message);
    world_apply(w);
}

/* What others say of somebody's reports is told in its place; what somebody says of its own is not. */
static void
test_reviews(void **state)
{
    struct world *w = *state;
    uint64_t at = world_head(w);
    char expected[512];

    world_submit(w, "a", "count|a|||2026-03|1");
    world_submit(w, "a", "rate|a|||2026-03||1|2");
    review(w, "a", "submit", "all", NULL);
    review(w, "backbone", "return", "not all", NULL);
    review(w, "a", "submit", NULL, NULL);
    review(w, "backbone", "approve", NULL, NULL);
    review(w, "backbone", "lock", NULL, NULL);
    review(w, "backbone", "unlock", NULL, "recount");
    world_submit(w, "a", "count|a|||2026-04|1");
    snprintf(expected, sizeof expected,
             "%llu backbone/main\n a 2026-03 returned 2: count rate; not all; -\n"
             "%llu backbone/main\n a 2026-03 approved 2: count rate; -; -\n"
             "%llu backbone/main\n a 2026-03 locked 2: count rate; -; -\n"
             "%llu backbone/main\n a 2026-03 approved 2: count rate; -; recount\n"
             "%llu a/main\n count \"count\" organizations=1 created=1 updated=0 corrections=0\n"
             "  a +1 ~0 1: 2026-04\n",
             (unsigned long long)at + 4, (unsigned long long)at + 6, (unsigned long long)at + 7,
             (unsigned long long)at + 8, (unsigned long long)at + 9);
    expect(w, at + 2, expected);
    /* as much as there is room for */
    w->reply_bytes = 1;
    for (uint64_t from = at + 2, told = 0; from < at + 9; from = w->reply->sequence) {
        world_follow(w, from, NULL);
        assert_int_equal(w->reply->n_batch, 1);
        assert_null(w->reply->indicator);
        assert_int_equal(w->reply->batch[0]->review != NULL, told++ < 4);
        assert_true(w->reply->sequence > from);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_not_applied, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_opened_again, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_opened_before_a_restart, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_pieces, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_bounds, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_long_definitions, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_corrected, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reviews, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refused, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
