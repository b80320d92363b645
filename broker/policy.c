#include "policy.h"

#include "proto/errors.h"

#include "wire.pb-c.h"

#include <stdio.h>

void
bb_policy_init(struct bb_policy *policy)
{
    *policy = (struct bb_policy){.known = {false}};
    for (uint32_t method = 0; method <= BB_METHOD_MAX; method++) {
        policy->known[method] = bb_method_info(method) != NULL;
        for (uint32_t role = 0; role < BB_POLICY_ROLES; role++)
            policy->allowed[method] |= (uint8_t)((bb_method_scope(method, role) != BB_SCOPE_NONE) << role);
    }
}

uint32_t
bb_policy_check(const struct bb_policy *policy, uint32_t method, uint32_t role)
{
    if (method > BB_METHOD_MAX || !policy->known[method])
        return BB_ERROR_UNKNOWN_METHOD;
    if (role >= BB_POLICY_ROLES || !(policy->allowed[method] >> role & 1))
        return BB_ERROR_NOT_ALLOWED;
    return BB_ERROR_NONE;
}

const char *
bb_policy_explain(const struct bb_policy *policy, uint32_t method, uint32_t role, char *out, size_t size)
{
    static const struct {
        uint32_t role;
        const char *all, *one;
    } who[] = {
        {BB__ROLE__ROLE_STAFF, "staff", "staff"},
        {BB__ROLE__ROLE_PARTNER, "partners", "a partner"},
        {BB__ROLE__ROLE_OBSERVER, "observers", "an observer"},
        {BB__ROLE__ROLE_OPERATOR, "operators", "an operator"},
    };
    const char *you = NULL;
    char names[64] = "";
    size_t len = 0;

    if (bb_policy_check(policy, method, role) != BB_ERROR_NOT_ALLOWED)
        return NULL;
    for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
        if (who[i].role == role)
            you = who[i].one;
        if (policy->allowed[method] >> who[i].role & 1)
            len += (size_t)snprintf(names + len, sizeof names - len, len ? ", %s" : "%s", who[i].all);
    }
    if (!you || len == 0)
        return NULL;
    snprintf(out, size, "%s is for %s, and you are %s", bb_method_info(method)->name, names, you);
    return out;
}
