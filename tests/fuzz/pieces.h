/* A feed of the bytes that a fuzz target was given, a few at a time; and the text of a record in one piece.
 */
#ifndef BB_TESTS_FUZZ_PIECES_H
#define BB_TESTS_FUZZ_PIECES_H

#include "fuzz.h"

#include "client/formats/text/feed.h"
#include "client/formats/text/rawtext.h"

struct pieces {
    struct bb_bytes left;
    size_t piece; /* most bytes at once */
};

static inline ssize_t
pieces_read(void *self, uint8_t *to, size_t size)
{
    struct pieces *pieces = self;
    size_t n = pieces->piece < size ? pieces->piece : size;

    if (n > pieces->left.len)
        n = pieces->left.len;
    if (n)
        memcpy(to, pieces->left.data, n);
    pieces->left.data += n;
    pieces->left.len -= n;
    return (ssize_t)n;
}

static inline struct bb_feed
pieces_feed(struct pieces *pieces)
{
    return (struct bb_feed){pieces_read, pieces};
}

static inline int
pieces_append(void *buffer, struct bb_bytes piece)
{
    bb_buffer_append(buffer, piece.data, piece.len);
    return 0;
}

/* text: to be released. */
static inline void
pieces_raw(const struct bb_raw *raw, struct bb_spool *spool, struct bb_buffer *text)
{
    bb_buffer_init(text, 64u << 20);
    require(bb_raw_walk(raw, spool, pieces_append, text) == 0 && text->error == 0);
}

#endif
