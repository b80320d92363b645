/* The queue of one lane: requests that wait for credit, by organization, in turn.
 *
 * Each organization has a first-in-first-out queue of its own and an account of what waits in it; the
 * organizations that have something take turns, one request each. The limits are judged by the account and by
 * the lane. Single-threaded; for the router. */
#ifndef BB_BROKER_QUEUE_H
#define BB_BROKER_QUEUE_H

#include "request.h"

struct bb_account {
    struct bb_request *head, *tail;
    struct bb_account *ring_next; /* the next in turn */
    uint64_t messages;
    uint64_t bytes;
    bool in_ring;
};

struct bb_queue {
    struct bb_account **accounts; /* by number of the organization; NULL: never waited */
    uint32_t n_accounts;
    struct bb_account *turn, *last; /* the ring: whose turn it is, who comes last */
    uint64_t messages;
    uint64_t bytes;
};

enum bb_queue_error { BB_QUEUE_E_LANE = 1, BB_QUEUE_E_ORGANIZATION = 2 };

void bb_queue_release(struct bb_queue *queue);

/* Let it wait at the end of its organization's queue; body is copied.
 * 0 | BB_QUEUE_E_LANE, BB_QUEUE_E_ORGANIZATION: a limit | -ENOMEM */
int bb_queue_push(struct bb_queue *queue, const struct bb_router_limits *limits, struct bb_request *request,
                  struct bb_bytes body);
/* The request whose turn it is, or NULL. */
struct bb_request *bb_queue_pop(struct bb_queue *queue);
/* Take out one that waits. */
void bb_queue_remove(struct bb_queue *queue, struct bb_request *request);

#endif
