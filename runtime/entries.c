#include "entries.h"

#include <errno.h>
#include <stdbool.h>

/* Sums instead of differences. */
static uint64_t *
add_up(const int64_t *difference, size_t n, struct bb_arena *arena)
{
    uint64_t *sum = bb_arena_alloc(arena, n * sizeof *sum), at = 0;

    for (size_t i = 0; sum && i < n; i++)
        sum[i] = at += (uint64_t)difference[i];
    return sum;
}

static bool
are_fitting(const struct bb_entries *entries, uint32_t count)
{
    size_t n = entries->n_sequence;
    uint32_t greatest = 0;

    if (entries->n_time_us != n || (entries->n_entry != 0 && entries->n_entry != count))
        return false;
    for (size_t i = 0; i < entries->n_entry; i++)
        greatest = entries->entry[i] > greatest ? entries->entry[i] : greatest;
    return entries->n_entry == 0 || greatest < n;
}

int
bb_entries_read(const struct bb_entries *entries, uint32_t count, struct bb_arena *arena,
                struct bb_entry_times *ret_times)
{
    *ret_times = (struct bb_entry_times){.sequence = NULL};
    if (!are_fitting(entries, count))
        return -EBADMSG;
    if (entries->n_sequence == 0 || count == 0)
        return 0;
    ret_times->sequence = add_up(entries->sequence, entries->n_sequence, arena);
    ret_times->time_us = add_up(entries->time_us, entries->n_time_us, arena);
    ret_times->entry = entries->n_entry ? entries->entry : NULL;
    return ret_times->sequence && ret_times->time_us ? 0 : -EMSGSIZE;
}
