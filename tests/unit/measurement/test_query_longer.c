/* Trends by longer periods: each point is what the points of its parts make by hand, and what does not go
 * together is refused. */
#include "computed_store.h"
#include "query_catalogue.h"

#include "runtime/calendar.h"
#include "tests/unit/check.h"
#include "workers/measurement/query/resting.h"
#include "workers/measurement/query/span.h"

#include <math.h>
#include <stdlib.h>

/* The first of them are months. */
static const char *const months[] = {"2026-01", "2026-02", "2026-11", "2027-03",
                                     "2026",    "2026-Q1", "2027-Q1"};
#define MONTHS 4u

/* What has no frequency has months only; of the others only months count. */
static void
put_month(struct test_store *store, uint32_t style)
{
    uint32_t indicator = 1 + roll(INPUTS);
    bool monthly = indicator == A + 1 || indicator == C + 1;

    computed_put_in(store, indicator, months[roll(monthly ? COUNT(months) : MONTHS)], style);
}

/* What the points of a year make. */
struct longer {
    double sum, above, below, last;
    unsigned n;
    bool lost, withheld;
    uint32_t readings, periods;
};

static struct longer
put_together(const struct test_answer *parts, const Bb__TrendPoint *year, bool ratio)
{
    struct longer l = {.n = 0};

    for (size_t i = 0; i < parts->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)parts->part[i];
        for (size_t p = 0; p < reply->n_point; p++) {
            const Bb__TrendPoint *point = reply->point[p];
            if (strncmp(point->period, year->period, 4) != 0 || strlen(point->period) != 7 ||
                point->period[5] == 'Q' ||
                strcmp(point->group ? point->group : "", year->group ? year->group : "") != 0)
                continue;
            l.withheld |= point->withheld;
            l.readings += point->readings;
            l.periods += point->readings > 0;
            l.lost |= point->readings > 0 && (ratio ? !point->numerator : !point->value);
            if (!point->value)
                continue;
            l.sum += l.last = strtod(point->value, NULL);
            l.above += point->numerator ? strtod(point->numerator, NULL) : 0;
            l.below += point->denominator ? strtod(point->denominator, NULL) : 0;
            l.n++;
        }
    }
    return l;
}

static void
check_year(const Bb__TrendPoint *point, const struct longer *l, char code)
{
    double expected = code == 'a'   ? l->sum
                      : code == 'b' ? l->sum / l->n
                      : code == 'c' ? 100 * l->above / l->below
                                    : l->last;

    check_int(point->readings, l->readings, point->period);
    check_int(point->has_periods, strchr("ac", code) && (point->readings > 0 || !point->withheld), "periods");
    if (point->has_periods) {
        check_int(point->periods, l->periods, point->period);
        check_int(point->periods_expected, 12, point->period);
    }
    if (point->withheld)
        check(l->withheld && !point->value, point->period);
    if (point->withheld || l->withheld)
        return;
    check_int(point->value != NULL, l->n > 0 && !l->lost, point->period);
    if (point->value)
        check(fabs(strtod(point->value, NULL) - expected) <= 1e-9, point->value);
}

static void
test_longer_periods(void **state)
{
    static struct test_answer years, parts;
    unsigned n = 0;

    (void)state;
    for (unsigned seed = 31; seed <= 42; seed++) {
        struct test_store store;
        computed_open_random(&store, seed);
        for (unsigned i = 0; i < 80; i++) {
            put_month(&store, seed % 3);
            computed_say_more(&store);
        }
        for (unsigned i = 0; i < 150; i++) {
            const char code[] = {"abcd"[roll(INPUTS)], '\0'};
            const struct test_caller *caller = &computed_callers[roll(COMPUTED_CALLERS)];
            Bb__TrendQuery request;
            Bb__AsOf as_of;
            char *place;
            computed_request(&request, &as_of, bb_journal_head(store.journal).sequence, &place);
            request.period_from = test_text("2026");
            int r = computed_ask(&store, caller, &request, code, &parts);
            request.per = test_text("yearly");
            test_query_step_records = roll(2) ? 1 + roll(40) : 0; /* in one step or many: no difference */
            struct bb_resting resting = {.most = roll(2) ? roll(20000) : SIZE_MAX};
            test_query_resting = &resting;
            /* what has no total in a quarter has one in its months perhaps */
            check(computed_ask(&store, caller, &request, code, &years) == r ||
                      (r == 1 && strchr("ac", *code)),
                  code);
            test_query_step_records = 0;
            test_query_resting = NULL;
            assert_int_equal(resting.bytes, 0);
            for (size_t k = 0; r == 0 && k < years.n_parts; k++) {
                const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)years.part[k];
                for (size_t p = 0; p < reply->n_point; p++, n++) {
                    struct longer l = put_together(&parts, reply->point[p], *code == 'c');
                    check_year(reply->point[p], &l, *code);
                }
            }
            test_answer_release(&years);
            test_answer_release(&parts);
        }
        test_store_close(&store);
    }
    check(n > 1000, "points");
}

/* How many periods make up a longer one, and which do not go together at all. */
static void
test_periods(void **state)
{
    static const struct {
        enum bb_period_type frequency;
        const char *longer;
        uint32_t n;
    } cases[] = {
        {BB_PERIOD_MONTH, "2026-Q1", 3},
        {BB_PERIOD_MONTH, "2018/2019", 12},
        {BB_PERIOD_QUARTER, "2026", 4},
        {BB_PERIOD_QUARTER, "2026-S2", 2},
        {BB_PERIOD_DAY, "2024-02", 29},
        {BB_PERIOD_DAY, "2026", 365},
        {BB_PERIOD_WEEK, "2024-09", 4},
        {BB_PERIOD_WEEK, "2026-09", 3},
        {BB_PERIOD_WEEK, "2026", 51},
        {BB_PERIOD_FISCAL_JULY, "2026", 0},
        {BB_PERIOD_YEAR, "2026", 1},
        {BB_PERIOD_YEAR, "2026-Q1", 0},
        {BB_PERIOD_FISCAL_APRIL, "2026", 0},
        {BB_PERIOD_SPAN, "2026", 0},
        {0, "2026", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct bb_indicator rules = {.frequency = cases[i].frequency};
        struct bb_period longer;
        assert_int_equal(bb_period_parse(bb_bytes_str(cases[i].longer), 0, &longer), 0);
        check_int(bb_span_periods(&rules, longer), cases[i].n, cases[i].longer);
    }
}

/* A year of days at many places: its work ends a step as other work does, whatever is asked of it. */
enum { DAYS = 365, PLACES = 12, STEP = 200 };

static void
put_days(struct test_store *store, uint32_t indicator, uint32_t organization)
{
    struct test_row *rows = calloc(DAYS * PLACES, sizeof *rows);
    char name[40];

    assert_non_null(rows);
    for (uint32_t p = 0; p < PLACES; p++) {
        snprintf(name, sizeof name, "Place %u", p);
        uint32_t place = test_store_text(store, BB_OBJECT_PLACE, name);
        for (uint32_t d = 0; d < DAYS; d++) {
            struct test_row *row = &rows[p * DAYS + d];
            uint32_t day = (uint32_t)bb_day_of(2026, 1, 1) + d;
            row->key = (struct bb_reading_key){.period = bb_period_containing(BB_PERIOD_DAY, day),
                                               .indicator = indicator,
                                               .place = place,
                                               .organization = organization};
            row->reading = test_value("1");
        }
    }
    test_store_put(store, "alpha", rows, DAYS * PLACES);
    free(rows);
}

/* resting: bytes that a query may keep. Returns how many parts there were. */
static size_t
ask_days(struct test_store *store, const Bb__TrendQuery *request, size_t resting_bytes, size_t points,
         const char *value)
{
    static struct test_answer answer;
    struct bb_resting resting = {.most = resting_bytes};
    size_t n_parts, n = 0;

    test_query_step_records = STEP;
    test_query_resting = &resting;
    test_ask(store, &test_staff, BB_METHOD_TREND, &request->base, &bb__trend_reply__descriptor, &answer);
    test_query_step_records = 0;
    test_query_resting = NULL;
    check_int(answer.r, 0, answer.failure.message);
    assert_int_equal(resting.bytes, 0);
    n_parts = answer.n_parts;
    for (size_t i = 0; i < n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer.part[i];
        for (size_t k = 0; k < reply->n_point; k++, n++)
            check_text(reply->point[k]->value, value, reply->point[k]->period);
    }
    assert_int_equal(n, points);
    test_answer_release(&answer);
    return n_parts;
}

static void
test_many_days(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__Indicator daily = BB__INDICATOR__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    uint32_t indicator;

    (void)state;
    request.indicator = daily.code = daily.name = test_text("counted");
    daily.frequency = test_text("daily");
    daily.time_aggregation = test_text("sum");
    indicator = test_store_indicator(&store, &daily);
    put_days(&store, indicator, ids.alpha);
    request.per = test_text("yearly");
    request.period_from = request.period_to = test_text("2026");
    /* rollups, of which a step looks at 200 and what is left of a day; the reports of each day are counted
     * beside the point, which looks at one record a day, or more */
    size_t parts = ask_days(&store, &request, SIZE_MAX, 1, "4380");
    check(parts >= DAYS * PLACES / (STEP + PLACES) + DAYS / STEP, "steps");
    request.by = test_text("place");
    parts = ask_days(&store, &request, SIZE_MAX, PLACES, "365");
    check(parts >= DAYS * PLACES / (STEP + PLACES), "steps by place");
    /* of an earlier moment from readings */
    as_of.has_sequence = true;
    as_of.sequence = bb_journal_head(store.journal).sequence;
    request.as_of = &as_of;
    test_put(&store, indicator, ids.beta, 0, 0, "2026-01-01", test_value("1"));
    parts = ask_days(&store, &request, SIZE_MAX, PLACES, "365");
    check(parts >= DAYS * PLACES / (STEP + PLACES), "steps of readings");
    /* what there is no room for is begun again, and done in one */
    parts = ask_days(&store, &request, 0, PLACES, "365");
    check(parts < 10, "no room to rest");
    test_store_close(&store);
}

static void
test_mixed_types(void **state)
{
    static struct test_answer answer;
    struct test_store store;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    computed_open(&store, false);
    test_put(&store, B + 1, 1, 0, 0, "2026-01", test_value("1"));
    test_put(&store, B + 1, 1, 0, 0, "2027", test_value("1"));
    request.per = test_text("yearly");
    assert_int_equal(computed_ask(&store, &test_staff, &request, "b", &answer), 0);
    test_answer_release(&answer);
    test_put(&store, B + 1, 2, 0, 0, "2026-Q1", test_value("1"));
    assert_int_equal(computed_ask(&store, &test_staff, &request, "b", &answer), 1);
    check_int(answer.failure.code, BB_ERROR_INVALID, answer.failure.message);
    check(strstr(answer.failure.message, "such as 2026-Q1 and 2026-01"), answer.failure.message);
    test_answer_release(&answer);
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longer_periods),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_many_days),
        cmocka_unit_test(test_mixed_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
