/* The worker's side of the conversation with the broker (proto/PROTOCOL.md, "Worker and broker"): a pure
 * core.
 *
 * (state, now, frame) -> one event for the owner, and messages to send. It opens no socket, reads no clock,
 * logs nothing; worker.c moves the bytes. What a session keeps:
 *
 *   - the open requests, by tag, so that each gives back its credit exactly once: when it is ended, or
 *     cancelled. At every moment, for each lane, in messages as in bytes:
 *         granted to the broker and not used + open + owed to the broker = the configured credit.
 *   - what is owed: gathered into one CREDIT a lane and round; withheld while the lane is on hold.
 *   - the calls of the owner, by id, so that each ends exactly once.
 *   - the messages to send: frames are gathered in a bundle, full bundles wait in a queue.
 *   - how much of the fan-out the broker has taken in: a PING goes behind larger amounts, its PONG confirms
 *     what was sent before it. (The broker's own PINGs, behind what it tells of sessions, are answered.)
 *
 *          open              any frame             drain
 *   CLOSED ----> GREETING ------------> LIVE ----------------> DRAINING
 *      ^             |                    |                        |
 *      +-------------+--------------------+------------------------+   close: every request is void
 *
 * Owned by one thread. */
#ifndef BB_WORKER_SESSION_H
#define BB_WORKER_SESSION_H

#include "clock.h"
#include "worker.h"

#include "proto/envelope.h"
#include "proto/methods.h"

#include <zmq.h>

#define BB_SESSION_HEARTBEAT_MS 1000  /* one heartbeat each */
#define BB_SESSION_SILENCE_MS   3000  /* without any frame: dead */
#define BB_SESSION_GRACE_MS     50    /* after DRAIN, for work that was on its way */
#define BB_SESSION_DRAIN_MS     10000 /* most that draining takes */

struct bb_session_config {
    const char *service; /* borrowed for the session's life */
    uint8_t instance[16];
    uint32_t credit_messages[BB_LANES]; /* at most 65536 each */
    uint32_t credit_bytes[BB_LANES];    /* at most 1 GiB each */
};

enum bb_session_state {
    BB_SESSION_CLOSED = 0,
    BB_SESSION_GREETING = 1, /* READY is out, nothing heard yet */
    BB_SESSION_LIVE = 2,
    BB_SESSION_DRAINING = 3,
};

enum bb_session_event_type {
    BB_SESSION_NOTHING = 0,
    BB_SESSION_WORK = 1,
    BB_SESSION_PULL = 2,
    BB_SESSION_CANCEL = 3,
    BB_SESSION_DIRECTORY = 4,
    BB_SESSION_GOAWAY = 5, /* the broker ends the connection: close */
    BB_SESSION_SUBSCRIBER_UP = 6,
    BB_SESSION_SUBSCRIBER_DOWN = 7,
    BB_SESSION_SUBSCRIBER_ACK = 8,
    BB_SESSION_CALLED = 9,
};

/* Bytes in it are valid until the next call with a frame. */
struct bb_session_event {
    enum bb_session_event_type type;
    struct bb_work work;
    struct bb_subscriber subscriber;     /* of SUBSCRIBER_UP */
    struct bb_acknowledged acknowledged; /* of SUBSCRIBER_ACK */
    struct bb_call_result result;        /* of CALLED */
    uint64_t tag;   /* of PULL and CANCEL: always an open request; CALLED: the call's id; DOWN: the session */
    uint32_t bytes; /* of PULL */
    uint32_t code;  /* of GOAWAY */
    struct bb_bytes packed; /* DIRECTORY: Bb__Directory; GOAWAY: its message, not quoted */
};

struct bb_session;

/* 0 | -ENOMEM */
int bb_session_new(const struct bb_session_config *config, struct bb_session **ret_session);
void bb_session_destroy(struct bb_session **session);

enum bb_session_state bb_session_state(const struct bb_session *session);

/* A fresh connection: READY is to be sent, with the credit of the lanes that are not on hold. 0 | -ENOMEM */
int bb_session_open(struct bb_session *session, bb_mono now, uint64_t directory_version);

/* The connection is gone: forget every request and every message. */
void bb_session_close(struct bb_session *session);

/* The broker sent this frame. 0 with an event | -EBADMSG it breaks the protocol: close the connection. */
int bb_session_frame(struct bb_session *session, bb_mono now, const struct bb_frame *frame,
                     struct bb_session_event *ret_event);

/* Answer; as bb_worker_reply() and bb_worker_fail(). A body above the limit becomes an error of the request.
 * 0 | -ENOENT the tag is not open (never was, cancelled, ended, or of an earlier connection) | -ENOMEM. */
int bb_session_reply(struct bb_session *session, uint64_t tag, uint32_t part, bool final,
                     struct bb_bytes body);
int bb_session_fail(struct bb_session *session, uint64_t tag, uint32_t code, const char *message,
                    uint32_t retry_after_ms);

void bb_session_hold(struct bb_session *session, enum bb_lane lane, bool hold);

/* As bb_worker_fanout(). 0 | -ENOTCONN | -EINVAL a kind that is not fanned out | -EMSGSIZE | -ENOMEM: some of
 * them may have got it. */
int bb_session_fanout(struct bb_session *session, enum bb_kind kind, struct bb_bytes body,
                      const uint64_t *sessions, size_t n);

/* As bb_worker_call(). Only while LIVE. */
int bb_session_call(struct bb_session *session, uint64_t id, uint32_t method, uint32_t timeout_ms,
                    struct bb_bytes body);
/* 0 | -ENOENT no such call is open | -ENOMEM: it is over all the same */
int bb_session_call_cancel(struct bb_session *session, uint64_t id);
/* After a close: one of the calls that ended with it, each once. False: no more. */
bool bb_session_lost_call(struct bb_session *session, uint64_t *ret_id);

/* Time passed. sequence, lag: for the heartbeat.
 * 0 | BB_SESSION_E_SILENT the broker is dead: close | -ENOMEM */
#define BB_SESSION_E_SILENT 1
int bb_session_tick(struct bb_session *session, bb_mono now, uint64_t sequence, uint64_t lag);

/* When tick has something to do; BB_NEVER while closed. */
bb_mono bb_session_deadline(const struct bb_session *session);

/* Is a heartbeat due? (So that its numbers are asked for only then.) */
bool bb_session_beats(const struct bb_session *session, bb_mono now);

/* No more work, please. 0 | -ENOMEM */
int bb_session_drain(struct bb_session *session, bb_mono now);

/* Draining is over: everything is answered and sent, or it took too long. */
bool bb_session_is_drained(const struct bb_session *session, bb_mono now);

/* End of a round: the next message to send, or NULL. It stays first until bb_session_sent(); the caller sends
 * it (which empties it). ret_message: borrowed until then. 0 | -ENOMEM */
int bb_session_outgoing(struct bb_session *session, zmq_msg_t **ret_message);
void bb_session_sent(struct bb_session *session);

/* Bytes that wait to be sent. */
size_t bb_session_backlog(const struct bb_session *session);

/* Bytes of fan-out that the broker has not confirmed, about: those that wait included. */
size_t bb_session_unconfirmed(const struct bb_session *session);

/* Requests of a lane that are open. */
uint32_t bb_session_open_requests(const struct bb_session *session, enum bb_lane lane);

/* Frames of kinds that a worker does not expect, since the start. */
uint64_t bb_session_ignored(const struct bb_session *session);

#endif
