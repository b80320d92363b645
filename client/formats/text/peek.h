/* A feed whose first bytes are looked at before they are read. */
#ifndef BB_FORMATS_PEEK_H
#define BB_FORMATS_PEEK_H

#include "feed.h"

#include "proto/bytes.h"

#define BB_PEEK_BYTES 4096u

struct bb_peek {
    struct bb_feed from;
    size_t at, len;
    int error; /* of reading: told when all before it was read */
    uint8_t head[BB_PEEK_BYTES];
};

/* Read of the first BB_PEEK_BYTES as much as comes with the first line that is not blank; of XML and JSON
 * all, unless the line is an object. Returns them. What is behind that line may have come with it or not. */
struct bb_bytes bb_peek_init(struct bb_peek *peek, struct bb_feed from);

/* Is this line, which begins with '{', an object by its brackets? */
bool bb_peek_is_object(struct bb_bytes line);

/* The same bytes, and all that follow. Its memory is the caller's. */
struct bb_feed bb_peek_feed(struct bb_peek *peek);

#endif
