/* Rules between indicators, as a query reads them: as of its sequence. */
#ifndef BB_QUERY_RULES_H
#define BB_QUERY_RULES_H

#include "core.h"

#include "workers/measurement/store/rule_set.h"

/* set: zeroed; the caller releases it. 0 | -ENOMEM | -EBADMSG */
int bb_query_load_rules(struct bb_query_step *step, struct bb_rule_set *set);

/* Is this rule there for the caller: does it take part in all that the rule speaks of (limit.h)? 0 | <0 */
int bb_query_sees_rule(const struct bb_query *query, struct bb_query_step *step, const struct bb_rule *rule,
                       bool *ret_sees);

#endif
