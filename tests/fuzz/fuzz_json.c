/* JSON through the scanner: whatever it is, it ends, with a place where it is wrong; levels open and close in
 * order, texts are UTF-8 without NUL and decoded the same however the bytes come; and what is sound for us is
 * so for jansson. */
#include "pieces.h"

#include "client/formats/text/json.h"
#include "proto/utf8.h"

#include <jansson.h>

struct seen {
    int outcome;
    size_t tokens, bytes, depth;
    uint64_t sum; /* of all texts */
};

static void
see_token(struct seen *seen, const struct bb_json_token *token)
{
    seen->tokens++;
    require(token->line >= 1 && token->column >= 1);
    if (token->kind == BB_JSON_OBJECT || token->kind == BB_JSON_LIST)
        seen->depth++;
    if (token->kind == BB_JSON_OBJECT_END || token->kind == BB_JSON_LIST_END)
        require(seen->depth-- > 0);
    require(seen->depth <= BB_JSON_DEPTH);
    seen->bytes += token->text.len;
    if (!token->text.data)
        return;
    require(bb_utf8_is_text(token->text));
    for (size_t i = 0; i < token->text.len; i++)
        seen->sum = seen->sum * 31 + token->text.data[i];
}

static struct seen
scan(struct bb_json *json)
{
    struct seen seen = {0};
    struct bb_json_token token;
    char said[500];

    while ((seen.outcome = bb_json_next(json, &token)) == 0)
        see_token(&seen, &token);
    require(seen.outcome == BB_JSON_END || seen.outcome == BB_JSON_BAD);
    require(seen.outcome == BB_JSON_BAD || seen.depth == 0);
    if (seen.outcome == BB_JSON_BAD) {
        bb_json_say(json, said, sizeof said);
        require(strncmp(said, "line ", 5) == 0 && strstr(said, ": found ") && strstr(said, ", expected "));
    }
    return seen;
}

static struct seen
scan_stream(struct bb_bytes in, size_t piece)
{
    struct pieces source = {in, piece};
    struct bb_json json;

    require(bb_json_open(&json, pieces_feed(&source), "a value") == 0);
    struct seen seen = scan(&json);
    require(seen.outcome != BB_JSON_END || bb_json_position(&json) == in.len);
    bb_json_release(&json);
    return seen;
}

/* One value alone. */
static void
scan_line(struct bb_bytes in)
{
    struct bb_json json;
    json_error_t error;

    bb_json_init(&json, "a value");
    bb_json_line(&json, in);
    struct seen seen = scan(&json);
    bb_json_release(&json);
    if (seen.outcome != BB_JSON_END)
        return;
    json_t *value = json_loadb((const char *)in.data, in.len, JSON_DECODE_ANY, &error);
    require(value || json_error_code(&error) == json_error_numeric_overflow);
    json_decref(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bb_bytes in = bb_bytes(data, size);
    struct seen whole = scan_stream(in, size + 1), pieces = scan_stream(in, 3);

    require(whole.outcome == pieces.outcome && whole.tokens == pieces.tokens);
    require(whole.bytes == pieces.bytes && whole.sum == pieces.sum);
    scan_line(in);
    return 0;
}
