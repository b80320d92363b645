/* Inside of expressions: what reading and evaluating one share. Nobody else includes this.
 *
 * An expression is one piece of memory: this struct, its numbers, its inputs, its steps, and the texts that
 * they and it have. The steps are the expression in reverse Polish notation, for a stack: an operand is put
 * on it, an operator takes one or two and puts what they make. */
#ifndef BB_EXPRESSION_CORE_H
#define BB_EXPRESSION_CORE_H

#include "expression.h"

enum bb_expression_operation {
    BB_EXPRESSION_INPUT,
    BB_EXPRESSION_NUMBER,
    BB_EXPRESSION_NEGATE,
    BB_EXPRESSION_ADD,
    BB_EXPRESSION_SUBTRACT,
    BB_EXPRESSION_MULTIPLY,
    BB_EXPRESSION_DIVIDE,
};

struct bb_expression_step {
    uint8_t operation;
    uint16_t operand; /* number of the input or number */
};

struct bb_expression {
    const struct bb_decimal *numbers;
    const struct bb_expression_input *inputs;
    const struct bb_expression_step *steps;
    size_t n_inputs, n_steps;
    struct bb_bytes text;
};

/* What waits on the stack: outside of all parentheses and inside of each, what a sum has so far and what a
 * product has so far; and the operand at hand. */
#define BB_EXPRESSION_STACK (2 * (BB_EXPRESSION_DEPTH + 1) + 1)

/* The canonical text of steps replaces what `out` holds; its error is set if it does not fit. numbers,
 * inputs: those of the steps. */
void bb_expression_write(const struct bb_expression *expression, struct bb_buffer *out);

#endif
