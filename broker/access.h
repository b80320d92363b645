/* Why a member may call a method, or may not: the same questions that the broker asks when he connects and
 * when he calls, one behind the other, with their answers in words. Pure. */
#ifndef BB_BROKER_ACCESS_H
#define BB_BROKER_ACCESS_H

#include "policy.h"
#include "registry.h"

#define BB_ACCESS_REASONS 8
#define BB_ACCESS_REASON  1024

struct bb_access_question {
    const struct bb_policy *policy;
    const struct bb_organization *organization; /* NULL: operators, who are no organization */
    const char *member;
    uint32_t method; /* that there is */
    const char *today;
    int64_t now; /* UTC microseconds */
};

struct bb_access {
    bool allowed;
    uint32_t role; /* Bb__Role; ROLE_NONE: there is no such member */
    enum bb_scope scope;
    char reason[BB_ACCESS_REASONS][BB_ACCESS_REASON]; /* the last one decides */
    size_t n_reasons;
};

void bb_access_explain(const struct bb_access_question *question, struct bb_access *ret_access);

#endif
