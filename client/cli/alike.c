#include "alike.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const struct bb_alike *a, const struct bb_alike *b)
{
    int order = strcmp(a->code, b->code);

    if (order == 0)
        order = strcmp(a->field, b->field);
    return order != 0 ? order : strcmp(a->reason, b->reason);
}

/* Where it stands in the order, or belongs. */
static uint32_t
find(const struct bb_alikes *alikes, const struct bb_alike *warning, bool *ret_found)
{
    uint32_t low = 0, high = alikes->n;

    *ret_found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(&alikes->one[alikes->order[middle]], warning);
        *ret_found |= order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
grow(struct bb_alikes *alikes)
{
    uint32_t size = alikes->size ? alikes->size * 2 : 16;
    struct bb_alike *one = reallocarray(alikes->one, size, sizeof *one);
    uint32_t *order;

    if (!one)
        return -ENOMEM;
    alikes->one = one;
    order = reallocarray(alikes->order, size, sizeof *order);
    if (!order)
        return -ENOMEM;
    alikes->order = order;
    alikes->size = size;
    return 0;
}

int
bb_alikes_add(struct bb_alikes *alikes, const struct bb_alike *warning)
{
    bool found;
    uint32_t at = find(alikes, warning, &found);
    char *reason;

    if (found) {
        alikes->one[alikes->order[at]].rows += warning->rows;
        return 0;
    }
    if (alikes->n == BB_ALIKE_MOST)
        return BB_ALIKE_FULL;
    if (alikes->n == alikes->size && grow(alikes) < 0)
        return -ENOMEM;
    reason = strdup(warning->reason);
    if (!reason)
        return -ENOMEM;
    memmove(alikes->order + at + 1, alikes->order + at, (alikes->n - at) * sizeof *alikes->order);
    alikes->order[at] = alikes->n;
    alikes->one[alikes->n] = *warning;
    alikes->one[alikes->n++].reason = reason;
    return BB_ALIKE_NEW;
}

void
bb_alikes_release(struct bb_alikes *alikes)
{
    for (uint32_t i = 0; i < alikes->n; i++)
        free(alikes->one[i].reason);
    free(alikes->one);
    free(alikes->order);
    *alikes = (struct bb_alikes){0};
}
