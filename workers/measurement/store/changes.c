/* A generation tells its changes in pieces, so that nobody waits for the whole of a large one at the lock,
 * and before they are in the views, so that whoever finds them there finds their days told. Which entry was
 * the last moves when they are there; what sees them before that counts as changed by what it sees, which is
 * not before the truth, and so safe.
 *
 * The days are kept as a few spans for each indicator: entries behind `from`, up to `to`, changed periods
 * between `first_day` and `end_day`; what no span has was not changed. There is one for each generation that
 * changed the indicator, until there is no room: then those two become one by which the least is told that is
 * not so (error_of()). So while one period comes in, and then the next, what is before them stays apart from
 * them, and so does a correction of long ago. */
#include "changes.h"

#include "names.h"

#include "workers/measurement/model/review.h"

#include <errno.h>
#include <stdlib.h>

#define AT_ONCE 4096u
#define SPANS   8u
#define MOST    65536u     /* indicators: with greater ids nothing is known of any change */
#define PLACES  (1u << 20) /* of those with greater ids a change of one is a change of all */

struct span {
    uint64_t from, to;
    struct bb_changed_days days;
};

struct bb_changes_of {
    uint64_t last, coming; /* entries that changed it: in the views; and about to be */
    uint32_t n;
    struct span span[SPANS];
};

int
bb_changes_init(struct bb_changes *changes, uint64_t head)
{
    *changes = (struct bb_changes){.floor = head, .known = head, .coming = head, .last = head};
    return -pthread_mutex_init(&changes->lock, NULL);
}

void
bb_changes_release(struct bb_changes *changes)
{
    pthread_mutex_destroy(&changes->lock);
    free(changes->of);
    free(changes->place);
}

/* Under the lock. */

static struct bb_changes_of *
of(struct bb_changes *changes, uint32_t indicator)
{
    if (indicator >= MOST)
        return NULL;
    if (indicator >= changes->n) {
        uint32_t n = indicator + 64;
        struct bb_changes_of *grown = realloc(changes->of, n * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + changes->n, 0, (n - changes->n) * sizeof *grown);
        changes->of = grown;
        changes->n = n;
    }
    return &changes->of[indicator];
}

static struct bb_changed_days
hull(struct bb_changed_days a, struct bb_changed_days b)
{
    if (a.first_day == a.end_day)
        return b;
    return (struct bb_changed_days){a.first_day < b.first_day ? a.first_day : b.first_day,
                                    a.end_day > b.end_day ? a.end_day : b.end_day};
}

static void
join(struct span *span, const struct span *other)
{
    span->days = hull(span->days, other->days);
    span->from = span->from < other->from ? span->from : other->from;
    span->to = span->to > other->to ? span->to : other->to;
}

static uint32_t
length(struct bb_changed_days days)
{
    return days.end_day - days.first_day;
}

/* Of two spans as one: days are told that only the older one had, or neither, as if the newer one's entries
 * had changed them. That misleads whoever knows those days as of an entry between the two: the longer ago,
 * the fewer there are. In 1/1024 days. */
static uint64_t
error_of(const struct span *a, const struct span *b, uint64_t now)
{
    const struct span *older = a->to < b->to ? a : b, *newer = a->to < b->to ? b : a;
    uint64_t days = length(hull(a->days, b->days)) - length(newer->days);

    return days * 1024 * (newer->to - older->to + 1) / (now - older->to + 1);
}

static void
make_room(struct bb_changes_of *of, uint64_t now)
{
    uint64_t least = UINT64_MAX;
    uint32_t keep = 0, drop = 1;

    for (uint32_t i = 0; i < of->n; i++)
        for (uint32_t j = i + 1; j < of->n; j++) {
            uint64_t error = error_of(&of->span[i], &of->span[j], now);
            if (error < least) {
                least = error;
                keep = i;
                drop = j;
            }
        }
    join(&of->span[keep], &of->span[drop]);
    of->n--;
    memmove(&of->span[drop], &of->span[drop + 1], (of->n - drop) * sizeof of->span[0]);
}

static void
note_days(struct bb_changes_of *of, const struct bb_generation *generation, struct bb_changed_days days)
{
    uint64_t to = generation->last.sequence;

    if (of->n == 0 || of->span[of->n - 1].to != to) {
        if (of->n == SPANS)
            make_room(of, to);
        of->span[of->n++] = (struct span){to - generation->entries, to, days};
    } else {
        of->span[of->n - 1].days = hull(of->span[of->n - 1].days, days);
    }
}

/* What was changed is not known any more, except that it was up to here. */
static void
forget(struct bb_changes *changes, const struct bb_generation *generation)
{
    changes->floor = generation->last.sequence;
}

/* The days of the period before are worked out already where it comes again. */
static struct bb_changed_days
days_of(struct bb_period period, struct bb_period *before, struct bb_changed_days *days)
{
    if (!bb_period_same(period, *before)) {
        *before = period;
        *days = (struct bb_changed_days){period.day, bb_period_end(period)};
    }
    return *days;
}

static void
note_changes(struct bb_changes *changes, const struct bb_generation *generation, uint32_t from, uint32_t end)
{
    struct bb_period before = {0};
    struct bb_changed_days days = {0, 0};
    struct bb_reading_key key;

    pthread_mutex_lock(&changes->lock);
    for (uint32_t i = from; i < end; i++) {
        const struct bb_change *change = &generation->change[i];
        struct bb_changes_of *changed = NULL;
        if (change->kind == BB_CHANGE_TOUCHED)
            continue;
        if (bb_reading_key_unpack(bb_change_key(change), &key) == 0)
            changed = of(changes, key.indicator);
        if (changed) {
            changed->coming = generation->last.sequence;
            note_days(changed, generation, days_of(key.period, &before, &days));
        } else {
            forget(changes, generation);
        }
    }
    pthread_mutex_unlock(&changes->lock);
}

static void
note_review(struct bb_changes *changes, const struct bb_generation *generation, struct bb_bytes key)
{
    struct bb_review_unit unit;
    struct bb_changes_of *changed = NULL;
    uint64_t sequence;

    if (bb_review_key_unpack(key, &unit, &sequence) == 0)
        changed = of(changes, unit.indicator);
    if (changed)
        note_days(changed, generation, (struct bb_changed_days){unit.period.day, bb_period_end(unit.period)});
    else
        forget(changes, generation);
}

/* A text that a reading brought along says nothing but its name. */
static bool
is_description(const struct bb_put *put)
{
    struct bb_bytes text, details;

    return put->view == BB_VIEW_OBJECT && put->key.len > 0 &&
           (put->key.data[0] == BB_OBJECT_ORGANIZATION || put->key.data[0] == BB_OBJECT_PLACE) &&
           (bb_object_unpack(put->payload, &text, &details) != 0 || details.len > 0);
}

static bool
has_place(struct bb_changes *changes, uint32_t place)
{
    uint32_t n = place + place / 2 + 64;
    uint64_t *grown;

    if (place < changes->n_places)
        return true;
    grown = realloc(changes->place, n * sizeof *grown);
    if (!grown)
        return false;
    memset(grown + changes->n_places, 0, (n - changes->n_places) * sizeof *grown);
    changes->place = grown;
    changes->n_places = n;
    return true;
}

static void
note_place(struct bb_changes *changes, const struct bb_generation *generation, struct bb_bytes key)
{
    uint32_t place = key.len == BB_OBJECT_KEY ? bb_get_u32(key.data + 1) : UINT32_MAX;

    if (place >= PLACES)
        changes->far_place = generation->last.sequence;
    else if (has_place(changes, place))
        changes->place[place] = generation->last.sequence;
    else
        forget(changes, generation);
}

static void
note_description(struct bb_changes *changes, const struct bb_generation *generation, struct bb_bytes key)
{
    changes->described = generation->last.sequence;
    if (key.data[0] == BB_OBJECT_PLACE)
        note_place(changes, generation, key);
}

static void
note_puts(struct bb_changes *changes, const struct bb_generation *generation, uint32_t from, uint32_t end)
{
    pthread_mutex_lock(&changes->lock);
    for (uint32_t i = from; i < end; i++) {
        const struct bb_put *put = &generation->put[i];
        changes->put[put->view] = generation->last.sequence;
        if (is_description(put))
            note_description(changes, generation, put->key);
        if (put->view == BB_VIEW_REVIEW)
            note_review(changes, generation, put->key);
    }
    pthread_mutex_unlock(&changes->lock);
}

static uint32_t
piece(uint32_t from, uint32_t n)
{
    return n - from < AT_ONCE ? n : from + AT_ONCE;
}

/* What was not told of it yet. */
static void
note_all(struct bb_changes *changes, const struct bb_generation *generation)
{
    for (uint32_t from = generation->told_changes; from < generation->n_change; from += AT_ONCE)
        note_changes(changes, generation, from, piece(from, generation->n_change));
    for (uint32_t from = generation->told_puts; from < generation->n_put; from += AT_ONCE)
        note_puts(changes, generation, from, piece(from, generation->n_put));
}

static uint64_t
coming_of(struct bb_changes *changes)
{
    uint64_t coming;

    pthread_mutex_lock(&changes->lock);
    coming = changes->coming;
    pthread_mutex_unlock(&changes->lock);
    return coming;
}

uint64_t
bb_changes_tell(struct bb_changes *changes, struct bb_generation *generation)
{
    uint64_t coming = coming_of(changes);

    if (bb_generation_empty(generation) || coming < generation->last.sequence - generation->entries)
        return coming;
    note_all(changes, generation);
    generation->told_changes = generation->n_change;
    generation->told_puts = generation->n_put;
    pthread_mutex_lock(&changes->lock);
    changes->coming = generation->last.sequence;
    pthread_mutex_unlock(&changes->lock);
    return generation->last.sequence;
}

void
bb_changes_coming(struct bb_changes *changes, const struct bb_generation *generation)
{
    uint64_t before = generation->last.sequence - generation->entries;

    note_all(changes, generation);
    pthread_mutex_lock(&changes->lock);
    if (changes->coming < before && changes->floor < before) /* somebody else brought the views there */
        changes->floor = before;
    if (changes->coming < generation->last.sequence) /* what comes behind it may be told already */
        changes->coming = generation->last.sequence;
    pthread_mutex_unlock(&changes->lock);
}

void
bb_changes_applied(struct bb_changes *changes, const struct bb_generation *generation)
{
    if (coming_of(changes) < generation->last.sequence)
        bb_changes_coming(changes, generation);
    pthread_mutex_lock(&changes->lock);
    for (uint32_t i = 0; i < changes->n; i++) {
        struct bb_changes_of *of = &changes->of[i];
        of->last = of->coming;
        if (of->last > changes->last)
            changes->last = of->last;
    }
    changes->known = generation->last.sequence;
    pthread_mutex_unlock(&changes->lock);
}

/* Of what was told up to `told`, but never before the floor and never behind the sequence. */
static uint64_t
within(const struct bb_changes *changes, uint64_t last, uint64_t told, uint64_t sequence)
{
    if (sequence > told)
        last = sequence;
    if (last < changes->floor)
        last = changes->floor;
    return last < sequence ? last : sequence;
}

static uint64_t
last_of(const struct bb_changes *changes, uint32_t indicator, uint64_t sequence)
{
    uint64_t last = changes->last;

    if (indicator != 0)
        last = indicator < changes->n ? changes->of[indicator].last : 0;
    return within(changes, last, changes->known, sequence);
}

uint64_t
bb_changes_last(struct bb_changes *changes, uint32_t indicator, uint64_t sequence)
{
    uint64_t last;

    pthread_mutex_lock(&changes->lock);
    last = last_of(changes, indicator, sequence);
    pthread_mutex_unlock(&changes->lock);
    return last;
}

uint64_t
bb_changes_put(struct bb_changes *changes, enum bb_view view, uint64_t sequence)
{
    uint64_t last;

    pthread_mutex_lock(&changes->lock);
    last = within(changes, changes->put[view], changes->coming, sequence);
    pthread_mutex_unlock(&changes->lock);
    return last;
}

uint64_t
bb_changes_described(struct bb_changes *changes, uint64_t sequence)
{
    uint64_t last;

    pthread_mutex_lock(&changes->lock);
    last = within(changes, changes->described, changes->coming, sequence);
    pthread_mutex_unlock(&changes->lock);
    return last;
}

/* Is what came behind `after`, up to `sequence`, all known? */
static bool
is_known(const struct bb_changes *changes, uint64_t after, uint64_t sequence)
{
    return sequence <= changes->coming && after >= changes->floor;
}

static bool
is_between(const struct span *span, uint64_t after, uint64_t sequence)
{
    return span->to > after && span->from < sequence;
}

bool
bb_changes_places(struct bb_changes *changes, const uint32_t *id, size_t n, uint64_t after, uint64_t sequence)
{
    bool described;

    if (after >= sequence)
        return false;
    pthread_mutex_lock(&changes->lock);
    described = !is_known(changes, after, sequence);
    for (size_t i = 0; i < n && !described; i++)
        described = (id[i] >= PLACES             ? changes->far_place
                     : id[i] < changes->n_places ? changes->place[id[i]]
                                                 : 0) > after;
    pthread_mutex_unlock(&changes->lock);
    return described;
}

struct bb_changed_days
bb_changes_days(struct bb_changes *changes, uint32_t indicator, uint64_t after, uint64_t sequence)
{
    struct bb_changed_days days = {0, 0};

    if (after >= sequence)
        return days;
    pthread_mutex_lock(&changes->lock);
    if (!is_known(changes, after, sequence)) {
        days = (struct bb_changed_days){0, BB_PERIOD_NO_END};
    } else if (indicator < changes->n) {
        const struct bb_changes_of *of = &changes->of[indicator];
        for (uint32_t i = 0; i < of->n; i++)
            if (is_between(&of->span[i], after, sequence))
                days = hull(days, of->span[i].days);
    }
    pthread_mutex_unlock(&changes->lock);
    return days;
}

static bool
has_span(const struct bb_changes_of *of, struct bb_changed_days days, uint64_t after, uint64_t sequence)
{
    for (uint32_t i = 0; i < of->n; i++)
        if (is_between(&of->span[i], after, sequence) && of->span[i].days.first_day < days.end_day &&
            days.first_day < of->span[i].days.end_day)
            return true;
    return false;
}

bool
bb_changes_touch(struct bb_changes *changes, uint32_t indicator, struct bb_changed_days days, uint64_t after,
                 uint64_t sequence)
{
    bool touched = after < sequence;

    pthread_mutex_lock(&changes->lock);
    if (touched)
        touched = last_of(changes, indicator, sequence) > after;
    if (touched && indicator != 0 && is_known(changes, after, sequence))
        touched = indicator < changes->n && has_span(&changes->of[indicator], days, after, sequence);
    pthread_mutex_unlock(&changes->lock);
    return touched;
}
