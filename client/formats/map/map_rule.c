/* `reading` and `readings` of a map: which readings a record gives. */
#include "map_json.h"

#include <errno.h>

#define MEMBER(column, name)                                                                                 \
    static int name(struct bb_map_in *in, json_t *value, void *target)                                       \
    {                                                                                                        \
        struct bb_map_reading *rule = target;                                                                \
        rule->said[column] = true;                                                                           \
        return bb_map_template(in, value, &rule->member[column]);                                            \
    }

MEMBER(BB_COLUMN_INDICATOR, read_indicator)
MEMBER(BB_COLUMN_ORGANIZATION, read_organization)
MEMBER(BB_COLUMN_PLACE, read_place)
MEMBER(BB_COLUMN_PERIOD, read_period)
MEMBER(BB_COLUMN_VALUE, read_value)
MEMBER(BB_COLUMN_NUMERATOR, read_numerator)
MEMBER(BB_COLUMN_DENOMINATOR, read_denominator)
MEMBER(BB_COLUMN_STATUS, read_status)
MEMBER(BB_COLUMN_COMMENT, read_comment)

static int
read_dimensions(struct bb_map_in *in, json_t *value, struct bb_map_reading *rule)
{
    const char *name;
    json_t *text;

    rule->dimension =
        bb_arena_alloc(&in->map->arena, (json_object_size(value) + 1) * sizeof *rule->dimension);
    rule->n_dimensions = 0;
    if (!rule->dimension)
        return -ENOMEM;
    json_object_foreach(value, name, text)
    {
        struct bb_dimension *dimension = &rule->dimension[rule->n_dimensions++];
        char *copy = bb_map_keep(in, name, strlen(name));
        if (!copy)
            return -ENOMEM;
        dimension->name = bb_bytes_str(copy);
        int r = bb_map_template(in, text, &dimension->template);
        if (r < 0)
            return r;
    }
    return 0;
}

static int
read_disaggregation(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_map_reading *rule = target;

    rule->said[BB_COLUMN_DISAGGREGATION] = true;
    if (json_is_object(value))
        return read_dimensions(in, value, rule);
    rule->n_dimensions = 0;
    return bb_map_template(in, value, &rule->member[BB_COLUMN_DISAGGREGATION]);
}

static int
read_optional(struct bb_map_in *in, json_t *value, void *rule)
{
    return bb_map_flag(in, value, &((struct bb_map_reading *)rule)->optional);
}

static int
read_each_columns(struct bb_map_in *in, json_t *value, void *rule)
{
    return bb_map_pattern(in, value, &((struct bb_map_reading *)rule)->columns);
}

static int
read_each_names(struct bb_map_in *in, json_t *value, void *rule)
{
    return bb_map_texts(in, value, &((struct bb_map_reading *)rule)->names);
}

static int
read_each(struct bb_map_in *in, json_t *value, void *target)
{
    static const struct bb_map_member members[] = {
        {"columns", read_each_columns}, {"names", read_each_names}, {NULL, NULL}};
    struct bb_map_reading *rule = target;
    int r = bb_map_object(in, value, members, rule);

    if (r < 0)
        return r;
    if (!rule->columns)
        return bb_map_wrong(in, "found no \"columns\", expected a pattern for the names of columns");
    if (rule->names.count > bb_pattern_groups(rule->columns))
        return bb_map_wrong(in, "found %zu names, expected at most one for each of the %zu groups of \"%s\"",
                            rule->names.count, bb_pattern_groups(rule->columns),
                            bb_pattern_text(rule->columns));
    return 0;
}

#define COMMON                                                                                               \
    {"indicator", read_indicator}, {"organization", read_organization}, {"place", read_place},               \
        {"disaggregation", read_disaggregation}, {"period", read_period}, {"value", read_value},             \
        {"numerator", read_numerator}, {"denominator", read_denominator}, {"status", read_status},           \
    {                                                                                                        \
        "comment", read_comment                                                                              \
    }

int
bb_map_read_common(struct bb_map_in *in, json_t *value, void *rule)
{
    static const struct bb_map_member members[] = {COMMON, {NULL, NULL}};

    return bb_map_object(in, value, members, rule);
}

/* What `reading` says holds where a rule of `readings` says nothing: it was read before (map_read.c). */
static int
read_rule(struct bb_map_in *in, json_t *value, void *target)
{
    static const struct bb_map_member members[] = {
        {"each", read_each}, {"optional", read_optional}, COMMON, {NULL, NULL}};

    *(struct bb_map_reading *)target = in->map->rule[0];
    return bb_map_object(in, value, members, target);
}

int
bb_map_read_rules(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_map *map = target;
    struct bb_map_reading *rules;
    size_t count;
    int r;

    if (!json_is_array(value) || json_array_size(value) == 0)
        return bb_map_wrong_type(in, value, "a list of readings that each record gives");
    r = bb_map_list(in, value, sizeof *rules, &rules, &count, read_rule);
    if (r < 0)
        return r;
    map->rule = rules;
    map->n_rules = count;
    return 0;
}
