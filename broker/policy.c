#include "policy.h"

#include "proto/errors.h"

#include <stddef.h>

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
