/* The router: which request goes to which worker, when, and what becomes of it. A pure core.
 *
 * It knows connections, services with two lanes each, one worker a service at most, and open requests. It is
 * told what happened, with `now`, and answers through its actions (struct bb_router_ops): it opens no socket,
 * reads no clock and logs nothing. Actions are called before the call that caused them returns, and call
 * nothing of the router.
 *
 * Rules (proto/PROTOCOL.md, "Flow control"): a request is handed on while its lane has credit, else it waits
 * in the queue of its organization, within the limits of lane and organization; organizations take turns;
 * every open request has a deadline; it ends exactly once. Every byte that waits is charged to its
 * organization until it leaves, by whatever way.
 *
 * Single-threaded. Bytes in arguments are borrowed until the call returns; what must wait is copied. */
#ifndef BB_BROKER_ROUTER_H
#define BB_BROKER_ROUTER_H

#include "proto/bytes.h"
#include "proto/methods.h"
#include "runtime/clock.h"

struct bb_router;
struct bb_request;

/* Who asks: stamped on the work. `number` is the organization's place in the accounts, small and dense. */
struct bb_who {
    const char *organization; /* code */
    const char *member;
    const char *key; /* authenticated; NULL: none */
    uint32_t role;   /* Bb__Role */
    uint32_t number;
};

/* One connection, embedded by the owner, who keeps `who` true for as long as requests are open. */
struct bb_conn {
    struct bb_who who;
    struct bb_request *open; /* the router's */
    uint32_t outstanding;
};

/* One request as it goes to a worker. */
struct bb_router_work {
    uint64_t tag;
    uint32_t method;
    const struct bb_who *who;
    uint32_t timeout_ms; /* what is left, at least 1 */
    uint32_t window_bytes;
    struct bb_bytes body;
    bool has_body; /* an empty body differs from none */
};

struct bb_router_reply {
    uint64_t id;
    uint32_t part;
    bool final;
    bool has_body;
    struct bb_bytes body;
};

struct bb_router_error {
    uint64_t id;
    uint32_t code;
    const char *message; /* NULL: the meaning of the code */
    bool retryable;
    uint32_t retry_after_ms; /* 0: not said */
};

/* Actions. `worker` is what bb_router_worker_ready() was given. */
struct bb_router_ops {
    void (*work)(void *self, void *worker, const struct bb_router_work *work);
    void (*work_pull)(void *self, void *worker, uint64_t tag, uint32_t bytes);
    void (*work_cancel)(void *self, void *worker, uint64_t tag);
    void (*reply)(void *self, struct bb_conn *conn, const struct bb_router_reply *reply);
    void (*error)(void *self, struct bb_conn *conn, const struct bb_router_error *error);
};

struct bb_router_limits {
    uint64_t lane_messages; /* that wait, a service and lane */
    uint64_t lane_bytes;
    uint64_t organization_messages; /* of these, the share of one organization */
    uint64_t organization_bytes;
    uint32_t outstanding; /* open requests of a connection */
};

#define BB_RETRY_OVERLOADED_MS  200u
#define BB_RETRY_UNAVAILABLE_MS 100u

/* 0 | -ENOMEM */
int bb_router_new(const struct bb_router_limits *limits, const struct bb_router_ops *ops, void *self,
                  struct bb_router **ret_router);
/* Open requests are forgotten without an answer. */
void bb_router_destroy(struct bb_router **router);

/* A client's request. What the caller has checked: the method exists and the role may call it. */
struct bb_router_request {
    uint64_t id;
    uint32_t method;
    uint32_t timeout_ms;   /* 0: the default */
    uint32_t window_bytes; /* already the default when the client said nothing */
    bool single;           /* the answer is one part; another one is broken */
    bool has_body;
    struct bb_bytes body;
};

void bb_router_request(struct bb_router *router, bb_mono now, struct bb_conn *conn,
                       const struct bb_router_request *request);
void bb_router_pull(struct bb_router *router, struct bb_conn *conn, uint64_t id, uint32_t bytes);
void bb_router_cancel(struct bb_router *router, struct bb_conn *conn, uint64_t id);
/* The connection is gone: its requests end without an answer, its work is cancelled. */
void bb_router_conn_gone(struct bb_router *router, struct bb_conn *conn);

struct bb_router_credit {
    uint64_t messages;
    uint64_t bytes;
};

/* A worker says that it serves. Another one that served is gone. The same one again: its credit is set anew,
 * its requests stay open. */
void bb_router_worker_ready(struct bb_router *router, bb_mono now, enum bb_service service, void *worker,
                            const struct bb_router_credit credit[static BB_LANES]);
void bb_router_worker_credit(struct bb_router *router, bb_mono now, enum bb_service service,
                             enum bb_lane lane, struct bb_router_credit credit);
/* No more work to it; what it has may still be answered. */
void bb_router_worker_drain(struct bb_router *router, enum bb_service service);
void bb_router_worker_gone(struct bb_router *router, enum bb_service service);
/* The worker that serves, or NULL. */
void *bb_router_worker(const struct bb_router *router, enum bb_service service);

struct bb_router_work_reply {
    uint64_t tag;
    uint32_t part;
    bool final;
    bool has_body;
    struct bb_bytes body;
    uint32_t code; /* 0: an answer */
    const char *message;
    bool retryable;
    uint32_t retry_after_ms;
};

enum bb_router_outcome {
    BB_ROUTER_OK = 0,
    BB_ROUTER_E_STALE = 1,  /* no such tag is open at this service: ignored */
    BB_ROUTER_E_BROKEN = 2, /* a part without window, out of order or too large: the request got INTERNAL */
};

enum bb_router_outcome bb_router_work_reply(struct bb_router *router, enum bb_service service,
                                            const struct bb_router_work_reply *reply);

/* Has the request of this tag not ended? */
bool bb_router_is_open(const struct bb_router *router, uint64_t tag);

/* End what is past its deadline. */
void bb_router_expire(struct bb_router *router, bb_mono now);
/* When bb_router_expire() has something to do: BB_NEVER when nothing is open. */
bb_mono bb_router_deadline(const struct bb_router *router);

/* The broker stops: everything open gets UNAVAILABLE. */
void bb_router_stop(struct bb_router *router);

#define BB_ROUTER_ERRORS 32u /* codes that are counted apart; larger ones are counted at 0 */

struct bb_router_counters {
    uint64_t requests;
    uint64_t replies; /* final ones */
    uint64_t errors[BB_ROUTER_ERRORS];
    uint64_t cancelled_work; /* WORK_CANCEL sent */
    uint64_t stale_replies;
    uint64_t broken_replies;
    uint64_t limited_queue; /* requests that were refused: the queue was full, */
    uint64_t limited_organization_queue;
    uint64_t limited_outstanding;
};

const struct bb_router_counters *bb_router_counters(const struct bb_router *router);
/* An error that the owner answered without the router is counted with the others. */
void bb_router_count_error(struct bb_router *router, uint32_t code);

struct bb_router_load {
    uint64_t queued;
    uint64_t queued_bytes;
    uint64_t in_flight;
};

struct bb_router_load bb_router_load(const struct bb_router *router, enum bb_service service);
/* What one organization has waiting in a lane. */
struct bb_router_load bb_router_organization_load(const struct bb_router *router, enum bb_service service,
                                                  enum bb_lane lane, uint32_t number);

#endif
