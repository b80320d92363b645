/* The readers: a few threads that answer queries, beside the writer.
 *
 * A query waits until the views have reached what it must see, then runs step by step while its window lasts.
 * Organizations take turns, and of several threads one is kept free of each organization (turns.h).
 * Only queries on a thread take memory worth mentioning, each at most BB_QUERY_BYTES or so; all others
 * together keep BB_RESTING_BYTES of what is half done (resting.h). Of one
 * organization only so many queries may stand still for want of a window; one more gets OVERLOADED. Parts
 * come back through bb_readers_collect() on the owner's thread, in order; `wake` says that there are some.
 * All functions are for the owner's thread, and the sink may call none of them. */
#ifndef BB_READERS_H
#define BB_READERS_H

#include "query.h"

/* Queries of one organization that may stand still because their window is used up. */
#define BB_READERS_PARKED 128u

struct bb_readers;

struct bb_readers_sink {
    void (*part)(void *self, uint64_t tag, uint32_t part, bool final, struct bb_bytes body);
    void (*fail)(void *self, uint64_t tag, uint32_t code, const char *message);
    void (*wake)(void *self); /* on a reader's thread */
    bool (*full)(void *self); /* much waits to be sent: no more is given to the sink; may be NULL */
    void *self;
};

/* 0 | -errno */
int bb_readers_new(const struct bb_query_context *context, unsigned threads,
                   const struct bb_readers_sink *sink, struct bb_readers **ret_readers);
void bb_readers_destroy(struct bb_readers **readers);

/* Take a query. head: the last sequence when it came. floor: it is answered at this one or a later one,
 * unless it asks for another; that is the head, except when the views cannot follow. */
void bb_readers_query(struct bb_readers *readers, uint64_t tag, const struct bb_query_call *call,
                      uint32_t window_bytes, uint64_t floor, uint64_t head);
/* The client has room for more. */
void bb_readers_pull(struct bb_readers *readers, uint64_t tag, uint32_t bytes);
void bb_readers_cancel(struct bb_readers *readers, uint64_t tag);
void bb_readers_cancel_all(struct bb_readers *readers);

/* The views have reached this sequence: queries that waited for it may run. */
void bb_readers_applied(struct bb_readers *readers, uint64_t sequence);

/* What changed up to this entry, which is committed, was told (changes.h): a query that waits for the views
 * may be given what was answered before. */
void bb_readers_told(struct bb_readers *readers, uint64_t sequence);

/* What was staged above this sequence was not kept: nobody waits for it any more. */
void bb_readers_limit(struct bb_readers *readers, uint64_t head);

/* The highest sequence that a query waits for; 0 none waits. */
uint64_t bb_readers_wanted(struct bb_readers *readers);

/* Give parts and failures to the sink, unless it is full; of what it does not take little is made. Returns
 * their bytes, 0 when there were none. */
size_t bb_readers_collect(struct bb_readers *readers);

#endif
