/* Open requests: found by tag, found by connection and id, ordered by deadline.
 *
 * The table owns the requests. They live in slabs that never move and are used again, so a request costs no
 * malloc once the table has grown to what is usual. A tag is the slot's number and how often it was used, so
 * a tag never comes twice. Single-threaded; for the router. */
#ifndef BB_BROKER_REQUEST_H
#define BB_BROKER_REQUEST_H

#include "router.h"

enum bb_request_state { BB_REQUEST_FREE, BB_REQUEST_QUEUED, BB_REQUEST_AT_WORKER };

struct bb_request {
    struct bb_conn *conn;
    struct bb_request *conn_prev, *conn_next; /* open requests of the connection */
    struct bb_request *prev, *next;           /* the organization's queue, or the worker's list */
    struct bb_request *hash_next;             /* also the free list */
    uint64_t id;
    bb_mono deadline;
    int64_t window;
    uint8_t *body; /* owned, while it waits */
    uint32_t body_len;
    uint32_t slot;
    uint32_t uses; /* of the slot */
    uint32_t heap_at;
    uint32_t part; /* the next one */
    uint32_t window_bytes;
    uint8_t method;
    uint8_t state; /* enum bb_request_state */
    bool has_body;
    bool single;
};

struct bb_requests {
    struct bb_request **slabs;
    uint32_t n_slabs;
    struct bb_request *free;
    struct bb_request **buckets;
    uint32_t n_buckets; /* a power of two */
    struct bb_request **heap;
    uint32_t open;
};

void bb_requests_init(struct bb_requests *table);
void bb_requests_release(struct bb_requests *table);

/* A new open request, linked to its connection, with its deadline. 0 | -ENOMEM */
int bb_requests_open(struct bb_requests *table, struct bb_conn *conn, uint64_t id, bb_mono deadline,
                     struct bb_request **ret_request);
/* Forget it: unlinked from everything but prev/next, which are the caller's. Frees the body. */
void bb_requests_close(struct bb_requests *table, struct bb_request *request);

/* NULL when there is none. */
struct bb_request *bb_requests_by_id(const struct bb_requests *table, const struct bb_conn *conn,
                                     uint64_t id);
struct bb_request *bb_requests_by_tag(const struct bb_requests *table, uint64_t tag);
/* The one whose deadline comes first. */
struct bb_request *bb_requests_first(const struct bb_requests *table);

static inline uint64_t
bb_request_tag(const struct bb_request *request)
{
    return (uint64_t)request->uses << 32 | request->slot;
}

#endif
