#include "ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
bb_ids_release(struct bb_ids *ids)
{
    free(ids->id);
    free(ids->slot);
    *ids = (struct bb_ids){0};
}

void
bb_ids_reset(struct bb_ids *ids)
{
    if (ids->n_slot)
        memset(ids->slot, 0, ids->n_slot * sizeof *ids->slot);
    ids->count = 0;
}

static uint32_t
find_slot(const struct bb_ids *ids, uint32_t id)
{
    uint32_t i = (id * 0x9E3779B1u >> 7) & (ids->n_slot - 1);

    while (ids->slot[i] && ids->id[ids->slot[i] - 1] != id)
        i = (i + 1) & (ids->n_slot - 1);
    return i;
}

/* The table is kept at most half full. */
static int
grow(struct bb_ids *ids)
{
    uint32_t size = ids->size ? ids->size * 2 : 16;
    uint32_t *id, *slot;

    if (size > UINT32_MAX / 4)
        return -ENOMEM;
    id = realloc(ids->id, size * sizeof *id);
    if (!id)
        return -ENOMEM;
    ids->id = id;
    slot = calloc((size_t)size * 2, sizeof *slot);
    if (!slot)
        return -ENOMEM;
    free(ids->slot);
    ids->slot = slot;
    ids->size = size;
    ids->n_slot = size * 2;
    for (uint32_t i = 0; i < ids->count; i++)
        slot[find_slot(ids, ids->id[i])] = i + 1;
    return 0;
}

int
bb_ids_add(struct bb_ids *ids, uint32_t id, uint32_t *ret_number)
{
    uint32_t at;

    if (ids->count == ids->size && grow(ids) != 0)
        return -ENOMEM;
    at = find_slot(ids, id);
    if (ids->slot[at] == 0) {
        ids->id[ids->count++] = id;
        ids->slot[at] = ids->count;
    }
    if (ret_number)
        *ret_number = ids->slot[at] - 1;
    return 0;
}

bool
bb_ids_find(const struct bb_ids *ids, uint32_t id, uint32_t *ret_number)
{
    uint32_t number = ids->n_slot ? ids->slot[find_slot(ids, id)] : 0;

    if (number == 0)
        return false;
    *ret_number = number - 1;
    return true;
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

void
bb_ids_sort(struct bb_ids *ids)
{
    if (ids->count)
        qsort(ids->id, ids->count, sizeof *ids->id, compare);
}
