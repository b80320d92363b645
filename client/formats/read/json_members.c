#include "json_members.h"

#include "client/formats/text/json.h"

#include "names.h"

static size_t
skip_blanks(struct bb_bytes text, size_t at)
{
    while (at < text.len && memchr(" \t\r\n", text.data[at], 4))
        at++;
    return at;
}

/* at: of the opening quote. Returns the position behind the closing one. */
static size_t
skip_string(struct bb_bytes text, size_t at)
{
    for (at++; at < text.len && text.data[at] != '"'; at++)
        if (text.data[at] == '\\')
            at++;
    return at < text.len ? at + 1 : text.len;
}

static size_t
skip_value(struct bb_bytes text, size_t at)
{
    unsigned depth = 0;
    while (at < text.len) {
        uint8_t c = text.data[at];
        if (c == '"') {
            at = skip_string(text, at);
            if (depth == 0)
                return at;
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        else if (depth && (c == '}' || c == ']'))
            depth--;
        else if (depth == 0 && memchr(",} \t\r\n", c, 6))
            return at;
        at++;
        if (depth == 0 && (c == '}' || c == ']'))
            return at;
    }
    return at;
}

bool
bb_json_next_member(struct bb_bytes object, size_t *at, struct bb_json_member *ret_member)
{
    size_t i = skip_blanks(object, *at);
    if (i < object.len && (object.data[i] == '{' || object.data[i] == ','))
        i = skip_blanks(object, i + 1);
    if (i >= object.len || object.data[i] != '"')
        return false;
    size_t key_end = skip_string(object, i);
    ret_member->key = bb_bytes(object.data + i, key_end - i);
    i = skip_blanks(object, key_end);
    i = skip_blanks(object, i < object.len ? i + 1 : i); /* the colon */
    size_t end = skip_value(object, i);
    ret_member->value = bb_bytes(object.data + i, end - i);
    *at = end;
    return true;
}

/* Neither its members nor theirs are kept: only the names of the object itself are told apart. */
static bool
has_names_once(struct bb_json *json, struct bb_names *names)
{
    struct bb_json_token token;
    if (bb_json_next(json, &token) || token.kind != BB_JSON_OBJECT)
        return false;
    while (bb_json_next(json, &token) == 0) {
        if (token.kind == BB_JSON_OBJECT_END)
            return bb_json_next(json, &token) == BB_JSON_END;
        size_t before = names->count;
        if (!token.text.data || bb_names_intern(names, token.text) < 0 || names->count == before)
            return false;
        if (bb_json_next(json, &token) || bb_json_skip(json, &token))
            return false;
    }
    return false;
}

bool
bb_json_is_object(struct bb_bytes text)
{
    struct bb_json json;
    struct bb_names names;
    bb_json_init(&json, "a JSON object");
    bb_json_line(&json, text);
    bb_names_init(&names);
    bool is = has_names_once(&json, &names);
    bb_names_release(&names);
    bb_json_release(&json);
    return is;
}
