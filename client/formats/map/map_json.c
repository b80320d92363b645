#include "map_json.h"

#include "client/formats/text/json_words.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int
bb_map_wrong(struct bb_map_in *in, const char *format, ...)
{
    va_list args;
    int n = snprintf(in->error, in->size, "%s: %s%s", in->name, in->where, *in->where ? ": " : "");

    va_start(args, format);
    if (n >= 0 && (size_t)n < in->size)
        vsnprintf(in->error + n, in->size - (size_t)n, format, args);
    va_end(args);
    return -EINVAL;
}

int
bb_map_wrong_type(struct bb_map_in *in, const json_t *value, const char *expected)
{
    char shown[100];

    if (!json_is_string(value))
        return bb_map_wrong(in, "found %s, expected %s", bb_json_kind(value), expected);
    bb_text_quote(bb_bytes(json_string_value(value), json_string_length(value)), shown, sizeof shown, 60);
    return bb_map_wrong(in, "found \"%s\", expected %s", shown, expected);
}

char *
bb_map_keep(struct bb_map_in *in, const char *text, size_t len)
{
    return bb_arena_text(&in->map->arena, bb_bytes(text, len));
}

/* Go into a member, and come back: the text to cut the path at. */
static size_t
enter(struct bb_map_in *in, const char *name)
{
    size_t len = strlen(in->where);

    snprintf(in->where + len, sizeof in->where - len, "%s%s", len ? "." : "", name);
    return len;
}

static size_t
enter_element(struct bb_map_in *in, size_t index)
{
    size_t len = strlen(in->where);

    snprintf(in->where + len, sizeof in->where - len, "[%zu]", index + 1);
    return len;
}

static int
unknown_member(struct bb_map_in *in, const char *found, const struct bb_map_member *members)
{
    char expected[1000] = "";
    size_t len = 0;

    for (; members->name && len < sizeof expected; members++)
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%s%s",
                                len ? members[1].name ? ", " : " or " : "", members->name);
    return bb_map_wrong(in, "found \"%.60s\", expected %s", found, expected);
}

static int
read_member(struct bb_map_in *in, const char *name, json_t *value, const struct bb_map_member *members,
            void *target)
{
    for (const struct bb_map_member *m = members; m->name; m++) {
        if (strcmp(m->name, name) != 0)
            continue;
        size_t back = enter(in, name);
        int r = m->read ? m->read(in, value, target) : 0;
        if (r == 0)
            in->where[back] = '\0';
        return r;
    }
    return unknown_member(in, name, members);
}

int
bb_map_object(struct bb_map_in *in, json_t *value, const struct bb_map_member *members, void *target)
{
    const char *name;
    json_t *member;
    int r = 0;

    if (!json_is_object(value))
        return bb_map_wrong_type(in, value, "an object");
    json_object_foreach(value, name, member)
    {
        if (r == 0)
            r = read_member(in, name, member, members, target);
    }
    return r;
}

int
bb_map_list(struct bb_map_in *in, json_t *value, size_t size, void *ret_items, size_t *ret_count,
            int (*read)(struct bb_map_in *in, json_t *value, void *target))
{
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    char *items = bb_arena_alloc(&in->map->arena, (count + 1) * size);
    void **to = ret_items;

    if (!items)
        return -ENOMEM;
    memset(items, 0, (count + 1) * size);
    *to = items;
    *ret_count = count;
    for (size_t i = 0; i < count; i++) {
        json_t *element = json_is_array(value) ? json_array_get(value, i) : value;
        size_t back = json_is_array(value) ? enter_element(in, i) : strlen(in->where);
        int r = read(in, element, items + i * size);
        if (r < 0)
            return r;
        in->where[back] = '\0';
    }
    return 0;
}

int
bb_map_text(struct bb_map_in *in, json_t *value, struct bb_bytes *ret_text)
{
    char number[32];
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);

    if (json_is_integer(value)) {
        len = (size_t)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = number;
    }
    if (!text)
        return bb_map_wrong_type(in, value, "a text");
    text = bb_map_keep(in, text, len);
    *ret_text = bb_bytes(text, len);
    return text ? 0 : -ENOMEM;
}

int
bb_map_name(struct bb_map_in *in, json_t *value, struct bb_bytes *ret_name)
{
    int r = bb_map_text(in, value, ret_name);

    if (r < 0)
        return r;
    char *text = (char *)(uintptr_t)ret_name->data;
    ret_name->len = bb_squeeze(*ret_name, text);
    text[ret_name->len] = '\0';
    return 0;
}

static int
read_text_into(struct bb_map_in *in, json_t *value, void *text)
{
    return bb_map_text(in, value, text);
}

int
bb_map_texts(struct bb_map_in *in, json_t *value, struct bb_texts *ret_texts)
{
    return bb_map_list(in, value, sizeof *ret_texts->item, &ret_texts->item, &ret_texts->count,
                       read_text_into);
}

int
bb_map_flag(struct bb_map_in *in, json_t *value, bool *ret_flag)
{
    if (!json_is_boolean(value))
        return bb_map_wrong_type(in, value, "true or false");
    *ret_flag = json_is_true(value);
    return 0;
}

int
bb_map_count(struct bb_map_in *in, json_t *value, uint32_t most, uint32_t *ret_count)
{
    json_int_t n = json_integer_value(value);

    if (!json_is_integer(value) || n < 1 || n > (json_int_t)most)
        return bb_map_wrong(in, "expected a whole number from 1 to %u", most);
    *ret_count = (uint32_t)n;
    return 0;
}

int
bb_map_pattern(struct bb_map_in *in, json_t *value, struct bb_pattern **ret_pattern)
{
    struct bb_map *map = in->map;
    struct bb_pattern **grown = reallocarray(map->pattern, map->n_patterns + 1, sizeof *grown);
    struct bb_bytes text;
    char why[300];
    int r;

    if (!grown)
        return -ENOMEM;
    map->pattern = grown;
    r = bb_map_text(in, value, &text);
    if (r < 0)
        return r;
    r = bb_pattern_new((const char *)text.data, ret_pattern, why, sizeof why);
    if (r == -EINVAL)
        return bb_map_wrong(in, "%s", why);
    if (r == 0)
        map->pattern[map->n_patterns++] = *ret_pattern;
    return r;
}

int
bb_map_template(struct bb_map_in *in, json_t *value, struct bb_template *ret_template)
{
    struct bb_bytes text;
    char why[200];
    int r = bb_map_text(in, value, &text);

    if (r == 0)
        r = bb_template_parse(ret_template, text, &in->map->arena, why, sizeof why);
    return r == -EINVAL && json_is_string(value) ? bb_map_wrong(in, "%s", why) : r;
}

int
bb_map_alias_object(struct bb_map_in *in, json_t *value, struct bb_aliases *ret_aliases)
{
    const char *name;
    json_t *meant;

    if (!json_is_object(value))
        return bb_map_wrong_type(in, value, "an object {\"as it is written\": \"what is meant\"}");
    int r = bb_aliases_init(ret_aliases, json_object_size(value), &in->map->arena);
    json_object_foreach(value, name, meant)
    {
        char *written = bb_map_keep(in, name, strlen(name));
        struct bb_bytes text;
        size_t back = enter(in, name);

        if (r == 0)
            r = written ? bb_map_text(in, meant, &text) : -ENOMEM;
        if (r < 0)
            return r;
        in->where[back] = '\0';
        bb_aliases_add(ret_aliases, bb_bytes(written, strlen(name)), text);
    }
    return r;
}
