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

#include "proto/utf8.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECTED_OPERAND "a number, '#{', '-' or '('"
#define EXPECTED_CODE    "an indicator's code; one with points between single quotes: #{'3.2.1'}"
#define EXPECTED_PART    "dimension=code after the point, not DHIS2's id of a category option combination"

struct reader {
    struct bb_bytes text;
    size_t at;
    unsigned depth;
    struct bb_expression_error *error;

    size_t n_steps, n_numbers, n_inputs, n_operands, n_texts;
    struct bb_expression_step steps[BB_EXPRESSION_BYTES];
    struct bb_decimal numbers[BB_EXPRESSION_OPERANDS];
    struct bb_expression_input inputs[BB_EXPRESSION_OPERANDS];
    uint8_t texts[BB_EXPRESSION_BYTES];
    struct bb_buffer canonical; /* of a disaggregation, then of the whole */
};

/* --- characters --- */

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* The byte there, 0 behind the end; the text has no 0. */
static uint8_t
byte_at(const struct reader *r, size_t at)
{
    return at < r->text.len ? r->text.data[at] : 0;
}

/* The next byte that is not blank, which it is at afterwards. */
static uint8_t
peek(struct reader *r)
{
    while (is_blank(byte_at(r, r->at)))
        r->at++;
    return byte_at(r, r->at);
}

/* Where this byte comes next; the end of the text where it does not. */
static size_t
find(const struct reader *r, size_t from, uint8_t byte)
{
    const uint8_t *found = from < r->text.len ? memchr(r->text.data + from, byte, r->text.len - from) : NULL;

    return found ? (size_t)(found - r->text.data) : r->text.len;
}

/* Part of the text, by where it begins and ends. */
struct slice {
    size_t from, to;
};

static struct slice
trim(const struct reader *r, struct slice s)
{
    while (s.from < s.to && is_blank(r->text.data[s.from]))
        s.from++;
    while (s.from < s.to && is_blank(r->text.data[s.to - 1]))
        s.to--;
    return s;
}

static struct bb_bytes
bytes_of(const struct reader *r, struct slice s)
{
    return bb_bytes(r->text.data + s.from, s.to - s.from);
}

/* --- what is wrong --- */

static int
refuse(struct reader *r, struct slice found, const char *remark, const char *expected)
{
    char quoted[48] = "the end";

    if (found.from < found.to) {
        quoted[0] = '\'';
        bb_text_quote(bytes_of(r, found), quoted + 1, sizeof quoted - 2, 40);
        strcat(quoted, "'");
    }
    r->error->position = found.from;
    snprintf(r->error->text, sizeof r->error->text, "at byte %zu: found %s%s, expected %s", found.from + 1,
             quoted, remark, expected);
    return BB_EXPRESSION_E_MALFORMED;
}

/* What can only be meant as a whole: a word with what is in its braces, a number, something in quotes or
 * brackets; else one character. */
static struct slice
token(const struct reader *r, size_t from)
{
    size_t to = from;
    uint8_t first = byte_at(r, from);

    while (is_letter(byte_at(r, to)) || is_digit(byte_at(r, to)) ||
           (byte_at(r, to) && strchr("_.:", byte_at(r, to))))
        to++;
    if (byte_at(r, to) == '{' || (first == '#' && byte_at(r, from + 1) == '{'))
        to = find(r, to, '}') + 1;
    else if (to > from && byte_at(r, to) == '(')
        to++;
    else if (first == '[' || first == '"' || first == '\'')
        to = find(r, from + 1, first == '[' ? ']' : first) + 1;
    else if (to == from)
        for (to++; (byte_at(r, to) & 0xC0) == 0x80;)
            to++;
    return (struct slice){from, to < r->text.len ? to : r->text.len};
}

/* What DHIS2 has and this has not, by how it begins. */
static const char *
foreign(struct bb_bytes token)
{
    static const struct {
        const char *start, *remark;
    } items[] = {
        {"C{", " (a constant of DHIS2: not supported)"},
        {"N{", " (an indicator of DHIS2: not supported, #{code} stands for indicators too)"},
        {"R{", " (a reporting rate of DHIS2: not supported)"},
        {"OUG{", " (a group of organisation units of DHIS2: not supported)"},
        {"D{", " (a program's data element of DHIS2: not supported)"},
        {"A{", " (a program's attribute of DHIS2: not supported)"},
        {"I{", " (a program indicator of DHIS2: not supported)"},
        {"V{", " (a program's variable of DHIS2: not supported)"},
        {"[", " (a variable of DHIS2: not supported)"},
        {"\"", " (a text: not supported)"},
    };

    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        size_t len = strlen(items[i].start);
        if (token.len >= len && memcmp(token.data, items[i].start, len) == 0)
            return items[i].remark;
    }
    if (token.len > 1 && (token.data[token.len - 1] == '(' || memchr(token.data, ':', token.len)))
        return " (a function: not supported)";
    if (token.len == 1 && strchr("^%<>=!&|", token.data[0]))
        return " (an operator of DHIS2: not supported)";
    return "";
}

static int
refuse_here(struct reader *r, const char *expected)
{
    bool more = peek(r) != 0;
    struct slice found = more ? token(r, r->at) : (struct slice){r->at, r->at};

    return refuse(r, found, foreign(bytes_of(r, found)), expected);
}

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
    return refuse(r, token(r, r->at), "", "at most 256 numbers and indicators");
}

static int
read_number(struct reader *r)
{
    struct slice s = {r->at, r->at};
    struct bb_decimal d;
    int e;

    while (is_digit(byte_at(r, s.to)) || byte_at(r, s.to) == '.')
        s.to++;
    e = bb_decimal_parse(bytes_of(r, s), &d);
    if (e == BB_DECIMAL_E_RANGE)
        return refuse(r, s, "", "a number of at most 34 digits, 24 of them after the point");
    if (e)
        return refuse(r, s, "", "a number such as 12.5");
    r->at = s.to;
    r->numbers[r->n_numbers] = bb_decimal_trim(d);
    put_step(r, BB_EXPRESSION_NUMBER, r->n_numbers++);
    return 0;
}

/* A line break in a disaggregation is a blank, with the blanks around it; blanks alone stay. */
static struct bb_bytes
join_lines(const struct reader *r, struct slice s, uint8_t *out)
{
    size_t n = 0;

    while (s.from < s.to) {
        bool line = false;
        size_t end = s.from;
        while (end < s.to && is_blank(r->text.data[end]))
            line |= r->text.data[end++] != ' ';
        if (line) {
            out[n++] = ' ';
            s.from = end;
        } else {
            out[n++] = r->text.data[s.from++];
        }
    }
    return bb_bytes(out, n);
}

static int
read_disaggregation(struct reader *r, struct slice s, struct bb_bytes *ret_canonical)
{
    uint8_t joined[BB_EXPRESSION_BYTES];
    struct bb_bytes text;
    const char *what;
    char remark[64];

    s = trim(r, s);
    text = join_lines(r, s, joined);
    if (text.len == 0 || !memchr(text.data, '=', text.len))
        return refuse(r, s, "", EXPECTED_PART);
    if (bb_disaggregation_parse(text, &r->canonical, &what) != 0) {
        snprintf(remark, sizeof remark, " (%s)", what);
        return refuse(r, s, remark, "dimension=code;dimension=code after the point");
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
read_code(struct reader *r, struct slice input, struct slice *ret_code, size_t *ret_end)
{
    struct slice code = {input.from, find(r, input.from, '.')};

    if (code.to > input.to)
        code.to = input.to;
    *ret_end = code.to;
    code = trim(r, code);
    if (byte_at(r, input.from) == '\'') {
        code = (struct slice){input.from + 1, find(r, input.from + 1, '\'')};
        if (code.to >= input.to)
            return refuse(r, input, "", "a single quote behind the code");
        *ret_end = code.to + 1;
    }
    if (!bb_text_is_code(bytes_of(r, code)))
        return refuse(r, code.from < code.to ? code : (struct slice){input.from, input.to + 1}, "",
                      EXPECTED_CODE);
    *ret_code = code;
    return 0;
}

/* What stands between the braces. */
static int
read_input(struct reader *r, struct slice input)
{
    struct bb_bytes disaggregation = bb_bytes(NULL, 0);
    struct slice code = {0}, rest = {0};
    int e;

    input = trim(r, input);
    e = read_code(r, input, &code, &rest.from);
    if (e)
        return e;
    rest.to = input.to;
    rest = trim(r, rest);
    if (rest.from < rest.to) {
        if (r->text.data[rest.from] != '.')
            return refuse(r, rest, "", "'.' or '}' behind the code");
        rest.from++;
        e = read_disaggregation(r, rest, &disaggregation);
        if (e)
            return e;
    }
    put_input(r, bytes_of(r, code), disaggregation);
    return 0;
}

static int
read_braces(struct reader *r)
{
    size_t start = r->at++, close;
    int e;

    if (peek(r) != '{')
        return refuse(r, token(r, start), "", "'{' behind '#'");
    close = find(r, r->at, '}');
    if (close == r->text.len)
        return refuse(r, (struct slice){start, close}, "", "'}' behind it");
    e = read_input(r, (struct slice){r->at + 1, close});
    r->at = close + 1;
    return e;
}

/* --- operators --- */

static int read_sum(struct reader *r);

static int
enter(struct reader *r)
{
    if (r->depth == BB_EXPRESSION_DEPTH)
        return refuse(r, token(r, r->at), "", "at most 32 parentheses and minus signs around an operand");
    r->depth++;
    r->at++;
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
    if (peek(r) != ')')
        return refuse_here(r, "'+', '-', '*', '/' or ')'");
    r->at++;
    r->depth--;
    return 0;
}

static int
read_factor(struct reader *r)
{
    uint8_t c = peek(r);
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
    if (c != '#' && !is_digit(c) && !(c == '.' && is_digit(byte_at(r, r->at + 1))))
        return refuse_here(r, EXPECTED_OPERAND);
    e = count_operand(r);
    if (e)
        return e;
    return c == '#' ? read_braces(r) : read_number(r);
}

static int
read_product(struct reader *r)
{
    int e = read_factor(r);

    while (!e && (peek(r) == '*' || peek(r) == '/')) {
        enum bb_expression_operation operation =
            r->text.data[r->at++] == '*' ? BB_EXPRESSION_MULTIPLY : BB_EXPRESSION_DIVIDE;
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

    while (!e && (peek(r) == '+' || peek(r) == '-')) {
        enum bb_expression_operation operation =
            r->text.data[r->at++] == '+' ? BB_EXPRESSION_ADD : BB_EXPRESSION_SUBTRACT;
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

    if (r->text.len > BB_EXPRESSION_BYTES) {
        r->error->position = BB_EXPRESSION_BYTES;
        snprintf(r->error->text, sizeof r->error->text, "found %zu bytes, expected at most 4,096",
                 r->text.len);
        return BB_EXPRESSION_E_MALFORMED;
    }
    valid = bb_utf8_prefix(r->text);
    if (valid < r->text.len)
        return refuse(r, (struct slice){valid, valid + 1}, "", "text in UTF-8");
    e = read_sum(r);
    if (!e && peek(r))
        e = refuse_here(r, "'+', '-', '*', '/' or the end");
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
    return refuse(r, (struct slice){0, r->text.len}, "", "one whose canonical text has at most 4,096 bytes");
}

int
bb_expression_parse(struct bb_bytes text, struct bb_expression **ret_expression,
                    struct bb_expression_error *ret_error)
{
    struct reader *r = malloc(sizeof *r);
    int e;

    if (!r)
        return -ENOMEM;
    r->text = text;
    r->error = ret_error;
    r->at = r->depth = 0;
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
