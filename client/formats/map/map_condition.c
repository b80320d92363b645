/* Conditions of a map: what `skip`, `withdraw` and `drop` ask of a record. */
#include "map_json.h"

/* --- conditions --------------------------------------------------------------------------------------- */

static int
read_condition_columns(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_texts *columns = &((struct bb_condition *)target)->columns;
    int r = bb_map_texts(in, value, columns);

    for (size_t i = 0; r == 0 && i < columns->count; i++)
        columns->item[i].len = bb_squeeze(columns->item[i], (char *)(uintptr_t)columns->item[i].data);
    return r;
}

static int
read_empty(struct bb_map_in *in, json_t *value, void *target)
{
    if (!json_is_true(value))
        return bb_map_wrong_type(in, value, "true");
    ((struct bb_condition *)target)->kind = BB_IF_EMPTY;
    return 0;
}

static int
read_matches(struct bb_map_in *in, json_t *value, void *target)
{
    ((struct bb_condition *)target)->kind = BB_IF_MATCHES;
    return bb_map_pattern(in, value, &((struct bb_condition *)target)->pattern);
}

static int
read_not(struct bb_map_in *in, json_t *value, void *target)
{
    ((struct bb_condition *)target)->kind = BB_IF_NOT;
    return bb_map_pattern(in, value, &((struct bb_condition *)target)->pattern);
}

static int
read_condition(struct bb_map_in *in, json_t *value, void *target)
{
    static const struct bb_map_member members[] = {
        {"column", read_condition_columns},
        {"empty", read_empty},
        {"pattern", read_matches},
        {"not", read_not},
        {NULL, NULL},
    };
    int r = bb_map_object(in, value, members, target);

    if (r == 0 && json_object_size(value) != 1 + (json_object_get(value, "column") != NULL))
        return bb_map_wrong(in, "expected one of \"empty\", \"pattern\" and \"not\", and perhaps \"column\"");
    return r;
}

int
bb_map_read_conditions(struct bb_map_in *in, json_t *value, void *target)
{
    struct bb_conditions *conditions = target;

    return bb_map_list(in, value, sizeof *conditions->item, &conditions->item, &conditions->count,
                       read_condition);
}
