/* Expressions: what is read has a canonical text that reads as the same expression with the same value; what
 * is refused has a sentence that says so. */
#include "fuzz.h"

#include "workers/measurement/model/expression.h"

/* Inputs amount to 1 and a bit, 2 and a bit and so on, and every fourth to nothing. */
static int
ask(void *context, size_t input, struct bb_fraction *ret_value)
{
    (void)context;
    if (input % 4 == 3)
        return BB_EXPRESSION_E_NO_DATA;
    *ret_value =
        bb_fraction_of((struct bb_decimal){.mantissa = (__int128)(input + 1) * 1000 + 7, .scale = 3});
    return 0;
}

static int
evaluate(const struct bb_expression *e, char out[static BB_DECIMAL_TEXT])
{
    struct bb_fraction value;
    int r = bb_expression_evaluate(e, ask, NULL, &value);

    out[0] = '\0';
    require(r >= 0 && r <= BB_EXPRESSION_E_OVERFLOW);
    if (r == 0)
        (void)bb_fraction_format((struct bb_decimal){.mantissa = 100}, &value, 6, out);
    return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char value[BB_DECIMAL_TEXT], value_again[BB_DECIMAL_TEXT];
    const struct bb_expression_input *inputs;
    struct bb_expression *e = NULL, *again = NULL;
    struct bb_expression_error error = {.position = size + 1};
    int r = bb_expression_parse(bb_bytes(data, size), &e, &error);

    if (r) {
        require(r == BB_EXPRESSION_E_MALFORMED && error.position <= size && strstr(error.text, "expected"));
        return 0;
    }
    require(bb_expression_inputs(e, &inputs) <= BB_EXPRESSION_OPERANDS);
    require(bb_expression_parse(bb_expression_text(e), &again, &error) == 0);
    require(bb_bytes_equal(bb_expression_text(e), bb_expression_text(again)));
    require(evaluate(e, value) == evaluate(again, value_again) && strcmp(value, value_again) == 0);
    bb_expression_destroy(&again);
    bb_expression_destroy(&e);
    return 0;
}
