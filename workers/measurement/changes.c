/* A generation tells its changes in pieces, so that nobody waits for the whole of a large one at the lock. In
 * between an indicator counts as changed by an entry that is not known yet: that is later than the truth, and
 * so safe. */
#include "changes.h"

#include <errno.h>
#include <stdlib.h>

#define AT_ONCE 4096u

int
bb_changes_init(struct bb_changes *changes, uint64_t head)
{
    *changes = (struct bb_changes){.floor = head, .known = head, .last = head};
    return -pthread_mutex_init(&changes->lock, NULL);
}

void
bb_changes_release(struct bb_changes *changes)
{
    pthread_mutex_destroy(&changes->lock);
    free(changes->changed);
}

/* Under the lock. */
static int
note(struct bb_changes *changes, uint32_t indicator, uint64_t sequence)
{
    if (indicator >= changes->n) {
        uint32_t n = indicator + 64;
        uint64_t *grown = realloc(changes->changed, n * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        memset(grown + changes->n, 0, (n - changes->n) * sizeof *grown);
        changes->changed = grown;
        changes->n = n;
    }
    changes->changed[indicator] = sequence;
    return 0;
}

static void
note_some(struct bb_changes *changes, const struct bb_generation *generation, uint32_t from, uint32_t end)
{
    const uint64_t sequence = generation->last.sequence;
    struct bb_reading_key key;

    pthread_mutex_lock(&changes->lock);
    for (uint32_t i = from; i < end; i++) {
        const struct bb_change *change = &generation->change[i];
        if (change->kind == BB_CHANGE_TOUCHED)
            continue;
        if (bb_reading_key_unpack(bb_change_key(change), &key) != 0 ||
            note(changes, key.indicator, sequence) != 0)
            changes->floor = sequence;
        changes->last = sequence;
    }
    pthread_mutex_unlock(&changes->lock);
}

void
bb_changes_applied(struct bb_changes *changes, const struct bb_generation *generation)
{
    uint64_t before = generation->last.sequence - generation->entries;
    uint32_t n = generation->n_change;

    for (uint32_t from = 0; from < n; from += AT_ONCE)
        note_some(changes, generation, from, n - from < AT_ONCE ? n : from + AT_ONCE);
    pthread_mutex_lock(&changes->lock);
    if (changes->known < before && changes->floor < before) /* somebody else brought the views there */
        changes->floor = before;
    changes->known = generation->last.sequence;
    pthread_mutex_unlock(&changes->lock);
}

uint64_t
bb_changes_last(struct bb_changes *changes, uint32_t indicator, uint64_t sequence)
{
    uint64_t last;

    pthread_mutex_lock(&changes->lock);
    if (sequence > changes->known)
        last = sequence;
    else if (indicator == 0)
        last = changes->last;
    else
        last = indicator < changes->n ? changes->changed[indicator] : 0;
    if (last < changes->floor)
        last = changes->floor;
    pthread_mutex_unlock(&changes->lock);
    return last < sequence ? last : sequence;
}
