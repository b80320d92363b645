/* Messages as they come. */
#ifndef BACKBONE_SUBSCRIPTION_H
#define BACKBONE_SUBSCRIPTION_H

#include "client.h"
#include "messages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A subscription delivers messages as they are written, and first of all those that were written while it was
 * away. How far it has come is kept by the service under a name of your choice, the cursor, of which your
 * organization may have several. One program at a time uses a cursor: the newer one takes it over.
 *
 * *At least once, and how to make it once.* A message is delivered until it is acknowledged. If the program
 * dies between what it did with a message and the acknowledgement, the message comes again to the next one,
 * with `redelivered` set (which is also set where nobody knows whether it came before). A program that stores
 * the sequence together with what the message led to, in one atomic write, and then leaves out what is not
 * above what it has stored, acts on each message once. Within one struct bb_subscription no message is given
 * twice, however often the connection breaks.
 *
 * *In order.* Messages come in the order of the log, all that the channels select. bb_subscription_ack() says
 * that everything up to a sequence has been taken care of; until then at most window_messages and
 * window_bytes are delivered, so a slow program is not flooded. Acknowledgements leave with the next thing
 * that is sent, or at most 50 ms later.
 *
 * With on_message, messages are given by bb_client_process(). Without, they are asked for by
 * bb_subscription_next(), one after the other. */
struct bb_subscription;

typedef void bb_message_fn(void *self, const struct bb_message *message);

enum bb_subscription_event_kind {
    BB_SUBSCRIPTION_OPENED = 1,      /* the service feeds it now */
    BB_SUBSCRIPTION_INTERRUPTED = 2, /* the broker or the service cannot be reached: it is tried again */
    BB_SUBSCRIPTION_GAP = 3,         /* messages were removed before they could be delivered */
    BB_SUBSCRIPTION_ENDED = 4,       /* taken over, refused or removed: nothing comes any more */
};

struct bb_subscription_event {
    int kind;
    uint64_t position;          /* OPENED: acknowledged up to here; what follows is above it */
    uint64_t head;              /* OPENED: last sequence of the log */
    const char *const *channel; /* OPENED: what is subscribed to */
    size_t n_channels;
    bool created;       /* OPENED: there was no such cursor before */
    int64_t expired_us; /* OPENED: nobody had used it for so long that it was put aside then; 0: no */
    uint64_t from, to;  /* GAP: all that are missing are between these */
    const struct bb_problem *problem; /* INTERRUPTED, ENDED: why; the code is BB_CODE_TAKEN_OVER ... */
};

typedef void bb_subscription_event_fn(void *self, const struct bb_subscription_event *event);

struct bb_subscription_options {
    const char *name;           /* of the cursor: a code */
    const char *const *channel; /* what to subscribe to: channels, and all of a kind ("group/" and a star).
                                   None: as it was; a new cursor has all, your own org/, and every group */
    size_t n_channels;
    bool from_start;        /* begin with the first message that is kept ... */
    uint64_t from_sequence; /* ... or with this sequence; 0: where the cursor stands, a new one at the head */
    uint32_t window_messages;           /* 0: 1,000 */
    uint32_t window_bytes;              /* 0: 512 KiB */
    bb_message_fn *on_message;          /* NULL: they are asked for by bb_subscription_next() */
    bb_subscription_event_fn *on_event; /* may be NULL */
    void *self;
};

/* Returns at once; whether it is let in is told by an event, or by bb_subscription_next(). At most 64 a
 * client. 0 | -EINVAL | -ENOBUFS too many | -ENOMEM */
BB_API int bb_subscription_open(struct bb_client *client, const struct bb_subscription_options *options,
                                struct bb_subscription **ret_subscription);

/* The next message, for which to wait at most wait_ms (-1: for ever; 0: not at all). Events are told
 * meanwhile, a gap in its place among the messages.
 * ret_message: valid until the next call with this subscription.
 * BB_OK | BB_TIMED_OUT: none came in that time | another enum bb_result: it has ended, bb_client_problem()
 * says why | -EDEADLK waiting is not possible in a callback | -errno */
BB_API int bb_subscription_next(struct bb_subscription *subscription, int wait_ms,
                                const struct bb_message **ret_message);

/* Everything up to this sequence has been taken care of. What has not been given yet is not included,
 * whatever the sequence. */
BB_API void bb_subscription_ack(struct bb_subscription *subscription, uint64_t sequence);

/* Wait until the broker has taken the acknowledgements, as a program does before it ends. 0 | enum bb_result
 * | -errno, as other blocking requests. */
BB_API int bb_subscription_sync(struct bb_subscription *subscription);

/* No more deliveries. The cursor stays, and acknowledgements that have been made still leave. NULL is fine.
 * To be called for one that has ended, too, also after its client was destroyed; from any callback. */
BB_API void bb_subscription_close(struct bb_subscription **subscription);

#ifdef __cplusplus
}
#endif

#endif
