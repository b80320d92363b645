/* Evaluating goes on after something has failed, with 0 in its place: whether any input has data is only
 * known at the end, and without data there is nothing that could fail. The first failure counts. */
#include "expression_core.h"

#include <assert.h>

struct bb_bytes
bb_expression_text(const struct bb_expression *expression)
{
    return expression->text;
}

size_t
bb_expression_inputs(const struct bb_expression *expression, const struct bb_expression_input **ret_inputs)
{
    *ret_inputs = expression->inputs;
    return expression->n_inputs;
}

/* --- the value --- */

struct evaluation {
    const struct bb_expression *expression;
    bb_expression_ask *ask;
    void *context;
    bool any_data;
    int outcome;
    size_t depth;
    struct bb_fraction stack[BB_EXPRESSION_STACK];
};

static void
push(struct evaluation *v, struct bb_fraction value)
{
    assert(v->depth < BB_EXPRESSION_STACK);
    v->stack[v->depth++] = value;
}

static void
fail(struct evaluation *v, enum bb_expression_outcome outcome)
{
    if (v->outcome == 0)
        v->outcome = (int)outcome;
}

static int
push_input(struct evaluation *v, size_t input)
{
    struct bb_fraction value = bb_fraction_of((struct bb_decimal){0});
    int e = v->ask(v->context, input, &value);

    if (e < 0)
        return e;
    if (e != BB_EXPRESSION_E_NO_DATA)
        v->any_data = true;
    if (e == BB_EXPRESSION_E_OVERFLOW)
        fail(v, BB_EXPRESSION_E_OVERFLOW);
    push(v, e ? bb_fraction_of((struct bb_decimal){0}) : value);
    return 0;
}

static int
calculate(enum bb_expression_operation operation, struct bb_fraction *a, const struct bb_fraction *b)
{
    switch (operation) {
    case BB_EXPRESSION_ADD:
        return bb_fraction_add(a, b);
    case BB_EXPRESSION_SUBTRACT:
        return bb_fraction_subtract(a, b);
    case BB_EXPRESSION_MULTIPLY:
        return bb_fraction_multiply(a, b);
    default:
        return bb_fraction_divide(a, b);
    }
}

static void
combine(struct evaluation *v, enum bb_expression_operation operation)
{
    struct bb_fraction *b = &v->stack[--v->depth], *a = b - 1;
    int e = calculate(operation, a, b);

    if (e == 0)
        return;
    fail(v, e == BB_FRACTION_E_ZERO ? BB_EXPRESSION_E_ZERO : BB_EXPRESSION_E_OVERFLOW);
    *a = bb_fraction_of((struct bb_decimal){0});
}

static int
take_step(struct evaluation *v, struct bb_expression_step step)
{
    switch ((enum bb_expression_operation)step.operation) {
    case BB_EXPRESSION_INPUT:
        return push_input(v, step.operand);
    case BB_EXPRESSION_NUMBER:
        push(v, bb_fraction_of(v->expression->numbers[step.operand]));
        break;
    case BB_EXPRESSION_NEGATE:
        bb_fraction_negate(&v->stack[v->depth - 1]);
        break;
    default:
        combine(v, (enum bb_expression_operation)step.operation);
        break;
    }
    return 0;
}

int
bb_expression_evaluate(const struct bb_expression *expression, bb_expression_ask *ask, void *context,
                       struct bb_fraction *ret_value)
{
    struct evaluation v; /* the stack is not worth clearing */

    v.expression = expression;
    v.ask = ask;
    v.context = context;
    v.any_data = false;
    v.outcome = 0;
    v.depth = 0;
    for (size_t i = 0; i < expression->n_steps; i++) {
        int e = take_step(&v, expression->steps[i]);
        if (e)
            return e;
    }
    if (expression->n_inputs > 0 && !v.any_data)
        return BB_EXPRESSION_E_NO_DATA;
    if (v.outcome == 0)
        *ret_value = v.stack[0];
    return v.outcome;
}

/* --- the text --- */

/* How tightly what is on the stack holds together, and where its text begins; it ends where the next begins.
 */
struct term {
    enum { TERM_SUM, TERM_PRODUCT, TERM_NEGATIVE, TERM_OPERAND } binding;
    size_t start;
};

static void
insert(struct bb_buffer *out, size_t at, char byte)
{
    bb_buffer_byte(out, 0);
    if (out->error)
        return;
    memmove(out->data + at + 1, out->data + at, out->len - at - 1);
    out->data[at] = (uint8_t)byte;
}

static void
enclose(struct bb_buffer *out, size_t start, size_t end)
{
    insert(out, end, ')');
    insert(out, start, '(');
}

static void
write_number(struct bb_decimal d, struct bb_buffer *out)
{
    char text[BB_DECIMAL_TEXT];

    bb_buffer_append(out, text, bb_decimal_format(d, text));
}

static void
write_input(const struct bb_expression_input *input, struct bb_buffer *out)
{
    bool quoted = memchr(input->indicator.data, '.', input->indicator.len);

    bb_buffer_append(out, "#{'", quoted ? 3 : 2);
    bb_buffer_append(out, input->indicator.data, input->indicator.len);
    bb_buffer_append(out, "'", quoted);
    if (input->disaggregation.len) {
        bb_buffer_byte(out, '.');
        bb_buffer_append(out, input->disaggregation.data, input->disaggregation.len);
    }
    bb_buffer_byte(out, '}');
}

static void
write_negative(struct term *term, struct bb_buffer *out)
{
    if (term->binding < TERM_NEGATIVE)
        enclose(out, term->start, out->len);
    insert(out, term->start, '-');
    term->binding = TERM_NEGATIVE;
}

/* left becomes `left operator right`. What is on the right stays in parentheses even in a + (b + c): the
 * text reads as the same steps. */
static void
write_binary(struct term *left, const struct term *right, enum bb_expression_operation operation,
             struct bb_buffer *out)
{
    bool sum = operation == BB_EXPRESSION_ADD || operation == BB_EXPRESSION_SUBTRACT;

    if (right->binding <= (sum ? TERM_SUM : TERM_PRODUCT))
        enclose(out, right->start, out->len);
    insert(out, right->start, "+-*/"[operation - BB_EXPRESSION_ADD]);
    if (left->binding < (sum ? TERM_SUM : TERM_PRODUCT))
        enclose(out, left->start, right->start);
    left->binding = sum ? TERM_SUM : TERM_PRODUCT;
}

void
bb_expression_write(const struct bb_expression *expression, struct bb_buffer *out)
{
    struct term stack[BB_EXPRESSION_STACK];
    size_t depth = 0;

    bb_buffer_reset(out);
    for (size_t i = 0; i < expression->n_steps && !out->error; i++) {
        struct bb_expression_step step = expression->steps[i];
        switch ((enum bb_expression_operation)step.operation) {
        case BB_EXPRESSION_INPUT:
        case BB_EXPRESSION_NUMBER:
            assert(depth < BB_EXPRESSION_STACK);
            stack[depth++] = (struct term){TERM_OPERAND, out->len};
            if (step.operation == BB_EXPRESSION_INPUT)
                write_input(&expression->inputs[step.operand], out);
            else
                write_number(expression->numbers[step.operand], out);
            break;
        case BB_EXPRESSION_NEGATE:
            write_negative(&stack[depth - 1], out);
            break;
        default:
            depth--;
            write_binary(&stack[depth - 1], &stack[depth], (enum bb_expression_operation)step.operation, out);
            break;
        }
    }
}
