/* A growing byte buffer with a limit.
 *
 * Appending beyond the limit, or without memory, sets a sticky error and appends nothing more: write a whole
 * record, then look at the error once. */
#ifndef BB_BUFFER_H
#define BB_BUFFER_H

#include "proto/bytes.h"

struct bb_buffer {
    uint8_t *data;
    size_t len;
    size_t size; /* allocated */
    size_t limit;
    int error; /* 0 | -ENOMEM | -EMSGSIZE */
};

void bb_buffer_init(struct bb_buffer *b, size_t limit);
void bb_buffer_release(struct bb_buffer *b);
/* Empty again, the memory and the limit kept, the error cleared. */
void bb_buffer_reset(struct bb_buffer *b);

/* Room for n more bytes at the end, counted as appended; NULL with the sticky error set. */
uint8_t *bb_buffer_extend(struct bb_buffer *b, size_t n);
void bb_buffer_append(struct bb_buffer *b, const void *data, size_t n);
void bb_buffer_byte(struct bb_buffer *b, uint8_t byte);
/* The NUL behind the text is not counted. */
void bb_buffer_printf(struct bb_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct bb_bytes
bb_buffer_bytes(const struct bb_buffer *b)
{
    return bb_bytes(b->data, b->len);
}

#endif
