/* Bytes of a feed, one block at a time: what the readers of formats stand on. Memory is one block, whatever
 * the file. */
#ifndef BB_FORMATS_INPUT_H
#define BB_FORMATS_INPUT_H

#include "feed.h"

#include "proto/bytes.h"

#define BB_INPUT_BLOCK (256u << 10)

/* An outcome of the readers that stand on this. */
enum bb_input_result { BB_INPUT_END = 1 /* nothing more */ };

struct bb_input {
    struct bb_feed feed;
    uint8_t *block;
    size_t at, end;  /* unread bytes of the block */
    uint64_t before; /* bytes of the file before the block */
    bool eof;
};

/* 0 | -ENOMEM */
int bb_input_init(struct bb_input *input, struct bb_feed feed);
void bb_input_release(struct bb_input *input);

/* Have at least one unread byte. 0 | BB_INPUT_END | -errno of the feed. Call it only when all is read. */
int bb_input_fill(struct bb_input *input);

/* Bytes read so far, for a progress bar. */
uint64_t bb_input_position(const struct bb_input *input);

#endif
