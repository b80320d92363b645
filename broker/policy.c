#include "policy.h"

#include "proto/errors.h"
#include "runtime/faults.h"

#include "wire.pb-c.h"

#include <stdio.h>

void
bb_policy_init(struct bb_policy *policy)
{
    *policy = (struct bb_policy){.known = {false}};
    for (uint32_t method = 0; method <= BB_METHOD_MAX; method++) {
        policy->known[method] = bb_method_info(method) != NULL;
        for (uint32_t role = 0; role < BB_ROLES; role++)
            policy->allowed[method] |= (uint16_t)((bb_method_scope(method, role) != BB_SCOPE_NONE) << role);
    }
    if (bb_fault("one-cell"))
        policy->allowed[BB_METHOD_READINGS_LIST] |= 1 << BB__ROLE__ROLE_OBSERVER;
}

uint32_t
bb_policy_check(const struct bb_policy *policy, uint32_t method, uint32_t role)
{
    if (method > BB_METHOD_MAX || !policy->known[method])
        return BB_ERROR_UNKNOWN_METHOD;
    if (bb_fault("no-policy"))
        return BB_ERROR_NONE;
    if (role >= BB_ROLES || !(policy->allowed[method] >> role & 1))
        return BB_ERROR_NOT_ALLOWED;
    return BB_ERROR_NONE;
}

/* Who is named, one for all who are of one kind first. */
static const struct who {
    uint16_t roles; /* a bit each */
    const char *all, *one;
} whos[] = {
    {1 << BB__ROLE__ROLE_STAFF | 1 << BB__ROLE__ROLE_DATA_MANAGER | 1 << BB__ROLE__ROLE_FACILITATOR, "staff",
     NULL},
    {1 << BB__ROLE__ROLE_STAFF, "managers", "a manager"},
    {1 << BB__ROLE__ROLE_DATA_MANAGER, "data managers", "a data manager"},
    {1 << BB__ROLE__ROLE_FACILITATOR, "facilitators", "a facilitator"},
    {1 << BB__ROLE__ROLE_PARTNER | 1 << BB__ROLE__ROLE_READER, "partners", NULL},
    {1 << BB__ROLE__ROLE_PARTNER, "reporters", "a reporter"},
    {1 << BB__ROLE__ROLE_READER, "readers", "a reader"},
    {1 << BB__ROLE__ROLE_OBSERVER, "observers", "an observer"},
    {1 << BB__ROLE__ROLE_OPERATOR, "operators", "an operator"},
};

#define WHOS (sizeof whos / sizeof whos[0])

bool
bb_policy_who(const struct bb_policy *policy, uint32_t method, char ret_who[static BB_POLICY_WHO])
{
    uint16_t left = method <= BB_METHOD_MAX ? policy->allowed[method] : 0;
    size_t len = 0;

    for (const struct who *who = whos; who < whos + WHOS; who++) {
        if ((left & who->roles) != who->roles)
            continue;
        len += (size_t)snprintf(ret_who + len, BB_POLICY_WHO - len, len ? ", %s" : "%s", who->all);
        left &= (uint16_t)~who->roles;
    }
    return len > 0;
}

const char *
bb_policy_explain(const struct bb_policy *policy, uint32_t method, uint32_t role, char *out, size_t size)
{
    const char *you = NULL;
    char names[BB_POLICY_WHO];

    if (bb_policy_check(policy, method, role) != BB_ERROR_NOT_ALLOWED)
        return NULL;
    for (const struct who *who = whos; who < whos + WHOS; who++)
        if (role < BB_ROLES && who->roles == 1 << role)
            you = who->one;
    if (!you || !bb_policy_who(policy, method, names))
        return NULL;
    snprintf(out, size, "%s is for %s, and you are %s", bb_method_info(method)->name, names, you);
    return out;
}
