#include "proto/methods.h"

#include "tests/unit/check.h"
#include "wire.pb-c.h"

#include <string.h>

/* The columns of scopes below. */
static const uint32_t roles[] = {
    BB__ROLE__ROLE_OPERATOR, BB__ROLE__ROLE_STAFF,  BB__ROLE__ROLE_DATA_MANAGER, BB__ROLE__ROLE_FACILITATOR,
    BB__ROLE__ROLE_PARTNER,  BB__ROLE__ROLE_READER, BB__ROLE__ROLE_OBSERVER,     BB__ROLE__ROLE_SERVICE,
};

static const char letters[] = {
    [BB_SCOPE_NONE] = '-',   [BB_SCOPE_OWN] = 'O', [BB_SCOPE_SHARED] = 'S',
    [BB_SCOPE_TOTALS] = 'T', [BB_SCOPE_ALL] = 'A',
};

/* Written down a second time, by hand: a slip in the table that grants a right must not pass unseen. */
static const struct {
    uint32_t number;
    const char *name;
    const char *service;
    enum bb_lane lane;
    const char *scopes;
} expected[] = {
    {1, "status", "broker", BB_LANE_QUERY, "AAAA----"},
    {2, "partner.put", "broker", BB_LANE_COMMAND, "AA------"},
    {3, "partner.list", "broker", BB_LANE_QUERY, "AAAAOOO-"},
    {4, "member.put", "broker", BB_LANE_COMMAND, "AA------"},
    {5, "partner.invite", "broker", BB_LANE_COMMAND, "AA------"},
    {6, "invitation.list", "broker", BB_LANE_QUERY, "AA------"},
    {7, "partner.approve", "broker", BB_LANE_COMMAND, "AA------"},
    {8, "partner.revoke", "broker", BB_LANE_COMMAND, "AA------"},
    {9, "key.rotate", "broker", BB_LANE_COMMAND, "-OOOOOO-"},
    {10, "audit.list", "broker", BB_LANE_QUERY, "AA------"},
    {11, "access.explain", "broker", BB_LANE_QUERY, "AAAAOOO-"},
    {32, "measurement.submit", "measurement", BB_LANE_COMMAND, "-AA-O---"},
    {33, "indicator.define", "measurement", BB_LANE_COMMAND, "-AA-----"},
    {34, "indicator.list", "measurement", BB_LANE_QUERY, "-AAAAAAA"},
    {35, "place.define", "measurement", BB_LANE_COMMAND, "-AA-----"},
    {36, "place.list", "measurement", BB_LANE_QUERY, "-AAAAAA-"},
    {37, "readings.list", "measurement", BB_LANE_QUERY, "-AAASS--"},
    {38, "readings.history", "measurement", BB_LANE_QUERY, "-AAASS--"},
    {39, "trend", "measurement", BB_LANE_QUERY, "-AAASST-"},
    {40, "measurement.status", "measurement", BB_LANE_QUERY, "AAAA----"},
    {41, "measurement.follow", "measurement", BB_LANE_QUERY, "-------A"},
    {42, "indicator.adopt", "measurement", BB_LANE_COMMAND, "-AA-O---"},
    {43, "adoption.list", "measurement", BB_LANE_QUERY, "-AAAAAA-"},
    {44, "indicator.retire", "measurement", BB_LANE_COMMAND, "-AA-----"},
    {45, "submission.review", "measurement", BB_LANE_COMMAND, "-AA-O---"},
    {46, "submission.list", "measurement", BB_LANE_QUERY, "-AAAOO--"},
    {47, "rule.define", "measurement", BB_LANE_COMMAND, "-AA-----"},
    {48, "rule.list", "measurement", BB_LANE_QUERY, "-AAAAAA-"},
    {49, "rule.check", "measurement", BB_LANE_QUERY, "-AAAOO--"},
    {50, "reporting", "measurement", BB_LANE_QUERY, "-AAAOO-A"},
    {51, "progress", "measurement", BB_LANE_QUERY, "-AAASST-"},
    {52, "batch.list", "measurement", BB_LANE_QUERY, "-AAAOO--"},
    {53, "batch.show", "measurement", BB_LANE_QUERY, "-AAAOO--"},
    {54, "batch.undo", "measurement", BB_LANE_COMMAND, "-AA-O---"},
    {55, "chain.export", "measurement", BB_LANE_QUERY, "AAAAAAA-"},
    {56, "signing.put", "measurement", BB_LANE_COMMAND, "-AA-O---"},
    {57, "signing.list", "measurement", BB_LANE_QUERY, "-AAAOO--"},
    {64, "message.publish", "communication", BB_LANE_COMMAND, "-AAAO---"},
    {65, "message.withdraw", "communication", BB_LANE_COMMAND, "-AAAO---"},
    {66, "message.mark", "communication", BB_LANE_COMMAND, "-OOOOOO-"},
    {67, "message.list", "communication", BB_LANE_QUERY, "-AAAOOO-"},
    {68, "message.status", "communication", BB_LANE_QUERY, "-AAAOO--"},
    {69, "subscription.put", "communication", BB_LANE_COMMAND, "-OOOOOO-"},
    {70, "subscription.remove", "communication", BB_LANE_COMMAND, "-OOOOOO-"},
    {71, "subscription.list", "communication", BB_LANE_QUERY, "-AAAOOO-"},
    {72, "group.put", "communication", BB_LANE_COMMAND, "-A-A----"},
    {73, "group.member", "communication", BB_LANE_COMMAND, "-A-A----"},
    {74, "group.list", "communication", BB_LANE_QUERY, "-AAAOOO-"},
    {75, "communication.status", "communication", BB_LANE_QUERY, "AAAA----"},
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
        for (size_t role = 0; role < COUNT(roles); role++)
            check_int(letters[bb_method_scope(expected[i].number, roles[role])], expected[i].scopes[role],
                      what);
    }
}

/* Whoever adds a method decides. */
static void
test_administrative(void **state)
{
    static const char *const names[] = {
        "partner.put", "member.put",       "partner.invite", "partner.approve",  "partner.revoke",
        "key.rotate",  "indicator.define", "place.define",   "indicator.retire", "rule.define",
        "signing.put", "group.put",        "group.member",
    };

    (void)state;
    for (uint32_t method = 0; method <= BB_METHOD_MAX + 1; method++) {
        const struct bb_method_info *info = bb_method_info(method);
        bool administrative = false;

        for (size_t i = 0; info && i < COUNT(names); i++)
            administrative |= strcmp(info->name, names[i]) == 0;
        check_int(bb_method_is_administrative(method), administrative, info ? info->name : "none");
        if (info && info->service == BB_SERVICE_BROKER && info->lane == BB_LANE_COMMAND)
            check(administrative, info->name);
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

static bool
is_column(uint32_t role)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (roles[i] == role)
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
            if (!is_expected(method) || !is_column(role))
                assert_int_equal(bb_method_scope(method, role), BB_SCOPE_NONE);
    }
    for (size_t i = 0; i < COUNT(far); i++) {
        assert_null(bb_method_info(far[i]));
        assert_int_equal(bb_method_scope(far[i], BB__ROLE__ROLE_STAFF), BB_SCOPE_NONE);
        assert_int_equal(bb_method_scope(BB_METHOD_SUBMIT, far[i]), BB_SCOPE_NONE);
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
        cmocka_unit_test(test_administrative),
        cmocka_unit_test(test_default_deny),
        cmocka_unit_test(test_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
