/* A map as it stands in its file. What others build on is read first, wherever it stands. */
#include "builtin.h"
#include "map_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES (8u << 20)

#define MAP(member, name)                                                                                    \
    static int name(struct bb_map_in *in, json_t *value, void *target)                                       \
    {                                                                                                        \
        struct bb_map *map = target;                                                                         \
        return member;                                                                                       \
    }

/* --- the file ----------------------------------------------------------------------------------------- */

static int
read_format(struct bb_map_in *in, json_t *value, void *target)
{
    int format = json_is_string(value) ? bb_format_by_name(json_string_value(value)) : -1;

    if (format < 0)
        return bb_map_wrong_type(in, value, "csv, fixed, jsonl, dhis2-json, dhis2-csv, xml or adx");
    ((struct bb_map *)target)->format = (enum bb_format)format;
    return 0;
}

static int
read_encoding(struct bb_map_in *in, json_t *value, void *target)
{
    enum bb_encoding encoding =
        json_is_string(value) ? bb_encoding_by_name(json_string_value(value)) : BB_ENCODING_AUTO;

    if (encoding == BB_ENCODING_AUTO)
        return bb_map_wrong_type(in, value, "utf-8, utf-16 or windows-1252");
    ((struct bb_map *)target)->encoding = encoding;
    return 0;
}

static int
read_delimiter(struct bb_map_in *in, json_t *value, void *dialect)
{
    const char *text = json_string_value(value);

    if (!text || strlen(text) != 1 || !strchr(",;|\t: ", *text))
        return bb_map_wrong_type(in, value, "one of \",\" \";\" \"|\" \":\" \" \" \"\\t\"");
    ((struct bb_dialect *)dialect)->delimiter = *text;
    return 0;
}

static int
read_header(struct bb_map_in *in, json_t *value, void *dialect)
{
    bool header = true;
    int r = bb_map_flag(in, value, &header);

    ((struct bb_dialect *)dialect)->no_header = !header;
    return r;
}

static int
read_header_rows(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_dialect *dialect = target;
    const size_t most = sizeof dialect->header_row / sizeof dialect->header_row[0];

    if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > most)
        return bb_map_wrong(in, "expected a list of one to %zu numbers of rows, such as [4, 5]", most);
    dialect->n_header_rows = json_array_size(value);
    for (size_t i = 0; i < dialect->n_header_rows; i++) {
        int r = bb_map_count(in, json_array_get(value, i), 10000, &dialect->header_row[i]);
        if (r < 0)
            return r;
        if (i && dialect->header_row[i] <= dialect->header_row[i - 1])
            return bb_map_wrong(in, "found row %u behind row %u, expected them in their order",
                                dialect->header_row[i], dialect->header_row[i - 1]);
    }
    return 0;
}

static int
read_join(struct bb_map_in *in, json_t *value, void *dialect)
{
    struct bb_bytes text = bb_bytes(NULL, 0);
    int r = bb_map_text(in, value, &text);

    ((struct bb_dialect *)dialect)->join = (const char *)text.data;
    return r;
}

static int
read_fill(struct bb_map_in *in, json_t *value, void *dialect)
{
    return bb_map_flag(in, value, &((struct bb_dialect *)dialect)->fill);
}

static int
read_comment_char(struct bb_map_in *in, json_t *value, void *dialect)
{
    const char *text = json_string_value(value);

    if (!text || strlen(text) != 1)
        return bb_map_wrong_type(in, value, "one character, such as \"#\"");
    ((struct bb_dialect *)dialect)->comment = *text;
    return 0;
}

static int
read_dialect(struct bb_map_in *in, json_t *value, void *map)
{
    static const struct bb_map_member members[] = {
        {"delimiter", read_delimiter},
        {"header", read_header},
        {"headerRows", read_header_rows},
        {"headerJoin", read_join},
        {"headerFill", read_fill},
        {"commentChar", read_comment_char},
        {NULL, NULL},
    };

    return bb_map_object(in, value, members, &((struct bb_map *)map)->dialect);
}

/* --- conditions --------------------------------------------------------------------------------------- */

MAP(bb_map_read_conditions(in, value, &map->skip), read_skip)
MAP(bb_map_read_conditions(in, value, &map->withdraw), read_withdraw)
MAP(bb_map_read_conditions(in, value, &map->drop[BB_COLUMN_VALUE]), read_drop_value)
MAP(bb_map_read_conditions(in, value, &map->drop[BB_COLUMN_COMMENT]), read_drop_comment)

static int
read_drop(struct bb_map_in *in, json_t *value, void *map)
{
    static const struct bb_map_member members[] = {
        {"value", read_drop_value}, {"comment", read_drop_comment}, {NULL, NULL}};

    return bb_map_object(in, value, members, map);
}

/* --- names -------------------------------------------------------------------------------------------- */

static int
read_ignored(struct bb_map_in *in, json_t *value, void *ignored)
{
    return bb_map_name(in, value, &((struct bb_ignored *)ignored)->name);
}

static int
read_ignore(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_map *map = target;
    struct bb_ignored *items;
    size_t count;
    int r;

    if (!json_is_array(value))
        return bb_map_wrong_type(in, value, "a list of columns");
    r = bb_map_list(in, value, sizeof *items, &items, &count, read_ignored);
    if (r < 0)
        return r;
    map->ignore = malloc((count + 1) * sizeof *items);
    if (!map->ignore)
        return -ENOMEM;
    memcpy(map->ignore, items, count * sizeof *items);
    map->n_ignored = count;
    return 0;
}

static int
read_others(struct bb_map_in *in, json_t *value, void *target)
{
    static const char *const names[] = {"refuse", "ignore", "disaggregation"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_is_string(value) && strcmp(json_string_value(value), names[i]) == 0) {
            ((struct bb_map *)target)->others = (enum bb_other_columns)i;
            return 0;
        }
    return bb_map_wrong_type(in, value, "refuse, ignore or disaggregation");
}

static int
read_aliases(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_map *map = target;
    const char *name;
    json_t *object;

    if (!json_is_object(value))
        return bb_map_wrong_type(in, value,
                                 "an object {\"organization\": {\"as it is written\": \"what is meant\"}}");
    map->aliases = bb_arena_alloc(&map->arena, (json_object_size(value) + 1) * sizeof *map->aliases);
    if (!map->aliases)
        return -ENOMEM;
    json_object_foreach(value, name, object)
    {
        struct bb_named_aliases *aliases = &map->aliases[map->n_aliases++];
        char *copy = bb_map_keep(in, name, strlen(name));
        if (!copy)
            return -ENOMEM;
        aliases->name = bb_bytes_str(copy);
        int r = bb_map_alias_object(in, object, &aliases->aliases);
        if (r < 0)
            return r;
    }
    return 0;
}

static int
read_known(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_texts names;
    int r = bb_map_texts(in, value, &names);

    if (r < 0)
        return r;
    if (names.count != 1 || !bb_texts_have(&names, bb_bytes_str("place")))
        return bb_map_wrong(
            in, "expected [\"place\"]: a place that is new is refused, where places are registered");
    ((struct bb_map *)target)->known_places = true;
    return 0;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

MAP(bb_map_read_group_char(in, value, &map->numbers), read_group)
MAP(bb_map_read_decimal_char(in, value, &map->numbers), read_decimal)
MAP(bb_map_read_bare_number(in, value, &map->numbers), read_bare)
MAP(bb_map_read_missing(in, value, &map->missing), read_missing)
MAP(bb_map_texts(in, value, &map->yes), read_true)
MAP(bb_map_texts(in, value, &map->no), read_false)
MAP(bb_map_texts(in, value, &map->parts), read_parts)
MAP(bb_map_read_common(in, value, map->rule), read_reading)
MAP(bb_map_template(in, value, &map->strategy), read_strategy)
MAP(bb_map_template(in, value, &map->dry_run), read_dry_run)

/* Fields take the numbers of the whole, rules what every reading has. */
static const struct bb_map_member first[] = {
    {"groupChar", read_group},
    {"decimalChar", read_decimal},
    {"bareNumber", read_bare},
    {"reading", read_reading},
    {NULL, NULL},
};

static const struct bb_map_member members[] = {
    {"format", read_format},
    {"encoding", read_encoding},
    {"dialect", read_dialect},
    {"fields", bb_map_read_fields},
    {"missingValues", read_missing},
    {"groupChar", NULL},
    {"decimalChar", NULL},
    {"bareNumber", NULL},
    {"trueValues", read_true},
    {"falseValues", read_false},
    {"capture", bb_map_read_captures},
    {"skip", read_skip},
    {"withdraw", read_withdraw},
    {"drop", read_drop},
    {"ignore", read_ignore},
    {"otherColumns", read_others},
    {"aliases", read_aliases},
    {"known", read_known},
    {"strategy", read_strategy},
    {"dryRun", read_dry_run},
    {"parts", read_parts},
    {"reading", NULL},
    {"readings", bb_map_read_rules},
    {"extends", NULL},
    {"$schema", NULL},
    {"name", NULL},
    {"title", NULL},
    {"description", NULL},
    {"seen", NULL},
    {NULL, NULL},
};

/* --- on top of another -------------------------------------------------------------------------------- */

static const char *
name_of(json_t *field)
{
    const char *name = json_string_value(json_object_get(field, "name"));
    return name ? name : "";
}

/* Fields of the base that are not said anew stay. */
static int
keep_fields(json_t *root, json_t *base)
{
    json_t *own = json_object_get(root, "fields"), *others = json_object_get(base, "fields"), *field, *said;
    size_t i, j;

    if (!json_is_array(own))
        return 0;
    json_array_foreach(others, i, field)
    {
        bool again = false;
        json_array_foreach(own, j, said) again = again || strcmp(name_of(said), name_of(field)) == 0;
        if (!again && json_array_append(own, field) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* "extends": what the map does not say is as in the map of a format; objects member by member, fields by
 * their names. ret_root: to be given back. */
static int
extend(struct bb_map_in *in, json_t *root, json_t **ret_root)
{
    json_t *value = json_object_get(root, "extends"), *base;
    int r;

    *ret_root = json_incref(root);
    if (!value)
        return 0;
    const char *name = json_is_string(value) ? json_string_value(value) : "";
    enum bb_format format = strcmp(name, "dhis2") == 0 ? BB_FORMAT_DHIS2_JSON
                            : strcmp(name, "adx") == 0 ? BB_FORMAT_ADX
                                                       : BB_FORMAT_ANY;
    if (format == BB_FORMAT_ANY) {
        snprintf(in->where, sizeof in->where, "extends");
        return bb_map_wrong_type(in, value, "dhis2, the map of sets of data values, or adx");
    }
    base = json_loads(bb_builtin_map(format), 0, NULL);
    if (!base)
        return -ENOMEM;
    r = keep_fields(root, base);
    if (r == 0)
        r = json_object_update_recursive(base, root) < 0 ? -ENOMEM : 0;
    json_decref(*ret_root);
    *ret_root = base;
    return r;
}

static int
read_first(struct bb_map_in *in, json_t *root)
{
    for (const struct bb_map_member *m = first; m->name; m++) {
        json_t *value = json_object_get(root, m->name);
        if (!value)
            continue;
        snprintf(in->where, sizeof in->where, "%s", m->name);
        int r = m->read(in, value, in->map);
        if (r < 0)
            return r;
        *in->where = '\0';
    }
    if (*in->map->numbers.group == in->map->numbers.decimal)
        return bb_map_wrong(
            in, "groupChar is \"%c\", and so is decimalChar, expected another: \"decimalChar\": \"%c\"",
            in->map->numbers.decimal, in->map->numbers.decimal == '.' ? ',' : '.');
    return 0;
}

int
bb_map_parse(struct bb_map *map, const char *name, struct bb_bytes text, char *error, size_t size)
{
    struct bb_map_in in = {.map = map, .name = name, .error = error, .size = size};
    json_error_t where;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where),
           *whole = NULL;
    int r;

    if (!root)
        return bb_map_wrong(&in, "line %d: %s", where.line, where.text);
    if (!json_is_object(root)) {
        r = bb_map_wrong_type(&in, root, "an object");
    } else {
        r = extend(&in, root, &whole);
        if (r == 0)
            r = read_first(&in, whole);
        if (r == 0)
            r = bb_map_object(&in, whole, members, map);
    }
    json_decref(whole);
    json_decref(root);
    return r;
}

int
bb_map_read(struct bb_map *map, const char *file, char *error, size_t size)
{
    FILE *from = fopen(file, "re");
    if (!from)
        return -errno;
    char *text = malloc(FILE_BYTES);
    size_t n = text ? fread(text, 1, FILE_BYTES, from) : 0;
    int r = !text ? -ENOMEM : ferror(from) ? -EIO : n == FILE_BYTES ? -EFBIG : 0;
    if (r == 0)
        r = bb_map_parse(map, file, bb_bytes(text, n), error, size);
    free(text);
    fclose(from);
    return r;
}
