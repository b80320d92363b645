/* A durable subscription within the session: the part that decides.
 *
 * What it is told: what happens to the connection, what the broker sends, what its owner has acknowledged,
 * the time. What it decides: when SUBSCRIBE, ACK and UNSUBSCRIBE leave, and which messages the owner is
 * given.
 *
 *                 link, retry_at             SUBSCRIBED
 *     WANTED --------------------> ASKED ------------------> OPEN ---> messages, gaps
 *       ^  ^                         |                         |
 *       |  +---- ERROR, retryable ---+-------------------------+
 *       +------- connection lost ----+-------------------------+
 *                                    |                         |
 *                                    +---- any other ERROR ----+----> OVER
 *
 *     closed by its owner: gone at once, or CLOSING until UNSUBSCRIBE has left
 *
 * Part of one session, with whose functions it is called; embedded in its owner, who frees it when it is told
 * that it is gone. */
#ifndef BB_LISTENER_H
#define BB_LISTENER_H

#include "backbone.h"

#include "proto/bytes.h"
#include "runtime/clock.h"

#include "communication.pb-c.h"

#include <sys/queue.h>

/* How long an acknowledgement may wait for others. */
#define BB_ACK_MS 50

enum bb_listener_state {
    BB_LISTENER_WANTED,
    BB_LISTENER_ASKED,
    BB_LISTENER_OPEN,
    BB_LISTENER_CLOSING,
    BB_LISTENER_OVER,
};

/* Delivered in this session and not acknowledged. */
struct bb_delivered {
    uint64_t sequence;
    uint32_t bytes;
};

struct bb_listener {
    TAILQ_ENTRY(bb_listener) link;
    enum bb_listener_state state;
    uint64_t number; /* on this connection; 0: it has none yet */
    /* What is asked for: the owner's. */
    const char *name;
    const char *const *channel;
    size_t n_channels;
    bool from_start; /* until it has been open once */
    uint64_t from_sequence;
    uint32_t window_messages, window_bytes;

    unsigned attempts;              /* since it was open */
    bb_mono retry_at;               /* WANTED: not before */
    bool was_open;                  /* on whichever connection */
    bool is_down;                   /* the owner has been told that it is interrupted */
    bool untold;                    /* and has yet to be told */
    uint64_t lives;                 /* how often SUBSCRIBED came */
    uint64_t last;                  /* sequence of the last message of this session */
    uint64_t received;              /* highest sequence that the owner was given */
    uint64_t gap_to;                /* end of the last gap that came */
    uint64_t gap_heard;             /* ... that the owner has heard of */
    uint64_t before_gap;            /* the last message that he had before it; 0 none */
    uint64_t acked;                 /* everything up to here has been taken care of */
    struct bb_delivered *delivered; /* a ring, in order */
    size_t first, n, size;
    size_t waiting_bytes;                              /* of those in the ring */
    uint64_t done_messages, done_bytes;                /* taken care of in this session */
    uint64_t told_sequence, told_messages, told_bytes; /* what the last ACK said */
    bb_mono ack_at; /* when the next one is due; BB_NEVER: nothing to say */

    /* The owner is given a message: decoded, valid until this returns, and as it came. It may acknowledge,
     * and close. 0 | -ENOMEM: the connection is given up, and the message comes again */
    int (*message)(struct bb_listener *listener, const Bb__Message *message, struct bb_bytes packed,
                   bool redelivered);
    /* anew: OPENED as another cursor than before, whose sequences say nothing about the old ones. */
    void (*event)(struct bb_listener *listener, const struct bb_subscription_event *event, bool anew);
    /* It is on no list any more. */
    void (*gone)(struct bb_listener *listener);
};

TAILQ_HEAD(bb_listener_list, bb_listener);

#endif
