#include "ahead.h"

void
bb_ahead_init(struct bb_ahead *ahead, struct bb_feed from)
{
    ahead->from = from;
    ahead->at = ahead->end = 0;
}

static ssize_t
read_ahead(void *self, uint8_t *to, size_t size)
{
    struct bb_ahead *ahead = self;
    size_t n = ahead->end - ahead->at;

    if (n == 0)
        return ahead->from.read(ahead->from.self, to, size);
    if (n > size)
        n = size;
    memcpy(to, ahead->block + ahead->at, n);
    ahead->at += n;
    return (ssize_t)n;
}

struct bb_feed
bb_ahead_feed(struct bb_ahead *ahead)
{
    return (struct bb_feed){read_ahead, ahead};
}

int
bb_ahead_first(struct bb_ahead *ahead, uint8_t *ret_first)
{
    size_t at = 0;

    for (;;) {
        ssize_t n;
        while (at < ahead->end && memchr(" \t\r\n", ahead->block[at], 4))
            at++;
        *ret_first = at < ahead->end ? ahead->block[at] : 0;
        if (at < ahead->end || ahead->end == BB_AHEAD_BYTES)
            return 0;
        n = ahead->from.read(ahead->from.self, ahead->block + ahead->end, BB_AHEAD_BYTES - ahead->end);
        if (n <= 0)
            return (int)n;
        ahead->end += (size_t)n;
    }
}
