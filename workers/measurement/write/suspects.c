#include "suspects.h"

#include <errno.h>
#include <stdlib.h>

void
bb_suspects_release(struct bb_suspects *suspects)
{
    for (uint32_t i = 0; i < suspects->n; i++)
        bb_map_release(&suspects->batch[i].unit);
    free(suspects->batch);
    *suspects = (struct bb_suspects){0};
}

static struct bb_suspects_batch *
find(const struct bb_suspects *suspects, const uint8_t id[static 16])
{
    for (uint32_t i = suspects->n; i > 0; i--) /* the youngest is the likeliest */
        if (memcmp(suspects->batch[i - 1].id, id, 16) == 0)
            return &suspects->batch[i - 1];
    return NULL;
}

static struct bb_suspects_batch *
add_batch(struct bb_suspects *suspects, const uint8_t id[static 16])
{
    struct bb_suspects_batch *batch;

    if (suspects->n == suspects->size) {
        uint32_t size = suspects->size ? suspects->size * 2 : 8;
        struct bb_suspects_batch *grown = realloc(suspects->batch, size * sizeof *grown);
        if (!grown)
            return NULL;
        suspects->batch = grown;
        suspects->size = size;
    }
    batch = &suspects->batch[suspects->n++];
    *batch = (struct bb_suspects_batch){.unit = {0}};
    memcpy(batch->id, id, 16);
    return batch;
}

int
bb_suspects_add(struct bb_suspects *suspects, const uint8_t id[static 16], struct bb_bytes unit)
{
    struct bb_suspects_batch *batch = find(suspects, id);

    if (suspects->units >= BB_SUSPECTS_MAX || (batch && bb_map_find(&batch->unit, unit)))
        return 0;
    if (!batch)
        batch = add_batch(suspects, id);
    if (!batch || bb_map_set(&batch->unit, unit, 0) != 0)
        return -ENOMEM;
    suspects->units++;
    return 0;
}

const struct bb_map *
bb_suspects_of(const struct bb_suspects *suspects, const uint8_t id[static 16])
{
    const struct bb_suspects_batch *batch = find(suspects, id);

    return batch ? &batch->unit : NULL;
}

void
bb_suspects_drop(struct bb_suspects *suspects, const uint8_t id[static 16])
{
    struct bb_suspects_batch *batch = find(suspects, id);

    if (!batch)
        return;
    suspects->units -= batch->unit.count;
    bb_map_release(&batch->unit);
    *batch = suspects->batch[--suspects->n];
}
