/* Entries stand in chains by their key, and in a list by when they were asked for last. */
#include "hidden.h"

#include <errno.h>
#include <stdlib.h>

#define CHAINS 4096u

struct entry {
    uint32_t indicator;
    struct bb_period period;
    /* What it was found by */
    uint32_t below;
    enum bb_aggregation aggregation;
    struct bb_decimal factor;
    bool approved, overlap;
    uint64_t sequence;
    struct bb_hidden_table *table;
    size_t bytes;
    struct entry *next;          /* in the chain */
    struct entry *newer, *older; /* in the list */
};

struct bb_hidden {
    struct bb_changes *changes;
    size_t most, bytes;
    pthread_mutex_t lock;
    struct entry *newest, *oldest;
    struct entry *chain[CHAINS];
};

int
bb_hidden_new(struct bb_changes *changes, size_t bytes, struct bb_hidden **ret_hidden)
{
    struct bb_hidden *hidden = calloc(1, sizeof *hidden);

    if (!hidden)
        return -ENOMEM;
    hidden->changes = changes;
    hidden->most = bytes;
    pthread_mutex_init(&hidden->lock, NULL);
    *ret_hidden = hidden;
    return 0;
}

static struct entry **
chain_of(struct bb_hidden *hidden, uint32_t indicator, struct bb_period period)
{
    uint64_t h = ((uint64_t)indicator << 32 | period.day) * 0x9E3779B97F4A7C15u;

    h ^= (h >> 29) + period.type;
    return &hidden->chain[h * 0xD6E8FEB86659FD93u >> 52];
}

static void
link_newest(struct bb_hidden *hidden, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = hidden->newest;
    if (hidden->newest)
        hidden->newest->newer = entry;
    else
        hidden->oldest = entry;
    hidden->newest = entry;
}

static void
unlink_entry(struct bb_hidden *hidden, struct entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        hidden->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        hidden->oldest = entry->newer;
}

/* Where it stands in its chain; at the end: it is not there. */
static struct entry **
find(struct bb_hidden *hidden, uint32_t indicator, struct bb_period period)
{
    struct entry **at = chain_of(hidden, indicator, period);

    while (*at && ((*at)->indicator != indicator || !bb_period_same((*at)->period, period)))
        at = &(*at)->next;
    return at;
}

static void
forget(struct bb_hidden *hidden, struct entry **at)
{
    struct entry *entry = *at;

    *at = entry->next;
    unlink_entry(hidden, entry);
    hidden->bytes -= entry->bytes;
    bb_hidden_table_drop(&entry->table);
    free(entry);
}

void
bb_hidden_destroy(struct bb_hidden **hidden_pointer)
{
    struct bb_hidden *hidden = *hidden_pointer;

    if (!hidden)
        return;
    while (hidden->oldest)
        forget(hidden, find(hidden, hidden->oldest->indicator, hidden->oldest->period));
    pthread_mutex_destroy(&hidden->lock);
    free(hidden);
    *hidden_pointer = NULL;
}

/* Did nothing of the period change between the two? */
static bool
is_unchanged(const struct bb_hidden *hidden, const struct entry *entry, uint64_t sequence)
{
    uint64_t from = entry->sequence < sequence ? entry->sequence : sequence;
    uint64_t to = entry->sequence < sequence ? sequence : entry->sequence;

    if (from == to)
        return true;
    return hidden->changes &&
           !bb_changed_days_meet(bb_changes_days(hidden->changes, entry->indicator, from, to), entry->period);
}

static bool
holds(const struct bb_hidden *hidden, const struct entry *entry, struct bb_snapshot *snapshot,
      const struct bb_indicator *rules)
{
    return entry->below == rules->suppress_below && entry->aggregation == rules->organization_aggregation &&
           entry->approved == rules->publish_approved && entry->overlap == rules->overlap_maximum &&
           bb_decimal_compare(entry->factor, rules->factor) == 0 &&
           is_unchanged(hidden, entry, snapshot->position) &&
           bb_hidden_places_hold(bb_hidden_table_places(entry->table), hidden->changes, snapshot,
                                 entry->sequence);
}

struct bb_hidden_table *
bb_hidden_find(struct bb_hidden *hidden, struct bb_snapshot *snapshot, const struct bb_hidden_of *of)
{
    struct bb_hidden_table *table = NULL;
    struct entry *entry;

    pthread_mutex_lock(&hidden->lock);
    entry = *find(hidden, of->indicator, of->period);
    if (entry && holds(hidden, entry, snapshot, of->rules)) {
        table = bb_hidden_table_hold(entry->table);
        unlink_entry(hidden, entry);
        link_newest(hidden, entry);
    }
    pthread_mutex_unlock(&hidden->lock);
    return table;
}

void
bb_hidden_keep(struct bb_hidden *hidden, const struct bb_snapshot *snapshot, const struct bb_hidden_of *of,
               struct bb_hidden_table *table)
{
    struct entry *entry = malloc(sizeof *entry), **at;

    if (!entry)
        return;
    *entry = (struct entry){.indicator = of->indicator,
                            .period = of->period,
                            .below = of->rules->suppress_below,
                            .aggregation = of->rules->organization_aggregation,
                            .factor = of->rules->factor,
                            .approved = of->rules->publish_approved,
                            .overlap = of->rules->overlap_maximum,
                            .sequence = snapshot->position,
                            .table = bb_hidden_table_hold(table),
                            .bytes = sizeof *entry + bb_hidden_table_bytes(table)};
    pthread_mutex_lock(&hidden->lock);
    at = find(hidden, of->indicator, of->period);
    if (*at)
        forget(hidden, at);
    at = chain_of(hidden, of->indicator, of->period);
    entry->next = *at;
    *at = entry;
    link_newest(hidden, entry);
    hidden->bytes += entry->bytes;
    while (hidden->bytes > hidden->most && hidden->oldest)
        forget(hidden, find(hidden, hidden->oldest->indicator, hidden->oldest->period));
    pthread_mutex_unlock(&hidden->lock);
}
