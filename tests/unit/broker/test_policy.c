/* The policy answers as proto/methods.h says, and denies everything else. */
#include "broker/policy.h"

#include "proto/errors.h"

#include "wire.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
some_answers(void **state)
{
    static const struct {
        uint32_t method;
        uint32_t role;
        uint32_t expected;
    } table[] = {
        {BB_METHOD_SUBMIT, BB__ROLE__ROLE_STAFF, BB_ERROR_NONE},
        {BB_METHOD_SUBMIT, BB__ROLE__ROLE_PARTNER, BB_ERROR_NONE},
        {BB_METHOD_SUBMIT, BB__ROLE__ROLE_OBSERVER, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_SUBMIT, BB__ROLE__ROLE_OPERATOR, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_TREND, BB__ROLE__ROLE_OBSERVER, BB_ERROR_NONE},
        {BB_METHOD_TREND, BB__ROLE__ROLE_OPERATOR, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_READINGS_LIST, BB__ROLE__ROLE_OBSERVER, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_PARTNER, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_OPERATOR, BB_ERROR_NONE},
        {BB_METHOD_PARTNER_PUT, BB__ROLE__ROLE_PARTNER, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_NONE, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_GATEWAY, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_PUBLIC, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, BB_ROLES, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, UINT32_MAX, BB_ERROR_NOT_ALLOWED},
        {0, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
        {31, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
        {BB_METHOD_MAX, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
        {BB_METHOD_MAX + 1, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
        {UINT32_MAX, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
    };
    struct bb_policy policy;

    (void)state;
    bb_policy_init(&policy);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(bb_policy_check(&policy, table[i].method, table[i].role), table[i].expected);
}

static void
the_snapshot_equals_the_table(void **state)
{
    struct bb_policy policy;

    (void)state;
    bb_policy_init(&policy);
    for (uint32_t method = 0; method < 300; method++)
        for (uint32_t role = 0; role < 300; role++) {
            uint32_t expected = !bb_method_info(method)                          ? BB_ERROR_UNKNOWN_METHOD
                                : bb_method_scope(method, role) == BB_SCOPE_NONE ? BB_ERROR_NOT_ALLOWED
                                                                                 : BB_ERROR_NONE;
            assert_int_equal(bb_policy_check(&policy, method, role), expected);
        }
}

static void
a_refusal_says_who_may(void **state)
{
    static const struct {
        uint32_t method, role;
        const char *expected;
    } table[] = {
        {BB_METHOD_RULE_DEFINE, BB__ROLE__ROLE_PARTNER,
         "rule.define is for managers, data managers, and you are a reporter"},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_OBSERVER,
         "status is for staff, operators, and you are an observer"},
        {BB_METHOD_TREND, BB__ROLE__ROLE_OPERATOR,
         "trend is for staff, partners, observers, and you are an operator"},
        {BB_METHOD_PARTNER_INVITE, BB__ROLE__ROLE_FACILITATOR,
         "partner.invite is for managers, operators, and you are a facilitator"},
        {BB_METHOD_SUBMIT, BB__ROLE__ROLE_READER,
         "measurement.submit is for managers, data managers, reporters, and you are a reader"},
        {BB_METHOD_MEASUREMENT_FOLLOW, BB__ROLE__ROLE_STAFF, NULL}, /* nobody who could be named */
        {BB_METHOD_STATUS, BB__ROLE__ROLE_PUBLIC, NULL},
        {BB_METHOD_STATUS, UINT32_MAX, NULL},
        {BB_METHOD_STATUS, BB__ROLE__ROLE_STAFF, NULL},
        {BB_METHOD_MAX, BB__ROLE__ROLE_PARTNER, NULL},
    };
    struct bb_policy policy;
    char out[160];

    (void)state;
    bb_policy_init(&policy);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *why = bb_policy_explain(&policy, table[i].method, table[i].role, out, sizeof out);
        if (table[i].expected)
            assert_string_equal(why, table[i].expected);
        else
            assert_null(why);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_answers),
        cmocka_unit_test(the_snapshot_equals_the_table),
        cmocka_unit_test(a_refusal_says_who_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
