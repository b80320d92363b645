/* A set of series for each indicator, with the sequence that it was looked for at. Looking is done without
 * the lock, in the snapshot of whoever asks: of an indicator that is new all readings, else those of the days
 * that changed in between. What was found is then added under the lock, and moves the sequence on, unless the
 * set went away meanwhile or lies behind where the looking began. Threads that look at the same time find the
 * same. */
#include "known.h"

#include "runtime/store/map.h"
#include "workers/measurement/store/changes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define SERIES_BYTES 12u

struct set {
    uint32_t indicator; /* 0: the place is free */
    bool too_many;
    uint64_t sequence;
    uint64_t asked; /* when it was asked for last, in questions */
    struct bb_map series;
};

#define SETS 256u

struct bb_known {
    pthread_mutex_t lock;
    struct set set[SETS];
    uint64_t questions;
    uint64_t n; /* series in all sets */
};

int
bb_known_new(struct bb_known **ret_known)
{
    struct bb_known *known = calloc(1, sizeof *known);

    if (!known)
        return -ENOMEM;
    pthread_mutex_init(&known->lock, NULL);
    *ret_known = known;
    return 0;
}

void
bb_known_destroy(struct bb_known **known_pointer)
{
    struct bb_known *known = *known_pointer;

    if (!known)
        return;
    for (unsigned i = 0; i < SETS; i++)
        bb_map_release(&known->set[i].series);
    pthread_mutex_destroy(&known->lock);
    free(known);
    *known_pointer = NULL;
}

/* Sets, under the lock */

static struct set *
find(struct bb_known *known, uint32_t indicator)
{
    for (unsigned i = 0; i < SETS; i++)
        if (known->set[i].indicator == indicator)
            return &known->set[i];
    return NULL;
}

static void
forget(struct bb_known *known, struct set *set)
{
    known->n -= set->series.count;
    bb_map_release(&set->series);
    *set = (struct set){0};
}

/* Of those that have series, other than this one, the one that was asked for longest ago. NULL: none */
static struct set *
oldest(struct bb_known *known, const struct set *but)
{
    struct set *oldest = NULL;

    for (unsigned i = 0; i < SETS; i++) {
        struct set *set = &known->set[i];
        if (set != but && set->series.count > 0 && (!oldest || set->asked < oldest->asked))
            oldest = set;
    }
    return oldest;
}

static struct set *
make(struct bb_known *known, uint32_t indicator, uint64_t sequence)
{
    struct set *set = find(known, 0);

    if (!set)
        set = oldest(known, NULL);
    if (!set)
        set = &known->set[indicator % SETS];
    forget(known, set);
    set->indicator = indicator;
    set->sequence = sequence;
    return set;
}

static int
unite(struct bb_known *known, struct set *set, const struct bb_map *found)
{
    uint32_t before = set->series.count;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < found->count; i++)
        r = bb_map_set(&set->series, bb_bytes(found->entry[i].key, found->entry[i].key_len), 0);
    known->n += set->series.count - before;
    if (r == 0 && set->series.count > BB_KNOWN_SERIES) {
        known->n -= set->series.count;
        bb_map_release(&set->series);
        set->too_many = true;
    }
    while (known->n > BB_KNOWN_ALL) /* one alone is not that many */
        forget(known, oldest(known, set));
    return r;
}

static bool
is_wanted(const struct bb_wanted *wanted, const uint8_t *packed)
{
    uint32_t id = bb_get_u32(packed);

    for (size_t i = 0; wanted->id && i < wanted->n; i++)
        if (wanted->id[i] == id)
            return true;
    return !wanted->id;
}

static uint64_t
count(const struct set *set, const struct bb_known_series *series)
{
    uint64_t n = 0;

    if (!series->place.id && !series->disaggregation.id && !series->organization.id)
        return set->series.count;
    for (uint32_t i = 0; i < set->series.count; i++) {
        const uint8_t *key = set->series.entry[i].key;
        n += is_wanted(&series->place, key) && is_wanted(&series->disaggregation, key + 4) &&
             is_wanted(&series->organization, key + 8);
    }
    return n;
}

/* Looking */

enum { INDICATOR, PLACE, DISAGGREGATION, ORGANIZATION };

static int
note(struct bb_map *found, const struct bb_walk *walk)
{
    uint8_t series[SERIES_BYTES];

    bb_put_u32(series, walk->id[PLACE]);
    bb_put_u32(series + 4, walk->id[DISAGGREGATION]);
    bb_put_u32(series + 8, walk->id[ORGANIZATION]);
    return bb_map_set(found, bb_bytes(series, sizeof series), 0);
}

/* 0 | BB_WALK_E_PAUSED they are too many | <0 */
static int
look(struct bb_snapshot *snapshot, uint32_t indicator, struct bb_changed_days days, struct bb_map *found)
{
    struct bb_walk walk;
    int r;

    bb_walk_init(&walk, BB_VIEW_READING);
    walk.wanted[INDICATOR] = (struct bb_wanted){&indicator, 1};
    walk.first_day = days.first_day;
    walk.end_day = days.end_day;
    walk.limit = BB_KNOWN_RECORDS;
    r = bb_walk_begin(&walk, snapshot);
    while (r == 0 && (r = bb_walk_next(&walk, snapshot)) == 0) {
        r = note(found, &walk);
        if (found->count > BB_KNOWN_SERIES)
            r = BB_WALK_E_PAUSED;
    }
    bb_walk_end(&walk);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

/* What changed behind `since`, up to the snapshot, was looked through. since: 0 all was. */
static int
add(struct bb_known *known, uint32_t indicator, uint64_t since, uint64_t sequence, const struct bb_map *found,
    bool too_many)
{
    struct set *set = find(known, indicator);
    int r;

    if (!set && since == 0)
        set = make(known, indicator, sequence);
    if (!set || set->sequence < since)
        return BB_STORE_E_NOT_FOUND;
    set->too_many |= too_many;
    r = set->too_many ? 0 : unite(known, set, found);
    if (r != 0)
        forget(known, set);
    else if (set->sequence < sequence)
        set->sequence = sequence;
    return r;
}

/* The set is to know what the snapshot has. */
static int
bring_up(struct bb_known *known, struct bb_snapshot *snapshot, uint32_t indicator, uint64_t since)
{
    struct bb_changed_days days =
        bb_changes_days(snapshot->context->changes, indicator, since, snapshot->position);
    struct bb_map found = {0};
    int r = 0;

    if (since == 0)
        days = (struct bb_changed_days){0, BB_PERIOD_NO_END};
    if (days.first_day < days.end_day)
        r = look(snapshot, indicator, days, &found);
    if (r >= 0) {
        pthread_mutex_lock(&known->lock);
        r = add(known, indicator, since, snapshot->position, &found, r == BB_WALK_E_PAUSED);
        pthread_mutex_unlock(&known->lock);
    }
    bb_map_release(&found);
    return r;
}

static uint64_t
known_since(struct bb_known *known, uint32_t indicator)
{
    const struct set *set;
    uint64_t sequence;

    pthread_mutex_lock(&known->lock);
    set = find(known, indicator);
    sequence = set ? set->sequence : 0;
    pthread_mutex_unlock(&known->lock);
    return sequence;
}

int
bb_known_count(struct bb_known *known, struct bb_snapshot *snapshot, const struct bb_known_series *series,
               uint64_t *ret_count)
{
    uint64_t since = known_since(known, series->indicator);
    struct set *set;
    int r =
        since > 0 && since >= snapshot->position ? 0 : bring_up(known, snapshot, series->indicator, since);

    if (r != 0)
        return r;
    pthread_mutex_lock(&known->lock);
    set = find(known, series->indicator);
    if (!set || set->too_many || set->sequence < snapshot->position) {
        r = BB_STORE_E_NOT_FOUND;
    } else {
        set->asked = ++known->questions;
        *ret_count = count(set, series);
    }
    pthread_mutex_unlock(&known->lock);
    return r;
}
