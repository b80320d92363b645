#include "hidden_places.h"

#include "workers/measurement/model/ids.h"
#include "workers/measurement/store/terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MISSING     64u /* names that are remembered */
#define PLACE_BYTES ((size_t)1 << 20)

struct reading_places {
    struct bb_snapshot *snapshot;
    struct bb_arena arena; /* one message */
    struct bb_ids ids;     /* places that were met, in that order */
    struct bb_hidden_places to;
    uint32_t size;
};

static int
remember_missing(struct bb_hidden_places *places, const char *name)
{
    char **grown;

    for (uint32_t i = 0; i < places->n_missing; i++)
        if (strcmp(places->missing[i], name) == 0)
            return 0;
    if (places->n_missing == MISSING) {
        places->any_missing = true;
        return 0;
    }
    grown = realloc(places->missing, (places->n_missing + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    places->missing = grown;
    grown[places->n_missing] = strdup(name);
    return grown[places->n_missing++] ? 0 : -ENOMEM;
}

static int
find_above(struct reading_places *reading, const Bb__Place *message, uint32_t *ret_above)
{
    int r;

    *ret_above = 0;
    if (!message || !message->parent || !*message->parent)
        return 0;
    r = bb_term_find(reading->snapshot, BB_OBJECT_PLACE, bb_bytes_str(message->parent), ret_above);
    if (r == BB_STORE_E_NOT_FOUND)
        r = remember_missing(&reading->to, message->parent);
    return r == 0 && *ret_above ? bb_ids_add(&reading->ids, *ret_above, NULL) : r;
}

/* The next one that was met: what it lies in comes behind all others. */
static int
read_place(struct reading_places *reading)
{
    struct bb_hidden_places *to = &reading->to;
    struct bb_hidden_place place = {.id = reading->ids.id[to->n]};
    Bb__Place *message;
    int r;

    if (to->n == reading->size) {
        uint32_t size = reading->size ? 2 * reading->size : 64;
        struct bb_hidden_place *grown = realloc(to->place, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        to->place = grown;
        reading->size = size;
    }
    bb_arena_reset(&reading->arena);
    r = bb_term_place(reading->snapshot, place.id, &reading->arena, &message);
    if (r == 0)
        r = find_above(reading, message, &place.above);
    place.aggregate = r == 0 && message && message->aggregate;
    to->place[to->n++] = place;
    return r;
}

static int
compare_places(const void *a_pointer, const void *b_pointer)
{
    const struct bb_hidden_place *a = a_pointer, *b = b_pointer;

    return (a->id > b->id) - (a->id < b->id);
}

/* Places come in the order of the readings first. */
static void
mark_aggregates(const struct reading_places *reading, struct bb_suppress_reading *of, size_t n)
{
    for (size_t i = 0, at = 0; i < n; i++) {
        if (of[i].place == 0)
            continue;
        while (reading->to.place[at].id != of[i].place)
            at++;
        of[i].aggregate = reading->to.place[at].aggregate;
    }
}

int
bb_hidden_places_read(struct bb_snapshot *snapshot, struct bb_suppress_reading *of, size_t n,
                      struct bb_hidden_places *ret_places)
{
    struct reading_places reading = {.snapshot = snapshot};
    int r = 0;

    bb_arena_init(&reading.arena, PLACE_BYTES);
    for (size_t i = 0; r == 0 && i < n; i++)
        if (of[i].place != 0 && (i == 0 || of[i].place != of[i - 1].place))
            r = bb_ids_add(&reading.ids, of[i].place, NULL);
    while (r == 0 && reading.to.n < reading.ids.count)
        r = read_place(&reading);
    if (r == 0)
        mark_aggregates(&reading, of, n);
    bb_arena_release(&reading.arena);
    bb_ids_release(&reading.ids);
    if (r != 0) {
        bb_hidden_places_release(&reading.to);
        return r;
    }
    if (reading.to.n)
        qsort(reading.to.place, reading.to.n, sizeof *reading.to.place, compare_places);
    *ret_places = reading.to;
    return 0;
}

void
bb_hidden_places_release(struct bb_hidden_places *places)
{
    for (uint32_t i = 0; i < places->n_missing; i++)
        free(places->missing[i]);
    free(places->missing);
    free(places->place);
    *places = (struct bb_hidden_places){0};
}

size_t
bb_hidden_places_bytes(const struct bb_hidden_places *places)
{
    size_t bytes = places->n * sizeof *places->place;

    for (uint32_t i = 0; i < places->n_missing; i++)
        bytes += sizeof *places->missing + strlen(places->missing[i]) + 1;
    return bytes;
}

static bool
is_still_missing(const struct bb_hidden_places *places, struct bb_snapshot *snapshot)
{
    uint32_t id;

    for (uint32_t i = 0; i < places->n_missing; i++)
        if (bb_term_find(snapshot, BB_OBJECT_PLACE, bb_bytes_str(places->missing[i]), &id) !=
            BB_STORE_E_NOT_FOUND)
            return false;
    return !places->any_missing;
}

bool
bb_hidden_places_hold(const struct bb_hidden_places *places, struct bb_changes *changes,
                      struct bb_snapshot *snapshot, uint64_t position)
{
    uint64_t now = snapshot->position, from = now < position ? now : position;
    uint64_t to = now < position ? position : now;

    if (from == to)
        return true;
    if (!changes)
        return false;
    for (uint32_t i = 0; i < places->n;) {
        uint32_t id[64], n = 0;
        while (n < 64 && i < places->n)
            id[n++] = places->place[i++].id;
        if (bb_changes_places(changes, id, n, from, to))
            return false;
    }
    return (places->n_missing == 0 && !places->any_missing) ||
           bb_changes_put(changes, BB_VIEW_NAME, to) <= from || is_still_missing(places, snapshot);
}
