/* Queries: what the store answers to readings.list, readings.history, trend, indicator.list and place.list.
 *
 * A query is answered in parts, one step each. Each step opens its own short read transaction, so a client
 * that takes its time keeps no old pages alive; the first one pins the sequence that the whole answer speaks
 * of, and later ones read what was changed since as it was then. What the caller may see is decided here
 * (proto/methods.h): the broker only decided that the method may be called. Readings that the caller is given
 * are recorded on disk before the first part leaves (given.h), unless it asked for an earlier moment.
 *
 * Steps of one query come one after the other, on any thread; several queries may run beside each other. */
#ifndef BB_QUERY_H
#define BB_QUERY_H

#include "runtime/buffer.h"
#include "workers/measurement/store/context.h"

struct bb_query;

/* A query that needs more is refused. */
#define BB_QUERY_BYTES ((size_t)64 << 20)

/* Records that one step looks at before it ends, even if it found little: a step is one transaction. */
#define BB_QUERY_STEP_RECORDS 100000u
/* A point of more cells is made in two passes instead. */
#define BB_QUERY_CELLS 65536u

struct bb_query_call {
    uint32_t method;
    uint32_t role;                /* enum Bb__Role */
    struct bb_bytes organization; /* code of the caller's */
    struct bb_bytes member;
    struct bb_bytes body; /* the packed request, as it came */
};

/* Everything of the call is copied. A request that is wrong in itself is not told here but by the first
 * step. 0 | -ENOMEM */
int bb_query_new(const struct bb_query_context *context, const struct bb_query_call *call,
                 struct bb_query **ret_query);
void bb_query_destroy(struct bb_query **query);

/* The sequence that the views must have reached before the first step: the min_sequence that the request
 * names, else the floor; or that of the moment it asks for, if that is later. It may lie above the head of
 * the journal: that will not come by waiting. */
uint64_t bb_query_wants(const struct bb_query *query, uint64_t floor);

/* Does a worker ask, whose answer has to be one part? Of what has no room in it, it asks anew. */
bool bb_query_is_single(const struct bb_query *query);

/* One part of the answer.
 * max_bytes: about how large it may be. out: emptied, then the packed reply message. ret_final: the last one.
 * 0 | 1 `failure` says why there is no answer, and the query is over | <0 the store cannot be read: -EBADMSG
 * a damaged record, which failure->message names. */
int bb_query_step(struct bb_query *query, size_t max_bytes, struct bb_buffer *out, bool *ret_final,
                  struct bb_query_failure *failure);

typedef void bb_query_part_fn(void *self, uint32_t part, bool final, struct bb_bytes body);

/* Instead of the first step: was the same answered before, in so many bytes at most, and holds as of this
 * entry, which may be ahead of the views as long as it was told (changes.h)? Then it is given again, whole,
 * without a look at the views, and the query is over. */
bool bb_query_again(struct bb_query *query, uint64_t sequence, size_t max_bytes, bb_query_part_fn *give,
                    void *self);

/* Between two steps, when the next one may be long in coming: give back the memory that the steps took. */
void bb_query_rest(struct bb_query *query);

#endif
