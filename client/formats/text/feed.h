/* Where bytes come from: a file, a pipe, or another feed whose bytes are decoded. */
#ifndef BB_FORMATS_FEED_H
#define BB_FORMATS_FEED_H

#include <stdint.h>
#include <sys/types.h>

struct bb_feed {
    /* At most `size` bytes to `to`. How many there are; 0: there is nothing more | -errno */
    ssize_t (*read)(void *self, uint8_t *to, size_t size);
    void *self;
};

/* From a descriptor; it is the caller's, as is the memory of fd. */
struct bb_feed bb_feed_fd(int *fd);

#endif
