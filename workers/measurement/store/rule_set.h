/* The rules between indicators that there are at a moment, and which of them an indicator has to do with.
 *
 * Made of the view `rule`, in which every version of a rule stays: for the writer as of the head of the
 * journal, for a query as of its sequence. Inputs are ids here. A disaggregation that no reading has named
 * yet has none: whoever meets one that it may have become asks again. */
#ifndef BB_RULE_SET_H
#define BB_RULE_SET_H

#include "names.h"

#include "workers/measurement/model/rule.h"

/* In the view `rule`: code | 0 | sequence of the entry -> packed Rule. */
#define BB_RULE_KEY (BB_LIMIT_CODE_BYTES + 1 + 8)
size_t bb_rule_key(const char *code, uint64_t sequence, uint8_t out[static BB_RULE_KEY]);
/* The code's part, its NUL included, and the sequence. 0 | -EBADMSG */
int bb_rule_key_unpack(struct bb_bytes key, struct bb_bytes *ret_code, uint64_t *ret_sequence);

#define BB_RULE_NO_ID UINT32_MAX

struct bb_rule_operand {
    uint32_t indicator;
    uint32_t disaggregation; /* BB_RULE_NO_ID: not known yet */
    struct bb_bytes text;    /* of the disaggregation */
};

struct bb_ruled {
    struct bb_rule rule;
    uint8_t *packed; /* the message */
    size_t packed_len;
    struct bb_rule_operand *operand; /* by number of the input; NULL unless it is active */
    uint32_t n_operands;
};

/* An operand of a rule. */
struct bb_rule_use {
    uint32_t indicator, rule, operand;
};

struct bb_rule_set {
    struct bb_ruled *item;
    uint32_t n, size;
    struct bb_rule_use *use; /* of active ones, by indicator */
    uint32_t n_uses;
    uint8_t *used; /* by indicator, a bit each */
    uint32_t used_bytes;
};

void bb_rule_set_release(struct bb_rule_set *set);

/* The id behind a text. 0 | BB_STORE_E_NOT_FOUND | <0 */
typedef int bb_rule_find(void *context, enum bb_object_kind kind, struct bb_bytes text, uint32_t *ret_id);

/* Put a rule in, in place of the one with its code. Then bb_rule_set_index(). 0 | -ENOMEM | -EBADMSG it does
 * not read, or an indicator is not there */
int bb_rule_set_put(struct bb_rule_set *set, struct bb_bytes packed, bb_rule_find *find, void *context);
/* After changes, before uses are asked for. 0 | -ENOMEM */
int bb_rule_set_index(struct bb_rule_set *set);

/* NULL: none has this code. Valid until the next put. */
struct bb_ruled *bb_rule_set_get(const struct bb_rule_set *set, struct bb_bytes code);

/* Does an active rule speak of it? */
static inline bool
bb_rule_set_has(const struct bb_rule_set *set, uint32_t indicator)
{
    return indicator / 8 < set->used_bytes && set->used[indicator / 8] & 1u << indicator % 8;
}

/* The operands that are of this indicator: a run of so many. */
uint32_t bb_rule_set_uses(const struct bb_rule_set *set, uint32_t indicator,
                          const struct bb_rule_use **ret_use);

/* All records of the view, up to this sequence. 0 | -ENOMEM | -EBADMSG */
int bb_rule_set_load(struct bb_rule_set *set, MDB_cursor *cursor, uint64_t sequence, bb_rule_find *find,
                     void *context);

#endif
