/* A worker's session with the broker: READY, heartbeat, credit, replies, fan-out, calls, reconnection; and
 * its loop.
 *
 * The worker is single-threaded towards its owner: every callback and every bb_worker_*() call happens on the
 * thread that called bb_worker_run(), except bb_worker_wake(). The owner's data is whatever `self` is.
 *
 * Replies and credits are gathered and sent as one frame after each round: drain what the broker sent, call
 * flush(), send. So flush() is the place to commit a group, and nothing is answered before it.
 *
 * worker_session.h is the pure core: (state, now, frame) -> events and frames to send. */
#ifndef BB_WORKER_H
#define BB_WORKER_H

#include "clock.h"
#include "proto/bytes.h"
#include "proto/envelope.h"
#include "proto/limits.h"

#include <stdint.h>

struct bb_worker;

struct bb_work {
    uint64_t tag;
    uint32_t method;
    uint32_t role; /* Bb__Role */
    struct bb_bytes organization;
    struct bb_bytes member;
    uint32_t timeout_ms;
    uint32_t window_bytes;
    struct bb_bytes body;
};

/* A client that has subscribed. */
struct bb_subscriber {
    uint64_t session; /* the broker's number of it, never given twice; void after reset() */
    uint32_t role;    /* Bb__Role */
    struct bb_bytes organization;
    struct bb_bytes member;
    struct bb_bytes subscribe; /* packed Subscribe, as the client sent it: well-formed, and not judged */
};

/* A client says what it has taken care of. Nothing of it is judged: numbers are the client's. Several ACKs of
 * a session may come as one, the last. */
struct bb_acknowledged {
    uint64_t session;
    uint64_t sequence;
    uint64_t messages; /* in all since SUBSCRIBED */
    uint64_t bytes;
};

/* How a call ended. */
struct bb_call_result {
    uint32_t code; /* 0: an answer */
    bool retryable;
    uint32_t retry_after_ms; /* 0: not said */
    struct bb_bytes body;
    struct bb_bytes message; /* of an error, for people: UTF-8, not quoted */
};

/* Bytes in arguments are borrowed until the callback returns. */
struct bb_worker_ops {
    void (*work)(void *self, const struct bb_work *work);
    void (*pull)(void *self, uint64_t tag, uint32_t bytes);
    /* The answer is no longer wanted: the tag is not open any more, answers to it are dropped, and the credit
     * of the request goes back as if it had been answered. What a command does may be done. */
    void (*cancel)(void *self, uint64_t tag);
    /* One Directory message, packed (Bb__Directory). Called in order with work. */
    void (*directory)(void *self, struct bb_bytes packed);
    /* Everything at hand has been delivered: called once a round, also when nothing was. Non-zero ends
     * bb_worker_run() with it; nothing that was answered in this round or after it is sent then. */
    int (*flush)(void *self);
    /* Called at least once a second, whenever bb_worker_wake() was called, and when a broker has been met
     * (from then on calls can be made). Returns when it wants to be called again (BB_NEVER: no wish). */
    bb_mono (*tick)(void *self, bb_mono now);
    /* The broker is gone: every request and session that was open is void, and not to be answered any more
     * (the next broker may use its tag again). Answers given before this round ends are dropped. What was
     * called has been told before: called() with UNAVAILABLE. */
    void (*reset)(void *self);
    /* The worker is stopping, and ends when what is open is answered: what waits for something to happen is
     * to be answered now. NULL where nothing waits. */
    void (*draining)(void *self);
    /* What the next READY and HEARTBEAT say. */
    uint64_t (*directory_version)(void *self);
    void (*position)(void *self, uint64_t *ret_sequence, uint64_t *ret_lag);
    /* Sessions; NULL, all three, in a service that has none. Called in order with work. A session ends with
     * session_down(), with an ERROR that was fanned out to it, or with reset(). session_ack() may come for a
     * session that an ERROR has ended: the two crossed. */
    void (*session_up)(void *self, const struct bb_subscriber *subscriber);
    void (*session_down)(void *self, uint64_t session);
    void (*session_ack)(void *self, const struct bb_acknowledged *acknowledged);
    /* The end of what bb_worker_call() began: once, unless it was cancelled. NULL where nothing is called. */
    void (*called)(void *self, uint64_t id, const struct bb_call_result *result);
};

struct bb_worker_config {
    const char *endpoint;        /* ipc://... of the broker's worker socket */
    const char *service;         /* "measurement" */
    uint32_t credit_messages[2]; /* by lane (enum bb_lane), granted at READY */
    uint32_t credit_bytes[2];
    int signal_fd; /* from the daemon skeleton, or -1 */
};

/* 0 | -errno. Connects in the background: a broker that is not there yet is waited for. */
int bb_worker_new(const struct bb_worker_config *config, const struct bb_worker_ops *ops, void *self,
                  struct bb_worker **ret_worker);
void bb_worker_destroy(struct bb_worker **worker);

/* Until SIGTERM (drains: DRAIN, flush, answers out; a second one stops at once) or flush() failed. Tells the
 * service manager READY=1 at the start (a broker is not waited for), STOPPING=1, and WATCHDOG=1 once a second
 * after a whole round. 0 | what flush() returned | -errno. */
int bb_worker_run(struct bb_worker *worker);

/* Have tick() called soon. From any thread. */
void bb_worker_wake(struct bb_worker *worker);

/* Answer. `final` ends the request. Bytes are copied. Tags that are not open (cancelled meanwhile, or of a
 * broker that is gone) are ignored. A body above BB_LIMIT_BODY_BYTES ends the request with INTERNAL. message:
 * for people, UTF-8, cut at 500 bytes. */
void bb_worker_reply(struct bb_worker *worker, uint64_t tag, uint32_t part, bool final, struct bb_bytes body);
void bb_worker_fail(struct bb_worker *worker, uint64_t tag, uint32_t code, const char *message,
                    uint32_t retry_after_ms);

/* Send one frame to many sessions: a DELIVER, SUBSCRIBED, GAP or ERROR without its field `subscription`,
 * which the broker writes. body: packed, at most BB_LIMIT_BODY_BYTES. Copied. An ERROR ends the sessions.
 * Sessions get what is sent to them in the order of these calls; those that are over are skipped. */
void bb_worker_fanout(struct bb_worker *worker, enum bb_kind kind, struct bb_bytes body,
                      const uint64_t *sessions, size_t n);

/* Bytes of answers and fan-out that the broker has not taken in. Who has much to send that can wait (old
 * messages for who lags behind) sends no more of it while this is above some megabytes. The broker's progress
 * makes a round. Above 64 MiB the broker is given up. */
size_t bb_worker_backlog(const struct bb_worker *worker);

/* Ask another service, in the name of one's own (role SERVICE). `id` is the caller's, unlike those of its
 * other open calls. Ends with called(), at its deadline at the latest; a timeout_ms of 0 is 30 s, the most is
 * 600 s. 0 | -ENOTCONN there is no broker: try in tick() | -EEXIST the id is open | -EBUSY BB_LIMIT_CALLS are
 * open | -EMSGSIZE a body above BB_LIMIT_BODY_BYTES | -ENOMEM */
int bb_worker_call(struct bb_worker *worker, uint64_t id, uint32_t method, uint32_t timeout_ms,
                   struct bb_bytes body);
/* The answer is no longer wanted: called() will not come. An id that is not open is ignored. */
void bb_worker_call_cancel(struct bb_worker *worker, uint64_t id);

/* Send what was answered so far, in the middle of a round. */
void bb_worker_push(struct bb_worker *worker);

/* Give credit back: by default each final answer gives back what its request took. With hold on, a lane's
 * credit is kept until it is let go again. */
void bb_worker_hold(struct bb_worker *worker, int lane, bool hold);

#endif
