/* Trends of computed indicators against those of their inputs: over random small stores, at random moments,
 * in parts of every size, for every caller, each point is what the points of the inputs make by hand. */
#include "computed_store.h"

#include "tests/unit/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
        answered &= computed_ask(store, caller, &one, codes[i], &inputs[i]) == 0;
    }
    return answered;
}

static void
check_one(struct test_store *store, const Bb__TrendQuery *request, bool is_x)
{
    static struct test_answer inputs[OPERANDS], answer, crumbs;
    struct test_caller caller = computed_callers[roll(COMPUTED_CALLERS)];
    bool answered = ask_inputs(store, &caller, request, inputs);
    bool named = request->disaggregation && *request->disaggregation;
    bool other = !is_x && (named || (request->by && strcmp(request->by, "disaggregation") == 0));
    int r = computed_ask(store, &caller, request, is_x ? "x" : "y", &answer);

    check_int(r, !answered || other, request->by ? request->by : "-");
    if (r == 0) {
        check_answer(&answer, inputs, is_x ? INPUTS : OPERANDS, is_x);
        caller.max_bytes = 1 + roll(80);
        check_int(computed_ask(store, &caller, request, is_x ? "x" : "y", &crumbs), 0, "in crumbs");
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
        computed_open_random(&store, seed);
        for (unsigned i = 0; i < 10 + 90 * (seed % 2); i++) {
            computed_put(&store, seed % 3);
            computed_say_more(&store);
        }
        for (unsigned i = 0; i < 150; i++) {
            Bb__TrendQuery request;
            Bb__AsOf as_of;
            char *place;
            computed_request(&request, &as_of, bb_journal_head(store.journal).sequence, &place);
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
    computed_open(&store, false);
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
    assert_int_equal(computed_ask(&store, &test_staff, &request, "x", answer), 0);
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
    computed_open(&store, false);
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
        computed_define(&store, code, NULL, NULL, "#{d}", NULL);
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
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_many_groups),
        cmocka_unit_test(test_progress_ends_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
