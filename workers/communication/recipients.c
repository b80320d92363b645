#include "recipients.h"

#include <errno.h>
#include <stdlib.h>

static bool
is_addressed(const struct bb_communication *c, uint32_t organization, const struct bb_channel *channel,
             size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bb_access_reaches(&c->access, organization, &channel[i]))
            return true;
    return false;
}

int
bb_recipients_find(struct bb_communication *c, const struct bb_channel *channel, size_t n, uint32_t author,
                   struct bb_recipients *ret_recipients)
{
    uint32_t all = bb_directory_count(c->directory), count = 0;
    uint32_t *organization = bb_arena_alloc(&c->arena, (all + 1) * sizeof *organization);

    if (!organization)
        return -ENOMEM;
    for (uint32_t i = 0; i < all; i++)
        if (i != author && bb_organization_enabled(bb_directory_at(c->directory, i), c->today) &&
            is_addressed(c, i, channel, n))
            organization[count++] = i;
    *ret_recipients = (struct bb_recipients){.organization = organization, .count = count};
    return 0;
}

static int
by_code(const void *a, const void *b, void *self)
{
    const struct bb_directory *directory = self;

    return bb_bytes_compare(bb_directory_at(directory, *(const uint32_t *)a)->code,
                            bb_directory_at(directory, *(const uint32_t *)b)->code);
}

void
bb_recipients_sort(const struct bb_communication *c, struct bb_recipients *recipients)
{
    qsort_r(recipients->organization, recipients->count, sizeof *recipients->organization, by_code,
            c->directory);
}

int
bb_recipients_everybody(const struct bb_communication *c, struct bb_recipients *ret_recipients)
{
    struct bb_recipients all = {.count = bb_directory_count(c->directory)};

    all.organization = malloc((all.count + 1) * sizeof *all.organization);
    if (!all.organization)
        return -ENOMEM;
    for (uint32_t i = 0; i < all.count; i++)
        all.organization[i] = i;
    bb_recipients_sort(c, &all);
    *ret_recipients = all;
    return 0;
}
