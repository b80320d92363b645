#include "inputs.h"

#include "proto/limits.h"
#include "proto/message.h"

#include <errno.h>

static int
read_side(const char *text, struct bb_expression **ret_side)
{
    struct bb_expression_error error;
    int r;

    if (!text || !*text)
        return 0;
    r = bb_expression_parse(bb_bytes_str(text), ret_side, &error);
    return r > 0 ? -EBADMSG : r;
}

int
bb_sides_read(const Bb__Indicator *definition, struct bb_sides *ret_sides)
{
    struct bb_sides sides = {NULL, NULL};
    int r = read_side(definition->numerator_expression, &sides.above);

    if (r == 0)
        r = read_side(definition->denominator_expression, &sides.below);
    if (r != 0)
        bb_sides_release(&sides);
    else
        *ret_sides = sides;
    return r;
}

void
bb_sides_release(struct bb_sides *sides)
{
    bb_expression_destroy(&sides->above);
    bb_expression_destroy(&sides->below);
}

static int
find_side(struct bb_names *names, MDB_txn *txn, const struct bb_expression *side, struct bb_ids *ids,
          struct bb_bytes *ret_unknown)
{
    const struct bb_expression_input *inputs;
    size_t n = side ? bb_expression_inputs(side, &inputs) : 0;
    uint32_t id;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        *ret_unknown = inputs[i].indicator;
        r = bb_names_find_own(names, txn, BB_OBJECT_INDICATOR, inputs[i].indicator, &id);
        if (r == 0)
            r = bb_ids_add(ids, id, NULL);
    }
    return r;
}

int
bb_inputs_find(struct bb_names *names, MDB_txn *txn, const struct bb_sides *sides, struct bb_ids *ids,
               struct bb_inputs_unknown *ret_unknown)
{
    int r;

    bb_ids_reset(ids);
    ret_unknown->column = "numerator_expression";
    r = find_side(names, txn, sides->above, ids, &ret_unknown->indicator);
    if (r != 0)
        return r;
    ret_unknown->column = "denominator_expression";
    return find_side(names, txn, sides->below, ids, &ret_unknown->indicator);
}

int
bb_inputs_set(struct bb_dependencies *dependencies, struct bb_names *names, MDB_txn *txn, uint32_t id,
              const Bb__Indicator *definition)
{
    struct bb_ids ids = {0}, cycle = {0};
    struct bb_inputs_unknown unknown;
    struct bb_sides sides;
    int r = bb_sides_read(definition, &sides);

    if (r != 0)
        return r;
    r = bb_inputs_find(names, txn, &sides, &ids, &unknown);
    if (r == 0 && ids.count > 0)
        r = bb_dependencies_set(dependencies, id, ids.id, ids.count, &cycle);
    else if (r == 0)
        bb_dependencies_remove(dependencies, id);
    bb_ids_release(&ids);
    bb_ids_release(&cycle);
    bb_sides_release(&sides);
    return r > 0 ? -EBADMSG : r;
}

int
bb_inputs_load(struct bb_dependencies *dependencies, struct bb_names *names, MDB_txn *txn,
               const struct bb_catalogue *catalogue)
{
    struct bb_arena arena;
    int r = 0;

    bb_arena_init(&arena, BB_LIMIT_DECODE_BYTES);
    for (uint32_t id = 1; r == 0 && id < catalogue->indicator_size; id++) {
        const struct bb_object *object = bb_catalogue_get(catalogue, BB_OBJECT_INDICATOR, id);
        Bb__Indicator *definition;
        if (!object || !bb_catalogue_indicator(catalogue, id)->computed)
            continue;
        bb_arena_reset(&arena);
        r = bb_unpack(bb__indicator, bb_bytes(object->details, object->details_len), &arena, &definition);
        if (r == 0)
            r = bb_inputs_set(dependencies, names, txn, id, definition);
    }
    bb_arena_release(&arena);
    return r > 0 ? -EBADMSG : r;
}
