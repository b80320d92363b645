#include "peek.h"

struct bb_bytes
bb_peek_init(struct bb_peek *peek, struct bb_feed from)
{
    ssize_t n = 1;

    peek->from = from;
    peek->at = peek->len = 0;
    peek->error = 0;
    /* a pipe may be quiet for long behind its first line */
    while (n > 0 && peek->len < BB_PEEK_BYTES && !memchr(peek->head, '\n', peek->len)) {
        n = from.read(from.self, peek->head + peek->len, BB_PEEK_BYTES - peek->len);
        if (n > 0)
            peek->len += (size_t)n;
    }
    peek->error = n < 0 ? (int)n : 0;
    return bb_bytes(peek->head, peek->len);
}

static ssize_t
read_on(void *self, uint8_t *to, size_t size)
{
    struct bb_peek *peek = self;
    size_t n = peek->len - peek->at;

    if (n == 0)
        return peek->error ? peek->error : peek->from.read(peek->from.self, to, size);
    n = n < size ? n : size;
    memcpy(to, peek->head + peek->at, n);
    peek->at += n;
    return (ssize_t)n;
}

struct bb_feed
bb_peek_feed(struct bb_peek *peek)
{
    return (struct bb_feed){read_on, peek};
}
