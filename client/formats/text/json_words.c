/* jansson says "X expected near T" for what it looked for, and "P near T" for what it cannot read, where T is
 * the last token, or "end of file". Texts and codes: jansson 2.14, load.c. */
#include "json_words.h"

#include "runtime/text.h"

#include <stdio.h>
#include <string.h>

static struct bb_bytes
unquoted(struct bb_bytes text, uint8_t quote)
{
    bool is = text.len >= 2 && text.data[0] == quote && text.data[text.len - 1] == quote;
    return is ? bb_bytes(text.data + 1, text.len - 2) : text;
}

/* What stood there, with where it ends. */
static void
describe_token(const json_error_t *where, const char *token, char *out, size_t size)
{
    char shown[120];
    size_t len = strlen(token);
    if (strcmp(token, "end of file") == 0) {
        snprintf(out, size, "the end of the line");
        return;
    }
    struct bb_bytes bare = unquoted(unquoted(bb_bytes(token, len), '\''), '"');
    bb_text_quote(bare, shown, sizeof shown, 80);
    snprintf(out, size, "'%s' (to byte %d)", shown, where->position);
}

/* Members and elements may also go on. */
static const char *
wanted(const char *what)
{
    if (strcmp(what, "'}'") == 0)
        return "',' or '}'";
    if (strcmp(what, "']'") == 0)
        return "',' or ']'";
    return strcmp(what, "end of file") == 0 ? "nothing behind the object" : what;
}

void
bb_json_explain(const json_error_t *where, char *out, size_t size)
{
    static const char expected[] = " expected";
    char text[JSON_ERROR_TEXT_LENGTH], token[160] = "something else";
    snprintf(text, sizeof text, "%s", where->text);
    char *near = strstr(text, " near ");
    if (near) {
        *near = '\0';
        describe_token(where, near + strlen(" near "), token, sizeof token);
    }
    size_t len = strlen(text), tail = sizeof expected - 1;
    bool looked_for = len > tail && strcmp(text + len - tail, expected) == 0;
    if (looked_for)
        text[len - tail] = '\0';
    if (json_error_code(where) == json_error_null_character)
        snprintf(out, size, "found \\u0000, expected a text without NUL");
    else if (json_error_code(where) == json_error_invalid_utf8)
        snprintf(out, size, "found bytes that are not UTF-8 behind byte %d, expected a JSON object in UTF-8",
                 where->position);
    else if (json_error_code(where) == json_error_duplicate_key)
        snprintf(out, size, "found the key %s for the second time, expected it once", token);
    else if (looked_for)
        snprintf(out, size, "found %s, expected %s", token, wanted(text));
    else
        snprintf(out, size, "found %s, %s, expected a JSON object", token, text);
}

const char *
bb_json_kind(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return kinds[json_typeof(value)];
}
