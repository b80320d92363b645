/* What partners tell each other: publishing, listing, receipts. */
#ifndef BACKBONE_MESSAGES_H
#define BACKBONE_MESSAGES_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Announcements, posts and updates: what partners tell each other, kept in one log. PROTOCOL.md says who may
 * write and read what (Channels, Messages). Channels are written "all", "group/CODE", "org/CODE" and
 * "indicator/CODE".
 *
 * The id of a message is a UUID like that of a batch, but none of version 8, which the service keeps for what
 * it writes itself: bb_batch_new(), bb_batch_format() and bb_batch_parse() make, print and read it. */
#define BB_MESSAGE_ID 16

enum bb_message_kind {
    BB_MESSAGE_ANNOUNCEMENT = 1, /* of staff */
    BB_MESSAGE_POST = 2,
    BB_MESSAGE_STORY = 3,  /* an experience behind an indicator and a period */
    BB_MESSAGE_UPDATE = 4, /* of the service: readings came */
    BB_MESSAGE_NOTICE = 5, /* of the service: withdrawn, restated */
};

enum bb_priority { BB_PRIORITY_LOW = 1, BB_PRIORITY_NORMAL = 2, BB_PRIORITY_HIGH = 3 };

/* What an update says of one organization, and a restatement of one reading. */
struct bb_message_change {
    const char *organization; /* code */
    const char *const *period;
    size_t n_periods_named; /* the first ones are named ... */
    uint32_t periods;       /* ... of so many */
    uint64_t created;       /* readings */
    uint64_t updated;       /* of a restatement: corrected */
    const char *place;      /* of one reading; NULL: the change is not of a single one */
    const char *disaggregation;
    const char *old_value; /* decimal text; NULL: none, or not for you to read */
    const char *new_value;
    const char *old_status; /* "missing" ...; NULL: ok */
    const char *new_status;
    const char *old_numerator; /* decimal text; NULL: as old_value */
    const char *new_numerator;
    const char *old_denominator;
    const char *new_denominator;
};

/* A message as its readers get it. */
struct bb_message {
    uint64_t sequence; /* place in the log, from 1 */
    const uint8_t *id; /* [BB_MESSAGE_ID] */
    int kind;          /* enum bb_message_kind */
    const char *kind_name;
    const char *organization; /* of the author; "communication": the service itself */
    const char *member;
    int64_t time_us;
    const char *subject;
    const char *body; /* Markdown; "" when there is none, or it was not asked for */
    int priority;     /* enum bb_priority */
    const char *priority_name;
    bool requested_ack;
    const char *ack_by;         /* date; NULL: none */
    const uint8_t *in_reply_to; /* ids; NULL: none */
    const uint8_t *supersedes;
    const uint8_t *superseded_by; /* NULL: by none yet, when it was sent to you */
    const uint8_t *withdraws;
    const char *expires_at; /* date: the last day on which it says something; NULL: none */
    const char *indicator;  /* code; NULL: it speaks of none */
    const char *period;
    const struct bb_message_change *change;
    size_t n_changes;
    const char *channel;         /* the first of its channels that you may read */
    const char *const *audience; /* all of them, where there are several: to staff and the author */
    size_t n_audience;
    bool redelivered; /* from a subscription: it may have been delivered before */
};

/* A message to be published. What is NULL or 0 is not said. */
struct bb_publication {
    const uint8_t *id; /* [BB_MESSAGE_ID], of your choice: publishing it again with the same content is safe,
                          also from another process. NULL: a fresh one, with each call another message */
    const char *const *channel; /* whom it is for; at least one */
    size_t n_channels;
    int kind; /* BB_MESSAGE_ANNOUNCEMENT, _POST or _STORY */
    const char *subject;
    const char *body;
    int priority;       /* enum bb_priority; 0: normal */
    const char *ack_by; /* date; an acknowledgement is requested until its end */
    bool requested_ack;
    const uint8_t *in_reply_to;
    const uint8_t *supersedes;
    const char *expires_at;
    const char *indicator;
    const char *period;
    bool dry_run; /* say whom it would reach, keep nothing */
};

struct bb_published {
    const uint8_t *id;
    uint64_t sequence;            /* 0 after a dry run */
    uint32_t recipients;          /* organizations */
    bool duplicate;               /* it had been published before: this is the answer of then */
    const char *const *recipient; /* dry run: their codes */
    size_t n_recipients_named;
};

typedef void bb_published_fn(void *self, const struct bb_published *published);
/* Answered when the message is on disk. */
BB_API int bb_client_publish(struct bb_client *client, const struct bb_publication *publication,
                             bb_published_fn *each, bb_done_fn *done, void *self);

/* sequence: of the notice that tells of it. */
typedef void bb_withdrawn_fn(void *self, uint64_t sequence, bool duplicate);
/* Take a message back. id: of this submission, and of the notice; NULL: a fresh one. */
BB_API int bb_client_withdraw(struct bb_client *client, const uint8_t *id, const uint8_t *message,
                              bb_withdrawn_fn *each, bb_done_fn *done, void *self);

/* What became of a message for a reader. It never goes back. */
enum bb_receipt_state { BB_QUEUED = 0, BB_DELIVERED = 1, BB_READ = 2, BB_ACKNOWLEDGED = 3 };

enum bb_message_state {
    BB_MESSAGE_ACTIVE = 0,
    BB_MESSAGE_SUPERSEDED = 1,
    BB_MESSAGE_WITHDRAWN = 2,
    BB_MESSAGE_EXPIRED = 3,
};

struct bb_listed_message {
    const struct bb_message *message;
    int state; /* enum bb_message_state */
    const char *state_name;
    int receipt; /* enum bb_receipt_state, of your organization */
    const char *receipt_name;
    int64_t receipt_us;         /* 0: none */
    const char *receipt_member; /* NULL: none */
    bool is_counted;            /* you are staff or the author, and told how many organizations */
    uint32_t recipients;        /* so many at least so far */
    uint32_t delivered, read, acknowledged;
};

/* Zero is everything that you may read. */
struct bb_messages_query {
    const uint8_t *id; /* this one */
    const int *kind;   /* of these kinds */
    size_t n_kinds;
    const char *channel;
    bool inbox;     /* addressed to your organization, and not its own. To list it is to have it delivered. */
    bool unread;    /* of these, what nobody there has read */
    uint64_t after; /* above this sequence */
    uint32_t limit; /* the last so many */
    bool without_bodies;
};

typedef int bb_listed_fn(void *self, const struct bb_listed_message *listed);
/* In the order of the log. */
BB_API int bb_client_messages(struct bb_client *client, const struct bb_messages_query *query,
                              bb_listed_fn *each, bb_done_fn *done, void *self);

struct bb_marked {
    int state; /* enum bb_receipt_state, as it is now */
    const char *state_name;
    int64_t time_us; /* of who brought it about first */
    const char *member;
    bool changed;
};

typedef void bb_marked_fn(void *self, const struct bb_marked *marked);
/* Your organization has read it, or acknowledges it. state: BB_READ or BB_ACKNOWLEDGED. */
BB_API int bb_client_mark(struct bb_client *client, const uint8_t *id, int state, bb_marked_fn *each,
                          bb_done_fn *done, void *self);

struct bb_message_receipt {
    const char *organization;
    int state; /* enum bb_receipt_state */
    const char *state_name;
    int64_t time_us;    /* 0: none */
    const char *member; /* NULL: none */
    bool overdue;
    /* Where those of several messages are listed; else NULL and 0: */
    const uint8_t *message; /* its id */
    const char *subject;
    uint64_t sequence;
    const char *ack_by; /* date: the day on which it was due */
};

typedef int bb_receipt_fn(void *self, const struct bb_message_receipt *receipt);
/* The receipts of one message, by organization; overdue: only those that are. id NULL: of all messages, those
 * that are overdue. */
BB_API int bb_client_receipts(struct bb_client *client, const uint8_t *id, bool overdue, bb_receipt_fn *each,
                              bb_done_fn *done, void *self);

#ifdef __cplusplus
}
#endif

#endif
