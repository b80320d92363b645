/* A reading while it is made of a record: what plan_row.c has, and what the parts of it do. */
#ifndef BB_FORMATS_MAKING_H
#define BB_FORMATS_MAKING_H

#include "plan_core.h"

#include "proto/rows.h"

/* A reading being made. */
struct bb_making {
    struct bb_plan *plan;
    const struct bb_bound_rule *rule;
    uint32_t reading; /* from 1 */
    struct bb_mapped *to;
    const char *label[BB_COLUMNS];
    unsigned plain;   /* bits of the numbers that follow JSON's grammar */
    unsigned written; /* bits of the members in whose cell something stands */
    bool partial;     /* of the template that was put together last some names stand for nothing */
    int error;
};

/* Is one of the conditions so of the record? (plan_condition.c) */
bool bb_plan_any_holds(struct bb_plan *plan, const struct bb_bound_conditions *conditions);

/* Texts (plan_text.c). member: who is to blame, an enum bb_column, or -1: the record. */

/* Only the first reason stays. */
void bb_making_refuse(struct bb_making *m, enum bb_row_code code, int member, const char *reason);
void bb_making_refuse_cell(struct bb_making *m, int member, const struct bb_clean *clean);
/* Of one piece; of a whole template, which is nothing when every name in it stands for nothing. */
struct bb_bytes bb_making_text(struct bb_making *m, const struct bb_bound_piece *piece, int member);
struct bb_bytes bb_making_join(struct bb_making *m, const struct bb_bound *bound, int member);
/* What is meant by it. */
struct bb_bytes bb_making_alias(struct bb_making *m, int member, struct bb_bytes text);
void bb_making_put(struct bb_making *m, int member, struct bb_bytes text);
/* Is it a cell and nothing else? */
bool bb_bound_is_cell(const struct bb_bound *bound);

/* The disaggregation, of its dimensions (plan_group.c). */
void bb_making_dimensions(struct bb_making *m);

/* What stands for no value; a value that is a word for 1 or 0; a number as everybody writes it
 * (plan_number.c).
 */
void bb_making_missing(struct bb_making *m);
bool bb_making_word(struct bb_making *m);
void bb_making_number(struct bb_making *m, int member);

#endif
