#include "aliases.h"

#include <errno.h>

int
bb_aliases_init(struct bb_aliases *aliases, size_t most, struct bb_arena *arena)
{
    size_t size = 2;

    *aliases = (struct bb_aliases){0};
    if (most == 0)
        return 0;
    while (size < 2 * most)
        size *= 2;
    aliases->item = bb_arena_alloc(arena, size * sizeof *aliases->item);
    if (!aliases->item)
        return -ENOMEM;
    memset(aliases->item, 0, size * sizeof *aliases->item);
    aliases->size = size;
    return 0;
}

/* FNV-1a. */
static size_t
hash_of(struct bb_bytes text)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ text.data[i]) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

static struct bb_alias *
slot(const struct bb_aliases *aliases, struct bb_bytes written)
{
    size_t at = hash_of(written) & (aliases->size - 1);

    while (aliases->item[at].written.data && !bb_bytes_equal(aliases->item[at].written, written))
        at = (at + 1) & (aliases->size - 1);
    return &aliases->item[at];
}

bool
bb_aliases_add(struct bb_aliases *aliases, struct bb_bytes written, struct bb_bytes meant)
{
    struct bb_alias *alias = slot(aliases, written);

    if (alias->written.data)
        return bb_bytes_equal(alias->meant, meant);
    *alias = (struct bb_alias){written, meant};
    aliases->count++;
    return true;
}

const struct bb_bytes *
bb_aliases_find(const struct bb_aliases *aliases, struct bb_bytes written)
{
    const struct bb_alias *alias = aliases->count ? slot(aliases, written) : NULL;

    return alias && alias->written.data ? &alias->meant : NULL;
}
