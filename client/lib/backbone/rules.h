/* Rules between indicators: define, list, and where they are broken. */
#ifndef BACKBONE_RULES_H
#define BACKBONE_RULES_H

#include "catalogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* left operator right, of what one organization reported for one period and place. Sides are expressions:
 * numbers, + - * /, parentheses, #{code}, the reading without a disaggregation, and #{code.sex=female}. */
struct bb_rule {
    const char *code;
    const char *name; /* in these texts NULL keeps what a rule that is there has; of a new one: none */
    const char *left;
    const char *operator_word; /* "<", "<=", "=", "!=", ">=", ">", "compulsory_pair", "exclusive_pair" */
    const char *right;
    const char *tolerance; /* "5", or "5%" of the size of the right side; "": none */
    const char *state;     /* "active", "disabled", "removed"; NULL of a new one: active */
    uint32_t version;      /* in answers */
    uint64_t sequence;
};

typedef int bb_rule_fn(void *self, const struct bb_rule *rule);

/* Add rules, change them, or put them away; for staff. Outcomes are as of bb_client_define_indicators(). */
BB_API int bb_client_define_rules(struct bb_client *client, const struct bb_rule *rules, size_t n,
                                  bb_define_fn *each, bb_done_fn *done, void *self);

struct bb_rules_query {
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* All that are not removed, by code. */
BB_API int bb_client_rules(struct bb_client *client, const struct bb_rules_query *query, bb_rule_fn *each,
                           bb_done_fn *done, void *self);

struct bb_rule_check_query {
    const char *const *rule; /* codes; none: all that are active */
    size_t n_rules;
    const char *organization; /* NULL: all that you may see: staff all, a partner its own */
    const char *period_from;
    const char *period_to;
    uint64_t as_of_sequence;
    int64_t as_of_us;
    uint64_t min_sequence;
};

/* Where a rule is broken. */
struct bb_broken_rule {
    const char *rule;
    const char *organization;
    const char *period; /* canonical */
    const char *place;  /* NULL: none was named */
    const char *left;   /* what the sides amount to; NULL: there is no data */
    const char *right;
    const char *text; /* in words */
};

typedef int bb_broken_rule_fn(void *self, const struct bb_broken_rule *broken);

/* By period, then organization. */
BB_API int bb_client_check_rules(struct bb_client *client, const struct bb_rule_check_query *query,
                                 bb_broken_rule_fn *each, bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
