/* What each key uses: its connections, requests and bytes. A pure core.
 *
 * It is the key that has a limit, not the connection: ten connections of a key share what one would have, and
 * who hangs up and comes back finds what it left. So a usage outlives its connections, until nobody could
 * tell it from a new one. Only keys that were let in have one, and of those without a connection the oldest
 * go when there are too many: the table is bounded.
 *
 * What a peer may do: as long as its buckets give, everything. When they do not, what asks for something new
 * (REQUEST, SUBSCRIBE) is to come later. The rest is served, since what is going on must go on (a PONG says
 * that an answer was read), but counts as excess, and so does, a little, each request that was refused. The
 * excess has a bucket like that of the bytes; who empties it as well does not listen, and is sent away.
 *
 * Opens nothing, sends nothing. Single-threaded. */
#ifndef BB_BROKER_USAGE_H
#define BB_BROKER_USAGE_H

#include "rate.h"

#include "runtime/keyfile.h"

/* A frame costs its bytes and so many more, since even a small one takes time. */
#define BB_USAGE_FRAME_BYTES 256u
/* What a refused request counts as excess; its bytes do not: who sends large ones is refused no sooner. */
#define BB_USAGE_REFUSED_BYTES 1024u

/* So many seconds' worth may come at once. */
#define BB_USAGE_BURST_SECONDS 4u

struct bb_usage {
    char key[BB_KEY_TEXT];
    uint32_t number; /* small and dense; another one's when this one has been forgotten */
    uint32_t connections;
    struct bb_bucket requests, bytes, excess;
    bb_mono idle_since; /* without connections */
    struct bb_usage *hash_next;
    struct bb_usage *idle_prev, *idle_next; /* of those without connections, oldest first */
};

struct bb_usages {
    struct bb_rate requests, bytes;
    int64_t lifetime_ms; /* without connections */
    uint64_t seed;
    struct bb_usage **buckets;
    uint32_t n_buckets;
    uint32_t count;
    uint32_t idle;
    struct bb_usage *idle_first, *idle_last;
    uint32_t *free_numbers;
    uint32_t n_free, n_numbers;
};

#define BB_USAGE_IDLE_MOST 16384u

/* requests, bytes: a second. lifetime_ms: for so long one without connections is remembered; at least the
 * time in which its buckets are full again. */
void bb_usages_init(struct bb_usages *usages, uint64_t requests, uint64_t bytes, int64_t lifetime_ms,
                    uint64_t seed);
void bb_usages_release(struct bb_usages *usages);

/* That of this key, made if there is none; valid while it has connections, or until time passes. NULL: no
 * memory. */
struct bb_usage *bb_usages_of(struct bb_usages *usages, bb_mono now, const char *key);
/* A connection of its key begins, and ends. */
void bb_usages_enter(struct bb_usages *usages, struct bb_usage *usage);
void bb_usages_leave(struct bb_usages *usages, bb_mono now, struct bb_usage *usage);

enum bb_usage_verdict {
    BB_USAGE_GOES_ON,
    BB_USAGE_REQUESTS, /* too many: later */
    BB_USAGE_BYTES,    /* too much: later */
    BB_USAGE_EXCESS,   /* the connection is to end */
};

/* A frame of so many bytes has come. asks: for something new, so that it can be refused. ret_wait_ms: of a
 * refusal, after how long to try again. */
enum bb_usage_verdict bb_usage_judge(const struct bb_usages *usages, struct bb_usage *usage, bb_mono now,
                                     size_t bytes, bool asks, uint32_t *ret_wait_ms);

#endif
