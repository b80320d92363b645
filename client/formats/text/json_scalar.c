/* What stands without quotes: numbers, true, false and null. A word is all that looks like part of one, so
 * that what is wrong is told whole: '01', 'NaN', 'nil'. */
#include "json_scan.h"

#include "runtime/text.h"

#include <errno.h>

static int
refuse_length(struct bb_json *json)
{
    return bb_json_fail(json, json->at, "a number", "more than %u digits or letters", BB_JSON_TEXT_BYTES);
}

/* The rest of a word that reaches the end of the block. */
static int
gather_word(struct bb_json *json, struct bb_json_token *token)
{
    bb_buffer_reset(&json->scratch);
    for (const uint8_t *from = json->at;; from = json->at) {
        while (json->at < json->end && bb_json_is_in_word(*json->at))
            json->at++;
        bb_buffer_append(&json->scratch, from, (size_t)(json->at - from));
        if (json->scratch.error)
            return json->scratch.error == -EMSGSIZE ? refuse_length(json) : json->scratch.error;
        int r = json->at < json->end ? BB_JSON_END : bb_json_refill(json);
        if (r && r != BB_JSON_END)
            return r;
        if (r)
            break;
    }
    token->text = bb_buffer_bytes(&json->scratch);
    token->decoded = true;
    return 0;
}

static int
read_word(struct bb_json *json, struct bb_json_token *token)
{
    const uint8_t *at = json->at;
    while (at < json->end && bb_json_is_in_word(*at))
        at++;
    if (at == json->end)
        return gather_word(json, token);
    token->text = bb_bytes(json->at, (size_t)(at - json->at));
    json->at = at;
    return token->text.len > BB_JSON_TEXT_BYTES ? refuse_length(json) : 0;
}

static size_t
digits(struct bb_bytes t, size_t at)
{
    size_t n = 0;
    while (at + n < t.len && bb_json_is_digit(t.data[at + n]))
        n++;
    return n;
}

/* RFC 8259, section 6. */
static bool
is_number(struct bb_bytes t)
{
    size_t at = t.data[0] == '-', n = digits(t, at);
    if (n == 0 || (n > 1 && t.data[at] == '0'))
        return false;
    at += n;
    if (at < t.len && t.data[at] == '.') {
        n = digits(t, at + 1);
        if (n == 0)
            return false;
        at += 1 + n;
    }
    if (at < t.len && (t.data[at] | 0x20) == 'e') {
        at++;
        if (at < t.len && (t.data[at] == '+' || t.data[at] == '-'))
            at++;
        n = digits(t, at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == t.len;
}

static int
refuse_word(struct bb_json *json, const struct bb_json_token *token, const char *expected)
{
    char shown[100];
    bb_json_fail(json, json->at, expected, "'%s'", bb_text_quote(token->text, shown, sizeof shown, 60));
    json->error.column = token->column;
    return BB_JSON_BAD;
}

int
bb_json_read_word(struct bb_json *json, struct bb_json_token *token, const char *expected)
{
    int r = read_word(json, token);
    if (r)
        return r;
    uint8_t c = token->text.data[0];
    if (c == '-' || bb_json_is_digit(c)) {
        token->kind = BB_JSON_NUMBER;
        return is_number(token->text) ? 0 : refuse_word(json, token, "a number such as 12.5");
    }
    if (bb_bytes_equal(token->text, bb_bytes("null", 4)))
        token->kind = BB_JSON_NULL;
    else if (bb_bytes_equal(token->text, bb_bytes("true", 4)) ||
             bb_bytes_equal(token->text, bb_bytes("false", 5)))
        token->kind = BB_JSON_BOOLEAN;
    else
        return refuse_word(json, token, expected);
    return 0;
}
