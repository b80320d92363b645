/* Totals of some organizations beside the parts of others: what is added up, and who may see it. */
#include "query_catalogue.h"

#include "tests/unit/check.h"

static uint32_t
define(struct test_store *store, const char *code, const char *aggregation)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = test_text(code);
    definition.organization_aggregation = test_text(aggregation);
    definition.decimals = test_text("1");
    return test_store_indicator(store, &definition);
}

/* alpha reports everything at the empty place and a part of it in the North; beta and gamma report places,
 * and gamma's state is an aggregate. */
static uint64_t
mix_places(struct test_store *store, const struct test_ids *ids, uint32_t indicator)
{
    test_put(store, indicator, ids->alpha, 0, 0, "2026", test_parts("10", "100"));
    test_put(store, indicator, ids->alpha, ids->north, 0, "2026", test_parts("1", "10"));
    test_put(store, indicator, ids->beta, ids->north, 0, "2026", test_parts("2", "10"));
    test_put(store, indicator, ids->beta, ids->south, 0, "2026", test_parts("4", "10"));
    test_put(store, indicator, ids->gamma, ids->state, 0, "2026", test_parts("50", "100"));
    return test_put(store, indicator, ids->gamma, ids->south, 0, "2026", test_parts("8", "10"));
}

static void
test_mixed_places(void **state)
{
    static const struct {
        const char *aggregation, *total, *by_organization, *by_place;
    } rows[] = {
        {"sum", "2026|-|1.5|24|130|3|4|0\n",
         "2026|alpha|0.1|10|100|1|1|0\n2026|beta|0.6|6|20|1|2|0\n2026|gamma|0.8|8|10|1|1|0\n",
         "2026||0.1|10|100|1|1|0\n2026|North|0.3|3|20|2|2|0\n2026|State|0.5|50|100|1|1|0\n"
         "2026|South|1.2|12|20|2|2|0\n"},
        {"average", "2026|-|0.4|24|130|3|4|0\n",
         "2026|alpha|0.1|10|100|1|1|0\n2026|beta|0.3|6|20|1|2|0\n2026|gamma|0.8|8|10|1|1|0\n",
         "2026||0.1|10|100|1|1|0\n2026|North|0.2|3|20|2|2|0\n2026|State|0.5|50|100|1|1|0\n"
         "2026|South|0.6|12|20|2|2|0\n"},
        {"last", "2026|-|0.8|8|10|3|4|0\n",
         "2026|alpha|0.1|10|100|1|1|0\n2026|beta|0.4|4|10|1|2|0\n2026|gamma|0.8|8|10|1|1|0\n",
         "2026||0.1|10|100|1|1|0\n2026|North|0.2|2|10|2|2|0\n2026|State|0.5|50|100|1|1|0\n"
         "2026|South|0.8|8|10|2|2|0\n"},
        {"ratio", "2026|-|0.2|24|130|3|4|0\n",
         "2026|alpha|0.1|10|100|1|1|0\n2026|beta|0.3|6|20|1|2|0\n2026|gamma|0.8|8|10|1|1|0\n",
         "2026||0.1|10|100|1|1|0\n2026|North|0.2|3|20|2|2|0\n2026|State|0.5|50|100|1|1|0\n"
         "2026|South|0.6|12|20|2|2|0\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct test_store store;
        struct test_ids ids = test_fill(&store);
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;
        Bb__AsOf as_of = BB__AS_OF__INIT;
        uint32_t id = define(&store, "mixed", rows[i].aggregation);

        as_of.has_sequence = true;
        as_of.sequence = mix_places(&store, &ids, id);
        request.indicator = test_text("mixed");
        test_check_points(&store, &test_staff, &request, rows[i].total);
        /* later everything is different, and the past is not */
        test_put(&store, id, ids.alpha, 0, 0, "2026", test_no_value(BB_STATE_MISSING));
        test_put(&store, id, ids.beta, 0, 0, "2026", test_value("77"));
        request.as_of = &as_of;
        test_check_points(&store, &test_staff, &request, rows[i].total);
        request.by = test_text("organization");
        test_check_points(&store, &test_staff, &request, rows[i].by_organization);
        request.by = test_text("place");
        test_check_points(&store, &test_staff, &request, rows[i].by_place);
        test_store_close(&store);
    }
}

/* The total of one hides nobody else's codes; a state hides nothing. */
static void
test_mixed_disaggregations(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = test_text("count");
    test_put(&store, ids.count, ids.alpha, ids.north, 0, "2026", test_value("100"));
    test_put(&store, ids.count, ids.alpha, ids.north, ids.female, "2026", test_value("60"));
    test_check_points(&store, &test_staff, &request, "2026|-|100|-|-|1|1|0\n");
    test_put(&store, ids.count, ids.beta, ids.north, ids.female, "2026", test_value("3"));
    test_put(&store, ids.count, ids.beta, ids.north, ids.male, "2026", test_value("4"));
    test_check_points(&store, &test_staff, &request, "2026|-|107|-|-|2|3|0\n");
    /* each by a dimension of its own */
    test_put(&store, ids.count, ids.gamma, ids.north, ids.young, "2026", test_value("1000"));
    test_check_points(&store, &test_staff, &request, "2026|-|1107|-|-|3|4|0\n");
    request.by = test_text("organization");
    test_check_points(&store, &test_staff, &request,
                      "2026|alpha|100|-|-|1|1|0\n2026|beta|7|-|-|1|2|0\n2026|gamma|1000|-|-|1|1|0\n");
    request.by = test_text("disaggregation");
    test_check_points(&store, &test_staff, &request,
                      "2026||100|-|-|1|1|0\n2026|sex=female|63|-|-|2|2|0\n2026|sex=male|4|-|-|1|1|0\n"
                      "2026|age=young|1000|-|-|1|1|0\n");
    request.by = NULL;
    /* alpha's total is not there any more: its code is */
    test_put(&store, ids.count, ids.alpha, ids.north, 0, "2026", test_no_value(BB_STATE_SUPPRESSED));
    test_check_points(&store, &test_staff, &request, "2026|-|1067|-|-|3|4|0\n");
    test_store_close(&store);
}

/* Several dimensions are an error where an organization has them, and it is named to those who may see its
 * line. */
static void
test_mixed_dimensions(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    struct test_answer answer;

    (void)state;
    request.indicator = test_text("count");
    test_put(&store, ids.count, ids.alpha, 0, 0, "2026", test_value("100"));
    test_put(&store, ids.count, ids.beta, ids.north, ids.female, "2026", test_value("3"));
    test_put(&store, ids.count, ids.beta, ids.north, ids.young, "2026", test_value("4"));
    test_check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_INVALID,
                       "in 2026 there is no total of \"beta\", but values by several dimensions: sex, age;");
    test_ask(&store, &test_alpha, BB_METHOD_TREND, &request.base, NULL, &answer);
    assert_int_equal(answer.r, 1);
    assert_null(strstr(answer.failure.message, "beta"));
    test_answer_release(&answer);
    request.by = test_text("organization");
    test_check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_INVALID, "\"beta\"");
    request.by = NULL;
    test_put(&store, ids.count, ids.beta, 0, 0, "2026", test_value("5")); /* and now it does not matter */
    test_check_points(&store, &test_staff, &request, "2026|-|105|-|-|2|2|0\n");
    test_store_close(&store);
}

/* What states hide: nothing. A period with nothing else is a point without value. */
static void
test_mixed_states(void **state)
{
    static const enum bb_state states[] = {BB_STATE_MISSING, BB_STATE_SUPPRESSED, BB_STATE_NOT_APPLICABLE};

    (void)state;
    for (size_t i = 0; i < COUNT(states); i++) {
        struct test_store store;
        struct test_ids ids = test_fill(&store);
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;

        request.indicator = test_text("count");
        test_put(&store, ids.count, ids.alpha, 0, 0, "2026", test_no_value(states[i]));
        test_check_points(&store, &test_staff, &request, "2026|-|-|-|-|0|0|0\n");
        test_put(&store, ids.count, ids.alpha, ids.north, 0, "2026", test_value("5"));
        test_put(&store, ids.count, ids.beta, 0, 0, "2026", test_value("20"));
        test_put(&store, ids.count, ids.beta, ids.north, 0, "2026", test_no_value(states[i]));
        test_put(&store, ids.count, ids.gamma, ids.north, 0, "2026", test_no_value(states[i]));
        test_check_points(&store, &test_staff, &request, "2026|-|25|-|-|2|2|0\n");
        request.by = test_text("organization");
        test_check_points(&store, &test_staff, &request,
                          "2026|alpha|5|-|-|1|1|0\n2026|beta|20|-|-|1|1|0\n2026|gamma|-|-|-|1|0|0\n");
        test_store_close(&store);
    }
}

/* A mixed total that two make up is for all to see, one that is left to a single organization is not. */
static void
test_mixed_lines(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = test_text("count");
    test_put(&store, ids.count, ids.beta, 0, 0, "2026", test_value("1"));
    test_put(&store, ids.count, ids.beta, ids.north, 0, "2026", test_value("2"));
    test_check_points(&store, &test_alpha, &request, "2026|-|-|-|-|1|1|0|withheld\n");
    test_put(&store, ids.count, ids.alpha, ids.north, 0, "2026", test_no_value(BB_STATE_MISSING));
    test_put(&store, ids.count, ids.alpha, ids.state, 0, "2026", test_value("4"));
    test_check_points(&store, &test_alpha, &request, "2026|-|-|-|-|1|1|0|withheld\n");
    test_put(&store, ids.count, ids.alpha, ids.north, 0, "2026", test_value("8"));
    test_check_points(&store, &test_alpha, &request, "2026|-|9|-|-|2|2|0\n");
    test_check_points(&store, &test_watcher, &request, "2026|-|9|-|-|2|2|0\n");
    request.by = test_text("organization");
    test_check_points(&store, &test_alpha, &request,
                      "2026|alpha|8|-|-|1|1|0\n2026|beta|-|-|-|1|0|0|withheld\n");
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed_places),     cmocka_unit_test(test_mixed_disaggregations),
        cmocka_unit_test(test_mixed_dimensions), cmocka_unit_test(test_mixed_states),
        cmocka_unit_test(test_mixed_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
