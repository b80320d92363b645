/* A hash table of keys, seeded, and a list of those without connections in the order in which they became so:
 * it is swept from its head whenever one is looked for. Numbers are given out again, lowest use first. */
#include "usage.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64u

void
bb_usages_init(struct bb_usages *usages, uint64_t requests, uint64_t bytes, int64_t lifetime_ms,
               uint64_t seed)
{
    *usages = (struct bb_usages){
        .requests = {.per_second = requests, .burst = requests * BB_USAGE_BURST_SECONDS},
        .bytes = {.per_second = bytes, .burst = bytes * BB_USAGE_BURST_SECONDS},
        .lifetime_ms = lifetime_ms,
        .seed = seed,
    };
}

void
bb_usages_release(struct bb_usages *usages)
{
    for (uint32_t b = 0; b < usages->n_buckets; b++)
        while (usages->buckets[b]) {
            struct bb_usage *usage = usages->buckets[b];

            usages->buckets[b] = usage->hash_next;
            free(usage);
        }
    free(usages->buckets);
    free(usages->free_numbers);
    *usages = (struct bb_usages){.n_buckets = 0};
}

/* The table. */

static uint32_t
hash(const struct bb_usages *usages, const char *key)
{
    uint64_t h = usages->seed;

    for (; *key; key++)
        h = (h ^ (uint8_t)*key) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

static struct bb_usage **
place_of(const struct bb_usages *usages, const char *key)
{
    return &usages->buckets[hash(usages, key) & (usages->n_buckets - 1)];
}

/* Room for one more, in the table and among the numbers that can be given back. */
static bool
reserve(struct bb_usages *usages)
{
    uint32_t n = usages->n_buckets ? usages->n_buckets * 2 : FIRST_BUCKETS, n_old = usages->n_buckets;
    struct bb_usage **old = usages->buckets, **buckets;
    uint32_t *numbers;

    if (usages->count < usages->n_buckets)
        return true;
    numbers = realloc(usages->free_numbers, n * sizeof *numbers);
    if (!numbers)
        return false;
    usages->free_numbers = numbers;
    buckets = calloc(n, sizeof(struct bb_usage *));
    if (!buckets)
        return false;
    usages->buckets = buckets;
    usages->n_buckets = n;
    for (uint32_t b = 0; b < n_old; b++)
        while (old[b]) {
            struct bb_usage *usage = old[b], **place = place_of(usages, usage->key);

            old[b] = usage->hash_next;
            usage->hash_next = *place;
            *place = usage;
        }
    free(old);
    return true;
}

/* Those without connections. */

static void
idle_add(struct bb_usages *usages, bb_mono now, struct bb_usage *usage)
{
    usage->idle_since = now;
    usage->idle_prev = usages->idle_last;
    usage->idle_next = NULL;
    if (usages->idle_last)
        usages->idle_last->idle_next = usage;
    else
        usages->idle_first = usage;
    usages->idle_last = usage;
    usages->idle++;
}

static void
idle_remove(struct bb_usages *usages, struct bb_usage *usage)
{
    if (usage->idle_prev)
        usage->idle_prev->idle_next = usage->idle_next;
    else
        usages->idle_first = usage->idle_next;
    if (usage->idle_next)
        usage->idle_next->idle_prev = usage->idle_prev;
    else
        usages->idle_last = usage->idle_prev;
    usages->idle--;
}

static void
forget(struct bb_usages *usages, struct bb_usage *usage)
{
    struct bb_usage **at = place_of(usages, usage->key);

    while (*at != usage)
        at = &(*at)->hash_next;
    *at = usage->hash_next;
    idle_remove(usages, usage);
    usages->free_numbers[usages->n_free++] = usage->number;
    usages->count--;
    free(usage);
}

static void
sweep(struct bb_usages *usages, bb_mono now)
{
    while (usages->idle_first &&
           (usages->idle > BB_USAGE_IDLE_MOST || now - usages->idle_first->idle_since > usages->lifetime_ms))
        forget(usages, usages->idle_first);
}

static struct bb_usage *
find(const struct bb_usages *usages, const char *key)
{
    struct bb_usage *usage = usages->n_buckets ? *place_of(usages, key) : NULL;

    while (usage && strcmp(usage->key, key) != 0)
        usage = usage->hash_next;
    return usage;
}

struct bb_usage *
bb_usages_of(struct bb_usages *usages, bb_mono now, const char *key)
{
    struct bb_usage *usage = find(usages, key), **place;

    if (usage && usage->connections == 0) { /* asked for: it is about to have one */
        idle_remove(usages, usage);
        idle_add(usages, now, usage);
    }
    if (usage)
        return usage;
    sweep(usages, now);
    if (!reserve(usages))
        return NULL;
    usage = calloc(1, sizeof *usage);
    if (!usage)
        return NULL;
    strncpy(usage->key, key, sizeof usage->key - 1);
    usage->number = usages->n_free ? usages->free_numbers[--usages->n_free] : usages->n_numbers++;
    bb_bucket_fill(&usage->requests, &usages->requests, now);
    bb_bucket_fill(&usage->bytes, &usages->bytes, now);
    bb_bucket_fill(&usage->excess, &usages->bytes, now);
    place = place_of(usages, key);
    usage->hash_next = *place;
    *place = usage;
    usages->count++;
    idle_add(usages, now, usage);
    return usage;
}

void
bb_usages_enter(struct bb_usages *usages, struct bb_usage *usage)
{
    if (usage->connections++ == 0)
        idle_remove(usages, usage);
}

void
bb_usages_leave(struct bb_usages *usages, bb_mono now, struct bb_usage *usage)
{
    if (--usage->connections == 0)
        idle_add(usages, now, usage);
}

/* Judging. */

enum bb_usage_verdict
bb_usage_judge(const struct bb_usages *usages, struct bb_usage *usage, bb_mono now, size_t bytes, bool asks,
               uint32_t *ret_wait_ms)
{
    uint32_t of_bytes = bb_bucket_wait(&usage->bytes, &usages->bytes, now);
    uint32_t of_requests = asks ? bb_bucket_wait(&usage->requests, &usages->requests, now) : 0;
    uint64_t cost = bytes + BB_USAGE_FRAME_BYTES;

    if (of_bytes == 0 && of_requests == 0) {
        bb_bucket_charge(&usage->bytes, &usages->bytes, now, cost);
        if (asks)
            bb_bucket_charge(&usage->requests, &usages->requests, now, 1);
        return BB_USAGE_GOES_ON;
    }
    if (bb_bucket_take(&usage->excess, &usages->bytes, now, asks ? BB_USAGE_REFUSED_BYTES : cost) != 0) {
        *ret_wait_ms = bb_bucket_wait_for(&usage->excess, &usages->bytes, now, usages->bytes.burst / 2);
        return BB_USAGE_EXCESS;
    }
    if (!asks)
        return BB_USAGE_GOES_ON;
    *ret_wait_ms = of_bytes > of_requests ? of_bytes : of_requests;
    return of_requests ? BB_USAGE_REQUESTS : BB_USAGE_BYTES;
}
