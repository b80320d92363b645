#include "map.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

void
bb_map_release(struct bb_map *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        free(map->entry[i].key);
    free(map->entry);
    free(map->slot);
    *map = (struct bb_map){0};
}

static uint32_t
find_slot(const struct bb_map *map, struct bb_bytes key)
{
    uint32_t mask = map->n_slot - 1, at = (uint32_t)XXH3_64bits(key.data, key.len) & mask;

    for (; map->slot[at]; at = (at + 1) & mask) {
        const struct bb_map_entry *entry = &map->entry[map->slot[at] - 1];
        if (bb_bytes_equal(bb_bytes(entry->key, entry->key_len), key))
            break;
    }
    return at;
}

struct bb_map_entry *
bb_map_find(const struct bb_map *map, struct bb_bytes key)
{
    uint32_t number;

    if (map->count == 0)
        return NULL;
    number = map->slot[find_slot(map, key)];
    return number ? &map->entry[number - 1] : NULL;
}

static void
fill_slots(struct bb_map *map)
{
    memset(map->slot, 0, map->n_slot * sizeof *map->slot);
    for (uint32_t i = 0; i < map->count; i++)
        map->slot[find_slot(map, bb_bytes(map->entry[i].key, map->entry[i].key_len))] = i + 1;
}

static int
reserve(struct bb_map *map)
{
    if (map->count == map->size) {
        uint32_t size = map->size ? map->size * 2 : 16;
        struct bb_map_entry *entry = realloc(map->entry, size * sizeof *entry);
        if (!entry)
            return -ENOMEM;
        map->entry = entry;
        map->size = size;
    }
    if ((map->count + 1) * 2 > map->n_slot) {
        uint32_t n = map->n_slot ? map->n_slot * 2 : 32;
        uint32_t *slot = realloc(map->slot, n * sizeof *slot);
        if (!slot)
            return -ENOMEM;
        map->slot = slot;
        map->n_slot = n;
        fill_slots(map);
    }
    return 0;
}

int
bb_map_set(struct bb_map *map, struct bb_bytes key, uint64_t value)
{
    struct bb_map_entry *entry = bb_map_find(map, key);
    uint8_t *copy;

    if (entry) {
        entry->value = value;
        return 0;
    }
    copy = malloc(key.len ? key.len : 1);
    if (!copy || reserve(map) != 0) {
        free(copy);
        return -ENOMEM;
    }
    if (key.len)
        memcpy(copy, key.data, key.len);
    map->slot[find_slot(map, key)] = map->count + 1;
    map->entry[map->count++] =
        (struct bb_map_entry){.key = copy, .key_len = (uint32_t)key.len, .value = value};
    return 0;
}

void
bb_map_cut(struct bb_map *map, uint32_t count)
{
    if (count >= map->count)
        return;
    for (uint32_t i = count; i < map->count; i++)
        free(map->entry[i].key);
    map->count = count;
    fill_slots(map);
}
