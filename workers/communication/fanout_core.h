/* What fanout.c (who stands where) and fanout_turn.c (who gets what) share; nobody else includes it. */
#ifndef BB_FANOUT_CORE_H
#define BB_FANOUT_CORE_H

#include "fanout.h"
#include "numbers.h"

#define NONE  UINT32_MAX
#define FRONT 0u /* the cohort that follows the head: always there, never queued */

struct session {
    uint64_t number;
    uint64_t position;    /* while it is in no cohort; else the cohort's */
    uint64_t acked;       /* ... by the client, or where it began */
    uint64_t last;        /* end of what it was told last, a message or a gap; or where it began */
    uint64_t sent;        /* highest message sent in any session of the cursor */
    uint64_t redelivered; /* `sent` as it was when this session began */
    uint64_t notable;
    uint64_t sent_messages, sent_bytes;
    uint64_t acked_messages, acked_bytes;
    uint64_t behind_bytes; /* of what is on its way, what it was sent while it was behind */
    uint32_t window_messages, window_bytes;
    uint32_t cursor;
    uint32_t cohort; /* or NONE: it waits for its window; or, for as long as a turn of its own */
    uint32_t next, prev;
    bool is_open;
    /* It has passed removed messages from here on, and is told when their end is known; 0. */
    uint64_t gap_from;
};

/* Sessions at one position. One that is free is linked by queue_next. */
struct cohort {
    uint64_t position;
    uint32_t first;
    uint32_t count;
    uint32_t queue_next, queue_prev;
};

/* A group of members that see the same so far: a path from a root, which has a mark, down the audiences that
 * they see, in the order in which they were asked about. */
struct node {
    uint64_t mark; /* of redelivery; roots */
    uint32_t parent;
    uint32_t audience;
    uint32_t view, extra;
    uint32_t child, sibling; /* child: the newest; only those of the audience at hand are looked at */
    uint32_t count, first;   /* members, when the turn has ended; where they are in `order` */
};

/* The messages that the members of one node get, in order. */
struct serving {
    uint32_t n;
    struct bb_fanout_part part[BB_FANOUT_ITEMS];
    uint64_t sequence[BB_FANOUT_ITEMS];
    uint64_t bytes[BB_FANOUT_ITEMS + 1]; /* of the first i */
    uint64_t notable[BB_FANOUT_ITEMS + 1];
    uint32_t bucket[BB_FANOUT_ITEMS + 1]; /* members that take the first i; linked by turn.link */
};

struct turn {
    bool open, is_full;
    const struct bb_fanout_ops *ops;
    void *self;
    uint32_t cohort; /* NONE: one session alone, because it has to be told of gaps */
    uint64_t after, to;
    uint64_t trimmed; /* of one session alone: the highest that was removed */
    uint64_t bytes;

    uint32_t n_members, size_members;
    uint32_t *member; /* slots */
    uint32_t *node_of;
    uint32_t *order; /* members by node */
    uint32_t *link;
    uint64_t *number; /* of an action */

    struct node *node;
    uint32_t n_nodes, size_nodes;
    struct bb_numbers roots; /* mark -> node */

    const void **audience;
    uint32_t n_audiences, size_audiences;
    uint32_t *view_of; /* by audience, while a serving is written: node number + 1 */

    struct bb_fanout_item item[BB_FANOUT_ITEMS];
    uint32_t n_items;

    /* Actions: where we are. Of many: which node, and who of it, by how much they take. */
    uint32_t at_node, at_bucket;
    /* Of one alone: which part; how many it takes; what it has not been told of begins here. */
    uint32_t at_part, takes;
    uint64_t from;
    struct serving serving;
};

struct bb_fanout {
    bool early;
    uint64_t head, trimmed;
    struct session *session;
    uint32_t size_sessions, free_session, n_sessions;
    struct cohort *cohort;
    uint32_t size_cohorts, free_cohort;
    uint32_t queue_first, queue_last;
    struct bb_numbers by_number;   /* session -> slot */
    struct bb_numbers by_position; /* position -> cohort; not the front */
    uint64_t gaps, messages;
    uint64_t behind_bytes; /* of all sessions */
    bool is_crowded;
    struct turn turn;
};

static inline uint64_t
bb_fanout_position(const struct bb_fanout *f, const struct session *s)
{
    return s->cohort == NONE ? s->position : f->cohort[s->cohort].position;
}

/* How many messages, and how many bytes before the last of them, the session may still be sent. */
static inline uint64_t
bb_fanout_room(const struct bb_fanout *f, const struct session *s, uint64_t *ret_bytes)
{
    uint64_t messages = s->sent_messages - s->acked_messages, bytes = s->sent_bytes - s->acked_bytes;
    uint64_t window = s->window_bytes;

    if (f->is_crowded && s->cohort != FRONT && window > BB_FANOUT_CROWD_WINDOW)
        window = BB_FANOUT_CROWD_WINDOW;
    *ret_bytes = bytes < window ? window - bytes : 0;
    return messages < s->window_messages ? s->window_messages - messages : 0;
}

/* Take a session out of its cohort; it keeps the position. */
void bb_fanout_detach(struct bb_fanout *f, uint32_t slot);
/* Put one that is in none where its position is. */
void bb_fanout_attach(struct bb_fanout *f, uint32_t slot);
/* The cohort of a turn, whose members stand at `position` now: it joins whoever is there, or queues. */
void bb_fanout_arrive(struct bb_fanout *f, uint32_t cohort, uint64_t position);
/* So much more is on its way to a session that is behind, or less. */
void bb_fanout_burden(struct bb_fanout *f, struct session *s, uint64_t bytes);
void bb_fanout_unburden(struct bb_fanout *f, struct session *s, uint64_t bytes);

/* The queue of the cohorts that are behind. */
void bb_fanout_push(struct bb_fanout *f, uint32_t cohort);
void bb_fanout_unlink(struct bb_fanout *f, uint32_t cohort);

void bb_fanout_turn_release(struct turn *turn);

#endif
