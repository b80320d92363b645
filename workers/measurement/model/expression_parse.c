/* Recursive descent, as deep as BB_EXPRESSION_DEPTH lets it:
 *
 *     sum     = product { ("+" | "-") product }
 *     product = factor { ("*" | "/") factor }
 *     factor  = "-" factor | "(" sum ")" | number | "#{" input "}"
 *     input   = ( code-without-points | "'" code "'" ) [ "." disaggregation ]
 *
 * Steps, numbers and texts gather in a reader that has room for the longest expression: each step has a byte
 * of the text for itself, and so has each byte of an input. What was read is then copied into one piece. */
#include "expression_core.h"

#include "disaggregation.h"
#include "expression_scan.h"

#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECTED_OPERAND "a number, an indicator as '#{CODE}', '-' or '('"
#define EXPECTED_CODE    "an indicator's code; one with points between single quotes: #{'3.2.1'}"
#define EXPECTED_PART    "dimension=code after the point, not DHIS2's id of a category option combination"

struct reader {
    struct bb_scan scan;
    unsigned depth;

    size_t n_steps, n_numbers, n_inputs, n_operands, n_texts;
    struct bb_expression_step steps[BB_EXPRESSION_BYTES];
    struct bb_decimal numbers[BB_EXPRESSION_OPERANDS];
    struct bb_expression_input inputs[BB_EXPRESSION_OPERANDS];
    uint8_t texts[BB_EXPRESSION_BYTES];
    struct bb_buffer canonical; /* of a disaggregation, then of the whole */
};

/* --- operands --- */

static void
put_step(struct reader *r, enum bb_expression_operation operation, size_t operand)
{
    r->steps[r->n_steps++] =
        (struct bb_expression_step){.operation = (uint8_t)operation, .operand = (uint16_t)operand};
}

static int
count_operand(struct reader *r)
{
    if (r->n_operands++ < BB_EXPRESSION_OPERANDS)
        return 0;
    return bb_scan_refuse(&r->scan, bb_scan_token(&r->scan, r->scan.at), "",
                          "at most 256 numbers and indicators");
}

static int
read_number(struct reader *r)
{
    struct bb_scan_part s = {r->scan.at, r->scan.at};
    struct bb_decimal d;
    int e;

    while (bb_scan_is_digit(bb_scan_at(&r->scan, s.to)) || bb_scan_at(&r->scan, s.to) == '.')
        s.to++;
    e = bb_decimal_parse(bb_scan_bytes(&r->scan, s), &d);
    if (e == BB_DECIMAL_E_RANGE)
        return bb_scan_refuse(&r->scan, s, "", "a number of at most 34 digits, 24 of them after the point");
    if (e)
        return bb_scan_refuse(&r->scan, s, "", "a number such as 12.5");
    r->scan.at = s.to;
    r->numbers[r->n_numbers] = bb_decimal_trim(d);
    put_step(r, BB_EXPRESSION_NUMBER, r->n_numbers++);
    return 0;
}

/* A line break in a disaggregation is a blank, with the blanks around it; blanks alone stay. */
static struct bb_bytes
join_lines(const struct reader *r, struct bb_scan_part s, uint8_t *out)
{
    size_t n = 0;

    while (s.from < s.to) {
        bool line = false;
        size_t end = s.from;
        while (end < s.to && bb_scan_is_blank(r->scan.text.data[end]))
            line |= r->scan.text.data[end++] != ' ';
        if (line) {
            out[n++] = ' ';
            s.from = end;
        } else {
            out[n++] = r->scan.text.data[s.from++];
        }
    }
    return bb_bytes(out, n);
}

static int
read_disaggregation(struct reader *r, struct bb_scan_part s, struct bb_bytes *ret_canonical)
{
    uint8_t joined[BB_EXPRESSION_BYTES];
    struct bb_bytes text;
    const char *what;
    char remark[64];

    s = bb_scan_trim(&r->scan, s);
    text = join_lines(r, s, joined);
    if (text.len == 0) {
        s.from = bb_scan_find(&r->scan, s.to, '}');
        s.to = s.from + 1;
    }
    if (!memchr(text.data, '=', text.len))
        return bb_scan_refuse(&r->scan, s, "", EXPECTED_PART);
    if (bb_disaggregation_parse(text, &r->canonical, &what) != 0) {
        snprintf(remark, sizeof remark, " (%s)", what);
        return bb_scan_refuse(&r->scan, s, remark, "dimension=code;dimension=code after the point");
    }
    *ret_canonical = bb_buffer_bytes(&r->canonical);
    return 0;
}

static struct bb_bytes
keep_text(struct reader *r, struct bb_bytes text)
{
    uint8_t *kept = r->texts + r->n_texts;

    if (text.len)
        memcpy(kept, text.data, text.len);
    r->n_texts += text.len;
    return bb_bytes(kept, text.len);
}

static void
put_input(struct reader *r, struct bb_bytes indicator, struct bb_bytes disaggregation)
{
    size_t i = 0;

    while (i < r->n_inputs && !(bb_bytes_equal(r->inputs[i].indicator, indicator) &&
                                bb_bytes_equal(r->inputs[i].disaggregation, disaggregation)))
        i++;
    if (i == r->n_inputs) {
        r->inputs[i].indicator = keep_text(r, indicator);
        r->inputs[i].disaggregation = keep_text(r, disaggregation);
        r->n_inputs++;
    }
    put_step(r, BB_EXPRESSION_INPUT, i);
}

/* The code that an input begins with; ret_end: where it ends, its quote included. */
static int
read_code(struct reader *r, struct bb_scan_part input, struct bb_scan_part *ret_code, size_t *ret_end)
{
    struct bb_scan_part code = {input.from, bb_scan_find(&r->scan, input.from, '.')};

    if (code.to > input.to)
        code.to = input.to;
    *ret_end = code.to;
    code = bb_scan_trim(&r->scan, code);
    if (bb_scan_at(&r->scan, input.from) == '\'') {
        code = (struct bb_scan_part){input.from + 1, bb_scan_find(&r->scan, input.from + 1, '\'')};
        if (code.to >= input.to)
            return bb_scan_refuse(&r->scan, input, "", "a single quote behind the code");
        *ret_end = code.to + 1;
    }
    if (!bb_text_is_code(bb_scan_bytes(&r->scan, code)))
        return bb_scan_refuse(&r->scan,
                              code.from < code.to ? code : (struct bb_scan_part){input.from, input.to + 1},
                              "", EXPECTED_CODE);
    *ret_code = code;
    return 0;
}

/* What stands between the braces. */
static int
read_input(struct reader *r, struct bb_scan_part input)
{
    struct bb_bytes disaggregation = bb_bytes(NULL, 0);
    struct bb_scan_part code = {0}, rest = {0};
    int e;

    input = bb_scan_trim(&r->scan, input);
    e = read_code(r, input, &code, &rest.from);
    if (e)
        return e;
    rest.to = input.to;
    rest = bb_scan_trim(&r->scan, rest);
    if (rest.from < rest.to) {
        if (r->scan.text.data[rest.from] != '.')
            return bb_scan_refuse(&r->scan, rest, "", "'.' or '}' behind the code");
        rest.from++;
        e = read_disaggregation(r, rest, &disaggregation);
        if (e)
            return e;
    }
    put_input(r, bb_scan_bytes(&r->scan, code), disaggregation);
    return 0;
}

static int
read_braces(struct reader *r)
{
    size_t start = r->scan.at++, close;
    int e;

    if (bb_scan_peek(&r->scan) != '{')
        return bb_scan_refuse(&r->scan, bb_scan_token(&r->scan, start), "", "'{' behind '#'");
    close = bb_scan_find(&r->scan, r->scan.at, '}');
    if (close == r->scan.text.len)
        return bb_scan_refuse(&r->scan, (struct bb_scan_part){start, close}, "", "'}' behind it");
    e = read_input(r, (struct bb_scan_part){r->scan.at + 1, close});
    r->scan.at = close + 1;
    return e;
}

/* --- operators --- */

static int read_sum(struct reader *r);

static int
enter(struct reader *r)
{
    if (r->depth == BB_EXPRESSION_DEPTH)
        return bb_scan_refuse(&r->scan, bb_scan_token(&r->scan, r->scan.at), "",
                              "at most 32 parentheses and minus signs around an operand");
    r->depth++;
    r->scan.at++;
    return 0;
}

static int
read_parentheses(struct reader *r)
{
    int e = enter(r);

    if (!e)
        e = read_sum(r);
    if (e)
        return e;
    if (bb_scan_peek(&r->scan) != ')')
        return bb_scan_refuse_here(&r->scan, "'+', '-', '*', '/' or ')'");
    r->scan.at++;
    r->depth--;
    return 0;
}

static int
read_factor(struct reader *r)
{
    uint8_t c = bb_scan_peek(&r->scan);
    int e;

    if (c == '(')
        return read_parentheses(r);
    if (c == '-') {
        e = enter(r);
        if (!e)
            e = read_factor(r);
        if (e)
            return e;
        r->depth--;
        put_step(r, BB_EXPRESSION_NEGATE, 0);
        return 0;
    }
    if (c != '#' && !bb_scan_is_digit(c) &&
        !(c == '.' && bb_scan_is_digit(bb_scan_at(&r->scan, r->scan.at + 1))))
        return bb_scan_refuse_here(&r->scan, EXPECTED_OPERAND);
    e = count_operand(r);
    if (e)
        return e;
    return c == '#' ? read_braces(r) : read_number(r);
}

static int
read_product(struct reader *r)
{
    int e = read_factor(r);

    while (!e && (bb_scan_peek(&r->scan) == '*' || bb_scan_peek(&r->scan) == '/')) {
        enum bb_expression_operation operation =
            r->scan.text.data[r->scan.at++] == '*' ? BB_EXPRESSION_MULTIPLY : BB_EXPRESSION_DIVIDE;
        e = read_factor(r);
        if (!e)
            put_step(r, operation, 0);
    }
    return e;
}

static int
read_sum(struct reader *r)
{
    int e = read_product(r);

    while (!e && (bb_scan_peek(&r->scan) == '+' || bb_scan_peek(&r->scan) == '-')) {
        enum bb_expression_operation operation =
            r->scan.text.data[r->scan.at++] == '+' ? BB_EXPRESSION_ADD : BB_EXPRESSION_SUBTRACT;
        e = read_product(r);
        if (!e)
            put_step(r, operation, 0);
    }
    return e;
}

static int
read_all(struct reader *r)
{
    size_t valid;
    int e;

    if (r->scan.text.len > BB_EXPRESSION_BYTES) {
        r->scan.error->position = BB_EXPRESSION_BYTES;
        snprintf(r->scan.error->text, sizeof r->scan.error->text, "found %zu bytes, expected at most 4,096",
                 r->scan.text.len);
        return BB_EXPRESSION_E_MALFORMED;
    }
    valid = bb_utf8_prefix(r->scan.text);
    if (valid < r->scan.text.len)
        return bb_scan_refuse(&r->scan, (struct bb_scan_part){valid, valid + 1}, "", "text in UTF-8");
    e = read_sum(r);
    if (!e && bb_scan_peek(&r->scan))
        e = bb_scan_refuse_here(&r->scan, "'+', '-', '*', '/' or the end");
    return e;
}

/* --- one piece --- */

/* A text of the reader, where its texts are copied to. */
static struct bb_bytes
moved(const struct reader *r, struct bb_bytes text, const uint8_t *texts)
{
    return bb_bytes(texts + (text.data - r->texts), text.len);
}

/* Numbers come first behind the struct, since they want the largest alignment. */
struct piece {
    _Alignas(struct bb_decimal) struct bb_expression expression;
    struct bb_decimal numbers[];
};

static int
copy(const struct reader *r, struct bb_expression **ret_expression)
{
    struct bb_bytes canonical = bb_buffer_bytes(&r->canonical);
    size_t numbers = r->n_numbers * sizeof r->numbers[0], inputs = r->n_inputs * sizeof r->inputs[0];
    size_t steps = r->n_steps * sizeof r->steps[0];
    struct piece *piece = malloc(sizeof *piece + numbers + inputs + steps + r->n_texts + canonical.len);
    struct bb_expression_input *to_inputs;
    struct bb_expression_step *to_steps;
    uint8_t *texts;

    if (!piece)
        return -ENOMEM;
    to_inputs = (struct bb_expression_input *)(piece->numbers + r->n_numbers);
    to_steps = (struct bb_expression_step *)(to_inputs + r->n_inputs);
    texts = (uint8_t *)(to_steps + r->n_steps);
    memcpy(piece->numbers, r->numbers, numbers);
    memcpy(to_steps, r->steps, steps);
    memcpy(texts, r->texts, r->n_texts);
    memcpy(texts + r->n_texts, canonical.data, canonical.len);
    for (size_t i = 0; i < r->n_inputs; i++)
        to_inputs[i] = (struct bb_expression_input){moved(r, r->inputs[i].indicator, texts),
                                                    moved(r, r->inputs[i].disaggregation, texts)};
    piece->expression = (struct bb_expression){
        .numbers = piece->numbers,
        .inputs = to_inputs,
        .steps = to_steps,
        .n_inputs = r->n_inputs,
        .n_steps = r->n_steps,
        .text = bb_bytes(texts + r->n_texts, canonical.len),
    };
    *ret_expression = &piece->expression;
    return 0;
}

/* The canonical text may be longer: .5 is 0.5 there. */
static int
write_canonical(struct reader *r)
{
    const struct bb_expression read = {
        .numbers = r->numbers, .inputs = r->inputs, .steps = r->steps, .n_steps = r->n_steps};

    bb_expression_write(&read, &r->canonical);
    if (r->canonical.error != -EMSGSIZE)
        return r->canonical.error;
    return bb_scan_refuse(&r->scan, (struct bb_scan_part){0, r->scan.text.len}, "",
                          "one whose canonical text has at most 4,096 bytes");
}

int
bb_expression_parse(struct bb_bytes text, struct bb_expression **ret_expression,
                    struct bb_expression_error *ret_error)
{
    struct reader *r = malloc(sizeof *r);
    int e;

    if (!r)
        return -ENOMEM;
    r->scan = (struct bb_scan){.text = text, .error = ret_error};
    r->depth = 0;
    r->n_steps = r->n_numbers = r->n_inputs = r->n_operands = r->n_texts = 0;
    bb_buffer_init(&r->canonical, BB_EXPRESSION_BYTES);
    /* There from the start: whatever may be appended to it fits, or is refused. */
    e = bb_buffer_extend(&r->canonical, BB_EXPRESSION_BYTES) ? read_all(r) : -ENOMEM;
    if (!e)
        e = write_canonical(r);
    if (!e)
        e = copy(r, ret_expression);
    bb_buffer_release(&r->canonical);
    free(r);
    return e;
}

void
bb_expression_destroy(struct bb_expression **expression)
{
    free(*expression);
    *expression = NULL;
}
