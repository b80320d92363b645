/* Blocks of the file are read one after the other, and a token is mostly text that stands in one of them; one
 * that goes over the end of a block, or has escapes, is put together in the scratch. What is open is a bit a
 * level, and what may come next is one of few states, so that nothing recurs.
 *
 * Grammar: RFC 8259. Line ends are LF, CRLF or CR; they cannot stand in a text, so only blanks count them. */
#include "json.h"

#include "json_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum wants {
    WANTS_ROOT,         /* a value, or the end */
    WANTS_VALUE,        /* behind a colon or a comma */
    WANTS_FIRST_VALUE,  /* or ']' */
    WANTS_KEY,          /* behind a comma */
    WANTS_FIRST_KEY,    /* or '}' */
    WANTS_COLON,        /* looked for only now: the text of the key was still needed */
    WANTS_MORE,         /* a comma, or what closes */
    WANTS_NOTHING_ELSE, /* the line had its value */
    WANTS_NOTHING,      /* it is broken */
};

static const char a_value[] = "a text, a number, true, false, null, an object or a list";

static void
begin(struct bb_json *json)
{
    json->line = 1;
    json->line_start = json->before = json->depth = 0;
    json->objects = 0;
    json->after_carriage = UINT64_MAX;
    json->wants = WANTS_ROOT;
    json->tapped = false;
    json->block = json->at = json->end = NULL;
}

void
bb_json_init(struct bb_json *json, const char *root)
{
    *json = (struct bb_json){.root = root, .ended = "the end of the line"};
    bb_buffer_init(&json->scratch, BB_JSON_TEXT_BYTES);
    begin(json);
}

int
bb_json_open(struct bb_json *json, struct bb_feed feed, const char *root)
{
    bb_json_init(json, root);
    json->ended = "the end of the file";
    return bb_input_init(&json->input, feed);
}

void
bb_json_release(struct bb_json *json)
{
    bb_buffer_release(&json->scratch);
    bb_input_release(&json->input);
}

void
bb_json_line(struct bb_json *json, struct bb_bytes text)
{
    begin(json);
    json->block = json->at = text.len ? text.data : (const uint8_t *)"";
    json->end = json->at + text.len;
}

uint64_t
bb_json_position(const struct bb_json *json)
{
    return json->before + (uint64_t)(json->at - json->block);
}

/* Tap */

void
bb_json_tap_open(struct bb_json *json, struct bb_json_tap tap)
{
    json->tapped = true;
    json->tap = tap;
    json->unseen = json->at;
}

void
bb_json_tap_flush(struct bb_json *json)
{
    if (json->tapped && json->unseen != json->at)
        json->tap.take(json->tap.self, bb_bytes(json->unseen, (size_t)(json->at - json->unseen)));
    json->unseen = json->at;
}

void
bb_json_tap_shut(struct bb_json *json)
{
    json->tapped = false;
}

/* Blocks */

int
bb_json_refill(struct bb_json *json)
{
    bb_json_tap_flush(json);
    if (!json->input.block)
        return BB_JSON_END;
    json->input.at = json->input.end;
    int r = bb_input_fill(&json->input);
    if (r)
        return r == BB_INPUT_END ? BB_JSON_END : r;
    json->block = json->input.block;
    json->unseen = json->at = json->block + json->input.at;
    json->end = json->block + json->input.end;
    json->before = json->input.before;
    return 0;
}

/* Blanks */

static void
end_line(struct bb_json *json, uint8_t c)
{
    uint64_t behind = bb_json_position(json) + 1;
    if (c == '\r' || behind - 1 != json->after_carriage)
        json->line++;
    if (c == '\r')
        json->after_carriage = behind;
    json->line_start = behind;
}

/* Files are indented: eight spaces at a time. */
static inline const uint8_t *
behind_spaces(const uint8_t *at, const uint8_t *end)
{
    uint64_t word;
    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, 8);
        word ^= UINT64_C(0x2020202020202020);
        if (word)
            return at + __builtin_ctzll(word) / 8;
    }
    while (at < end && *at == ' ')
        at++;
    return at;
}

/* To a byte that is no blank. 0 | BB_JSON_END | ... */
static inline int
skip_blanks(struct bb_json *json)
{
    for (;;) {
        while (json->at < json->end) {
            uint8_t c = *json->at;
            if (c > ' ' || !(c == ' ' || c == '\n' || c == '\r' || c == '\t'))
                return 0;
            if (c == '\n' || c == '\r')
                end_line(json, c);
            json->at++;
            if (json->at < json->end && *json->at == ' ')
                json->at = behind_spaces(json->at, json->end);
        }
        int r = bb_json_refill(json);
        if (r)
            return r;
    }
}

/* Structure */

static inline bool
in_object(const struct bb_json *json)
{
    return json->objects >> (json->depth - 1) & 1;
}

static const char *
wanted(const struct bb_json *json)
{
    switch (json->wants) {
    case WANTS_ROOT:
        return json->root;
    case WANTS_FIRST_VALUE:
        return "a value, or ']'";
    case WANTS_KEY:
        return "a key in double quotes";
    case WANTS_FIRST_KEY:
        return "a key in double quotes, or '}'";
    case WANTS_COLON:
        return "':'";
    case WANTS_MORE:
        return in_object(json) ? "',' or '}'" : "',' or ']'";
    default:
        return a_value;
    }
}

static inline void
value_ended(struct bb_json *json)
{
    if (json->depth)
        json->wants = WANTS_MORE;
    else
        json->wants = json->input.block ? WANTS_ROOT : WANTS_NOTHING_ELSE;
}

static int
open_level(struct bb_json *json, struct bb_json_token *token)
{
    if (json->depth == BB_JSON_DEPTH)
        return bb_json_fail(json, json->at, "at most 64", "more than %u objects and lists in each other",
                            BB_JSON_DEPTH);
    uint64_t bit = UINT64_C(1) << json->depth++;
    bool object = *json->at++ == '{';
    json->objects = object ? json->objects | bit : json->objects & ~bit;
    json->wants = object ? WANTS_FIRST_KEY : WANTS_FIRST_VALUE;
    token->kind = object ? BB_JSON_OBJECT : BB_JSON_LIST;
    return 0;
}

static int
close_level(struct bb_json *json, struct bb_json_token *token)
{
    token->kind = *json->at++;
    json->depth--;
    value_ended(json);
    return 0;
}

static inline int
read_value(struct bb_json *json, struct bb_json_token *token)
{
    uint8_t c = *json->at;
    int r;
    if (c == '"') {
        json->at++;
        token->kind = BB_JSON_TEXT;
        r = bb_json_read_text(json, token);
    } else if (c == '{' || c == '[') {
        return open_level(json, token);
    } else if (bb_json_is_in_word(c)) {
        r = bb_json_read_word(json, token, wanted(json));
    } else {
        return bb_json_unexpected(json, json->at, wanted(json));
    }
    if (r == 0)
        value_ended(json);
    return r;
}

static inline int
read_key(struct bb_json *json, struct bb_json_token *token)
{
    if (*json->at != '"')
        return bb_json_unexpected(json, json->at, wanted(json));
    json->at++;
    json->wants = WANTS_COLON;
    token->kind = BB_JSON_KEY;
    return bb_json_read_text(json, token);
}

/* What stands between two tokens: a colon, or a comma unless there is nothing more. */
static inline int
read_mark(struct bb_json *json)
{
    uint8_t c = *json->at;
    if (json->wants == WANTS_MORE && c == (in_object(json) ? '}' : ']'))
        return 0;
    if (c != (json->wants == WANTS_MORE ? ',' : ':'))
        return bb_json_unexpected(json, json->at, wanted(json));
    json->at++;
    json->wants = json->wants == WANTS_MORE && in_object(json) ? WANTS_KEY : WANTS_VALUE;
    return skip_blanks(json);
}

static int
ended(struct bb_json *json, int r)
{
    if (r != BB_JSON_END)
        return r;
    if (json->wants == WANTS_NOTHING_ELSE || (json->wants == WANTS_ROOT && json->input.block))
        return BB_JSON_END;
    return bb_json_unexpected(json, json->end, wanted(json));
}

int
bb_json_next(struct bb_json *json, struct bb_json_token *token)
{
    if (json->wants == WANTS_NOTHING)
        return BB_JSON_BAD;
    int r = skip_blanks(json);
    if (r == 0 && (json->wants == WANTS_COLON || json->wants == WANTS_MORE))
        r = read_mark(json);
    if (r)
        return ended(json, r);
    *token =
        (struct bb_json_token){.line = json->line, .column = bb_json_position(json) - json->line_start + 1};
    uint8_t c = *json->at;
    switch (json->wants) {
    case WANTS_MORE:
        return close_level(json, token);
    case WANTS_FIRST_VALUE:
        return c == ']' ? close_level(json, token) : read_value(json, token);
    case WANTS_FIRST_KEY:
        return c == '}' ? close_level(json, token) : read_key(json, token);
    case WANTS_KEY:
        return read_key(json, token);
    case WANTS_NOTHING_ELSE:
        return bb_json_unexpected(json, json->at, "nothing behind the value");
    default:
        return read_value(json, token);
    }
}

int
bb_json_skip(struct bb_json *json, const struct bb_json_token *token)
{
    struct bb_json_token inner;
    if (token->kind != BB_JSON_OBJECT && token->kind != BB_JSON_LIST)
        return 0;
    for (unsigned outside = json->depth - 1; json->depth > outside;) {
        int r = bb_json_next(json, &inner);
        if (r)
            return r;
    }
    return 0;
}

/* What is wrong */

int
bb_json_fail(struct bb_json *json, const uint8_t *at, const char *expected, const char *format, ...)
{
    struct bb_json_error *error = &json->error;
    va_list args;
    *error = (struct bb_json_error){.line = json->line};
    error->column = json->before + (uint64_t)(at - json->block) - json->line_start + 1;
    va_start(args, format);
    vsnprintf(error->found, sizeof error->found, format, args);
    va_end(args);
    snprintf(error->expected, sizeof error->expected, "%s", expected);
    json->wants = WANTS_NOTHING;
    return BB_JSON_BAD;
}

int
bb_json_unexpected(struct bb_json *json, const uint8_t *at, const char *expected)
{
    if (at == json->end) {
        bb_json_fail(json, at, expected, "%s", json->ended);
        json->error.ended = true;
    } else if (*at == '"') {
        bb_json_fail(json, at, expected, "a text");
    } else if (*at <= ' ' || *at >= 0x7F) {
        bb_json_fail(json, at, expected, "the byte 0x%02X", *at);
    } else {
        bb_json_fail(json, at, expected, "'%c'", *at);
    }
    return BB_JSON_BAD;
}

void
bb_json_say(const struct bb_json *json, char *out, size_t size)
{
    const struct bb_json_error *error = &json->error;
    snprintf(out, size, "line %" PRIu64 ", column %" PRIu64 ": found %s, expected %s", error->line,
             error->column, error->found, error->expected);
}

void
bb_json_say_in_line(const struct bb_json *json, char *out, size_t size)
{
    const struct bb_json_error *error = &json->error;
    if (error->ended)
        snprintf(out, size, "found %s, expected %s", error->found, error->expected);
    else
        snprintf(out, size, "found %s in column %" PRIu64 ", expected %s", error->found, error->column,
                 error->expected);
}

const char *
bb_json_words(const struct bb_json_token *token)
{
    switch (token->kind) {
    case BB_JSON_OBJECT:
        return "an object";
    case BB_JSON_LIST:
        return "a list";
    case BB_JSON_NUMBER:
        return "a number";
    case BB_JSON_BOOLEAN:
        return token->text.data[0] == 't' ? "true" : "false";
    case BB_JSON_NULL:
        return "null";
    default:
        return "a text";
    }
}
