/* Who stands where.
 *
 * Slots of sessions and of cohorts are arrays with a free list; the sessions of a cohort, and the queue of
 * cohorts, are doubly linked lists. Memory for everything that a later step needs is reserved when a session
 * opens (a cohort for it alone, entries in both maps), so that nothing but opening can fail.
 *
 * Invariants, between turns:
 *   - a session is in exactly one cohort, or waits: then its window is used up, and it is below the head;
 *   - every cohort but the front has sessions, is in the queue, and stands where no other cohort does;
 *   - an empty front stands at the head. */
#include "fanout_core.h"

#include <errno.h>
#include <stdlib.h>

/* Half as many sessions again: a cohort for each, the front, and one that a turn has in hand. */
static int
grow(struct bb_fanout *f)
{
    uint32_t n = f->size_sessions ? f->size_sessions + f->size_sessions / 2 : 16, cohorts = n + 2;
    struct session *session = n < NONE / 2 ? realloc(f->session, n * sizeof *session) : NULL;
    struct cohort *cohort;

    if (!session)
        return -ENOMEM;
    f->session = session;
    cohort = realloc(f->cohort, cohorts * sizeof *cohort);
    if (!cohort)
        return -ENOMEM;
    f->cohort = cohort;
    if (bb_numbers_reserve(&f->by_number, n) || bb_numbers_reserve(&f->by_position, cohorts))
        return -ENOMEM;
    if (f->size_cohorts == 0)
        f->cohort[f->size_cohorts++] = (struct cohort){.first = NONE}; /* the front */
    for (; f->size_cohorts < cohorts; f->free_cohort = f->size_cohorts++)
        f->cohort[f->size_cohorts] = (struct cohort){.first = NONE, .queue_next = f->free_cohort};
    for (; f->size_sessions < n; f->free_session = f->size_sessions++)
        f->session[f->size_sessions] = (struct session){.cohort = NONE, .next = f->free_session};
    return 0;
}

int
bb_fanout_new(bool early, struct bb_fanout **ret_fanout)
{
    struct bb_fanout *f = calloc(1, sizeof *f);

    if (!f)
        return -ENOMEM;
    f->free_cohort = f->free_session = NONE;
    f->queue_first = f->queue_last = NONE;
    f->early = early;
    if (grow(f)) {
        bb_fanout_destroy(&f);
        return -ENOMEM;
    }
    *ret_fanout = f;
    return 0;
}

void
bb_fanout_destroy(struct bb_fanout **fanout)
{
    struct bb_fanout *f = *fanout;

    if (!f)
        return;
    bb_fanout_turn_release(&f->turn);
    bb_numbers_release(&f->by_number);
    bb_numbers_release(&f->by_position);
    free(f->session);
    free(f->cohort);
    free(f);
    *fanout = NULL;
}

struct bb_fanout_counts
bb_fanout_counts(const struct bb_fanout *f)
{
    const struct cohort *front = &f->cohort[FRONT];

    return (struct bb_fanout_counts){
        .sessions = f->n_sessions,
        .behind = front->position < f->head ? f->n_sessions : f->n_sessions - front->count,
        .gaps = f->gaps,
        .messages = f->messages,
    };
}

void
bb_fanout_advance(struct bb_fanout *f, uint64_t head)
{
    if (head > f->head)
        f->head = head;
    if (f->cohort[FRONT].count == 0)
        f->cohort[FRONT].position = f->head;
}

void
bb_fanout_trimmed(struct bb_fanout *f, uint64_t sequence)
{
    if (sequence > f->trimmed)
        f->trimmed = sequence;
}

/* The queue of the cohorts that are behind. */

void
bb_fanout_push(struct bb_fanout *f, uint32_t cohort)
{
    f->cohort[cohort].queue_next = NONE;
    f->cohort[cohort].queue_prev = f->queue_last;
    if (f->queue_last == NONE)
        f->queue_first = cohort;
    else
        f->cohort[f->queue_last].queue_next = cohort;
    f->queue_last = cohort;
}

void
bb_fanout_unlink(struct bb_fanout *f, uint32_t cohort)
{
    struct cohort *c = &f->cohort[cohort];

    if (c->queue_prev == NONE)
        f->queue_first = c->queue_next;
    else
        f->cohort[c->queue_prev].queue_next = c->queue_next;
    if (c->queue_next == NONE)
        f->queue_last = c->queue_prev;
    else
        f->cohort[c->queue_next].queue_prev = c->queue_prev;
}

/* Positions. */

static void
enter(struct bb_fanout *f, uint32_t slot, uint32_t cohort)
{
    struct cohort *c = &f->cohort[cohort];

    f->session[slot].cohort = cohort;
    f->session[slot].prev = NONE;
    f->session[slot].next = c->first;
    if (c->first != NONE)
        f->session[c->first].prev = slot;
    c->first = slot;
    c->count++;
}

static void
leave(struct bb_fanout *f, uint32_t slot)
{
    struct session *s = &f->session[slot];
    struct cohort *c = &f->cohort[s->cohort];

    s->position = c->position;
    if (s->prev == NONE)
        c->first = s->next;
    else
        f->session[s->prev].next = s->next;
    if (s->next != NONE)
        f->session[s->next].prev = s->prev;
    c->count--;
    s->cohort = NONE;
}

static void
free_cohort(struct bb_fanout *f, uint32_t cohort)
{
    f->cohort[cohort].queue_next = f->free_cohort;
    f->free_cohort = cohort;
}

void
bb_fanout_detach(struct bb_fanout *f, uint32_t slot)
{
    uint32_t cohort = f->session[slot].cohort;

    if (cohort == NONE)
        return;
    leave(f, slot);
    if (f->cohort[cohort].count > 0 || (f->turn.open && f->turn.cohort == cohort))
        return;
    if (cohort == FRONT) {
        f->cohort[FRONT].position = f->head;
        return;
    }
    bb_fanout_unlink(f, cohort);
    bb_numbers_remove(&f->by_position, f->cohort[cohort].position);
    free_cohort(f, cohort);
}

static uint32_t
cohort_at(struct bb_fanout *f, uint64_t position)
{
    uint32_t cohort;

    if (f->cohort[FRONT].position == position)
        return FRONT;
    if (bb_numbers_get(&f->by_position, position, &cohort))
        return cohort;
    cohort = f->free_cohort;
    f->free_cohort = f->cohort[cohort].queue_next;
    f->cohort[cohort] = (struct cohort){.position = position, .first = NONE};
    bb_numbers_set(&f->by_position, position, cohort);
    bb_fanout_push(f, cohort);
    return cohort;
}

void
bb_fanout_attach(struct bb_fanout *f, uint32_t slot)
{
    enter(f, slot, cohort_at(f, f->session[slot].position));
}

/* Everybody of one cohort joins another, which is elsewhere in the lists. */
static void
merge(struct bb_fanout *f, uint32_t from, uint32_t into)
{
    while (f->cohort[from].first != NONE) {
        uint32_t slot = f->cohort[from].first;
        leave(f, slot);
        enter(f, slot, into);
    }
}

static void
front_arrives(struct bb_fanout *f, uint64_t position)
{
    struct cohort *front = &f->cohort[FRONT];
    uint32_t other;

    front->position = front->count ? position : f->head;
    if (!bb_numbers_get(&f->by_position, front->position, &other))
        return;
    /* Somebody was here before. */
    merge(f, other, FRONT);
    bb_fanout_unlink(f, other);
    bb_numbers_remove(&f->by_position, front->position);
    free_cohort(f, other);
}

void
bb_fanout_arrive(struct bb_fanout *f, uint32_t cohort, uint64_t position)
{
    struct cohort *c = &f->cohort[cohort];
    uint32_t other;

    if (cohort == FRONT) {
        front_arrives(f, position);
        return;
    }
    bb_numbers_remove(&f->by_position, c->position);
    c->position = position;
    if (c->count == 0) {
        free_cohort(f, cohort);
    } else if (position == f->cohort[FRONT].position || bb_numbers_get(&f->by_position, position, &other)) {
        merge(f, cohort, cohort_at(f, position));
        free_cohort(f, cohort);
    } else {
        bb_numbers_set(&f->by_position, position, cohort);
        bb_fanout_push(f, cohort);
    }
}

/* Crowds. */

void
bb_fanout_burden(struct bb_fanout *f, struct session *s, uint64_t bytes)
{
    s->behind_bytes += bytes;
    f->behind_bytes += bytes;
    if (f->behind_bytes >= BB_FANOUT_CROWD_BYTES)
        f->is_crowded = true;
}

/* Those who waited because of the crowd, with room in their own windows, go on. */
static void
disperse(struct bb_fanout *f)
{
    uint64_t bytes;

    f->is_crowded = false;
    for (uint32_t slot = 0; slot < f->size_sessions; slot++) {
        const struct session *s = &f->session[slot];
        if (s->is_open && s->cohort == NONE && bb_fanout_room(f, s, &bytes) > 0 && bytes > 0)
            bb_fanout_attach(f, slot);
    }
}

void
bb_fanout_unburden(struct bb_fanout *f, struct session *s, uint64_t bytes)
{
    uint64_t off = bytes < s->behind_bytes ? bytes : s->behind_bytes;

    s->behind_bytes -= off;
    f->behind_bytes -= off;
    if (f->is_crowded && f->behind_bytes <= BB_FANOUT_CROWD_BYTES / 2)
        disperse(f);
}

/* Sessions. */

int
bb_fanout_open(struct bb_fanout *f, const struct bb_fanout_session *o)
{
    uint64_t acked = o->acked < f->head ? o->acked : f->head;
    uint32_t slot;
    struct session *s;

    if (f->free_session == NONE && grow(f))
        return -ENOMEM;
    slot = f->free_session;
    s = &f->session[slot];
    f->free_session = s->next;
    *s = (struct session){
        .number = o->number,
        .position = acked,
        .acked = acked,
        .last = acked,
        .sent = o->sent,
        .redelivered = o->sent,
        .window_messages = o->window_messages,
        .window_bytes = o->window_bytes,
        .cursor = o->cursor,
        .cohort = NONE,
        .is_open = true,
    };
    bb_numbers_set(&f->by_number, o->number, slot);
    f->n_sessions++;
    bb_fanout_attach(f, slot);
    return 0;
}

/* Nothing is on its way to it: then what it has passed was not for it. */
static uint64_t
acked(const struct bb_fanout *f, const struct session *s)
{
    return f->early || (s->acked >= s->last && !s->gap_from) ? bb_fanout_position(f, s) : s->acked;
}

static void
stand(const struct bb_fanout *f, const struct session *s, struct bb_fanout_standing *ret_standing)
{
    *ret_standing = (struct bb_fanout_standing){
        .cursor = s->cursor,
        .behind = bb_fanout_position(f, s) < f->head,
        .acked = acked(f, s),
        .sent = s->sent,
        .notable = s->notable,
    };
}

bool
bb_fanout_standing(const struct bb_fanout *f, uint64_t number, struct bb_fanout_standing *ret_standing)
{
    uint32_t slot;

    if (!bb_numbers_get(&f->by_number, number, &slot))
        return false;
    stand(f, &f->session[slot], ret_standing);
    return true;
}

bool
bb_fanout_close(struct bb_fanout *f, uint64_t number, struct bb_fanout_standing *ret_standing)
{
    uint32_t slot;

    if (!bb_numbers_get(&f->by_number, number, &slot))
        return false;
    stand(f, &f->session[slot], ret_standing);
    bb_fanout_detach(f, slot);
    f->session[slot].is_open = false;
    bb_fanout_unburden(f, &f->session[slot], UINT64_MAX);
    bb_numbers_remove(&f->by_number, number);
    f->session[slot].next = f->free_session;
    f->free_session = slot;
    f->n_sessions--;
    return true;
}

static uint64_t
between(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

bool
bb_fanout_ack(struct bb_fanout *f, uint64_t number, uint64_t sequence, uint64_t messages, uint64_t bytes,
              struct bb_fanout_standing *ret_standing)
{
    struct session *s;
    uint64_t room_bytes, before;
    uint32_t slot;

    if (!bb_numbers_get(&f->by_number, number, &slot))
        return false;
    s = &f->session[slot];
    before = s->acked_bytes;
    s->acked = between(sequence, s->acked, s->last);
    s->acked_messages = between(messages, s->acked_messages, s->sent_messages);
    s->acked_bytes = between(bytes, s->acked_bytes, s->sent_bytes);
    if (s->acked == s->last) { /* everything, whatever it counted */
        s->acked_messages = s->sent_messages;
        s->acked_bytes = s->sent_bytes;
    }
    bb_fanout_unburden(f, s, s->acked_bytes - before);
    if (s->cohort == NONE && bb_fanout_room(f, s, &room_bytes) > 0 && room_bytes > 0)
        bb_fanout_attach(f, slot);
    stand(f, s, ret_standing);
    return true;
}
