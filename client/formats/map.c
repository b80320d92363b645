/* A member is one entry of a table and one function that reads it; a wrong one is refused by what was found
 * and what was expected, with the file's name, and the map is then released by its owner as it is: half of it
 * is read.
 *
 * A name in a header means, in this order: nothing (ignored), the field that `columns` gives it, the field of
 * that name, an annotation of a file of refused rows, or it is unknown, which the caller refuses. So a map
 * may ignore or rename a column that bears the name of a field, and a file of refused rows is read again as
 * it is. No field is given twice: two columns, or a column and a constant, would make the order of the file
 * decide. */
#include "map.h"

#include "proto/rows.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_BYTES (1u << 20)

const char *const bb_import_fields[BB_COLUMNS + 1] = {
    "indicator", "organization", "place",  "disaggregation", "period", "value",
    "numerator", "denominator",  "status", "comment",        NULL,
};

static const char *const annotations[] = {"row", "code", "field", "reason"};

struct reading {
    struct bb_map *map;
    const char *name;
    char *error;
    size_t size;
};

void
bb_map_init(struct bb_map *map)
{
    *map = (struct bb_map){.delimiter = ','};
}

void
bb_map_release(struct bb_map *map)
{
    for (size_t i = 0; i < map->n_columns; i++)
        free(map->column[i].header);
    for (size_t i = 0; i < map->n_missing; i++)
        free(map->missing[i].text);
    for (size_t i = 0; i < map->n_ignored; i++)
        free(map->ignore[i].name);
    for (int i = 0; i < BB_COLUMNS; i++)
        free(map->constant[i]);
    free(map->column);
    free(map->missing);
    free(map->ignore);
    free(map->thousands);
    bb_map_init(map);
}

static int __attribute__((format(printf, 2, 3))) wrong(struct reading *in, const char *format, ...)
{
    va_list args;
    int n = snprintf(in->error, in->size, "%s: ", in->name);
    va_start(args, format);
    if (n >= 0 && (size_t)n < in->size)
        vsnprintf(in->error + n, in->size - (size_t)n, format, args);
    va_end(args);
    return -EINVAL;
}

/* Room for one more element of an array that grows by one, which maps are small enough for. */
static void *
grow(void *array, size_t n, size_t size)
{
    return reallocarray(array, n + 1, size);
}

static int
field_by_name(const char *name)
{
    for (int i = 0; i < BB_COLUMNS; i++)
        if (strcmp(bb_import_fields[i], name) == 0)
            return i;
    return -1;
}

#define FIELDS                                                                                               \
    "indicator, organization, place, disaggregation, period, value, numerator, denominator, status, comment"

static const char *
type_name(const json_t *value)
{
    static const char *const names[] = {"an object", "a list", "a text", "a number",
                                        "a number",  "true",   "false",  "null"};
    return names[json_typeof(value)];
}

static int
read_columns(struct reading *in, json_t *value)
{
    const char *header;
    json_t *field;
    if (!json_is_object(value))
        return wrong(in, "\"columns\": found %s, expected an object {\"column of the file\": \"field\"}",
                     type_name(value));
    json_object_foreach(value, header, field)
    {
        int index = json_is_string(field) ? field_by_name(json_string_value(field)) : -1;
        if (index < 0)
            return wrong(in, "\"columns\", \"%s\": found %s%s%s, expected a field: " FIELDS, header,
                         json_is_string(field) ? "\"" : "",
                         json_is_string(field) ? json_string_value(field) : type_name(field),
                         json_is_string(field) ? "\"" : "");
        for (size_t i = 0; i < in->map->n_columns; i++)
            if (in->map->column[i].field == index)
                return wrong(in, "\"columns\": \"%s\" and \"%s\" are both \"%s\"", in->map->column[i].header,
                             header, bb_import_fields[index]);
        struct bb_map_column *grown = grow(in->map->column, in->map->n_columns, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        in->map->column = grown;
        grown += in->map->n_columns;
        *grown = (struct bb_map_column){.header = strdup(header), .field = index};
        if (!grown->header)
            return -ENOMEM;
        in->map->n_columns++;
    }
    return 0;
}

static int
read_constants(struct reading *in, json_t *value)
{
    const char *name;
    json_t *text;
    if (!json_is_object(value))
        return wrong(in, "\"constants\": found %s, expected an object {\"field\": \"text\"}",
                     type_name(value));
    json_object_foreach(value, name, text)
    {
        int index = field_by_name(name);
        char *copy = NULL;
        if (index < 0)
            return wrong(in, "\"constants\": \"%s\" is no field; fields are " FIELDS, name);
        if (json_is_integer(text)) {
            if (asprintf(&copy, "%" JSON_INTEGER_FORMAT, json_integer_value(text)) < 0)
                return -ENOMEM;
        } else if (json_is_string(text)) {
            copy = strdup(json_string_value(text));
        } else {
            return wrong(in, "\"constants\", \"%s\": found %s, expected a text", name, type_name(text));
        }
        if (!copy)
            return -ENOMEM;
        in->map->constant[index] = copy;
    }
    return 0;
}

static int
add_missing(struct reading *in, json_t *text, json_t *label)
{
    const char *word = "missing";
    if (!json_is_string(text))
        return wrong(in, "\"missingValues\": found %s, expected a text",
                     text ? type_name(text) : "an object without \"value\"");
    if (label && !json_is_string(label))
        return wrong(in, "\"missingValues\", \"%s\": the label is %s, expected a text",
                     json_string_value(text), type_name(label));
    if (label) {
        int state = bb_state_by_name(json_string_value(label));
        if (state != BB_STATE_MISSING && state != BB_STATE_SUPPRESSED && state != BB_STATE_NOT_APPLICABLE)
            return wrong(in,
                         "\"missingValues\", \"%s\": found label \"%s\", expected missing, suppressed or "
                         "not_applicable",
                         json_string_value(text), json_string_value(label));
        word = bb_state_name((enum bb_state)state);
    }
    struct bb_map_missing *grown = grow(in->map->missing, in->map->n_missing, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    in->map->missing = grown;
    grown += in->map->n_missing;
    *grown = (struct bb_map_missing){.text = strdup(json_string_value(text)), .label = word};
    if (!grown->text)
        return -ENOMEM;
    in->map->n_missing++;
    return 0;
}

static int
read_missing_object(struct reading *in, json_t *value)
{
    const char *text;
    json_t *label;
    json_object_foreach(value, text, label)
    {
        json_t *key = json_string(text);
        if (!key)
            return -ENOMEM;
        int r = add_missing(in, key, label);
        json_decref(key);
        if (r < 0)
            return r;
    }
    return 0;
}

static int
read_missing_item(struct reading *in, json_t *item)
{
    const char *key;
    json_t *value;
    if (!json_is_object(item))
        return add_missing(in, item, NULL);
    json_object_foreach(item, key, value) if (
        strcmp(key, "value") != 0 &&
        strcmp(key, "label") !=
            0) return wrong(in, "\"missingValues\": found key \"%s\", expected \"value\" and \"label\"", key);
    return add_missing(in, json_object_get(item, "value"), json_object_get(item, "label"));
}

static int
read_missing(struct reading *in, json_t *value)
{
    size_t i;
    json_t *item;
    if (json_is_object(value))
        return read_missing_object(in, value);
    if (!json_is_array(value))
        return wrong(in,
                     "\"missingValues\": found %s, expected a list of texts and of {\"value\", \"label\"}",
                     type_name(value));
    json_array_foreach(value, i, item)
    {
        int r = read_missing_item(in, item);
        if (r < 0)
            return r;
    }
    return 0;
}

static int
read_thousands(struct reading *in, json_t *value)
{
    const char *text = json_string_value(value);
    if (!text)
        return wrong(in, "\"thousandsSeparator\": found %s, expected a text", type_name(value));
    if (!*text)
        return 0;
    if (strpbrk(text, "0123456789+-") || strlen(text) > 4)
        return wrong(in, "\"thousandsSeparator\": found \"%s\", expected a character such as \",\" or \" \"",
                     text);
    in->map->thousands = strdup(text);
    return in->map->thousands ? 0 : -ENOMEM;
}

static int
read_decimal_comma(struct reading *in, json_t *value)
{
    if (!json_is_boolean(value))
        return wrong(in, "\"decimalComma\": found %s, expected true or false", type_name(value));
    in->map->decimal_comma = json_is_true(value);
    return 0;
}

static int
read_delimiter(struct reading *in, json_t *value)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 1 || !strchr(",;|\t: ", *text))
        return wrong(in, "\"delimiter\": expected one of \",\" \";\" \"|\" \":\" \"\\t\"");
    in->map->delimiter = *text;
    return 0;
}

static int
add_ignored(struct bb_map *map, const char *name, size_t len, bool by_option)
{
    struct bb_map_ignored *grown = grow(map->ignore, map->n_ignored, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    map->ignore = grown;
    grown[map->n_ignored] = (struct bb_map_ignored){strndup(name, len), by_option};
    if (!grown[map->n_ignored].name)
        return -ENOMEM;
    map->n_ignored++;
    return 0;
}

static int
read_ignore(struct reading *in, json_t *value)
{
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return wrong(in, "\"ignore\": found %s, expected a list of columns", type_name(value));
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item))
            return wrong(in, "\"ignore\": found %s, expected a text", type_name(item));
        int r = add_ignored(in->map, json_string_value(item), json_string_length(item), false);
        if (r < 0)
            return r;
    }
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct reading *in, json_t *value);
} members[] = {
    {"columns", read_columns},
    {"constants", read_constants},
    {"missingValues", read_missing},
    {"thousandsSeparator", read_thousands},
    {"decimalComma", read_decimal_comma},
    {"delimiter", read_delimiter},
    {"ignore", read_ignore},
};

static int
read_member(struct reading *in, const char *name, json_t *value)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i].name, name) == 0)
            return members[i].read(in, value);
    return wrong(
        in,
        "found \"%s\", expected columns, constants, missingValues, thousandsSeparator, decimalComma, "
        "delimiter or ignore",
        name);
}

/* What only the whole map can get wrong. */
static int
check_whole(struct reading *in)
{
    const struct bb_map *map = in->map;
    for (size_t i = 0; i < map->n_columns; i++)
        if (map->constant[map->column[i].field])
            return wrong(in, "\"%s\" is given twice: by column \"%s\" and as a constant",
                         bb_import_fields[map->column[i].field], map->column[i].header);
    if (map->thousands && strcmp(map->thousands, map->decimal_comma ? "," : ".") == 0)
        return wrong(in, "\"thousandsSeparator\" is \"%s\", and so is the decimal mark", map->thousands);
    return 0;
}

int
bb_map_parse(struct bb_map *map, const char *name, struct bb_bytes text, char *error, size_t size)
{
    struct reading in = {.map = map, .name = name, .error = error, .size = size};
    json_error_t where;
    const char *key;
    json_t *value;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return wrong(&in, "line %d: %s", where.line, where.text);
    int r = 0;
    if (!json_is_object(root))
        r = wrong(&in, "found %s, expected an object", type_name(root));
    json_object_foreach(root, key, value) if (r == 0) r = read_member(&in, key, value);
    json_decref(root);
    return r < 0 ? r : check_whole(&in);
}

int
bb_map_read(struct bb_map *map, const char *file, char *error, size_t size)
{
    FILE *from = fopen(file, "re");
    if (!from)
        return -errno;
    char *text = malloc(MAP_BYTES);
    size_t n = text ? fread(text, 1, MAP_BYTES, from) : 0;
    int r = !text ? -ENOMEM : ferror(from) ? -EIO : n == MAP_BYTES ? -EFBIG : 0;
    if (r == 0)
        r = bb_map_parse(map, file, bb_bytes(text, n), error, size);
    free(text);
    fclose(from);
    return r;
}

int
bb_map_ignore(struct bb_map *map, const char *list)
{
    for (const char *at = list;; at++) {
        size_t len = strcspn(at, ",");
        int r = add_ignored(map, at, len, true);
        if (r < 0)
            return r;
        at += len;
        if (!*at)
            return 0;
    }
}

static bool
is_name(const char *name, struct bb_bytes text)
{
    return bb_bytes_equal(bb_bytes_str(name), text);
}

int
bb_map_meaning(const struct bb_map *map, struct bb_bytes name)
{
    for (size_t i = 0; i < map->n_ignored; i++)
        if (is_name(map->ignore[i].name, name))
            return BB_MEANS_NOTHING;
    for (size_t i = 0; i < map->n_columns; i++)
        if (is_name(map->column[i].header, name))
            return map->column[i].field;
    for (int i = 0; i < BB_COLUMNS; i++)
        if (is_name(bb_import_fields[i], name))
            return i;
    for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++)
        if (is_name(annotations[i], name))
            return BB_MEANS_ANNOTATION;
    return BB_MEANS_UNKNOWN;
}
