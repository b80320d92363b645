/* What is hidden as of an earlier moment, and over longer periods. */
#include "hidden_store.h"

#include "tests/unit/check.h"
#include "workers/measurement/store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By place, of a range of periods, put together by `per`; as of a sequence, or 0: at present. */
static char *
trend_text(const char *from, const char *to, const char *by, const char *per, uint64_t sequence)
{
    static const struct test_caller outsider = {
        .organization = "outsider", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10};
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    struct test_answer answer;
    char *text;

    request.indicator = at.indicator;
    request.period_from = (char *)(uintptr_t)from;
    request.period_to = (char *)(uintptr_t)to;
    request.by = (char *)(uintptr_t)by;
    request.per = (char *)(uintptr_t)per;
    as_of.has_sequence = true;
    as_of.sequence = sequence;
    request.as_of = sequence ? &as_of : NULL;
    test_ask(&at.s->store, &outsider, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, &answer);
    check_int(answer.r, 0, answer.failure.message);
    text = test_points_text(&answer);
    test_answer_release(&answer);
    return text;
}

/* What is shown, and what is withheld, of a text of points. */
static void
count_points(const char *text, unsigned *ret_told, unsigned *ret_withheld)
{
    *ret_told = *ret_withheld = 0;
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
        if (end - line >= 8 && memcmp(end - 8, "withheld", 8) == 0)
            ++*ret_withheld;
        else if (end - line < 8 || memcmp(end - 8, "|-|0|0|0", 8) != 0) /* nothing was reported */
            ++*ret_told;
}

/* As of a moment: what it is at present, unless a reading of the period changed since: then nothing is told.
 */
static void
test_moments(void **state)
{
    static const char *const by[] = {"", "place", "disaggregation", "organization"};
    struct hidden_store s;
    unsigned all_told = 0, all_withheld = 0;

    (void)state;
    hidden_store_open(&s);
    for (unsigned i = 0; i < 20; i++) {
        struct test_row row = {.reading = test_reading("1", "1", "1", BB_STATE_OK)};
        char *before[COUNT(by)], *again;
        unsigned told, withheld, points;
        uint64_t then;
        hidden_store_table(&s, MODEL_KINDS * i + 7, i); /* by places and one dimension */
        then = bb_journal_head(s.store.journal).sequence;
        for (size_t k = 0; k < COUNT(by); k++)
            before[k] = trend_text(at.period, at.period, by[k], "", 0);
        row.key = (struct bb_reading_key){
            test_period("1999-12"), s.indicator[at.model.threshold][at.model.n_counts],
            s.place[at.tree][1 + i % 3], s.disaggregation[1 + i % 3], s.organization[at.pattern][1 + i % 2]};
        test_store_put(&s.store, "outsider", &row, 1);
        for (size_t k = 0; k < COUNT(by); k++) {
            again = trend_text(at.period, at.period, by[k], "", then);
            assert_string_equal(before[k], again);
            free(again);
        }
        row.key.period = test_period(at.period);
        test_store_put(&s.store, "outsider", &row, 1);
        for (size_t k = 0; k < COUNT(by); k++) {
            again = trend_text(at.period, at.period, by[k], "", then);
            count_points(before[k], &told, &withheld);
            all_told += told;
            all_withheld += withheld;
            points = told + withheld;
            count_points(again, &told, &withheld);
            check_int(told, 0, by[k]);
            check_int(withheld, points, by[k]);
            free(again);
            free(before[k]);
        }
    }
    assert_true(all_told > 20 && all_withheld > 20);
    hidden_store_close(&s);
}

/* Of one line of a text of points: value, and whether it is withheld. False: there is no such point. */
static bool
find_point(const char *text, const char *period, const char *group, int64_t *ret_value, bool *ret_withheld)
{
    char start[60];
    const char *line;

    snprintf(start, sizeof start, "%s|%s|", period, group);
    for (line = text; strncmp(line, start, strlen(start)) != 0; line++) {
        line = strchr(line, '\n');
        if (!line)
            return false;
    }
    *ret_value = strtoll(line + strlen(start), NULL, 10);
    *ret_withheld = strncmp(strchr(line, '\n') - 8, "withheld", 8) == 0;
    return true;
}

/* A longer period is told where each of its periods is. */
static void
test_longer_periods(void **state)
{
    struct hidden_store s;
    unsigned told = 0, withheld = 0;

    (void)state;
    hidden_store_open(&s);
    for (unsigned quarter = 0; quarter < 30; quarter++) {
        char from[24], longer[24], *months, *quarters;
        for (unsigned month = 0; month < 3; month++) {
            hidden_store_table(&s, MODEL_KINDS * (3 * quarter + month) + 7, 3 * quarter + month);
            if (month == 0)
                strcpy(from, at.period);
        }
        snprintf(longer, sizeof longer, "%04u-Q%u", 2000 + quarter / 4, quarter % 4 + 1);
        for (unsigned threshold = 2; threshold < THRESHOLDS; threshold++) {
            snprintf(at.indicator, sizeof at.indicator, "i%u1", threshold);
            months = trend_text(from, at.period, "disaggregation", "", 0);
            quarters = trend_text(from, at.period, "disaggregation", "quarter", 0);
            for (int d = 0; d < 4; d++) {
                const struct bb_bytes code = model_disaggregations[d].text;
                char group[16], month[24];
                int64_t value, sum = 0, all = 0;
                bool hidden, any_hidden = false, all_hidden = false, any = false;
                snprintf(group, sizeof group, "%.*s", (int)code.len, (const char *)code.data);
                for (unsigned m = 0; m < 3; m++) {
                    snprintf(month, sizeof month, "%04u-%02u", 2000 + quarter / 4, quarter % 4 * 3 + m + 1);
                    if (!find_point(months, month, group, &value, &hidden))
                        continue;
                    any = true;
                    sum += value;
                    any_hidden |= hidden;
                }
                assert_int_equal(find_point(quarters, longer, group, &all, &all_hidden), any);
                assert_int_equal(all_hidden, any_hidden);
                if (any && !any_hidden)
                    assert_int_equal(all, sum);
                told += any && !any_hidden;
                withheld += any_hidden;
            }
            free(months);
            free(quarters);
        }
    }
    assert_true(told > 20 && withheld > 20);
    hidden_store_close(&s);
}

/* As of before the indicator was defined to be counted as it is now nothing is told; other changes of a
 * definition are nothing to it. */
static void
test_definitions(void **state)
{
    static const struct {
        const char *what, *frequency, *publish, *definition;
        bool told;
    } rows[] = {
        {"more words", "monthly", NULL, "who was reached", true},
        {"approved ones", "monthly", "approved", NULL, false},
        {"quarters", "quarterly", NULL, NULL, false},
        {"as it was", "monthly", NULL, NULL, true},
    };
    struct hidden_store s;

    (void)state;
    hidden_store_open(&s);
    hidden_store_table(&s, 7, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        Bb__Indicator definition = BB__INDICATOR__INIT;
        char *text, below[4];
        unsigned told, withheld;
        snprintf(below, sizeof below, "%lld", (long long)at.model.threshold);
        definition.code = definition.name = at.indicator;
        definition.suppress_below = below;
        definition.frequency = (char *)(uintptr_t)rows[i].frequency;
        definition.time_aggregation = (char *)(uintptr_t) "sum";
        definition.publish = (char *)(uintptr_t)rows[i].publish;
        definition.definition = (char *)(uintptr_t)rows[i].definition;
        test_store_indicator(&s.store, &definition);
        text = trend_text(at.period, at.period, "place", "", at.then);
        count_points(text, &told, &withheld);
        assert_true(told + withheld > 0);
        check_int(told > 0, rows[i].told, rows[i].what);
        free(text);
    }
    hidden_store_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_longer_periods),
        cmocka_unit_test(test_definitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
