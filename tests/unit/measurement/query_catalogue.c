#include "query_catalogue.h"

#include "tests/unit/check.h"

#include <stdlib.h>

const struct test_caller test_alpha = {
    .organization = "alpha", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10};
const struct test_caller test_gamma = {
    .organization = "gamma", .role = BB__ROLE__ROLE_PARTNER, .max_bytes = 128 << 10};
const struct test_caller test_watcher = {
    .organization = "watcher", .role = BB__ROLE__ROLE_OBSERVER, .max_bytes = 128 << 10};
const struct test_caller test_operator = {
    .organization = "operator", .role = BB__ROLE__ROLE_OPERATOR, .max_bytes = 128 << 10};

char *
test_text(const char *t)
{
    return (char *)(uintptr_t)t;
}

struct test_ids
test_fill(struct test_store *store)
{
    Bb__Indicator share = BB__INDICATOR__INIT, count = BB__INDICATOR__INIT;
    struct test_ids ids;

    test_store_open(store);
    share.code = test_text("share");
    share.name = test_text("A share");
    share.denominator = test_text("all");
    share.unit = test_text("percent");
    share.decimals = test_text("1");
    share.frequency = test_text("school_year");
    count.code = test_text("count");
    count.name = test_text("A count");
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

uint64_t
test_put(struct test_store *store, uint32_t indicator, uint32_t organization, uint32_t place,
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

struct bb_reading
test_value(const char *v)
{
    return test_reading(v, NULL, NULL, BB_STATE_OK);
}

struct bb_reading
test_parts(const char *numerator, const char *denominator)
{
    return test_reading(NULL, numerator, denominator, BB_STATE_OK);
}

struct bb_reading
test_no_value(enum bb_state why)
{
    return test_reading(NULL, NULL, NULL, why);
}

void
test_check_points(struct test_store *store, const struct test_caller *caller, const Bb__TrendQuery *request,
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

void
test_check_refused(struct test_store *store, const struct test_caller *caller, uint32_t method,
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
