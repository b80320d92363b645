/* Why a member may, or may not; and that the answer is the one that decides. */
#include "broker/access.h"

#include "proto/errors.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1790000000000000)

static const char key[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

static struct bb_organization *
hartford(uint32_t role)
{
    struct bb_organization *o = bb_organization_new();
    struct bb_member *member;

    assert_non_null(o);
    o->code = strdup("hartford");
    o->role = bb_role_class(role);
    o->enabled = true;
    assert_int_equal(bb_organization_add_member(o, "main", &member), 0);
    member->role = role;
    memcpy(member->key, key, sizeof key);
    return o;
}

static void
explain(const struct bb_organization *o, const char *member, const char *method, struct bb_access *ret_access)
{
    static struct bb_policy policy;
    const struct bb_access_question question = {.policy = &policy,
                                                .organization = o,
                                                .member = member,
                                                .method = bb_method_by_name(method),
                                                .today = "2026-09-21",
                                                .now = NOW};

    bb_policy_init(&policy);
    bb_access_explain(&question, ret_access);
    assert_in_range(ret_access->n_reasons, 1, BB_ACCESS_REASONS);
}

static const char *
last(const struct bb_access *access)
{
    return access->reason[access->n_reasons - 1];
}

/* Every method and every role: what it says is what the table says. */
static void
is_the_table(void **state)
{
    struct bb_policy policy;

    (void)state;
    bb_policy_init(&policy);
    for (uint32_t method = 1; method <= BB_METHOD_MAX; method++)
        for (uint32_t role = 1; role < BB_ROLES; role++) {
            struct bb_organization *o = role == BB__ROLE__ROLE_OPERATOR ? NULL : hartford(role);
            const struct bb_method_info *info = bb_method_info(method);
            struct bb_access access;

            if (info && bb_role_word(role)) {
                explain(o, "main", info->name, &access);
                check_int(access.allowed, bb_policy_check(&policy, method, role) == BB_ERROR_NONE,
                          info->name);
                check_int(access.scope, bb_method_scope(method, role), info->name);
                check_int(access.role, role, info->name);
                check(strstr(last(&access), bb_scope_name(access.scope)), last(&access));
            }
            bb_organization_destroy(&o);
        }
}

static void
says_why(void **state)
{
    struct bb_organization *o = hartford(BB__ROLE__ROLE_PARTNER);
    struct bb_member *main = bb_organization_member(o, "main"), *other;
    struct bb_access access;

    (void)state;
    explain(o, "main", "measurement.submit", &access);
    assert_true(access.allowed);
    assert_string_equal(access.reason[0], "hartford is an organization of the class partner, and enabled");
    assert_string_equal(access.reason[1], "hartford/main is reporter");
    assert_non_null(strstr(access.reason[2], " is let in"));
    assert_string_equal(last(&access),
                        "the table says OWN for measurement.submit as reporter: it may touch what "
                        "is its own organization's, and nothing else");
    explain(o, "main", "rule.define", &access);
    assert_false(access.allowed);
    assert_string_equal(last(&access),
                        "the table says NONE for rule.define as reporter: it is for managers, data managers");
    explain(o, "main", "measurement.follow", &access);
    assert_non_null(strstr(last(&access), "services alone"));

    assert_int_equal(bb_organization_add_indicator(o, "grade3-reading"), 0);
    assert_int_equal(bb_organization_add_indicator(o, "grade8-math"), 0);
    explain(o, "main", "measurement.submit", &access);
    assert_true(access.allowed);
    assert_string_equal(access.reason[3],
                        "it takes part in these indicators and no others: grade3-reading, grade8-math");
    explain(o, "main", "message.publish", &access);
    assert_null(strstr(access.reason[3], "grade3"));

    memcpy(main->old_key, key, sizeof key);
    main->old_key_until = NOW + 1;
    explain(o, "main", "measurement.submit", &access);
    assert_non_null(strstr(access.reason[2], "is let in too, until"));
    main->old_key_until = NOW;
    explain(o, "main", "measurement.submit", &access);
    assert_non_null(strstr(access.reason[2], "is let in no more, since"));
    assert_true(access.allowed);

    explain(o, "nobody", "measurement.submit", &access);
    assert_false(access.allowed);
    assert_string_equal(last(&access), "hartford has no member \"nobody\"");
    assert_int_equal(bb_organization_add_member(o, "second", &other), 0);
    explain(o, "second", "measurement.submit", &access);
    assert_false(access.allowed);
    assert_non_null(strstr(last(&access), "it has no key"));
    strcpy(o->left, "2026-09-21");
    explain(o, "main", "measurement.submit", &access);
    assert_false(access.allowed);
    assert_non_null(strstr(last(&access), "has left on 2026-09-21"));
    o->enabled = false;
    explain(o, "main", "measurement.submit", &access);
    assert_false(access.allowed);
    assert_non_null(strstr(last(&access), "is disabled"));
    bb_organization_destroy(&o);
}

/* Texts at their limits. */
static void
long_texts(void **state)
{
    struct bb_organization *o = hartford(BB__ROLE__ROLE_PARTNER);
    char code[BB_LIMIT_CODE_BYTES + 1];
    struct bb_access access;

    (void)state;
    for (unsigned i = 0; i < BB_LIMIT_PARTNER_INDICATORS; i++) {
        snprintf(code, sizeof code, "%0*u", (int)BB_LIMIT_CODE_BYTES, i);
        assert_int_equal(bb_organization_add_indicator(o, code), 0);
    }
    explain(o, "main", "measurement.submit", &access);
    assert_true(access.allowed);
    assert_non_null(strstr(access.reason[3], " more"));
    memset(code, '"', sizeof code - 1);
    code[sizeof code - 1] = '\0';
    explain(o, code, "measurement.submit", &access);
    assert_false(access.allowed);
    bb_organization_destroy(&o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_table),
        cmocka_unit_test(says_why),
        cmocka_unit_test(long_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
