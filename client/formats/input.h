/* Bytes from a file or a pipe, one block at a time: what the readers of CSV and JSONL stand on.
 *
 * Skips a UTF-8 byte order mark at the start and tells UTF-16 apart, which spreadsheets call "Unicode text".
 * Memory is one block, whatever the file. */
#ifndef BB_FORMATS_INPUT_H
#define BB_FORMATS_INPUT_H

#include "feed.h"

#include "proto/bytes.h"

#define BB_INPUT_BLOCK (256u << 10)

/* Outcomes of the readers that stand on this. */
enum bb_input_result {
    BB_INPUT_END = 1,   /* nothing more */
    BB_INPUT_UTF16 = 2, /* the file starts with a UTF-16 byte order mark */
    BB_INPUT_GZIP = 3,  /* the file is compressed by gzip */
};

struct bb_input {
    struct bb_feed feed;
    uint8_t *block;
    size_t at, end;  /* unread bytes of the block */
    uint64_t before; /* bytes of the file before the block */
    bool started;
    bool eof;
};

/* 0 | -ENOMEM */
int bb_input_init(struct bb_input *input, struct bb_feed feed);
void bb_input_release(struct bb_input *input);

/* Have at least one unread byte. 0 | BB_INPUT_END | BB_INPUT_UTF16 | BB_INPUT_GZIP | -errno of the feed. Call
 * it only when all is read. */
int bb_input_fill(struct bb_input *input);

/* Bytes of the file read so far, for a progress bar. */
uint64_t bb_input_position(const struct bb_input *input);

#endif
