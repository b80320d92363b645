#include "map.h"

#include <errno.h>
#include <stdlib.h>

#define MAP_BYTES ((size_t)64 << 20)

const char *const bb_import_fields[BB_COLUMNS + 1] = {
    "indicator", "organization", "place",  "disaggregation", "period", "value",
    "numerator", "denominator",  "status", "comment",        NULL,
};

static const char *const format_names[BB_FORMATS] = {
    "", "csv", "fixed", "jsonl", "dhis2-json", "dhis2-csv", "xml", "adx",
};

const char *
bb_format_name(enum bb_format format)
{
    return format_names[format];
}

int
bb_format_by_name(const char *name)
{
    for (int i = BB_FORMAT_CSV; i < BB_FORMATS; i++)
        if (strcmp(format_names[i], name) == 0)
            return i;
    return -1;
}

bool
bb_texts_have(const struct bb_texts *texts, struct bb_bytes text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (bb_bytes_equal(texts->item[i], text))
            return true;
    return false;
}

const char *
bb_missing_label(const struct bb_missings *missings, struct bb_bytes text)
{
    for (size_t i = 0; i < missings->count; i++)
        if (bb_bytes_equal(missings->item[i].text, text))
            return missings->item[i].label;
    return NULL;
}

int
bb_map_init(struct bb_map *map)
{
    static struct bb_bytes yes[] = {{(const uint8_t *)"true", 4}}, no[] = {{(const uint8_t *)"false", 5}};

    *map = (struct bb_map){.numbers = bb_numbers_plain, .yes = {yes, 1}, .no = {no, 1}, .n_rules = 1};
    map->dialect.delimiter = ',';
    map->dialect.join = " ";
    bb_arena_init(&map->arena, MAP_BYTES);
    map->rule = bb_arena_alloc(&map->arena, sizeof *map->rule);
    if (!map->rule)
        return -ENOMEM;
    *map->rule = (struct bb_map_reading){.optional = false};
    return 0;
}

void
bb_map_release(struct bb_map *map)
{
    for (size_t i = 0; i < map->n_patterns; i++)
        bb_pattern_destroy(&map->pattern[i]);
    free(map->pattern);
    free(map->ignore);
    bb_arena_release(&map->arena);
    *map = (struct bb_map){0};
}

static int
add_ignored(struct bb_map *map, const char *name, size_t len)
{
    struct bb_ignored *grown = reallocarray(map->ignore, map->n_ignored + 1, sizeof *grown);
    char *copy;

    if (!grown)
        return -ENOMEM;
    map->ignore = grown;
    copy = bb_arena_alloc(&map->arena, len + 1);
    if (!copy)
        return -ENOMEM;
    size_t squeezed = bb_squeeze(bb_bytes(name, len), copy);
    copy[squeezed] = '\0';
    grown[map->n_ignored++] = (struct bb_ignored){bb_bytes(copy, squeezed), true};
    return 0;
}

int
bb_map_ignore(struct bb_map *map, const char *list)
{
    for (const char *at = list;; at++) {
        size_t len = strcspn(at, ",");
        int r = add_ignored(map, at, len);
        if (r < 0)
            return r;
        at += len;
        if (!*at)
            return 0;
    }
}

const struct bb_map_column *
bb_map_field(const struct bb_map *map, struct bb_bytes name)
{
    for (size_t i = 0; i < map->n_fields; i++)
        if (bb_bytes_equal(map->field[i].name, name))
            return &map->field[i];
    return NULL;
}

const struct bb_aliases *
bb_map_aliases(const struct bb_map *map, struct bb_bytes name)
{
    for (size_t i = 0; i < map->n_aliases; i++)
        if (bb_bytes_equal(map->aliases[i].name, name))
            return &map->aliases[i].aliases;
    return NULL;
}
