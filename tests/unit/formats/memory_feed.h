/* A feed of bytes in memory that gives them a few at a time: what a slow pipe does. */
#ifndef BB_TESTS_MEMORY_FEED_H
#define BB_TESTS_MEMORY_FEED_H

#include "client/formats/feed.h"
#include "proto/bytes.h"

struct memory_feed {
    struct bb_bytes text;
    size_t step; /* most bytes at once; 0: as many as are wanted */
    size_t at;
};

static inline ssize_t
memory_read(void *self, uint8_t *to, size_t size)
{
    struct memory_feed *memory = self;
    size_t n = memory->text.len - memory->at;
    if (n > size)
        n = size;
    if (memory->step && n > memory->step)
        n = memory->step;
    if (n)
        memcpy(to, memory->text.data + memory->at, n);
    memory->at += n;
    return (ssize_t)n;
}

static inline struct bb_feed
memory_feed(struct memory_feed *memory)
{
    return (struct bb_feed){memory_read, memory};
}

#endif
