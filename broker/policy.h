/* The broker's half of "who may what": may this role call this method at all?
 *
 * proto/methods.h is compiled once into a snapshot, a word for each method with a bit for each role; a
 * question is answered from its arguments and the snapshot alone. What of the objects a caller may touch is
 * the service's half. */
#ifndef BB_BROKER_POLICY_H
#define BB_BROKER_POLICY_H

#include "proto/methods.h"

#include <stddef.h>

struct bb_policy {
    bool known[BB_METHOD_MAX + 1];
    uint16_t allowed[BB_METHOD_MAX + 1]; /* a bit for each role */
};

void bb_policy_init(struct bb_policy *policy);

/* BB_ERROR_NONE | BB_ERROR_UNKNOWN_METHOD | BB_ERROR_NOT_ALLOWED. Any number is allowed as method and role.
 */
uint32_t bb_policy_check(const struct bb_policy *policy, uint32_t method, uint32_t role);

/* Who may call it, for people: "managers, data managers". False: nobody but services, or there is no such
 * method. */
#define BB_POLICY_WHO 128
bool bb_policy_who(const struct bb_policy *policy, uint32_t method, char ret_who[static BB_POLICY_WHO]);

/* Why it said NOT_ALLOWED, for people: "rule.define is for managers, data managers, and you are a reader".
 * The result is out, or NULL where there is nothing to add. */
const char *bb_policy_explain(const struct bb_policy *policy, uint32_t method, uint32_t role, char *out,
                              size_t size);

#endif
