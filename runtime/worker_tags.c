/* Linear probing (Knuth, TAOCP 3, 6.4, algorithms L and R): the broker's successive tags fall into successive
 * slots. The table is twice as large as what there may be, so it never fills. */
#include "worker_tags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 16u

int
bb_tags_init(struct bb_tags *tags, size_t most)
{
    size_t size = LEAST;

    while (size < 2 * most + 2)
        size *= 2;
    tags->slots = calloc(size, sizeof *tags->slots);
    tags->mask = size - 1;
    return tags->slots ? 0 : -ENOMEM;
}

void
bb_tags_release(struct bb_tags *tags)
{
    free(tags->slots);
    tags->slots = NULL;
}

void
bb_tags_clear(struct bb_tags *tags)
{
    memset(tags->slots, 0, (tags->mask + 1) * sizeof *tags->slots);
}

struct bb_tagged *
bb_tags_find(const struct bb_tags *tags, uint64_t tag)
{
    size_t i = tag & tags->mask;

    while (tags->slots[i].used && tags->slots[i].tag != tag)
        i = (i + 1) & tags->mask;
    return &tags->slots[i];
}

/* Close the gap: whoever probed past it moves back. */
void
bb_tags_remove(struct bb_tags *tags, struct bb_tagged *tagged)
{
    size_t hole = (size_t)(tagged - tags->slots), i = hole;

    for (;;) {
        size_t home;

        i = (i + 1) & tags->mask;
        if (!tags->slots[i].used)
            break;
        home = tags->slots[i].tag & tags->mask;
        if (((i - home) & tags->mask) >= ((i - hole) & tags->mask)) {
            tags->slots[hole] = tags->slots[i];
            hole = i;
        }
    }
    tags->slots[hole].used = false;
}
