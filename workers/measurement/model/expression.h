/* Expressions: how an indicator is computed from others, in the form that DHIS2 has.
 *
 *     #{cases.age=5-9} + #{cases.age=10-14} * 1.5 / (#{population} - 100)
 *
 * Operands are decimal numbers, #{code}, the total of an indicator, and #{code.dimension=code;...}, a
 * disaggregation of it (disaggregation.h has the spellings). A code that has points itself stands between
 * single quotes: #{'3.2.1'.sex=female}. Operators are + - * /, minus before an operand, and parentheses;
 * blanks, tabs, CR and LF may stand between any of them, and inside of the braces. There is nothing else:
 * no functions, constants, comparisons, nor DHIS2's ids of category option combinations after the point.
 *
 * Pure. An expression does not change once it is read, and any thread may evaluate it. It does not know what
 * its inputs are, nor whether they are there. */
#ifndef BB_EXPRESSION_H
#define BB_EXPRESSION_H

#include "runtime/buffer.h"
#include "runtime/fraction.h"

#define BB_EXPRESSION_BYTES    4096 /* as it is written, and so its canonical text */
#define BB_EXPRESSION_OPERANDS 256  /* numbers and inputs, each as often as it stands there */
#define BB_EXPRESSION_DEPTH    32   /* parentheses and minus signs around an operand */
#define BB_EXPRESSION_TEXT     240  /* of an error, with its NUL */

struct bb_expression;

enum { BB_EXPRESSION_E_MALFORMED = 1 };

struct bb_expression_error {
    size_t position;               /* bytes before what is wrong */
    char text[BB_EXPRESSION_TEXT]; /* "at byte 5: found 'x', expected ..." */
};

/* 0 | BB_EXPRESSION_E_MALFORMED, ret_error says where and why | -ENOMEM */
int bb_expression_parse(struct bb_bytes text, struct bb_expression **ret_expression,
                        struct bb_expression_error *ret_error);
void bb_expression_destroy(struct bb_expression **expression);

/* The canonical text, without blanks and parentheses that change nothing; it reads as the same expression. As
 * long as the expression is there. */
struct bb_bytes bb_expression_text(const struct bb_expression *expression);

/* Its inputs, each once, in the order in which they first stand there. The texts are there as long as the
 * expression is. */
struct bb_expression_input {
    struct bb_bytes indicator;      /* a code */
    struct bb_bytes disaggregation; /* canonical, "" the total */
};
size_t bb_expression_inputs(const struct bb_expression *expression,
                            const struct bb_expression_input **ret_inputs);

/* Why there is no value. */
enum bb_expression_outcome {
    BB_EXPRESSION_E_NO_DATA = 1,  /* none of the inputs has data */
    BB_EXPRESSION_E_ZERO = 2,     /* a division by zero */
    BB_EXPRESSION_E_OVERFLOW = 3, /* an input, or something on the way, does not fit a fraction */
};

/* What input number `input` amounts to. It may be asked more than once. 0 | BB_EXPRESSION_E_NO_DATA |
 * BB_EXPRESSION_E_OVERFLOW, and so the expression has no value | <0, passed on. */
typedef int bb_expression_ask(void *context, size_t input, struct bb_fraction *ret_value);

/* The value, exactly. Inputs without data count as 0 where another one has data (DHIS2's way); an expression
 * without inputs has its value always. 0 | enum bb_expression_outcome | <0 from `ask`. */
int bb_expression_evaluate(const struct bb_expression *expression, bb_expression_ask *ask, void *context,
                           struct bb_fraction *ret_value);

#endif
