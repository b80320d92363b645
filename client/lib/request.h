/* Requests of one session: their content, kept until they are answered, and their table by id.
 *
 * Request objects are pooled: one that ended keeps its memory (up to a bound) for the next, so in steady
 * state a request costs no allocation. The id is the place in the table and a generation, so that a late
 * answer to an old request finds nobody. Not thread-safe. */
#ifndef BB_REQUEST_H
#define BB_REQUEST_H

#include "backbone.h"

#include "proto/bytes.h"
#include "runtime/clock.h"

#include <sys/queue.h>

/* Callbacks of the public interface, stored without their type; who stores one knows it. */
typedef void bb_any_fn(void);

enum bb_request_state {
    BB_REQUEST_FREE,
    BB_REQUEST_READY,   /* to be sent */
    BB_REQUEST_SENT,    /* answer awaited */
    BB_REQUEST_WAITING, /* to be sent again at retry_at */
};

struct bb_request {
    TAILQ_ENTRY(bb_request) link; /* in the list of its state */
    uint64_t id;
    uint32_t method; /* 0: a PING */
    enum bb_request_state state;
    bool may_be_done; /* it was sent over a working connection, so its effect may have happened */
    bool begun;       /* parts of its answer were handed out */
    unsigned attempts;
    bb_mono made, deadline, retry_at;
    uint32_t patience_ms;  /* from made to the first deadline */
    uint32_t window_bytes; /* of a streamed answer; 0: the answer is short */
    uint32_t unpulled;     /* bytes of parts received and not yet granted anew */
    uint32_t next_part;
    uint8_t *body;
    size_t len, size;
    uint32_t error_code; /* of the last retryable error; 0: none */
    char error_text[160];

    /* One part of the answer. 0 | BB_REQUEST_STOP the caller wants no more | -EBADMSG. Sets sequence. NULL
     * for a PING. */
    int (*part)(struct bb_request *request, struct bb_bytes body);
    struct bb_client *client; /* whose arena decodes it */
    uint32_t rows, index;     /* a submission's */
    uint8_t batch[BB_BATCH_ID];
    uint64_t sequence;
    bb_any_fn *each, *head;
    void *self; /* of each and head */
    bool headed;
    bb_done_fn *done;
    void *done_self;
};

#define BB_REQUEST_STOP 1

TAILQ_HEAD(bb_request_list, bb_request);

struct bb_request_table {
    struct bb_request **slot;
    size_t n, size;
    struct bb_request_list free;
    size_t open;
};

void bb_request_table_init(struct bb_request_table *table);
void bb_request_table_release(struct bb_request_table *table);

/* A request with a fresh id, everything else zero, and room for a body of `len` bytes at body.
 * 0 | -ENOMEM | -ENOBUFS too many are open */
int bb_request_new(struct bb_request_table *table, size_t len, struct bb_request **ret_request);
void bb_request_free(struct bb_request_table *table, struct bb_request *request);
/* NULL when none is open under this id. */
struct bb_request *bb_request_find(const struct bb_request_table *table, uint64_t id);

#endif
