/* The history of series: numbers of periods, what a small cache forgets and what it must not, the allowance.
 */
#include "tests/unit/check.h"
#include "tests/unit/folder.h"
#include "workers/measurement/write/history.h"

#include <math.h>

static struct bb_period
period(const char *text)
{
    struct bb_period p;

    assert_int_equal(bb_period_parse(bb_bytes_str(text), 0, &p), 0);
    return p;
}

static void
test_periods_follow_each_other(void **state)
{
    static const char *const starts[] = {"2026",       "2026-S1",   "2026-Q1",   "2026-01",   "2026-W01",
                                         "2026-01-01", "2018/2019", "2016/2020", "2026April", "2026Oct"};

    (void)state;
    for (size_t i = 0; i < COUNT(starts); i++) {
        struct bb_period p = period(starts[i]), before;
        for (int k = 0; k < 3000; k++, p = before) {
            if (!bb_history_before(p, &before)) {
                assert_true(k > 1000);
                break;
            }
            assert_int_equal(before.type, p.type);
            assert_int_equal(before.years, p.years);
            if (p.years == 0)
                assert_int_equal(bb_period_end(before), p.day);
            assert_int_equal(bb_history_ordinal(p), bb_history_ordinal(before) + 1);
        }
    }
    assert_false(bb_history_before(period("0001-01-01"), &(struct bb_period){0}));
}

#define SERIES 40
#define LENGTH 60

/* 40 series in a cache for 16, each in step with what a plain table says, as long as it is there. */
static void
test_a_small_cache(void **state)
{
    struct bb_history history;
    static double plain[SERIES][LENGTH];
    double out[BB_OUTLIER_MOST], loaded[BB_HISTORY_VALUES];
    uint64_t seed = 3;
    unsigned hits = 0;

    (void)state;
    assert_int_equal(bb_history_init(&history, 16, false), 0);
    for (unsigned i = 0; i < SERIES * LENGTH; i++)
        plain[i / LENGTH][i % LENGTH] = (double)NAN;
    for (int i = 0; i < 100000; i++) {
        unsigned s = (unsigned)(draw(&seed) % (draw(&seed) % 2 ? SERIES : 8));
        unsigned at = 13 + (unsigned)(draw(&seed) % (LENGTH - 13));
        struct bb_reading_key key = {
            .period = {.type = BB_PERIOD_YEAR}, .indicator = s + 1, .organization = 1};
        struct bb_series *series = bb_history_find(&history, &key);
        double value = draw(&seed) % 4 ? (double)(draw(&seed) % 100) : (double)NAN;

        bb_history_begin(&history);
        if (series && draw(&seed) % 2)
            at = series->top + 1 < LENGTH ? series->top + 1 : series->top;
        if (series && bb_series_reaches(series, at)) {
            int n = bb_series_before(series, at, out), k = 0;
            for (unsigned p = at; p-- > at - BB_OUTLIER_MOST;)
                if (!isnan(plain[s][p]))
                    assert_true(k < n && out[k++] == plain[s][p]);
            assert_int_equal(k, n);
            hits++;
        } else {
            for (unsigned k = 0; k < BB_HISTORY_VALUES; k++)
                loaded[k] = plain[s][at - k];
            if (!series || at > series->top)
                series = bb_history_put(&history, &key, at, loaded);
        }
        assert_int_equal(bb_history_set(&history, series, at, value), 0);
        if (draw(&seed) % 5 == 0)
            bb_history_undo(&history);
        else
            plain[s][at] = value;
    }
    assert_true(hits > 10000);
    bb_history_release(&history);
}

static void
test_one_that_keeps_takes_no_more_than_it_holds(void **state)
{
    struct bb_history history;
    struct bb_reading_key key = {.period = {.type = BB_PERIOD_YEAR}, .organization = 1};
    const double none[BB_HISTORY_VALUES] = {0};
    unsigned held = 0;

    (void)state;
    assert_int_equal(bb_history_init(&history, 16, true), 0);
    for (key.indicator = 1; key.indicator <= 40; key.indicator++)
        held += bb_history_put(&history, &key, 2026, none) != NULL;
    assert_int_equal(held, 15);
    bb_history_release(&history);
}

static void
test_the_allowance(void **state)
{
    struct bb_history history = {0};
    bb_utc now = 1700000000000000;

    (void)state;
    for (unsigned i = 0; i < BB_HISTORY_ALLOWANCE; i++)
        assert_true(bb_history_allows(&history, now, 1));
    assert_false(bb_history_allows(&history, now, 1));
    assert_false(bb_history_allows(&history, now + 999, 1));
    assert_true(bb_history_allows(&history, now + 1000, BB_HISTORY_PER_MS));
    assert_false(bb_history_allows(&history, now + 1000, 1));
    assert_true(bb_history_allows(&history, now + 60000000, BB_HISTORY_ALLOWANCE));
    assert_false(bb_history_allows(&history, now + 60000000, 1));
    assert_true(bb_history_allows(&history, now, 1)); /* a clock that was set back */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods_follow_each_other),
        cmocka_unit_test(test_a_small_cache),
        cmocka_unit_test(test_one_that_keeps_takes_no_more_than_it_holds),
        cmocka_unit_test(test_the_allowance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
