/* Linear probing, at most three quarters full. A removal moves the entries behind it back, so that each stays
 * reachable from where its key leads (Knuth, TAOCP 3, 6.4, algorithm R). */
#include "numbers.h"

#include <errno.h>
#include <stdlib.h>

#define FREE UINT64_MAX

void
bb_numbers_release(struct bb_numbers *map)
{
    free(map->entry);
    *map = (struct bb_numbers){0};
}

void
bb_numbers_clear(struct bb_numbers *map)
{
    for (uint32_t i = 0; map->count > 0 && i < map->size; i++)
        map->entry[i].key = FREE;
    map->count = 0;
}

/* Neighbouring keys are the rule: spread them. */
static uint32_t
home(const struct bb_numbers *map, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (map->size - 1);
}

/* Where the key is, or would be put. */
static uint32_t
find(const struct bb_numbers *map, uint64_t key)
{
    uint32_t at = home(map, key);

    while (map->entry[at].key != FREE && map->entry[at].key != key)
        at = (at + 1) & (map->size - 1);
    return at;
}

int
bb_numbers_reserve(struct bb_numbers *map, uint32_t entries)
{
    struct bb_numbers grown = {.count = map->count, .size = map->size ? map->size : 16};

    if (entries > UINT32_MAX / 4)
        return -ENOMEM;
    if (entries + entries / 3 < map->size)
        return 0;
    while (grown.size <= entries + entries / 3)
        grown.size *= 2;
    grown.entry = malloc(grown.size * sizeof *grown.entry);
    if (!grown.entry)
        return -ENOMEM;
    for (uint32_t i = 0; i < grown.size; i++)
        grown.entry[i].key = FREE;
    for (uint32_t i = 0; i < map->size; i++)
        if (map->entry[i].key != FREE)
            grown.entry[find(&grown, map->entry[i].key)] = map->entry[i];
    free(map->entry);
    *map = grown;
    return 0;
}

void
bb_numbers_set(struct bb_numbers *map, uint64_t key, uint32_t value)
{
    struct bb_numbers_entry *entry = &map->entry[find(map, key)];

    if (entry->key == FREE)
        map->count++;
    *entry = (struct bb_numbers_entry){.key = key, .value = value};
}

bool
bb_numbers_get(const struct bb_numbers *map, uint64_t key, uint32_t *ret_value)
{
    uint32_t at;

    if (map->count == 0)
        return false;
    at = find(map, key);
    if (map->entry[at].key == FREE)
        return false;
    *ret_value = map->entry[at].value;
    return true;
}

void
bb_numbers_remove(struct bb_numbers *map, uint64_t key)
{
    uint32_t mask = map->size - 1, hole, at;

    if (map->count == 0)
        return;
    hole = find(map, key);
    if (map->entry[hole].key == FREE)
        return;
    for (at = (hole + 1) & mask; map->entry[at].key != FREE; at = (at + 1) & mask) {
        uint32_t from = home(map, map->entry[at].key);
        /* It may fill the hole unless its home lies behind the hole, up to where it is. */
        if (((at - from) & mask) >= ((at - hole) & mask)) {
            map->entry[hole] = map->entry[at];
            hole = at;
        }
    }
    map->entry[hole].key = FREE;
    map->count--;
}
