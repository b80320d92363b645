/* The open requests of a worker, by the tag that the broker gave them.
 *
 * A table that is made once, for as many as there may be: no memory is taken a request. It checks nothing:
 * who has given credit for so many knows when it is full. Owned by one thread; embed it. */
#ifndef BB_WORKER_TAGS_H
#define BB_WORKER_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bb_tagged {
    uint64_t tag;
    uint32_t bytes; /* of its body */
    uint8_t lane;
    bool used;
};

struct bb_tags {
    struct bb_tagged *slots;
    size_t mask;
};

/* most: how many there may be at a time. 0 | -ENOMEM */
int bb_tags_init(struct bb_tags *tags, size_t most);
void bb_tags_release(struct bb_tags *tags);

/* Forget all of them. */
void bb_tags_clear(struct bb_tags *tags);

/* The slot of the tag; where it belongs, not used, if it is not open: to be filled in. Valid until the next
 * one is taken out. */
struct bb_tagged *bb_tags_find(const struct bb_tags *tags, uint64_t tag);

/* It is not open any more. */
void bb_tags_remove(struct bb_tags *tags, struct bb_tagged *tagged);

#endif
