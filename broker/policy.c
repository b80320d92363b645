#include "policy.h"

#include "proto/errors.h"

_Static_assert(BB_METHOD_MAX < 64, "a method is a bit of 64");

void
bb_policy_init(struct bb_policy *policy)
{
    *policy = (struct bb_policy){.known = 0};
    for (uint32_t method = 0; method <= BB_METHOD_MAX; method++) {
        if (!bb_method_info(method))
            continue;
        policy->known |= UINT64_C(1) << method;
        for (uint32_t role = 0; role < BB_POLICY_ROLES; role++)
            if (bb_method_scope(method, role) != BB_SCOPE_NONE)
                policy->allowed[role] |= UINT64_C(1) << method;
    }
}

uint32_t
bb_policy_check(const struct bb_policy *policy, uint32_t method, uint32_t role)
{
    if (method > BB_METHOD_MAX || !(policy->known >> method & 1))
        return BB_ERROR_UNKNOWN_METHOD;
    if (role >= BB_POLICY_ROLES || !(policy->allowed[role] >> method & 1))
        return BB_ERROR_NOT_ALLOWED;
    return BB_ERROR_NONE;
}
