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

    if (entries->n_time_us != n || (entries->n_entry != 0 && entries->n_entry != count))
        return false;
    for (size_t i = 0; i < entries->n_entry; i++)
        if (entries->entry[i] >= n)
            return false;
    return true;
}

int
bb_entries_rows(const struct bb_entries *entries, uint32_t count, struct bb_arena *arena,
                const uint64_t **ret_sequence, const uint64_t **ret_time_us)
{
    uint64_t *sequence, *time_us, *row_sequence, *row_time_us;

    *ret_sequence = *ret_time_us = NULL;
    if (!are_fitting(entries, count))
        return -EBADMSG;
    if (entries->n_sequence == 0 || count == 0)
        return 0;
    sequence = add_up(entries->sequence, entries->n_sequence, arena);
    time_us = add_up(entries->time_us, entries->n_time_us, arena);
    row_sequence = bb_arena_alloc(arena, count * sizeof *row_sequence);
    row_time_us = bb_arena_alloc(arena, count * sizeof *row_time_us);
    if (!sequence || !time_us || !row_sequence || !row_time_us)
        return -EMSGSIZE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = entries->n_entry ? entries->entry[i] : 0;
        row_sequence[i] = sequence[at];
        row_time_us[i] = time_us[at];
    }
    *ret_sequence = row_sequence;
    *ret_time_us = row_time_us;
    return 0;
}
