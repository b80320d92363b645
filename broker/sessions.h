/* Sessions: which client is fed from a cursor of the communication service, and what its worker is to be
 * told. A pure core.
 *
 * A session belongs to a connection, whose client chose a number for it (the subscription), and has a number
 * of its own, by which the worker knows it. It knows no message: FANOUT finds the connection by the session,
 * and that is all.
 *
 *         open             taken              ack
 *        ------> UP is due ------> KNOWN TO IT <-----> ACK is due
 *                    |                  |       taken      |
 *                    | gone             | gone             | gone
 *                    v                  v                  v
 *                (nothing)         DOWN is due     ACK and DOWN are due
 *
 * What is due waits in one queue, a session once. The owner takes it when the worker is ready for it.
 * Meanwhile a newer ACK takes the place of the older, so what waits is bounded by the number of sessions,
 * however much clients say. Sessions are limited by connection and by organization; an organization opens
 * only so many in a while.
 *
 * It sends nothing and reads no clock. Single-threaded. */
#ifndef BB_BROKER_SESSIONS_H
#define BB_BROKER_SESSIONS_H

#include "proto/bytes.h"
#include "runtime/clock.h"

struct bb_sessions;

struct bb_sessions_limits {
    uint32_t connection;   /* sessions of a connection */
    uint32_t organization; /* sessions of an organization */
    uint32_t burst;        /* of an organization, at once */
    uint32_t per_second;   /* and then */
    size_t waiting_bytes;  /* of subscriptions that the worker has not been told of, of everybody */
};

/* A connection's sessions, embedded by its owner. */
struct bb_listener {
    struct bb_subscription *first;
    uint32_t count;
    uint32_t organization; /* its number, small and dense; stays the same while there are sessions */
};

/* What a client has taken care of; its own words. */
struct bb_progress {
    uint64_t sequence;
    uint64_t messages;
    uint64_t bytes;
};

/* One session. To read, while it is open. */
struct bb_subscription {
    uint64_t session;             /* by which the worker knows it; 0: free */
    uint64_t subscription;        /* by which the client knows it */
    struct bb_listener *listener; /* NULL: gone, and the worker is to be told */
    struct bb_subscription *prev, *next;
    struct bb_subscription *queue_next; /* also the free list */
    uint8_t *subscribe;                 /* until the worker is told */
    uint32_t subscribe_len;
    uint32_t slot;
    uint64_t uses; /* of the slot */
    struct bb_progress progress;
    uint32_t organization;
    bool queued;
    bool told; /* the worker knows it */
    bool ack_due;
};

enum bb_sessions_error {
    BB_SESSIONS_E_OPEN = 1,         /* the subscription is open already */
    BB_SESSIONS_E_CONNECTION = 2,   /* limits: */
    BB_SESSIONS_E_ORGANIZATION = 3, /* ... */
    BB_SESSIONS_E_RATE = 4,
    BB_SESSIONS_E_WAITING = 5,
};

/* 0 | -ENOMEM */
int bb_sessions_new(const struct bb_sessions_limits *limits, struct bb_sessions **ret_sessions);
void bb_sessions_destroy(struct bb_sessions **sessions);

/* Would a session of so many bytes be opened? For before the bytes are decoded. 0 | BB_SESSIONS_E_* */
int bb_sessions_judge(struct bb_sessions *sessions, bb_mono now, const struct bb_listener *listener,
                      uint64_t subscription, size_t bytes);
/* Open one; the worker is to be told. subscribe: copied. 0 | BB_SESSIONS_E_* | -ENOMEM */
int bb_sessions_open(struct bb_sessions *sessions, bb_mono now, struct bb_listener *listener,
                     uint64_t subscription, struct bb_bytes subscribe);
/* False: no such subscription is open. */
bool bb_sessions_ack(struct bb_sessions *sessions, struct bb_listener *listener, uint64_t subscription,
                     const struct bb_progress *progress);
bool bb_sessions_close(struct bb_sessions *sessions, struct bb_listener *listener, uint64_t subscription);
/* The connection is gone, and its sessions with it. */
void bb_sessions_listener_gone(struct bb_sessions *sessions, struct bb_listener *listener);

/* The open session of this number, or NULL. */
struct bb_subscription *bb_sessions_find(const struct bb_sessions *sessions, uint64_t session);
/* It is over for both sides; the worker, which said so, is told nothing. */
void bb_sessions_end(struct bb_sessions *sessions, struct bb_subscription *subscription);
/* The worker is gone: every session is over. over: called for each that was open, when it is not any more;
 * may call nothing of the sessions. */
void bb_sessions_end_all(struct bb_sessions *sessions,
                         void (*over)(void *self, struct bb_listener *listener, uint64_t subscription),
                         void *self);

enum bb_session_news_kind { BB_SESSION_NEWS_UP, BB_SESSION_NEWS_ACK, BB_SESSION_NEWS_DOWN };

struct bb_session_news {
    enum bb_session_news_kind kind;
    uint64_t session;
    const struct bb_listener *listener; /* of UP */
    struct bb_bytes subscribe;          /* of UP; valid until the next call */
    struct bb_progress progress;        /* of ACK */
};

/* What the worker is to be told next. False: nothing. */
bool bb_sessions_next(struct bb_sessions *sessions, struct bb_session_news *ret_news);
bool bb_sessions_have_news(const struct bb_sessions *sessions);

/* How many are open. */
uint32_t bb_sessions_count(const struct bb_sessions *sessions);

#endif
