/* Queries on small stores made by hand: what cannot be asked, who may see what, names, moments before and
 * after a definition, the catalogue. */
#include "query_catalogue.h"

#include "tests/unit/check.h"

#include <stdlib.h>

/* What cannot be asked */

static void
test_refusals(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    static const struct {
        const char *indicator, *from, *to, *place, *disaggregation, *by;
        uint32_t code;
        const char *says;
    } trends[] = {
        {"nonesuch", NULL, NULL, NULL, NULL, NULL, BB_ERROR_NOT_FOUND, "unknown indicator \"nonesuch\""},
        {"", NULL, NULL, NULL, NULL, NULL, BB_ERROR_NOT_FOUND, "unknown indicator"},
        {"count", "2026-13", NULL, NULL, NULL, NULL, BB_ERROR_INVALID, "period \"2026-13\" does not exist"},
        {"count", NULL, "soon", NULL, NULL, NULL, BB_ERROR_INVALID, "period \"soon\" cannot be read"},
        {"count", "2027", "2026", NULL, NULL, NULL, BB_ERROR_INVALID, "ends (2026) before it begins (2027)"},
        {"count", NULL, NULL, "Atlantis", NULL, NULL, BB_ERROR_NOT_FOUND, "unknown place \"Atlantis\""},
        {"count", NULL, NULL, NULL, "sex", NULL, BB_ERROR_INVALID, "not dimension=code"},
        {"count", NULL, NULL, NULL, "sex=other", NULL, BB_ERROR_NOT_FOUND,
         "unknown disaggregation \"sex=other\""},
        {"count", NULL, NULL, NULL, NULL, "colour", BB_ERROR_INVALID, "by \"colour\": expected place"},
        {"count", NULL, NULL, NULL, NULL, NULL, BB_ERROR_INVALID, "sex, age"},
    };
    Bb__ReadingsQuery readings = BB__READINGS_QUERY__INIT;
    Bb__HistoryQuery history = BB__HISTORY_QUERY__INIT;
    Bb__IndicatorList list = BB__INDICATOR_LIST__INIT;

    (void)state;
    test_put(&store, ids.count, ids.alpha, ids.north, ids.female, "2026", test_value("1"));
    test_put(&store, ids.count, ids.alpha, ids.north, ids.young, "2026", test_value("2"));
    for (size_t i = 0; i < COUNT(trends); i++) {
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;
        char *place = test_text(trends[i].place);
        request.indicator = test_text(trends[i].indicator);
        request.period_from = test_text(trends[i].from);
        request.period_to = test_text(trends[i].to);
        request.place = &place;
        request.n_place = place ? 1 : 0;
        request.disaggregation = test_text(trends[i].disaggregation);
        request.by = test_text(trends[i].by);
        test_check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, trends[i].code,
                           trends[i].says);
    }
    readings.organization = test_text("nobody");
    test_check_refused(&store, &test_staff, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_FOUND,
                       "unknown organization \"nobody\"");
    readings.organization = test_text("beta");
    test_check_refused(&store, &test_alpha, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_ALLOWED,
                       "\"beta\"");
    test_check_refused(&store, &test_watcher, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_ALLOWED,
                       "role");
    test_check_refused(&store, &test_operator, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_ALLOWED,
                       "role");
    test_check_refused(&store, &test_staff, BB_METHOD_SUBMIT, &readings.base, BB_ERROR_UNKNOWN_METHOD,
                       "not a query");
    history.indicator = test_text("count");
    history.period = test_text("2026");
    history.organization = test_text("beta");
    test_check_refused(&store, &test_alpha, BB_METHOD_READINGS_HISTORY, &history.base, BB_ERROR_NOT_ALLOWED,
                       "\"beta\"");
    history.organization = test_text("alpha");
    test_check_refused(&store, &test_alpha, BB_METHOD_READINGS_HISTORY, &history.base, BB_ERROR_NOT_FOUND,
                       "no reading of \"count\"");
    list.code = test_text("nonesuch");
    test_check_refused(&store, &test_alpha, BB_METHOD_INDICATOR_LIST, &list.base, BB_ERROR_NOT_FOUND,
                       "unknown indicator");
    test_store_close(&store);
}

static void
test_malformed(void **state)
{
    static const uint8_t bodies[][4] = {
        {0x0A, 0x05, 'x', 'y'}, {0xFF, 0xFF, 0xFF, 0xFF}, {0x0A, 0x01, 0xC3, 0x00}};
    struct test_store store;
    const struct bb_query_context context = {.views = &store.views};
    struct bb_query_failure failure;
    struct bb_buffer out;
    bool final;

    (void)state;
    test_store_open(&store);
    bb_buffer_init(&out, 4096);
    for (size_t i = 0; i <= COUNT(bodies); i++) { /* the last one is empty: a required field is missing */
        const struct bb_query_call call = {
            .method = BB_METHOD_TREND,
            .role = BB__ROLE__ROLE_STAFF,
            .organization = bb_bytes_str("staff"),
            .body = bb_bytes(bodies[i % COUNT(bodies)], i < COUNT(bodies) ? 4 : 0)};
        struct bb_query *query;
        assert_int_equal(bb_query_new(&context, &call, &query), 0);
        assert_int_equal(bb_query_wants(query, 7), 7);
        assert_int_equal(bb_query_step(query, 1000, &out, &final, &failure), 1);
        assert_int_equal(failure.code, BB_ERROR_MALFORMED);
        bb_query_destroy(&query);
    }
    bb_buffer_release(&out);
    test_store_close(&store);
}

static void
test_wants(void **state)
{
    static const struct {
        const char *what;
        uint64_t min, as_of, expected;
    } rows[] = {
        {"the head", 0, 0, 100},
        {"less is enough", 50, 0, 50},
        {"more than there is", 200, 0, 200},
        {"the moment asked for", 50, 60, 60},
        {"a moment to come", 50, 300, 300},
        {"an early moment", 50, 10, 50},
    };
    struct bb_query_context context = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;
        Bb__AsOf as_of = BB__AS_OF__INIT;
        uint8_t body[64];
        struct bb_query_call call = {.method = BB_METHOD_TREND};
        struct bb_query *query;

        request.indicator = test_text("x");
        request.has_min_sequence = rows[i].min != 0;
        request.min_sequence = rows[i].min;
        as_of.has_sequence = true;
        as_of.sequence = rows[i].as_of;
        request.as_of = rows[i].as_of ? &as_of : NULL;
        call.body = bb_bytes(body, bb__trend_query__pack(&request, body));
        assert_int_equal(bb_query_new(&context, &call, &query), 0);
        check_int(bb_query_wants(query, 100), rows[i].expected, rows[i].what);
        bb_query_destroy(&query);
    }
}

/* Who sees what */

static void
test_last_is_a_line(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__Indicator latest = BB__INDICATOR__INIT;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    uint32_t id;

    (void)state;
    latest.code = latest.name = test_text("latest");
    latest.organization_aggregation = test_text("last");
    id = test_store_indicator(&store, &latest);
    test_put(&store, id, ids.alpha, 0, 0, "2026", test_value("1"));
    test_put(&store, id, ids.beta, 0, 0, "2026", test_value("2"));
    request.indicator = test_text("latest");
    test_check_points(&store, &test_staff, &request, "2026|-|2|-|-|2|2|0\n");
    test_check_points(&store, &test_alpha, &request, "2026|-|-|-|-|2|2|0|withheld\n");
    test_put(&store, id, ids.alpha, 0, 0, "2026", test_value("3"));
    test_check_points(&store, &test_alpha, &request, "2026|-|3|-|-|2|2|0\n");
    test_store_close(&store);
}

static void
test_parts_of_one(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    /* of two organizations only beta reported parts: they are its line */
    test_put(&store, ids.share, ids.alpha, 0, 0, "2018-19", test_value("12.5"));
    test_put(&store, ids.share, ids.beta, 0, 0, "2018/2019", test_parts("1", "3"));
    request.indicator = test_text("share");
    test_check_points(&store, &test_staff, &request, "2018/2019|-|-|1|3|2|2|1\n");
    test_check_points(&store, &test_alpha, &request, "2018/2019|-|-|-|-|2|2|1|withheld\n");
    test_store_close(&store);
}

static void
test_lines(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    test_put(&store, ids.count, ids.alpha, 0, 0, "2024", test_value("1"));
    test_put(&store, ids.count, ids.gamma, 0, 0, "2025", test_value("2"));
    test_put(&store, ids.count, ids.alpha, 0, 0, "2026", test_value("3"));
    test_put(&store, ids.count, ids.beta, 0, 0, "2026", test_value("4"));
    test_put(&store, ids.count, ids.beta, 0, 0, "2027", test_reading(NULL, NULL, NULL, BB_STATE_MISSING));
    request.indicator = test_text("A count");
    test_check_points(&store, &test_alpha, &request,
                      "2024|-|1|-|-|1|1|0\n2025|-|2|-|-|1|1|0\n2026|-|7|-|-|2|2|0\n2027|-|-|-|-|0|0|0\n");
    test_check_points(
        &store, &test_gamma, &request,
        "2024|-|-|-|-|1|1|0|withheld\n2025|-|2|-|-|1|1|0\n2026|-|7|-|-|2|2|0\n2027|-|-|-|-|0|0|0\n");
    test_check_points(&store, &test_watcher, &request,
                      "2024|-|-|-|-|1|1|0|withheld\n2025|-|-|-|-|1|1|0|withheld\n2026|-|7|-|-|2|2|0\n"
                      "2027|-|-|-|-|0|0|0\n");
    request.by = test_text("organization");
    test_check_points(&store, &test_alpha, &request,
                      "2024|alpha|1|-|-|1|1|0\n2025|gamma|2|-|-|1|1|0\n2026|alpha|3|-|-|1|1|0\n"
                      "2026|beta|-|-|-|1|0|0|withheld\n2027|beta|-|-|-|1|0|0|withheld\n");
    test_store_close(&store);
}

/* Names */

static void
test_named_twice(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    char *places[] = {test_text("North"), test_text("N"), test_text("ST")};

    (void)state;
    test_put(&store, ids.count, ids.alpha, ids.north, 0, "2026", test_value("10"));
    test_put(&store, ids.count, ids.alpha, ids.state, 0, "2026", test_value("1000"));
    request.indicator = test_text("count");
    request.place = places;
    request.n_place = 2;
    test_check_points(&store, &test_staff, &request, "2026|-|10|-|-|1|1|0\n");
    request.n_place = 3;
    test_check_points(&store, &test_staff, &request, "2026|-|1010|-|-|1|2|0\n");
    request.n_place = 0;
    test_check_points(&store, &test_staff, &request, "2026|-|10|-|-|1|1|0\n");
    test_store_close(&store);
}

/* "2011-12" is a school year for an indicator that is reported by school years. */
static void
test_period_hint(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT;
    Bb__ReadingsQuery readings = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    char *found;

    (void)state;
    test_put(&store, ids.share, ids.alpha, 0, 0, "2011/2012", test_value("50"));
    trend.indicator = readings.indicator = test_text("share");
    trend.period_from = trend.period_to = readings.period_from = readings.period_to = test_text("2011-12");
    test_check_points(&store, &test_staff, &trend, "2011/2012|-|50|-|-|1|1|1\n");
    test_ask(&store, &test_staff, BB_METHOD_READINGS_LIST, &readings.base, &bb__readings_part__descriptor,
             &answer);
    found = test_rows_text(&answer, true);
    check_text(found, "share|alpha|||2011/2012|01|50||||\n", "readings");
    free(found);
    test_answer_release(&answer);
    test_store_close(&store);
}

/* Definitions change: an answer shows the one of its moment, and computes by it. */
static void
test_definitions(void **state)
{
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__Indicator again = BB__INDICATOR__INIT;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    struct test_answer answer;
    uint64_t first;

    (void)state;
    first = test_put(&store, ids.share, ids.alpha, 0, 0, "2018/2019", test_parts("1", "3"));
    again.code = test_text("share");
    again.name = test_text("A share");
    again.denominator = test_text("all");
    again.decimals = test_text("3");
    test_store_indicator(&store, &again);
    request.indicator = test_text("share");
    test_check_points(&store, &test_staff, &request, "2018/2019|-|0.333|1|3|1|1|0\n");
    request.as_of = &as_of;
    as_of.has_sequence = true;
    as_of.sequence = first;
    test_check_points(&store, &test_staff, &request, "2018/2019|-|33.3|1|3|1|1|0\n");
    as_of.sequence = 0; /* before everything */
    test_ask(&store, &test_staff, BB_METHOD_TREND, &request.base, &bb__trend_reply__descriptor, &answer);
    assert_int_equal(answer.r, 0);
    assert_int_equal(answer.n_parts, 1);
    const Bb__TrendReply *reply = (const Bb__TrendReply *)(const void *)answer.part[0];
    assert_int_equal(reply->sequence, 0);
    assert_int_equal(reply->n_point, 0);
    assert_int_equal(reply->indicator->version, 1);
    test_answer_release(&answer);
    test_store_close(&store);
}

/* Rows of very many entries, not in their order: each has the time of its own. */
static void
test_times(void **state)
{
    enum { DAYS = 520 };
    struct test_store store;
    struct test_ids ids = test_fill(&store);
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    size_t rows = 0;

    (void)state;
    for (uint32_t i = 0; i < 2 * DAYS; i++) {
        struct test_row row = {.key = {.period = test_period("2026-01-01"),
                                       .indicator = ids.count,
                                       .organization = i < DAYS ? ids.alpha : ids.beta},
                               .reading = test_value("1")};
        row.key.period.day += i % DAYS;
        test_store_put(&store, "alpha", &row, 1);
    }
    test_ask(&store, &test_staff, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor,
             &answer);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ReadingsPart *part = (const Bb__ReadingsPart *)(const void *)answer.part[i];
        test_check_times(part->entry_sequence, part->n_entry_sequence, part->entry_time_us,
                         part->n_entry_time_us);
        rows += part->rows->count;
    }
    assert_int_equal(rows, 2 * DAYS);
    test_answer_release(&answer);
    test_store_close(&store);
}

/* The catalogue */

static void
check_indicators(struct test_store *store, const char *code, size_t max_bytes, const char *expected)
{
    struct test_caller caller = {"alpha", BB__ROLE__ROLE_PARTNER, max_bytes, NULL, NULL};
    Bb__IndicatorList request = BB__INDICATOR_LIST__INIT;
    struct test_answer answer;
    char found[256] = "";

    request.code = test_text(code);
    test_ask(store, &caller, BB_METHOD_INDICATOR_LIST, &request.base, &bb__indicator_list_reply__descriptor,
             &answer);
    check_int(answer.r, 0, expected);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__IndicatorListReply *reply = (const Bb__IndicatorListReply *)(const void *)answer.part[i];
        check_int(reply->sequence, bb_journal_head(store->journal).sequence, expected);
        for (size_t j = 0; j < reply->n_indicator; j++) {
            strcat(found, reply->indicator[j]->code);
            strcat(found, reply->indicator[j]->version == 1 ? " " : "' ");
        }
    }
    check_text(found, expected, "indicators");
    test_answer_release(&answer);
}

static void
test_catalogue(void **state)
{
    struct test_store store;
    Bb__Indicator again = BB__INDICATOR__INIT;
    Bb__PlaceList places = BB__PLACE_LIST__INIT;

    (void)state;
    test_fill(&store);
    test_store_text(&store, BB_OBJECT_PLACE, "Nobody registered this");
    again.code = test_text("share");
    again.name = test_text("Another name");
    test_store_indicator(&store, &again);
    for (size_t max_bytes = 1; max_bytes < 300; max_bytes += 13) {
        struct test_caller caller = {"watcher", BB__ROLE__ROLE_OBSERVER, max_bytes, NULL, NULL};
        struct test_answer answer;
        char found[256] = "";

        check_indicators(&store, NULL, max_bytes, "share' count ");
        check_indicators(&store, "count", max_bytes, "count ");
        check_indicators(&store, "Another name", max_bytes, "share' ");
        test_ask(&store, &caller, BB_METHOD_PLACE_LIST, &places.base, &bb__place_list_reply__descriptor,
                 &answer);
        for (size_t i = 0; i < answer.n_parts; i++) {
            const Bb__PlaceListReply *reply = (const Bb__PlaceListReply *)(const void *)answer.part[i];
            for (size_t j = 0; j < reply->n_place; j++) {
                strcat(found, reply->place[j]->name);
                strcat(found, reply->place[j]->aggregate ? "+ " : " ");
            }
        }
        check_text(found, "North State+ South ", "places");
        test_answer_release(&answer);
    }
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_wants),        cmocka_unit_test(test_last_is_a_line),
        cmocka_unit_test(test_parts_of_one), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_named_twice),  cmocka_unit_test(test_period_hint),
        cmocka_unit_test(test_definitions),  cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
