#include "names.h"

#include <errno.h>

#define SLOTS (2 * BB_CELLS_MAX)

_Static_assert((SLOTS & (SLOTS - 1)) == 0, "slots are found by a mask");

void
bb_names_init(struct bb_names *names)
{
    memset(names->slot, 0, sizeof names->slot);
    names->count = 0;
    bb_arena_init(&names->arena, (size_t)BB_CELLS_MAX * (BB_NAME_BYTES + 16));
}

void
bb_names_release(struct bb_names *names)
{
    bb_arena_release(&names->arena);
    names->count = 0;
}

/* FNV-1a. */
static size_t
slot_of(struct bb_bytes text)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ text.data[i]) * 16777619u;
    return (hash ^ hash >> 15) & (SLOTS - 1);
}

/* The slot that holds the name, or the free one where it belongs: at most half of them are taken. */
static size_t
look_up(const struct bb_names *names, struct bb_bytes text)
{
    size_t at = slot_of(text);

    while (names->slot[at] && !bb_bytes_equal(names->name[names->slot[at] - 1], text))
        at = (at + 1) & (SLOTS - 1);
    return at;
}

int
bb_names_find(const struct bb_names *names, struct bb_bytes text)
{
    return names->slot[look_up(names, text)] - 1;
}

int
bb_names_intern(struct bb_names *names, struct bb_bytes text)
{
    size_t at = look_up(names, text);
    char *copy;

    if (names->slot[at])
        return names->slot[at] - 1;
    if (names->count == BB_CELLS_MAX || text.len > BB_NAME_BYTES)
        return -E2BIG;
    copy = bb_arena_text(&names->arena, text);
    if (!copy)
        return -ENOMEM;
    names->name[names->count] = bb_bytes(copy, text.len);
    names->slot[at] = (uint16_t)++names->count;
    return (int)names->count - 1;
}
