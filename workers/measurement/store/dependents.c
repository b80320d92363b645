/*     dependent   input (4) | dependent (4) | sequence (8) -> 1 it is computed from it since then, 0 no more
 *
 * All big-endian. What is computed from an input now is found by its records, of which the last that is not
 * above the snapshot counts for each dependent. */
#include "dependents.h"

#include <errno.h>

#define DEPENDENT_KEY 16

static int
put(struct bb_generation *filling, uint32_t input, uint32_t dependent, uint64_t sequence, uint8_t is)
{
    uint8_t key[DEPENDENT_KEY];

    bb_put_u32(key, input);
    bb_put_u32(key + 4, dependent);
    bb_put_u64(key + 8, sequence);
    return bb_generation_put(filling, BB_VIEW_DEPENDENT, bb_bytes(key, sizeof key), bb_bytes(&is, 1));
}

/* Those of `these` that are not among the others. */
static int
put_others(struct bb_generation *filling, const struct bb_ids *these, const struct bb_ids *others,
           uint32_t dependent, uint64_t sequence, uint8_t is)
{
    uint32_t number;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < these->count; i++)
        if (!bb_ids_find(others, these->id[i], &number))
            r = put(filling, these->id[i], dependent, sequence, is);
    return r;
}

int
bb_dependents_put(struct bb_generation *filling, uint32_t indicator, const struct bb_ids *before,
                  const struct bb_ids *now, uint64_t sequence)
{
    int r = put_others(filling, before, now, indicator, sequence, 0);

    return r == 0 ? put_others(filling, now, before, indicator, sequence, 1) : r;
}

/* Finding */

/* Of one dependent: is it, as of the snapshot? The cursor stands on its first record, and then behind its
 * last. */
static int
read_dependent(struct bb_snapshot *snapshot, struct bb_bytes *key, struct bb_bytes *payload, bool *ret_is)
{
    uint8_t first[8];
    int r = 0;

    memcpy(first, key->data, sizeof first);
    *ret_is = false;
    while (r == 0 && key->len == DEPENDENT_KEY && memcmp(key->data, first, sizeof first) == 0) {
        if (payload->len != 1)
            return bb_snapshot_damaged(snapshot, BB_VIEW_DEPENDENT, *key);
        if (bb_get_u64(key->data + 8) <= snapshot->sequence)
            *ret_is = payload->data[0] == 1;
        r = bb_snapshot_move(snapshot, BB_VIEW_DEPENDENT, MDB_NEXT, key, payload);
    }
    return r;
}

/* What is computed from it by its own expressions. */
static int
add_dependents(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_ids *dependents)
{
    uint8_t prefix[4];
    struct bb_bytes key, payload;
    int r;

    bb_put_u32(prefix, indicator);
    r = bb_snapshot_seek(snapshot, BB_VIEW_DEPENDENT, bb_bytes(prefix, sizeof prefix), &key, &payload);
    while (r == 0 && key.len == DEPENDENT_KEY && bb_get_u32(key.data) == indicator) {
        uint32_t dependent = bb_get_u32(key.data + 4);
        bool is;
        r = read_dependent(snapshot, &key, &payload, &is);
        if (r >= 0 && is && bb_ids_add(dependents, dependent, NULL) != 0)
            return -ENOMEM;
    }
    return r < 0 ? r : 0;
}

int
bb_dependents_find(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_ids *dependents)
{
    int r;

    bb_ids_reset(dependents);
    r = add_dependents(snapshot, indicator, dependents);
    for (uint32_t i = 0; r == 0 && i < dependents->count; i++)
        r = add_dependents(snapshot, dependents->id[i], dependents);
    if (r == 0)
        bb_ids_sort(dependents);
    return r;
}
