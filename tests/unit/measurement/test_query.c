/* Queries on small stores made by hand: what cannot be asked, who may see what, the catalogue, moments before
 * and after a definition, damaged records. */
#include "query_ask.h"

#include "runtime/store/varint.h"
#include "tests/unit/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char *
text(const char *t)
{
    return (char *)(uintptr_t)t; /* messages are not const */
}

static const struct test_caller alpha = {"alpha", BB__ROLE__ROLE_PARTNER, 128 << 10, NULL, NULL},
                                gamma_ = {"gamma", BB__ROLE__ROLE_PARTNER, 128 << 10, NULL, NULL},
                                watcher = {"watcher", BB__ROLE__ROLE_OBSERVER, 128 << 10, NULL, NULL},
                                operator_ = {"operator", BB__ROLE__ROLE_OPERATOR, 128 << 10, NULL, NULL};

struct ids {
    uint32_t share, count, alpha, beta, gamma, north, state, south, female, male, young;
};

/* The catalogue of most tests. */
static struct ids
fill(struct test_store *store)
{
    Bb__Indicator share = BB__INDICATOR__INIT, count = BB__INDICATOR__INIT;
    struct ids ids;

    test_store_open(store);
    share.code = text("share");
    share.name = text("A share");
    share.denominator = text("all");
    share.unit = text("percent");
    share.decimals = text("1");
    share.frequency = text("school_year");
    count.code = text("count");
    count.name = text("A count");
    ids.share = test_store_indicator(store, &share);
    ids.count = test_store_indicator(store, &count);
    ids.alpha = test_store_organization(store, "alpha", false);
    ids.beta = test_store_organization(store, "beta", false);
    ids.gamma = test_store_organization(store, "gamma", true);
    ids.north = test_store_place(store, "North", "N", false);
    ids.state = test_store_place(store, "State", "ST", true);
    ids.south = test_store_place(store, "South", NULL, false);
    ids.female = test_store_text(store, BB_OBJECT_DISAGGREGATION, "sex=female");
    ids.male = test_store_text(store, BB_OBJECT_DISAGGREGATION, "sex=male");
    ids.young = test_store_text(store, BB_OBJECT_DISAGGREGATION, "age=young");
    return ids;
}

static uint64_t
put(struct test_store *store, uint32_t indicator, uint32_t organization, uint32_t place,
    uint32_t disaggregation, const char *period, struct bb_reading reading)
{
    struct test_row row = {.key = {.period = test_period(period),
                                   .indicator = indicator,
                                   .place = place,
                                   .disaggregation = disaggregation,
                                   .organization = organization},
                           .reading = reading};

    return test_store_put(store, "alpha", &row, 1);
}

static struct bb_reading
value(const char *v)
{
    return test_reading(v, NULL, NULL, BB_STATE_OK);
}

static struct bb_reading
parts(const char *numerator, const char *denominator)
{
    return test_reading(NULL, numerator, denominator, BB_STATE_OK);
}

static void
check_points(struct test_store *store, const struct test_caller *caller, const Bb__TrendQuery *request,
             const char *expected)
{
    struct test_answer answer;
    char *found;

    test_ask(store, caller, BB_METHOD_TREND, &request->base, &bb__trend_reply__descriptor, &answer);
    check_int(answer.r, 0, answer.failure.message);
    found = test_points_text(&answer);
    check_text(found, expected, caller->organization);
    free(found);
    test_answer_release(&answer);
}

/* What cannot be asked */

static void
check_refused(struct test_store *store, const struct test_caller *caller, uint32_t method,
              const ProtobufCMessage *request, uint32_t code, const char *says)
{
    struct test_answer answer;

    test_ask(store, caller, method, request, NULL, &answer);
    check_int(answer.r, 1, says);
    check_int(answer.failure.code, code, says);
    if (!strstr(answer.failure.message, says))
        fail_msg("\"%s\" does not say \"%s\"", answer.failure.message, says);
    test_answer_release(&answer);
}

static void
test_refusals(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
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
    put(&store, ids.count, ids.alpha, ids.north, ids.female, "2026", value("1"));
    put(&store, ids.count, ids.alpha, ids.north, ids.young, "2026", value("2"));
    for (size_t i = 0; i < COUNT(trends); i++) {
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;
        char *place = text(trends[i].place);
        request.indicator = text(trends[i].indicator);
        request.period_from = text(trends[i].from);
        request.period_to = text(trends[i].to);
        request.place = &place;
        request.n_place = place ? 1 : 0;
        request.disaggregation = text(trends[i].disaggregation);
        request.by = text(trends[i].by);
        check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, trends[i].code, trends[i].says);
    }
    readings.organization = text("nobody");
    check_refused(&store, &test_staff, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_FOUND,
                  "unknown organization \"nobody\"");
    readings.organization = text("beta");
    check_refused(&store, &alpha, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_ALLOWED, "\"beta\"");
    check_refused(&store, &watcher, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_ALLOWED, "role");
    check_refused(&store, &operator_, BB_METHOD_READINGS_LIST, &readings.base, BB_ERROR_NOT_ALLOWED, "role");
    check_refused(&store, &test_staff, BB_METHOD_SUBMIT, &readings.base, BB_ERROR_UNKNOWN_METHOD,
                  "not a query");
    history.indicator = text("count");
    history.period = text("2026");
    history.organization = text("beta");
    check_refused(&store, &alpha, BB_METHOD_READINGS_HISTORY, &history.base, BB_ERROR_NOT_ALLOWED,
                  "\"beta\"");
    history.organization = text("alpha");
    check_refused(&store, &alpha, BB_METHOD_READINGS_HISTORY, &history.base, BB_ERROR_NOT_FOUND,
                  "no reading of \"count\"");
    list.code = text("nonesuch");
    check_refused(&store, &alpha, BB_METHOD_INDICATOR_LIST, &list.base, BB_ERROR_NOT_FOUND,
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
        assert_int_equal(bb_query_wants(query, 7, 7), 7);
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
        {"a moment to come", 50, 300, 100},
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

        request.indicator = text("x");
        request.has_min_sequence = rows[i].min != 0;
        request.min_sequence = rows[i].min;
        as_of.has_sequence = true;
        as_of.sequence = rows[i].as_of;
        request.as_of = rows[i].as_of ? &as_of : NULL;
        call.body = bb_bytes(body, bb__trend_query__pack(&request, body));
        assert_int_equal(bb_query_new(&context, &call, &query), 0);
        check_int(bb_query_wants(query, 100, 100), rows[i].expected, rows[i].what);
        bb_query_destroy(&query);
    }
}

/* Who sees what */

static void
test_last_is_a_line(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__Indicator latest = BB__INDICATOR__INIT;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    uint32_t id;

    (void)state;
    latest.code = latest.name = text("latest");
    latest.organization_aggregation = text("last");
    id = test_store_indicator(&store, &latest);
    put(&store, id, ids.alpha, 0, 0, "2026", value("1"));
    put(&store, id, ids.beta, 0, 0, "2026", value("2"));
    request.indicator = text("latest");
    check_points(&store, &test_staff, &request, "2026|-|2|-|-|2|2|0\n");
    check_points(&store, &alpha, &request, "2026|-|-|-|-|2|2|0|withheld\n");
    put(&store, id, ids.alpha, 0, 0, "2026", value("3"));
    check_points(&store, &alpha, &request, "2026|-|3|-|-|2|2|0\n");
    test_store_close(&store);
}

static void
test_parts_of_one(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    /* of two organizations only beta reported parts: they are its line */
    put(&store, ids.share, ids.alpha, 0, 0, "2018-19", value("12.5"));
    put(&store, ids.share, ids.beta, 0, 0, "2018/2019", parts("1", "3"));
    request.indicator = text("share");
    check_points(&store, &test_staff, &request, "2018/2019|-|-|1|3|2|2|1\n");
    check_points(&store, &alpha, &request, "2018/2019|-|-|-|-|2|2|1|withheld\n");
    test_store_close(&store);
}

static void
test_lines(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    put(&store, ids.count, ids.alpha, 0, 0, "2024", value("1"));
    put(&store, ids.count, ids.gamma, 0, 0, "2025", value("2"));
    put(&store, ids.count, ids.alpha, 0, 0, "2026", value("3"));
    put(&store, ids.count, ids.beta, 0, 0, "2026", value("4"));
    put(&store, ids.count, ids.beta, 0, 0, "2027", test_reading(NULL, NULL, NULL, BB_STATE_MISSING));
    request.indicator = text("A count");
    check_points(&store, &alpha, &request,
                 "2024|-|1|-|-|1|1|0\n2025|-|2|-|-|1|1|0\n2026|-|7|-|-|2|2|0\n2027|-|-|-|-|0|0|0\n");
    check_points(&store, &gamma_, &request,
                 "2024|-|-|-|-|1|1|0|withheld\n2025|-|2|-|-|1|1|0\n2026|-|7|-|-|2|2|0\n2027|-|-|-|-|0|0|0\n");
    check_points(&store, &watcher, &request,
                 "2024|-|-|-|-|1|1|0|withheld\n2025|-|-|-|-|1|1|0|withheld\n2026|-|7|-|-|2|2|0\n"
                 "2027|-|-|-|-|0|0|0\n");
    request.by = text("organization");
    check_points(&store, &alpha, &request,
                 "2024|alpha|1|-|-|1|1|0\n2025|gamma|2|-|-|1|1|0\n2026|alpha|3|-|-|1|1|0\n"
                 "2026|beta|-|-|-|1|0|0|withheld\n2027|beta|-|-|-|1|0|0|withheld\n");
    test_store_close(&store);
}

/* Totals of some beside parts of others */

static struct bb_reading
no_value(enum bb_state why)
{
    return test_reading(NULL, NULL, NULL, why);
}

static uint32_t
define(struct test_store *store, const char *code, const char *aggregation)
{
    Bb__Indicator definition = BB__INDICATOR__INIT;

    definition.code = definition.name = text(code);
    definition.organization_aggregation = text(aggregation);
    definition.decimals = text("1");
    return test_store_indicator(store, &definition);
}

/* alpha reports everything at the empty place and a part of it in the North; beta and gamma report places,
 * and gamma's state is an aggregate. */
static uint64_t
mix_places(struct test_store *store, const struct ids *ids, uint32_t indicator)
{
    put(store, indicator, ids->alpha, 0, 0, "2026", parts("10", "100"));
    put(store, indicator, ids->alpha, ids->north, 0, "2026", parts("1", "10"));
    put(store, indicator, ids->beta, ids->north, 0, "2026", parts("2", "10"));
    put(store, indicator, ids->beta, ids->south, 0, "2026", parts("4", "10"));
    put(store, indicator, ids->gamma, ids->state, 0, "2026", parts("50", "100"));
    return put(store, indicator, ids->gamma, ids->south, 0, "2026", parts("8", "10"));
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
        struct ids ids = fill(&store);
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;
        Bb__AsOf as_of = BB__AS_OF__INIT;
        uint32_t id = define(&store, "mixed", rows[i].aggregation);

        as_of.has_sequence = true;
        as_of.sequence = mix_places(&store, &ids, id);
        request.indicator = text("mixed");
        check_points(&store, &test_staff, &request, rows[i].total);
        /* later everything is different, and the past is not */
        put(&store, id, ids.alpha, 0, 0, "2026", no_value(BB_STATE_MISSING));
        put(&store, id, ids.beta, 0, 0, "2026", value("77"));
        request.as_of = &as_of;
        check_points(&store, &test_staff, &request, rows[i].total);
        request.by = text("organization");
        check_points(&store, &test_staff, &request, rows[i].by_organization);
        request.by = text("place");
        check_points(&store, &test_staff, &request, rows[i].by_place);
        test_store_close(&store);
    }
}

/* The total of one hides nobody else's codes; a state hides nothing. */
static void
test_mixed_disaggregations(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = text("count");
    put(&store, ids.count, ids.alpha, ids.north, 0, "2026", value("100"));
    put(&store, ids.count, ids.alpha, ids.north, ids.female, "2026", value("60"));
    check_points(&store, &test_staff, &request, "2026|-|100|-|-|1|1|0\n");
    put(&store, ids.count, ids.beta, ids.north, ids.female, "2026", value("3"));
    put(&store, ids.count, ids.beta, ids.north, ids.male, "2026", value("4"));
    check_points(&store, &test_staff, &request, "2026|-|107|-|-|2|3|0\n");
    /* each by a dimension of its own */
    put(&store, ids.count, ids.gamma, ids.north, ids.young, "2026", value("1000"));
    check_points(&store, &test_staff, &request, "2026|-|1107|-|-|3|4|0\n");
    request.by = text("organization");
    check_points(&store, &test_staff, &request,
                 "2026|alpha|100|-|-|1|1|0\n2026|beta|7|-|-|1|2|0\n2026|gamma|1000|-|-|1|1|0\n");
    request.by = text("disaggregation");
    check_points(&store, &test_staff, &request,
                 "2026||100|-|-|1|1|0\n2026|sex=female|63|-|-|2|2|0\n2026|sex=male|4|-|-|1|1|0\n"
                 "2026|age=young|1000|-|-|1|1|0\n");
    request.by = NULL;
    /* alpha's total is not there any more: its code is */
    put(&store, ids.count, ids.alpha, ids.north, 0, "2026", no_value(BB_STATE_SUPPRESSED));
    check_points(&store, &test_staff, &request, "2026|-|1067|-|-|3|4|0\n");
    test_store_close(&store);
}

/* Several dimensions are an error where an organization has them, and it is named to those who may see its
 * line. */
static void
test_mixed_dimensions(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    struct test_answer answer;

    (void)state;
    request.indicator = text("count");
    put(&store, ids.count, ids.alpha, 0, 0, "2026", value("100"));
    put(&store, ids.count, ids.beta, ids.north, ids.female, "2026", value("3"));
    put(&store, ids.count, ids.beta, ids.north, ids.young, "2026", value("4"));
    check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_INVALID,
                  "in 2026 there is no total of \"beta\", but values by several dimensions: sex, age;");
    test_ask(&store, &alpha, BB_METHOD_TREND, &request.base, NULL, &answer);
    assert_int_equal(answer.r, 1);
    assert_null(strstr(answer.failure.message, "beta"));
    test_answer_release(&answer);
    request.by = text("organization");
    check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_INVALID, "\"beta\"");
    request.by = NULL;
    put(&store, ids.count, ids.beta, 0, 0, "2026", value("5")); /* and now it does not matter */
    check_points(&store, &test_staff, &request, "2026|-|105|-|-|2|2|0\n");
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
        struct ids ids = fill(&store);
        Bb__TrendQuery request = BB__TREND_QUERY__INIT;

        request.indicator = text("count");
        put(&store, ids.count, ids.alpha, 0, 0, "2026", no_value(states[i]));
        check_points(&store, &test_staff, &request, "2026|-|-|-|-|0|0|0\n");
        put(&store, ids.count, ids.alpha, ids.north, 0, "2026", value("5"));
        put(&store, ids.count, ids.beta, 0, 0, "2026", value("20"));
        put(&store, ids.count, ids.beta, ids.north, 0, "2026", no_value(states[i]));
        put(&store, ids.count, ids.gamma, ids.north, 0, "2026", no_value(states[i]));
        check_points(&store, &test_staff, &request, "2026|-|25|-|-|2|2|0\n");
        request.by = text("organization");
        check_points(&store, &test_staff, &request,
                     "2026|alpha|5|-|-|1|1|0\n2026|beta|20|-|-|1|1|0\n2026|gamma|-|-|-|1|0|0\n");
        test_store_close(&store);
    }
}

/* A mixed total that two make up is for all to see, one that is left to a single organization is not. */
static void
test_mixed_lines(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = text("count");
    put(&store, ids.count, ids.beta, 0, 0, "2026", value("1"));
    put(&store, ids.count, ids.beta, ids.north, 0, "2026", value("2"));
    check_points(&store, &alpha, &request, "2026|-|-|-|-|1|1|0|withheld\n");
    put(&store, ids.count, ids.alpha, ids.north, 0, "2026", no_value(BB_STATE_MISSING));
    put(&store, ids.count, ids.alpha, ids.state, 0, "2026", value("4"));
    check_points(&store, &alpha, &request, "2026|-|-|-|-|1|1|0|withheld\n");
    put(&store, ids.count, ids.alpha, ids.north, 0, "2026", value("8"));
    check_points(&store, &alpha, &request, "2026|-|9|-|-|2|2|0\n");
    check_points(&store, &watcher, &request, "2026|-|9|-|-|2|2|0\n");
    request.by = text("organization");
    check_points(&store, &alpha, &request, "2026|alpha|8|-|-|1|1|0\n2026|beta|-|-|-|1|0|0|withheld\n");
    test_store_close(&store);
}

/* Names */

static void
test_named_twice(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    char *places[] = {text("North"), text("N"), text("ST")};

    (void)state;
    put(&store, ids.count, ids.alpha, ids.north, 0, "2026", value("10"));
    put(&store, ids.count, ids.alpha, ids.state, 0, "2026", value("1000"));
    request.indicator = text("count");
    request.place = places;
    request.n_place = 2;
    check_points(&store, &test_staff, &request, "2026|-|10|-|-|1|1|0\n");
    request.n_place = 3;
    check_points(&store, &test_staff, &request, "2026|-|1010|-|-|1|2|0\n");
    request.n_place = 0;
    check_points(&store, &test_staff, &request, "2026|-|10|-|-|1|1|0\n");
    test_store_close(&store);
}

/* "2011-12" is a school year for an indicator that is reported by school years. */
static void
test_period_hint(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT;
    Bb__ReadingsQuery readings = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    char *found;

    (void)state;
    put(&store, ids.share, ids.alpha, 0, 0, "2011/2012", value("50"));
    trend.indicator = readings.indicator = text("share");
    trend.period_from = trend.period_to = readings.period_from = readings.period_to = text("2011-12");
    check_points(&store, &test_staff, &trend, "2011/2012|-|50|-|-|1|1|1\n");
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
    struct ids ids = fill(&store);
    Bb__Indicator again = BB__INDICATOR__INIT;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;
    struct test_answer answer;
    uint64_t first;

    (void)state;
    first = put(&store, ids.share, ids.alpha, 0, 0, "2018/2019", parts("1", "3"));
    again.code = text("share");
    again.name = text("A share");
    again.denominator = text("all");
    again.decimals = text("3");
    test_store_indicator(&store, &again);
    request.indicator = text("share");
    check_points(&store, &test_staff, &request, "2018/2019|-|0.333|1|3|1|1|0\n");
    request.as_of = &as_of;
    as_of.has_sequence = true;
    as_of.sequence = first;
    check_points(&store, &test_staff, &request, "2018/2019|-|33.3|1|3|1|1|0\n");
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
    struct ids ids = fill(&store);
    Bb__ReadingsQuery request = BB__READINGS_QUERY__INIT;
    struct test_answer answer;
    size_t rows = 0;

    (void)state;
    for (uint32_t i = 0; i < 2 * DAYS; i++) {
        struct test_row row = {.key = {.period = test_period("2026-01-01"),
                                       .indicator = ids.count,
                                       .organization = i < DAYS ? ids.alpha : ids.beta},
                               .reading = value("1")};
        row.key.period.day += i % DAYS;
        test_store_put(&store, "alpha", &row, 1);
    }
    test_ask(&store, &test_staff, BB_METHOD_READINGS_LIST, &request.base, &bb__readings_part__descriptor,
             &answer);
    for (size_t i = 0; i < answer.n_parts; i++) {
        const Bb__ReadingsPart *part = (const Bb__ReadingsPart *)(const void *)answer.part[i];
        for (size_t j = 0; j < part->n_row_sequence; j++, rows++)
            assert_int_equal(part->row_time_us[j], part->row_sequence[j] * 1000000);
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

    request.code = text(code);
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
    fill(&store);
    test_store_text(&store, BB_OBJECT_PLACE, "Nobody registered this");
    again.code = text("share");
    again.name = text("Another name");
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

/* Damage */

static void
check_damage(const char *what, enum bb_view view, uint32_t method, const ProtobufCMessage *request,
             size_t (*key)(const struct ids *, uint8_t *))
{
    struct test_store store;
    struct ids ids = fill(&store);
    struct test_answer answer;
    uint8_t data[BB_NAME_KEY];
    char expected[2 * BB_NAME_KEY + 1] = "";
    size_t len = key(&ids, data);

    put(&store, ids.count, ids.alpha, 0, 0, "2026", value("1"));
    put(&store, ids.count, ids.alpha, 0, 0, "2026", value("2"));
    put(&store, ids.count, ids.beta, 0, 0, "2026", value("3"));
    test_ask(&store, &test_staff, method, request, NULL, &answer);
    check_int(answer.r, 0, what);
    test_answer_release(&answer);
    test_store_damage(&store, view, bb_bytes(data, len));
    test_ask(&store, &test_staff, method, request, NULL, &answer);
    check_int(answer.r, -EBADMSG, what);
    for (size_t i = 0; i < len; i++)
        snprintf(expected + 2 * i, 3, "%02x", data[i]);
    if (!strstr(answer.failure.message, bb_view_name(view)) || !strstr(answer.failure.message, expected))
        fail_msg("%s: \"%s\" does not name %s and %s", what, answer.failure.message, bb_view_name(view),
                 expected);
    test_answer_release(&answer);
    test_store_close(&store);
}

static struct bb_reading_key
damaged_reading(const struct ids *ids)
{
    return (struct bb_reading_key){
        .period = test_period("2026"), .indicator = ids->count, .organization = ids->alpha};
}

static size_t
reading_key(const struct ids *ids, uint8_t *out)
{
    struct bb_reading_key key = damaged_reading(ids);

    return bb_reading_key_pack(&key, out, NULL);
}

static size_t
cell_key(const struct ids *ids, uint8_t *out)
{
    struct bb_reading_key key = damaged_reading(ids);
    size_t cell;

    bb_reading_key_pack(&key, out, &cell);
    return cell;
}

static size_t
index_key(const struct ids *ids, uint8_t *out)
{
    struct bb_reading_key key = damaged_reading(ids);

    return bb_organization_key_pack(&key, out);
}

static size_t
revision_key(const struct ids *ids, uint8_t *out)
{
    size_t len = reading_key(ids, out);

    return len + bb_varint_put(out + len, 9); /* eight entries made the catalogue */
}

static size_t
name_key(const struct ids *ids, uint8_t *out)
{
    (void)ids;
    return bb_name_key(BB_OBJECT_INDICATOR, bb_bytes_str("count"), out);
}

static size_t
object_key(const struct ids *ids, uint8_t *out)
{
    return bb_object_key(BB_OBJECT_ORGANIZATION, ids->alpha, out);
}

static size_t
definition_key(const struct ids *ids, uint8_t *out)
{
    bb_put_u32(out, ids->count);
    bb_put_u32(out + 4, 1);
    return 8;
}

static void
test_damage(void **state)
{
    Bb__TrendQuery trend = BB__TREND_QUERY__INIT, past = BB__TREND_QUERY__INIT, by = BB__TREND_QUERY__INIT;
    Bb__ReadingsQuery readings = BB__READINGS_QUERY__INIT, own = BB__READINGS_QUERY__INIT;
    Bb__HistoryQuery history = BB__HISTORY_QUERY__INIT;
    Bb__AsOf as_of = BB__AS_OF__INIT;

    (void)state;
    as_of.has_sequence = true;
    as_of.sequence = 9;
    trend.indicator = past.indicator = by.indicator = history.indicator = text("count");
    past.as_of = &as_of;
    by.by = text("organization");
    own.organization = history.organization = text("alpha");
    history.period = text("2026");
    check_damage("name", BB_VIEW_NAME, BB_METHOD_TREND, &trend.base, name_key);
    check_damage("definition", BB_VIEW_DEFINITION, BB_METHOD_TREND, &trend.base, definition_key);
    check_damage("rollup", BB_VIEW_ROLLUP, BB_METHOD_TREND, &trend.base, cell_key);
    check_damage("revision", BB_VIEW_REVISION, BB_METHOD_TREND, &past.base, revision_key);
    check_damage("reading, by organization", BB_VIEW_READING, BB_METHOD_TREND, &by.base, reading_key);
    check_damage("reading", BB_VIEW_READING, BB_METHOD_READINGS_LIST, &readings.base, reading_key);
    check_damage("object", BB_VIEW_OBJECT, BB_METHOD_READINGS_LIST, &readings.base, object_key);
    check_damage("index", BB_VIEW_BY_ORGANIZATION, BB_METHOD_READINGS_LIST, &own.base, index_key);
    check_damage("reading behind the index", BB_VIEW_READING, BB_METHOD_READINGS_LIST, &own.base,
                 reading_key);
    check_damage("revision of history", BB_VIEW_REVISION, BB_METHOD_READINGS_HISTORY, &history.base,
                 revision_key);
}

/* Memory */

enum { MANY = 400, LITTLE_BYTES = 64 << 10, LITTLE_CELLS = 16 };

/* One reading of alpha, and of beta at every tenth, for each of many places or disaggregations. */
static void
fill_many(struct test_store *store, const struct ids *ids, enum bb_object_kind kind)
{
    struct test_row rows[2 * MANY] = {0};
    char name[40];
    size_t n = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        struct test_row row = {.key = {.period = test_period("2026"), .indicator = ids->count},
                               .reading = value("1")};
        snprintf(name, sizeof name, kind == BB_OBJECT_PLACE ? "Place %u" : "area=%u", i);
        *(kind == BB_OBJECT_PLACE ? &row.key.place : &row.key.disaggregation) =
            test_store_text(store, kind, name);
        for (uint32_t b = 0; b < (i % 10 == 0 ? 2u : 1u); b++) {
            rows[n] = row;
            rows[n++].key.organization = b ? ids->beta : ids->alpha;
        }
    }
    test_store_put(store, "alpha", rows, n);
}

/* However many places are added up, that they are so many takes no memory. */
static void
test_many_places(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = text("count");
    fill_many(&store, &ids, BB_OBJECT_PLACE);
    test_query_bytes = LITTLE_BYTES;
    test_query_kept_cells = LITTLE_CELLS;
    check_points(&store, &test_staff, &request, "2026|-|440|-|-|2|440|0\n");
    request.by = text("organization");
    check_points(&store, &test_staff, &request, "2026|alpha|400|-|-|1|400|0\n2026|beta|40|-|-|1|40|0\n");
    request.by = NULL;
    put(&store, ids.count, ids.gamma, 0, 0, "2026", value("1000")); /* a total of another one: mixed */
    put(&store, ids.count, ids.gamma, ids.north, 0, "2026", value("600"));
    put(&store, ids.count, ids.gamma, ids.state, 0, "2026", value("9000"));
    check_points(&store, &test_staff, &request, "2026|-|1440|-|-|3|441|0\n");
    test_query_bytes = test_query_kept_cells = 0;
    check_points(&store, &test_staff, &request, "2026|-|1440|-|-|3|441|0\n");
    test_store_close(&store);
}

/* What takes more than its share never has an answer, and is told what to ask instead. */
static void
test_too_large(void **state)
{
    struct test_store store;
    struct ids ids = fill(&store);
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;

    (void)state;
    request.indicator = text("count");
    request.by = text("disaggregation");
    fill_many(&store, &ids, BB_OBJECT_DISAGGREGATION);
    test_query_bytes = LITTLE_BYTES;
    check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_TOO_LARGE,
                  "more than the 64 KiB of memory");
    check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_TOO_LARGE, "fewer periods");
    assert_false(bb_error_retryable(BB_ERROR_TOO_LARGE));
    request.disaggregation = text("area=7");
    check_points(&store, &test_staff, &request, "2026|area=7|1|-|-|1|1|0\n");
    test_query_bytes = 0;
    test_store_close(&store);
}

/* Another one's query may end in a moment: that one may be repeated, and the message says something else. */
static void
test_no_slot(void **state)
{
    enum { SLOTS = 126 };
    struct test_store store;
    Bb__TrendQuery request = BB__TREND_QUERY__INIT;
    MDB_txn *txn[SLOTS];
    int n = 0;

    (void)state;
    fill(&store);
    request.indicator = text("count");
    while (n < SLOTS && bb_store_begin(store.views.store, false, &txn[n]) == 0)
        n++;
    assert_int_equal(n, SLOTS);
    check_refused(&store, &test_staff, BB_METHOD_TREND, &request.base, BB_ERROR_OVERLOADED, "try again");
    assert_true(bb_error_retryable(BB_ERROR_OVERLOADED));
    while (n > 0)
        bb_store_abort(store.views.store, &txn[--n]);
    test_store_close(&store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_wants),
        cmocka_unit_test(test_last_is_a_line),
        cmocka_unit_test(test_parts_of_one),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_named_twice),
        cmocka_unit_test(test_period_hint),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_mixed_places),
        cmocka_unit_test(test_mixed_disaggregations),
        cmocka_unit_test(test_mixed_dimensions),
        cmocka_unit_test(test_mixed_states),
        cmocka_unit_test(test_mixed_lines),
        cmocka_unit_test(test_many_places),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_no_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
