/* All acceptances live equally long, so a ring has them in the order of their time. Which of them was the one
 * of a connection that speaks is not known, but it came after the connection's beginning: the oldest one of
 * its organization behind that counts no more. Who is silent is not forgotten for the sake of who speaks. */
#include "silent.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64u

/* The news that a connection began may be read after the question about its key. */
#define LATE_MS 100

struct bb_silent_entry {
    bb_mono start;
    uint32_t number;
    bool spoke; /* counts no more */
};

void
bb_silent_init(struct bb_silent *silent, int64_t lifetime_ms)
{
    *silent = (struct bb_silent){.lifetime_ms = lifetime_ms};
}

void
bb_silent_release(struct bb_silent *silent)
{
    free(silent->ring);
    free(silent->counts);
    bb_silent_init(silent, silent->lifetime_ms);
}

static struct bb_silent_entry *
entry_at(const struct bb_silent *silent, size_t i)
{
    return &silent->ring[(silent->head + i) % silent->size];
}

static void
expire(struct bb_silent *silent, bb_mono now)
{
    while (silent->count && entry_at(silent, 0)->start + silent->lifetime_ms <= now) {
        const struct bb_silent_entry *oldest = entry_at(silent, 0);

        if (!oldest->spoke)
            silent->counts[oldest->number]--;
        silent->head = (silent->head + 1) % silent->size;
        silent->count--;
    }
}

/* How many entries are older. */
static size_t
count_before(const struct bb_silent *silent, bb_mono time)
{
    size_t low = 0, high = silent->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_at(silent, middle)->start < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
reserve_entry(struct bb_silent *silent)
{
    size_t size = silent->size ? silent->size * 2 : FIRST_SIZE;
    struct bb_silent_entry *ring;

    if (silent->count < silent->size)
        return 0;
    ring = malloc(size * sizeof *ring);
    if (!ring)
        return -ENOMEM;
    for (size_t i = 0; i < silent->count; i++)
        ring[i] = *entry_at(silent, i);
    free(silent->ring);
    silent->ring = ring;
    silent->size = size;
    silent->head = 0;
    return 0;
}

static int
reserve_count(struct bb_silent *silent, uint32_t number)
{
    uint32_t n = 2 * number + 1; /* numbers are dense: far below 2^31 */
    uint32_t *counts;

    if (number < silent->n_counts)
        return 0;
    counts = realloc(silent->counts, n * sizeof *counts);
    if (!counts)
        return -ENOMEM;
    memset(counts + silent->n_counts, 0, (n - silent->n_counts) * sizeof *counts);
    silent->counts = counts;
    silent->n_counts = n;
    return 0;
}

uint32_t
bb_silent_of(struct bb_silent *silent, bb_mono now, uint32_t number)
{
    expire(silent, now);
    return number < silent->n_counts ? silent->counts[number] : 0;
}

int
bb_silent_accepted(struct bb_silent *silent, bb_mono now, uint32_t number)
{
    expire(silent, now);
    if (reserve_entry(silent) < 0 || reserve_count(silent, number) < 0)
        return -ENOMEM;
    silent->count++;
    *entry_at(silent, silent->count - 1) = (struct bb_silent_entry){.start = now, .number = number};
    silent->counts[number]++;
    return 0;
}

void
bb_silent_spoke(struct bb_silent *silent, bb_mono now, uint32_t number, bb_mono since)
{
    if (bb_silent_of(silent, now, number) == 0)
        return;
    for (size_t i = count_before(silent, since - LATE_MS); i < silent->count; i++) {
        struct bb_silent_entry *entry = entry_at(silent, i);

        if (entry->number != number || entry->spoke)
            continue;
        entry->spoke = true;
        silent->counts[number]--;
        return;
    }
}
