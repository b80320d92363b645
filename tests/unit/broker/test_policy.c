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
        {BB_METHOD_STATUS, BB_POLICY_ROLES, BB_ERROR_NOT_ALLOWED},
        {BB_METHOD_STATUS, UINT32_MAX, BB_ERROR_NOT_ALLOWED},
        {0, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
        {4, BB__ROLE__ROLE_STAFF, BB_ERROR_UNKNOWN_METHOD},
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_answers),
        cmocka_unit_test(the_snapshot_equals_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
