/* The command rule.define: rules between indicators, new and changed. As in define.h. */
#ifndef BB_RULE_COMMAND_H
#define BB_RULE_COMMAND_H

#include "define.h"

/* Judge and apply; the entry holds what is kept, each rule as it is from then on, with canonical texts.
 * sequence: of the entry that this becomes. 0 | -ENOMEM | -EBADMSG */
int bb_define_rules(struct bb_head *head, struct bb_arena *arena, const Bb__RuleDefine *request,
                    uint64_t sequence, Bb__EntryRules *entry, Bb__DefineReply *reply);
/* Bring an entry into the head. 0 | -ENOMEM | -EBADMSG */
int bb_apply_rules(struct bb_head *head, const Bb__EntryRules *entry, uint64_t sequence);

/* The rules of the views, into a head that has its names. 0 | -ENOMEM | -EBADMSG */
int bb_head_load_rules(struct bb_head *head);

#endif
