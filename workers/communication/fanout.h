/* Who gets which message next: the pure core of delivery.
 *
 * A *session* is a subscriber that is connected. It stands at a position: everything up to it has been looked
 * at for this session, and what it selects has been sent. Sessions that stand at the same position form a
 * *cohort*, and are fed together: what they read from the log is read once, and those who get the same bytes
 * share one delivery. One cohort, the *front*, follows the head of the log; everybody else is behind, in
 * cohorts that take turns. Whoever arrives where the front is joins it. So live messages and old ones come in
 * the same way, and who is behind never delays the front.
 *
 * Feeding a cohort is a *turn*: begin; for each record of the log after `after`, up to `limit`: ask who sees
 * messages of this audience, and if anybody does, add it; end, with how far was looked; then take the
 * actions, which say what is to be sent to whom. A session takes what its window holds. One that could not
 * take everything waits at its own position until it acknowledges something.
 *
 *                  open, position < front                       window used up
 *      (nothing) ------------------------> | BEHIND | ----------------------------> | WAITING |
 *          |                                 |    ^                                     |  ^
 *          | open, position = front          |    +-------------- ack ------------------+  |
 *          |                                 v  reached it                                 |
 *          +----------------------------> | FRONT | -------- window used up ---------------+
 *
 * A session holds no messages, only numbers: memory does not grow with how far somebody is behind.
 *
 * What retention has removed is told once, in its place: a gap covers the sequences between two messages that
 * are delivered one after the other, or between the last one and the head. A gap is behind a session, like a
 * message, when it acknowledges its end.
 *
 * This module opens nothing, reads no clock and no log, and knows neither channels nor organizations; feed.c
 * is its shell. Owned by one thread. */
#ifndef BB_FANOUT_H
#define BB_FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BB_FANOUT_ITEMS 512u         /* messages of a turn */
#define BB_FANOUT_BYTES (128u << 10) /* ... and about their bytes */

/* When those who are behind have so much on its way to them together, which nobody shares, none of them is
 * sent more than the second number before it acknowledges something. Otherwise thousands who come back at
 * once, each with a window of its own, would fill the broker's memory. */
#define BB_FANOUT_CROWD_BYTES  (64u << 20)
#define BB_FANOUT_CROWD_WINDOW (64u << 10)

struct bb_fanout;

struct bb_fanout_counts {
    uint32_t sessions;
    uint32_t behind;   /* of these, those that do not follow the head */
    uint64_t gaps;     /* told since the start */
    uint64_t messages; /* delivered: each to each session counts */
};

/* early: a session counts what it was sent as acknowledged (for a test that must notice). 0 | -ENOMEM */
int bb_fanout_new(bool early, struct bb_fanout **ret_fanout);
void bb_fanout_destroy(struct bb_fanout **fanout);

struct bb_fanout_counts bb_fanout_counts(const struct bb_fanout *fanout);

/* The log reaches up to here now. It never goes back. */
void bb_fanout_advance(struct bb_fanout *fanout, uint64_t head);

/* Messages up to here have been removed, some of them at least. */
void bb_fanout_trimmed(struct bb_fanout *fanout, uint64_t sequence);

struct bb_fanout_session {
    uint64_t number; /* the broker's; not open yet */
    uint32_t cursor; /* the caller's own number of what is read with it */
    uint64_t acked;  /* it begins behind this, at most the head */
    uint64_t sent;   /* highest sequence that was sent before, by an earlier session of the cursor */
    uint32_t window_messages, window_bytes;
};

/* How a session stands. */
struct bb_fanout_standing {
    uint32_t cursor;
    bool behind;
    uint64_t acked;   /* all up to here has been taken care of, or was not for it */
    uint64_t sent;    /* highest sequence that was sent, by any session of the cursor */
    uint64_t notable; /* highest sequence of a notable message that this session was sent; 0 */
};

/* 0 | -ENOMEM */
int bb_fanout_open(struct bb_fanout *fanout, const struct bb_fanout_session *session);

/* false: there is no such session (any more). */
bool bb_fanout_standing(const struct bb_fanout *fanout, uint64_t number,
                        struct bb_fanout_standing *ret_standing);
bool bb_fanout_close(struct bb_fanout *fanout, uint64_t number, struct bb_fanout_standing *ret_standing);

/* It has taken care of everything up to `sequence`, in all of so many messages and bytes since it was opened.
 * More than it was sent counts as what it was sent; less than before as before. false: no such session. */
bool bb_fanout_ack(struct bb_fanout *fanout, uint64_t number, uint64_t sequence, uint64_t messages,
                   uint64_t bytes, struct bb_fanout_standing *ret_standing);

/* What a turn asks its caller. */
struct bb_fanout_ops {
    /* As what the reader of this cursor sees messages of this audience: 0 not at all; who sees them as the
     * same number gets the same bytes. ret_until: this holds for sequences from `sequence` to below that
     * (UINT64_MAX: always). */
    uint32_t (*view)(void *self, uint32_t cursor, const void *audience, uint64_t sequence,
                     uint64_t *ret_until);
    /* Bytes that a message of this audience has on top, in this view. */
    uint32_t (*extra)(void *self, const void *audience, uint32_t view);
    /* The highest sequence of a removed message that the reader of this cursor would have got, or 0. */
    uint64_t (*trimmed)(void *self, uint32_t cursor);
};

enum bb_fanout_lane {
    BB_FANOUT_FRONT = 0,  /* those who follow the head */
    BB_FANOUT_BEHIND = 1, /* the next of the others */
};

struct bb_fanout_turn {
    uint64_t after, limit; /* read the records above `after`, up to `limit` */
    uint32_t sessions;     /* how many are fed */
    uint32_t cursor;       /* of the first of them */
};

/* false: nobody in this lane has anything to read. `ops` is called until the last action was taken.
 * 1 a turn | 0 none | -ENOMEM */
int bb_fanout_begin(struct bb_fanout *fanout, enum bb_fanout_lane lane, const struct bb_fanout_ops *ops,
                    void *self, struct bb_fanout_turn *ret_turn);

/* A new audience, or one whose answer has ended. It is `audience` number ret_index in this turn. ret_until:
 * ask again from there on. 1 somebody sees it | 0 nobody | -ENOMEM */
int bb_fanout_audience(struct bb_fanout *fanout, const void *audience, uint64_t sequence, uint32_t *ret_index,
                       uint64_t *ret_until);

struct bb_fanout_item {
    uint64_t sequence; /* ascending */
    uint32_t bytes;    /* without what the view adds */
    uint32_t audience;
    uint32_t tag; /* the caller's */
    bool notable; /* it matters when it was delivered */
};

/* A message that somebody sees. true: that was the last one that this turn takes. */
bool bb_fanout_add(struct bb_fanout *fanout, const struct bb_fanout_item *item);

/* Everything up to `to` was looked at. */
void bb_fanout_end(struct bb_fanout *fanout, uint64_t to);

struct bb_fanout_part {
    uint32_t tag;  /* of the item */
    uint32_t view; /* in which it is sent */
};

/* Send these messages to these sessions; or, without any, tell one session of the gap. */
struct bb_fanout_action {
    const struct bb_fanout_part *part;
    uint32_t n_parts;
    const uint64_t *session;
    uint32_t n_sessions;
    uint64_t redelivered;      /* mark messages up to this sequence; 0 none */
    uint64_t gap_from, gap_to; /* n_parts is 0 */
};

/* The next action; its arrays are valid until the next call. false: the turn is over. */
bool bb_fanout_action(struct bb_fanout *fanout, struct bb_fanout_action *ret_action);

#endif
