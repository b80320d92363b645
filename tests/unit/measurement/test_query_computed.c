/* Trends of computed indicators against those of their inputs: over random small stores, at random moments,
 * in parts of every size, for every caller, each point is what the points of the inputs make by hand. */
#include "query_catalogue.h"

#include "tests/unit/check.h"
#include "workers/measurement/query/span.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const periods[] = {"2016/2020", "2025/2026", "2026", "2026-Q1", "2026-02", "2027"};
/* The first of them are months. */
static const char *const months[] = {"2026-01", "2026-02", "2026-11", "2027-03",
                                     "2026",    "2026-Q1", "2027-Q1"};
#define MONTHS 4u
static const char *const organizations[] = {"alpha", "beta", "gamma", "delta"};
static const char *const places[] = {"North", "South", "State"};
static const char *const disaggregations[] = {"sex=f", "sex=m", "age=old"};

/* x is (a + 2b) / (c - d) times 100, and y is x / 4 + a.sex=f. Where only_approved is set,
 * readings of b that are not approved count nowhere. Of a and c the greatest of a cell counts. */
enum { A, B, C, D, INPUTS, A_WOMEN = INPUTS, OPERANDS };

/* Readings that were put, whatever became of them. */
static struct bb_reading_key known[256];
static uint32_t n_known;
static bool only_approved;

static void
define(struct test_store *store, const char *code, const char *aggregation, const char *factor,
       const char *above, const char *below)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = test_text(code);
    definition.organization_aggregation = test_text(aggregation);
    definition.factor = test_text(factor);
    definition.time_aggregation = test_text(strchr("b", *code)   ? "average"
                                            : strchr("d", *code) ? "last"
                                                                 : "sum");
    definition.decimals = test_text(above ? "5" : "15");
    definition.overlap = test_text(strchr("ac", *code) ? "maximum" : NULL);
    definition.frequency = test_text(strchr("ac", *code) ? "monthly" : NULL);
    definition.publish = test_text(only_approved && *code == 'b' ? "approved" : NULL);
    definition.numerator_expression = test_text(above);
    definition.denominator_expression = test_text(below);
    (void)test_store_indicator(store, &definition);
}

static void
fill(struct test_store *store)
{
    test_store_open(store);
    n_known = 0;
    define(store, "a", "sum", NULL, NULL, NULL);
    define(store, "b", "average", NULL, NULL, NULL);
    define(store, "c", "ratio", "100", NULL, NULL);
    define(store, "d", "last", NULL, NULL, NULL);
    define(store, "x", NULL, "100", " #{a}\r+ 2*#{b}", "#{c}-#{d}");
    define(store, "y", NULL, NULL, "#{x}/4 + #{a.sex=f}", NULL);
    for (size_t i = 0; i < COUNT(organizations); i++)
        test_store_organization(store, organizations[i], i == 2);
    for (size_t i = 0; i < COUNT(places); i++)
        test_store_place(store, places[i], NULL, i == 2);
    for (size_t i = 0; i < COUNT(disaggregations); i++)
        test_store_text(store, BB_OBJECT_DISAGGREGATION, disaggregations[i]);
}

/* indicator: 1 is A */
static void
put_in(struct test_store *store, uint32_t indicator, const char *period, uint32_t style)
{
    static const char *const values[] = {"0", "1", "2.50", "-3", "17"};
    static const char *const parts[] = {"1", "2", "3", "7.5"};
    struct bb_reading reading = roll(8) == 0         ? test_no_value(BB_STATE_MISSING)
                                : indicator == C + 1 ? test_parts(parts[roll(4)], parts[roll(4)])
                                                     : test_value(values[roll(COUNT(values))]);

    known[n_known] = (struct bb_reading_key){.indicator = indicator,
                                             .period = test_period(period),
                                             .organization = 1 + roll(COUNT(organizations)),
                                             .place = roll(COUNT(places) + 1),
                                             .disaggregation = style == 0 ? 0 : roll(style == 1 ? 3 : 4)};
    test_put(store, indicator, known[n_known].organization, known[n_known].place,
             known[n_known].disaggregation, period, reading);
    n_known += n_known + 1 < COUNT(known);
}

/* Of one that there is, or was: it is withdrawn, or its unit is reviewed. */
static void
say_more(struct test_store *store)
{
    const struct bb_reading_key *key = &known[roll(n_known ? n_known : 1)];
    const struct bb_review_unit unit = {key->organization, key->indicator, key->period};
    struct test_row row = {.key = *key, .reading = {.flags = BB_ROW_WITHDRAWN}};

    if (n_known == 0)
        return;
    if (roll(5) == 0)
        test_store_put(store, "alpha", &row, 1);
    else
        test_store_review(store, &unit,
                          roll(3) ? BB_REVIEW_APPROVED
                                  : (enum bb_review_state)(BB_REVIEW_SUBMITTED + roll(4)));
}

static void
put(struct test_store *store, uint32_t style)
{
    put_in(store, 1 + roll(INPUTS), periods[roll(COUNT(periods))], style);
}

/* What has no frequency has months only; of the others only months count. */
static void
put_month(struct test_store *store, uint32_t style)
{
    uint32_t indicator = 1 + roll(INPUTS);
    bool monthly = indicator == A + 1 || indicator == C + 1;

    put_in(store, indicator, months[roll(monthly ? COUNT(months) : MONTHS)], style);
}

static const struct test_caller callers[] = {
    {.organization = "staff", .role = BB__ROLE__ROLE_STAFF, .max_bytes = 128 << 10},
    {.organization = "alpha", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "gamma", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10},
    {.organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10},
};

static void
random_request(Bb__TrendQuery *request, Bb__AsOf *as_of, uint64_t head, char **place)
{
    static const char *const bys[] = {NULL, "place", "organization", "disaggregation"};

    bb__trend_query__init(request);
    bb__as_of__init(as_of);
    request->by = test_text(bys[roll(COUNT(bys))]);
    request->place = place;
    request->n_place = roll(3) == 0;
    *place = test_text(places[roll(COUNT(places))]);
    if (roll(3) == 0)
        request->disaggregation = test_text(roll(2) ? "" : disaggregations[roll(3)]);
    if (roll(3) == 0)
        request->period_from = test_text(periods[2 + roll(3)]);
    as_of->has_sequence = true;
    as_of->sequence = roll((uint32_t)head + 1);
    if (roll(2))
        request->as_of = as_of;
}

static int
ask(struct test_store *store, const struct test_caller *caller, const Bb__TrendQuery *request,
    const char *indicator, struct test_answer *answer)
{
    Bb__TrendQuery copy = *request;

    copy.indicator = test_text(indicator);
    test_query_kept_cells = roll(2) ? 1 + roll(4) : 0;
    test_ask(store, caller, BB_METHOD_TREND, &copy.base, &bb__trend_reply__descriptor, answer);
    test_query_kept_cells = 0;
    return answer->r;
}

static const Bb__TrendPoint *
find_point(const struct test_answer *answer, const Bb__TrendPoint *like)
{
    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer->part[i];
        for (size_t p = 0; p < reply->n_point; p++)
            if (strcmp(reply->point[p]->period, like->period) == 0 &&
                strcmp(reply->point[p]->group ? reply->point[p]->group : "",
                       like->group ? like->group : "") == 0)
                return reply->point[p];
    }
    return NULL;
}

/* What makes up a point. */
struct operands {
    bool there[OPERANDS]; /* a reading with a value */
    double value[OPERANDS];
    bool lost;     /* one has readings and no value */
    bool withheld; /* one is withheld, or its parts are */
    uint32_t readings;
};

static struct operands
gather(const struct test_answer *answers, size_t n, const Bb__TrendPoint *like)
{
    struct operands o = {.lost = false};

    for (size_t i = 0; i < n; i++) {
        const Bb__TrendPoint *point = find_point(&answers[i], like);
        if (!point)
            continue;
        o.withheld |= point->withheld;
        o.readings += point->readings;
        o.there[i] = point->readings > 0;
        o.lost |= o.there[i] && !point->value;
        if (point->value)
            o.value[i] = strtod(point->value, NULL);
    }
    return o;
}

/* False: there is none. */
static bool
expect_x(const struct operands *o, double *ret_value)
{
    double below = o->value[C] - o->value[D];

    if (o->lost || !(o->there[A] || o->there[B]) || !(o->there[C] || o->there[D]) || below == 0)
        return false;
    *ret_value = 100 * (o->value[A] + 2 * o->value[B]) / below;
    return true;
}

static bool
expect_y(const struct operands *o, double *ret_value)
{
    bool has_x = o->there[A] || o->there[B] || o->there[C] || o->there[D];
    double x = 0;

    if (o->lost || (has_x && !expect_x(o, &x)))
        return false;
    *ret_value = x / 4 + o->value[A_WOMEN];
    return has_x || o->there[A_WOMEN];
}

static unsigned n_values, n_withheld, n_refused;

static void
check_point(const Bb__TrendPoint *point, const struct operands *o, bool is_x)
{
    double expected = 0;
    bool has = is_x ? expect_x(o, &expected) : expect_y(o, &expected);

    check_int(point->readings, o->readings, point->period);
    if (point->withheld) {
        check(o->withheld && !point->value && !point->numerator && !point->denominator, point->period);
        n_withheld++;
        return;
    }
    if (o->withheld && o->lost) /* of the one its parts, of the other the value */
        return;
    check_int(point->value != NULL, has, point->period);
    if (!has)
        return;
    check(fabs(strtod(point->value, NULL) - expected) <= 1.0001e-5 + fabs(expected) * 1e-12, point->value);
    n_values++;
}

static size_t
count_points(const struct test_answer *answer)
{
    size_t n = 0;

    for (size_t i = 0; i < answer->n_parts; i++)
        n += ((const Bb__TrendReply *)(const void *)answer->part[i])->n_point;
    return n;
}

/* Each point is right, and each point of an input has one. */
static void
check_answer(const struct test_answer *answer, const struct test_answer *inputs, size_t n, bool is_x)
{
    const Bb__TrendPoint *last = NULL;

    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer->part[i];
        for (size_t p = 0; p < reply->n_point; p++) {
            struct operands o = gather(inputs, n, reply->point[p]);
            check(!last || strcmp(last->period, reply->point[p]->period) != 0 ||
                      strcmp(last->group ? last->group : "",
                             reply->point[p]->group ? reply->point[p]->group : ""),
                  last->period);
            last = reply->point[p];
            check_point(last, &o, is_x);
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < inputs[i].n_parts; k++) {
            const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)inputs[i].part[k];
            for (size_t p = 0; p < reply->n_point; p++)
                check(find_point(answer, reply->point[p]), reply->point[p]->period);
        }
}

/* All inputs as they are asked for; the last one is one disaggregation whatever is. False: one is refused. */
static bool
ask_inputs(struct test_store *store, const struct test_caller *caller, const Bb__TrendQuery *request,
           struct test_answer *inputs)
{
    static const char *const codes[] = {"a", "b", "c", "d", "a"};
    bool answered = true;

    for (size_t i = 0; i < OPERANDS; i++) {
        Bb__TrendQuery one = *request;
        if (i == A_WOMEN)
            one.disaggregation = test_text("sex=f");
        answered &= ask(store, caller, &one, codes[i], &inputs[i]) == 0;
    }
    return answered;
}

static void
check_one(struct test_store *store, const Bb__TrendQuery *request, bool is_x)
{
    static struct test_answer inputs[OPERANDS], answer, crumbs;
    struct test_caller caller = callers[roll(COUNT(callers))];
    bool answered = ask_inputs(store, &caller, request, inputs);
    bool named = request->disaggregation && *request->disaggregation;
    bool other = !is_x && (named || (request->by && strcmp(request->by, "disaggregation") == 0));
    int r = ask(store, &caller, request, is_x ? "x" : "y", &answer);

    check_int(r, !answered || other, request->by ? request->by : "-");
    if (r == 0) {
        check_answer(&answer, inputs, is_x ? INPUTS : OPERANDS, is_x);
        caller.max_bytes = 1 + roll(80);
        check_int(ask(store, &caller, request, is_x ? "x" : "y", &crumbs), 0, "in crumbs");
        char *whole = test_points_text(&answer), *pieces = test_points_text(&crumbs);
        check_text(pieces, whole, "in crumbs");
        check(count_points(&crumbs) == 0 || crumbs.n_parts >= answer.n_parts, "in crumbs");
        free(whole);
        free(pieces);
        test_answer_release(&crumbs);
    } else {
        check_int(answer.failure.code, BB_ERROR_INVALID, answer.failure.message);
        n_refused++;
    }
    for (size_t i = 0; i < OPERANDS; i++)
        test_answer_release(&inputs[i]);
    test_answer_release(&answer);
}

static void
test_random(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct test_store store;
        srandom(seed);
        only_approved = seed % 4 < 2;
        fill(&store);
        only_approved = false;
        for (unsigned i = 0; i < 10 + 90 * (seed % 2); i++) {
            put(&store, seed % 3);
            say_more(&store);
        }
        for (unsigned i = 0; i < 150; i++) {
            Bb__TrendQuery request;
            Bb__AsOf as_of;
            char *place;
            random_request(&request, &as_of, bb_journal_head(store.journal).sequence, &place);
            check_one(&store, &request, roll(2));
        }
        test_store_close(&store);
    }
    check(n_values > 500, "values");
    check(n_withheld > 200, "withheld");
    check(n_refused > 50, "refused");
}

/* More disaggregations than an input gives at a time: the period comes again, and nothing is lost or twice.
 */
static void
test_many_groups(void **state)
{
    enum { GROUPS = 700 };
    struct test_store store;
    struct test_answer *answer = calloc(1, sizeof *answer);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    size_t n = 0;

    (void)state;
    assert_non_null(answer);
    fill(&store);
    for (unsigned i = 0; i < GROUPS; i++) {
        char code[32];
        snprintf(code, sizeof code, "n=%03u", i);
        uint32_t id = test_store_text(&store, BB_OBJECT_DISAGGREGATION, code);
        if (i % 3 != 0)
            test_put(&store, A + 1, 1, 0, id, "2026", test_value("3"));
        if (i % 3 != 1)
            test_put(&store, D + 1, 1, 0, id, "2026", test_value("2"));
    }
    request.by = test_text("disaggregation");
    assert_int_equal(ask(&store, &test_staff, &request, "x", answer), 0);
    for (size_t i = 0; i < answer->n_parts; i++) {
        const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer->part[i];
        for (size_t p = 0; p < reply->n_point; p++, n++) {
            char code[32];
            snprintf(code, sizeof code, "n=%03zu", n);
            check_text(reply->point[p]->group, code, "in order");
            check_text(reply->point[p]->value ? reply->point[p]->value : "", n % 3 == 2 ? "-150.00000" : "",
                       code);
        }
    }
    assert_int_equal(n, GROUPS);
    test_answer_release(answer);
    free(answer);
    test_store_close(&store);
}

/* Longer periods */

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
        srandom(seed);
        only_approved = seed % 4 < 2;
        fill(&store);
        only_approved = false;
        for (unsigned i = 0; i < 80; i++) {
            put_month(&store, seed % 3);
            say_more(&store);
        }
        for (unsigned i = 0; i < 150; i++) {
            const char code[] = {"abcd"[roll(INPUTS)], '\0'};
            const struct test_caller *caller = &callers[roll(COUNT(callers))];
            Bb__TrendQuery request;
            Bb__AsOf as_of;
            char *place;
            random_request(&request, &as_of, bb_journal_head(store.journal).sequence, &place);
            request.period_from = test_text("2026");
            int r = ask(&store, caller, &request, code, &parts);
            request.per = test_text("yearly");
            /* what has no total in a quarter has one in its months perhaps */
            check(ask(&store, caller, &request, code, &years) == r || (r == 1 && strchr("ac", *code)), code);
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

static void
test_mixed_types(void **state)
{
    static struct test_answer answer;
    struct test_store store;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    fill(&store);
    test_put(&store, B + 1, 1, 0, 0, "2026-01", test_value("1"));
    test_put(&store, B + 1, 1, 0, 0, "2027", test_value("1"));
    request.per = test_text("yearly");
    assert_int_equal(ask(&store, &test_staff, &request, "b", &answer), 0);
    test_answer_release(&answer);
    test_put(&store, B + 1, 2, 0, 0, "2026-Q1", test_value("1"));
    assert_int_equal(ask(&store, &test_staff, &request, "b", &answer), 1);
    check_int(answer.failure.code, BB_ERROR_INVALID, answer.failure.message);
    check(strstr(answer.failure.message, "such as 2026-Q1 and 2026-01"), answer.failure.message);
    test_answer_release(&answer);
    test_store_close(&store);
}

/* What lies behind computed indicators is counted as what lies behind reported ones: a step of progress ends
 * when it has looked at enough. */
static void
test_progress_ends_steps(void **state)
{
    enum { PLACES = 1000, COMPUTED = 150 };
    static struct test_answer answer;
    static struct test_row rows[PLACES];
    Bb__ProgressQuery request = BB__PROGRESS_QUERY__INIT;
    struct test_store store;
    size_t items = 0;

    (void)state;
    fill(&store);
    for (uint32_t i = 0; i < PLACES; i++) {
        char name[16];
        snprintf(name, sizeof name, "Place %u", i);
        rows[i].key = (struct bb_reading_key){.indicator = D + 1,
                                              .period = test_period("2026"),
                                              .organization = 1,
                                              .place = test_store_text(&store, BB_OBJECT_PLACE, name)};
        rows[i].reading = test_value("1");
    }
    test_store_put(&store, "alpha", rows, PLACES);
    for (unsigned i = 0; i < COMPUTED; i++) {
        char code[16];
        snprintf(code, sizeof code, "x%u", i);
        define(&store, code, NULL, NULL, "#{d}", NULL);
    }
    test_ask(&store, &test_staff, BB_METHOD_PROGRESS, &request.base, &bb__progress_reply__descriptor,
             &answer);
    check_int(answer.r, 0, answer.failure.message);
    for (size_t i = 0; i < answer.n_parts; i++)
        items += ((const Bb__ProgressReply *)(const void *)answer.part[i])->n_item;
    assert_int_equal(items, COMPUTED + INPUTS + 2);
    check(answer.n_parts > 1, "parts");
    test_answer_release(&answer);
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),         cmocka_unit_test(test_many_groups),
        cmocka_unit_test(test_longer_periods), cmocka_unit_test(test_periods),
        cmocka_unit_test(test_mixed_types),    cmocka_unit_test(test_progress_ends_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
