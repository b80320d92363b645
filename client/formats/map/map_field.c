/* `fields` of a map: those of Table Schema, and what only we have: strip, squeeze, extract, scale, aliases.
 */
#include "map_json.h"

#include "proto/rows.h"

#include <errno.h>

/* --- missing values ----------------------------------------------------------------------------------- */

static int
read_missing_text(struct bb_map_in *in, json_t *value, void *missing)
{
    return bb_map_text(in, value, &((struct bb_missing *)missing)->text);
}

static int
read_label(struct bb_map_in *in, json_t *value, void *missing)
{
    int state = json_is_string(value) ? bb_state_by_name(json_string_value(value)) : -1;

    if (state != BB_STATE_MISSING && state != BB_STATE_SUPPRESSED && state != BB_STATE_NOT_APPLICABLE)
        return bb_map_wrong_type(in, value, "missing, suppressed or not_applicable");
    ((struct bb_missing *)missing)->label = bb_state_name((enum bb_state)state);
    return 0;
}

static int
read_missing(struct bb_map_in *in, json_t *value, void *target)
{
    static const struct bb_map_member members[] = {
        {"value", read_missing_text}, {"label", read_label}, {NULL, NULL}};
    struct bb_missing *missing = target;

    missing->label = bb_state_name(BB_STATE_MISSING);
    if (!json_is_object(value))
        return bb_map_text(in, value, &missing->text);
    if (!json_object_get(value, "value"))
        return bb_map_wrong(in, "found an object without \"value\", expected {\"value\", \"label\"}");
    return bb_map_object(in, value, members, missing);
}

int
bb_map_read_missing(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_missings *missings = target;

    if (!json_is_array(value))
        return bb_map_wrong_type(in, value, "a list of texts and of {\"value\", \"label\"}");
    return bb_map_list(in, value, sizeof *missings->item, &missings->item, &missings->count, read_missing);
}

/* --- numbers ------------------------------------------------------------------------------------------ */

int
bb_map_read_group_char(struct bb_map_in *in, json_t *value, void *numbers)
{
    char *to = ((struct bb_numbers *)numbers)->group;
    const char *text = json_string_value(value);

    if (!text || strpbrk(text, "0123456789+-") || strlen(text) >= sizeof((struct bb_numbers *)numbers)->group)
        return bb_map_wrong_type(in, value, "a character between groups of three digits, such as \",\"");
    memcpy(to, text, strlen(text) + 1);
    return 0;
}

int
bb_map_read_decimal_char(struct bb_map_in *in, json_t *value, void *numbers)
{
    const char *text = json_string_value(value);

    if (!text || (strcmp(text, ".") != 0 && strcmp(text, ",") != 0))
        return bb_map_wrong_type(in, value, "\".\" or \",\"");
    ((struct bb_numbers *)numbers)->decimal = *text;
    return 0;
}

int
bb_map_read_bare_number(struct bb_map_in *in, json_t *value, void *numbers)
{
    bool bare = true;
    int r = bb_map_flag(in, value, &bare);

    ((struct bb_numbers *)numbers)->with_units = !bare;
    return r;
}

static int
read_scale(struct bb_map_in *in, json_t *value, void *field)
{
    struct bb_numbers *numbers = &((struct bb_map_column *)field)->numbers;
    struct bb_bytes text = bb_bytes(NULL, 0);
    int r = bb_map_text(in, value, &text);

    if (r < 0)
        return r;
    if (bb_decimal_parse(text, &numbers->scale) != 0 || bb_decimal_is_zero(numbers->scale))
        return bb_map_wrong_type(in, value,
                                 "a number other than 0, as a text: \"100\" makes percent of a fraction");
    numbers->scaled = ((struct bb_map_column *)field)->has_numbers = true;
    return 0;
}

/* --- a field ------------------------------------------------------------------------------------------ */

#define FIELD(member, name)                                                                                  \
    static int name(struct bb_map_in *in, json_t *value, void *target)                                       \
    {                                                                                                        \
        struct bb_map_column *field = target;                                                                \
        member;                                                                                              \
    }

FIELD(return bb_map_name(in, value, &field->name), read_name)
FIELD(return bb_map_count(in, value, 100000, &field->column), read_column)
FIELD(return bb_map_count(in, value, 1u << 20, &field->from), read_from)
FIELD(return bb_map_count(in, value, 1u << 20, &field->to), read_to)
FIELD(field->has_numbers = true; return bb_map_read_group_char(in, value, &field->numbers), read_group)
FIELD(field->has_numbers = true; return bb_map_read_decimal_char(in, value, &field->numbers), read_decimal)
FIELD(field->has_numbers = true; return bb_map_read_bare_number(in, value, &field->numbers), read_bare)
FIELD(field->has_missing = true; return bb_map_read_missing(in, value, &field->missing), read_field_missing)
FIELD(return bb_map_texts(in, value, &field->yes), read_true)
FIELD(return bb_map_texts(in, value, &field->no), read_false)
FIELD(return bb_map_texts(in, value, &field->prefix), read_prefix)
FIELD(return bb_map_texts(in, value, &field->suffix), read_suffix)
FIELD(return bb_map_flag(in, value, &field->squeeze), read_squeeze)
FIELD(return bb_map_flag(in, value, &field->optional), read_optional)
FIELD(return bb_map_pattern(in, value, &field->extract), read_extract)
FIELD(return bb_map_alias_object(in, value, &field->aliases), read_aliases)
FIELD(return bb_map_texts(in, value, &field->words), read_enum)
FIELD(return bb_map_pattern(in, value, &field->pattern), read_pattern)

static int
read_type(struct bb_map_in *in, json_t *value, void *target)
{
    static const char *const types[] = {"string", "number", "integer",   "boolean", "any",
                                        "year",   "date",   "yearmonth", NULL};
    const char *text = json_string_value(value);
    size_t i = 0;

    (void)target; /* a value is read by its indicator, not by what a schema thinks of it */
    while (types[i] && (!text || strcmp(types[i], text) != 0))
        i++;
    if (!types[i])
        return bb_map_wrong_type(in, value, "string, number, integer, boolean, any, year, date or yearmonth");
    return 0;
}

static int
read_strip(struct bb_map_in *in, json_t *value, void *field)
{
    static const struct bb_map_member members[] = {
        {"prefix", read_prefix}, {"suffix", read_suffix}, {NULL, NULL}};

    return bb_map_object(in, value, members, field);
}

static int
read_constraints(struct bb_map_in *in, json_t *value, void *field)
{
    static const struct bb_map_member members[] = {
        {"enum", read_enum}, {"pattern", read_pattern}, {"required", NULL}, {"unique", NULL}, {NULL, NULL}};

    return bb_map_object(in, value, members, field);
}

static int
check_field(struct bb_map_in *in, const struct bb_map_column *field)
{
    if (!field->name.len && !field->column && !field->from)
        return bb_map_wrong(in, "found a field without \"name\", expected one");
    if ((field->from == 0) != (field->to == 0) || field->from > field->to)
        return bb_map_wrong(in, "found from %u to %u, expected both, the first characters from 1 on",
                            field->from, field->to);
    if (*field->numbers.group == field->numbers.decimal)
        return bb_map_wrong(
            in, "groupChar is \"%c\", and so is decimalChar, expected another: \"decimalChar\": \"%c\"",
            field->numbers.decimal, field->numbers.decimal == '.' ? ',' : '.');
    if (field->extract && bb_pattern_groups(field->extract) > 1)
        return bb_map_wrong(in, "\"extract\" has %zu groups, expected at most one",
                            bb_pattern_groups(field->extract));
    return 0;
}

static int
read_field(struct bb_map_in *in, json_t *value, void *target)
{
    static const struct bb_map_member members[] = {
        {"name", read_name},
        {"column", read_column},
        {"from", read_from},
        {"to", read_to},
        {"optional", read_optional},
        {"type", read_type},
        {"title", NULL},
        {"description", NULL},
        {"format", NULL},
        {"example", NULL},
        {"groupChar", read_group},
        {"decimalChar", read_decimal},
        {"bareNumber", read_bare},
        {"scale", read_scale},
        {"missingValues", read_field_missing},
        {"trueValues", read_true},
        {"falseValues", read_false},
        {"strip", read_strip},
        {"squeeze", read_squeeze},
        {"extract", read_extract},
        {"aliases", read_aliases},
        {"constraints", read_constraints},
        {NULL, NULL},
    };
    struct bb_map_column *field = target;
    int r;

    field->numbers = in->map->numbers;
    r = bb_map_object(in, value, members, field);
    return r < 0 ? r : check_field(in, field);
}

int
bb_map_read_fields(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_map *map = target;
    int r;

    if (!json_is_array(value))
        return bb_map_wrong_type(in, value, "a list of fields");
    r = bb_map_list(in, value, sizeof *map->field, &map->field, &map->n_fields, read_field);
    for (size_t i = 0; r == 0 && i < map->n_fields; i++)
        for (size_t j = 0; j < i; j++)
            if (map->field[i].name.len && bb_bytes_equal(map->field[i].name, map->field[j].name))
                return bb_map_wrong(in, "found \"%s\" twice, expected it once", map->field[i].name.data);
    return r;
}
