/* Rules between indicators, when rows come in: which units they touch, and what is broken there.
 *
 * Part of the intake. A unit is a rule, an organization, a place and a period. It is judged once all rows of
 * the table are taken, with what is there then, and the row that touched it last is warned. In a batch of
 * several submissions that is said with the last one (suspects.h). */
#ifndef BB_RULE_JUDGE_H
#define BB_RULE_JUDGE_H

#include "intake.h"

/* A row that was created or updated. 0 | -ENOMEM */
int bb_rules_touch(struct bb_intake *intake, const struct bb_reading_key *key, uint32_t row);

/* Behind the last row. 0 | -ENOMEM | <0 */
int bb_rules_judge_touched(struct bb_intake *intake);

#endif
