/* The pure core of a client: what to send, what an answer means, when to try again.
 *
 * A session outlives its connections. It is told what happens to the connection (opening, up, lost) and what
 * comes in, always with the time, and it says what it wants: a new socket, this one closed, these frames
 * sent, to be called at that time. It opens no socket and reads no clock. Ends of requests are told by
 * calling their done(); so a call into the session may call back out, and callbacks may make new requests.
 *
 *     IDLE --open_at reached, shell opens a socket--> OPENING --handshake done--> UP --WELCOME--> OPEN
 *      ^                                                 |                        |               |
 *      +------------------- lost: requests that were sent become ready again -----+---------------+
 *
 * HELLO and the requests that are ready are handed out while OPENING already, so that they leave right behind
 * the handshake. */
#ifndef BB_SESSION_H
#define BB_SESSION_H

#include "listener.h"
#include "request.h"

#include "proto/arena.h"
#include "proto/limits.h"
#include "runtime/bundle.h"

enum bb_link { BB_LINK_IDLE, BB_LINK_OPENING, BB_LINK_UP, BB_LINK_OPEN };

/* Why a connection is no more, or never came to be. */
enum bb_loss {
    BB_LOSS_UNREACHABLE,  /* nothing listens there, or it does not answer in time */
    BB_LOSS_REFUSED,      /* the broker knows our key not, or not as enabled */
    BB_LOSS_BUSY,         /* the broker has no room for us now */
    BB_LOSS_HANDSHAKE,    /* closed in the middle of the handshake: a wrong server key, or a broker that is
                           * overloaded or died */
    BB_LOSS_STRANGE,      /* what answers there is no broker, or one without encryption */
    BB_LOSS_DISCONNECTED, /* a working connection broke */
};

/* One failed handshake does not tell a wrong server key from a broker that is too busy to shake hands. So
 * many in a row that take so long do, unless this client has had a working connection; until then the pauses
 * between them grow no further than those after so many failures. */
#define BB_HANDSHAKE_TRIES  4
#define BB_HANDSHAKE_MS     2000
#define BB_HANDSHAKE_PAUSES 2
/* Longest wait for the handshake, and for WELCOME after it. */
#define BB_OPENING_MS  10000
#define BB_GREETING_MS 5000
/* Bodies of requests that are on their way; more waits here. */
#define BB_IN_FLIGHT_BYTES ((size_t)8 << 20)
/* Windows of long answers that are open at a time; more is asked for as they end, since a client that is sent
 * much more than it reads is cut off. */
#define BB_WINDOWS_BYTES ((uint64_t)16 << 20)

struct bb_session_who {
    char organization[BB_LIMIT_CODE_BYTES + 1];
    char name[BB_LIMIT_NAME_BYTES + 1];
    char member[BB_LIMIT_CODE_BYTES + 1];
    uint32_t role;
    int64_t time_us;
    uint32_t submission_rows;
};

struct bb_session {
    /* set by the owner before the first call */
    const char *endpoint; /* for messages */
    const char *public_key;
    const char *agent;
    uint32_t timeout_ms;
    uint32_t unreachable_ms;
    uint64_t random; /* seed of the jitter, not 0 */

    enum bb_link link;
    bool closed;        /* being released: no new requests */
    bool wants_close;   /* the owner should close the connection and tell so by bb_session_lost() */
    bool greeted;       /* HELLO is in the bundle or gone */
    bb_mono open_at;    /* IDLE: when to try */
    bb_mono give_up_at; /* OPENING, UP: when to stop waiting */
    bb_mono down_since;
    unsigned failures;        /* connection attempts in a row that did not end in WELCOME */
    unsigned handshakes;      /* of them, the last ones that ended in BB_LOSS_HANDSHAKE or BB_LOSS_STRANGE */
    bb_mono handshakes_since; /* when the first of those ended */
    bool welcomed;            /* once, on whichever connection */
    uint32_t goaway_code;
    uint32_t goaway_ms; /* 0: none asked for */
    char goaway_text[256];
    bool renewed; /* the owner, before bb_session_lost(): the next connection has another key */

    struct bb_request_table table;
    struct bb_request_list ready, sent, waiting;
    size_t n_sent, sent_bytes;
    uint64_t sent_windows;
    uint32_t outstanding; /* most open requests */
    bb_mono due;          /* nothing happens by itself before */
    bb_mono now;          /* of the current call, for requests made by callbacks */
    struct bb_session_who who;
    struct bb_bundle out;
    struct bb_arena frames; /* one frame at a time */
    struct bb_listener_list listeners;
    size_t n_listeners;
    uint64_t numbered;        /* subscriptions of this connection */
    struct bb_arena messages; /* of a subscription, one at a time */
    char text[512];           /* of the problem that is being told */
};

/* now: monotonic, ms. The first connection is wanted at once. */
void bb_session_init(struct bb_session *session, bb_mono now);
/* Ends every open request as BB_STOPPED. */
void bb_session_release(struct bb_session *session);

/* Make a request: fill what the method needs of the request, then start it. len: bytes of its body, which the
 * caller writes at ret_request->body. 0 | -E2BIG | -ENOMEM | -ENOBUFS | -ESHUTDOWN */
int bb_session_request(struct bb_session *session, uint32_t method, size_t len,
                       struct bb_request **ret_request);
void bb_session_start(struct bb_session *session, bb_mono now, struct bb_request *request);

/* The requests that tell their end to done_self tell it to nobody any more. */
void bb_session_abandon(struct bb_session *session, const void *done_self);

/* Subscriptions: listener.h. The owner has filled what is asked for and the functions, the rest is zero. 0
 * | -ENOBUFS | -ESHUTDOWN */
int bb_session_subscribe(struct bb_session *session, bb_mono now, struct bb_listener *listener);
/* It is wanted no more: gone() is called, now or later. */
void bb_session_unsubscribe(struct bb_session *session, struct bb_listener *listener);
/* Everything up to this sequence, which the listener was given, has been taken care of. */
void bb_session_acknowledge(struct bb_session *session, bb_mono now, struct bb_listener *listener,
                            uint64_t sequence);
/* Its owner has heard of the gap that ends with `to`, behind the message `before` (0: none). */
void bb_session_heard_gap(struct bb_session *session, bb_mono now, struct bb_listener *listener,
                          uint64_t before, uint64_t to);
/* Let the acknowledgement leave at once, if it has not. */
enum bb_listener_debt {
    BB_LISTENER_EVEN,  /* it has left, on this connection */
    BB_LISTENER_OWES,  /* it leaves with the next fill */
    BB_LISTENER_WAITS, /* the session that it is for is not open, or has not brought again so far */
};
enum bb_listener_debt bb_session_hurry(struct bb_session *session, bb_mono now, struct bb_listener *listener);

/* What happens to the connection. */
bool bb_session_wants_open(const struct bb_session *session, bb_mono now);
void bb_session_opening(struct bb_session *session, bb_mono now);
void bb_session_up(struct bb_session *session, bb_mono now);
void bb_session_lost(struct bb_session *session, bb_mono now, enum bb_loss loss);

/* A message came. 0 | -EBADMSG: close the connection as BB_LOSS_STRANGE */
int bb_session_receive(struct bb_session *session, bb_mono now, struct bb_bytes message);

/* A callback kept the caller for so long. Streams that have begun get the time back: the peer has not been
 * slow. */
void bb_session_paused(struct bb_session *session, bb_mono ms);

/* Fill session->out with what there is to send, as much as one message holds. True: take it, send it, and ask
 * again. */
bool bb_session_fill(struct bb_session *session, bb_mono now);
/* Would bb_session_fill() have something? */
bool bb_session_has_output(const struct bb_session *session);

/* Deadlines, repeats. To be called when session->due is reached; earlier does no harm. */
void bb_session_tick(struct bb_session *session, bb_mono now);

#endif
