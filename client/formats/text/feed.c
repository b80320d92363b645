#include "feed.h"

#include <errno.h>
#include <unistd.h>

static ssize_t
read_fd(void *self, uint8_t *to, size_t size)
{
    ssize_t n;

    do
        n = read(*(int *)self, to, size);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

struct bb_feed
bb_feed_fd(int *fd)
{
    return (struct bb_feed){read_fd, fd};
}
