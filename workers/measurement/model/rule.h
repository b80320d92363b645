/* A rule between indicators: left operator right.
 *
 * Both sides are expressions (expression.h) over what one organization reported for one period and place.
 * The operators are those of comparison, and two about what is there at all: compulsory_pair, both sides or
 * neither; exclusive_pair, not both. A tolerance, a number or a part of the right side's size, lets a
 * comparison hold that is nearly true; != has to differ by more than it.
 *
 * An input without data counts as 0 where another one of its side has data. Of a comparison a side without
 * any says nothing, and so does one that has no value (a division by zero): then it is not judged.
 *
 * Pure, and exact: nothing is rounded before the text. */
#ifndef BB_RULE_H
#define BB_RULE_H

#include "expression.h"
#include "note.h"

#include "proto/limits.h"

#include "measurement.pb-c.h"

enum bb_rule_relation {
    BB_RULE_LESS,
    BB_RULE_AT_MOST,
    BB_RULE_EQUAL,
    BB_RULE_NOT_EQUAL,
    BB_RULE_AT_LEAST,
    BB_RULE_MORE,
    BB_RULE_COMPULSORY_PAIR,
    BB_RULE_EXCLUSIVE_PAIR,
};
#define BB_RULE_RELATIONS 8u

#define BB_RULE_RELATIONS_EXPECTED "<, <=, =, !=, >=, >, compulsory_pair or exclusive_pair"

enum bb_rule_state { BB_RULE_ACTIVE, BB_RULE_DISABLED, BB_RULE_REMOVED };
#define BB_RULE_STATES 3u

struct bb_rule {
    char code[BB_LIMIT_CODE_BYTES + 1];
    struct bb_expression *left, *right;
    enum bb_rule_relation relation;
    struct bb_decimal tolerance; /* 0 none */
    bool percent;                /* ... of the size of the right side */
    enum bb_rule_state state;
};

enum { BB_RULE_E_REFUSED = 1 };

/* Read a rule of which everything is said. 0 | BB_RULE_E_REFUSED, ret_note and ret_column (static) say
 * why | -ENOMEM */
int bb_rule_read(const Bb__Rule *message, struct bb_rule *ret_rule, struct bb_note *ret_note,
                 const char **ret_column);
void bb_rule_release(struct bb_rule *rule);

/* "<="; "active". Static. */
const char *bb_rule_relation_name(enum bb_rule_relation relation);
const char *bb_rule_state_name(enum bb_rule_state state);
/* -1: no such word */
int bb_rule_state_by_name(const char *name);

/* A tolerance as it is written: "", "5", "0.5%". False: it is none, or is negative. */
bool bb_rule_tolerance_parse(struct bb_bytes text, struct bb_decimal *ret_tolerance, bool *ret_percent);
/* ... and its canonical text, "" none. Returns its length. */
#define BB_RULE_TOLERANCE_TEXT (BB_DECIMAL_TEXT + 1)
size_t bb_rule_tolerance_format(const struct bb_rule *rule, char out[static BB_RULE_TOLERANCE_TEXT]);

/* How many inputs it has: first those of the left side, in their order, then those of the right one. What
 * both have counts twice. */
size_t bb_rule_inputs(const struct bb_rule *rule);
struct bb_expression_input bb_rule_input(const struct bb_rule *rule, size_t number);

bool bb_rule_is_left(const struct bb_rule *rule, size_t number);

/* Judging */

struct bb_rule_side {
    int outcome; /* 0 it has a value | enum bb_expression_outcome */
    struct bb_fraction value;
};

struct bb_rule_sides {
    struct bb_rule_side left, right;
};

enum bb_rule_verdict { BB_RULE_HOLDS, BB_RULE_BROKEN, BB_RULE_NOT_JUDGED };

/* ask: as of an expression, of the input with this number. 0 | <0 from `ask` */
int bb_rule_judge(const struct bb_rule *rule, bb_expression_ask *ask, void *context,
                  struct bb_rule_sides *ret_sides, enum bb_rule_verdict *ret_verdict);

/* What a side amounts to: all its digits, or six after the point where there is no end of them. False: it
 * has no value, or too large a one. */
bool bb_rule_side_format(const struct bb_rule_side *side, char out[static BB_DECIMAL_TEXT]);

/* "rule girls: found 12 on the left, expected at most 10, the right side: #{girls} <= #{all}". where: put
 * behind the code; "" nowhere. */
void bb_rule_say(const struct bb_rule *rule, const struct bb_rule_sides *sides, const char *where, char *out,
                 size_t size);

#endif
