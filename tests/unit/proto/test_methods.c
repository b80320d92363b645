#include "proto/methods.h"

#include "tests/unit/check.h"
#include "wire.pb-c.h"

#include <string.h>

enum {
    NONE = BB_SCOPE_NONE,
    OWN = BB_SCOPE_OWN,
    SHARED = BB_SCOPE_SHARED,
    TOTALS = BB_SCOPE_TOTALS,
    ALL = BB_SCOPE_ALL
};

/* Written down a second time, by hand: a slip in the table that grants a right must not pass unseen. */
static const struct {
    uint32_t number;
    const char *name;
    const char *service;
    enum bb_lane lane;
    int operator, staff, partner, observer, service_itself;
} expected[] = {
    {1, "status", "broker", BB_LANE_QUERY, ALL, ALL, NONE, NONE, NONE},
    {2, "partner.put", "broker", BB_LANE_COMMAND, ALL, ALL, NONE, NONE, NONE},
    {3, "partner.list", "broker", BB_LANE_QUERY, ALL, ALL, OWN, OWN, NONE},
    {32, "measurement.submit", "measurement", BB_LANE_COMMAND, NONE, ALL, OWN, NONE, NONE},
    {33, "indicator.define", "measurement", BB_LANE_COMMAND, NONE, ALL, NONE, NONE, NONE},
    {34, "indicator.list", "measurement", BB_LANE_QUERY, NONE, ALL, ALL, ALL, ALL},
    {35, "place.define", "measurement", BB_LANE_COMMAND, NONE, ALL, NONE, NONE, NONE},
    {36, "place.list", "measurement", BB_LANE_QUERY, NONE, ALL, ALL, ALL, NONE},
    {37, "readings.list", "measurement", BB_LANE_QUERY, NONE, ALL, SHARED, NONE, NONE},
    {38, "readings.history", "measurement", BB_LANE_QUERY, NONE, ALL, SHARED, NONE, NONE},
    {39, "trend", "measurement", BB_LANE_QUERY, NONE, ALL, SHARED, TOTALS, NONE},
    {40, "measurement.status", "measurement", BB_LANE_QUERY, ALL, ALL, NONE, NONE, NONE},
    {41, "measurement.follow", "measurement", BB_LANE_QUERY, NONE, NONE, NONE, NONE, ALL},
    {42, "indicator.adopt", "measurement", BB_LANE_COMMAND, NONE, ALL, OWN, NONE, NONE},
    {43, "adoption.list", "measurement", BB_LANE_QUERY, NONE, ALL, ALL, ALL, NONE},
    {44, "indicator.retire", "measurement", BB_LANE_COMMAND, NONE, ALL, NONE, NONE, NONE},
    {45, "submission.review", "measurement", BB_LANE_COMMAND, NONE, ALL, OWN, NONE, NONE},
    {46, "submission.list", "measurement", BB_LANE_QUERY, NONE, ALL, OWN, NONE, NONE},
    {47, "rule.define", "measurement", BB_LANE_COMMAND, NONE, ALL, NONE, NONE, NONE},
    {48, "rule.list", "measurement", BB_LANE_QUERY, NONE, ALL, ALL, ALL, NONE},
    {49, "rule.check", "measurement", BB_LANE_QUERY, NONE, ALL, OWN, NONE, NONE},
    {50, "reporting", "measurement", BB_LANE_QUERY, NONE, ALL, OWN, NONE, ALL},
    {51, "progress", "measurement", BB_LANE_QUERY, NONE, ALL, SHARED, TOTALS, NONE},
    {52, "batch.list", "measurement", BB_LANE_QUERY, NONE, ALL, OWN, NONE, NONE},
    {53, "batch.show", "measurement", BB_LANE_QUERY, NONE, ALL, OWN, NONE, NONE},
    {54, "batch.undo", "measurement", BB_LANE_COMMAND, NONE, ALL, OWN, NONE, NONE},
    {55, "chain.export", "measurement", BB_LANE_QUERY, ALL, ALL, ALL, ALL, NONE},
    {64, "message.publish", "communication", BB_LANE_COMMAND, NONE, ALL, OWN, NONE, NONE},
    {65, "message.withdraw", "communication", BB_LANE_COMMAND, NONE, ALL, OWN, NONE, NONE},
    {66, "message.mark", "communication", BB_LANE_COMMAND, NONE, OWN, OWN, OWN, NONE},
    {67, "message.list", "communication", BB_LANE_QUERY, NONE, ALL, OWN, OWN, NONE},
    {68, "message.status", "communication", BB_LANE_QUERY, NONE, ALL, OWN, NONE, NONE},
    {69, "subscription.put", "communication", BB_LANE_COMMAND, NONE, OWN, OWN, OWN, NONE},
    {70, "subscription.remove", "communication", BB_LANE_COMMAND, NONE, OWN, OWN, OWN, NONE},
    {71, "subscription.list", "communication", BB_LANE_QUERY, NONE, ALL, OWN, OWN, NONE},
    {72, "group.put", "communication", BB_LANE_COMMAND, NONE, ALL, NONE, NONE, NONE},
    {73, "group.member", "communication", BB_LANE_COMMAND, NONE, ALL, NONE, NONE, NONE},
    {74, "group.list", "communication", BB_LANE_QUERY, NONE, ALL, OWN, OWN, NONE},
    {75, "communication.status", "communication", BB_LANE_QUERY, ALL, ALL, NONE, NONE, NONE},
};

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct bb_method_info *info = bb_method_info(expected[i].number);
        const char *what = expected[i].name;

        check(info != NULL, what);
        check_text(info->name, what, what);
        check_text(bb_service_name(info->service), expected[i].service, what);
        check_int(info->lane, expected[i].lane, what);
        check_int(bb_method_scope(expected[i].number, BB__ROLE__ROLE_OPERATOR), expected[i].operator, what);
        check_int(bb_method_scope(expected[i].number, BB__ROLE__ROLE_STAFF), expected[i].staff, what);
        check_int(bb_method_scope(expected[i].number, BB__ROLE__ROLE_PARTNER), expected[i].partner, what);
        check_int(bb_method_scope(expected[i].number, BB__ROLE__ROLE_OBSERVER), expected[i].observer, what);
        check_int(bb_method_scope(expected[i].number, BB__ROLE__ROLE_SERVICE), expected[i].service_itself,
                  what);
    }
}

static bool
is_expected(uint32_t number)
{
    for (size_t i = 0; i < COUNT(expected); i++)
        if (expected[i].number == number)
            return true;
    return false;
}

static void
test_default_deny(void **state)
{
    static const uint32_t far[] = {63, 96, 127, 1000, UINT32_MAX};

    (void)state;
    for (uint32_t method = 0; method < 200; method++) {
        if (!is_expected(method))
            assert_null(bb_method_info(method));
        for (uint32_t role = 0; role < 50; role++)
            if (!is_expected(method) || role < BB__ROLE__ROLE_OPERATOR || role > BB__ROLE__ROLE_SERVICE ||
                role == BB__ROLE__ROLE_GATEWAY || role == BB__ROLE__ROLE_PUBLIC)
                assert_int_equal(bb_method_scope(method, role), NONE);
    }
    for (size_t i = 0; i < COUNT(far); i++) {
        assert_null(bb_method_info(far[i]));
        assert_int_equal(bb_method_scope(far[i], BB__ROLE__ROLE_STAFF), NONE);
        assert_int_equal(bb_method_scope(BB_METHOD_SUBMIT, far[i]), NONE);
    }
}

static void
test_services(void **state)
{
    (void)state;
    for (uint32_t service = 0; service < BB_SERVICES; service++)
        assert_int_equal(bb_service_by_name(bb_service_name(service)), service);
    assert_null(bb_service_name(BB_SERVICES));
    assert_null(bb_service_name(UINT32_MAX));
    assert_int_equal(bb_service_by_name("agenda"), -1);
    assert_int_equal(bb_service_by_name(""), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_default_deny),
        cmocka_unit_test(test_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
